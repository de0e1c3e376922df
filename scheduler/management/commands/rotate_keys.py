"""Write every encrypted value anew with the first of FIELD_KEYS, and say which keys nothing needs any more."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from notifications.encryption import field_keys
from scheduler import clock
from scheduler.doors import practices_by_name
from scheduler.services.key_rotation import UNNAMED, MissingKey, Rotation, rotate_keys

BY = "command:rotate_keys"


class Command(BaseCommand):
    help = (
        "Encrypt every stored value with the first of FIELD_KEYS. Safe while the service runs, and to be started again "
        "whenever it was cut off. Ends by naming the keys that no value needs any more. docs/data-at-rest.md."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--batch", type=int, default=200, help="rows of one transaction, 1 to 5000 (default 200)")

    def handle(self, *args: Any, **options: Any) -> None:
        if not 1 <= options["batch"] <= 5000:
            raise CommandError(f"--batch {options['batch']}: give a number from 1 to 5000.", returncode=2)
        try:
            done = rotate_keys(
                practices=practices_by_name(), by=BY, now=clock.now(), batch=options["batch"], tell=self.stdout.write
            )
        except MissingKey as missing:
            lines = [f"  {line}" for line in missing.lines]
            head = "FIELD_KEYS lacks a key that stored values need; add it behind the others. Nothing was changed."
            raise CommandError("\n".join([head, *lines]), returncode=2) from missing
        self.stdout.write(f"{done.rewritten} value(s) written anew.")
        self.tell_keys(done)
        if done.unreadable:
            head = f"{len(done.unreadable)} value(s) could not be read and were left as they are:"
            raise CommandError("\n".join([head, *(f"  {line}" for line in done.unreadable)]))
        if done.remaining:
            raise CommandError(f"{done.remaining} value(s) still need an older key. Run the command again.")

    def tell_keys(self, done: Rotation) -> None:
        for place, key in enumerate(field_keys(), 1):
            count = done.used[key.id]
            # A value that names no key may have been encrypted with any of them.
            needed = count or place == 1 or done.used[UNNAMED]
            says = f"encrypts {count} value(s)" if needed else "encrypts nothing: it may be removed from FIELD_KEYS"
            self.stdout.write(f"Key {key.id} (number {place} of FIELD_KEYS) {says}.")
        if done.used[UNNAMED]:
            self.stdout.write(f"{done.used[UNNAMED]} value(s) name no key: keep every key.")
