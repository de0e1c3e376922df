"""Check the record of every practice: exit 0 when each chain holds, 1 with every break in words."""

import sys
from typing import Any

from django.core.management.base import BaseCommand

from scheduler.doors import practices_by_name
from scheduler.isolation import within
from scheduler.models import Record
from scheduler.services.record import verify_chain


class Command(BaseCommand):
    help = "Verify the chain of records of every practice."

    def handle(self, *args: Any, **options: Any) -> None:
        broken = False
        for name, practice_id in practices_by_name().items():
            with within(practice_id):
                breaks = verify_chain(practice_id)
                rows = Record.objects.filter(practice_id=practice_id).count()
            self.stdout.write(f"{name}: {rows} rows, {'holds' if not breaks else 'BROKEN'}")
            for line in breaks:
                self.stdout.write(f"  {line}")
            broken = broken or bool(breaks)
        if broken:
            sys.exit(1)
