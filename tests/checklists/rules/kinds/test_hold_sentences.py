# ruff: noqa: E501  (tables of whole sentences)
"""What a hold tells the patient's team, what it rests on, and how far it moves the start."""

from dataclasses import replace
from datetime import timedelta

import pytest

from checklists.protocols.loader import load
from checklists.rules.values import Medication
from tests.checklists.rules.cases import HOUR, PROTOCOL, START, at, finding, hold, judge, taking
from tests.checklists.rules.notes import Notes

REFERENCE = load("reference-asra", signed=True)
TWO_TIMES = load("reference-two-threshold")
DAY = timedelta(days=1)
CREATININE = {"analyte": "creatinine", "value": 3.5, "unit": "mg/dL"}
EVERY_TWO_WEEKS = Medication("adalimumab", interval_days=14)


def dose(hours):
    return {"last_dose_at": (START - hours * HOUR).isoformat()}


def noted(drug, *values, seen=START - HOUR, creatinine=False):
    notes = Notes()
    for value in values:
        notes.add(f"hold:{drug}", value, seen)
    if creatinine:
        notes.add("labs", CREATININE, START - 3 * DAY)
    return notes.all


def with_row(*arguments, **more):
    """The protocol with one row, of the drug `x`."""
    fields = {name: more.pop(name) for name in ("extra_gate", "settled_by") if name in more}
    return replace(PROTOCOL, holds=(replace(hold("x", *arguments, **more), **fields),))


def told(medication, *values, protocol=PROTOCOL, **more):
    """Every sentence of the hold of one medication."""
    named = medication if isinstance(medication, Medication) else Medication(medication)
    found = finding(f"hold:{named.name}", taking(named), noted(named.name, *values, **more), protocol=protocol)
    return [reason.sentence for reason in found.reasons or (found,)]


TIER = "The protocol treats aspirin by dose or reason (primary prevention or analgesic; secondary prevention (stent)). Record which of these it is."


@pytest.mark.parametrize(
    ("medication", "values", "sentences"),
    [
        ("ibuprofen", [], ["The last dose of ibuprofen is not recorded. Ask for its date and time."]),
        ("ibuprofen", [dose(10)], ["Ibuprofen needs 24 hours since the last dose: start from Thu 11 Mar 2027 00:00 EST on."]),
        ("ibuprofen", [dose(24)], ["The hold of ibuprofen is long enough."]),
        ("ibuprofen", [{"not_taking": True}], ["Ibuprofen is not taken."]),
        ("ibuprofen", [dose(24 * 340)], ["The last dose of ibuprofen is recorded as Sat 4 Apr 2026, about a year ago. Check the year and record it again, or that it is not taken."]),
        ("warfarin", [], ["The patient goes on taking warfarin until its prescriber has agreed to a stop. Get that answer first."]),
        ("unheard-of", [], ["The protocol has no row for unheard-of: a clinician decides what to do."]),
        ("unheard-of", [dose(10)], ["The protocol has no row for unheard-of: a clinician decides what to do."]),
        ("cilostazol", [dose(10)], ["Cilostazol was held for less than 48 hours: a clinician decides."]),
        ("aspirin", [], [TIER, "Aspirin: a clinician decides whether it is stopped, and for how long."]),
        ("aspirin", [dose(10)], [TIER, "Aspirin: a clinician decides whether it is stopped, and for how long."]),
        ("sertraline", [dose(10)], ["Sertraline: a clinician looks at it before the procedure."]),
        ("metformin", [dose(1)], ["Metformin was taken on the day of the procedure: a clinician decides."]),
        ("adalimumab", [dose(100)], ["Change the plan and give, in the list of medications, how many days apart the doses of adalimumab are."]),
        (EVERY_TWO_WEEKS, [dose(100)], ["Adalimumab needs 21 days since the last dose: start from Sat 27 Mar 2027 07:00 EDT on."]),
    ],
)  # fmt: skip
def test_hold_names_the_drug_the_time_and_what_to_do(medication, values, sentences):
    assert told(medication, *values) == sentences


