"""Prescriber clearance: asked, chased, answered; whose turn it is, and what a clinician has to decide."""

from dataclasses import replace
from datetime import timedelta

import pytest

from checklists.protocols.loader import load
from checklists.rules.sitetime import working_day_after
from checklists.rules.values import Authority, Medication, Site
from tests.checklists.rules.cases import (
    HOUR,
    PROTOCOL,
    SECOND,
    SITE,
    START,
    at,
    finding,
    judge,
    outcome,
    taking,
)
from tests.checklists.rules.notes import Notes

ITEM, FACTS_ON_WARFARIN = "prescriber_clearance:warfarin", taking("warfarin")
STOP = START - 120 * HOUR  # Friday 5 March 10:00
SET_DAY = STOP - 72 * HOUR  # Tuesday 2 March 10:00
SAID = {"prescriber": "Dr. Weber", "how": "phone"}
CHASING = replace(
    PROTOCOL,
    items=tuple(replace(r, chase_after_days=2) if r.kind == "prescriber_clearance" else r for r in PROTOCOL.items),
)


def asked(*moments, **value):
    notes = Notes()
    for moment in moments:
        notes.add(ITEM, {"answer": "asked", **SAID, **value}, moment, Authority.SCHEDULER)
    return notes


def answered(**value):
    notes = Notes()
    notes.add(ITEM, {**SAID, **value}, MONDAY)
    return notes


def owed(notes, now, protocol=CHASING):
    """Code, owner and due of the clearance at a moment."""
    found = finding(ITEM, FACTS_ON_WARFARIN, notes.all, now=now, protocol=protocol)
    return found.code, found.owner, found.due_at


MONDAY = at("2027-02-22 10:30")
WEDNESDAY = at("2027-02-24 08:00")  # opening of the second working day after it


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        (MONDAY, ("clearance_asked", "scheduler", WEDNESDAY)),
        (WEDNESDAY - SECOND, ("clearance_asked", "scheduler", WEDNESDAY)),
        (WEDNESDAY, ("clearance_chase", "scheduler", WEDNESDAY)),
        (SET_DAY - SECOND, ("clearance_chase", "scheduler", WEDNESDAY)),
        (SET_DAY, ("clearance_unanswered", "clinician", STOP)),
        (STOP, ("clearance_unanswered", "clinician", STOP)),
    ],
)
def test_asked_is_chased_after_two_working_days_and_goes_to_the_clinician_on_the_set_day(now, expected):
    assert owed(asked(MONDAY), now) == expected


def test_chasing_again_waits_two_more_working_days_and_does_not_move_the_set_day():
    notes = asked(MONDAY, WEDNESDAY + HOUR)
    assert owed(notes, WEDNESDAY + 2 * HOUR) == ("clearance_asked", "scheduler", at("2027-02-26 08:00"))
    assert owed(notes, SET_DAY)[:2] == ("clearance_unanswered", "clinician")


def test_protocol_that_names_no_days_chases_by_the_set_day_alone():
    notes = asked(MONDAY)
    assert owed(notes, WEDNESDAY, PROTOCOL) == ("clearance_asked", "scheduler", SET_DAY)
    assert owed(notes, SET_DAY, PROTOCOL) == ("clearance_unanswered", "clinician", STOP)


def test_prescriber_asked_late_still_has_the_two_working_days_but_never_beyond_the_stop_time():
    tuesday = SET_DAY + HOUR
    thursday = at("2027-03-04 08:00")
    assert owed(asked(tuesday), thursday - SECOND)[:2] == ("clearance_asked", "scheduler")
    assert owed(asked(tuesday), thursday)[:2] == ("clearance_unanswered", "clinician")
    afternoon = at("2027-03-04 16:00")
    assert owed(asked(afternoon), STOP - SECOND)[0] == "clearance_asked"
    found = finding(ITEM, FACTS_ON_WARFARIN, asked(afternoon).all, now=STOP, protocol=CHASING)
    assert (found.status, found.code, found.owner) == ("overdue", "clearance_unanswered", "clinician")


