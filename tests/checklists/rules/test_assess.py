"""The verdict as a whole: states, the earliest start, what is unknown, rules that raise."""

from dataclasses import replace
from datetime import timedelta

import pytest

from checklists.rules.assess import item_keys
from checklists.rules.values import Authority, Medication, Review, State, Status
from tests.checklists.rules.cases import (
    FACTS,
    HOUR,
    INSTANT,
    ITEMS,
    NEW_YORK,
    PROTOCOL,
    SECOND,
    START,
    at,
    finding,
    judge,
    outcome,
    rule,
    taking,
)
from tests.checklists.rules.notes import Notes, ready_notes


def test_ready_case_is_ready_until_its_discharge():
    verdict = judge(evidence=ready_notes().all)
    assert verdict.state is State.READY
    assert [(f.item, f.code) for f in verdict.findings if not f.passes] == [
        ("recovery_observation", "recovery_missing"),
        ("after_care", "after_care_missing"),
        ("follow_up", "follow_up_missing"),
        ("responsible_adult", "responsible_adult_missing"),
    ]


def test_case_without_booking_is_never_ready():
    notes = ready_notes()
    verdict = judge(evidence=notes.all, start=None)
    assert {f.needed_by for f in verdict.findings if not f.passes} == {"discharge"}
    assert verdict.state is State.PENDING


@pytest.mark.parametrize("item", sorted({entry.item for entry in ready_notes().all}))
def test_missing_item_is_pending_before_the_deadline_and_blocks_at_the_start(item):
    evidence = [entry for entry in ready_notes().all if entry.item != item]
    early = judge(evidence=evidence, now=START - timedelta(days=30))
    assert (early.state, early.finding(item).status) == (State.PENDING, Status.PENDING)
    late = judge(evidence=evidence, now=START)
    assert (late.state, late.finding(item).status) == (State.BLOCKED, Status.OVERDUE)


def test_nothing_is_overdue_without_booking():
    verdict = judge(start=None, now=at("2027-03-10 10:00"))
    asked = {f.status for f in verdict.findings if f.needed_by != "discharge"}
    assert asked == {Status.PENDING, Status.NOT_APPLICABLE}
    assert {(f.due_at, f.deadline_at) for f in verdict.findings} == {(None, None)}


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        (at("2027-03-08 10:00") - SECOND, ("pending", "lab_missing")),
        (at("2027-03-08 10:00"), ("overdue", "lab_missing")),
    ],
)
def test_labs_become_overdue_at_their_deadline(now, expected):
    evidence = [entry for entry in ready_notes().all if entry.item != "labs"]
    assert outcome("labs", evidence=evidence, now=now) == expected


def test_next_change_is_the_next_deadline():
    deadline = at("2027-03-08 10:00")
    evidence = [entry for entry in ready_notes().all if entry.item != "labs"]
    seen = [entry for entry in evidence if entry.observed_at < deadline]
    assert judge(evidence=seen, now=deadline - HOUR).next_change_at == deadline
    assert judge(evidence=evidence, now=START).next_change_at is None


def test_rule_that_raises_blocks_with_the_type_of_its_error():
    notes = ready_notes()
    notes.add("ride", {"nonsense": 1})
    found = finding("ride", evidence=notes.all)
    assert (found.status, found.code) == (Status.FAILED, "rule_error")
    assert "KeyError" in found.sentence
    assert judge(evidence=notes.all).state is State.BLOCKED


def test_kind_that_the_engine_does_not_know_blocks():
    odd = replace(PROTOCOL, items=(*ITEMS, rule("horoscope", ITEMS[0].step, "nurse", ITEMS[0].needed_by)))
    verdict = judge(evidence=ready_notes().all, protocol=odd)
    assert (verdict.state, verdict.finding("horoscope").code) == (State.BLOCKED, "rule_error")


def test_item_that_is_worst_is_shown_with_all_reasons():
    facts = replace(FACTS, levels=("T12", "L2"))
    found = finding("imaging", facts, [e for e in ready_notes().all if e.item != "consult"])
    assert [(reason.code, reason.status.value) for reason in found.reasons] == [
        ("level_not_imaged", "failed"),
        ("no_oedema", "failed"),
    ]


# ---- whose word


def test_word_of_a_scheduler_waits_for_the_clinician_until_the_start():
    notes = ready_notes()
    evidence = [replace(e, authority=Authority.SCHEDULER) if e.item == "consult" else e for e in notes.all]
    assert outcome("consult", evidence=evidence) == ("pending", "awaiting_verification")
    assert outcome("consult", evidence=evidence, now=START) == ("overdue", "awaiting_verification")


