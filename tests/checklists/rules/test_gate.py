"""The gates: what each tests, what an override carries, what none can."""

from dataclasses import replace

import pytest

from checklists.rules.gate import SHUT, TESTED, decide
from checklists.rules.values import (
    Gate,
    GateDecision,
    Override,
    OverrideClass,
    Shut,
    State,
    Status,
    Verdict,
    digest,
)
from checklists.rules.verdict_json import finding_to_json
from tests.checklists.rules.cases import HOUR, PROTOCOL, START, finding, judge, taking
from tests.checklists.rules.notes import CHECK, NO_ANSWERS, RECOVERED, ready_notes


def without(*items):
    return [entry for entry in ready_notes().all if entry.item not in items]


def recovered():
    notes = ready_notes()
    notes.add("recovery_observation", RECOVERED)
    notes.add("after_care", {"explained": ["driving", "red_flags"]})
    notes.add("follow_up", {"arranged": ["visit", "call_24h"]})
    notes.add("responsible_adult", {"present": True})
    return notes.all


def answer(verdict, gate, *overrides, has_booking=True):
    decision = decide(verdict, gate, overrides, has_booking)
    return decision.answer, [(f.item, f.code) for f in decision.refusals]


def test_every_gate_has_its_tested_items():
    assert set(TESTED) == set(Gate)


@pytest.mark.parametrize("gate", [Gate.BOOKING, Gate.CHECK_IN, Gate.START])
def test_ready_case_passes_every_gate_before_the_procedure(gate):
    assert answer(judge(evidence=ready_notes().all), gate) == ("open", [])


@pytest.mark.parametrize(
    ("item", "closed"),
    [
        ("consult", {Gate.BOOKING, Gate.CHECK_IN, Gate.START}),
        ("ride", {Gate.CHECK_IN, Gate.START}),
        ("infection_check", {Gate.START}),
        ("allergies", {Gate.CHECK_IN, Gate.START}),
        ("anesthesia_evaluation", {Gate.START}),
        ("antibiotic_plan", {Gate.START}),
        ("consent", {Gate.START}),
        ("authorisation", {Gate.START}),
    ],
)
def test_item_closes_the_gates_that_need_it(item, closed):
    verdict = judge(evidence=without(item))
    refused = {gate for gate in Gate if answer(verdict, gate)[0] == "refused"}
    assert refused == closed | {Gate.DISCHARGE}


def test_discharge_tests_discharge_items_only():
    verdict = judge(evidence=without("consult"))
    assert answer(verdict, Gate.DISCHARGE) == (
        "refused",
        [
            ("recovery_observation", "recovery_missing"),
            ("after_care", "after_care_missing"),
            ("follow_up", "follow_up_missing"),
            ("responsible_adult", "responsible_adult_missing"),
        ],
    )
    assert answer(judge(evidence=recovered()), Gate.DISCHARGE) == ("open", [])


def test_refusal_names_every_item():
    verdict = judge(evidence=without("ride", "infection_check"))
    assert answer(verdict, Gate.START)[1] == [("ride", "ride_missing"), ("infection_check", "check_missing")]


def test_decision_names_what_was_carried_and_whether_the_protocol_is_signed():
    ready = judge(evidence=ready_notes().all)
    assert decide(ready, Gate.START, (), True) == GateDecision("open", (), (), True)
    unsure = judge(evidence=without("ride", "fasting"))
    ride, fasting = unsure.finding("ride"), unsure.finding("fasting")
    carried = decide(unsure, Gate.START, [override_of(ride), override_of(fasting)], True)
    assert carried == GateDecision("open_overridden", (), ("fasting", "ride"), True)
    half = decide(unsure, Gate.START, [override_of(ride)], True)
    assert half == GateDecision("refused", (fasting,), ("ride",), True)


def test_time_mends_a_booking_item_that_is_too_early():
    verdict = judge(evidence=ready_notes().all)
    early = verdict.findings[0]._replace(status=Status.TOO_EARLY)
    changed = replace(verdict, findings=(early, *verdict.findings[1:]))
    assert answer(changed, Gate.BOOKING)[0] == "open"
    assert answer(changed, Gate.CHECK_IN)[0] == "refused"


