"""One patient's data erased, and the list of those who were, to repeat it after a restore."""

import csv
import uuid
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from scheduler import clock
from scheduler.doors import practices_by_name
from scheduler.isolation import within
from scheduler.rules.erased import WHY
from scheduler.rules.problems import NotFound, Problem
from scheduler.services.erasure import erase_patient, erasures_of

BY = "command:erase_patient"
TYPED = "ERASE"


class Command(BaseCommand):
    help = "Erase PATIENT (an id) of a practice for good; or --list who was erased, and --again by such a list."

    def add_arguments(self, parser: ArgumentParser) -> None:
        what = parser.add_mutually_exclusive_group(required=True)
        what.add_argument("patient", type=uuid.UUID, nargs="?", metavar="PATIENT", help="the patient's id")
        what.add_argument(
            "--list", action="store_true", help="print who was erased, when and why: keep it with backups"
        )
        what.add_argument("--again", type=Path, metavar="FILE", help="after a restore: erase everybody on this list")
        parser.add_argument("--practice", required=True, help="the practice's name")
        parser.add_argument("--why", choices=sorted(WHY), help="the code that the record keeps")
        parser.add_argument("--reason", help="in a few words; kept for good, so it names nobody")
        parser.add_argument("--yes", action="store_true", help="do not ask")

    def handle(self, *args: Any, **options: Any) -> None:
        place = practices_by_name().get(options["practice"])
        if place is None:
            raise CommandError(f"There is no practice {options['practice']!r}. Check its name.", returncode=2)
        if options["list"]:
            self._list(place)
        elif options["again"]:
            self._again(place, options["again"])
        else:
            self._one(place, options)

    def _one(self, place: uuid.UUID, options: dict[str, Any]) -> None:
        if not (options["why"] and options["reason"]):
            raise CommandError("Give --why and --reason: the record keeps why a patient was erased.", returncode=2)
        if not options["yes"] and input(f"This cannot be undone. Type {TYPED} to go on: ").strip() != TYPED:
            raise CommandError("Nothing was erased.")
        self.stdout.write(self._erase(place, options["patient"], options["why"], options["reason"]))

    def _erase(self, place: uuid.UUID, patient_id: uuid.UUID, why: str, reason: str) -> str:
        try:
            with within(place):
                done = erase_patient(
                    practice_id=place, patient_id=patient_id, why=why, reason=reason, by=BY, now=clock.now()
                )
        except Problem as problem:
            lines = [problem.detail, *(reason.detail for reason in problem.errors)]
            code = 2 if isinstance(problem, NotFound) else 1
            raise CommandError(f"{patient_id}: " + "\n  ".join(lines), returncode=code) from problem
        when = done.erasure.at.date().isoformat()
        said = f"was erased on {when} already: nothing was done" if done.before else "erased"
        return f"{patient_id}: {said}."

    def _list(self, place: uuid.UUID) -> None:
        with within(place):
            rows = [(each.patient_id, each.at.isoformat(), each.why, each.reason) for each in erasures_of(place)]
        csv.writer(self.stdout, lineterminator="\n").writerows([("patient", "at", "why", "reason"), *rows])

    def _again(self, place: uuid.UUID, file: Path) -> None:
        """Each for itself; whoever cannot be erased yet is named, and the exit code is 1."""
        left = []
        for row in _read(file):
            try:
                self.stdout.write(self._erase(place, row[0], row[1], row[2]))
            except CommandError as error:
                left.append(str(error))
        if left:
            raise CommandError("\n".join(left))


def _read(file: Path) -> list[tuple[uuid.UUID, str, str]]:
    try:
        with file.open(encoding="utf-8", newline="") as lines:
            return [(uuid.UUID(row["patient"]), row["why"], row["reason"]) for row in csv.DictReader(lines)]
    except (OSError, KeyError, ValueError, TypeError) as error:
        raise CommandError(f"{file}: not a list that --list wrote ({error}).", returncode=2) from error
