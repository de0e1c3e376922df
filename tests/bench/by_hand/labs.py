"""Laboratory values: which hold for this case, how long, what they say, and what the kidneys make of creatinine."""

from collections.abc import Callable
from datetime import date, datetime, timedelta
from fractions import Fraction
from functools import lru_cache
from typing import NamedTuple

from checklists.rules.values import Evidence, Gate, OverrideClass, Step
from tests.bench.by_hand.case import DAY, HOUR, NOTHING, Case, Words, begins, latest
from tests.bench.by_hand.finding import NURSE, Check, Found, Row, failed, finding, pending, review

ROW = Row(Step.LABS, "scheduler", Gate.CHECK_IN, OverrideClass.TWO, NURSE)
LOW_KIDNEYS = 30  # mL/min of clearance, mL/min/1.73m2 of eGFR
Drawn = dict[str, Words]
Number = float | Fraction
# Other units in which a value may be written, as multiples of the table's.
FACTORS = {
    ("haemoglobin", "g/L"): Fraction(1, 10),
    ("haemoglobin", "mmol/L"): Fraction(16114, 10000),
    ("creatinine", "umol/L"): Fraction(100, 8842),
    ("glucose", "mmol/L"): Fraction(18016, 1000),
    ("CRP", "mg/dL"): Fraction(10),
    ("platelets", "/uL"): Fraction(1, 1000),
    ("WBC", "/uL"): Fraction(1, 1000),
}


class Lab(NamedTuple):
    """lasts: calendar days, or elapsed hours. owed: False where it is looked at only if somebody measured it."""

    analyte: str
    lasts: int | timedelta
    passes: Callable[[Number], bool]
    fails: Callable[[Number], bool]
    owed: bool = True


INR = Lab("INR", 30, lambda value: value <= 1.5, lambda value: value > 1.8)
INR_AFTER_WARFARIN = Lab("INR", 1, lambda value: value <= 1.2, lambda value: value > 1.5)
OTHERS = (
    Lab("platelets", 30, lambda value: value >= 100, lambda value: value < 50),
    Lab("haemoglobin", 30, lambda value: value >= 9, lambda value: value < 7),
    Lab("creatinine", 30, lambda _: True, lambda _: False),
    Lab("eGFR", 30, lambda value: value >= LOW_KIDNEYS, lambda _: False, owed=False),
    Lab("WBC", 30, lambda value: 4 <= value <= 11, lambda _: False, owed=False),
    Lab("CRP", 14, lambda value: value <= 10, lambda _: False, owed=False),
    Lab("glucose", 4 * HOUR, lambda value: 70 <= value <= 180, lambda value: value < 54 or value > 300),
    Lab("HbA1c", 90, lambda value: value < 8, lambda _: False, owed=False),
)


class Kidneys(NamedTuple):
    """lacks: the code of what is missing. low: the clearance is known, and below 30."""

    lacks: str
    low: bool
    rests_on: object = None


def drawn_by_analyte(case: Case) -> Drawn:
    """The last drawn values; several only where drawn at the same instant."""
    found: dict[str, list[Evidence]] = {}
    for word in case.said.get("labs", NOTHING):
        if "analyte" in word.value:
            found.setdefault(word.value["analyte"], []).append(word)
    return {analyte: latest(words) for analyte, words in found.items()}


def amount(word: Evidence) -> Number:
    """The value in the unit of the tables; exactly, where it was written in another one."""
    value: float = word.value["value"]
    factor = FACTORS.get((word.value["analyte"], word.value["unit"]))
    return value if factor is None else exact(value) * factor


@lru_cache(maxsize=4096)
def exact(value: float) -> Fraction:
    """The number that was typed: 0.1 is one tenth."""
    return Fraction(str(value))


def is_valid(case: Case, lasts: int | timedelta, drawn_at: datetime) -> bool:
    if not case.at_least(drawn_at):
        return False
    return case.within(case.day(drawn_at), lasts) if isinstance(lasts, int) else case.at_most(drawn_at + lasts)


