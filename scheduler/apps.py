from collections.abc import Sequence
from typing import Any

from django.apps import AppConfig
from django.db import connections
from django.db.models.signals import post_migrate, pre_migrate


def make_way_for_migrations(using: str, plan: Sequence[object] = (), **_: Any) -> None:
    from scheduler.database import make_way  # models of all apps must be loaded first

    make_way(connections[using], plan)


def install_triggers(using: str, **_: Any) -> None:
    from scheduler.database import install  # models of all apps must be loaded first

    install(connections[using])


class SchedulerConfig(AppConfig):
    name = "scheduler"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from scheduler import checks  # noqa: F401 - registers them

        # Not rules hidden in signals. SQLite refuses to rebuild a table that a trigger reads, so triggers make way;
        # it drops those of the table it rebuilds, so they are put back.
        pre_migrate.connect(make_way_for_migrations, sender=self)
        post_migrate.connect(install_triggers, sender=self)