# ---- overrides


def override_of(found, second_by="staff:2"):
    return Override(found.item, found.inputs, "staff:1", second_by)


@pytest.mark.parametrize(
    ("item", "second_by", "expected"),
    [
        ("ride", None, "open_overridden"),
        ("fasting", None, "refused"),
        ("fasting", "staff:1", "refused"),
        ("fasting", "staff:2", "open_overridden"),
        ("infection_check", "staff:2", "refused"),
    ],
)
def test_override_carries_by_its_class(item, second_by, expected):
    verdict = judge(evidence=without(item))
    override = override_of(verdict.finding(item), second_by)
    assert answer(verdict, Gate.START, override)[0] == expected


def test_override_is_void_once_the_inputs_change():
    evidence = without("ride")
    override = override_of(finding("ride", evidence=evidence))
    notes = ready_notes()
    notes.add("ride", {"available": False})
    assert answer(judge(evidence=notes.all), Gate.START, override)[0] == "refused"
    assert answer(judge(evidence=evidence, now=START), Gate.START, override)[0] == "open_overridden"


def test_override_of_too_early_does_not_carry_another_failure():
    facts = taking("ibuprofen")
    notes = ready_notes()
    dose = START - 23 * HOUR
    notes.add("hold:ibuprofen", {"last_dose_at": dose.isoformat()})
    early = finding("hold:ibuprofen", facts, notes.all)
    assert decide(judge(facts, notes.all), Gate.START, [override_of(early)], True).overridden == ("hold:ibuprofen",)
    notes.add("hold:ibuprofen", {"took_it": True, "last_dose_at": (START - HOUR).isoformat()}, START)
    assert answer(judge(facts, notes.all), Gate.START, override_of(early))[0] == "refused"


# ---- what no override carries


def test_unsigned_protocol_refuses_every_gate():
    verdict = judge(evidence=ready_notes().all, protocol=replace(PROTOCOL, signed=False))
    assert {answer(verdict, gate)[1][0] for gate in Gate} == {("protocol", "protocol_unsigned")}
    assert not any(decide(verdict, gate, (), has_booking=True).signed for gate in Gate)


@pytest.mark.parametrize(
    ("shut", "refusing"),
    [(Shut.WITHDRAWN, set(Gate) - {Gate.DISCHARGE}), (Shut.ALTERED, set(Gate)), (Shut.UNSIGNED, set(Gate))],
)
def test_withdrawn_protocol_refuses_every_gate_but_the_way_home(shut, refusing):
    verdict = judge(evidence=ready_notes().all, protocol=replace(PROTOCOL, signed=False, shut=shut))
    found = {gate for gate in Gate if ("protocol", shut.value) in answer(verdict, gate)[1]}
    assert found == refusing


def test_case_without_booking_is_not_checked_in():
    verdict = judge(evidence=ready_notes().all)
    assert answer(verdict, Gate.CHECK_IN, has_booking=False) == ("refused", [("booking", "not_booked")])
    assert answer(verdict, Gate.BOOKING, has_booking=False) == ("open", [])


def test_verdict_on_nothing_is_refused():
    verdict = judge(evidence=ready_notes().all)
    empty = Verdict(verdict.state, (), None, None, True)
    assert answer(empty, Gate.BOOKING) == ("refused", [("protocol", "nothing_judged")])


def test_infection_is_never_overridden():
    notes = ready_notes()
    notes.add("infection_check", {**CHECK, "answers": NO_ANSWERS, "outcome": "infection"})
    verdict = judge(evidence=notes.all)
    override = override_of(verdict.finding("infection_check"))
    assert answer(verdict, Gate.START, override) == ("refused", [("infection_check", "infection_found")])


@pytest.mark.parametrize(
    ("start", "carries"),
    [
        (START - HOUR, False),
        (START, True),
        (START + HOUR, True),
        (START + 2 * HOUR, False),
        (None, False),
    ],
)
def test_override_carries_the_starts_it_was_given_for(start, carries):
    verdict = judge(evidence=without("ride"))
    override = replace(override_of(verdict.finding("ride")), start_from=START, start_until=START + 2 * HOUR)
    assert decide(verdict, Gate.START, [override], True, start).is_open is carries


