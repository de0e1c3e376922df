"""`manage.py import_referrals FILE.csv --practice NAME`: a clinic's referral list goes in."""

import os
import uuid
from argparse import ArgumentTypeError
from collections import Counter
from collections.abc import Iterator
from datetime import date, datetime
from itertools import count
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from checklists.services.protocols import NotInForce
from scheduler import clock
from scheduler.access import allowed
from scheduler.doors import practices_by_name
from scheduler.isolation import within
from scheduler.models import Membership, Practice, User
from scheduler.rules.referrals.complaints import CellError, Complaint
from scheduler.rules.referrals.dates import read_date
from scheduler.rules.referrals.rejects import rejects_text, same_rows
from scheduler.rules.referrals.rows import RowRead, read_row
from scheduler.rules.referrals.sheet import LARGEST_BYTES, Row, Sheet, UnreadableError, read_sheet
from scheduler.services.referrals import COMMAND, Batch, Outcome, bring_in, open_batch, with_notices

REJECTED, UNUSABLE = 1, 2  # exit codes
PROGRESS_EVERY = 100
ENCODING = "utf-8-sig"  # the mark tells spreadsheets that it is UTF-8
Reads = list[tuple[Row, RowRead]]
Rejected = list[tuple[Row, tuple[Complaint, ...]]]


class Command(BaseCommand):
    help = (
        "Import referrals from a CSV file (its columns: docs/referrals.md). Good rows go in; rejected rows go to a "
        "file to correct and import again. Exit 0: all are in; 1: some were rejected; 2: nothing could be done."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", metavar="FILE.csv")
        parser.add_argument("--practice", metavar="NAME", required=True)
        parser.add_argument("--protocol", metavar="NAME", default="demonstration")
        parser.add_argument("--received", metavar="DATE", type=day, help="'three weeks ago' counts from this day")
        parser.add_argument("--rejects", metavar="FILE", help="beside the list unless given")
        parser.add_argument("--by", metavar="EMAIL", help="the member of staff who has this done")
        parser.add_argument("--dry-run", action="store_true", help="say what would happen and write nothing")

    def handle(self, **options: Any) -> None:
        now, dry_run, source = clock.now(), options["dry_run"], Path(options["file"])
        sheet = sheet_of(source)
        practice_id = id_of_practice(options["practice"])
        with within(practice_id):
            practice = Practice.objects.get(pk=practice_id)
            batch = batch_of(practice, options["protocol"], author(options["by"], practice), dry_run)
        today = now.astimezone(practice.site.tz).date()
        received = received_by(today, options["received"])
        target = rejects_target(source, options["rejects"], dry_run)
        reads = [(row, read_row(row, today=today, received=received)) for row in sheet.rows]
        about_file = [*sheet.notices, *day_first_notice(reads)]
        for line, notice in about_file:
            self._say(source, line, noticed(notice))
        counts, rejected = self._bring_in_all(source, reads, batch, now)
        counts["notices"] += len(about_file)
        self.stdout.write(summary(counts, dry_run))
        if not rejected:
            return
        if not dry_run:
            path = write_beside(target, rejects_text(sheet.heading, rejected))
            self.stdout.write(f"Rejected rows are in {path}. Correct them there and import that file.")
        raise CommandError(f"{len(rejected):,} of {len(reads):,} rows rejected.", returncode=REJECTED)

    def _bring_in_all(self, source: Path, reads: Reads, batch: Batch, now: datetime) -> tuple[Counter[str], Rejected]:
        counts: Counter[str] = Counter()
        rejected: Rejected = []
        for number, (row, read) in enumerate(reads, 1):
            outcome = outcome_of(batch, read, now)
            counts.update({outcome.kind: 1, "notices": len(outcome.notices)})
            for sentence in sentences(outcome, batch.dry_run):
                self._say(source, row.line, sentence)
            if outcome.kind == "rejected":
                rejected.append((row, outcome.problems))
            if number % PROGRESS_EVERY == 0:
                self.stderr.write(f"{number:,} of {len(reads):,} rows")
        return counts, rejected

    def _say(self, source: Path, line: int, sentence: str) -> None:
        self.stdout.write(f"{source}:{line}: {sentence}")


def day(text: str) -> date:
    try:
        return read_date(text)
    except CellError as error:
        raise ArgumentTypeError(f"{text}: {error}") from error


def unusable(sentence: str) -> CommandError:
    return CommandError(sentence, returncode=UNUSABLE)


def sheet_of(source: Path) -> Sheet:
    """The file, wholly read before anything is written."""
    try:
        with source.open("rb") as file:
            return read_sheet(file.read(LARGEST_BYTES + 1))
    except OSError as error:
        raise unusable(f"{source}: It cannot be read ({error.strerror}). Give the path of a CSV file.") from error
    except UnreadableError as error:
        place = source if error.line is None else f"{source}:{error.line}"
        raise unusable(f"{place}: {error}") from error


def id_of_practice(name: str) -> uuid.UUID:
    practices = practices_by_name()
    if name not in practices:
        known = ", ".join(list(practices)[:10]) or "none yet"
        raise unusable(f"--practice {name}: There is no such practice. Give the name of one: {known}.")
    return practices[name]


def received_by(today: date, received: date | None) -> date | None:
    if received is not None and received > today:
        raise unusable(f"--received {received}: This day has not come yet. Correct the date.")
    return received


def author(email: str | None, practice: Practice) -> str:
    """What the record says of who did this. Staff must be allowed to open cases in this practice."""
    if email is None:
        return COMMAND
    user = User.objects.filter(email=email.strip().lower(), is_active=True).first()
    roles = frozenset(Membership.objects.filter(practice=practice, user=user).values_list("role", flat=True))
    if user is None or not allowed("cases", "POST", roles, demo=False):
        raise unusable(f"--by {email}: This is nobody who may open cases in {practice.name}. Give somebody's address.")
    return f"{COMMAND} {user.by}"


def batch_of(practice: Practice, protocol: str, by: str, dry_run: bool) -> Batch:
    try:
        return open_batch(practice=practice, protocol=protocol, by=by, dry_run=dry_run)
    except NotInForce as error:
        raise unusable(f"--protocol {protocol}: {error}") from error


def rejects_target(source: Path, asked: str | None, dry_run: bool) -> Path:
    """Where rejected rows go. Looked at before the import, which must not end without a place for them."""
    target = Path(asked) if asked else source.with_name(f"{source.stem}-rejects.csv")
    if not dry_run and not os.access(target.parent, os.W_OK | os.X_OK):
        raise unusable(f"{target}: Rejected rows cannot be written there. Name another file with --rejects.")
    return target


def write_beside(target: Path, text: str) -> Path:
    """Write the file for its owner alone. A file already there may hold corrections and is never overwritten."""
    for number in count(1):
        path = target if number == 1 else target.with_name(f"{target.stem}-{number}{target.suffix}")
        if not path.exists():
            break
        if path.is_file() and same_rows(path.read_text(ENCODING, errors="replace"), text):
            return path
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding=ENCODING, newline="") as file:
        file.write(text)
    return path