@pytest.mark.parametrize(
    ("row", "hours", "sentence"),
    [
        ({"clear": 72, "block": 24}, 10, "X needs 3 days since the last dose: start from Sat 13 Mar 2027 00:00 EST on."),
        ({"clear": 72, "block": 24}, 30, "X was held for less than 3 days: a clinician decides."),
        ({"block": 24}, 10, "X needs 24 hours since the last dose: start from Thu 11 Mar 2027 00:00 EST on."),
        ({"block": 24}, 30, "Time alone does not clear x; it needs: a clinician's decision."),
        ({"block": 24, "extra_gate": "a normal level"}, 30, "Time alone does not clear x; it needs: a normal level."),
    ],
)  # fmt: skip
def test_hold_between_two_times_says_which_one_is_meant(row, hours, sentence):
    assert told("x", dose(hours), protocol=with_row(**row)) == [sentence]


@pytest.mark.parametrize(
    ("gate", "wanted"), [("", "a written decision has"), ("a letter of the cardiologist", "a letter of the cardiologist has")]
)  # fmt: skip
def test_decision_that_has_to_be_written_is_named(gate, wanted):
    protocol = with_row("clinician_decision", extra_gate=gate, settled_by=frozenset({"decision"}))
    assert told("x", protocol=protocol) == [f"X: {wanted} to be recorded; until then, see a clinician."]


ONLY_WITH_GOOD_KIDNEYS = with_row(clear=24, crcl=(50, None))


def test_kidney_function_that_no_row_covers_is_for_a_clinician_and_postpones_nothing():
    uncovered = ["No row of the protocol holds for x here: a clinician decides."]
    assert told("x", dose(10), protocol=ONLY_WITH_GOOD_KIDNEYS, creatinine=True) == uncovered
    found = finding("hold:x", taking("x"), noted("x", creatinine=True), protocol=ONLY_WITH_GOOD_KIDNEYS)
    assert (found.status, found.code) == ("review", "no_row")
    unknown = told("x", dose(30), protocol=ONLY_WITH_GOOD_KIDNEYS)
    assert unknown == ["X: Kidney function is not known: record creatinine."]


def test_protocol_without_holds_has_none():
    items = tuple(rule for rule in PROTOCOL.items if rule.kind != "hold")
    verdict = judge(taking("ibuprofen"), protocol=replace(PROTOCOL, items=items))
    assert [f.item for f in verdict.findings if f.kind == "hold" or f.code == "rule_error"] == []


TOO_HIGH = "What is left of apixaban is above the limit of the protocol. Call the clinician: wait and measure it again."
DABIGATRAN = "dabigatran etexilate"
NEEDED = f"Time alone does not clear {DABIGATRAN}; it needs: Drug level below 30 ng/mL, or a normal dilute thrombin time, on file."


@pytest.mark.parametrize(
    ("protocol", "drug", "held", "level", "creatinine", "sentences"),
    [
        (TWO_TIMES, "apixaban", 50, 40, 0.8, [TOO_HIGH]),  # between its two times
        (REFERENCE, "apixaban", 80, 40, 0.8, [TOO_HIGH]),  # long enough, were it not for the level
        (REFERENCE, DABIGATRAN, 150, None, 3.5, [NEEDED, f"Measure the level of {DABIGATRAN}, drawn after its last dose, and record it."]),
    ],
)  # fmt: skip
def test_level_of_a_drug_is_told_with_its_name(protocol, drug, held, level, creatinine, sentences):
    notes = Notes()
    notes.add(f"hold:{drug}", dose(held))
    notes.add("labs", {**CREATININE, "value": creatinine}, START - 3 * DAY)
    if level:
        notes.add("labs", {"analyte": f"{drug} level", "value": level, "unit": "ng/mL"}, START - 2 * HOUR)
    found = finding(f"hold:{drug}", taking(drug), notes.all, protocol=protocol)
    assert [reason.sentence for reason in found.reasons] == sentences


# ---- when it was said


