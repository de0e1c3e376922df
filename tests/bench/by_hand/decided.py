"""What clinicians and the desk settle before the day: consult to consent, and the payer."""

import re
from collections.abc import Iterable
from datetime import date, datetime

from checklists.rules.values import Authority, Evidence, Gate, OverrideClass, Status, Step
from tests.bench.by_hand.case import NOTHING, Case, Words, begins, latest
from tests.bench.by_hand.finding import (
    CLINICIAN,
    NURSE,
    Check,
    Found,
    Row,
    Value,
    before_fracture,
    failed,
    finding,
    keys,
    noes_of,
    pending,
    review,
    said,
    too_early,
    values_of,
)

BOOKING, CHECK_IN, START, DISCHARGE = Gate
ONE, TWO, NEVER = OverrideClass
CONSULT = Row(Step.CONSULT, "scheduler", BOOKING, TWO, CLINICIAN)
CANDIDACY = Row(Step.CONSULT, "clinician", BOOKING, TWO, CLINICIAN)
IMAGING = Row(Step.IMAGING, "scheduler", BOOKING, TWO, CLINICIAN)
ALLERGIES = Row(Step.CONSULT, "nurse", CHECK_IN, TWO, NURSE)
PREGNANCY = Row(Step.LABS, "nurse", START, TWO, NURSE)
ANESTHESIA = Row(Step.CONSULT, "clinician", START, TWO, CLINICIAN)
ANTIBIOTIC = Row(Step.INFECTION, "clinician", START, ONE, CLINICIAN)
CONSENT = Row(Step.CONSULT, "clinician", START, NEVER, CLINICIAN)
AUTHORISATION = Row(Step.CONSULT, "scheduler", START, ONE, Authority.SCHEDULER)

WINDOW_DAYS, LATE_WINDOW_DAYS, IMAGING_DAYS = 56, 84, 90
TO_WEIGH = keys(
    "instability posterior_wall_breach retropulsion canal_compromise neurological_deficit cord_compression "
    "uncorrected_coagulopathy opacifier_allergy vertebra_plana cardiopulmonary_limit"
)
ALLERGENS = ("cement", "contrast", "anesthetic", "antibiotic")
SAME_AS = (
    ("cement", re.compile(r"cement|pmma|methacryl")),
    ("contrast", re.compile(r"contrast|iodinated|iohexol|iopamidol|iodixanol|ioversol")),
    ("anesthetic", re.compile(r"ana?esthe|caine\b|propofol")),
    (
        "antibiotic",
        re.compile(r"antibiotic|cillin|\bcef|\bceph|m[iy]cin|floxacin|cycline|penem\b|lactam|\bsulfa\b|sulfameth"),
    ),
)
ANTIBIOTIC_KEYS = ("before_iv", "after_prescription")
NAMES = re.compile(r"[^\W\d_]{5,}")
NOT_REQUIRED = tuple(
    Found(item, row, Status.NOT_APPLICABLE, "not_required", f"The protocol does not require: {says}.", row.owner)
    for item, row, says in (
        ("conservative_care", Row(Step.CONSULT, "clinician", BOOKING, ONE, CLINICIAN), "conservative care"),
        ("diagnostic_injection", Row(Step.CONSULT, "scheduler", BOOKING, ONE, CLINICIAN), "diagnostic injection"),
    )
)


def consult(case: Case) -> Found:
    noes, wrong = noes_of(case, "consult", not_candidate)
    found = latest([word for word in case.said.get("consult", NOTHING) if word.value["outcome"] == "procedure"])
    for word in found:
        levels = word.value.get("levels")
        if levels and set(levels) != case.levels:
            names = f"The consult names {', '.join(levels)}, the plan {', '.join(case.facts.levels)}"
            wrong.append(failed("levels_differ", f"{names}. Correct the one that is wrong."))
    if not found:
        wrong.append(pending("consult_missing", "No consult is recorded. Arrange it and record its outcome."))
    wrong += before_fracture(case, found, "consult")
    confirmed = "The consult decided for the procedure."
    grounds = (case.facts.levels, values_of(found))
    return finding(case, "consult", CONSULT, wrong, found, confirmed, None, None, grounds, noes)


def not_candidate(value: Value) -> Check | None:
    if value.get("outcome") != "not_candidate":
        return None
    return said("not_candidate", "The consult found that this patient is not a candidate. End the case.")


