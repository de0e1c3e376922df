"""What is said of a last dose, by whom and when; refusals that stand; drugs taken off the list."""

from dataclasses import replace
from datetime import timedelta

import pytest

from checklists.rules.assess import context_of
from checklists.rules.clock import Clock, Start
from checklists.rules.doses import last_dose
from checklists.rules.values import Authority, Medication
from tests.checklists.rules.cases import (
    FACTS,
    HOUR,
    PROTOCOL,
    SECOND,
    START,
    at,
    finding,
    hold,
    judge,
    outcome,
    taking,
)
from tests.checklists.rules.notes import Notes
from tests.checklists.rules.test_reference import REFERENCE

OK = ("satisfied", "satisfied")
AGREED = {"answer": "agreed", "prescriber": "Dr. Weber", "how": "phone"}
REFUSED = {**AGREED, "answer": "refused"}
STOP_WARFARIN = START - 120 * HOUR


@pytest.mark.parametrize(
    ("said_at", "expected"),
    [
        # 24 hours before the start is Tuesday 10:00: what is said on Tuesday or later shows that the drug was stopped.
        ("2027-03-09 00:00", OK),
        ("2027-03-08 23:59:59", ("pending", "dose_stated_early")),
        ("2027-02-17 10:00", ("pending", "dose_stated_early")),
    ],
)
def test_dose_stated_before_the_day_of_the_stop_does_not_show_that_it_was_the_last(said_at, expected):
    notes, said = Notes(), at(said_at)
    notes.add("hold:ibuprofen", {"last_dose_at": (said - 30 * HOUR).isoformat()}, said, Authority.NURSE)
    assert outcome("hold:ibuprofen", taking("ibuprofen"), notes.all) == expected


def test_dose_has_to_be_asked_again_after_a_move():
    notes = Notes()
    notes.add("hold:ibuprofen", {"last_dose_at": (START - 30 * HOUR).isoformat()}, START - HOUR)
    moved = START + timedelta(days=7)
    assert outcome("hold:ibuprofen", taking("ibuprofen"), notes.all) == OK
    assert outcome("hold:ibuprofen", taking("ibuprofen"), notes.all, moved, moved - SECOND)[1] == "dose_stated_early"
    notes.add("hold:ibuprofen", {"last_dose_at": (START - 30 * HOUR).isoformat()}, moved - HOUR)
    assert outcome("hold:ibuprofen", taking("ibuprofen"), notes.all, moved, moved - SECOND) == OK


def test_drug_not_to_be_taken_on_the_day_is_asked_about_on_the_day():
    for said_at, expected in (("2027-03-10 00:00", "satisfied"), ("2027-03-09 23:59:59", "pending")):
        notes = Notes()
        notes.add("hold:metformin", {"last_dose_at": at("2027-03-09 18:00").isoformat()}, at(said_at))
        assert outcome("hold:metformin", taking("metformin"), notes.all)[0] == expected


# ---- off the list


def test_drug_taken_off_the_list_is_still_held_and_still_owed_a_restart():
    notes = Notes()
    notes.add("hold:ibuprofen", {"last_dose_at": (START - 23 * HOUR).isoformat()})
    assert outcome("hold:ibuprofen", FACTS, notes.all) == ("too_early", "hold_too_short")
    assert outcome("restart_decision:ibuprofen", FACTS, notes.all) == ("pending", "restart_undecided")


def test_dose_known_by_its_date_keeps_a_drug_that_was_taken_off_the_list():
    notes = Notes()
    notes.add("ride", {"available": True})
    for name in ("mystery", "advil", "ibuprofen"):
        notes.add(f"hold:{name}", {"last_dose_on": "2027-03-09"})
    assert outcome("hold:ibuprofen", FACTS, notes.all) == ("too_early", "hold_too_short")
    # A drug is kept by the protocol's name for it, under which its dose was recorded.
    assert [f.item for f in judge(FACTS, notes.all).findings if f.kind == "hold"] == ["hold:ibuprofen"]


@pytest.mark.parametrize(
    ("values", "at_last", "not_taking", "said_by"),
    [
        ([], None, False, []),
        ([{"not_taking": True}], None, True, [1]),
        ([{"last_dose_on": "2027-03-01"}], "2027-03-01 23:59", False, [1]),
        ([{"last_dose_on": "2027-03-01"}, {"not_taking": True}], "2027-03-01 23:59", False, [2]),
        ([{"last_dose_at": "2027-03-01T08:00:00-05:00"}, {"answers": {"stent": "no"}}], "2027-03-01 08:00", False, [1]),
        ([{"decision": "continue"}], None, False, []),
    ],
)
def test_last_dose_stands_whatever_else_was_said_after_it(values, at_last, not_taking, said_by):
    notes = Notes()
    for number, value in enumerate(values):
        notes.add("hold:ibuprofen", value, START - (9 - number) * HOUR)
    case = context_of(PROTOCOL, taking("ibuprofen"), notes.all, Start(START, Clock(START)))
    dose = last_dose(case, "ibuprofen")
    assert (dose.at, [entry.id for entry in dose.evidence]) == (at_last and at(at_last), said_by)
    assert dose.not_taking is not_taking