def kidneys_of(case: Case, drawn: Drawn) -> Kidneys:
    """Cockcroft and Gault for a woman: (140 - age) x kg x 0.85 / (72 x creatinine), against 30."""
    age = age_at_start(case)
    results = drawn.get("creatinine", NOTHING)
    if not results:
        return Kidneys("renal_function_missing", False)
    if not all(is_valid(case, 30, result.observed_at) for result in results):
        return Kidneys("renal_function_expired", False)
    kg, creatinine = exact(case.facts.weight_kg or 0), max([exactly(result) for result in results])
    # Multiplied out, in whole numbers: 49.58 is below 50, and 30 is not below 30.
    has = (140 - age) * 85 * kg.numerator * creatinine.denominator
    needs = LOW_KIDNEYS * 7200 * creatinine.numerator * kg.denominator
    return Kidneys("", has < needs, (age, kg, creatinine))


def exactly(result: Evidence) -> Fraction:
    number = amount(result)
    return number if isinstance(number, Fraction) else exact(number)


def age_at_start(case: Case) -> int:
    born = case.facts.born_on
    assert born is not None
    this_year = birthday(born, case.on.year)
    is_past = case.on >= this_year
    if not case.booked:
        case.at_least(begins(birthday(born, case.on.year + is_past), case.tz))
    return case.on.year - born.year - (not is_past)


def birthday(born: date, year: int) -> date:
    """1 March for those born on 29 February."""
    return born.replace(year=year) if (born.month, born.day) != (2, 29) else date(year, 2, 28) + DAY


def labs(case: Case, drawn: Drawn, taken_at: datetime | None, *, no_warfarin: bool) -> Found:
    """taken_at: the last warfarin, after which its INR must be drawn."""
    first = INR if no_warfarin else INR_AFTER_WARFARIN
    wrong: list[Check] = []
    basis: list[Evidence] = []
    missing: list[Lab] = []
    for lab in (first, *OTHERS):
        results = drawn.get(lab.analyte)
        if results is None:
            if lab.owed:
                missing.append(lab)
            continue
        basis += results
        for result in results:
            wrong += result_checks(case, lab, result, taken_at)
    if missing:
        wrong += missing_checks(missing)
    basis.sort(key=lambda word: word.id)
    confirmed = "All required laboratory values are valid and in range."
    grounds = [(word.value, word.observed_at) for word in basis]
    return finding(case, "labs", ROW, wrong, basis, confirmed, case.due[120], case.until[48], grounds)


def missing_checks(missing: list[Lab]) -> list[Check]:
    """Named together: what is owed by the deadline, and what may be drawn up to the start."""
    wrong = []
    for until_start in (False, True):
        if names := [lab.analyte for lab in missing if is_drawn_late(lab) is until_start]:
            sentence = f"No result of {', '.join(names)} is recorded. Draw it and record it."
            wrong.append(pending("lab_missing", sentence, until_start=until_start))
    return wrong


def is_drawn_late(lab: Lab) -> bool:
    """Whether it would be too old if drawn by the deadline."""
    return (lab.lasts * DAY if isinstance(lab.lasts, int) else lab.lasts) < 48 * HOUR


def owed(lab: Lab, code: str, sentence: str) -> Check:
    return pending(code, sentence, until_start=is_drawn_late(lab))


def result_checks(case: Case, lab: Lab, result: Evidence, taken_at: datetime | None) -> list[Check]:
    analyte = lab.analyte
    if not is_valid(case, lab.lasts, result.observed_at):
        if not lab.owed:
            return []
        return [owed(lab, "lab_expired", f"The {analyte} is too old for this start: draw it again.")]
    if lab is INR_AFTER_WARFARIN:
        if taken_at is None:
            ask = "INR counts only after the last warfarin: record that dose."
            return [owed(lab, "last_dose_unknown", ask)]
        if result.observed_at <= taken_at:
            early = "The INR was drawn before the last warfarin: repeat it."
            return [owed(lab, "drawn_before_last_dose", early)]
    number = amount(result)
    if lab.passes(number):
        return []
    shown = f"{analyte} {result.value['value']:g} {result.value['unit']}"
    if lab.fails(number):
        return [failed("lab_out_of_range", f"{shown} is outside the limits. Call the clinician.")]
    return [review("lab_borderline", f"{shown} is not clearly in range: a clinician decides.")]