def test_verification_older_than_the_latest_word_does_not_count():
    notes = ready_notes()
    notes.add("fasting", {"intakes": []}, START - HOUR + SECOND, Authority.PATIENT)
    assert outcome("fasting", evidence=notes.all) == ("pending", "awaiting_verification")
    notes.add("fasting", {"intakes": []}, START - HOUR + SECOND, Authority.NURSE)
    assert outcome("fasting", evidence=notes.all) == ("satisfied", "satisfied")


def test_ride_in_the_patients_word_is_enough_until_arrival():
    evidence = [replace(e, authority=Authority.PATIENT) for e in ready_notes().all if e.item == "ride"]
    assert outcome("ride", replace(FACTS, arrived_at=None), evidence) == ("satisfied", "satisfied")
    assert outcome("ride", FACTS, evidence) == ("pending", "awaiting_verification")


def test_not_sure_waits_for_a_call():
    notes = ready_notes()
    notes.add("ride", {"answer": "not_sure"}, START - HOUR / 2, Authority.PATIENT)
    # The deadline of the ride, the day before, has passed.
    assert outcome("ride", evidence=notes.all) == ("overdue", "not_sure")
    assert outcome("ride", evidence=notes.all, now=START - 3 * 24 * HOUR) == ("pending", "not_sure")


# ---- a recorded no


def test_recorded_no_stands_until_superseded_by_the_same_authority_or_a_higher_one():
    notes = ready_notes()
    no = notes.add("ride", {"available": False}, START - 2 * HOUR, Authority.NURSE)
    notes.add("ride", {"available": True, "adult": True}, START - HOUR, Authority.NURSE)
    assert outcome("ride", evidence=notes.all) == ("failed", "no_ride")
    notes.add("ride", {"available": True, "adult": True}, START - HOUR, Authority.PATIENT, (no.id,))
    assert outcome("ride", evidence=notes.all) == ("failed", "no_ride")
    notes.add("ride", {"available": True, "adult": True}, START - HOUR, Authority.NURSE, (no.id,))
    assert outcome("ride", evidence=notes.all) == ("satisfied", "satisfied")


def test_recorded_no_revives_when_its_answer_was_entered_in_error():
    notes = ready_notes()
    no = notes.add("consult", {"outcome": "not_candidate"})
    answer = notes.add("consult", {"outcome": "procedure"}, supersedes=(no.id,))
    assert outcome("consult", evidence=notes.all) == ("satisfied", "satisfied")
    revived = finding("consult", evidence=[e for e in notes.all if e is not answer])
    assert (revived.code, revived.recorded, no.id in revived.evidence) == ("not_candidate", True, True)


def test_not_sure_supersedes_nothing():
    notes = ready_notes()
    no = notes.add("ride", {"available": False})
    notes.add("ride", {"answer": "not_sure"}, supersedes=(no.id,))
    assert outcome("ride", evidence=notes.all) == ("failed", "no_ride")


# ---- reviews


def review_of(found, start_from=START, start_until=START):
    return Review(found.item, found.inputs, start_from, start_until, "clinician:7")


def test_signed_review_is_satisfied_for_its_inputs_and_starts():
    facts = replace(FACTS, levels=("T12", "L1"), fractured=replace(FACTS.fractured, latest=START.date()))
    notes = ready_notes()
    found = finding("candidacy", facts, notes.all)
    assert (found.status, found.code) == (Status.REVIEW, "window_approximate")
    assert outcome("candidacy", facts, notes.all, reviews=[review_of(found)]) == ("satisfied", "signed")
    assert judge(facts, notes.all, reviews=[review_of(found)]).state is State.READY
    later = review_of(found, START + INSTANT, START + HOUR)
    earlier = review_of(found, START - HOUR, START - INSTANT)
    assert outcome("candidacy", facts, notes.all, reviews=[later, earlier])[0] == "review"
    changed = replace(review_of(found), inputs="other")
    assert outcome("candidacy", facts, notes.all, reviews=[changed])[0] == "review"