def test_nobody_was_asked_is_the_desks_until_it_blocks():
    assert owed(Notes(), SET_DAY) == ("clearance_missing", "scheduler", SET_DAY)
    found = finding(ITEM, FACTS_ON_WARFARIN, now=STOP, protocol=CHASING)
    assert (found.status, found.owner) == ("overdue", "scheduler")


def test_drug_without_a_stop_time_is_answered_before_the_start():
    facts = taking(Medication("aspirin", "secondary prevention (stent)"))
    item = "prescriber_clearance:aspirin"
    found = finding(item, facts, now=START - timedelta(days=20))
    assert (found.due_at, found.deadline_at) == (at("2027-03-05 17:00"), START)  # 72 h before, in opening hours


@pytest.mark.parametrize(
    ("asked_at", "days", "expected"),
    [
        ("2027-03-01 10:00", 2, "2027-03-03 08:00"),
        ("2027-03-04 23:59", 2, "2027-03-08 08:00"),  # Thursday: Friday, Monday
        ("2027-03-06 12:00", 1, "2027-03-08 08:00"),  # on a Saturday
        ("2027-03-12 10:00", 1, "2027-03-15 08:00"),  # over the spring night
    ],
)
def test_working_days_are_counted_by_the_opening_hours(asked_at, days, expected):
    assert working_day_after(at(asked_at), days, SITE) == at(expected)


def test_site_that_never_opens_counts_plain_days():
    closed = Site(SITE.zone, (None,) * 7)
    assert working_day_after(START, 2, closed) == START + timedelta(days=2)


def test_answer_continue_is_a_review_of_a_clinician():
    found = finding(ITEM, FACTS_ON_WARFARIN, answered(answer="continue").all)
    assert (found.status, found.code, found.owner) == ("review", "clearance_continue", "clinician")


def test_answers_of_one_moment_that_differ_take_the_one_that_goes_on():
    notes = answered(answer="agreed")
    notes.add(ITEM, {"answer": "continue", **SAID}, MONDAY)
    assert outcome(ITEM, FACTS_ON_WARFARIN, notes.all) == ("review", "clearance_continue")
    notes.add(ITEM, {"answer": "agreed", **SAID}, START - HOUR / 2)
    assert outcome(ITEM, FACTS_ON_WARFARIN, notes.all) == ("satisfied", "satisfied")


BRIDGED = {"bridging": "yes", "bridging_how": "enoxaparin until the evening before"}


def test_bridge_that_is_on_no_list_holds_the_start_until_it_is_listed():
    notes = answered(answer="agreed", **BRIDGED)
    found = finding(ITEM, FACTS_ON_WARFARIN, notes.all)
    assert (found.status, found.code, found.owner) == ("pending", "bridge_unlisted", "scheduler")
    assert found.sentence == (
        "The prescriber wants warfarin bridged. Change the plan: add the bridging drug to the list of medications, "
        "so that it is held in time."
    )
    assert outcome(ITEM, FACTS_ON_WARFARIN, notes.all, now=START)[0] == "overdue"
    assert outcome(ITEM, taking("warfarin", "apixaban"), notes.all) == ("pending", "bridge_unlisted")
    unknown = taking("warfarin", "a new heparin")  # no row: a clinician looks at it
    assert outcome(ITEM, unknown, notes.all)[0] == "satisfied"
    assert outcome(ITEM, FACTS_ON_WARFARIN, answered(answer="agreed", bridging="no").all)[0] == "satisfied"


def test_bridge_that_is_on_the_list_is_held_by_itself():
    reference = load("reference-asra", signed=True)
    facts, notes = taking("warfarin", "enoxaparin"), answered(answer="agreed", **BRIDGED)
    assert outcome(ITEM, facts, notes.all, protocol=reference)[0] == "satisfied"
    assert finding("hold:enoxaparin", facts, notes.all, protocol=reference).status != "satisfied"
    assert outcome(ITEM, taking("warfarin", "apixaban"), notes.all, protocol=reference)[1] == "bridge_unlisted"


