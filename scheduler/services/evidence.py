"""Evidence of a case: recorded against the version that the writer saw, answered with the new verdict."""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from checklists.models import Evidence
from checklists.rules.context import kind_of
from checklists.rules.kinds import check_value, clearance
from checklists.rules.values import Authority
from checklists.services import checklists
from scheduler.models import Case
from scheduler.rules.problems import Invalid, NotFound, NotPermitted, Reason, Refused, Stale
from scheduler.services.bookings import release_booking_of
from scheduler.services.people import escort_contact
from scheduler.services.readiness import judged_start, locked_case, look_again
from scheduler.services.record import append_record
from scheduler.services.tasks import drop_tasks

NOT_BEFORE = timedelta(days=3 * 366)  # an observation older than this is a mistyped year
INFECTION = "A day-of infection was confirmed by a nurse or clinician."


@dataclass(frozen=True, slots=True)
class Recorded:
    evidence: Evidence
    case: Case
    refreshed: checklists.Refreshed
    released: bool


@transaction.atomic
def record_evidence(
    *,
    practice_id: uuid.UUID,
    case_id: uuid.UUID,
    item: str,
    value: Mapping[str, Any],
    observed_at: datetime,
    said_by: str,
    authority: Authority,
    seen_version: int,
    by: str,
    now: datetime,
    supersedes: Sequence[uuid.UUID] = (),
) -> Recorded:
    """Record one observation; a failing one blocks at once, a confirmed infection releases the booking."""
    case = locked_case(practice_id, case_id)
    if case.state == "closed":
        raise Refused("The case is closed. Reopen it, or open a new case.", code="case_closed")
    _check_item(case, item, now)
    _check_speaker(item, said_by)
    _check_observed(observed_at, now)
    cleaned = escort_contact(case=case, item=item, value=dict(value), now=now)
    cleaned = _for_the_booked_day(case, item, cleaned)
    if problems := check_value(item, cleaned):
        raise Invalid(
            "The value does not fit the item.",
            errors=tuple(Reason("bad_value", p.sentence, field=f"value.{p.field}", item=item) for p in problems),
        )
    try:
        evidence = checklists.record_evidence(
            checklist=case.checklist,
            item=item,
            value=cleaned,
            observed_at=observed_at,
            said_by=said_by,
            authority=authority,
            seen_version=seen_version,
            supersedes=_superseded(case, item, supersedes),
            by=by,
            now=now,
        )
    except checklists.StaleItem as stale:
        raise Stale(str(stale), version=stale.current, item=item) from stale
    append_record(
        practice_id=practice_id,
        by=by,
        action="evidence_recorded",
        subject=case.pk,
        now=now,
        fields={"evidence": evidence.public_id, "item": item, "value": cleaned, "observed_at": observed_at},
    )
    _settle_call(case, evidence, by, now)
    released = _release_for_infection(case, evidence, by, now)
    return Recorded(evidence, case, look_again(case=case, now=now, by=by), released)


def _check_item(case: Case, item: str, now: datetime) -> None:
    """Only an item of this case's own checklist takes evidence."""
    start = judged_start(case, now)
    verdict = checklists.assess_checklist(checklist=case.checklist, start=start, now=now).verdict
    known = [finding.item for finding in verdict.findings]
    if item not in known:
        raise Invalid(
            f"This case has no item '{item}'.",
            errors=(Reason("item_unknown", f"Use one of: {', '.join(known)}.", field="item"),),
        )


def _check_speaker(item: str, said_by: str) -> None:
    if said_by == "prescriber" and kind_of(item) != clearance.KIND:
        remedy = "A prescriber speaks about prescriber_clearance. Say who else said this."
        raise Invalid("Say who said it.", errors=(Reason("bad_speaker", remedy, field="said_by", item=item),))


def _for_the_booked_day(case: Case, item: str, value: dict[str, Any]) -> dict[str, Any]:
    """A last day that a prescriber names is named for the date of the procedure as it stands."""
    if kind_of(item) != clearance.KIND or "last_dose_on" not in value or "start_on" in value or case.booking is None:
        return value
    return {**value, "start_on": case.booking.starts_at.astimezone(case.practice.site.tz).date().isoformat()}


def _check_observed(observed_at: datetime, now: datetime) -> None:
    if observed_at > now:
        raise Invalid(
            "observed_at lies in the future.",
            errors=(
                Reason(
                    "observed_in_future",
                    f"{observed_at.isoformat()} is after now; give when it was observed.",
                    field="observed_at",
                ),
            ),
        )
    if observed_at < now - NOT_BEFORE:
        raise Invalid(
            "observed_at is more than three years ago.",
            errors=(Reason("observed_too_long_ago", "Check the year of observed_at.", field="observed_at"),),
        )


def _superseded(case: Case, item: str, public_ids: Sequence[uuid.UUID]) -> list[int]:
    found = dict(
        Evidence.objects.filter(checklist=case.checklist, item=item, public_id__in=public_ids).values_list(
            "public_id", "pk"
        )
    )
    unknown = [str(public_id) for public_id in public_ids if public_id not in found]
    if unknown:
        raise Invalid(
            "supersedes names evidence that this item does not have.",
            errors=tuple(
                Reason("supersedes_unknown", f"{name} is no evidence of '{item}' in this case.", field="supersedes")
                for name in unknown
            ),
        )
    return list(found.values())


def _settle_call(case: Case, evidence: Evidence, by: str, now: datetime) -> None:
    """A prescriber who asked for a call and has answered since need not be called."""
    if kind_of(evidence.item) == clearance.KIND and evidence.value.get("answer") in clearance.ANSWERS:
        keys = (clearance.call_key(evidence.item),)
        drop_tasks(case=case, kinds=("call",), keys=keys, outcome="the prescriber has answered", by=by, now=now)


def _release_for_infection(case: Case, evidence: Evidence, by: str, now: datetime) -> bool:
    confirmed = (
        evidence.item == "infection_check"
        and evidence.value.get("outcome") == "infection"
        and evidence.authority >= Authority.NURSE
    )
    if not (confirmed and case.booking is not None and case.state in ("booked", "checked_in")):
        return False
    release_booking_of(case=case, reason=INFECTION, by=by, now=now)
    return True


@transaction.atomic
def mark_entered_in_error(
    *,
    practice_id: uuid.UUID,
    public_id: uuid.UUID,
    reason: str,
    authority: Authority | None,
    by: str,
    now: datetime,
) -> Recorded:
    """Strike evidence through; the verdict is derived anew without it.

    NotPermitted below the authority that said it: calling a failure an error would clear it.
    """
    evidence = Evidence.objects.select_related("checklist").filter(practice_id=practice_id, public_id=public_id).first()
    if evidence is None:
        raise NotFound("There is no such evidence in this practice.")
    if authority is None or authority < evidence.authority:
        role = Authority(evidence.authority).name.lower()
        raise NotPermitted(f"This is the word of a {role}. Ask a {role} or somebody above to strike it through.")
    case = locked_case(practice_id, evidence.checklist.subject)
    if checklists.mark_entered_in_error(evidence=evidence, reason=reason, by=by, now=now):
        append_record(
            practice_id=practice_id,
            by=by,
            action="evidence_in_error",
            subject=case.pk,
            now=now,
            fields={"evidence": evidence.public_id, "reason": reason},
        )
    return Recorded(evidence, case, look_again(case=case, now=now, by=by), released=False)
