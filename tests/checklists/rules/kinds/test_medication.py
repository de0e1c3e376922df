"""Medication holds, prescriber clearance and restart decisions: both sides of each boundary."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from checklists.rules.lab_values import exact
from checklists.rules.renal import cockcroft_gault
from checklists.rules.values import Authority, Medication
from tests.checklists.rules.cases import (
    FACTS,
    HOUR,
    NEW_YORK,
    PHOENIX,
    SECOND,
    START,
    at,
    finding,
    judge,
    outcome,
    taking,
)
from tests.checklists.rules.notes import Notes
from tests.checklists.rules.test_reference import REFERENCE

OK = ("satisfied", "satisfied")
AGREED = {"answer": "agreed", "prescriber": "Dr. Weber", "how": "phone"}


def dosed(drug, taken_at, agreed=True, **value):
    notes = Notes()
    notes.add(f"hold:{drug}", {"last_dose_at": taken_at.isoformat(), **value})
    if agreed:
        notes.add(f"prescriber_clearance:{drug}", AGREED)
    return notes


def creatinine(notes, value, drawn=START - timedelta(days=5)):
    notes.add("labs", {"analyte": "creatinine", "value": value, "unit": "mg/dL"}, drawn)
    return notes


@pytest.mark.parametrize(
    ("medication", "hours"),
    [
        ("warfarin", 120),
        ("Coumadin 5 mg daily", 120),
        ("ADVIL", 24),
        (Medication("aspirin", "primary prevention or analgesic"), 144),
        (Medication("aspirin", indication="primary prevention"), 144),
        (Medication("enoxaparin", "prophylactic"), 12),
        (Medication("enoxaparin", "therapeutic"), 24),
        (Medication("humira", interval_days=14), (14 + 7) * 24),
    ],
)
def test_hold_is_clear_at_its_hours_and_too_early_one_second_before(medication, hours):
    facts = taking(medication)
    item = next(f.item for f in judge(facts).findings if f.kind == "hold")
    drug = item.partition(":")[2]
    clear = START - hours * HOUR
    assert outcome(item, facts, dosed(drug, clear).all) == OK
    early = finding(item, facts, dosed(drug, clear + SECOND).all)
    assert (early.status, early.code, early.clear_at) == ("too_early", "hold_too_short", START + SECOND)


@pytest.mark.parametrize(("taken", "expected"), [(48, "satisfied"), (47, "review"), (0, "review")])
def test_between_the_two_thresholds_a_clinician_decides(taken, expected):
    notes = dosed("cilostazol", START - taken * HOUR)
    assert outcome("hold:cilostazol", taking("cilostazol"), notes.all)[0] == expected


@pytest.mark.parametrize(
    ("value", "taken", "expected"),
    [
        (1.0, 96 * HOUR, OK),  # 70.4 mL/min
        (1.0, 96 * HOUR - SECOND, ("too_early", "hold_too_short")),
        (1.5, 144 * HOUR, OK),  # 46.9 mL/min
        (1.5, 144 * HOUR - SECOND, ("too_early", "hold_too_short")),
        (3.0, 144 * HOUR, ("review", "hold_needs_decision")),  # 23.5 mL/min: time alone never clears
        (3.0, 144 * HOUR - SECOND, ("too_early", "hold_too_short")),
    ],
)
def test_dabigatran_is_held_by_kidney_function(value, taken, expected):
    facts = replace(taking("dabigatran"), sex="male", weight_kg=61.0)
    notes = creatinine(dosed("dabigatran", START - taken), value)
    assert outcome("hold:dabigatran", facts, notes.all) == expected


def test_clearance_of_49_58_is_below_50():
    clearance = cockcroft_gault(78, exact(80.637), exact(1.4), female=False)
    assert 49 < clearance < 50
    assert cockcroft_gault(80, exact(60), exact(1), female=False) == 50
    facts = replace(taking("dabigatran"), born_on=date(1947, 1, 1), sex="male", weight_kg=60.0)
    # Exactly 50 belongs to the band from 50; 49.58 does not.
    for value, expected in ((1.0, OK), (1.0084711577248892, ("too_early", "hold_too_short"))):
        notes = creatinine(dosed("dabigatran", START - 96 * HOUR), value)
        assert outcome("hold:dabigatran", facts, notes.all) == expected


@pytest.mark.parametrize(
    ("sex", "expected"),
    [
        ("male", OK),  # 54.1 mL/min
        ("female", ("too_early", "hold_too_short")),  # 46.0 mL/min
        ("other", ("too_early", "hold_too_short")),  # the lower of the two
        (None, ("overdue", "renal_function_missing")),
    ],
)
def test_kidney_function_is_lower_for_anybody_but_men(sex, expected):
    facts = replace(taking("dabigatran"), sex=sex, weight_kg=61.0)
    notes = creatinine(dosed("dabigatran", START - 96 * HOUR), 1.3)
    assert outcome("hold:dabigatran", facts, notes.all) == expected


def test_unknown_kidney_function_is_named():
    facts, notes = taking("dabigatran"), dosed("dabigatran", START - 200 * HOUR)
    assert outcome("hold:dabigatran", facts, notes.all) == ("overdue", "renal_function_missing")
    early = {"now": START - timedelta(days=20)}
    assert outcome("hold:dabigatran", facts, notes.all, **early) == ("pending", "renal_function_missing")
    day_30 = creatinine(dosed("dabigatran", START - 200 * HOUR), 1.0, START - timedelta(days=30))
    assert outcome("hold:dabigatran", facts, day_30.all) == OK
    day_31 = creatinine(dosed("dabigatran", START - 200 * HOUR), 1.0, START - timedelta(days=31))
    assert outcome("hold:dabigatran", facts, day_31.all, **early) == ("pending", "renal_function_expired")
    assert outcome("hold:dabigatran", replace(facts, weight_kg=None), day_30.all)[1] == "renal_function_missing"


@pytest.mark.parametrize(
    ("start", "expected"),
    [("2027-03-10 23:59", OK), ("2027-03-10 23:58", ("too_early", "hold_too_short"))],
)
def test_dose_known_by_date_counts_as_its_last_minute(start, expected):
    notes = Notes()
    notes.add("hold:ibuprofen", {"last_dose_on": "2027-03-09"})
    begins = at(start)
    assert outcome("hold:ibuprofen", taking("ibuprofen"), notes.all, begins, begins - SECOND) == expected


@pytest.mark.parametrize(
    ("zone", "taken", "start", "expected"),
    [
        # 23 h pass between the same wall times in New York's spring night, 24 h in Phoenix, 25 h in autumn.
        (NEW_YORK, "2027-03-13 10:00", "2027-03-14 10:00", "too_early"),
        (NEW_YORK, "2027-03-13 10:00", "2027-03-14 11:00", "satisfied"),
        (PHOENIX.tz, "2027-03-13 10:00", "2027-03-14 10:00", "satisfied"),
        (NEW_YORK, "2027-11-06 10:00", "2027-11-07 09:00", "satisfied"),
        (NEW_YORK, "2027-11-06 10:00", "2027-11-07 08:59", "too_early"),
        (PHOENIX.tz, "2027-11-06 10:00", "2027-11-07 09:00", "too_early"),
    ],
)
def test_hold_counts_elapsed_hours_across_the_clock_change(zone, taken, start, expected):
    begins = at(start, zone)
    notes = Notes()
    notes.add("hold:ibuprofen", {"last_dose_at": at(taken, zone).isoformat()}, begins - HOUR)
    facts = replace(taking("ibuprofen"), site=replace(FACTS.site, zone=zone.key))
    assert outcome("hold:ibuprofen", facts, notes.all, begins, begins - SECOND)[0] == expected


@pytest.mark.parametrize(
    ("zone", "taken_on", "clear_from"),
    [
        # 24 h after 23:59: the next day of the clock change has 23 hours in spring and 25 in autumn.
        (NEW_YORK, "2027-03-13", "2027-03-15 00:59"),
        (NEW_YORK, "2027-03-14", "2027-03-15 23:59"),
        (NEW_YORK, "2027-11-06", "2027-11-07 22:59"),
        (NEW_YORK, "2027-11-07", "2027-11-08 23:59"),
        (PHOENIX.tz, "2027-03-13", "2027-03-14 23:59"),
        (PHOENIX.tz, "2027-11-06", "2027-11-07 23:59"),
    ],
)
def test_dose_known_by_date_in_the_nights_of_the_clock_change(zone, taken_on, clear_from):
    begins, facts = at(clear_from, zone), replace(taking("ibuprofen"), site=replace(FACTS.site, zone=zone.key))
    for start, expected in ((begins, OK), (begins - SECOND, ("too_early", "hold_too_short"))):
        notes = Notes()
        notes.add("hold:ibuprofen", {"last_dose_on": taken_on}, start - HOUR / 60)
        assert outcome("hold:ibuprofen", facts, notes.all, start, start) == expected


def test_drug_that_no_row_knows_goes_to_review():
    assert outcome("hold:wonderdrug 20 mg", taking("Wonderdrug 20 mg")) == ("review", "drug_unknown")


def test_drugs_without_action_have_no_item():
    verdict = judge(taking("Tylenol", "celecoxib"))
    assert [f.item for f in verdict.findings if f.kind in ("hold", "prescriber_clearance")] == []


def test_topical_nsaid_is_not_held_and_the_oral_one_is():
    gel, tablet = Medication("diclofenac", route="topical"), Medication("diclofenac", route="oral")
    assert outcome("hold:diclofenac", taking(gel)) == ("not_applicable", "route_not_held")
    assert outcome("hold:diclofenac", taking(tablet)) == ("overdue", "last_dose_unknown")
    assert outcome("hold:diclofenac", taking(gel, tablet)) == ("overdue", "last_dose_unknown")


def test_unknown_tier_takes_the_strictest_row_and_a_review():
    facts = taking(Medication("enoxaparin"))
    assert outcome("hold:enoxaparin", facts, dosed("enoxaparin", START - 23 * HOUR).all)[0] == "too_early"
    clear = dosed("enoxaparin", START - 24 * HOUR)
    assert outcome("hold:enoxaparin", facts, clear.all) == ("review", "dose_tier_unknown")


@pytest.mark.parametrize(
    ("drug", "code"),
    [("sertraline", "class_review"), (Medication("aspirin", "secondary prevention"), "clinician_decision")],
)
def test_drug_that_a_person_decides_goes_to_review(drug, code):
    name = drug if isinstance(drug, str) else drug.name
    assert outcome(f"hold:{name}", taking(drug)) == ("review", code)


def test_dose_on_the_day_is_a_review_and_the_day_before_is_clear():
    for taken, expected in (("2027-03-10 00:00", "review"), ("2027-03-09 23:59", "satisfied")):
        notes = dosed("metformin", at(taken), agreed=False)
        assert outcome("hold:metformin", taking("metformin"), notes.all)[0] == expected


def test_interval_that_is_not_known_is_asked_for():
    notes = dosed("adalimumab", START - 900 * HOUR)
    assert outcome("hold:adalimumab", taking("adalimumab"), notes.all)[1] == "interval_missing"


def test_latest_word_counts_and_a_tie_takes_the_later_dose():
    notes = dosed("ibuprofen", START - 30 * HOUR, agreed=False)
    notes.add("hold:ibuprofen", {"took_it": True, "last_dose_at": (START - 2 * HOUR).isoformat()})
    assert outcome("hold:ibuprofen", taking("ibuprofen"), notes.all)[0] == "too_early"
    notes.add("hold:ibuprofen", {"last_dose_at": (START - 30 * HOUR).isoformat()}, START - HOUR / 2)
    assert outcome("hold:ibuprofen", taking("ibuprofen"), notes.all) == OK


@pytest.mark.parametrize(
    ("said_at", "expected"),
    [
        (at("2027-03-08 23:59"), ("pending", "dose_stated_early")),
        (at("2027-03-09 00:00"), ("satisfied", "satisfied")),  # the day on which it would have to be stopped
    ],
)
def test_drug_that_was_not_taken_before_it_had_to_be_stopped_is_asked_about_again(said_at, expected):
    notes = Notes()
    notes.add("hold:ibuprofen", {"not_taking": True}, said_at)
    assert outcome("hold:ibuprofen", taking("ibuprofen"), notes.all) == expected


@pytest.mark.parametrize(
    ("said_at", "early"),
    [
        (at("2027-03-09 23:59"), True),  # the infusion is stopped on the morning of the procedure
        (at("2027-03-10 00:00"), False),
    ],
)
def test_drug_taken_in_two_ways_is_asked_about_until_the_last_of_them_had_to_be_stopped(said_at, early):
    notes = Notes()
    notes.add("hold:heparin", {"last_dose_at": at("2027-03-08 09:00").isoformat()}, said_at)
    both = (Medication("heparin", dose_tier="iv infusion"), Medication("heparin", dose_tier="sc prophylaxis"))
    found = finding("hold:heparin", taking(*both), notes.all, protocol=REFERENCE)
    assert ("dose_stated_early" in {reason.code for reason in found.reasons}) is early


def test_question_about_a_drug_that_was_not_taken_names_it():
    notes = Notes()
    notes.add("hold:ibuprofen", {"not_taking": True}, at("2027-03-01 12:00"))
    (reason,) = finding("hold:ibuprofen", taking("ibuprofen"), notes.all).reasons
    asks = "Ask whether it was taken, and when last."
    assert reason.sentence == f"Ibuprofen may have been started since this was said. {asks}"


def test_not_taking_does_not_undo_an_earlier_dose():
    notes = dosed("ibuprofen", START - 2 * HOUR, agreed=False)
    notes.add("hold:ibuprofen", {"not_taking": True}, START - HOUR / 2)
    assert outcome("hold:ibuprofen", taking("ibuprofen"), notes.all)[0] == "too_early"
    alone = Notes()
    alone.add("hold:ibuprofen", {"not_taking": True})
    assert outcome("hold:ibuprofen", taking("ibuprofen"), alone.all) == OK


def test_hold_is_overdue_twelve_hours_after_its_stop_time():
    stop = START - 24 * HOUR
    late = stop + 12 * HOUR
    assert outcome("hold:ibuprofen", taking("ibuprofen"), now=late - SECOND) == ("pending", "last_dose_unknown")
    assert outcome("hold:ibuprofen", taking("ibuprofen"), now=late) == ("overdue", "last_dose_unknown")
    found = finding("hold:ibuprofen", taking("ibuprofen"), now=late)
    assert (found.due_at, found.deadline_at) == (stop, late)


# ---- prescriber clearance


def test_nobody_is_told_to_stop_before_the_prescriber_agreed():
    now = START - timedelta(days=20)
    found = finding("hold:warfarin", taking("warfarin"), now=now)
    assert (found.code, found.due_at) == ("clearance_first", None)
    agreed = Notes()
    agreed.add("prescriber_clearance:warfarin", AGREED, now - HOUR)
    found = finding("hold:warfarin", taking("warfarin"), agreed.all, now=now)
    assert (found.code, found.due_at) == ("last_dose_unknown", START - 120 * HOUR)


def test_clearance_is_due_before_the_stop_time_and_overdue_at_it():
    facts, stop = taking("warfarin"), START - 120 * HOUR
    found = finding("prescriber_clearance:warfarin", facts, now=stop - SECOND)
    assert (found.status, found.code, found.deadline_at) == ("pending", "clearance_missing", stop)
    assert finding("prescriber_clearance:warfarin", facts, now=stop).status == "overdue"


def test_drug_without_need_of_clearance_has_no_clearance_item():
    assert [f.item for f in judge(taking("ibuprofen")).findings if f.kind == "prescriber_clearance"] == []


def test_refused_clearance_fails_and_asking_again_does_not_lift_it():
    notes = Notes()
    refused = notes.add("prescriber_clearance:warfarin", {**AGREED, "answer": "refused"}, authority=Authority.SCHEDULER)
    notes.add("prescriber_clearance:warfarin", {**AGREED, "answer": "asked"})
    item, facts = "prescriber_clearance:warfarin", taking("warfarin")
    assert outcome(item, facts, notes.all) == ("failed", "clearance_refused")
    notes.add(item, AGREED, supersedes=(refused.id,))
    assert outcome(item, facts, notes.all) == OK


def test_agreed_last_day_later_than_the_protocol_is_a_review():
    for day, expected in (("2027-03-04", "satisfied"), ("2027-03-05", "review")):
        notes = Notes()
        notes.add("prescriber_clearance:warfarin", {**AGREED, "last_dose_on": day})
        assert outcome("prescriber_clearance:warfarin", taking("warfarin"), notes.all)[0] == expected


def test_asking_again_does_not_verify_what_a_scheduler_noted():
    notes = Notes()
    item, facts, now = "prescriber_clearance:warfarin", taking("warfarin"), START - timedelta(days=20)
    notes.add(item, AGREED, authority=Authority.SCHEDULER)
    notes.add(item, {**AGREED, "answer": "asked"}, authority=Authority.NURSE)
    assert outcome(item, facts, notes.all, now=now) == ("pending", "awaiting_verification")


def test_drug_that_is_not_taken_needs_no_clearance():
    notes = Notes()
    notes.add("hold:warfarin", {"not_taking": True})
    assert outcome("prescriber_clearance:warfarin", taking("warfarin"), notes.all)[0] == "not_applicable"


# ---- restart decisions


def test_restart_is_owed_once_the_hold_has_started_and_settled_by_a_clinician():
    facts, stop = taking("ibuprofen"), START - 24 * HOUR
    assert judge(facts, now=stop - SECOND).finding("restart_decision:ibuprofen") is None
    assert outcome("restart_decision:ibuprofen", facts, now=stop) == ("pending", "restart_undecided")
    notes = Notes()
    notes.add("restart_decision:ibuprofen", {"decision": "restart"}, authority=Authority.NURSE)
    assert outcome("restart_decision:ibuprofen", facts, notes.all) == ("pending", "awaiting_verification")
    notes.add("restart_decision:ibuprofen", {"decision": "restart"})
    assert outcome("restart_decision:ibuprofen", facts, notes.all) == OK


def test_restart_is_owed_when_a_held_case_does_not_happen():
    facts = replace(taking("ibuprofen"), not_happening=True)
    notes = dosed("ibuprofen", START - 30 * HOUR, agreed=False)
    found = finding("restart_decision:ibuprofen", facts, notes.all, None)
    assert (found.status, "does not happen" in found.sentence) == ("pending", True)


def test_restart_is_owed_for_a_hold_that_had_started_without_a_recorded_dose_when_it_was_put_off():
    facts = replace(taking("ibuprofen"), not_happening=True, put_off_at=START - 9 * HOUR, started_holds=("ibuprofen",))
    assert outcome("restart_decision:ibuprofen", facts, (), None) == ("pending", "restart_undecided")
    ahead = replace(facts, not_happening=False)
    assert judge(ahead, (), None).finding("restart_decision:ibuprofen") is None


def test_restart_decision_of_an_earlier_interruption_does_not_count_for_this_one():
    facts, notes = taking("ibuprofen"), dosed("ibuprofen", START - 30 * HOUR, agreed=False)
    notes.add("restart_decision:ibuprofen", {"decision": "restart"}, START - 30 * HOUR - SECOND)
    assert outcome("restart_decision:ibuprofen", facts, notes.all) == ("pending", "restart_undecided")
    notes.add("restart_decision:ibuprofen", {"decision": "restart"}, START - 30 * HOUR)
    assert outcome("restart_decision:ibuprofen", facts, notes.all) == OK


def test_no_restart_is_owed_for_a_hold_that_waits_for_its_prescriber():
    assert judge(taking("warfarin")).finding("restart_decision:warfarin") is None