def test_refusal_is_the_clinicians():
    found = finding(ITEM, FACTS_ON_WARFARIN, answered(answer="refused").all)
    assert (found.status, found.code, found.owner) == ("failed", "clearance_refused", "clinician")
    assert found.sentence.startswith("The prescriber does not want warfarin stopped.")


def test_conflict_names_the_prescribers_day_and_hours_and_the_protocols():
    found = finding(ITEM, FACTS_ON_WARFARIN, answered(answer="agreed", last_dose_on="2027-03-05").all)
    assert (found.code, found.owner) == ("clearance_conflicts", "clinician")
    assert found.sentence == (
        "The prescriber named Fri 5 Mar 2027 as the last day of warfarin, which leaves 106 hours before this start; "
        "the protocol wants 120 hours (5 days): a clinician decides."
    )


@pytest.mark.parametrize(("hours", "expected"), [(119, "review"), (120, "satisfied"), (121, "review")])
def test_hours_other_than_the_protocols_are_a_conflict(hours, expected):
    found = finding(ITEM, FACTS_ON_WARFARIN, answered(answer="agreed", hold_hours=hours).all)
    assert found.status == expected
    if expected == "review":
        stated = f"The prescriber wants warfarin stopped for {hours} hours; the protocol wants 120 hours (5 days)"
        assert found.sentence == f"{stated}: a clinician decides."


@pytest.mark.parametrize(("start_on", "expected"), [("2027-03-10", "satisfied"), ("2027-03-11", "pending")])
def test_last_day_that_was_named_for_another_date_is_asked_again(start_on, expected):
    notes = answered(answer="agreed", last_dose_on="2027-03-04", start_on=start_on)
    assert outcome(ITEM, FACTS_ON_WARFARIN, notes.all, now=START - timedelta(days=9))[0] == expected
    assert outcome(ITEM, FACTS_ON_WARFARIN, notes.all, None)[1] != "clearance_other_date"


def test_word_of_the_prescriber_waits_for_the_nurse():
    notes = Notes()
    notes.add(ITEM, {"answer": "agreed", **SAID}, MONDAY, Authority.PATIENT)
    found = finding(ITEM, FACTS_ON_WARFARIN, notes.all, now=WEDNESDAY)
    assert (found.status, found.code, found.owner) == ("pending", "awaiting_verification", "nurse")
    notes.add(ITEM, {"answer": "agreed", **SAID}, WEDNESDAY, Authority.NURSE)
    assert outcome(ITEM, FACTS_ON_WARFARIN, notes.all, now=WEDNESDAY) == ("satisfied", "satisfied")


def test_verifying_does_not_undo_what_a_clinician_signed():
    notes = Notes()
    notes.add(ITEM, {"answer": "continue", **SAID}, MONDAY, Authority.PATIENT)
    inputs = finding(ITEM, FACTS_ON_WARFARIN, notes.all, now=WEDNESDAY).inputs
    notes.add(ITEM, {"answer": "continue", **SAID}, WEDNESDAY, Authority.NURSE)
    assert finding(ITEM, FACTS_ON_WARFARIN, notes.all, now=WEDNESDAY).inputs == inputs


def test_unbooked_case_is_chased_and_goes_to_nobody_else():
    found = finding(ITEM, FACTS_ON_WARFARIN, asked(MONDAY).all, None, at("2027-06-01 10:00"), CHASING)
    assert (found.code, found.owner, found.due_at) == ("clearance_chase", "scheduler", WEDNESDAY)


def test_refusal_of_a_stop_that_no_row_asks_about_stands_too():
    item, facts, notes = "prescriber_clearance:ibuprofen", taking("ibuprofen"), Notes()
    assert judge(facts, notes.all).finding(item) is None
    notes.add(item, {"answer": "agreed", **SAID}, MONDAY)
    assert judge(facts, notes.all).finding(item) is None
    no = notes.add(item, {"answer": "refused", **SAID}, MONDAY, Authority.NURSE)
    assert outcome(item, facts, notes.all) == ("failed", "clearance_refused")
    notes.add(item, {"answer": "agreed", **SAID}, MONDAY, Authority.NURSE, (no.id,))
    assert judge(facts, notes.all).finding(item) is None
