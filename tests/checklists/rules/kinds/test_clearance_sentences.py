"""What a clearance tells the desk, the nurse and the clinician, and what it wants of the prescriber."""

from dataclasses import replace
from datetime import timedelta

import pytest

from checklists.rules.assess import context_of
from checklists.rules.clock import Clock, Start
from checklists.rules.kinds.clearance import Held, held_rows
from checklists.rules.protocol import ReviewIf
from checklists.rules.values import Authority, Medication
from tests.checklists.rules.cases import PROTOCOL, START, at, finding, hold, judge, taking
from tests.checklists.rules.kinds.test_clearance import (
    CHASING,
    FACTS_ON_WARFARIN,
    ITEM,
    MONDAY,
    SAID,
    SET_DAY,
    STOP,
    WEDNESDAY,
    answered,
    asked,
)
from tests.checklists.rules.notes import Notes

DAY = timedelta(days=1)
WAS_ASKED = "The prescriber of warfarin was asked on Mon 22 Feb 2027"


def told(notes, now=START - 20 * DAY, facts=FACTS_ON_WARFARIN, start=START, protocol=PROTOCOL):
    return finding(ITEM, facts, notes.all, start, now, protocol).sentence


def test_clearance_says_whom_to_ask_and_when_to_ask_again():
    missing = "Ask the prescriber of warfarin whether it may be stopped or has to go on, and record the answer."
    assert told(Notes()) == missing
    late = asked(at("2027-02-22 23:30"))  # 23 February in UTC
    assert told(late, MONDAY) == f"{WAS_ASKED} and has not answered yet. Call again and record the answer."
    again = f"{WAS_ASKED} and has not answered yet. Ask again on Wed 24 Feb 2027."
    assert told(asked(MONDAY), MONDAY, protocol=CHASING) == again
    assert told(asked(MONDAY), WEDNESDAY, protocol=CHASING) == f"{WAS_ASKED} and has not answered. Ask again now."
    unanswered = f"{WAS_ASKED} and has not answered by the day that was set. Call them, or decide how to go on."
    assert told(asked(MONDAY), SET_DAY) == unanswered


def test_answer_says_what_a_clinician_decides():
    goes_on = (
        "The prescriber wants warfarin to go on. A clinician decides whether the procedure is done while it is taken."
    )
    assert told(answered(answer="continue")) == goes_on
    refused = "The prescriber does not want warfarin stopped. Call the clinician, who decides how to go on."
    assert told(answered(answer="refused")) == refused
    other = answered(answer="agreed", last_dose_on="2027-03-04", start_on="2027-03-11")
    assert told(other) == (
        "The prescriber answered for a procedure on Thu 11 Mar 2027, which is now on another day. "
        "Ask for the last day of warfarin again."
    )
    on_the_day = answered(answer="agreed", last_dose_on="2027-03-10")
    assert told(on_the_day) == (
        "The prescriber named Wed 10 Mar 2027 as the last day of warfarin, which leaves 0 hours before this start; "
        "the protocol wants 120 hours (5 days): a clinician decides."
    )


@pytest.mark.parametrize(("hours", "shown"), [(24, "24 hours"), (36, "36 hours"), (48, "48 hours (2 days)")])
def test_hours_are_told_in_days_too_from_two_days_on(hours, shown):
    sentence = told(answered(answer="agreed", hold_hours=hours))
    assert sentence.startswith(f"The prescriber wants warfarin stopped for {shown};")


def test_day_of_the_procedure_is_that_of_the_site():
    evening = at("2027-03-10 21:30")  # 11 March in UTC
    notes = answered(answer="agreed", last_dose_on="2027-03-04", start_on="2027-03-10")
    assert finding(ITEM, FACTS_ON_WARFARIN, notes.all, evening).status == "satisfied"


def test_drug_that_is_not_stopped_needs_nobody_to_agree():
    notes = Notes()
    notes.add("hold:warfarin", {"not_taking": True})
    assert told(notes) == "Warfarin is not taken, so nobody need agree."


