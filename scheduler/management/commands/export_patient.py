"""Everything that is held about one patient, as a zip."""

import os
import uuid
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from scheduler import clock
from scheduler.doors import practices_by_name
from scheduler.isolation import within
from scheduler.models import Practice
from scheduler.rules.problems import NotFound
from scheduler.services.patient_export import export_patient

BY = "command:export_patient"


class Command(BaseCommand):
    help = "Write everything held about PATIENT (an id) of a practice into a new zip. docs/data-at-rest.md."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("patient", type=uuid.UUID, metavar="PATIENT", help="the patient's id")
        parser.add_argument("file", type=Path, metavar="FILE", help="a new file; only its owner may read it")
        parser.add_argument("--practice", required=True, help="the practice's name")

    def handle(self, *args: Any, **options: Any) -> None:
        place, file = practices_by_name().get(options["practice"]), options["file"]
        if place is None:
            raise CommandError(f"There is no practice {options['practice']!r}. Check its name.", returncode=2)
        try:
            written = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except OSError as error:
            raise CommandError(f"{file}: {error.strerror}. Name a new file.", returncode=2) from error
        with os.fdopen(written, "wb") as out, within(place):
            try:
                practice = Practice.objects.get(pk=place)
                out.write(export_patient(practice=practice, patient_id=options["patient"], by=BY, now=clock.now()))
            except NotFound as missing:
                file.unlink()
                raise CommandError(f"{missing.detail} Check the id.", returncode=2) from missing
        self.stdout.write(f"Written: {file}. It holds a patient's data: hand it over safely, then delete it.")
