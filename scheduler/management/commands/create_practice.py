"""Set up a real, empty practice: its place, first people, rooms and bays."""

import getpass
import os
import warnings
from argparse import ArgumentParser
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from scheduler import clock
from scheduler.isolation import within
from scheduler.models import Membership, Practice
from scheduler.rules.problems import Problem
from scheduler.services import practices, setting_up

Person = tuple[str, str, list[str]]  # e-mail, name, roles
BY = "command:create_practice"
PASSWORD = "CREATE_PRACTICE_PASSWORD"  # noqa: S105 - the name of an environment variable


class Command(BaseCommand):
    help = (
        "Set up a real, empty practice. New people get the password that you type (or that the environment "
        f"variable {PASSWORD} holds). One of them is an administrator, who goes on at /settings/."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("name")
        parser.add_argument("--zone", required=True, help="IANA name, e.g. America/New_York")
        parser.add_argument("--phone", required=True, help="the number that patients call")
        parser.add_argument("--email", required=True, help="a real mailbox that takes replies: invites come from it")
        parser.add_argument("--address", required=True, help="where patients go, as invites show it")
        parser.add_argument("--opens", default="08:00", help="Monday to Friday (default 08:00)")
        parser.add_argument("--closes", default="17:00", help="Monday to Friday (default 17:00)")
        parser.add_argument(
            "--staff",
            action="append",
            default=[],
            metavar="EMAIL;NAME;ROLE,ROLE",
            help="may be repeated; roles: scheduler, nurse, clinician, administrator, auditor",
        )
        parser.add_argument("--room", action="append", default=[], help="may be repeated")
        parser.add_argument("--bay", action="append", default=[], help="may be repeated")

    def handle(self, *args: Any, **options: Any) -> None:
        people = [self.person(text) for text in options["staff"]]
        # Before anything is written: nobody else waits while somebody types.
        password = self.password() if people else ""
        with transaction.atomic():
            self.set_up(people, password, options)

    def set_up(self, people: Sequence[Person], password: str, options: dict[str, Any]) -> None:
        now = clock.now()
        week = [[options["opens"], options["closes"]]] * 5 + [None, None]
        place = {name: options[name] for name in ("name", "zone", "phone", "email", "address")}
        try:
            practice = practices.create_practice(practice=practices.NewPractice(**place, hours=week), by=BY, now=now)
            with within(practice.pk):
                self.furnish(practice, people, password, now, options)
                next_steps = self.next_steps(practice)
        except Problem as problem:
            lines = [problem.detail, *(f"  {reason.field}: {reason.detail}" for reason in problem.errors)]
            raise CommandError("\n".join(lines), returncode=2) from problem
        self.stdout.write(
            f"{practice.name} is set up. Next, at {settings.BASE_URL}/settings/ (an administrator signs in):\n"
            f"{next_steps}\n"
            "For programs: manage.py create_api_token EMAIL."
        )

    def furnish(
        self, practice: Practice, people: Sequence[Person], password: str, now: datetime, options: dict[str, Any]
    ) -> None:
        """The first people, rooms and bays; somebody among them must be able to go on."""
        for email, name, roles in people:
            practices.add_staff(
                practice=practice, email=email, name=name, roles=roles, password=password, by=BY, now=now
            )
        for kind in ("room", "bay"):
            for name in options[kind]:
                practices.add_resource(practice=practice, kind=kind, name=name, by=BY, now=now)
        if not Membership.objects.filter(practice=practice, role="administrator").exists():
            remedy = "Nobody could open the settings: give one person the role administrator with --staff."
            raise CommandError(remedy, returncode=2)

    def next_steps(self, practice: Practice) -> str:
        """What is still missing, in the words of the settings page."""
        missing = [step for step in setting_up.steps(practice) if not step.is_done]
        lines = [f"  - {step.words}: /settings/{step.where}/" for step in missing]
        return "\n".join(lines)

    def person(self, text: str) -> Person:
        parts = [part.strip() for part in text.split(";")]
        if len(parts) != 3:
            raise CommandError(f"--staff {text!r}: write EMAIL;NAME;ROLE,ROLE.", returncode=2)
        return parts[0], parts[1], [role.strip() for role in parts[2].split(",") if role.strip()]

    def password(self) -> str:
        """Asked once for all; never an argument, because arguments are seen by everybody on the machine."""
        try:
            with warnings.catch_warnings():
                # Where there is no terminal, or one that would show what is typed.
                warnings.simplefilter("error", getpass.GetPassWarning)
                return os.environ.get(PASSWORD) or getpass.getpass("Password for the new people: ")
        except (getpass.GetPassWarning, EOFError, KeyboardInterrupt) as error:
            remedy = f"Nothing was made: no password was typed. Run it at a terminal, or set {PASSWORD}."
            raise CommandError(remedy, returncode=2) from error
