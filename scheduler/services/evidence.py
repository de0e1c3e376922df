"""Evidence of a case: recorded against the version that the writer saw, answered with the new verdict."""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

from django.db import transaction

from checklists.models import Evidence
from checklists.rules.assess import context_of
from checklists.rules.clock import Clock, Start
from checklists.rules.context import kind_of
from checklists.rules.kinds import check_value, clearance
from checklists.rules.kinds.infection import earliest_new_day
from checklists.rules.kinds.recovery import RECOVERY
from checklists.rules.sitetime import shown_on
from checklists.rules.values import Authority
from checklists.services import checklists, recording
from checklists.services.recording import Observation
from scheduler.models import Booking, Case, Task
from scheduler.rules.problems import Invalid, Reason, Stale
from scheduler.rules.transitions import Act
from scheduler.rules.watched import too_long
from scheduler.services.bookings import owe_new_date, release_booking_of
from scheduler.services.cases import allow
from scheduler.services.errors import INFECTION, follow_error, seen_item, started_drugs, word_to_strike
from scheduler.services.people import escort_contact
from scheduler.services.readiness import judged_start, locked_case, look_again
from scheduler.services.record import Entry, append_record, append_records
from scheduler.services.tasks import drop_tasks

NO_NEW_DATE = "Offer a new date once a clinician has said when the infection is over."
NOT_BEFORE = timedelta(days=3 * 366)  # an observation older than this is a mistyped year


@dataclass(frozen=True, slots=True)
class Recorded:
    """What was recorded, in its order, and what follows from all of it."""

    entries: tuple[Evidence, ...]
    case: Case
    refreshed: checklists.Refreshed
    released: bool

    @property
    def evidence(self) -> Evidence:
        """The entry of a single observation."""
        (entry,) = self.entries
        return entry


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
    """Record one observation, as `record_all`."""
    observation = Observation(item, value, observed_at, said_by, authority, seen_version, supersedes)
    return record_all(practice_id=practice_id, case_id=case_id, observations=[observation], by=by, now=now)


@transaction.atomic
def record_all(
    *, practice_id: uuid.UUID, case_id: uuid.UUID, observations: Sequence[Observation], by: str, now: datetime
) -> Recorded:
    """Record all of these observations or none, and look once at what follows from them together.

    A failing one blocks at once, a confirmed infection releases the booking.
    """
    case = locked_case(practice_id, case_id)
    allow(case, Act.RECORD)
    _check_items(case, observations, now)
    for each in observations:
        _check_speaker(each.item, each.said_by)
        _check_observed(each.observed_at, now)
    cleaned = [replace(each, value=_cleaned(case, each, now)) for each in observations]
    _check_values(cleaned)
    _check_minutes(case, cleaned)
    entries = _record(case, cleaned, by, now)
    append_records(practice_id=practice_id, entries=[_noted(case, entry) for entry in entries], by=by, now=now)
    _settle_calls(case, entries, by, now)
    found = [entry for entry in entries if _is_infection(entry)]
    released = bool(found) and _release(case, found, by, now)
    return Recorded(entries, case, look_again(case=case, now=now, by=by), released)


def _check_items(case: Case, observations: Sequence[Observation], now: datetime) -> None:
    """Only an item of this case's own checklist takes evidence."""
    known = checklists.items_of_checklist(checklist=case.checklist, start=judged_start(case, now), now=now)
    for each in observations:
        if each.item not in known:
            raise Invalid(
                f"This case has no item '{each.item}'.",
                errors=(Reason("item_unknown", f"Use one of: {', '.join(known)}.", field="item"),),
            )


def _check_values(observations: Sequence[Observation]) -> None:
    wrong = tuple(
        Reason("bad_value", problem.sentence, field=f"value.{problem.field}", item=each.item)
        for each in observations
        for problem in check_value(each.item, each.value, each.observed_at)
    )
    if wrong:
        raise Invalid("The value does not fit the item.", errors=wrong)


def _check_minutes(case: Case, observations: Sequence[Observation]) -> None:
    """Nobody is watched for longer than the time since the procedure, by whoever's watch."""
    since = case.finished_at or case.started_at
    wrong = tuple(
        Reason("watched_too_long", problem, field=f"value.{field}", item=each.item)
        for each in observations
        if since is not None and kind_of(each.item) == RECOVERY.name
        for field, problem in too_long(each.value, since, each.observed_at)
    )
    if wrong:
        raise Invalid("More minutes are given than have passed.", errors=wrong)


