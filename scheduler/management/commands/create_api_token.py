"""An API token for one person in one practice, printed once."""

from argparse import ArgumentParser
from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from scheduler import clock
from scheduler.doors import places_of, practices_by_name
from scheduler.isolation import within
from scheduler.models import Practice, User
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
        user = User.objects.filter(email=options["user"].lower(), is_active=True).first()
        mine = places_of(user.pk, demo=True) if user is not None else []
        names = {name: place for name, place in practices_by_name().items() if place in mine}
        if options["practice"]:
            names = {name: place for name, place in names.items() if name == options["practice"]}
        if user is None or not names:
            raise CommandError(f"Nobody active with the address {options['user']} works here. Check the address.")
        if len(names) > 1:
            listed = ", ".join(names)
            raise CommandError(f"This person works in several practices; add --practice with one of: {listed}.")
        if not 1 <= options["days"] <= 365:
            raise CommandError(f"--days {options['days']}: give a number from 1 to 365.")
        (place,) = names.values()
        with within(place):
            self.stdout.write(self.act(user, Practice.objects.get(pk=place), options))

    def act(self, user: User, practice: Practice, options: dict[str, Any]) -> str:
        if options["revoke"]:
            return f"{revoke_tokens(user=user, practice=practice, now=clock.now())} token(s) revoked."
        lasts = timedelta(days=options["days"])
        return create_token(user=user, practice=practice, label=options["label"], lasts=lasts, now=clock.now())
