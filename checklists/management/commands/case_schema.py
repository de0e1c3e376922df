"""`manage.py case_schema [KIND]`: the JSON Schema of the CASE document, or of one kind's evidence values."""

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from checklists.rules.case_document import case_schema, kind_schema
from checklists.rules.kinds import KINDS


class Command(BaseCommand):
    help = "Print the JSON Schema of the CASE document (docs/case.schema.json), or of one kind's evidence values."
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("kind", nargs="?", choices=KINDS, help="a kind of item, such as labs")

    def handle(self, *args: Any, **options: Any) -> None:
        schema = kind_schema(options["kind"]) if options["kind"] else case_schema()
        self.stdout.write(json.dumps(schema, indent=2))
