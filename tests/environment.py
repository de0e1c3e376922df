"""Loaded by pytest before Django's settings (`-p tests.environment`): the environment of every test run."""

import gc
import os
import sys
import tempfile
from pathlib import Path

os.environ.setdefault("DEMO", "1")
os.environ.setdefault("HTTPS", "0")
os.environ.setdefault("SECRET_KEY", "tests-only-secret-key-of-sufficient-length-0123456789")
os.environ.setdefault("FIELD_KEYS", "dGVzdHMtb25seS1maWVsZC1rZXktMzItYnl0ZXMhISE=")
os.environ.setdefault("LINK_KEY", "tests-only-link-key")
os.environ.setdefault("BROKER_URL", "memory://")
os.environ.setdefault("DATA_DIR", str(Path(tempfile.gettempdir()) / f"cleared-tests-{os.getuid()}"))
Path(os.environ["DATA_DIR"], "static").mkdir(parents=True, exist_ok=True)
if "TEST_DATABASE_URL" in os.environ:
    os.environ["DATABASE_URL"] = os.environ["TEST_DATABASE_URL"]

# Whoever forbids Python to keep what it compiled pays for every test module again in each worker of each run.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False
# What a worker has collected stays to the end; looking through it for garbage, again and again, is a tenth of a run.
IN_WORKER = "PYTEST_XDIST_WORKER" in os.environ
if IN_WORKER:
    gc.disable()


def pytest_collection_finish() -> None:
    if IN_WORKER:
        gc.freeze()
        gc.set_threshold(10_000, 10, 10)
        gc.enable()
