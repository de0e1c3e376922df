"""Make the demonstration practice once; tell how to sign in."""

from datetime import timedelta
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from scheduler import clock
from scheduler.isolation import within
from scheduler.models import User
from scheduler.services.demonstration import PASSWORD, STAFF, make_demonstration
from scheduler.services.tokens import create_token


class Command(BaseCommand):
    help = "Make the demonstration practice if it is not there; its logins refuse to exist outside the demo."

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.DEMO:
            raise CommandError("The demonstration and its logins exist only where DEMO=1.")
        now = clock.now()
        practice = make_demonstration(now=now)
        self.stdout.write(
            f"\n{practice.name} ({practice.zone}). Staff, password '{PASSWORD}', and an API token each:\n"
        )
        for email, name, roles in STAFF:
            user = User.objects.get(email=email)
            with within(practice.pk):
                token = create_token(user=user, practice=practice, label="demo", lasts=timedelta(days=1), now=now)
            self.stdout.write(f"  {', '.join(roles):14} {email:24} {name:16} {token}\n")
