"""Authorisation, conservative care, diagnostic injection: both sides of each boundary."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from checklists.rules.values import DateAbout, Status
from tests.checklists.rules.cases import FACTS, NEW_YORK, PROTOCOL, START, at, finding, judge, outcome
from tests.checklists.rules.notes import AUTHORISED, CARE, Notes, noted, ready_notes, replaced

OK = ("satisfied", "satisfied")
DAY = timedelta(days=1)
INJECTED = {"result": "confirmed", "levels": ["T12", "L1"]}
RESTED = {**CARE, "measures": [{"measure": "rest", "from": "2027-01-11"}]}
DEMANDING = replace(PROTOCOL, items=tuple(replace(rule, required=True) for rule in PROTOCOL.items))


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ({"valid_from": "2027-03-10"}, OK),
        ({"valid_from": "2027-03-11"}, ("too_early", "authorisation_not_yet")),
        ({"valid_until": "2027-03-10"}, OK),
        ({"valid_until": "2027-03-09"}, ("overdue", "authorisation_expired")),
        ({"levels": ["T12", "L1", "L2"]}, OK),
        ({"levels": ["L1"]}, ("failed", "authorisation_levels")),
    ],
)
def test_authorisation_covers_the_levels_and_the_day_of_the_start(said, expected):
    notes = replaced("authorisation", {**AUTHORISED, **said}, observed_at=START - 8 * DAY)
    assert outcome("authorisation", evidence=notes) == expected


def test_authorisation_that_begins_later_moves_the_earliest_start():
    later = {**AUTHORISED, "valid_from": "2027-03-20"}
    notes = replaced("authorisation", later, observed_at=START - 8 * DAY)
    earliest = judge(evidence=notes, start=None).earliest_safe_start
    assert f"{earliest.astimezone(NEW_YORK):%Y-%m-%d %H:%M}" == "2027-03-20 00:00"
    assert outcome("authorisation", evidence=notes, start=earliest) == OK
    assert finding("authorisation", evidence=notes).clear_at == earliest


def test_payer_who_wants_none_postpones_nothing():
    notes = replaced("authorisation", {"not_needed": True, "payer": "Payer"}, observed_at=START - 8 * DAY)
    assert judge(evidence=notes, start=None, now=START).earliest_safe_start == START


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ({"not_needed": True, "payer": "Medicare"}, OK),
        ({"answer": "asked", "payer": "Payer"}, ("overdue", "authorisation_asked")),
        ({"refused": True, "payer": "Payer"}, ("failed", "authorisation_refused")),
    ],
)
def test_payer_may_want_none_or_refuse(said, expected):
    assert outcome("authorisation", evidence=noted("authorisation", said, START - 8 * DAY)) == expected


def test_refusal_of_the_payer_stands_until_the_new_number_names_it():
    notes = Notes()
    no = notes.add("authorisation", {"refused": True, "payer": "Payer"}, START - 9 * DAY)
    notes.add("authorisation", AUTHORISED, START - 8 * DAY)
    assert outcome("authorisation", evidence=notes.all) == ("failed", "authorisation_refused")
    notes.add("authorisation", AUTHORISED, START - 7 * DAY, supersedes=(no.id,))
    assert outcome("authorisation", evidence=notes.all) == OK


@pytest.mark.parametrize("item", ["conservative_care", "diagnostic_injection"])
def test_item_is_asked_only_where_the_protocol_requires_it(item):
    assert outcome(item, evidence=ready_notes().all) == ("not_applicable", "not_required")
    wanted = finding(item, evidence=ready_notes().all, protocol=DEMANDING, now=START - 30 * DAY)
    assert (wanted.status, wanted.needed_by) == (Status.PENDING, "booking")


def test_injection_that_was_ordered_is_waited_for_though_none_is_required():
    waiting = finding("diagnostic_injection", evidence=noted("diagnostic_injection", {"stage": "ordered"}))
    assert (waiting.status, waiting.code) == ("pending", "injection_missing")
    assert waiting.sentence == "The diagnostic injection is ordered, its result is missing. Record the result."


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ({}, OK),
        ({"outcome": "ongoing"}, ("overdue", "conservative_care_ongoing")),
        ({"outcome": "helped"}, ("failed", "conservative_care_helped")),
        ({"measures": []}, ("overdue", "no_measure_tried")),
        ({"measures": [{"measure": "rest", "from": "2027-03-10"}]}, OK),
        ({"measures": [{"measure": "rest", "from": "2027-03-11"}]}, ("overdue", "no_measure_tried")),
    ],
)
def test_conservative_care_was_tried_and_did_not_help(said, expected):
    notes = noted("conservative_care", {**CARE, **said})
    assert outcome("conservative_care", evidence=notes, protocol=DEMANDING, now=START) == expected


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ({"result": "confirmed", "levels": ["T12", "L1", "L2"]}, OK),
        ({"result": "confirmed", "levels": ["T12"]}, ("failed", "injection_levels")),
        ({"result": "not_confirmed", "levels": ["T12", "L1"]}, ("failed", "injection_not_confirmed")),
    ],
)
def test_injection_confirms_every_planned_level(said, expected):
    assert outcome("diagnostic_injection", FACTS, noted("diagnostic_injection", said)) == expected


def test_care_of_the_evening_does_not_count_from_the_next_day_of_the_site():
    tomorrow = {**CARE, "measures": [{"measure": "rest", "from": "2027-03-09"}]}
    late = noted("conservative_care", tomorrow, at("2027-03-08 23:00"))  # 9 March in UTC
    assert outcome("conservative_care", evidence=late, protocol=DEMANDING)[1] == "no_measure_tried"


@pytest.mark.parametrize(
    ("item", "no", "yes", "code"),
    [
        ("conservative_care", {**CARE, "outcome": "helped"}, CARE, "conservative_care_helped"),
        (
            "diagnostic_injection",
            {"result": "not_confirmed", "levels": ["T12", "L1"]},
            INJECTED,
            "injection_not_confirmed",
        ),
    ],
)
def test_what_speaks_against_the_procedure_stands_until_it_is_answered(item, no, yes, code):
    notes = Notes()
    against = notes.add(item, no, START - 9 * DAY)
    notes.add(item, yes, START - 8 * DAY)
    found = finding(item, evidence=notes.all)
    assert (found.status, found.code, found.recorded) == ("failed", code, True)
    notes.add(item, yes, START - 7 * DAY, supersedes=(against.id,))
    assert outcome(item, evidence=notes.all) == OK


@pytest.mark.parametrize(
    ("item", "value", "what"),
    [("conservative_care", RESTED, "care"), ("diagnostic_injection", INJECTED, "injection")],
)
def test_what_was_tried_before_the_fracture_does_not_count(item, value, what):
    notes = noted(item, value, at("2027-02-09 12:00"))  # the day before it
    found = finding(item, evidence=notes, now=START - 20 * DAY)
    assert (found.status, found.code) == ("pending", f"{what}_before_fracture")
    assert found.sentence == f"The {what} is older than the fracture. Record a new one."


def test_injection_from_before_a_new_fall_does_not_count():
    fallen = replace(FACTS, worsened=DateAbout(date(2027, 3, 1), date(2027, 3, 5)))
    before = finding("diagnostic_injection", fallen, noted("diagnostic_injection", INJECTED, at("2027-03-04 23:00")))
    assert (before.code, before.sentence) == (
        "injection_before_change",
        "The injection is older than the new fall, pain or deficit of Fri 5 Mar 2027. Record a new one.",
    )
    after = noted("diagnostic_injection", INJECTED, at("2027-03-05 00:00"))
    assert outcome("diagnostic_injection", fallen, after) == OK
