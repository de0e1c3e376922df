"""`manage.py assess`: the verdict of a CASE document as JSON; works without a database."""

import json
import sys
from argparse import ArgumentParser
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NoReturn

from django.core.management.base import BaseCommand

from checklists.protocols.loader import ProtocolError, load
from checklists.rules.assess import assess
from checklists.rules.case_document import CaseDocumentError, parse_case, verdict_to_json
from checklists.rules.shapes import parse_instant
from checklists.rules.values import State

EXIT = {State.READY: 0, State.PENDING: 10, State.NEEDS_REVIEW: 11, State.BLOCKED: 12}
BAD_INPUT = 2


class Command(BaseCommand):
    """Exit code: 0 ready, 10 pending, 11 needs review, 12 blocked, 2 bad input."""

    help = "Judge the CASE document FILE (- for standard input) under a protocol; prints the verdict as JSON."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--protocol", required=True, help="a shipped protocol's name, or a file")
        parser.add_argument("--start", help="the start to judge, ISO 8601 with offset; none: not booked")
        parser.add_argument("--now", help="the moment of judging, ISO 8601 with offset; none: this moment")
        parser.add_argument("file", help="CASE document in YAML or JSON, or -")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            protocol = load(options["protocol"])
            start, now = time_of("start", options["start"]), time_of("now", options["now"])
            facts, evidence = parse_case(read(options["file"]), options["file"])
        except (ProtocolError, CaseDocumentError) as error:
            self.refuse(str(error))
        except OSError as error:
            self.refuse(f"{options['file']}: cannot be read ({error.strerror}). Give a readable file, or -.")
        except ValueError as error:
            self.refuse(str(error))
        verdict = assess(protocol, facts, evidence, start, now or datetime.now(UTC))
        self.stdout.write(json.dumps(verdict_to_json(verdict), indent=2))
        sys.exit(EXIT[verdict.state])

    def refuse(self, message: str) -> NoReturn:
        self.stderr.write(message)
        sys.exit(BAD_INPUT)


def time_of(name: str, text: str | None) -> datetime | None:
    """The time of an option; ValueError names the option and the remedy."""
    try:
        return None if text is None else parse_instant(text)
    except ValueError as error:
        raise ValueError(f"--{name}: {error}") from None


def read(name: str) -> str:
    try:
        return sys.stdin.read() if name == "-" else Path(name).read_text(encoding="utf-8")
    except UnicodeDecodeError:
        raise ValueError(f"{name}:1: document: is not UTF-8 text. Save it as UTF-8.") from None
