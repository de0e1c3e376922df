"""Whose look verifies which word, and what a signature or an override rests on."""

from dataclasses import replace
from datetime import timedelta

import pytest

from checklists.rules.gate import decide
from checklists.rules.values import (
    Authority,
    Finding,
    Gate,
    Override,
    OverrideClass,
    Reason,
    Review,
    State,
    Status,
    Step,
)
from checklists.rules.verdict_json import finding_to_json
from tests.checklists.rules.cases import (
    FACTS,
    HOUR,
    INSTANT,
    ITEMS,
    PROTOCOL,
    SECOND,
    START,
    at,
    finding,
    judge,
    outcome,
    taking,
)
from tests.checklists.rules.notes import ALLERGIES, CARE, CHECK, MRI, NO_ANSWERS, Notes, ready_notes

OK = ("satisfied", "satisfied")
WAITS = ("pending", "awaiting_verification")
DAY = timedelta(days=1)


def lab(analyte, value, unit):
    return {"analyte": analyte, "value": value, "unit": unit}


def without_labs(*analytes):
    notes = ready_notes()
    notes.all = [entry for entry in notes.all if entry.value.get("analyte") not in analytes]
    return notes


# ---- verification


def test_clinician_who_saw_the_xray_has_not_verified_the_mri():
    notes = Notes()
    notes.add("imaging", {**MRI, "stage": "result"}, START - 9 * DAY, Authority.SCHEDULER)
    notes.add("imaging", {**MRI, "modality": "xray"}, START - 8 * DAY)
    assert outcome("imaging", evidence=notes.all) == WAITS


def test_nurse_who_drew_one_analyte_has_not_verified_another():
    notes = without_labs("platelets")
    notes.add("labs", lab("platelets", 200, "10^9/L"), START - 5 * DAY, Authority.SCHEDULER)
    notes.add("labs", lab("INR", 1.0, "ratio"), START - 4 * DAY, Authority.NURSE)
    assert outcome("labs", evidence=notes.all) == WAITS
    notes.add("labs", {"stage": "looked_at"}, START - 3 * DAY, Authority.NURSE)
    assert outcome("labs", evidence=notes.all) == OK


def test_look_recorded_before_the_word_has_not_verified_it():
    notes = without_labs("platelets")
    notes.add("labs", {"stage": "looked_at"}, START - 3 * DAY, Authority.NURSE)
    notes.add("labs", lab("platelets", 200, "10^9/L"), START - 5 * DAY, Authority.SCHEDULER)
    assert outcome("labs", evidence=notes.all) == WAITS


@pytest.mark.parametrize(
    ("start", "expected"),
    [(START, OK), (START + 14 * HOUR - timedelta(microseconds=1), OK), (START + 14 * HOUR, WAITS)],
)
def test_escort_is_verified_on_the_day_of_the_start_or_after_arrival(start, expected):
    notes = Notes()
    notes.add("ride", {"available": True, "adult": True}, START - HOUR, Authority.NURSE)
    facts = replace(FACTS, arrived_at=start - HOUR / 2)
    assert outcome("ride", facts, notes.all, start, start - HOUR / 4) == expected
    early = replace(FACTS, arrived_at=START - HOUR)
    assert outcome("ride", early, notes.all, start, start - HOUR / 4) == OK


def test_not_sure_about_a_fast_that_is_not_needed_is_no_matter():
    notes = ready_notes()
    notes.add("fasting", {"answer": "not_sure"}, START - HOUR / 2, Authority.PATIENT)
    assert outcome("fasting", replace(FACTS, anesthesia="local"), notes.all) == ("not_applicable", "no_fast")


# ---- what signatures and overrides rest on


def carried(override_of, facts, evidence, start=START):
    found = finding(override_of, *facts[:1], evidence[0])
    override = Override(override_of, found.inputs, "staff:1", "staff:2")
    verdict = judge(*facts[1:], evidence[1], start, start)
    return override_of in decide(verdict, Gate.START, [override], True, start).overridden


def test_override_of_one_missing_analyte_does_not_carry_another():
    evidence = without_labs("platelets").all
    diabetic = replace(FACTS, conditions=frozenset({"glucose_on_arrival"}))
    assert carried("labs", (FACTS, FACTS), (evidence, evidence))
    assert not carried("labs", (FACTS, diabetic), (evidence, evidence))


def test_override_of_a_missing_analyte_does_not_carry_one_that_expires_later():
    evidence = without_labs("platelets").all
    assert not carried("labs", (FACTS, FACTS), (evidence, evidence), START + 40 * DAY)