def candidacy(case: Case, mri: Words) -> Found:
    found = latest(case.said.get("candidacy", NOTHING))
    wrong = [check for word in found for check in assessment_checks(word.value)]
    if not found:
        wrong.append(pending("candidacy_missing", "Candidacy is not assessed. A clinician must record it."))
    wrong += before_fracture(case, found, "assessment")
    wrong += window_checks(case, mri)
    facts, studies = case.facts, [word.id for word in mri] if wrong else ()
    grounds = (values_of(found), facts.procedure, facts.levels, facts.cause, facts.fractured, studies)
    confirmed = "The patient is a candidate inside the treatment window."
    return finding(case, "candidacy", CANDIDACY, wrong, found, confirmed, None, None, grounds)


def assessment_checks(value: Value) -> list[Check]:
    wrong = []
    if not value["indication"].strip():
        wrong.append(pending("indication_missing", "No indication is recorded. A clinician must state it."))
    for code in value["exclusions"]:
        named = code.replace("_", " ")
        if code in TO_WEIGH:
            wrong.append(review(f"excluded_{code}", f"{named.capitalize()} was found: a clinician decides."))
        else:
            wrong.append(failed(f"excluded_{code}", f"The procedure is excluded by {named}. Call the clinician."))
    if not value["pain_matches_imaging"]:
        wrong.append(failed("pain_elsewhere", "The pain does not match the imaged level. Re-examine."))
    if not value["can_lie_prone"]:
        wrong.append(review("cannot_lie_prone", "The patient cannot lie face down: a clinician decides."))
    return wrong


def window_checks(case: Case, mri: Words) -> list[Check]:
    assert case.facts.fractured is not None
    begun = case.facts.fractured.earliest
    if not case.at_least(case.begun_at):
        return [failed("window_not_begun", "The fracture is dated after the start. Correct the date.")]
    if case.within(begun, WINDOW_DAYS):
        return []
    if not case.within(begun, LATE_WINDOW_DAYS):
        return [failed("window_past", f"More than {LATE_WINDOW_DAYS} days since {begun}: outside the window.")]
    beyond = f"More than {WINDOW_DAYS} days since {begun}"
    stated = [set(word.value["oedema_levels"]) for word in mri if "oedema_levels" in word.value]
    if not stated or len(stated) < len(mri):
        return [pending("window_needs_mri", f"{beyond}: record whether the MRI shows marrow oedema.")]
    if not all(case.levels <= levels for levels in stated):
        return [failed("window_no_oedema", f"{beyond}, and the MRI shows no marrow oedema. Call the clinician.")]
    return [review("window_late", f"{beyond}, with marrow oedema on MRI: a clinician decides.")]


def read_mri(case: Case) -> Words:
    return latest([word for word in case.said.get("imaging", NOTHING) if word.value["stage"] in ("result", "reviewed")])


def imaging(case: Case, mri: Words) -> Found:
    wrong = [check for word in mri for check in mri_checks(case, word)]
    if not mri:
        wrong.append(pending("imaging_missing", "The result of an MRI is not recorded. Arrange it and record it."))
    grounds = (case.facts.levels, [(word.value, word.observed_at) for word in mri])
    confirmed = "Imaging proves a fresh fracture at the planned levels."
    return finding(case, "imaging", IMAGING, wrong, mri, confirmed, None, case.until[168], grounds)


def mri_checks(case: Case, word: Evidence) -> list[Check]:
    value = word.value
    wrong = []
    if not case.within(case.day(word.observed_at), IMAGING_DAYS):
        old = f"The MRI is older than {IMAGING_DAYS} days at the start. Repeat it."
        wrong.append(pending("imaging_expired", old))
    wrong += before_fracture(case, (word,), "imaging")
    if unseen := case.levels.difference(value["levels"]):
        wrong.append(failed("level_not_imaged", f"The MRI does not show {', '.join(unseen)}. Image it."))
    if "fluid_sensitive" not in value:
        wrong.append(pending("mri_sequence_unknown", "Record whether the MRI has fluid-sensitive sequences."))
    elif not value["fluid_sensitive"]:
        wrong.append(review("mri_not_fluid_sensitive", "The MRI has no fluid-sensitive sequence: a clinician decides."))
    elif "oedema_levels" not in value:
        wrong.append(pending("oedema_unknown", "Record at which levels the MRI shows marrow oedema."))
    elif dry := case.levels.difference(value["oedema_levels"]):
        wrong.append(failed("no_oedema", f"The MRI shows no marrow oedema at {', '.join(dry)}. Call the clinician."))
    return wrong