@pytest.mark.parametrize("value", [{"not_taking": True}, {"answer": "not_sure"}])
def test_drug_without_a_recorded_dose_is_gone_with_the_list(value):
    notes = Notes()
    notes.add("hold:ibuprofen", value)
    assert judge(FACTS, notes.all).finding("hold:ibuprofen") is None


# ---- the prescriber


def told_to_stop(*answers):
    notes = Notes()
    now = START - timedelta(days=15)
    for value, authority in answers:
        notes.add("prescriber_clearance:warfarin", value, now - HOUR, authority)
    found = finding("hold:warfarin", taking("warfarin"), notes.all, now=now)
    return found.due_at is not None


def test_patient_is_told_to_stop_only_when_a_nurse_verified_the_agreement_and_no_refusal_stands():
    assert not told_to_stop((AGREED, Authority.SCHEDULER))
    assert told_to_stop((AGREED, Authority.NURSE))
    assert told_to_stop((AGREED, Authority.SCHEDULER), (AGREED, Authority.NURSE))
    assert not told_to_stop((AGREED, Authority.SCHEDULER), ({**AGREED, "answer": "asked"}, Authority.NURSE))
    assert not told_to_stop((AGREED, Authority.NURSE), (AGREED, Authority.SCHEDULER))
    assert not told_to_stop((AGREED, Authority.PATIENT))
    assert not told_to_stop((REFUSED, Authority.NURSE), (AGREED, Authority.NURSE))
    assert not told_to_stop((AGREED, Authority.NURSE), (REFUSED, Authority.SCHEDULER))
    assert not told_to_stop((AGREED, Authority.NURSE), (REFUSED, Authority.PATIENT))


# ---- restart


def test_restart_can_be_decided_on_the_day_of_a_dose_known_by_its_date():
    facts, notes = replace(taking("ibuprofen"), not_happening=True, put_off_at=START - HOUR), Notes()
    notes.add("hold:ibuprofen", {"last_dose_on": "2027-03-10"}, START - HOUR)
    notes.add("restart_decision:ibuprofen", {"decision": "restart"}, START - HOUR / 2)
    assert outcome("restart_decision:ibuprofen", facts, notes.all, None) == OK


def test_restart_says_by_when_a_clinician_decides():
    owed = "Ibuprofen was stopped. A clinician decides about taking it again,"
    assert finding("restart_decision:ibuprofen", taking("ibuprofen")).sentence == f"{owed} before discharge."
    off = replace(taking("ibuprofen"), not_happening=True, started_holds=("ibuprofen",))
    assert finding("restart_decision:ibuprofen", off).sentence == f"{owed} today: the procedure does not happen."


def test_restart_is_owed_from_the_time_to_stop_on_once_the_prescriber_agreed():
    notes, stop = Notes(), START - 120 * HOUR
    notes.add("prescriber_clearance:warfarin", AGREED, START - 200 * HOUR)
    assert judge(taking("warfarin"), notes.all, now=stop - SECOND).finding("restart_decision:warfarin") is None
    assert outcome("restart_decision:warfarin", taking("warfarin"), notes.all, now=stop) == (
        "pending",
        "restart_undecided",
    )


@pytest.mark.parametrize(
    ("item", "word"),
    [
        ("prescriber_clearance:warfarin", REFUSED),
        ("prescriber_clearance:warfarin", {**AGREED, "answer": "continue"}),
        ("hold:warfarin", {"not_taking": True}),
    ],
)
def test_restart_stays_owed_whatever_is_said_of_the_drug_after_its_time_to_stop(item, word):
    for said_at, owed in ((STOP_WARFARIN - SECOND, False), (STOP_WARFARIN, True)):
        notes = Notes()
        notes.add("prescriber_clearance:warfarin", AGREED, START - 200 * HOUR)
        notes.add(item, word, said_at)
        found = judge(taking("warfarin"), notes.all).finding("restart_decision:warfarin")
        assert (found is not None) is owed
    notes.add("restart_decision:warfarin", {"decision": "restart"}, STOP_WARFARIN + HOUR)
    assert outcome("restart_decision:warfarin", taking("warfarin"), notes.all) == OK


def test_restart_stays_owed_when_it_is_decided_after_the_time_to_stop_that_the_drug_goes_on():
    row = hold("x", "clinician_decision", clear=120, clearance=True, settled_by=frozenset({"continue", "stop"}))
    protocol = replace(PROTOCOL, holds=(row,))
    for said_at, owed in ((STOP_WARFARIN - SECOND, None), (STOP_WARFARIN, ("pending", "restart_undecided"))):
        notes = Notes()
        notes.add("prescriber_clearance:x", AGREED, START - 200 * HOUR)
        notes.add("hold:x", {"decision": "stop", "decided_by": "Dr. Ready", "hours": 120}, START - 199 * HOUR)
        notes.add("hold:x", {"decision": "continue", "decided_by": "Dr. Ready"}, said_at)
        found = judge(taking("x"), notes.all, protocol=protocol).finding("restart_decision:x")
        assert (found and (found.status, found.code)) == owed