# ---- due, and for whom a signature is


def test_agreement_keeps_the_day_that_was_set_and_its_deadline():
    found = finding(ITEM, FACTS_ON_WARFARIN, answered(answer="agreed").all)
    assert (found.due_at, found.deadline_at) == (SET_DAY, STOP)


def test_case_without_a_start_and_without_days_to_chase_has_no_due():
    found = finding(ITEM, FACTS_ON_WARFARIN, asked(MONDAY).all, None, MONDAY)
    assert (found.code, found.due_at) == ("clearance_asked", None)


def test_clearance_without_a_deadline_still_goes_to_the_clinician_on_the_set_day():
    open_end = tuple(replace(r, deadline=None) if r.kind == "prescriber_clearance" else r for r in PROTOCOL.items)
    found = finding(ITEM, FACTS_ON_WARFARIN, asked(MONDAY).all, now=SET_DAY, protocol=replace(PROTOCOL, items=open_end))
    assert (found.code, found.owner) == ("clearance_unanswered", "clinician")


def test_protocol_that_asks_no_prescriber_has_no_clearance():
    unasked = tuple(r for r in PROTOCOL.items if r.kind != "prescriber_clearance")
    verdict = judge(FACTS_ON_WARFARIN, protocol=replace(PROTOCOL, items=unasked))
    assert [f.item for f in verdict.findings if f.item == ITEM or f.code == "rule_error"] == []


def test_signature_on_one_answer_is_not_for_another():
    few, many = (finding(ITEM, FACTS_ON_WARFARIN, answered(answer="agreed", hold_hours=h).all) for h in (110, 130))
    assert few.code == many.code == "clearance_conflicts"
    assert few.inputs != many.inputs


def test_override_for_one_condition_is_not_for_another():
    asks = ReviewIf(cleared=frozenset({"stent", "gastroparesis"}))
    row = replace(hold("warfarin", clear=120, clearance=True), review_if=asks)
    protocol = replace(PROTOCOL, holds=(row,))

    def unaware(*conditions):
        notes = Notes()
        notes.add(ITEM, {"answer": "agreed", **SAID}, START - 20 * DAY, Authority.NURSE)
        for condition in conditions:
            notes.add("hold:warfarin", {"answers": {condition: "yes"}}, START - 18 * DAY)
        facts = replace(FACTS_ON_WARFARIN, conditions=frozenset(conditions))
        return finding(ITEM, facts, notes.all, now=START - 16 * DAY, protocol=protocol)

    stent, both = unaware("stent"), unaware("stent", "gastroparesis")
    assert stent.code == both.code == "clearance_unaware"
    assert stent.inputs != both.inputs
    knew = "The prescriber of warfarin agreed, and nothing says that they knew of"
    assert stent.sentence == f"{knew} a stent. Ask again, and tell them of it."
    assert both.sentence == f"{knew} a stomach that is known to empty slowly, a stent. Ask again, and tell them of it."


# ---- what the letter asks of the prescriber


@pytest.mark.parametrize(
    ("medication", "wanted"),
    [
        ("warfarin", ["no dose for 120 hours (5 days) before the procedure"]),
        (Medication("humira", interval_days=14), ["no dose for 504 hours (21 days) before the procedure"]),
        (Medication("humira"), ["no time is stated: a clinician decides"]),
        ("metformin", ["no dose on the day of the procedure"]),
        ("sertraline", ["no time is stated: a clinician decides"]),
        ("unheard-of", []),
    ],
)
def test_prescriber_reads_what_the_protocol_wants(medication, wanted):
    facts = taking(medication)
    context = context_of(PROTOCOL, facts, (), Start(START, Clock(START - DAY)))
    drug = {"humira": "adalimumab"}.get(facts.medications[0].name, facts.medications[0].name)
    assert [held.wanted for held in held_rows(context, drug)] == wanted


def test_prescriber_reads_that_a_drug_goes_on_where_the_protocol_lets_it():
    assert Held(hold("celecoxib", "continue"), None).wanted == "it goes on"