def outcome_of(batch: Batch, read: RowRead, now: datetime) -> Outcome:
    if read.referral is None:
        return Outcome("rejected", read.complaints)
    return with_notices(bring_in(batch=batch, referral=read.referral, now=now), read.notices)


def noticed(complaint: Complaint) -> str:
    return str(Complaint(complaint.column, complaint.value, f"(notice) {complaint.remedy}"))


def sentences(outcome: Outcome, dry_run: bool) -> Iterator[str]:
    """What is said of one row: every problem and notice, and in a dry run what would be done."""
    yield from map(str, outcome.problems)
    if dry_run and outcome.kind != "rejected":
        yield f"{'would be imported' if outcome.kind == 'imported' else outcome.kind}: {outcome.done}"
    yield from map(noticed, outcome.notices)


def day_first_notice(reads: Reads) -> Iterator[tuple[int, Complaint]]:
    """One day-first date throws doubt on every other that could be read both ways."""
    for row, read in reads:
        if read.day_first:
            remedy = "Here the day stands first. Dates such as 3/4/2027 were read month first: check them all."
            yield row.line, Complaint("file", read.day_first, remedy)
            return


def summary(counts: Counter[str], dry_run: bool) -> str:
    rows = counts["imported"] + counts["unchanged"] + counts["rejected"]
    return (
        f"{rows:,} rows: {counts['imported']:,} {'would be ' if dry_run else ''}imported, "
        f"{counts['unchanged']:,} unchanged, {counts['rejected']:,} rejected. Notices: {counts['notices']:,}."
        f"{' Dry run: nothing was written.' if dry_run else ''}"
    )
