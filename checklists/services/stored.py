"""The stored state of a checklist, for counting many: which ones still hold. Gates, writes and cases judge."""

from datetime import datetime

from django.db.models import Exists, F, OuterRef, Q

from checklists.models import Checklist, Override
from checklists.rules.assess import ENGINE_VERSION, tzdata_version
from checklists.rules.values import State

NOTED = ("state", "judged_facts", "judged_evidence", "judged_version", "judged_start", "judged_by")


def engine() -> str:
    return f"{ENGINE_VERSION} {tzdata_version()}"


def note_state(
    checklist: Checklist, *, state: State, facts_number: int, last_evidence_id: int, start: datetime | None
) -> None:
    """Put a state that was just derived beside what it was derived from; the caller saves NOTED."""
    checklist.state, checklist.judged_start, checklist.judged_by = state, start, engine()
    checklist.judged_facts, checklist.judged_evidence = facts_number, last_evidence_id
    checklist.judged_version = checklist.protocol_version_id


def state_holds(now: datetime) -> Q:
    """Of rows with a `checklist`: the stored state is what would be judged at `now`, by the start it was judged by.

    Whether that start is still the one, and whether the version is in force, the caller asks. An override changes what
    is shown, so a case with one never counts as holding.
    """
    unchanged = Q(
        checklist__judged_facts=F("checklist__facts_number"),
        checklist__judged_evidence=F("checklist__last_evidence_id"),
        checklist__judged_version=F("checklist__protocol_version"),
        checklist__judged_by=engine(),
    )
    overridden = Exists(Override.objects.filter(checklist=OuterRef("checklist")))
    return unchanged & Q(checklist__next_change_at__gt=now) & ~Q(checklist__state="") & Q(~overridden)
