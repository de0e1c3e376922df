# ruff: noqa: E501  (tables of whole sentences)
"""What each finding tells the person who has to act: which item, level, drug, number or day, and what to do next."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from checklists.protocols.loader import load
from tests.checklists.rules.cases import FACTS, HOUR, PROTOCOL, START, finding, judge, taking
from tests.checklists.rules.notes import (
    ALLERGIES,
    AUTHORISED,
    CARE,
    CHECK,
    CONSENT,
    EVALUATION,
    MRI,
    NO_ANSWERS,
    RECOVERED,
    Notes,
)

DAY = timedelta(days=1)
YOUNG = replace(FACTS, born_on=date(1990, 6, 1))
REFERENCE = load("reference-asra", signed=True)
EVERYTHING = replace(PROTOCOL, items=tuple(replace(rule, required=True) for rule in PROTOCOL.items), flat_minutes=60)
NOTHING_RECORDED = {
    ("consult", "consult_missing"): "No consult is recorded. Arrange it and record its outcome.",
    ("candidacy", "candidacy_missing"): "Candidacy is not assessed. A clinician must record it.",
    ("conservative_care", "conservative_care_missing"): (
        "No conservative care is recorded. Record what was tried, from when to when, and whether it helped."
    ),
    ("diagnostic_injection", "injection_missing"): (
        "The diagnostic injection is not recorded. Arrange it. Record the result."
    ),
    ("imaging", "imaging_missing"): (
        "No imaging result is recorded. Arrange MRI, or CT with bone scan, or CT with SPECT/CT."
    ),
    ("labs", "lab_missing"): "No result of INR and platelets is recorded. Draw it and record it.",
    ("fasting", "fasting_missing"): "Ask what was eaten and drunk last, and when, and record it.",
    ("ride", "ride_missing"): "Nobody is named to take the patient home. Ask who will.",
    ("infection_prescreen", "prescreen_missing"): (
        "The patient has not answered the infection questions. Ask them and record the answers."
    ),
    ("infection_check", "check_missing"): "No infection check on arrival is recorded. A nurse does it.",
    ("allergies", "allergies_missing"): (
        "Allergies are not recorded. Ask about cement, contrast, anesthetics and antibiotics."
    ),
    ("pregnancy", "pregnancy_unknown"): (
        "It is not recorded whether the patient may be pregnant. Offer the test, and record its result."
    ),
    ("anesthesia_evaluation", "evaluation_missing"): (
        "No anesthesia evaluation is recorded. A clinician does it and records its outcome."
    ),
    ("antibiotic_plan", "antibiotic_plan_missing"): (
        "No antibiotic plan is recorded. A clinician decides; none is a plan too."
    ),
    ("consent", "consent_missing"): "No consent is recorded. A clinician obtains and records it.",
    ("authorisation", "authorisation_missing"): (
        "No authorisation is recorded. Ask the payer, and record its number and dates."
    ),
    ("recovery_observation", "recovery_missing"): (
        "The observation after the procedure is not recorded. A nurse does it."
    ),
    ("after_care", "after_care_missing"): (
        "Explain to the patient how to live after the procedure, and record what was explained."
    ),
    ("follow_up", "follow_up_missing"): "No follow-up is arranged. Arrange it, and record what is arranged.",
    ("responsible_adult", "responsible_adult_missing"): (
        "Record that a responsible adult is there to take the patient home."
    ),
}


def test_case_with_nothing_recorded_says_of_each_item_who_does_what():
    verdict = judge(YOUNG, now=START - 30 * DAY, protocol=EVERYTHING)
    assert {(f.item, f.code): f.sentence for f in verdict.findings} == NOTHING_RECORDED


def told(item, code, *values, facts=FACTS, protocol=EVERYTHING, seen=START - 8 * DAY):
    """What the finding of these words says under one code; the finding rests on the words."""
    notes = Notes()
    for value in values:
        notes.add(item, value, seen)
    found = finding(item, facts, notes.all, protocol=protocol)
    assert set(found.evidence) == {entry.id for entry in notes.all}
    (sentence,) = [reason.sentence for reason in found.reasons if reason.code == code]
    return sentence


@pytest.mark.parametrize(
    ("item", "value", "code", "sentence"),
    [
        (
            "consult",
            {"outcome": "procedure", "levels": ["T12", "L2"]},
            "levels_differ",
            "The consult names L2, T12, the plan L1, T12. Correct the one that is wrong.",
        ),
        (
            "conservative_care",
            {**CARE, "outcome": "ongoing"},
            "conservative_care_ongoing",
            "The conservative care goes on. Record whether it helped.",
        ),
        (
            "diagnostic_injection",
            {"result": "confirmed", "levels": ["L2"]},
            "injection_levels",
            "The injection did not test L1, T12. Test it, or correct the levels.",
        ),
        (
            "imaging",
            {**MRI, "levels": ["L2"]},
            "level_not_imaged",
            "The MRI does not show L1, T12. Image it, or correct the levels.",
        ),
        (
            "imaging",
            {**MRI, "oedema_levels": ["L2"]},
            "no_oedema",
            "The MRI shows no marrow oedema at L1, T12, as in an old fracture. Call the clinician.",
        ),
        (
            "allergies",
            {**ALLERGIES, "cement": "unknown", "antibiotic": "unknown"},
            "allergy_unknown",
            "It is not known whether the patient is allergic to cement, antibiotic. Ask, and record the answer.",
        ),
        (
            "allergies",
            {**ALLERGIES, "substances": ["cement", "contrast"]},
            "allergy_contradicts",
            "An allergy to cement, contrast is named and denied at once. Ask again, and correct it.",
        ),
        (
            "anesthesia_evaluation",
            {**EVALUATION, "anesthesia": "local"},
            "evaluated_for_less",
            "The evaluation is for local anesthesia, the plan is sedation. Evaluate again, or correct the plan.",
        ),
        (
            "consent",
            {**CONSENT, "levels": ["L2", "L1"], "procedure": "vertebroplasty"},
            "consent_levels_differ",
            "The consent names L1, L2, the plan L1, T12. Obtain consent anew, or correct the plan.",
        ),
        (
            "consent",
            {**CONSENT, "procedure": "vertebroplasty"},
            "consent_procedure_differs",
            "The consent names vertebroplasty, the plan kyphoplasty. Obtain consent anew, or correct the plan.",
        ),
        (
            "authorisation",
            {**AUTHORISED, "levels": ["L2"]},
            "authorisation_levels",
            "The authorisation PA-7 does not cover L1, T12. Ask the payer anew, or correct the levels.",
        ),
        (
            "authorisation",
            {**AUTHORISED, "valid_from": "2027-03-11"},
            "authorisation_not_yet",
            "The authorisation PA-7 begins on 2027-03-11: start from that day on.",
        ),
        (
            "authorisation",
            {**AUTHORISED, "valid_until": "2027-03-09"},
            "authorisation_expired",
            "The authorisation PA-7 ended on 2027-03-09, before the start. Have it renewed.",
        ),
        (
            "recovery_observation",
            {**RECOVERED, "observed_minutes": 45},
            "observed_too_short",
            "The patient was observed for 45 of 60 minutes. Go on, and record it again.",
        ),
        (
            "recovery_observation",
            {**RECOVERED, "flat_minutes": 50},
            "flat_too_short",
            "The patient lay flat for 50 of 60 minutes. Go on, and record it again.",
        ),
        (
            "after_care",
            {"explained": []},
            "after_care_incomplete",
            "Explain, and record that it was explained: driving, red flags.",
        ),
        (
            "follow_up",
            {"arranged": []},
            "follow_up_incomplete",
            "Arrange, and record that it is arranged: visit, call 24h.",
        ),
    ],
)
def test_finding_names_what_is_wrong_and_what_to_do(item, value, code, sentence):
    assert told(item, code, value) == sentence


@pytest.mark.parametrize(
    ("item", "value", "facts", "code", "sentence"),
    [
        (
            "consult",
            {"outcome": "procedure", "levels": ["L2"]},
            replace(FACTS, levels=()),
            "levels_differ",
            "The consult names L2, the plan no level. Correct the one that is wrong.",
        ),
        (
            "consent",
            {**CONSENT, "levels": ["L2"]},
            replace(FACTS, levels=()),
            "consent_levels_differ",
            "The consent names L2, the plan no level. Obtain consent anew, or correct the plan.",
        ),
        (
            "anesthesia_evaluation",
            EVALUATION,
            replace(FACTS, anesthesia=None),
            "evaluated_for_less",
            "The evaluation is for sedation anesthesia, the plan is undecided, which counts as general. "
            "Evaluate again, or correct the plan.",
        ),
        (
            "allergies",
            ALLERGIES,
            replace(FACTS, allergies=("Latex", "Pollen")),
            "allergy_not_recorded",
            "The case names an allergy to Latex, Pollen, which is not among those recorded here. "
            "Ask again, and name it.",
        ),
        (
            "antibiotic_plan",
            {"plan": "antibiotic", "before_iv": "cefazolin 2 g", "after_prescription": "cephalexin"},
            replace(FACTS, allergies=("Cefazolin",)),
            "antibiotic_allergy",
            "Cefazolin 2 g is planned, and the patient is allergic to it. A clinician changes the plan.",
        ),
    ],
)
def test_finding_names_what_is_planned_as_well(item, value, facts, code, sentence):
    assert told(item, code, value, facts=facts) == sentence


@pytest.mark.parametrize(
    ("named", "beside"), [((), "an antibiotic"), (("penicillin", "clindamycin"), "clindamycin, penicillin")]
)
def test_antibiotic_beside_an_allergy_names_both(named, beside):
    notes = Notes()
    notes.add("allergies", {**ALLERGIES, "antibiotic": "known", "substances": list(named)}, START - 9 * DAY)
    notes.add("antibiotic_plan", {"plan": "antibiotic", "before_iv": "vancomycin"}, START - 8 * DAY)
    sentence = f"Vancomycin is planned beside an allergy to {beside}: a clinician decides."
    assert finding("antibiotic_plan", evidence=notes.all).sentence == sentence


def notes_of(item, *values, seen=START - 8 * DAY):
    notes = Notes()
    for value in values:
        notes.add(item, value, seen)
    return notes.all


SAID_YES = {"cough_or_cold": "yes", "covid_contact": "yes", "of_old": "yes", "painkiller": "not_sure"}
BY_CLINICIAN = [
    "Answered yes: covid_contact? A clinician decides.",
    "Answered yes to 'of_old', which the protocol does not ask: a clinician decides.",
]
FEVER = "The temperature is 38 C: fever. Call the clinician."
UNASKED = "Answered yes to 'temperature', which the protocol does not ask: a clinician decides."
RAISED = "The temperature is 99.6 F: a clinician decides."
SKIN = "The skin at the entry is not clear. Call the clinician."


@pytest.mark.parametrize(
    ("change", "sentences"),
    [
        (
            {"answers": SAID_YES},
            ["Answered yes: cough_or_cold? Call the clinician before going on.", *BY_CLINICIAN, "Ask and record: painkiller?"],
        ),
        ({"answers": {**NO_ANSWERS, "covid_contact": "later"}}, ["Ask and record: covid_contact?"]),
        ({"temperature": 38.0, "skin": "not_clear"}, [FEVER, SKIN]),
        ({"answers": {**NO_ANSWERS, "temperature": "yes"}}, [UNASKED]),
        ({"temperature": 99.6, "unit": "F"}, [RAISED]),
        ({"temperature": 37.96}, ["The temperature is 37.96 C: a clinician decides."]),
        ({"temperature": 100.39, "unit": "F"}, ["The temperature is 100.39 F: a clinician decides."]),
    ],
)  # fmt: skip
def test_infection_check_says_each_sign(change, sentences):
    found = finding("infection_check", evidence=notes_of("infection_check", {**CHECK, **change}, seen=START - HOUR))
    assert [reason.sentence for reason in found.reasons] == sentences


def test_infection_check_that_is_old_says_how_long_one_counts():
    found = finding("infection_check", evidence=notes_of("infection_check", CHECK, seen=START - 13 * HOUR))
    assert found.sentence == "The infection check is older than 12 hours at the start: repeat it."


def test_yes_of_a_patient_before_the_day_is_called_about():
    answers = {key: given for key, given in SAID_YES.items() if key != "painkiller"}
    found = finding("infection_prescreen", evidence=notes_of("infection_prescreen", {"answers": answers}))
    called = "Answered yes: cough_or_cold? A nurse or clinician calls the patient."
    early = "The patient was asked long before this start. Ask the questions again."
    assert list(dict.fromkeys(reason.sentence for reason in found.reasons)) == [called, early, *BY_CLINICIAN]


def test_date_of_a_sign_that_lies_ahead_is_named():
    checked = {**CHECK, "dates": {"positive_covid_test": "2027-03-12"}}
    sentence = told("infection_check", "sign_dated_ahead", checked, protocol=REFERENCE, seen=START - HOUR)
    assert sentence == "The date of positive COVID test lies ahead. Correct it."


@pytest.mark.parametrize(
    ("result", "code", "sentence"),
    [
        ("declined", "pregnancy_declined", "The pregnancy test was declined: a clinician decides."),
        ("indeterminate", "pregnancy_indeterminate", "The pregnancy test is not clear: a clinician decides."),
        ("negative", "pregnancy_test_expired", "The pregnancy test of Sat 6 Mar 2027 is too old at the start. Offer it again."),
    ],
)  # fmt: skip
def test_pregnancy_test_says_what_is_wrong_with_it(result, code, sentence):
    assert told("pregnancy", code, {"result": result}, facts=YOUNG, seen=START - 4 * DAY) == sentence


@pytest.mark.parametrize(
    ("mode", "sentence"),
    [
        ("elapsed", "Light meal needs 6 hours before the start: start from Wed 10 Mar 2027 11:00 EST on."),
        ("midnight", "Light meal was taken after midnight of the procedure day."),
    ],
)
def test_intake_says_when_the_start_may_be(mode, sentence):
    protocol = replace(PROTOCOL, fasting=replace(PROTOCOL.fasting, mode=mode))
    ate = {"intakes": [{"intake": "light meal", "at": (START - 5 * HOUR).isoformat()}]}
    found = finding("fasting", evidence=notes_of("fasting", ate, seen=START - HOUR), protocol=protocol)
    assert found.sentence == sentence


@pytest.mark.parametrize(
    ("analyte", "value", "unit", "code", "sentence"),
    [
        ("platelets", 40, "10^9/L", "lab_out_of_range", "The result platelets 40 10^9/L is outside the limits of the protocol. Call the clinician."),
        ("INR", 1.6, "ratio", "lab_borderline", "The result INR 1.6 ratio is not clearly in range: a clinician decides."),
    ],
)  # fmt: skip
def test_result_says_its_value_and_what_follows(analyte, value, unit, code, sentence):
    assert told("labs", code, {"analyte": analyte, "value": value, "unit": unit}) == sentence


def test_result_after_a_drug_says_which_dose_it_waits_for():
    inr = {"analyte": "INR", "value": 1.0, "unit": "ratio"}
    asked = told("labs", "last_dose_unknown", inr, facts=taking("warfarin"), seen=START - HOUR)
    assert asked == "INR counts only after the last warfarin: record that dose."
    notes = Notes()
    notes.add("hold:warfarin", {"last_dose_at": (START - HOUR).isoformat()}, START - HOUR)
    notes.add("labs", inr, START - HOUR)
    drawn = [reason.sentence for reason in finding("labs", taking("warfarin"), notes.all).reasons]
    assert "The INR was drawn before the last warfarin: repeat it." in drawn


@pytest.mark.parametrize(
    ("item", "value"),
    [
        ("antibiotic_plan", {"plan": "none", "before_iv": "cefazolin"}),
        ("conservative_care", {**CARE, "outcome": "better"}),
        ("consent", {**CONSENT, "signed": False}),
        ("infection_check", {**CHECK, "unit": "K"}),
        ("pregnancy", {"result": "perhaps"}),
    ],
)
def test_value_that_no_rule_knows_blocks_and_is_reported(item, value):
    found = finding(item, YOUNG, notes_of(item, value))
    assert (found.status, found.code) == ("failed", "rule_error")
    assert found.sentence == (
        f"The rule for {item} could not be evaluated (ValueError). Report it and call a clinician."
    )
