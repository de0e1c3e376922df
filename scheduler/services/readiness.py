"""Look at a case again: verdict, blocks, tasks, reminders, and what all that leaves in the record."""

import uuid
from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Max

from checklists.rules.gate import refusals_of_case
from checklists.rules.sitetime import day_ends, local_date
from checklists.rules.values import Gate
from checklists.services import checklists
from scheduler import messages
from scheduler.models import Case, Record
from scheduler.rules.duties import Duty, Phase, duties, duty
from scheduler.rules.pathway import pathway_duties
from scheduler.rules.problems import Erased, NotFound
from scheduler.rules.recorded import recorded_item
from scheduler.rules.transitions import BEFORE_PROCEDURE, ENDINGS
from scheduler.services.links import links_for
from scheduler.services.pickups import plan_pickup
from scheduler.services.record import SYSTEM, Entry, append_records
from scheduler.services.tasks import settle_duties

# After its booked start a case that has not begun is judged by the moving clock, so it is looked at each minute.
LATE_CASE_EVERY = timedelta(seconds=60)


def locked_case(practice_id: uuid.UUID, case_id: uuid.UUID) -> Case:
    """The case under its row lock, the first lock of any change. Raises Erased; NotFound for another practice's."""
    rows = Case.objects.filter(practice_id=practice_id, pk=case_id)
    # Lock first, read after: joined in one query, PostgreSQL would show the checklist and booking as they were
    # before the wait for the lock.
    if not rows.select_for_update(no_key=True).values_list("pk"):
        raise NotFound("There is no such case in this practice.")
    whole = rows.select_related("practice", "patient", "checklist__protocol_version", "booking")
    case = whole.defer("checklist__protocol_version__document").get()
    if case.patient.erased_at is not None:
        raise Erased(case.patient.erased_at)
    return case


def judged_start(case: Case, now: datetime) -> datetime | None:
    """The start that boards judge by: the real one, else the later of the booked one and now."""
    if case.started_at is not None:
        return case.started_at
    if case.booking is None or case.booking.released_at is not None:
        return None
    return max(case.booking.starts_at, now)


@transaction.atomic(savepoint=False)
def look_again(*, case: Case, now: datetime, by: str = SYSTEM) -> checklists.Refreshed:
    """Derive everything that follows from what is recorded. Runs at each change, and by the sweep."""
    before_procedure = case.state in BEFORE_PROCEDURE
    refreshed = checklists.refresh(
        checklist=case.checklist,
        start=judged_start(case, now),
        now=now,
        by=by,
        blocks=before_procedure,
        next_look_at=_next_look(case, now),
    )
    verdict = refreshed.assessment.verdict
    blocks = {"block_placed": [f.item for f in refreshed.placed], "block_lifted": list(refreshed.lifted)}
    entries = [Entry(action, case.pk, codes=[*map(recorded_item, items)]) for action, items in blocks.items() if items]
    append_records(practice_id=case.practice_id, entries=entries, by=by, now=now)
    phase = _phase(case, refreshed.assessment.facts.not_happening)
    owed = list(duties(verdict, phase, today_until=end_of_day(case, now)))
    if before_procedure:
        owed += filter(None, map(duty, refusals_of_case(verdict, Gate.BOOKING, True)))
    if case.state == "referred":
        owed += _waiting(case, refreshed.assessment, now)
    passing = None if phase is Phase.ENDED else [f.item for f in verdict.findings if f.passes]
    settle_duties(case=case, owed=owed, passing=passing, by=by, now=now)
    if before_procedure:
        messages.plan_reminders(
            case=case,
            verdict=verdict,
            protocol=refreshed.assessment.protocol,
            link_to=links_for(case, by=by, now=now),
            now=now,
            by=by,
        )
    plan_pickup(case=case, by=by, now=now)
    return refreshed


def _waiting(case: Case, assessment: checklists.Assessment, now: datetime) -> Iterable[Duty]:
    """What nobody has booked becomes work by time alone."""
    news = Record.objects.filter(practice_id=case.practice_id, subject=str(case.pk)).exclude(by=SYSTEM)
    return pathway_duties(
        assessment.protocol,
        assessment.facts,
        assessment.verdict,
        news_at=news.aggregate(at=Max("at"))["at"] or case.opened_at,
        now=now,
        today_until=end_of_day(case, now),
    )


def _phase(case: Case, not_happening: bool) -> Phase:
    if case.state in ENDINGS or case.state == "closed":
        return Phase.ENDED
    if case.state not in BEFORE_PROCEDURE:
        return Phase.UNDER_WAY
    return Phase.PUT_OFF if not_happening else Phase.AHEAD


def end_of_day(case: Case, now: datetime) -> datetime:
    """The last minute of the site's day: what is owed today is due then."""
    return now.astimezone(case.practice.site.tz).replace(hour=23, minute=59, second=0, microsecond=0)


def _next_look(case: Case, now: datetime) -> datetime | None:
    """When the sweep comes back at the latest: the next day, at the booked start, and each minute once that is over."""
    if case.booking is None:
        tz = case.practice.site.tz
        return day_ends(local_date(now, tz), tz)
    return now + LATE_CASE_EVERY if case.booking.starts_at <= now else case.booking.starts_at
