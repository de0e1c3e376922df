"""libical's restriction check, by Debian's own Python: the opinion of the library that most calendars use."""

import os
import subprocess
from functools import cache
from pathlib import Path

PROGRAM = """
import sys, gi
gi.require_version("ICalGLib", "3.0")
from gi.repository import ICalGLib
if len(sys.argv) == 1:
    sys.exit(0)
calendar = ICalGLib.Component.new_from_string(sys.stdin.buffer.read().decode())
sound = calendar is not None and ICalGLib.restriction_check(calendar)
written = calendar.as_ical_string() if calendar else "not parsed"
if not sound or "X-LIC-ERROR" in written:
    print(written)
"""
SYSTEM_PYTHON = Path("/usr/bin/python3")
ABSENT = "libical's check needs the Debian packages gir1.2-ical-3.0 and python3-gi"


def _run(*arguments: str, text: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [SYSTEM_PYTHON, "-c", PROGRAM, *arguments], input=text, capture_output=True, timeout=30, check=False
    )


@cache
def is_present() -> bool:
    """False on a bare machine; in CI its absence is an error."""
    present = SYSTEM_PYTHON.exists() and _run().returncode == 0
    assert present or os.environ.get("CI") != "true", ABSENT
    return present


def complaint(text: bytes) -> str | None:
    """What libical finds wrong with a calendar, or None."""
    found = _run("check", text=text)
    assert found.returncode == 0, found.stderr.decode()
    return found.stdout.decode().strip() or None