def test_signature_on_one_analyte_is_not_for_another_that_becomes_borderline():
    notes = without_labs("platelets", "INR")
    notes.add("labs", lab("platelets", 80, "10^9/L"), START - DAY)
    notes.add("labs", lab("INR", 1.4, "ratio"), START - DAY)
    found = finding("labs", FACTS, notes.all)
    assert found.status == "review"
    signed = [Review("labs", found.inputs, START, START, "clinician:7")]
    assert outcome("labs", FACTS, notes.all, reviews=signed) == ("satisfied", "signed")
    # Warfarin asks for an INR of 1.2: the same INR is borderline now, by another row.
    notes.add("hold:warfarin", {"last_dose_at": (START - 150 * HOUR).isoformat()})
    assert outcome("labs", taking("warfarin"), notes.all, reviews=signed) == ("review", "lab_borderline")


def test_override_of_a_rule_that_raised_ends_with_the_next_evidence():
    broken = ready_notes()
    broken.add("ride", {"nonsense": 1})
    later = ready_notes()
    later.add("ride", {"nonsense": 1})
    later.add("ride", {"available": False})
    assert finding("ride", evidence=later.all).code == "rule_error"
    assert carried("ride", (FACTS, FACTS), (broken.all, broken.all))
    assert not carried("ride", (FACTS, FACTS), (broken.all, later.all))
    assert not carried("ride", (FACTS, replace(FACTS, number=2)), (broken.all, broken.all))


# ---- what is shown of a finding


def test_finding_shows_every_no_that_stands_the_latest_first_and_what_is_unsure():
    notes = ready_notes()
    last = len(notes.all)
    notes.add("ride", {"available": False}, START - 3 * HOUR, Authority.NURSE)
    notes.add("ride", {"available": True, "adult": False}, START - 2 * HOUR, Authority.PATIENT)
    notes.add("ride", {"answer": "not_sure"}, START - HOUR / 2, Authority.PATIENT)
    found = finding("ride", evidence=notes.all)
    alone = "A driver alone is no responsible adult. Name an adult who goes along."
    nobody = "Nobody can take the patient home. Arrange an adult who can, or a new date."
    unsure = "The last answer was 'not sure'. Call whoever gave it and record what is true."
    assert finding_to_json(found) == {
        "item": "ride",
        "kind": "ride",
        "step": "ride",
        "status": "failed",
        "code": "no_adult",
        "sentence": alone,
        "owner": "patient",
        "needed_by": "check_in",
        "override": "one",
        "due_at": "2027-03-05T22:00:00+00:00",  # three days before, at the end of work on the Friday
        "deadline_at": "2027-03-09T15:00:00+00:00",
        "clear_at": None,
        "inputs": found.inputs,
        "recorded": True,
        "evidence": [last + 2, last + 1, 7],
        "reasons": [
            {"code": "no_adult", "sentence": alone, "status": "failed"},
            {"code": "no_ride", "sentence": nobody, "status": "failed"},
            {"code": "not_sure", "sentence": unsure, "status": "overdue"},
        ],
    }


def test_finding_that_time_mends_shows_the_last_instant_that_it_waits_for():
    eaten = (("fatty meal", 1), ("light meal", 2))
    meals = [{"intake": name, "at": (START - hours * HOUR).isoformat()} for name, hours in eaten]
    notes = without_fast({"intakes": meals})
    found = finding("fasting", evidence=notes.all)
    assert (found.status, found.clear_at, found.recorded) == (Status.TOO_EARLY, START + 7 * HOUR, False)
    assert [reason.sentence for reason in found.reasons] == [
        "Fatty meal needs 8 hours before the start: start from Wed 10 Mar 2027 17:00 EST on.",
        "Light meal needs 6 hours before the start: start from Wed 10 Mar 2027 14:00 EST on.",
    ]


def without_fast(value):
    notes = ready_notes()
    notes.all = [entry for entry in notes.all if entry.item != "fasting"]
    notes.add("fasting", value, START - HOUR / 2)
    return notes


def test_rule_that_raises_is_a_failure_of_its_item_and_rests_on_all_that_is_known():
    notes = ready_notes()
    broken = notes.add("ride", {"nonsense": 1})
    sentence = "The rule for ride could not be evaluated (KeyError). Report it and call a clinician."
    assert finding("ride", replace(FACTS, number=7), notes.all) == Finding(
        item="ride",
        kind="ride",
        step=Step.RIDE,
        status=Status.FAILED,
        code="rule_error",
        sentence=sentence,
        owner="patient",
        needed_by=Gate.CHECK_IN,
        override=OverrideClass.ONE,
        due_at=None,
        deadline_at=None,
        clear_at=None,
        rests_on=(PROTOCOL.document_hash, "ride", "rule_error", "KeyError", 7, broken.id),
        reasons=(Reason("rule_error", sentence, Status.FAILED),),
    )