@pytest.mark.parametrize(
    ("drug", "said_at", "code"),
    [
        ("ibuprofen", at("2027-03-08 23:59"), "dose_stated_early"),  # to be stopped on Tuesday 10:00
        ("ibuprofen", at("2027-03-09 00:00"), "satisfied"),
        ("metformin", at("2027-03-09 23:59"), "dose_stated_early"),  # to be left out on the day itself
        ("metformin", at("2027-03-10 00:00"), "satisfied"),
    ],
)
def test_dose_that_was_stated_before_the_time_to_stop_is_asked_again(drug, said_at, code):
    found = finding(f"hold:{drug}", taking(drug), noted(drug, dose(200), seen=said_at))
    assert found.code == code
    if code == "dose_stated_early":
        assert found.status == "pending"  # up to the start, whatever the deadline of the hold
        ask = f"This was said before {drug} had to be stopped for this start. Ask when it was last taken."
        assert found.sentence == ask


# ---- how far it moves the start


NOW = START - 2 * DAY


@pytest.mark.parametrize(
    ("medication", "values", "earliest"),
    [
        ("ibuprofen", [], NOW + 24 * HOUR),
        ("ibuprofen", [dose(50)], NOW + 22 * HOUR),
        ("adalimumab", [dose(50)], NOW),
        (EVERY_TWO_WEEKS, [dose(50)], NOW - 2 * HOUR + 21 * DAY),
        (EVERY_TWO_WEEKS, [], NOW + 21 * DAY),
        ("aspirin", [dose(50)], NOW),
        ("sertraline", [dose(50)], NOW),
        ("metformin", [dose(50)], at("2027-03-09 00:00")),
        ("unheard-of", [dose(50)], NOW),
    ],
)
def test_start_is_possible_once_the_hold_is_over(medication, values, earliest):
    named = medication if isinstance(medication, Medication) else Medication(medication)
    evidence = noted(named.name, *values, seen=NOW)
    assert judge(taking(named), evidence, None, NOW).earliest_safe_start == max(earliest, NOW)


def test_drug_that_is_only_looked_at_postpones_nothing():
    evidence = noted("fish oil", dose(50), seen=NOW)
    assert judge(taking("fish oil"), evidence, None, NOW, REFERENCE).earliest_safe_start == NOW


def test_drug_without_a_row_for_these_kidneys_postpones_nothing():
    evidence = noted("x", dose(50), seen=NOW, creatinine=True)
    earliest = judge(taking("x"), evidence, None, START, ONLY_WITH_GOOD_KIDNEYS).earliest_safe_start
    assert earliest == START


# ---- what a signature is for


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (Medication("aspirin"), Medication("aspirin", "100 mg")),
        (Medication("aspirin"), Medication("aspirin", route="oral")),
        (Medication("aspirin"), Medication("aspirin", indication="pain")),
        (Medication("aspirin"), Medication("aspirin", interval_days=2)),
        (Medication("aspirin"), Medication("aspirin", daily_mg=100)),
        (Medication("aspirin"), Medication("aspirin", rxcui="1191")),
        (Medication("aspirin"), Medication("Aspirin")),
    ],
)
def test_signature_on_one_way_of_taking_a_drug_is_not_for_another(one, other):
    taken, changed = (finding("hold:aspirin", taking(medication)) for medication in (one, other))
    assert taken.inputs != changed.inputs


def test_signature_on_one_dose_is_not_for_another_unless_the_drug_goes_on():
    def inputs(*values):
        stented = taking(Medication("aspirin", indication="stent"))
        return finding("hold:aspirin", stented, noted("aspirin", *values), protocol=REFERENCE).inputs

    assert inputs(dose(10)) != inputs(dose(11))
    on = {"decision": "continue", "decided_by": "Dr. Weber"}
    assert inputs(dose(10), on) == inputs(dose(11), on)


def test_signature_on_one_decision_is_not_for_a_later_one():
    on = {"decision": "continue", "decided_by": "Dr. Weber"}
    first, again = noted("cilostazol", on), noted("cilostazol", on, on)
    one, other = (finding("hold:cilostazol", taking("cilostazol"), notes) for notes in (first, again))
    assert (one.evidence, other.evidence) == ((1,), (2,))
    assert one.inputs != other.inputs
