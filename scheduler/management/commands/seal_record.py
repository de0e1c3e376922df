"""Seal the record of every practice at once: what the worker does each minute, for hosts without one."""

from typing import Any

from django.core.management.base import BaseCommand

from scheduler import clock
from scheduler.services.sealing import seal_every_record


class Command(BaseCommand):
    help = "Seal the record of every practice, as the worker does each minute."

    def handle(self, *args: Any, **options: Any) -> None:
        seal_every_record(now=clock.now())