def _check_speaker(item: str, said_by: str) -> None:
    if said_by == "prescriber" and kind_of(item) != clearance.KIND:
        remedy = "A prescriber speaks about prescriber_clearance. Say who else said this."
        raise Invalid("Say who said it.", errors=(Reason("bad_speaker", remedy, field="said_by", item=item),))


def _cleaned(case: Case, seen: Observation, now: datetime) -> dict[str, Any]:
    value = escort_contact(case=case, item=seen.item, value=dict(seen.value), now=now)
    return _for_the_booked_day(case, seen.item, value)


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


def _record(case: Case, observations: Sequence[Observation], by: str, now: datetime) -> tuple[Evidence, ...]:
    try:
        return tuple(recording.record_all(checklist=case.checklist, observations=observations, by=by, now=now))
    except recording.StaleItem as stale:
        raise Stale(str(stale), version=stale.current, item=stale.item) from stale
    except recording.UnknownEvidence as unknown:
        raise Invalid(
            "supersedes names evidence that this item does not have.",
            errors=(Reason("supersedes_unknown", str(unknown), field="supersedes"),),
        ) from unknown


def _noted(case: Case, entry: Evidence) -> Entry:
    fields = {"evidence": entry.public_id, "item": entry.item, "value": entry.value, "observed_at": entry.observed_at}
    return Entry("evidence_recorded", case.pk, fields)


def _settle_calls(case: Case, entries: Sequence[Evidence], by: str, now: datetime) -> None:
    """A prescriber who asked for a call and has answered since need not be called."""
    answered = [
        clearance.call_key(entry.item)
        for entry in entries
        if kind_of(entry.item) == clearance.KIND and entry.value.get("answer") in clearance.ANSWERS
    ]
    if answered:
        drop_tasks(case=case, kinds=("call",), keys=answered, outcome="the prescriber has answered", by=by, now=now)


def _is_infection(entry: Evidence) -> bool:
    """Found on the day, and by somebody who may find one."""
    found = entry.item == "infection_check" and entry.value.get("outcome") == "infection"
    return found and entry.authority >= Authority.NURSE


def _release(case: Case, found: Sequence[Evidence], by: str, now: datetime) -> bool:
    day = earliest_day_after(case, found, now)
    offer = f"Offer a new date, from {shown_on(day)} on." if day else NO_NEW_DATE
    if case.booking is None:
        _name_new_day(case, offer, by, now)
        return False
    if case.state not in ("booked", "checked_in"):
        return False
    release_booking_of(case=case, reason=INFECTION, by=by, now=now, offer=offer)
    return True


def _name_new_day(case: Case, offer: str, by: str, now: datetime) -> None:
    """Whoever is about to offer a date after an infection reads what was said of its end since."""
    owed = Task.objects.filter(case=case, kind="reschedule", done_at=None).values_list("key", flat=True)
    released = Booking.objects.filter(case=case, release_reason=INFECTION).order_by("-released_at").first()
    if released is not None and str(released.pk) in owed:
        owe_new_date(case, released, offer, by, now)


def earliest_day_after(case: Case, found: Sequence[Evidence], now: datetime) -> date | None:
    """The first day on which these infections are over, as far as anybody has said."""
    made = checklists.assess_checklist(checklist=case.checklist, start=judged_start(case, now), now=now)
    context = context_of(made.protocol, made.facts, made.evidence, Start(made.start or now, Clock(now)))
    ids = {entry.pk for entry in found}
    return earliest_new_day(context, [entry for entry in made.evidence if entry.id in ids])


@transaction.atomic
def mark_entered_in_error(
    *,
    practice_id: uuid.UUID,
    public_id: uuid.UUID,
    reason: str,
    authority: Authority | None,
    seen_version: int,
    by: str,
    now: datetime,
) -> Recorded:
    """Strike evidence through; the verdict is derived anew without it, what it had caused is mended or handed over.

    `seen_version`: of the item, Stale against another. NotPermitted below the authority that said it: calling a
    failure an error would clear it.
    """
    word = word_to_strike(practice_id=practice_id, public_id=public_id, authority=authority)
    case = locked_case(practice_id, word.checklist.subject)
    seen_item(case, word.item, seen_version)
    drugs = started_drugs(case, now)
    if not recording.mark_entered_in_error(evidence=word, reason=reason, by=by, now=now):
        return Recorded((word,), case, look_again(case=case, now=now, by=by), released=False)
    fields = {"evidence": word.public_id, "reason": reason}
    append_record(practice_id=practice_id, by=by, action="evidence_in_error", subject=case.pk, now=now, fields=fields)
    refreshed = follow_error(case=case, word=word, drugs_before=drugs, by=by, now=now)
    return Recorded((word,), case, refreshed, released=False)