def test_signature_does_not_cover_what_is_pending():
    notes = ready_notes()
    facts = taking(Medication("aspirin", "secondary prevention"))
    evidence = [
        *notes.all,
        notes.add("hold:aspirin", {"last_dose_on": "2027-02-20"}, authority=Authority.PATIENT),
    ]
    found = finding("hold:aspirin", facts, evidence)
    signed = finding("hold:aspirin", facts, evidence, reviews=[review_of(found)])
    assert (found.status, signed.status) == (Status.REVIEW, Status.PENDING)
    assert [reason.code for reason in signed.reasons] == ["awaiting_verification"]


def test_inputs_do_not_change_when_the_same_word_is_verified():
    notes = ready_notes()
    facts = taking("sertraline")
    first = notes.add("hold:sertraline", {"last_dose_on": "2027-03-09"}, START - 9 * HOUR, Authority.PATIENT)
    before = finding("hold:sertraline", facts, notes.all).inputs
    notes.add("hold:sertraline", dict(first.value), START - HOUR, Authority.NURSE)
    assert finding("hold:sertraline", facts, notes.all).inputs == before


# ---- the earliest safe start


def test_earliest_start_is_now_when_nothing_waits():
    now = START - 5 * 24 * HOUR
    assert judge(start=None, now=now).earliest_safe_start == now


def test_drug_still_taken_puts_the_earliest_start_its_wait_ahead_of_now():
    now = START - 30 * 24 * HOUR
    assert judge(taking("ibuprofen"), start=None, now=now).earliest_safe_start == now + 24 * HOUR


def test_last_dose_and_intake_fix_the_earliest_start():
    now = START - 30 * 24 * HOUR
    notes = Notes()
    taken = now - HOUR
    notes.add("hold:warfarin", {"last_dose_at": taken.isoformat()})
    assert judge(taking("warfarin"), notes.all, start=None, now=now).earliest_safe_start == taken + 120 * HOUR


def test_drug_that_cannot_be_judged_does_not_hide_the_wait_of_another():
    notes = Notes()
    notes.add("hold:warfarin", {"last_dose_at": START.isoformat()}, START)
    notes.add("hold:apixaban", {"last_dose_at": None}, START)
    for listed in (("warfarin", "Eliquis"), ("Eliquis", "warfarin")):
        verdict = judge(taking(*listed), notes.all, start=None, now=START)
        assert verdict.finding("hold:apixaban").code == "rule_error"
        assert verdict.earliest_safe_start == START + timedelta(hours=120)


def test_midnight_dose_of_the_day_moves_the_earliest_start_to_tomorrow():
    now = at("2027-03-01 12:00")
    notes = Notes()
    notes.add("hold:metformin", {"last_dose_at": at("2027-03-01 07:00").isoformat()}, now)
    verdict = judge(taking("metformin"), notes.all, start=None, now=now)
    assert verdict.earliest_safe_start == at("2027-03-02 00:00")
    assert verdict.finding("hold:metformin").code == "dose_stated_early"  # asked again on the day


def test_what_can_be_taken_again_does_not_postpone():
    now = START - 24 * HOUR
    evidence = [e for e in ready_notes().all if e.item not in ("infection_check", "fasting")]
    assert judge(FACTS, evidence, start=None, now=now).earliest_safe_start == now


def test_discharge_items_do_not_block():
    notes = ready_notes()
    notes.add("responsible_adult", {"present": False}, authority=Authority.NURSE)
    verdict = judge(evidence=notes.all)
    assert (verdict.state, verdict.finding("responsible_adult").status) == (State.READY, Status.FAILED)


def test_start_in_a_zone_with_daylight_saving_is_judged_by_elapsed_time():
    start = at("2027-03-14 10:00")  # the clocks went forward that night
    facts, now = taking("ibuprofen"), start - 30 * HOUR
    on_the_wall = judge(facts, start=start.astimezone(NEW_YORK), now=now.astimezone(NEW_YORK))
    assert on_the_wall == judge(facts, start=start, now=now)
    assert on_the_wall.finding("hold:ibuprofen").due_at == start - 24 * HOUR


@pytest.mark.parametrize("start", [START, None])
def test_keys_are_those_of_the_findings_without_judging_them(start):
    facts, notes = taking("warfarin", "unheard-of"), Notes()
    notes.add("hold:ibuprofen", {"last_dose_at": (START - 23 * HOUR).isoformat()})
    now = START - 30 * HOUR
    keys = item_keys(PROTOCOL, facts, notes.all, start, now)
    assert keys == tuple(f.item for f in judge(facts, notes.all, start, now).findings)
    assert {"hold:warfarin", "hold:unheard-of", "hold:ibuprofen", "prescriber_clearance:warfarin"} <= set(keys)
