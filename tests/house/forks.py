"""Loaded by pytest inside a changed copy of the tree: one collected session, and a fork of it for each change.

A fork runs the tests that reach the changed function, the quickest first, until one fails. What is called while the
modules are imported is past then: its changes are tried in processes of their own, with all tests.
"""

import gc
import json
import os
import resource
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from mutmut.mutation import trampoline

CHOSEN, FOUND = Path("chosen.json"), Path("../found.jsonl")
ACTIVE = "MUTANT_UNDER_TEST"  # read by the code that mutmut makes, at each call
STATS = "stats"
ON_ITS_OWN = ACTIVE in os.environ  # a process for one change
CALLED: set[str] = set()
if not ON_ITS_OWN:
    trampoline.record_trampoline_hit = lambda name, **_: CALLED.add(name)
    os.environ[ACTIVE] = STATS


def forked(do: Callable[[], Any], cpu_seconds: int) -> tuple[Any, int]:
    """What `do` gives back in a child of this process, and the child's exit code."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        code = 3
        try:
            resource.setrlimit(resource.RLIMIT_CPU, (cpu_seconds, cpu_seconds + 2))
            with os.fdopen(writing, "w") as pipe:
                json.dump(do(), pipe)
            code = 0
        finally:
            os._exit(code)
    os.close(writing)
    with os.fdopen(reading) as pipe:
        told = pipe.read()
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    return (json.loads(told) if code == 0 else None), code


def fails(item: pytest.Item) -> bool:
    before = item.session.testsfailed
    item.config.hook.pytest_runtest_protocol(item=item, nextitem=None)
    return item.session.testsfailed > before


def reached(items: list[pytest.Item]) -> dict[str, tuple[float, list[str]]]:
    """The seconds of each test and the functions that it calls; SystemExit where one fails without any change."""
    found = {}
    for item in items:
        CALLED.clear()
        began = time.process_time()
        if fails(item):
            sys.stderr.write(f"{item.nodeid} fails without any change.\n")
            raise SystemExit(1)
        found[item.nodeid] = (time.process_time() - began, sorted(CALLED))
    return found


def fails_on_its_own(name: str, arguments: tuple[str, ...]) -> bool:
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *arguments, "-x"],
        env={**os.environ, ACTIVE: name},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        check=False,
    )
    return done.returncode != 0


def pytest_runtestloop(session: pytest.Session) -> bool | None:
    if ON_ITS_OWN:
        return None
    on_import = frozenset(CALLED)
    known, code = forked(lambda: reached(session.items), 3600)
    if code:
        sys.exit("The tests do not pass without any change.")
    tests: dict[str, list[str]] = defaultdict(list)
    for nodeid in sorted(known, key=lambda one: known[one][0]):
        for function in known[nodeid][1]:
            tests[function].append(nodeid)
    items = {item.nodeid: item for item in session.items}
    killers: dict[str, list[str]] = defaultdict(list)
    gc.freeze()
    with FOUND.open("a") as found:
        for name, digest in json.loads(CHOSEN.read_text()):
            function = name.partition("__mutmut_")[0]
            first = dict.fromkeys((*killers[function], *killers[function.rpartition(".")[0]]))
            reaching = dict.fromkeys(tests[function])
            order = [*(one for one in first if one in reaching), *(one for one in reaching if one not in first)]

            def first_failure(name: str = name, order: list[str] = order) -> str | None:
                os.environ[ACTIVE] = name
                return next((one for one in order if fails(items[one])), None)

            killer, code = forked(first_failure, 20 + int(5 * sum(known[one][0] for one in order)))
            for place in (function, function.rpartition(".")[0]) if killer else ():  # its module too
                killers[place] = [killer, *(one for one in killers[place] if one != killer)][:16]
            killed = bool(killer or code)
            if not killed and function in on_import:
                killed = fails_on_its_own(name, session.config.invocation_params.args)
            found.write(json.dumps([name, digest, killed]) + "\n")
            found.flush()
    return True
