"""`manage.py protocols`: list, show, check, diff, fill, table of files; adopt and what-if in a practice."""

import sys
from argparse import ArgumentParser
from datetime import datetime
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand

from checklists.protocols import loader
from checklists.protocols.comparison import page
from checklists.protocols.differences import differences
from checklists.protocols.filling_file import write_filled
from checklists.protocols.summary import low_rows, summary
from checklists.rules.shapes import parse_instant
from scheduler import clock
from scheduler.isolation import within
from scheduler.management.what_if_lines import as_json, told, totals_json, totals_told
from scheduler.models import Membership, Practice, User
from scheduler.rules.problems import Invalid
from scheduler.rules.roles import SIGNERS
from scheduler.services import signing
from scheduler.services.both_versions import Unjudged
from scheduler.services.what_if import Progress, Totals, document_named, practice_named, protocol_named, what_if

COMPLETE, INCOMPLETE, BAD_INPUT = 0, 1, 2


class Command(BaseCommand):
    help = "List, show, check and compare protocols. NAME is a shipped protocol or the path of a YAML file."
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        actions = parser.add_subparsers(
            dest="action", required=True, metavar="list|show|check|diff|fill|adopt|table|what-if"
        )
        actions.add_parser("list", help="the protocols that come with the software")
        show = actions.add_parser("show", help="every rule with source and confidence; ! marks low confidence")
        check = actions.add_parser("check", help="exit 0 complete, 1 a number is missing, 2 an error with its line")
        diff = actions.add_parser("diff", help="what B changes in A; exit 0 the same, 1 different")
        actions.add_parser("table", help="the shipped protocols side by side, as in docs/protocols.md")
        what_if = actions.add_parser(
            "what-if", help="which of a practice's cases NAME would judge otherwise; exit 0 none, 1 some"
        )
        what_if.add_argument(
            "name", help="the practice's version (id, number, name:number), shipped:name, a name, or a file"
        )
        what_if.add_argument("--practice", required=True, help="the practice's id, name, or name as a slug")
        what_if.add_argument("--now", help="the moment of judging, ISO 8601 with offset; none: this moment")
        which = what_if.add_mutually_exclusive_group()
        which.add_argument("--open-only", action="store_true", help="cases before their procedure: the default")
        which.add_argument("--all", action="store_true", help="every case, also closed ones, at its start")
        what_if.add_argument("--json", action="store_true", help="one JSON object on each line, the totals last")
        adopt = actions.add_parser("adopt", help="copy NAME into a practice as the next version, unsigned")
        adopt.add_argument("name", help="a shipped name or a file")
        adopt.add_argument("--practice", required=True, help="the practice's id, name, or name as a slug")
        adopt.add_argument("--as", help="the practice's protocol that it becomes a version of; none: its own name")
        adopt.add_argument("--by", required=True, metavar="E-MAIL", help="the clinician or administrator who adopts it")
        fill = actions.add_parser("fill", help="write a file that extends NAME and gives its missing numbers")
        fill.add_argument("name")
        fill.add_argument("--set", action="append", default=[], metavar="PATH=VALUE:SOURCE:CONFIDENCE", dest="numbers")
        fill.add_argument("--note", action="append", default=[], metavar="PATH=TEXT", dest="notes")
        fill.add_argument("--out", required=True, metavar="FILE.yaml", help="a new file; beside NAME where that is one")
        show.add_argument("name")
        check.add_argument("name")
        diff.add_argument("a", help="a shipped name, a file, or the id of a practice's version")
        diff.add_argument("b")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            code = getattr(self, f"action_{options['action'].replace('-', '_')}")(options)
        except (loader.ProtocolError, Invalid) as error:
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
        one, other = document_named(options["a"], None), document_named(options["b"], None)
        lines = [difference.sentence for difference in differences(one, other)]
        for line in lines or ["no difference"]:
            self.stdout.write(line)
        return 1 if lines else COMPLETE

    def action_adopt(self, options: dict[str, Any]) -> int:
        practice, document = practice_named(options["practice"]), loader.resolve(options["name"])
        name = options["as"] or document["protocol"]
        with within(practice.pk):
            by = adopter(practice, options["by"]).by
            version = signing.adopt_document(practice=practice, name=name, document=document, by=by, now=clock.now())
        left = "give its missing numbers, then sign it" if version.missing else "a clinician reads it, then signs it"
        self.stdout.write(f"{name}, version {version.number}, is not in force: {left}")
        return COMPLETE

    def action_fill(self, options: dict[str, Any]) -> int:
        write_filled(options["name"], options["numbers"], options["notes"], Path(options["out"]))
        self.stdout.write(f"{options['out']}: nothing is missing; a clinician reads it and signs it once it is adopted")
        return COMPLETE

    def action_what_if(self, options: dict[str, Any]) -> int:
        practice = practice_named(options["practice"])
        with within(practice.pk):
            return self.tell_what_if(practice, options)

    def tell_what_if(self, practice: Practice, options: dict[str, Any]) -> int:
        protocol = protocol_named(options["name"], practice)
        now = moment_given(options["now"])
        if protocol.missing:
            self.stderr.write(f"{len(protocol.missing)} numbers are missing and count as the strictest there are.")
        totals = Totals()
        for one in what_if(practice=practice, protocol=protocol, now=now, open_only=not options["all"]):
            if isinstance(one, Progress):
                self.stderr.write(f"{one.done} of {one.total} cases")
                continue
            totals.count(one)
            if isinstance(one, Unjudged) or one.changes:
                self.stdout.write(as_json(one) if options["json"] else "\n".join(told(one)))
        self.stdout.write(totals_json(totals) if options["json"] else "\n".join(totals_told(totals)))
        return INCOMPLETE if totals.differs else COMPLETE

    def action_table(self, options: dict[str, Any]) -> int:
        for line in page():
            self.stdout.write(line)
        return COMPLETE


def adopter(practice: Practice, email: str) -> User:
    """Whoever may adopt on the page may do so here. Raises Invalid."""
    found = Membership.objects.filter(practice=practice, user__email=email.strip().lower(), user__is_active=True)
    member = found.filter(role__in=SIGNERS).select_related("user").first()
    if member is None:
        raise Invalid(f"--by {email[:80]}: give the address of an active clinician or administrator of the practice.")
    return member.user


def moment_given(text: str | None) -> datetime:
    """Raises Invalid with the remedy."""
    try:
        return clock.now() if text is None else parse_instant(text)
    except ValueError as error:
        raise Invalid(f"--now: {error}") from error
