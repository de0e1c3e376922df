"""A plausible mix of cases, seeded, brought to the day of the procedure with everybody's duties done.

Shares are those of a person of about 75 with a vertebral fracture. Of the sources only `NCHS 377` was looked at (Brody
and Gu, antidepressant use 2015-2018: 24.3 % of women and 12.8 % of men from 60 on); every other number is an
assumption, rounded from general knowledge of what older adults in the United States take, for a clinician to correct.

| what | assumed |
|---|---|
| age, sex | 75 +- 9 years from 50 to 95; 72 % women |
| kidneys | creatinine log-normal around 0.85 and 1.05, rising with age: 4 % below 30 mL/min, a third below 50 |
| anesthesia | 75 % sedation, 15 % general, 10 % local |
| booked | 6 to 21 days ahead, later where a hold needs it |
| fracture | 96 % within the window of 8 weeks, 4 % up to 12; 97 % one or two adjacent levels, 3 % more or apart |
| laboratory | platelets 50-99 in 2 %, haemoglobin 7-9 in 1.5 %, INR 1.2-1.5 after warfarin in 10 % |
| glucose | above 180 on arrival in 12 % of those in whom it is measured |
| stomach | symptoms on the day in 4 % of those who take a GLP-1 drug |
| drugs | DRUGS below; a drug that no row knows in 2 % |
"""

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from random import Random

from checklists.protocols.loader import load
from checklists.rules.asked import codes_wanted
from checklists.rules.assess import assess
from checklists.rules.values import Authority, DateAbout, Facts, Medication, Status, Step, Verdict
from tests.checklists.rules.cases import FACTS, HOUR, START
from tests.checklists.rules.notes import (
    ALLERGIES,
    AUTHORISED,
    CANDIDACY,
    CHECK,
    CONSENT,
    CONSULT,
    EVALUATION,
    MRI,
    PLAN,
    Notes,
)

REFERENCE = load("reference-asra", signed=True)
QUESTIONS = {q.key: "no" for q in REFERENCE.infection.questions if q.kind in ("question", "record")}
DAY = timedelta(days=1)
NOW = START - HOUR / 60
AT_THE_BED = START - HOUR
Takes = Callable[[Random], Medication]


def plain(name: str, **more: object) -> Takes:
    return lambda _: Medication(name, **more)  # type: ignore[arg-type]


# One of each group at most. (share of all, what is taken)
ANTICOAGULANTS = (
    (0.085, plain("Eliquis 5 mg")),
    (0.030, plain("Xarelto 20 mg")),
    (0.030, plain("warfarin 5 mg")),
    (0.004, plain("Pradaxa 150 mg")),
)
ANTIPLATELETS = (
    (0.09, plain("aspirin 81 mg", indication="primary prevention")),
    (0.12, plain("aspirin 81 mg", indication="secondary prevention")),
    (0.055, plain("clopidogrel 75 mg")),
    (0.006, plain("Brilinta")),
)
PAIN_KILLERS = (
    (0.09, plain("ibuprofen 400 mg")),
    (0.05, plain("naproxen")),
    (0.05, plain("meloxicam 15 mg")),
    (0.02, plain("Celebrex")),
    (0.04, plain("diclofenac gel", route="topical")),
)
# Within those who take an antidepressant.
ANTIDEPRESSANTS = (
    (0.22, plain("sertraline 50 mg")),
    (0.16, plain("escitalopram 10 mg")),
    (0.10, plain("citalopram")),
    (0.08, plain("fluoxetine")),
    (0.10, plain("duloxetine 30 mg")),
    (0.06, plain("venlafaxine")),
    (0.10, plain("bupropion")),
    (0.08, plain("mirtazapine")),
    (0.10, plain("trazodone 50 mg")),
)
# Within those with diabetes.
DIABETES = (
    (0.55, plain("metformin 500 mg")),
    (0.18, plain("glipizide 5 mg")),
    (0.10, plain("Januvia")),
    (0.15, plain("Jardiance 10 mg")),
    (0.20, plain("Lantus")),
    (0.16, plain("Ozempic", interval_days=7)),
    (0.05, plain("Trulicity", interval_days=7)),
    (0.02, plain("Rybelsus", route="oral", interval_days=1)),
)
# Each by itself.
ANYBODY = (
    (0.04, lambda rng: Medication("prednisone", daily_mg=rng.choice((2.5, 5, 5, 5, 7.5, 10, 10, 20, 40)))),
    (0.015, plain("methotrexate", interval_days=7, indication="rheumatoid arthritis")),
    (0.015, plain("hydroxychloroquine")),
    (0.010, lambda rng: Medication(*rng.choice((("Humira", None, None, None, 14), ("Enbrel", None, None, None, 7))))),
    (0.16, plain("fish oil")),
    (0.03, plain("vitamin E 400 units")),
    (0.015, plain("ginkgo biloba")),
    (0.015, plain("garlic supplement")),
    (0.005, plain("cilostazol 100 mg")),
    (0.015, plain("Farxiga 10 mg")),  # for the heart
    (0.50, plain("atorvastatin 40 mg")),
    (0.22, plain("lisinopril 10 mg")),
    (0.14, plain("losartan potassium 50 mg")),
    (0.20, plain("amlodipine 5 mg")),
    (0.22, plain("metoprolol succinate 50 mg")),
    (0.12, plain("hydrochlorothiazide 25 mg")),
    (0.10, plain("furosemide 20 mg")),
    (0.17, plain("levothyroxine 75 mcg")),
    (0.20, plain("omeprazole 20 mg")),
    (0.15, plain("gabapentin 300 mg")),
    (0.14, plain("tramadol 50 mg")),
    (0.15, plain("hydrocodone 5 mg/acetaminophen 325 mg")),
    (0.45, plain("Tylenol")),
    (0.45, plain("vitamin D3 1000 units")),
    (0.35, plain("multivitamin")),
    (0.30, plain("calcium carbonate")),
    (0.14, plain("alendronate 70 mg")),
    (0.08, plain("albuterol 90 mcg/actuation inhaler")),
    (0.05, plain("latanoprost")),
    (0.03, plain("clonazepam 0.5 mg")),
    (0.03, plain("quetiapine 25 mg")),
    (0.03, plain("diphenhydramine")),
    (0.02, lambda rng: Medication(rng.choice(("nintedanib", "ivabradine", "turmeric capsules", "lithium")))),
)