def test_what_the_protocol_does_not_require_does_not_apply_until_something_is_recorded_of_it():
    found = finding("conservative_care", evidence=ready_notes().all)
    assert (found.status, found.code, found.sentence, found.reasons) == (
        Status.NOT_APPLICABLE,
        "not_required",
        "The protocol does not require: conservative care.",
        (),
    )
    notes = ready_notes()
    notes.add("conservative_care", {"answer": "not_sure"})
    reasons = finding("conservative_care", evidence=notes.all).reasons
    assert [reason.code for reason in reasons] == ["conservative_care_missing", "not_sure"]


def test_word_that_waits_names_who_looks_at_it():
    notes = Notes()
    notes.add("imaging", {**MRI, "stage": "result"}, START - 9 * DAY, Authority.SCHEDULER)
    found = finding("imaging", evidence=notes.all)
    told = "This is recorded but not verified. A clinician looks at it and records what is true."
    assert (found.sentence, found.owner) == (told, "clinician")


def test_what_is_dated_after_the_start_says_so():
    notes = without_fast({"intakes": []})
    notes.all = [replace(entry, observed_at=START + HOUR) if entry.item == "ride" else entry for entry in notes.all]
    found = finding("ride", evidence=notes.all)
    assert [(reason.code, reason.sentence) for reason in found.reasons] == [
        ("dated_after_start", "This is dated after the start. Correct its time, or do it again."),
    ]


# ---- whose look counts


@pytest.mark.parametrize(
    ("looked_at", "authority", "expected"),
    [
        (START - 5 * DAY, Authority.NURSE, OK),  # at the instant of the word itself
        (START - 5 * DAY - timedelta(seconds=1), Authority.NURSE, WAITS),
        (START - 3 * DAY, Authority.NURSE, OK),
        (START - 3 * DAY, Authority.CLINICIAN, OK),
        (START - 3 * DAY, Authority.SCHEDULER, WAITS),
    ],
)
def test_look_counts_from_the_instant_of_the_word_on_and_by_the_role_that_verifies(looked_at, authority, expected):
    notes = without_labs("platelets")
    notes.add("labs", lab("platelets", 200, "10^9/L"), START - 5 * DAY, Authority.SCHEDULER)
    notes.add("labs", {"stage": "looked_at"}, looked_at, authority)
    assert outcome("labs", evidence=notes.all) == expected


@pytest.mark.parametrize("value", [{"stage": "ordered"}, {"stage": "done"}, {"answer": "asked"}])
def test_ordering_or_asking_is_no_look(value):
    notes = without_labs("platelets")
    notes.add("labs", lab("platelets", 200, "10^9/L"), START - 5 * DAY, Authority.SCHEDULER)
    notes.add("labs", value, START - 3 * DAY, Authority.NURSE)
    assert WAITS[1] in [reason.code for reason in finding("labs", evidence=notes.all).reasons]


# ---- what is dated ahead of now


def dated(item, moment):
    return [replace(entry, observed_at=moment) if entry.item == item else entry for entry in ready_notes().all]


@pytest.mark.parametrize("item", ["ride", "consent", "infection_check", "allergies", "anesthesia_evaluation"])
def test_what_is_dated_ahead_of_now_is_not_done_until_then(item):
    ahead = START - 5 * SECOND
    verdict = judge(evidence=dated(item, ahead), now=ahead - INSTANT)
    found = verdict.finding(item)
    assert (found.status.value in ("pending", "overdue"), found.code) == (True, "dated_ahead")
    assert found.sentence == "This is dated ahead of now. Correct its time, or record it when it is done."
    assert verdict.state is not State.READY
    assert verdict.next_change_at == ahead
    assert judge(evidence=dated(item, ahead), now=ahead).finding(item).status is Status.SATISFIED


def test_answer_dated_ahead_lifts_no_failure():
    notes = ready_notes()
    no = notes.add("ride", {"available": False}, START - HOUR)
    notes.add("ride", {"available": True, "adult": True, "seen": True}, START - SECOND, supersedes=(no.id,))
    now = START - 10 * SECOND
    assert outcome("ride", evidence=notes.all, now=now)[1] == "dated_ahead"
    assert outcome("ride", evidence=notes.all, now=START - SECOND) == ("satisfied", "satisfied")