def allergies(case: Case, stated: Words) -> Found:
    noes, wrong = noes_of(case, "allergies", cement_known)
    for word in stated:
        wrong += allergy_checks(word.value)
    if not stated:
        wrong.append(pending("allergies_missing", "Allergies are not recorded. Ask about the four, and record them."))
    due_at, deadline_at, grounds = case.due[168], case.until[0], values_of(stated)
    confirmed = "Allergies are known, and none stands against the procedure."
    return finding(case, "allergies", ALLERGIES, wrong, stated, confirmed, due_at, deadline_at, grounds, noes)


def allergy_checks(value: Value) -> list[Check]:
    states = [value[name] for name in ALLERGENS]
    named = [text.strip().casefold() for text in value.get("substances", ())]
    if states == ["none"] * 4 and not named:
        return []
    wrong = []
    if any(state not in ("known", "none") for state in states):
        wrong.append(pending("allergy_unknown", "Not all of the four allergies are known. Ask, and record them."))
    if value["cement"] == "known":
        wrong.append(failed("allergy_cement", CEMENT))
    for name in ("contrast", "anesthetic"):
        if value[name] == "known":
            wrong.append(review(f"allergy_{name}", f"The patient is allergic to {name}: a clinician decides."))
    if any(value[name] == "none" and any(words.search(text) for text in named) for name, words in SAME_AS):
        wrong.append(pending("allergy_contradicts", "An allergy is named and denied at once. Ask again."))
    if not named and "known" in states:
        wrong.append(pending("allergy_unnamed", "An allergy is known but not named. Record what it is to."))
    return wrong


CEMENT = "An allergy to cement is recorded: it excludes the procedure. Call the clinician."


def cement_known(value: Value) -> Check | None:
    return said("allergy_cement", CEMENT) if value["cement"] == "known" else None


def pregnancy(case: Case) -> Found:
    """Not in question from 56 years on."""
    due_at, deadline_at = case.arrival
    settled, confirmed = (Status.NOT_APPLICABLE, "pregnancy_not_in_question"), "Not in question at this age."
    return finding(case, "pregnancy", PREGNANCY, [], NOTHING, confirmed, due_at, deadline_at, None, NOTHING, settled)


def anesthesia(case: Case) -> Found:
    noes, wrong = noes_of(case, "anesthesia_evaluation", not_fit)
    fit = latest([word for word in case.said.get("anesthesia_evaluation", NOTHING) if word.value["outcome"] == "fit"])
    for word in fit:
        if word.value["anesthesia"] == "local":
            less = "The evaluation is for local anesthesia, the plan is sedation. Evaluate again, or correct the plan."
            wrong.append(pending("evaluated_for_less", less))
    wrong += before_fracture(case, fit, "evaluation")
    if not fit:
        wrong.append(pending("evaluation_missing", "No anesthesia evaluation is recorded. A clinician does it."))
    due_at, deadline_at, grounds = case.due[168], case.until[0], (case.facts.anesthesia, values_of(fit))
    confirmed = "The patient is fit for the planned anesthesia."
    return finding(case, "anesthesia_evaluation", ANESTHESIA, wrong, fit, confirmed, due_at, deadline_at, grounds, noes)


def not_fit(value: Value) -> Check | None:
    if value.get("outcome") != "not_fit":
        return None
    return said("not_fit", "The evaluation finds the patient not fit for the anesthesia. Call the clinician.")


def antibiotic_plan(case: Case, allergic: Words) -> Found:
    planned = latest(case.said.get("antibiotic_plan", NOTHING))
    drugs = sorted({word.value[key] for word in planned for key in ANTIBIOTIC_KEYS if key in word.value})
    wrong = antibiotic_checks(drugs, allergic) if drugs else []
    if not planned:
        wrong.append(pending("antibiotic_plan_missing", "No antibiotic plan is recorded. A clinician decides."))
    due_at, deadline_at = case.due[72], case.until[0]
    grounds = (values_of(planned), values_of(allergic) if drugs else ())
    confirmed = "The antibiotic plan is decided."
    return finding(case, "antibiotic_plan", ANTIBIOTIC, wrong, planned, confirmed, due_at, deadline_at, grounds)