@dataclass(frozen=True, slots=True)
class Told:
    """One case: its verdict on the day, and what a clinician would have to sign, as (item, code)."""

    verdict: Verdict
    facts: Facts

    def reviews(self, *steps: Step) -> list[tuple[str, str]]:
        """(item, code) of what has to be signed, of these steps or of all."""
        looked = [f for f in self.verdict.findings if not steps or f.step in steps]
        return [(f.item, r.code) for f in looked for r in f.reasons if r.status is Status.REVIEW]


def realistic_cases(count: int, seed: int = 20270310) -> list[Told]:
    rng = Random(seed)
    return [a_case(rng) for _ in range(count)]


def one_of(rng: Random, group: tuple[tuple[float, Takes], ...]) -> list[Medication]:
    drawn = rng.random()
    for share, takes in group:
        drawn -= share
        if drawn < 0:
            return [takes(rng)]
    return []


def each_of(rng: Random, group: tuple[tuple[float, Takes], ...]) -> list[Medication]:
    return [takes(rng) for share, takes in group if rng.random() < share]


def a_case(rng: Random) -> Told:
    facts, creatinine = a_patient(rng)
    booked = START - rng.uniform(6, 21) * DAY
    notes = what_everybody_has(rng, facts, creatinine)
    answer_prescribers(facts, notes, min(booked, START - 12 * DAY))
    answer_questions(rng, facts, notes)
    say_last_doses(rng, facts, notes, booked)
    return Told(assess(REFERENCE, facts, tuple(notes.all), START, NOW), facts)


def a_patient(rng: Random) -> tuple[Facts, float]:
    age = round(min(95, max(50, rng.gauss(75, 9))))
    female, diabetic = rng.random() < 0.72, rng.random() < 0.22
    creatinine = (0.85 if female else 1.05) * math.exp(rng.gauss(0, 0.27)) * (1 + max(0, age - 70) * 0.006)
    low = rng.random() < (0.243 if female else 0.128)  # NCHS 377
    listed = [
        *one_of(rng, ANTICOAGULANTS),
        *one_of(rng, ANTIPLATELETS),
        *one_of(rng, PAIN_KILLERS),
        *(one_of(rng, ANTIDEPRESSANTS) if low else ()),
        *(each_of(rng, DIABETES) if diabetic else ()),
        *each_of(rng, ANYBODY),
    ]
    days = rng.uniform(8, 56) if rng.random() < 0.96 else rng.uniform(57, 84)
    on = (START - days * DAY).date()
    apart = rng.random() < 0.03
    levels = ("T8", "L1") if apart else ("T12", "L1") if rng.random() < 0.17 else ("L1",)
    facts = replace(
        FACTS,
        levels=levels,
        anesthesia=rng.choices(("sedation", "general", "local"), (75, 15, 10))[0],
        fractured=DateAbout(on, on),
        born_on=date(2027 - age, 1, 15),
        sex="female" if female else "male",
        weight_kg=round(max(40.0, rng.gauss(66, 13) if female else rng.gauss(82, 14)), 1),
        conditions=frozenset({"diabetes"} if diabetic else ()),
        medications=tuple(dict.fromkeys(listed)),
    )
    return facts, round(creatinine, 2)


