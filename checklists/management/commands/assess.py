"""`manage.py assess`: the verdict of CASE documents as JSON, or told to people; works without a database."""

import json
import os
import sys
from argparse import ArgumentParser
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO, NoReturn

from django.core.management.base import BaseCommand

from checklists.protocols.explained import explained
from checklists.protocols.loader import ProtocolError, load
from checklists.rules.assess import assess
from checklists.rules.case_document import verdict_to_json
from checklists.rules.case_lines import ReadCase, read_cases
from checklists.rules.latest import latest_times
from checklists.rules.protocol import Protocol
from checklists.rules.shapes import parse_instant
from checklists.rules.values import Facts, State, Verdict

EXIT = {State.READY: 0, State.PENDING: 10, State.NEEDS_REVIEW: 11, State.BLOCKED: 12}
BAD_INPUT = 2
READER_GONE = 141  # as a shell says of a process that SIGPIPE ended


class Command(BaseCommand):
    """Exit code: 0 ready, 10 pending, 11 needs review, 12 blocked, the worst of several; 2 if any input is bad."""

    help = (
        "Judge the CASE document FILE (- for standard input) under a protocol; prints the verdict as JSON. "
        "In JSON lines (one case on each line) each verdict is a line that names its case's line. "
        "Exit code: 0 ready, 10 pending, 11 needs review, 12 blocked, the worst of several; 2 if any input is bad."
    )
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--protocol", required=True, help="a shipped protocol's name, or a file")
        parser.add_argument("--start", help="the start to judge, ISO 8601 with offset; none: not booked")
        parser.add_argument("--now", help="the moment of judging, ISO 8601 with offset; none: this moment")
        parser.add_argument("--explain", action="store_true", help="print sentences for people in place of JSON")
        parser.add_argument("file", help="CASE document in YAML or JSON, JSON lines, or -")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            protocol = load(options["protocol"])
            start, now = time_of("start", options["start"]), time_of("now", options["now"])
            with opened(options["file"]) as stream:
                worst = self.judge_all(stream, options, protocol, start, now or datetime.now(UTC))
                self.stdout.flush()
        except BrokenPipeError:
            reader_gone()
        except OSError as error:
            self.refuse(f"{options['file']}: cannot be read ({error.strerror}). Give a readable file, or -.")
        except (ProtocolError, ValueError) as error:
            self.refuse(str(error))
        sys.exit(worst)

    def judge_all(
        self, stream: BinaryIO, options: dict[str, Any], protocol: Protocol, start: datetime | None, now: datetime
    ) -> int:
        """Prints the verdict of each case, and every problem; the exit code."""
        tell = explanation if options["explain"] else answer
        worst, bad = 0, False
        for case in read_cases(stream, options["file"], now):
            if case.facts is None:
                self.stderr.write("\n".join(case.problems))
                bad = True
                continue
            verdict = assess(protocol, case.facts, case.evidence, start, now)
            self.stdout.write(tell(protocol, case, case.facts, verdict, start, now))
            worst = max(worst, EXIT[verdict.state])
        return BAD_INPUT if bad else worst

    def refuse(self, message: str) -> NoReturn:
        self.stderr.write(message)
        sys.exit(BAD_INPUT)


def answer(
    _protocol: Protocol, case: ReadCase, _facts: Facts, verdict: Verdict, _start: datetime | None, _now: datetime
) -> str:
    """The verdict as JSON: over several lines, or on one that names the case's line."""
    if case.line:
        return json.dumps({"line": case.line, **verdict_to_json(verdict)})
    return json.dumps(verdict_to_json(verdict), indent=2)


def explanation(
    protocol: Protocol, case: ReadCase, facts: Facts, verdict: Verdict, start: datetime | None, now: datetime
) -> str:
    planned = start or verdict.earliest_safe_start or now
    times = latest_times(protocol, facts, case.evidence, planned, now)
    told = explained(protocol, verdict, times, start=start, now=now, zone=facts.site.tz)
    heading = [f"Line {case.line}"] if case.line else []
    return "\n".join([*heading, *told, *([""] if case.line else [])])


def time_of(name: str, text: str | None) -> datetime | None:
    """The time of an option; ValueError names the option and the remedy."""
    try:
        return None if text is None else parse_instant(text)
    except ValueError as error:
        raise ValueError(f"--{name}: {error}") from None


@contextmanager
def opened(name: str) -> Iterator[BinaryIO]:
    if name == "-":
        yield sys.stdin.buffer
        return
    with Path(name).open("rb") as stream:
        yield stream


def reader_gone() -> NoReturn:
    """Whoever read the verdicts has left, as `head` does: end without a word, and without flushing into nothing."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    sys.exit(READER_GONE)