def test_failure_dated_ahead_stands_at_once():
    notes = ready_notes()
    notes.add("ride", {"available": False}, START - SECOND)
    assert outcome("ride", evidence=notes.all, now=START - 10 * SECOND) == ("failed", "no_ride")


def test_escort_seen_in_the_evening_was_not_seen_on_the_next_day():
    """At eight in the evening of the 9th it is the 10th by UTC, and not at the site."""
    notes = Notes()
    notes.add("ride", {"available": True, "adult": True}, at("2027-03-09 20:00"), Authority.NURSE)
    assert outcome("ride", evidence=notes.all) == WAITS


def test_no_that_was_said_twice_is_one_reason():
    notes = Notes()
    for hours in (2, 1):
        notes.add("consult", {"outcome": "not_candidate"}, START - hours * HOUR)
    found = finding("consult", evidence=notes.all)
    assert ([reason.code for reason in found.reasons], found.evidence) == (["not_candidate", "consult_missing"], (2, 1))
    assert found.rests_on[-2:] == ([2, 1], ["consult_missing", "not_candidate"])


@pytest.mark.parametrize(
    ("item", "value", "code"),
    [
        ("ride", {"available": False}, "no_ride"),
        ("ride", {"available": True, "adult": False}, "no_adult"),
        ("infection_check", {**CHECK, "outcome": "infection"}, "infection_found"),
        ("infection_prescreen", {"answers": {**NO_ANSWERS, "covid_contact": "yes"}}, "yes_covid_contact"),
        ("allergies", {**ALLERGIES, "cement": "known", "substances": ["PMMA"]}, "allergy_cement"),
        ("conservative_care", {**CARE, "outcome": "helped"}, "conservative_care_helped"),
    ],
)
def test_recorded_no_is_one_reason_and_not_another_as_what_follows_from_it(item, value, code):
    notes = Notes()
    notes.add(item, value, START - HOUR)
    found = finding(item, evidence=notes.all)
    assert ([reason.code for reason in found.reasons], found.recorded) == ([code], True)


def test_failure_that_follows_from_a_word_which_nobody_has_to_take_back_is_a_reason():
    notes = Notes()
    notes.add("infection_check", {**CHECK, "outcome": "infection", "temperature": 38.5}, START - HOUR)
    assert [reason.code for reason in finding("infection_check", evidence=notes.all).reasons] == [
        "infection_found",
        "fever",
    ]


def test_item_that_only_the_patient_answers_for_needs_nobody_to_look_at_it():
    own = tuple(replace(rule, patient_word="no", verified_by=None) if rule.kind == "ride" else rule for rule in ITEMS)
    notes = Notes()
    notes.add("ride", {"available": True, "adult": True}, START - HOUR, Authority.PATIENT)
    assert outcome("ride", evidence=notes.all, protocol=replace(PROTOCOL, items=own)) == OK


def test_what_is_owed_at_discharge_is_done_after_the_start_and_a_prescriber_may_be_noted_late():
    notes, later = ready_notes(), START + HOUR
    notes.add("responsible_adult", {"present": True}, later)
    notes.add("prescriber_clearance:warfarin", {"answer": "agreed", "prescriber": "Dr. W", "how": "fax"}, later)
    for item in ("responsible_adult", "prescriber_clearance:warfarin"):
        assert outcome(item, taking("warfarin"), notes.all, now=later) == OK


def test_item_of_which_the_patients_word_is_enough_waits_for_no_look():
    own = tuple(
        replace(rule, patient_word="yes", verified_by="nurse") if rule.kind == "ride" else rule for rule in ITEMS
    )
    notes = Notes()
    notes.add("ride", {"available": True, "adult": True}, START - HOUR, Authority.PATIENT)
    assert outcome("ride", evidence=notes.all, protocol=replace(PROTOCOL, items=own)) == OK


def test_decision_about_a_drug_is_no_look_at_its_last_dose():
    notes = Notes()
    dose = {"last_dose_at": (START - 30 * HOUR).isoformat()}
    notes.add("hold:ibuprofen", dose, START - 9 * HOUR, Authority.PATIENT)
    notes.add("hold:ibuprofen", {"decision": "continue"}, START - HOUR, Authority.NURSE)
    assert outcome("hold:ibuprofen", taking("ibuprofen"), notes.all) == WAITS


def test_what_two_studies_of_one_instant_lack_alike_is_one_reason():
    notes = Notes()
    for _ in range(2):
        notes.add("imaging", MRI, START - timedelta(days=400))
    found = finding("imaging", replace(FACTS, fractured=None, onset=None), notes.all)
    assert [reason.code for reason in found.reasons] == ["imaging_expired"]
