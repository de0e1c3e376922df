"""H1: each item missing, failing, unreadable or expired by one second keeps the procedure from starting."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime, timedelta
from itertools import cycle, islice
from typing import Any

import pytest

from checklists.models import Evidence
from checklists.rules.values import Authority, Gate
from checklists.services.checklists import assess_checklist
from scheduler.models import Case
from scheduler.rules.problems import Refused, Stale
from scheduler.services.demonstration import Story
from tests.scheduler.services.steps import record, refusals, start_it, strike_all, undone

pytestmark = pytest.mark.django_db
DRUG = ("apixaban",)
FAILING: dict[str, dict[str, Any]] = {
    "consult": {"outcome": "not_candidate"},
    "candidacy": {
        "indication": "painful fracture",
        "exclusions": ["pregnancy"],
        "pain_matches_imaging": True,
        "can_lie_prone": True,
    },
    "imaging": {
        "modality": "mri",
        "stage": "reviewed",
        "fluid_sensitive": True,
        "levels": ["T12"],
        "oedema_levels": ["T12"],
    },
    "labs": {"analyte": "platelets", "value": 20, "unit": "10^9/L"},
    "prescriber_clearance:apixaban": {"answer": "refused", "prescriber": "Dr. Prescriber", "how": "phone"},
    "hold:apixaban": {"last_dose_at": "2027-03-01T09:00:00-05:00"},
    "fasting": {"intakes": [{"intake": "light meal", "at": "2027-03-01T09:00:00-05:00"}]},
    "ride": {"available": False},
    "infection_prescreen": {"answers": {"chills": "yes"}},
    "infection_check": {"temperature": 38.4, "unit": "C", "skin": "clear", "outcome": "clear", "answers": {}},
    "allergies": {
        **dict.fromkeys(("contrast", "anesthetic", "antibiotic"), "none"),
        "cement": "known",
        "substances": ["PMMA"],
    },
    "pregnancy": {"result": "positive"},
    "anesthesia_evaluation": {"outcome": "not_fit", "anesthesia": "sedation"},
    "antibiotic_plan": {"answer": "not_sure"},  # beside an allergy it fails; of itself it can only be missing
    "consent": {"refused": True},
    "authorisation": {"refused": True, "payer": "Payer"},
    "conservative_care": {"measures": [], "outcome": "helped"},
    "diagnostic_injection": {"result": "not_confirmed", "levels": ["L1"]},
}
MISSING = {
    "consult": "consult_missing",
    "candidacy": "candidacy_missing",
    "imaging": "imaging_missing",
    "labs": "lab_missing",
    "prescriber_clearance:apixaban": "clearance_missing",
    "hold:apixaban": "last_dose_unknown",
    "fasting": "fasting_missing",
    "ride": "ride_missing",
    "infection_prescreen": "prescreen_missing",
    "infection_check": "check_missing",
    "allergies": "allergies_missing",
    "pregnancy": "pregnancy_unknown",
    "anesthesia_evaluation": "evaluation_missing",
    "antibiotic_plan": "antibiotic_plan_missing",
    "consent": "consent_missing",
    "authorisation": "authorisation_missing",
}


@pytest.fixture
def ready(story: Callable[..., Story], start: datetime) -> Case:
    """Of somebody of whom everything is asked, pregnancy too."""
    told = story(now=start, drugs=DRUG)
    told.person = replace(told.person, born_on=date(1990, 5, 17))
    return told.tell("checked_in")


def test_every_item_that_the_start_needs_is_tried_here(ready: Case, start: datetime) -> None:
    verdict = assess_checklist(checklist=ready.checklist, start=start, now=start).verdict
    needed = {finding.item for finding in verdict.findings if finding.needed_by != Gate.DISCHARGE}
    assert needed == set(FAILING) == set(MISSING) | {"conservative_care", "diagnostic_injection"}  # not required
    assert refusals(ready, start) == set()


def test_start_is_refused_while_any_item_is_missing(ready: Case, start: datetime) -> None:
    for item, code in MISSING.items():
        with undone():
            strike_all(ready, item, now=start)
            assert (item, code) in refusals(ready, start)


def test_start_is_refused_while_any_item_fails(ready: Case, start: datetime) -> None:
    for item, value in FAILING.items():
        with undone():
            record(ready, item, value, now=start, role=Authority.CLINICIAN)
            assert item in {refused for refused, _ in refusals(ready, start)}


UNREADABLE: tuple[Any, ...] = ({}, [], "clear", 7)


@pytest.mark.parametrize("tried", [1, pytest.param(len(UNREADABLE), marks=pytest.mark.matrix)])
def test_start_is_refused_while_the_rule_of_any_item_raises(tried: int, ready: Case, start: datetime) -> None:
    values = cycle(UNREADABLE)
    for item in FAILING:
        # A laboratory row that names no analyte is about none; one with an unreadable number is about its own.
        unreadable = [{"analyte": "INR", "value": "low", "unit": "ratio"}] if item == "labs" else islice(values, tried)
        for value in unreadable:
            with undone():
                written_past_us(ready, item, value, start)
                assert (item, "rule_error") in refusals(ready, start)


def written_past_us(case: Case, item: str, value: Any, now: datetime) -> None:
    Evidence.objects.create(
        practice_id=case.practice_id,
        checklist=case.checklist,
        item=item,
        item_version=50,
        value=value,
        observed_at=now,
        said_by="staff",
        authority=Authority.CLINICIAN,
        recorded_at=now,
        recorded_by="nobody",
    )


EXPIRIES = {
    "infection_check": "2027-03-01T21:00:00-05:00",  # 12 h after the check at 09:00
    "pregnancy": "2027-03-02T23:59:59-05:00",  # a test of 1 March counts for one day
    "labs": "2027-03-25T23:59:59-04:00",  # INR of 23 February lasts 30 days
    "imaging": "2027-05-23T23:59:59-04:00",  # the study of 22 February lasts 90 days
}


@pytest.mark.parametrize("item", EXPIRIES)
def test_item_is_refused_one_second_after_it_expired(ready: Case, item: str) -> None:
    last = datetime.fromisoformat(EXPIRIES[item])
    then = refusals_without_starting(ready, last)
    assert item not in then
    assert item in {refused for refused, _ in refusals(ready, last + timedelta(seconds=1))}


def refusals_without_starting(case: Case, now: datetime) -> set[str]:
    verdict = assess_checklist(checklist=case.checklist, start=now, now=now).verdict
    return {finding.item for finding in verdict.findings if not finding.passes and finding.needed_by != Gate.DISCHARGE}


TOO_EARLY = {
    "fasting": ("2027-03-01T04:00:00-05:00", lambda at: {"intakes": [{"intake": "light meal", "at": at}]}),
    "hold:apixaban": ("2027-02-26T10:00:00-05:00", lambda at: {"last_dose_at": at}),
}


@pytest.mark.parametrize("item", TOO_EARLY)
@pytest.mark.parametrize("late", [0, 1])
def test_item_is_refused_while_one_second_is_missing(ready: Case, start: datetime, item: str, late: int) -> None:
    at, value = TOO_EARLY[item]
    moment = datetime.fromisoformat(at) + timedelta(seconds=late)
    record(ready, item, value(moment.isoformat()), now=start)
    assert {refused for refused, _ in refusals(ready, start)} == ({item} if late else set())


def test_start_is_judged_by_the_real_moment_and_not_the_booked_one(ready: Case, start: datetime) -> None:
    late = start + timedelta(hours=12)
    assert refusals(ready, late) == {("infection_check", "check_expired"), ("fasting", "fasting_stated_early")}


def test_item_that_fails_between_page_and_start_is_refused(ready: Case, start: datetime) -> None:
    seen = ready.version
    record(ready, "ride", {"available": False}, now=start, role=Authority.PATIENT, said_by="patient")
    with pytest.raises(Stale):
        start_it(ready, start, version=seen - 1)
    with pytest.raises(Refused) as refusal:
        start_it(ready, start, version=seen)
    assert [(reason.item, reason.code) for reason in refusal.value.errors] == [("ride", "no_ride")]
    ready.refresh_from_db()
    assert (ready.state, ready.version) == ("checked_in", seen)


def test_refusal_lists_every_reason_at_once(ready: Case, start: datetime) -> None:
    for item in ("ride", "fasting", "infection_check"):
        strike_all(ready, item, now=start)
    assert {item for item, _ in refusals(ready, start)} == {"ride", "fasting", "infection_check"}
