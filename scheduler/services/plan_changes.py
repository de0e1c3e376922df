"""What a changed plan would make of a case before anything is written, and saving what was shown."""

import uuid
from dataclasses import dataclass, fields, replace
from datetime import datetime, timedelta

from django.db import transaction

from checklists.rules.facts_json import facts_to_json
from checklists.rules.values import Facts, digest
from checklists.services.checklists import Refreshed, load_overrides
from checklists.services.dossiers import load_dossier
from checklists.services.protocols import typed_protocol
from scheduler.models import Case
from scheduler.rules.problems import Stale
from scheduler.services.both_versions import BothSides, side_of
from scheduler.services.cases import Plan, change_plan, facts_with, may_change_plan, seen
from scheduler.services.readiness import locked_case

NOT_AS_SHOWN = "The case or the plan is not what was shown. Look at what changes again, then save."


@dataclass(frozen=True, slots=True)
class PlanPreview:
    """Both verdicts, what of the plan differs, and minutes (needed, booked) where the booking does not fit."""

    both: BothSides
    differs: tuple[str, ...]
    minutes: tuple[int, int] | None
    shown: str  # what somebody has seen who saw this


def preview_plan(*, case: Case, plan: Plan, seen_version: int, now: datetime) -> PlanPreview:
    """Writes nothing. Raises Stale, Refused, Invalid."""
    seen(case, seen_version)
    may_change_plan(case)
    dossier = load_dossier(case.checklist)
    changed = facts_with(case, dossier.facts, plan)
    protocol = typed_protocol(case.checklist.protocol_version)
    overrides = load_overrides([case.checklist])[case.checklist_id]
    before, after = (
        side_of(case, protocol, replace(dossier, facts=facts), overrides, now) for facts in (dossier.facts, changed)
    )
    both = BothSides(case, before, after)
    booking = case.booking
    needed = timedelta(minutes=protocol.minutes_per_level * len(changed.levels))
    held = booking.ends_at - booking.starts_at if booking is not None else needed
    minutes = None if needed == held else (needed // timedelta(minutes=1), held // timedelta(minutes=1))
    differs = tuple(one.name for one in fields(Facts) if getattr(changed, one.name) != getattr(dossier.facts, one.name))
    return PlanPreview(both, differs, minutes, digest(both.seen, facts_to_json(changed)))


@transaction.atomic
def save_shown_plan(
    *, practice_id: uuid.UUID, case_id: uuid.UUID, plan: Plan, seen_version: int, shown: str, by: str, now: datetime
) -> tuple[Case, Refreshed]:
    """Change the plan if case and plan still are what the preview showed. Raises Stale otherwise."""
    case = locked_case(practice_id, case_id)
    if preview_plan(case=case, plan=plan, seen_version=seen_version, now=now).shown != shown:
        raise Stale(NOT_AS_SHOWN, version=case.version)
    return change_plan(practice_id=practice_id, case_id=case_id, plan=plan, seen_version=seen_version, by=by, now=now)
