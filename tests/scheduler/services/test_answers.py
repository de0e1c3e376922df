"""Answers of patients: recorded as their word through the same door as the API, all of them or none."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from checklists.models import Evidence, Item
from checklists.rules.questions import Answer
from checklists.rules.values import Authority
from checklists.services.checklists import assess_checklist
from scheduler.models import Case, Contact, Record, Task
from scheduler.rules.problems import Invalid, NotFound, Refused, Stale
from scheduler.services import answers
from scheduler.services.answers import Said, asked_of, record_answer, record_answers
from scheduler.services.evidence import record_evidence
from scheduler.services.phone import Speaker, Unreached, note_unreached, record_phone_check
from tests.conftest import NOW, START

pytestmark = pytest.mark.django_db

SATURDAY = START + timedelta(days=5)  # the start of these cases: nothing of the fast is due yet


@pytest.fixture
def case(tell: Callable[..., Case]) -> Case:
    """Booked for Saturday, everything tested, the patient not asked yet."""
    return tell("tested", start=SATURDAY, drugs=("ibuprofen",))


def record(case: Case, *said: Said, said_by: str = "patient", now: Any = NOW) -> tuple[str, ...]:
    return record_answers(
        practice_id=case.practice_id, case_id=case.pk, said=said, said_by=said_by, by="staff:desk", now=now
    )


def told(case: Case) -> list[tuple[str, dict[str, Any], str, int]]:
    rows = Evidence.objects.filter(checklist=case.checklist, recorded_by="staff:desk").order_by("pk")
    return [(row.item, row.value, row.said_by, row.authority) for row in rows]


NO_RIDE = Said("ride", Answer("no_ride"), 0)
NOT_TAKING = Said("hold:ibuprofen", Answer("not_taking"), 0)


def test_answers_are_recorded_as_the_words_of_whoever_spoke(case: Case) -> None:
    assert record(case, NO_RIDE, NOT_TAKING) == ("ride", "hold:ibuprofen")
    patient = int(Authority.PATIENT)
    assert told(case) == [
        ("ride", {"available": False}, "patient", patient),
        ("hold:ibuprofen", {"not_taking": True}, "patient", patient),
    ]


def test_answer_gives_the_verdict_that_the_api_would(tell: Callable[..., Case]) -> None:
    """The same words by the answer's way and as plain evidence: the same findings to the letter."""
    one, two = (
        tell(
            "tested", start=SATURDAY + timedelta(hours=4 * n), drugs=("ibuprofen",), slot=("Room 1", "Sam Second", bay)
        )
        for n, bay in ((0, "Bay 1"), (1, "Bay 2"))
    )
    record(one, Said("ride", Answer("for_hire"), 0), NOT_TAKING)
    for item, value in (
        ("ride", {"available": True, "adult": False, "transport": "taxi"}),
        ("hold:ibuprofen", {"not_taking": True}),
    ):
        record_evidence(
            practice_id=two.practice_id,
            case_id=two.pk,
            item=item,
            value=value,
            observed_at=NOW,
            said_by="patient",
            authority=Authority.PATIENT,
            seen_version=0,
            by="staff:desk",
            now=NOW,
        )
    findings = [
        [
            (f.item, f.status, f.code, f.sentence)
            for f in assess_checklist(checklist=case.checklist, start=SATURDAY, now=NOW).verdict.findings
        ]
        for case in (one, two)
    ]
    assert findings[0] == findings[1]
    assert ("ride", "failed", "no_adult") in [(item, status, code) for item, status, code, _ in findings[0]]


def test_no_ride_blocks_at_once_and_owes_a_call(case: Case) -> None:
    record(case, NO_RIDE)
    call = Task.objects.get(case=case, kind="call", key="ride")
    assert (call.queue, call.is_derived, call.sentence.startswith("Nobody can take the patient home.")) == (
        "scheduler",
        True,
        True,
    )


def test_call_me_records_no_evidence_and_owes_a_call_today(case: Case) -> None:
    record(case, Said("ride", Answer("call_me"), 0))
    call = Task.objects.get(case=case, kind="call", key="answer:ride")
    assert (call.sentence, call.due_at and call.due_at.astimezone(NOW.tzinfo).date()) == (
        "Call the patient about ride: they asked for a call.",
        NOW.date(),
    )
    assert told(case) == []


