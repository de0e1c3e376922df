"""`manage.py protocols list | show NAME | check NAME | diff A B | table`: protocols as files, without a database."""

import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand

from checklists.protocols import loader
from checklists.protocols.comparison import page
from checklists.protocols.differences import differences
from checklists.protocols.filling_file import write_filled
from checklists.protocols.summary import low_rows, summary

COMPLETE, INCOMPLETE, BAD_INPUT = 0, 1, 2


class Command(BaseCommand):
    help = "List, show, check and compare protocols. NAME is a shipped protocol or the path of a YAML file."
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        actions = parser.add_subparsers(dest="action", required=True, metavar="list|show|check|diff|table")
        actions.add_parser("list", help="the protocols that come with the software")
        show = actions.add_parser("show", help="every rule with source and confidence; ! marks low confidence")
        check = actions.add_parser("check", help="exit 0 complete, 1 a number is missing, 2 an error with its line")
        diff = actions.add_parser("diff", help="what B changes in A; exit 0 the same, 1 different")
        actions.add_parser("table", help="the shipped protocols side by side, as in docs/protocols.md")
        fill = actions.add_parser("fill", help="write a file that extends NAME and gives its missing numbers")
        fill.add_argument("name")
        fill.add_argument("--set", action="append", default=[], metavar="PATH=VALUE:SOURCE:CONFIDENCE", dest="numbers")
        fill.add_argument("--note", action="append", default=[], metavar="PATH=TEXT", dest="notes")
        fill.add_argument("--out", required=True, metavar="FILE.yaml", help="a new file; beside NAME where that is one")
        show.add_argument("name")
        check.add_argument("name")
        diff.add_argument("a")
        diff.add_argument("b")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            code = getattr(self, f"action_{options['action']}")(options)
        except loader.ProtocolError as error:
            self.stderr.write(str(error))
            code = BAD_INPUT
        if code:
            sys.exit(code)

    def action_list(self, options: dict[str, Any]) -> int:
        for name in loader.shipped():
            protocol = loader.load(name)
            state = f"missing: {', '.join(protocol.missing)}" if protocol.missing else "complete"
            self.stdout.write(f"{name}: {protocol.title} ({state})")
        return COMPLETE

    def action_show(self, options: dict[str, Any]) -> int:
        for line in summary(loader.resolve(options["name"])):
            self.stdout.write(line)
        return COMPLETE

    def action_check(self, options: dict[str, Any]) -> int:
        document = loader.resolve(options["name"])
        protocol = loader.from_document(document, signed=False)
        for path in protocol.missing:
            self.stdout.write(f"{path}: the number is missing: a clinician enters it before the protocol is signed")
        if protocol.missing:
            return INCOMPLETE
        low = low_rows(document)
        self.stdout.write(f"{protocol.name} is complete; {low} rows of low confidence to confirm before signing")
        return COMPLETE

    def action_diff(self, options: dict[str, Any]) -> int:
        lines = [one.sentence for one in differences(loader.resolve(options["a"]), loader.resolve(options["b"]))]
        for line in lines or ["no difference"]:
            self.stdout.write(line)
        return 1 if lines else COMPLETE

    def action_fill(self, options: dict[str, Any]) -> int:
        write_filled(options["name"], options["numbers"], options["notes"], Path(options["out"]))
        self.stdout.write(f"{options['out']}: nothing is missing; a clinician reads it and signs it once it is adopted")
        return COMPLETE

    def action_table(self, options: dict[str, Any]) -> int:
        for line in page():
            self.stdout.write(line)
        return COMPLETE