def antibiotic_checks(drugs: Iterable[str], allergic: Words) -> list[Check]:
    states = {word.value["antibiotic"] for word in allergic}
    named = {name for word in allergic for text in word.value.get("substances", ()) for name in names_in(text)}
    if named and any(named & names_in(drug) for drug in drugs):
        against = "The patient is allergic to the antibiotic that is planned. A clinician changes the plan."
        return [failed("antibiotic_allergy", against)]
    if "known" in states:
        return [review("antibiotic_beside_allergy", "It is planned beside an allergy to another: a clinician decides.")]
    if states == {"none"}:
        return []
    ask = "An antibiotic is planned, and it is not known whether the patient bears antibiotics. Ask and record it."
    return [pending("antibiotic_allergy_unknown", ask)]


def names_in(text: str) -> set[str]:
    """Words long enough for a name: no dose, unit or route."""
    return set(NAMES.findall(text.casefold()))


def consent(case: Case) -> Found:
    noes, wrong = noes_of(case, "consent", consent_refused)
    signed = latest([word for word in case.said.get("consent", NOTHING) if "refused" not in word.value])
    for word in signed:
        if word.value["procedure"] != case.facts.procedure:
            wrong.append(failed("consent_procedure_differs", "The consent names another procedure than the plan."))
        if set(word.value["levels"]) != case.levels:
            wrong.append(failed("consent_levels_differ", "The consent names other levels than the plan."))
    wrong += before_fracture(case, signed, "consent")
    if not signed:
        wrong.append(pending("consent_missing", "No consent is recorded. A clinician obtains and records it."))
    due_at, deadline_at, grounds = (
        case.due[24],
        case.until[0],
        (case.facts.procedure, case.facts.levels, values_of(signed)),
    )
    confirmed = "The patient consents to this procedure at these levels."
    return finding(case, "consent", CONSENT, wrong, signed, confirmed, due_at, deadline_at, grounds, noes)


def consent_refused(value: Value) -> Check | None:
    if value.get("refused") is not True:
        return None
    return said("consent_refused", "The patient does not consent. Call the clinician; nothing is done without consent.")


Begins = list[tuple[Evidence, datetime]]


def authorised(case: Case) -> tuple[Words, Begins]:
    """The payer's last yes, and from when each number of it is valid."""
    standing = case.said.get("authorisation", NOTHING)
    given = latest([word for word in standing if "answer" not in word.value and "refused" not in word.value])
    days = [(word, date.fromisoformat(word.value["valid_from"])) for word in given if "valid_from" in word.value]
    return given, [(word, begins(day, case.tz)) for word, day in days]


def authorisation(case: Case, given: Words, numbered: Begins) -> Found:
    noes, wrong = noes_of(case, "authorisation", payer_refuses)
    for word, begins_at in numbered:
        value = word.value
        if not case.levels.issubset(value["levels"]):
            wrong.append(failed("authorisation_levels", "The authorisation does not cover every level. Ask anew."))
        if not case.at_least(begins_at):
            not_yet = f"The authorisation begins on {value['valid_from']}: start from that day on."
            wrong.append(too_early("authorisation_not_yet", not_yet, begins_at))
        if not case.within(date.fromisoformat(value["valid_until"]), 0):
            over = f"The authorisation ended on {value['valid_until']}, before the start. Have it renewed."
            wrong.append(pending("authorisation_expired", over))
    if not given:
        asked = "authorisation" in case.said and case.said["authorisation"]
        code = "authorisation_asked" if asked else "authorisation_missing"
        wrong.append(pending(code, "The payer has not authorised the procedure. Ask, and record the answer."))
    due_at, deadline_at, grounds = case.due[168], case.until[72], (case.facts.levels, values_of(given))
    confirmed = "The payer authorises the procedure."
    return finding(case, "authorisation", AUTHORISATION, wrong, given, confirmed, due_at, deadline_at, grounds, noes)


def payer_refuses(value: Value) -> Check | None:
    if value.get("refused") is not True:
        return None
    return said("authorisation_refused", "The payer refuses the procedure. Call the payer and the clinician.")