def test_drug_stopped_before_its_prescriber_agreed_is_recorded_and_owes_a_call(tell: Callable[..., Case]) -> None:
    case = tell("tested", start=SATURDAY, drugs=("apixaban",))
    record(case, Said("hold:apixaban", Answer("stopped", {"last": NOW - timedelta(days=1)}), 0))
    assert [row[1] for row in told(case)] == [{"last_dose_at": (NOW - timedelta(days=1)).isoformat()}]
    assert Task.objects.get(case=case, key="answer:hold:apixaban").sentence == (
        "Call the patient about hold: apixaban: they said 'stopped'."
    )


def test_escort_that_is_named_becomes_a_contact_and_the_evidence_holds_no_name(case: Case) -> None:
    record(case, Said("ride", Answer("yes", {"name": "Al Escort", "phone": "555-0111"}), 0))
    escort = Contact.objects.get(patient=case.patient, kind="escort")
    assert (escort.name, escort.phone) == ("Al Escort", "555-0111")
    assert [row[1] for row in told(case)] == [{"available": True, "adult": True, "contact": str(escort.pk)}]


def test_one_stale_answer_refuses_all_and_is_named(case: Case) -> None:
    record(case, Said("ride", Answer("not_sure"), 0))
    before = Record.objects.filter(practice=case.practice).count()
    with pytest.raises(Stale) as stale:
        record(case, NOT_TAKING, NO_RIDE)
    assert [(reason.code, reason.item) for reason in stale.value.errors] == [("stale", "ride")]
    assert [row[0] for row in told(case)] == ["ride"]
    assert Record.objects.filter(practice=case.practice).count() == before


def test_one_wrong_answer_refuses_all_and_is_named(case: Case) -> None:
    with pytest.raises(Invalid) as wrong:
        record(case, NO_RIDE, Said("hold:ibuprofen", Answer("stopped"), 0), Said("labs", Answer("yes"), 0))
    assert [(reason.code, reason.item, reason.field) for reason in wrong.value.errors] == [
        ("bad_answer", "hold:ibuprofen", "last"),
        ("not_asked", "labs", "item"),
    ]
    assert told(case) == []


def test_fast_is_not_answered_before_it_begins(case: Case) -> None:
    with pytest.raises(Invalid):
        record(case, Said("fasting", Answer("nothing"), 0))
    assert told(case) == []


@pytest.mark.parametrize("state", ["opened", "finished"])
def test_case_without_a_procedure_ahead_is_asked_nothing(state: str, tell: Callable[..., Case]) -> None:
    case = tell(state, start=START - timedelta(days=1))
    assert asked_of(case, NOW) == ()
    with pytest.raises(Refused, match="Nothing is asked now"):
        record(case, NO_RIDE)


def test_caregiver_speaks_only_with_a_permission_on_file(case: Case) -> None:
    caregiver = Contact.objects.create(
        practice_id=case.practice_id,
        patient=case.patient,
        kind="caregiver",
        name="Cara Giver",
        channel="call",
        created_at=NOW,
    )
    with pytest.raises(Refused, match="No caregiver may speak"):
        record(case, NO_RIDE, said_by="caregiver")
    caregiver.permission = "the patient, 1 March"
    caregiver.save()
    record(case, NO_RIDE, said_by="caregiver")
    assert [row[2] for row in told(case)] == ["caregiver"]
    caregiver.ended_at = NOW
    caregiver.save()
    with pytest.raises(Refused, match="No caregiver may speak"):
        record(case, Said("ride", Answer("not_sure"), 1), said_by="caregiver")


def test_nobody_else_answers(case: Case) -> None:
    with pytest.raises(Invalid):
        record(case, NO_RIDE, said_by="staff")


def test_case_of_another_practice_is_not_found(case: Case, other_practice: Any) -> None:
    with pytest.raises(NotFound):
        record_answer(
            practice_id=other_practice.pk,
            case_id=case.pk,
            item="ride",
            answer=Answer("no_ride"),
            said_by="patient",
            seen_version=0,
            by="staff:desk",
            now=NOW,
        )
    assert told(case) == []


def ride_status(case: Case) -> str:
    finding = assess_checklist(checklist=case.checklist, start=SATURDAY, now=NOW).verdict.finding("ride")
    assert finding is not None
    return finding.code


YES = Answer("yes", {"name": "Al Escort"})


