"""Check the record of every practice: exit 0 when each holds, 1 with every break, its row and what to do."""

import sys
import uuid
from typing import Any

from django.core.management.base import BaseCommand

from scheduler import clock
from scheduler.doors import practices_by_name
from scheduler.services.checkpoints import practices_with_checkpoints
from scheduler.services.record_watch import verify_and_tell


class Command(BaseCommand):
    help = "Verify the record of every practice: the chain, its checkpoints outside of the database, the gate passes."

    def handle(self, *args: Any, **options: Any) -> None:
        known = {practice_id: name for name, practice_id in practices_by_name().items()}
        # Also those that the database no longer knows.
        gone = {found: f"practice {found}" for found in practices_with_checkpoints() if found not in known}
        held = [self._tell(name, practice_id) for practice_id, name in {**known, **gone}.items()]
        if not all(held):
            sys.exit(1)

    def _tell(self, name: str, practice_id: uuid.UUID) -> bool:
        found = verify_and_tell(practice_id=practice_id, now=clock.now())
        state = "holds" if found.holds else "BROKEN"
        self.stdout.write(f"{name}: {found.rows} rows, {found.checkpoints} checkpoints, {state}")
        if found.holds and not found.checkpoints and found.rows:
            self.stdout.write("  nothing outside of the database vouches for it yet: the worker seals each minute")
        for each in found.breaks:
            self.stdout.write(f"  {name}, row {each.row or '-'}: {each.sentence}. {each.remedy}")
        return found.holds