@pytest.mark.parametrize("end", ["start_from", "start_until"])
@pytest.mark.parametrize("start", [START - HOUR, START, START + HOUR, None])
def test_override_for_a_range_without_an_end_carries_no_start(end, start):
    verdict = judge(evidence=without("ride"))
    override = replace(override_of(verdict.finding("ride")), **{end: START})
    assert not decide(verdict, Gate.START, [override], True, start).is_open


def test_override_for_any_start_carries_a_case_without_one():
    verdict = judge(evidence=without("ride"))
    assert decide(verdict, Gate.START, [override_of(verdict.finding("ride"))], True, None).is_open


def test_each_refusal_of_the_case_itself_says_whose_it_is():
    refused = decide(judge(protocol=replace(PROTOCOL, signed=False)), Gate.START, (), has_booking=False)
    owners = {refusal.code: (refusal.owner, refusal.override) for refusal in refused.refusals}
    never = OverrideClass.NEVER
    assert owners["protocol_unsigned"] == ("clinician", never)
    assert owners["not_booked"] == ("scheduler", never)


def test_refusal_of_the_case_itself_is_a_failure_of_the_gate_that_was_asked():
    """What an API caller and a page read of it; no clock and no override mends it."""
    unsigned = decide(judge(protocol=replace(PROTOCOL, signed=False)), Gate.BOOKING, (), has_booking=False)
    assert [finding_to_json(refusal) for refusal in unsigned.refusals if refusal.item == "protocol"] == [
        {
            "item": "protocol",
            "kind": "protocol",
            "step": "consult",
            "status": "failed",
            "code": "protocol_unsigned",
            "sentence": "No clinician has signed this protocol version. Sign it before any case uses it.",
            "owner": "clinician",
            "needed_by": "booking",
            "override": "never",
            "due_at": None,
            "deadline_at": None,
            "clear_at": None,
            "inputs": digest("protocol", "protocol_unsigned"),
            "recorded": False,
            "evidence": [],
            "reasons": [],
        }
    ]


def test_unsigned_protocol_and_missing_booking_are_both_said():
    empty = Verdict(State.BLOCKED, (), None, None, True)
    told = [
        [(refusal.code, refusal.needed_by, refusal.sentence) for refusal in decide(verdict, gate, (), False).refusals]
        for verdict, gate in ((replace(empty, signed=False), Gate.CHECK_IN), (empty, Gate.START), (empty, Gate.BOOKING))
    ]
    booking = "The case has no booking. Book it first."
    nothing = "The protocol demands nothing of this case, so nothing was judged. Complete the protocol."
    assert told == [
        [("protocol_unsigned", Gate.CHECK_IN, SHUT[Shut.UNSIGNED]), ("not_booked", Gate.CHECK_IN, booking)],
        [("nothing_judged", Gate.START, nothing), ("not_booked", Gate.START, booking)],
        [("nothing_judged", Gate.BOOKING, nothing)],
    ]


def test_way_home_under_a_withdrawn_protocol_is_open_and_says_that_it_is_not_signed():
    verdict = judge(evidence=recovered(), protocol=replace(PROTOCOL, signed=False, shut=Shut.WITHDRAWN))
    assert decide(verdict, Gate.DISCHARGE, (), has_booking=False) == GateDecision("open", (), (), signed=False)


@pytest.mark.parametrize("gate", [Gate.CHECK_IN, Gate.START])
def test_both_gates_of_the_day_need_a_booking(gate):
    verdict = judge(evidence=ready_notes().all)
    assert answer(verdict, gate, has_booking=False)[1] == [("booking", "not_booked")]


def test_override_of_one_item_does_not_carry_another_with_the_same_inputs():
    verdict = judge(evidence=without("ride"))
    override = replace(override_of(verdict.finding("ride")), item="fasting")
    assert answer(verdict, Gate.START, override)[0] == "refused"
