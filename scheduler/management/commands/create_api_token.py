"""An API token for one person in one practice, printed once."""

from argparse import ArgumentParser
from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from scheduler import clock
from scheduler.models import Membership
from scheduler.services.tokens import create_token, revoke_tokens


class Command(BaseCommand):
    help = "Print a new API token for USER (an e-mail address). It is shown once; only its hash is kept."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("user", metavar="USER", help="the person's e-mail address")
        parser.add_argument("--practice", help="the practice's name, where the person works in several")
        parser.add_argument("--days", type=int, default=30, help="days until it expires, 1 to 365 (default 30)")
        parser.add_argument("--label", default="", help="what it is for")
        parser.add_argument("--revoke", action="store_true", help="revoke all of the person's tokens instead")

    def handle(self, *args: Any, **options: Any) -> None:
        found = Membership.objects.filter(user__email=options["user"].lower(), user__is_active=True)
        if options["practice"]:
            found = found.filter(practice__name=options["practice"])
        places = {row.practice_id: row for row in found.select_related("practice", "user")}
        if not places:
            raise CommandError(f"Nobody active with the address {options['user']} works here. Check the address.")
        if len(places) > 1:
            names = ", ".join(sorted(row.practice.name for row in places.values()))
            raise CommandError(f"This person works in several practices; add --practice with one of: {names}.")
        if not 1 <= options["days"] <= 365:
            raise CommandError(f"--days {options['days']}: give a number from 1 to 365.")
        place = next(iter(places.values()))
        if options["revoke"]:
            count = revoke_tokens(user=place.user, practice=place.practice, now=clock.now())
            self.stdout.write(f"{count} token(s) revoked.")
            return
        lasts = timedelta(days=options["days"])
        self.stdout.write(
            create_token(user=place.user, practice=place.practice, label=options["label"], lasts=lasts, now=clock.now())
        )
