"""What was done on paper while the system was down: entered by its true times, signed, flagged and reviewed."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from django.db import connection

from checklists.models import Decision, GatePass
from notifications.models import Message
from scheduler.database import triggers_removed
from scheduler.models import Case, Claim, Record, Resource, Task, User
from scheduler.rules.downtime import PaperTimes
from scheduler.rules.problems import Invalid, NotPermitted, Refused
from scheduler.services import transitions
from scheduler.services.demonstration import GOING_HOME
from scheduler.services.downtime import Place
from scheduler.services.gate_trail import Told, breaks_of_passes
from scheduler.services.paper_reviews import review_of
from scheduler.services.tasks import finish_task
from tests.house import roles
from tests.scheduler.services.on_paper import FEVER, MINUTE, TWO, enter, times
from tests.scheduler.services.steps import BY, record, strike_all

pytestmark = pytest.mark.django_db


@pytest.fixture
def ready(tell: Callable[..., Case], start: datetime) -> Case:
    """Here and checked in when the power failed, with nothing left to do."""
    return tell("checked_in", now=start - 30 * MINUTE)


@pytest.fixture
def later(start: datetime) -> datetime:
    return start + timedelta(hours=3)


def place(resources: dict[str, Resource], room: str = "Room 2") -> Place:
    return Place(*(resources[name].pk for name in (room, "Sam Second", "Bay 2")))


def test_ready_case_is_entered_by_its_true_times(ready: Case, start: datetime, later: datetime) -> None:
    enter(ready, times(start, "discharged_at", known=True), now=later)
    assert (ready.state, ready.paper) == ("discharged", "P-0301-1")
    assert (ready.started_at, ready.finished_at, ready.discharged_at) == (
        start,
        start + 40 * MINUTE,
        start + 130 * MINUTE,
    )
    used = GatePass.objects.get(subject=ready.pk)
    assert (used.kind, used.start, used.issued_at, used.used_at) == ("downtime", start, later, later)
    assert (used.decided_by, used.signed_by, used.paper, used.issued_by) == ("staff:1", "staff:2", "P-0301-1", BY)
    assert used.decision.answer == "open"


def test_gate_is_asked_as_at_the_true_start_and_its_answer_kept(ready: Case, start: datetime, later: datetime) -> None:
    """What somebody saw after the start is not what anybody could know at it."""
    record(ready, "infection_check", FEVER, now=later - MINUTE, observed_at=start + MINUTE)
    enter(ready, times(start, known=True), now=later)
    decision = GatePass.objects.get(subject=ready.pk).decision
    assert (decision.start, decision.now, decision.at) == (start, start, later)
    assert (decision.gate, decision.answer) == ("start", "open")


def test_blocked_start_needs_a_second_person_and_names_every_reason(
    tell: Callable[..., Case], start: datetime, later: datetime
) -> None:
    case = tell("checked_in", now=start, infection_check=FEVER)
    with pytest.raises(Refused) as refused:
        enter(case, times(start, known=True), now=later)
    assert refused.value.code == "second_person_needed"
    assert [(reason.item, reason.code) for reason in refused.value.errors] == [("infection_check", "fever")]
    assert (Case.objects.get(pk=case.pk).state, GatePass.objects.count()) == ("checked_in", 0)
    enter(case, times(start, known=True), now=later, paper=TWO)
    assert (case.state, GatePass.objects.get().decision.answer) == ("in_procedure", "refused")


def test_drug_that_was_not_ready_stays_out_of_the_record(
    tell: Callable[..., Case], start: datetime, later: datetime
) -> None:
    case = tell("checked_in", now=start, drugs=("apixaban",))
    strike_all(case, "hold:apixaban", now=start)
    enter(case, times(start, known=True), now=later, paper=TWO)
    told = Record.objects.get(action="entered_from_paper").codes
    assert {code for code in told if code.startswith("hold")} == {"hold:*"}


def test_review_is_owed_by_somebody_else_and_says_what_the_gate_would_have(
    tell: Callable[..., Case], staff: dict[str, User], start: datetime, later: datetime
) -> None:
    case = tell("checked_in", now=start, infection_check=FEVER)
    mine = replace(TWO, decided_by=staff["clinician"].by)
    enter(case, times(start, known=True), now=later, paper=mine)
    task = Task.objects.get(case=case, kind="review", key__startswith="downtime:")
    assert task.queue == "clinician"
    assert "would have refused" in task.sentence and "38.4" in task.sentence

    def finish(by: str, roles: tuple[str, ...] = ("clinician",)) -> Task:
        return finish_task(
            practice_id=case.practice_id,
            task_id=task.pk,
            outcome="Read.",
            seen_version=task.version,
            roles=roles,
            by=by,
            now=later,
        )

    for by in (staff["clinician"].by, "staff:2", "staff:3", BY):  # decided, signed, signed second, entered
        with pytest.raises(NotPermitted):
            finish(by)
    with pytest.raises(NotPermitted):
        finish("staff:9", ("nurse",))
    assert finish("staff:9").done_at == later


def test_late_evidence_shows_the_verdict_then_and_now(
    tell: Callable[..., Case], start: datetime, later: datetime
) -> None:
    case = tell("checked_in", now=start)
    strike_all(case, "ride", now=start)
    enter(case, times(start, known=True), now=later, paper=TWO)
    before = review_of(case)
    assert before is not None
    assert (before.answer, before.then, [f.item for f in before.now]) == ("refused", ("ride",), ["ride"])
    ride = {"available": True, "adult": True, "transport": "car", "seen": True}
    record(case, "ride", ride, now=later + MINUTE, observed_at=start - 5 * MINUTE)
    after = review_of(case)
    assert after is not None
    assert (after.answer, after.then, after.now) == ("refused", ("ride",), ())


def test_late_evidence_of_after_the_start_mends_nothing(
    tell: Callable[..., Case], start: datetime, later: datetime
) -> None:
    case = tell("checked_in", now=start)
    strike_all(case, "ride", now=start)
    enter(case, times(start, known=True), now=later, paper=TWO)
    ride = {"available": True, "adult": True, "transport": "car", "seen": True}
    record(case, "ride", ride, now=later + MINUTE, observed_at=start + MINUTE)
    found = review_of(case)
    assert found is not None
    assert [f.item for f in found.now] == ["ride"]


def test_record_knows_the_pass_and_a_forged_one_is_found(ready: Case, start: datetime, later: datetime) -> None:
    enter(ready, times(start, known=True), now=later)
    assert told(ready) == []
    with roles.owner(), triggers_removed(connection):
        GatePass.objects.filter(subject=ready.pk).update(decided_by="staff:9")
    assert sorted(told(ready)) == ["pass_altered", "pass_unknown"]


def told(case: Case) -> list[str]:
    found = Record.objects.filter(subject=str(case.pk), action="entered_from_paper")
    return [b.code for b in breaks_of_passes(case.practice_id, [Told(row.number, row.fields) for row in found])]


def test_nothing_is_sent_of_what_is_past(ready: Case, start: datetime, later: datetime) -> None:
    before = set(Message.objects.values_list("pk", flat=True))
    enter(ready, times(start, "finished_at", known=True), now=later)
    assert set(Message.objects.values_list("pk", flat=True)) == before
    assert not Message.objects.filter(subject=ready.pk, kind__startswith="reminder:", state="queued").exists()


def test_reminders_that_wait_are_withdrawn(tell: Callable[..., Case], start: datetime) -> None:
    case = tell("booked", start=start + timedelta(days=3))
    assert Message.objects.filter(subject=case.pk, kind__startswith="reminder:", state="queued").exists()
    late = start + timedelta(days=3, hours=2)
    enter(case, times(start + timedelta(days=3)), now=late, paper=TWO)
    assert not Message.objects.filter(subject=case.pk, kind__startswith="reminder:", state="queued").exists()


def test_booking_of_another_day_gives_way_and_leaves_calendars(
    tell: Callable[..., Case], resources: dict[str, Resource], start: datetime, later: datetime
) -> None:
    case = tell("booked", start=start + timedelta(days=2))
    booked = case.booking
    assert booked is not None
    Message.objects.filter(uid=booked.uid).update(state="sent", sent_at=later, finished_at=later)
    with pytest.raises(Invalid) as refused:
        enter(case, times(start), now=later, paper=TWO)
    assert {(r.code, r.field) for r in refused.value.errors} == {
        ("place_missing", kind) for kind in ("room", "proceduralist", "bay")
    }
    enter(case, times(start), now=later, paper=TWO, place=place(resources))
    assert case.booking is not None
    assert (case.booking.starts_at, case.booking.pk != booked.pk) == (start, True)
    assert not booked.claims.filter(is_active=True).exists()
    assert Claim.objects.filter(booking=case.booking, is_active=True).count() == 4
    cancelled = Message.objects.filter(uid=booked.uid, method="CANCEL", state="queued")
    assert {m.kind for m in cancelled} == {"cancel:patient", "cancel:staff"}
    assert not Message.objects.filter(uid=case.booking.uid).exists()


def test_case_that_was_never_booked_is_booked_where_it_was_done(
    tell: Callable[..., Case], resources: dict[str, Resource], start: datetime, later: datetime
) -> None:
    case = tell("imaged")
    with pytest.raises(Invalid):
        enter(case, times(start), now=later, paper=TWO)
    enter(case, times(start), now=later, paper=TWO, place=place(resources))
    assert (case.state, case.booking and case.booking.starts_at) == ("in_procedure", start)


def test_place_that_was_taken_is_refused_unless_the_paper_is_right(
    tell: Callable[..., Case], resources: dict[str, Resource], start: datetime, later: datetime
) -> None:
    tell("booked", slot=("Room 2", "Sam Second", "Bay 2"))
    case = tell("imaged")
    with pytest.raises(Refused) as refused:
        enter(case, times(start), now=later, paper=TWO, place=place(resources))
    assert (refused.value.code, {r.field for r in refused.value.errors}) == (
        "slot_taken",
        {"room", "proceduralist", "bay"},
    )
    entered = enter(case, times(start), now=later, paper=TWO, place=place(resources), although_taken=True)
    assert {reason.field for reason in entered.taken} == {"room", "proceduralist", "bay"}
    assert case.booking is not None
    assert [claim.patient_id for claim in case.booking.claims.all()] == [case.patient_id]
    assert "Room 2 is taken" in Task.objects.get(case=case, key__startswith="downtime:").sentence


def test_case_that_has_begun_is_not_begun_again(ready: Case, start: datetime, later: datetime) -> None:
    enter(ready, times(start, known=True), now=later)
    with pytest.raises(Invalid) as refused:
        enter(ready, times(start + MINUTE, known=True), now=later)
    assert [(r.code, r.field) for r in refused.value.errors] == [("known_already", "started_at")]
    assert GatePass.objects.filter(subject=ready.pk).count() == 1


def test_rest_of_a_procedure_that_the_system_let_begin_is_entered_through_its_gate(
    tell: Callable[..., Case], start: datetime, later: datetime
) -> None:
    """The power failed during it: the end by its true time, the way home only once what it needs is entered."""
    case = tell("started", now=start)
    enter(case, PaperTimes(finished_at=start + 35 * MINUTE), now=later)
    assert (case.state, case.finished_at, case.paper) == ("recovering", start + 35 * MINUTE, "P-0301-1")
    home = PaperTimes(discharged_at=start + 130 * MINUTE)
    with pytest.raises(Refused) as refused:
        enter(case, home, now=later)
    assert refused.value.code == "gate_refused"
    for item, value in GOING_HOME:
        record(case, item, value, now=later, observed_at=start + 125 * MINUTE)
    enter(case, home, now=later)
    assert (case.state, case.discharged_at) == ("discharged", start + 130 * MINUTE)
    assert GatePass.objects.get(subject=case.pk).kind == "asked"


def test_discharge_goes_by_its_gate_once_the_system_is_back(ready: Case, start: datetime, later: datetime) -> None:
    enter(ready, times(start, "finished_at", known=True), now=later)
    with pytest.raises(Refused) as refused:
        transitions.discharge(
            practice_id=ready.practice_id, case_id=ready.pk, seen_version=ready.version, by=BY, now=later
        )
    assert refused.value.code == "gate_refused"


def test_patient_who_went_home_on_paper_leaves_what_was_not_entered_to_the_review(
    ready: Case, start: datetime, later: datetime
) -> None:
    enter(ready, times(start, "discharged_at", known=True), now=later)
    asked = Decision.objects.get(checklist=ready.checklist, gate="discharge")
    assert (asked.answer, asked.start, asked.now) == ("refused", start, start + 130 * MINUTE)
    assert "Not entered before discharge" in Task.objects.get(case=ready, key__startswith="downtime:").sentence


def test_restart_decision_is_owed_before_a_case_from_paper_closes(
    tell: Callable[..., Case], start: datetime, later: datetime
) -> None:
    """H5: a drug that was stopped for it is not forgotten because the ending was written on paper."""
    case = tell("checked_in", now=start, drugs=("apixaban",))
    enter(case, times(start, "discharged_at", known=True), now=later)
    assert Task.objects.filter(case=case, kind="restart_decision", done_at=None).exists()
    with pytest.raises(Refused) as refused:
        transitions.close(practice_id=case.practice_id, case_id=case.pk, seen_version=case.version, by=BY, now=later)
    assert refused.value.code == "restart_decision_owed"
