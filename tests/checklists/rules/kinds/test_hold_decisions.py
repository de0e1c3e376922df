"""What a person decides, what a laboratory measures, and what a dose that was said can mean."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from checklists.protocols.loader import load
from checklists.rules.kinds import check_value
from checklists.rules.values import Authority, Medication
from tests.checklists.rules.cases import FACTS, HOUR, SECOND, START, at, finding, judge, outcome, taking
from tests.checklists.rules.notes import Notes

REFERENCE = load("reference-asra", signed=True)
OK = ("satisfied", "satisfied")
GOES_ON = ("not_applicable", "goes_on")
SECONDARY = Medication("aspirin", indication="stent")
AGREED = {"answer": "agreed", "prescriber": "Dr. Weber", "how": "phone"}
GO_ON = {"decision": "continue", "decided_by": "Dr. Weber"}
STOP = {"decision": "stop", "decided_by": "Dr. Weber", "hours": 96}
DECIDED_AT = START - timedelta(days=10)


def noted(*entries):
    notes = Notes()
    for item, value, *rest in entries:
        notes.add(item, value, *rest)
    return notes.all


def judged(item, medication, evidence=(), facts=FACTS, **more):
    medications = medication if isinstance(medication, tuple) else (medication,)
    return outcome(item, taking(*medications, facts=facts), evidence, protocol=REFERENCE, **more)


# ---- aspirin after a stent: only a person decides


@pytest.mark.parametrize(
    ("value", "authority", "expected"),
    [
        (GO_ON, Authority.CLINICIAN, GOES_ON),
        (GO_ON, Authority.NURSE, ("review", "clinician_decision")),
        (GO_ON, Authority.PATIENT, ("review", "clinician_decision")),
        ({**GO_ON, "decision": "instruction"}, Authority.CLINICIAN, ("review", "clinician_decision")),
    ],
)
def test_recorded_decision_to_continue_clears_aspirin_after_a_stent(value, authority, expected):
    assert judged("hold:aspirin", SECONDARY, noted(("hold:aspirin", value, DECIDED_AT, authority))) == expected


def test_prescriber_s_answer_to_continue_clears_it_too_once_a_nurse_verified_it():
    answer = {**AGREED, "answer": "continue"}
    evidence = noted(("prescriber_clearance:aspirin", answer, DECIDED_AT, Authority.NURSE))
    assert judged("hold:aspirin", SECONDARY, evidence) == GOES_ON
    assert judged("prescriber_clearance:aspirin", SECONDARY, evidence) == OK
    said = noted(("prescriber_clearance:aspirin", answer, DECIDED_AT, Authority.PATIENT))
    assert judged("hold:aspirin", SECONDARY, said) == ("review", "clinician_decision")


def test_decision_of_a_clinician_to_continue_leaves_nobody_to_ask():
    evidence = noted(("hold:aspirin", GO_ON, DECIDED_AT))
    assert judged("prescriber_clearance:aspirin", SECONDARY, evidence) == ("not_applicable", "nothing_stopped")


def test_decision_to_stop_is_held_for_its_own_hours_and_told_only_once_agreed():
    decided = ("hold:aspirin", STOP, DECIDED_AT)
    agreed = ("prescriber_clearance:aspirin", AGREED, DECIDED_AT)
    now = START - timedelta(days=9)
    waiting = finding("hold:aspirin", taking(SECONDARY), noted(decided), protocol=REFERENCE, now=now)
    assert (waiting.code, waiting.due_at) == ("clearance_first", None)
    told = finding("hold:aspirin", taking(SECONDARY), noted(decided, agreed), protocol=REFERENCE, now=now)
    assert (told.code, told.due_at) == ("last_dose_unknown", START - 96 * HOUR)
    for held, expected in ((96 * HOUR, OK), (96 * HOUR - SECOND, ("too_early", "hold_too_short"))):
        dose = ("hold:aspirin", {"last_dose_at": (START - held).isoformat()})
        assert judged("hold:aspirin", SECONDARY, noted(decided, agreed, dose)) == expected


def test_later_decision_counts():
    first, second = ("hold:aspirin", STOP, DECIDED_AT), ("hold:aspirin", GO_ON, DECIDED_AT + HOUR)
    assert judged("hold:aspirin", SECONDARY, noted(first, second)) == GOES_ON


def test_decision_settles_only_the_rows_that_say_so():
    evidence = noted(("hold:warfarin", GO_ON, DECIDED_AT), ("prescriber_clearance:warfarin", AGREED, DECIDED_AT))
    assert judged("hold:warfarin", "warfarin", evidence)[1] == "last_dose_unknown"
    tacrolimus = noted(("hold:tacrolimus", GO_ON, DECIDED_AT))
    assert judged("hold:tacrolimus", "Prograf", tacrolimus) == ("review", "clinician_decision")


def test_aspirin_without_a_reason_stays_in_doubt_whatever_was_decided():
    evidence = noted(("hold:aspirin", GO_ON, DECIDED_AT))
    found = finding("hold:aspirin", taking("aspirin"), evidence, protocol=REFERENCE)
    assert [reason.code for reason in found.reasons] == ["clearance_first", "dose_tier_unknown"]


@pytest.mark.parametrize(
    ("value", "fields"),
    [
        (STOP, []),
        (GO_ON, []),
        ({"decision": "stop", "decided_by": "Dr. Weber"}, ["hours"]),
        ({**GO_ON, "hours": 24}, ["hours"]),
        ({"decision": "stop", "hours": 24}, ["decided_by"]),
        ({"decision": "maybe", "decided_by": "Dr. Weber"}, ["decision"]),
    ],
)
def test_decision_to_stop_names_its_hours_and_no_other_does(value, fields):
    assert [problem.field for problem in check_value("hold:aspirin", value)] == fields


# ---- drugs that no elapsed time clears


def measured(drug, analyte, value, unit, *, held=200, drawn=20, creatinine=None, **more):
    """A dose `held` hours before the start, a sample `drawn` hours before it."""
    entries = [
        (f"prescriber_clearance:{drug}", AGREED, START - timedelta(days=20)),
        (f"hold:{drug}", {"last_dose_at": (START - held * HOUR).isoformat()}),
    ]
    if creatinine:
        result = {"analyte": "creatinine", "value": creatinine, "unit": "mg/dL"}
        entries.append(("labs", result, START - timedelta(days=5)))
    if value is not None:
        entries.append(("labs", {"analyte": analyte, "value": value, "unit": unit, **more}, START - drawn * HOUR))
    return noted(*entries)


MAN = replace(FACTS, born_on=date(1947, 1, 1), sex="male", weight_kg=60.0)  # 50 mL/min at 1.0 mg/dL
DECISION, LEVEL = ("review", "hold_needs_decision"), ("review", "level_to_review")
HIGH = ("failed", "level_too_high")


@pytest.mark.parametrize(
    ("drug", "analyte", "unit", "limit"),
    [
        ("dabigatran", "dabigatran level", "ng/mL", 30),
        ("apixaban", "apixaban level", "ng/mL", 30),
        ("rivaroxaban", "rivaroxaban level", "ng/mL", 30),
        ("edoxaban", "edoxaban level", "ng/mL", 30),
    ],
)
def test_level_of_a_drug_below_a_clearance_of_30(drug, analyte, unit, limit):
    name = "dabigatran etexilate" if drug == "dabigatran" else drug
    item, held = f"hold:{name}", 144 if drug == "dabigatran" else 72
    for value, drawn, expected in (
        (limit - 0.1, 20, LEVEL),
        (limit, 20, HIGH),
        (None, 20, DECISION),
        (limit - 0.1, held + 1, DECISION),  # drawn before the last dose
        (limit - 0.1, 35, DECISION),  # drawn the day before the day before
    ):
        evidence = measured(name, analyte, value, unit, held=held, drawn=drawn, creatinine=2.0)
        assert judged(item, drug, evidence, MAN) == expected
    early = measured(name, analyte, limit - 0.1, unit, held=held - 1 / 3600, creatinine=2.0)
    assert judged(item, drug, early, MAN)[0] == "too_early"


@pytest.mark.parametrize(("value", "expected"), [(0.1, LEVEL), (0.11, HIGH)])
def test_anti_xa_serves_for_a_factor_xa_inhibitor(value, expected):
    evidence = measured("apixaban", "anti-Xa", value, "IU/mL", creatinine=2.0)
    assert judged("hold:apixaban", "apixaban", evidence, MAN) == expected
    dabigatran = measured("dabigatran etexilate", "anti-Xa", value, "IU/mL", creatinine=2.0)
    assert judged("hold:dabigatran etexilate", "dabigatran", dabigatran, MAN) == DECISION


def test_signature_on_a_level_is_not_for_another():
    one, other = (
        finding("hold:apixaban", taking("apixaban", facts=MAN), evidence, protocol=REFERENCE)
        for evidence in (measured("apixaban", "apixaban level", ng, "ng/mL", creatinine=2.0) for ng in (5, 29))
    )
    assert (one.code, one.reasons) == ("level_to_review", other.reasons)
    assert one.inputs != other.inputs


def test_dabigatran_below_30_needs_its_level_and_not_a_signature_alone():
    without = measured("dabigatran etexilate", "", None, "", creatinine=2.0)
    codes = [
        r.code
        for r in finding(
            "hold:dabigatran etexilate", taking("dabigatran", facts=MAN), without, protocol=REFERENCE
        ).reasons
    ]
    assert codes == ["hold_needs_decision", "level_missing"]


@pytest.mark.parametrize(
    ("value", "drawn", "expected"),
    [
        (None, 20, OK),  # nobody asks for it
        (29.9, 20, OK),
        (30, 20, HIGH),
        (80, 73, OK),  # drawn before the last dose
        (80, 35, OK),  # drawn the day before the day before
    ],
)
def test_level_above_its_limit_stops_what_time_has_cleared(value, drawn, expected):
    evidence = measured("apixaban", "apixaban level", value, "ng/mL", held=72, drawn=drawn, creatinine=1.0)
    assert judged("hold:apixaban", "apixaban", evidence, MAN) == expected


@pytest.mark.parametrize(
    ("value", "held", "expected"),
    [
        (None, 48, ("review", "hold_between_thresholds")),
        (29.9, 48, LEVEL),
        (30, 48, HIGH),
        (29.9, 48 - 1 / 3600, ("too_early", "hold_too_short")),
        (29.9, 72, OK),
        (30, 72, HIGH),
    ],
)
def test_level_of_a_shorter_hold_is_told_to_the_clinician(value, held, expected):
    evidence = measured("apixaban", "apixaban level", value, "ng/mL", held=held, creatinine=1.0)
    found = finding("hold:apixaban", taking("apixaban", facts=MAN), evidence, protocol=load("reference-two-threshold"))
    assert (found.status, found.code) == expected


def test_anti_xa_clears_enoxaparin_below_a_clearance_of_30():
    medication = Medication("enoxaparin", "therapeutic")
    for value, expected in ((0.1, OK), (0.11, HIGH), (None, DECISION)):
        evidence = measured("enoxaparin", "anti-Xa", value, "IU/mL", held=24, drawn=2, creatinine=2.0)
        assert judged("hold:enoxaparin", medication, evidence, MAN) == expected


@pytest.mark.parametrize("drug", ["argatroban", "bivalirudin"])
def test_aptt_within_the_laboratory_s_range_clears_an_infusion(drug):
    for value, drawn, range_, expected in (
        (35, 3, {"reference_high": 35}, OK),
        (35.1, 3, {"reference_high": 35}, HIGH),
        (30, 3, {}, DECISION),  # without its range a person reads it
        (30, 5, {"reference_high": 35}, DECISION),  # drawn before the infusion ended
    ):
        evidence = measured(drug, "aPTT", value, "s", held=4, drawn=drawn, **range_)
        assert judged(f"hold:{drug}", drug, evidence) == expected


@pytest.mark.parametrize(
    ("value", "more", "drawn", "code"),
    [
        (35, {"reference_high": 35}, 6, None),
        (35.1, {"reference_high": 35}, 6, "lab_out_of_range"),
        (30, {}, 6, "lab_borderline"),
        (30, {"reference_high": 35}, 6.001, "lab_expired"),
    ],
)
def test_heparin_by_vein_wants_an_aptt_of_the_last_six_hours(value, more, drawn, code):
    evidence = measured("heparin", "aPTT", value, "s", held=6, drawn=drawn, **more)
    facts = taking(Medication("heparin", "IV infusion"))
    assert outcome("hold:heparin", facts, evidence, protocol=REFERENCE) == OK
    found = {reason.code for reason in finding("labs", facts, evidence, protocol=REFERENCE).reasons}
    assert found - {"lab_missing"} == ({code} if code else set())


# ---- bridging


BRIDGED = ("warfarin", Medication("enoxaparin", "therapeutic"))
BOTH = [(f"prescriber_clearance:{drug}", AGREED, START - timedelta(days=20)) for drug in ("warfarin", "enoxaparin")]


def bridged(warfarin_h, enoxaparin, *, inr_h=20):
    result = {"analyte": "creatinine", "value": 0.8, "unit": "mg/dL"}
    notes = noted(
        *BOTH,
        ("labs", result, START - timedelta(days=6)),
        ("labs", {"analyte": "INR", "value": 1.1, "unit": "ratio"}, START - inr_h * HOUR),
        ("hold:warfarin", {"last_dose_at": (START - warfarin_h * HOUR).isoformat()}),
        ("hold:enoxaparin", enoxaparin),
    )
    verdict = judge(taking(*BRIDGED), notes, protocol=REFERENCE)
    return [verdict.finding(f"hold:{drug}").status for drug in ("warfarin", "enoxaparin")]


@pytest.mark.parametrize(
    ("warfarin_h", "enoxaparin_h", "expected"),
    [
        (120, 24, ["satisfied", "satisfied"]),
        (120, 23.99, ["satisfied", "too_early"]),
        (119.99, 24, ["too_early", "satisfied"]),
        (119.99, 119.99, ["too_early", "satisfied"]),
    ],
)
def test_bridging_has_its_own_clock_and_never_that_of_warfarin(warfarin_h, enoxaparin_h, expected):
    dose = {"last_dose_at": (START - enoxaparin_h * HOUR).isoformat()}
    assert bridged(warfarin_h, dose) == expected


def test_bridging_that_had_not_started_when_it_was_asked_about_is_asked_about_again():
    early = noted(*BOTH, ("hold:enoxaparin", {"not_taking": True}, START - timedelta(days=6)))
    assert judged("hold:enoxaparin", BRIDGED, early) == ("pending", "dose_stated_early")
    late = noted(*BOTH, ("hold:enoxaparin", {"not_taking": True}, START - 24 * HOUR))
    assert judged("hold:enoxaparin", BRIDGED, late) == OK


def test_bridging_started_after_it_was_denied_is_judged_by_its_own_last_dose():
    notes = noted(
        *BOTH,
        ("labs", {"analyte": "creatinine", "value": 0.8, "unit": "mg/dL"}, START - timedelta(days=6)),
        ("hold:enoxaparin", {"not_taking": True}, START - timedelta(days=6)),
        ("hold:enoxaparin", {"last_dose_at": (START - 20 * HOUR).isoformat()}),
    )
    assert judged("hold:enoxaparin", BRIDGED, notes) == ("too_early", "hold_too_short")


# ---- dose cycles


def cycle(interval, taken, protocol=REFERENCE):
    agreed = ("prescriber_clearance:adalimumab", AGREED, START - timedelta(days=20))
    dose = ("hold:adalimumab", {"last_dose_at": (START - taken).isoformat()})
    facts = taking(Medication("Humira", interval_days=interval))
    return outcome("hold:adalimumab", facts, noted(agreed, dose), protocol=protocol)


def test_biologic_is_clear_a_week_after_the_dose_that_would_have_been_due():
    assert cycle(14, timedelta(days=21)) == OK
    assert cycle(14, timedelta(days=21) - SECOND) == ("too_early", "hold_too_short")
    assert cycle(28, timedelta(days=35)) == OK
    assert cycle(28, timedelta(days=35) - SECOND) == ("too_early", "hold_too_short")


def test_biologic_without_its_interval_says_where_to_give_it():
    agreed = ("prescriber_clearance:adalimumab", AGREED, START - timedelta(days=20))
    dose = ("hold:adalimumab", {"last_dose_at": (START - timedelta(days=60)).isoformat()})
    found = finding(
        "hold:adalimumab", taking("Humira"), noted(agreed, dose), protocol=REFERENCE, now=START - 400 * HOUR
    )
    assert (found.status, found.code) == ("pending", "interval_missing")
    assert "Change the plan" in found.sentence


def test_week_after_the_cycle_is_the_protocol_s():
    rows = tuple(replace(row, after_cycle=timedelta(0)) if row.after_cycle else row for row in REFERENCE.holds)
    assert cycle(14, timedelta(days=14), replace(REFERENCE, holds=rows)) == OK
    silent = tuple(replace(row, after_cycle=None) for row in REFERENCE.holds)
    assert cycle(14, timedelta(days=300), replace(REFERENCE, holds=silent)) == ("review", "hold_needs_decision")


def test_protocol_silent_about_the_time_after_the_cycle_is_said_of_the_drug():
    silent = replace(REFERENCE, holds=tuple(replace(row, after_cycle=None) for row in REFERENCE.holds))
    taken = noted(("hold:adalimumab", {"last_dose_at": (START - timedelta(days=300)).isoformat()}))
    found = finding("hold:adalimumab", taking(Medication("Humira", interval_days=14)), taken, protocol=silent)
    lacks = "The protocol does not say how long after its dosing interval adalimumab is clear: a clinician decides."
    assert lacks in [reason.sentence for reason in found.reasons]


# ---- a year mistyped


@pytest.mark.parametrize(
    ("days", "value", "expected"),
    [
        (329, {}, OK),
        (330, {}, ("pending", "dose_long_ago")),
        (365, {}, ("pending", "dose_long_ago")),
        (365, {"confirmed": True}, OK),
    ],
)
def test_dose_of_about_a_year_ago_is_asked_about_again(days, value, expected):
    said = START - HOUR
    dose = {"last_dose_at": (said - timedelta(days=days)).isoformat(), **value}
    assert judged("hold:ibuprofen", "ibuprofen", noted(("hold:ibuprofen", dose, said))) == expected


def test_dose_of_about_a_year_ago_is_named_by_the_day_at_the_site():
    late = ("hold:ibuprofen", {"last_dose_at": at("2026-04-10 23:30").isoformat()}, START - HOUR)
    found = finding("hold:ibuprofen", taking("ibuprofen"), noted(late), protocol=REFERENCE)
    assert "The last dose of ibuprofen is recorded as Fri 10 Apr 2026, about a year ago." in found.sentence


@pytest.mark.parametrize(
    ("value", "fields"),
    [
        ({"last_dose_at": "2027-03-10T09:00:00-05:00"}, []),
        ({"last_dose_at": "2027-03-10T09:00:01-05:00"}, ["last_dose_at"]),
        ({"last_dose_on": "2027-03-10"}, []),
        ({"last_dose_on": "2027-03-12"}, ["last_dose_on"]),
        ({"last_dose_at": "2026-03-10T09:00:00-05:00"}, ["last_dose_at"]),
        ({"last_dose_on": "2026-03-10"}, ["last_dose_on"]),
        ({"last_dose_on": "2026-03-10", "confirmed": True}, []),
        ({"last_dose_on": "2026-05-01"}, []),
        ({"not_taking": True}, []),
    ],
)
def test_dose_is_held_against_the_time_at_which_it_was_said(value, fields):
    said_at = START - HOUR
    assert [problem.field for problem in check_value("hold:ibuprofen", value, said_at)] == fields


@pytest.mark.parametrize(
    "value", [{}, {"last": "monday"}, {"last_dose_at": 7}, {"answers": 7}, {"decision": "perhaps"}, {"decision": []}]
)
def test_word_that_cannot_be_read_blocks(value):
    assert judged("hold:ibuprofen", "ibuprofen", noted(("hold:ibuprofen", value))) == ("failed", "rule_error")