def test_time_to_stop_before_a_refusal_is_that_of_the_kidneys_and_of_the_dose_as_listed():
    """Dabigatran is stopped 96 h before, with weak kidneys 144 h; x 24 h in a low dose, else 96 h."""
    kidneys = Notes()
    kidneys.add("labs", {"analyte": "creatinine", "value": 0.8, "unit": "mg/dL"}, START - 250 * HOUR)
    tiers = replace(
        PROTOCOL, holds=tuple(hold("x", clear=n, tier=t, clearance=True) for n, t in ((24, "low"), (96, "high")))
    )
    ride = {"available": True, "adult": True}
    said_again = Notes()
    said_again.add("ride", ride, supersedes=(said_again.add("ride", ride).id,))
    for drug, notes, protocol in (
        (Medication("dabigatran etexilate", dose_tier="treatment dose"), kidneys, REFERENCE),
        (Medication("x", dose_tier="low"), said_again, tiers),
    ):
        notes.add(f"prescriber_clearance:{drug.name}", AGREED, START - 200 * HOUR)
        notes.add(f"prescriber_clearance:{drug.name}", REFUSED, START - (120 if notes is kidneys else 50) * HOUR)
        verdict = judge(taking(drug), notes.all, protocol=protocol)
        assert verdict.finding(f"prescriber_clearance:{drug.name}").code == "clearance_refused"
        assert verdict.finding(f"restart_decision:{drug.name}") is None
        assert "rule_error" not in {finding.code for finding in verdict.findings}


def test_restart_of_a_drug_that_a_gel_gives_is_not_owed():
    notes = Notes()
    notes.add("prescriber_clearance:ibuprofen", AGREED, START - 200 * HOUR)
    notes.add("hold:ibuprofen", {"last_dose_at": (START - 30 * HOUR).isoformat()})
    gel = Medication("ibuprofen", route="topical")
    assert judge(taking(gel), notes.all).finding("restart_decision:ibuprofen") is None


def test_row_of_a_kidney_function_holds_as_it_was_decided():
    banded = hold("x", clear=72, crcl=(30, None), settled_by=frozenset({"stop"}))
    notes = Notes()
    notes.add("labs", {"analyte": "creatinine", "value": 0.8, "unit": "mg/dL"}, START - 70 * HOUR)
    notes.add("hold:x", {"last_dose_at": (START - 30 * HOUR).isoformat()}, START - 25 * HOUR)
    protocol = replace(PROTOCOL, holds=(banded,))
    assert outcome("hold:x", taking("x"), notes.all, protocol=protocol) == ("too_early", "hold_too_short")
    notes.add("hold:x", {"decision": "stop", "decided_by": "Dr. Ready", "hours": 24}, START - 25 * HOUR)
    assert outcome("hold:x", taking("x"), notes.all, protocol=protocol) == OK


def test_agreement_about_no_drug_owes_no_restart():
    notes = Notes()
    notes.add("prescriber_clearance:", AGREED, START - 200 * HOUR)
    notes.add("hold:", {"last_dose_at": (START - 150 * HOUR).isoformat()})
    assert judge(FACTS, notes.all).finding("restart_decision:") is None


def test_restart_stays_owed_when_a_scheduler_notes_another_agreement_or_the_drug_is_taken_off_the_list():
    notes = Notes()
    notes.add("prescriber_clearance:warfarin", AGREED, START - 200 * HOUR)
    owed = ("pending", "restart_undecided")
    assert outcome("restart_decision:warfarin", FACTS, notes.all) == owed
    assert judge(FACTS, notes.all, now=STOP_WARFARIN - SECOND).finding("restart_decision:warfarin") is None
    notes.add("prescriber_clearance:warfarin", AGREED, STOP_WARFARIN, authority=Authority.SCHEDULER)
    assert outcome("restart_decision:warfarin", taking("warfarin"), notes.all) == owed


def test_no_restart_is_owed_where_nobody_of_the_verifying_role_had_seen_the_agreement():
    notes = Notes()
    notes.add("prescriber_clearance:warfarin", AGREED, START - 200 * HOUR, authority=Authority.SCHEDULER)
    notes.add("prescriber_clearance:warfarin", REFUSED, STOP_WARFARIN + HOUR)
    assert judge(taking("warfarin"), notes.all).finding("restart_decision:warfarin") is None


def test_override_of_one_restart_decision_is_not_for_another():
    def decided(decision):
        notes = Notes()
        notes.add("restart_decision:ibuprofen", {"decision": decision})
        return finding("restart_decision:ibuprofen", taking("ibuprofen"), notes.all)

    assert decided("restart").status == decided("do_not_restart").status == "satisfied"
    assert decided("restart").inputs != decided("do_not_restart").inputs