def what_everybody_has(rng: Random, facts: Facts, creatinine: float) -> Notes:
    """What desk, nurse and clinician have recorded by the day, apart from the drugs."""
    assert facts.fractured is not None
    age = START.date() - facts.fractured.earliest
    notes, seen, drawn = Notes(), START - min(age - 2 * DAY, 14 * DAY), START - 5 * DAY
    levels = list(facts.levels)
    notes.add("consult", {**CONSULT, "levels": levels}, seen)
    notes.add("candidacy", CANDIDACY, seen)
    notes.add("imaging", {**MRI, "levels": levels, "oedema_levels": levels}, seen)
    notes.add("authorisation", {**AUTHORISED, "levels": levels}, START - 8 * DAY)
    for item, value in (("allergies", ALLERGIES), ("antibiotic_plan", PLAN)):
        notes.add(item, value, START - 8 * DAY)
    notes.add("anesthesia_evaluation", {**EVALUATION, "anesthesia": facts.anesthesia}, START - 8 * DAY)
    notes.add("consent", {**CONSENT, "levels": levels}, START - 2 * DAY)
    low, few = rng.random() < 0.015, rng.random() < 0.02
    warfarin = any("warfarin" in medication.name for medication in facts.medications)
    inr = rng.uniform(1.21, 1.5) if rng.random() < 0.1 else rng.uniform(0.9, 1.2)
    results = [
        ("haemoglobin", rng.uniform(7.1, 8.9) if low else rng.uniform(9.5, 15), "g/dL", drawn),
        ("platelets", rng.uniform(55, 99) if few else rng.uniform(120, 380), "10^9/L", drawn),
        ("creatinine", creatinine, "mg/dL", drawn),
        ("INR", inr if warfarin else rng.uniform(0.9, 1.2), "ratio", START - 20 * HOUR if warfarin else drawn),
        ("glucose", rng.uniform(181, 290) if rng.random() < 0.12 else rng.uniform(85, 179), "mg/dL", AT_THE_BED),
    ]
    for analyte, value, unit, at in results:
        notes.add("labs", {"analyte": analyte, "value": round(value, 2), "unit": unit}, at, Authority.NURSE)
    notes.add("ride", {"available": True, "adult": True, "transport": "car"})
    asked = {"answers": QUESTIONS}
    notes.add("infection_prescreen", asked, START - 19 * HOUR, Authority.PATIENT)
    notes.add("infection_check", {**CHECK, **asked}, START - HOUR / 2, Authority.NURSE)
    meals = [{"intake": "light meal", "at": (START - 25 * HOUR).isoformat()}]
    notes.add("fasting", {"intakes": meals}, AT_THE_BED, Authority.NURSE)
    notes.add("pregnancy", {"result": "negative"}, AT_THE_BED, Authority.NURSE)
    return notes


def answer_prescribers(facts: Facts, notes: Notes, at: datetime) -> None:
    """Prescribers agree; of aspirin after a stent they say that it goes on, of insulin they write how much."""
    for finding in verdict_of(facts, notes).findings:
        drug = finding.item.partition(":")[2]
        if finding.kind == "prescriber_clearance":
            answer = "continue" if drug == "aspirin" else "agreed"
            value = {"answer": answer, "prescriber": "Dr. Weber", "how": "phone"}
            notes.add(finding.item, value, at, Authority.NURSE)
        if finding.item == "hold:insulin":
            written = {"decision": "instruction", "decided_by": "Dr. Weber"}
            notes.add(finding.item, written, at, Authority.NURSE)


def answer_questions(rng: Random, facts: Facts, notes: Notes) -> None:
    for finding in verdict_of(facts, notes).findings:
        wanted = codes_wanted(tuple(reason.code for reason in finding.reasons))
        if finding.kind == "hold" and wanted:
            sick = rng.random() < 0.04
            answers = {code: "yes" if code == "stomach_symptoms" and sick else "no" for code in wanted}
            notes.add(finding.item, {"answers": answers}, AT_THE_BED, Authority.NURSE)


def say_last_doses(rng: Random, facts: Facts, notes: Notes, booked: datetime) -> None:
    """The last dose before the time to stop; a supplement that puts off no start is stopped when it is spoken of."""
    looked_at = {row.drug for row in REFERENCE.holds if row.drug_class == "supplement"}
    for finding in verdict_of(facts, notes).findings:
        if finding.kind != "hold" or finding.due_at is None:
            continue
        taken = finding.due_at - rng.uniform(0.5, 12) * HOUR
        if finding.item.partition(":")[2] in looked_at:
            taken = max(taken, booked)
        notes.add(finding.item, {"last_dose_at": taken.isoformat()}, AT_THE_BED, Authority.NURSE)


def verdict_of(facts: Facts, notes: Notes) -> Verdict:
    return assess(REFERENCE, facts, tuple(notes.all), START, NOW)
