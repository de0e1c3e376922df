"""What is in the database, to prove that a refusal wrote nothing."""

import hashlib

from django.apps import apps

from scheduler.models import Reading

OURS = ("checklists", "notifications", "scheduler")
# What a refusal leaves behind, and nothing else.
REFUSAL = {"record": 1, "recordhead": 0}
Tables = dict[str, tuple[int, str]]


def tables() -> Tables:
    """Rows and a digest of the contents of every table of ours."""
    found = {}
    for label in OURS:
        for model in apps.get_app_config(label).get_models():
            if model is Reading:  # looking is not writing
                continue
            names = [field.attname for field in model._meta.concrete_fields if field.attname != "document"]
            rows = sorted(repr(row) for row in model._base_manager.values_list(*names))
            found[model._meta.model_name] = (len(rows), hashlib.sha256("\n".join(rows).encode()).hexdigest())
    return found


def changes(before: Tables) -> dict[str, int]:
    """By how many rows each table grew whose contents differ."""
    after = tables()
    return {name: after[name][0] - count for name, (count, digest) in before.items() if after[name][1] != digest}
