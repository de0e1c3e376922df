"""Check the record of every practice: exit 0 when each chain holds, 1 with every break in words."""

import sys
from typing import Any

from django.core.management.base import BaseCommand

from scheduler.models import Practice, Record
from scheduler.services.record import verify_chain


class Command(BaseCommand):
    help = "Verify the chain of records of every practice."

    def handle(self, *args: Any, **options: Any) -> None:
        broken = False
        for practice in Practice.objects.order_by("name"):
            breaks = verify_chain(practice.pk)
            rows = Record.objects.filter(practice=practice).count()
            self.stdout.write(f"{practice.name}: {rows} rows, {'holds' if not breaks else 'BROKEN'}")
            for line in breaks:
                self.stdout.write(f"  {line}")
            broken = broken or bool(breaks)
        if broken:
            sys.exit(1)