def test_later_yes_alone_lifts_nothing_and_one_in_place_of_the_no_does(case: Case) -> None:
    record(case, NO_RIDE)
    record(case, Said("ride", YES, 1))
    assert ride_status(case) == "no_ride"
    record(case, Said("ride", YES, 2, replaces=True))
    assert ride_status(case) == "satisfied"


def test_word_of_a_nurse_is_not_replaced_by_the_patients(case: Case, staff: dict[str, Any]) -> None:
    record_evidence(
        practice_id=case.practice_id,
        case_id=case.pk,
        item="ride",
        value={"available": False},
        observed_at=NOW,
        said_by="staff",
        authority=Authority.NURSE,
        seen_version=0,
        by=staff["nurse"].by,
        now=NOW,
    )
    record(case, Said("ride", YES, 1, replaces=True))
    assert ride_status(case) == "no_ride"


def test_asked_carries_the_version_of_the_item(case: Case) -> None:
    record(case, NO_RIDE)
    assert {each.question.item: each.version for each in asked_of(case, NOW)}["ride"] == 1
    assert Item.objects.get(checklist=case.checklist, key="ride").version == 1


def test_questions_cost_the_same_queries_for_any_number_of_drugs(tell: Callable[..., Case]) -> None:
    few = tell("tested", start=SATURDAY, drugs=("ibuprofen",))
    many = tell("tested", start=SATURDAY + timedelta(days=1), drugs=("ibuprofen", "apixaban", "metformin", "naproxen"))
    spent = []
    for case in (few, many):
        asked_of(case, NOW)
        with CaptureQueriesContext(connection) as queries:
            asked = asked_of(case, NOW)
        spent.append((len(asked), len(queries)))
    assert [(len_, count) for len_, count in spent] == [(4, spent[0][1]), (7, spent[0][1])]


def test_second_call_me_is_in_the_record_when_it_changes_the_task(case: Case) -> None:
    changed = Record.objects.filter(practice=case.practice, subject=case.pk, action="task_changed")
    for day, rows in ((0, 0), (0, 0), (1, 1)):
        record(case, Said("ride", Answer("call_me"), 0), now=NOW + timedelta(days=day))
        assert changed.count() == rows
    assert Task.objects.filter(case=case, key="answer:ride").count() == 1


# --- The phone check -----------------------------------------------------------------------------------------------


def test_phone_check_settles_the_calls_that_asked_for_it_and_keeps_the_others(case: Case) -> None:
    record(case, Said("ride", Answer("call_me"), 0), Said("hold:ibuprofen", Answer("call_me"), 0))
    note_unreached(practice_id=case.practice_id, case_id=case.pk, outcome=Unreached.NO_ANSWER, by="staff:desk", now=NOW)
    record_phone_check(
        practice_id=case.practice_id,
        case_id=case.pk,
        speaker=Speaker("patient"),
        said=(Said("ride", YES, 0),),
        by="staff:desk",
        now=NOW,
    )
    calls = Task.objects.filter(case=case, kind="call", is_derived=False)
    assert {task.key: task.outcome for task in calls} == {
        "answer:ride": "answered in the phone check",
        "answer:hold:ibuprofen": "",
        "phone_check": "answered in the phone check",
    }
    last = Record.objects.filter(practice=case.practice, action="phone_check").get()
    assert (last.codes, last.by) == (["ride"], "staff:desk")


def test_each_try_that_reached_nobody_is_in_the_record_and_one_call_is_owed(case: Case) -> None:
    for outcome, now in ((Unreached.VOICEMAIL, NOW), (Unreached.WRONG_NUMBER, NOW + timedelta(hours=1))):
        note_unreached(practice_id=case.practice_id, case_id=case.pk, outcome=outcome, by="staff:desk", now=now)
    tries = Record.objects.filter(practice=case.practice, action="call_not_reached").order_by("number")
    assert [row.codes for row in tries] == [["voicemail"], ["wrong_number"]]
    assert [task.sentence for task in Task.objects.filter(case=case, key="phone_check")] == [
        "Call again for the phone check. Last try Mon 1 Mar 2027 09:00 EST: wrong number. Find the right number first."
    ]


def test_speakers_are_those_of_the_evidence() -> None:
    assert set(answers.SPEAKERS) < {"patient", "caregiver", "escort", "staff"}
