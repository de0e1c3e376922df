"""The small forms of what is decided, documented and owed before discharge: what is typed is what is recorded."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from checklists.models import Evidence
from scheduler.models import Case
from tests.conftest import NOW
from tests.scheduler.pages.ward.conftest import Bedside

pytestmark = pytest.mark.django_db
CLEAR = dict.fromkeys(("cement", "contrast", "anesthetic", "antibiotic"), "none")
PAPER = {"number": "PA-9", "levels": "T12/L1", "valid_from": "2027-02-01", "valid_until": "2027-05-31"}
TYPED: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
    ("allergies", CLEAR, CLEAR),
    (
        "allergies",
        {**CLEAR, "antibiotic": "known", "substances": "penicillin, latex"},
        {**CLEAR, "antibiotic": "known", "substances": ["penicillin", "latex"]},
    ),
    ("pregnancy", {"result": "not_possible", "reason": "74 years"}, {"result": "not_possible", "reason": "74 years"}),
    (
        "anesthesia_evaluation",
        {"outcome": "fit", "anesthesia": "general", "asa_class": "3"},
        {"outcome": "fit", "anesthesia": "general", "asa_class": 3},
    ),
    ("antibiotic_plan", {"none": "on"}, {"plan": "none"}),
    ("antibiotic_plan", {"before_iv": "cefazolin 2 g"}, {"plan": "antibiotic", "before_iv": "cefazolin 2 g"}),
    (
        "consent",
        {"answer": "signed", "procedure": "kyphoplasty", "levels": "l 1"},
        {"signed": True, "procedure": "kyphoplasty", "levels": ["L1"]},
    ),
    ("consent", {"answer": "refused", "reason": "wants to wait"}, {"refused": True, "reason": "wants to wait"}),
    (
        "authorisation",
        {"answer": "given", "payer": "Payer", **PAPER},
        {"payer": "Payer", **PAPER, "levels": ["T12", "L1"]},
    ),
    ("authorisation", {"answer": "not_needed", "payer": "Medicare"}, {"not_needed": True, "payer": "Medicare"}),
    ("authorisation", {"answer": "asked", "payer": "Payer"}, {"answer": "asked", "payer": "Payer"}),
    ("authorisation", {"answer": "refused", "payer": "Payer"}, {"refused": True, "payer": "Payer"}),
    (
        "recovery_observation",
        {"observed_minutes": "95", "flat_minutes": "0", "vital_signs": "unstable", "reactions": "seen", "pain": "0"},
        {"observed_minutes": 95, "flat_minutes": 0, "vital_signs": "unstable", "reactions": "seen", "pain": 0},
    ),
    ("after_care", {"topics": ["driving", "ice"]}, {"explained": ["driving", "ice"]}),
    (
        "follow_up",
        {"topics": ["visit", "call_24h"], "visit_on": "2027-03-15"},
        {"arranged": ["visit", "call_24h"], "visit_on": "2027-03-15"},
    ),
]


OWED_AFTER = ("recovery_observation", "after_care", "follow_up")


@pytest.fixture
def place_of(tell: Callable[..., Case], bedside: Callable[..., Bedside]) -> Callable[[bool], Bedside]:
    """A clinician at the bedside before the procedure, or after it."""

    def make(after: bool) -> Bedside:
        case = tell("finished", start=NOW - timedelta(hours=3)) if after else tell("arrived")
        return bedside(case, role="clinician")

    return make


def recorded(place: Bedside, item: str) -> list[dict[str, Any]]:
    return [entry.value for entry in Evidence.objects.filter(checklist=place.case.checklist, item=item).order_by("pk")]


@pytest.mark.parametrize("after", [False, True])
def test_what_is_typed_is_what_is_recorded(after: bool, place_of: Callable[[bool], Bedside]) -> None:
    place = place_of(after)
    for item, typed, value in (each for each in TYPED if (each[0] in OWED_AFTER) is after):
        answer = place.record(item, **typed)
        assert (item, answer.status_code) == (item, 302), answer.content.decode()
        assert recorded(place, item)[-1] == value


INCOMPLETE: list[tuple[str, dict[str, Any], str]] = [
    ("allergies", {**CLEAR, "cement": ""}, "cement"),
    ("antibiotic_plan", {}, "none"),
    ("antibiotic_plan", {"none": "on", "before_iv": "cefazolin"}, "none"),
    ("consent", {"answer": "signed", "procedure": "kyphoplasty"}, "levels"),
    ("consent", {"answer": "signed", "procedure": "kyphoplasty", "levels": "X9"}, "levels"),
    ("authorisation", {"answer": "given", "payer": "Payer", **PAPER, "valid_until": "2027-01-31"}, "valid_until"),
    ("authorisation", {"answer": "given", "payer": "Payer", **PAPER, "number": ""}, "number"),
    ("recovery_observation", {"observed_minutes": "95", "vital_signs": "stable", "reactions": "none"}, "pain"),
    ("pregnancy", {}, "result"),
    ("follow_up", {"topics": ["yoga"]}, "topics"),
]


@pytest.mark.parametrize("after", [False, True])
def test_incomplete_form_writes_nothing_and_marks_the_field(after: bool, place_of: Callable[[bool], Bedside]) -> None:
    place = place_of(after)
    for item, typed, wrong in (each for each in INCOMPLETE if (each[0] in OWED_AFTER) is after):
        before = recorded(place, item)
        answer = place.record(item, **typed)
        assert (typed, answer.status_code, recorded(place, item)) == (typed, 400, before)
        assert list(place_form(answer, item).errors) == [wrong]


def place_form(answer: Any, item: str) -> Any:
    lines = [line for name in ("open_lines", "done_lines", "other_lines") for line in answer.context[name]]
    return next(line.form for line in lines if line.finding.item == item)


def test_forms_show_what_the_protocol_wants_told(place_of: Callable[[bool], Bedside]) -> None:
    page = place_of(True).look().content.decode()
    assert "Driving: none for 24 hours after sedation, and never while taking an opioid" in page
