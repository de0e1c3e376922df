"""Laboratory values as exact numbers: analyte names, units, the latest valid result of an analyte."""

from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache
from typing import NamedTuple

from checklists.rules.context import Context, once_for_case, once_for_start
from checklists.rules.ledger import latest
from checklists.rules.protocol import Bound, LabRule
from checklists.rules.sitetime import local_date
from checklists.rules.values import Evidence

PASS, REVIEW, FAIL = "pass", "review", "fail"
ONE = Fraction(1)
THOUSANDTH = Fraction(1, 1000)
COUNTS = {"10^9/L": ONE, "10^3/uL": ONE, "K/uL": ONE, "/uL": THOUSANDTH}
MASS_PER_DL = {"mg/dL": ONE, "g/L": Fraction(100)}
CREATININE = {"mg/dL": ONE, "umol/L": Fraction(100, 8842)}  # 88.42 umol/L = 1 mg/dL
GLUCOSE = {"mg/dL": ONE, "mmol/L": Fraction(18016, 1000)}

# Per analyte: the units it may be written in, each as a multiple of the first.
UNITS: dict[str, dict[str, Fraction]] = {
    "INR": {"ratio": ONE},
    "platelets": COUNTS,
    "fibrinogen": MASS_PER_DL,
    "haemoglobin": {"g/dL": ONE, "g/L": Fraction(1, 10), "mmol/L": Fraction(16114, 10000)},
    "creatinine": CREATININE,
    "eGFR": {"mL/min/1.73m2": ONE},
    "aPTT": {"s": ONE},
    "anti-Xa": {"IU/mL": ONE},
    "dabigatran level": {"ng/mL": ONE},
    "apixaban level": {"ng/mL": ONE},
    "rivaroxaban level": {"ng/mL": ONE},
    "edoxaban level": {"ng/mL": ONE},
    "WBC": COUNTS,
    "CRP": {"mg/L": ONE, "mg/dL": Fraction(10)},
    "glucose": GLUCOSE,
    "HbA1c": {"percent": ONE, "%": ONE},
}
# What can be measured in a living patient, in the first unit of each analyte. Outside: a slip of number or unit,
# such as platelets of 85,000 typed as 85,000 x 10^9/L. These refuse an input; the protocol judges the rest.
PLAUSIBLE: dict[str, tuple[float, float]] = {
    "INR": (0.5, 30),
    "platelets": (1, 3000),
    "haemoglobin": (1, 25),
    "creatinine": (0.1, 30),
    "WBC": (0.01, 1000),
    "glucose": (10, 2000),
    "HbA1c": (2, 25),
    "fibrinogen": (5, 2000),
    "aPTT": (5, 500),
}
SPELLINGS = {
    "hemoglobin": "haemoglobin",
    "hb": "haemoglobin",
    "hgb": "haemoglobin",
    "platelet count": "platelets",
    "white blood cells": "WBC",
    "glucose (point of care)": "glucose",
    "a1c": "HbA1c",
}
CANONICAL = {name.casefold(): name for name in UNITS} | SPELLINGS


class Result(NamedTuple):
    value: Fraction
    evidence: Evidence


@lru_cache(maxsize=4096)
def analyte_name(written: str) -> str:
    """The one name of an analyte; as written where it is not known."""
    return CANONICAL.get(written.strip().casefold(), written.strip())


@lru_cache(maxsize=4096)
def exact(number: float) -> Fraction:
    """The number that was typed: 0.1 is one tenth. Raises ValueError for NaN and infinities."""
    return Fraction(str(number))


def in_unit(value: float, written: str, wanted: str, analyte: str) -> Fraction:
    """The value in the wanted unit, exactly. Raises ValueError where the units do not convert."""
    if written == wanted:
        return exact(value)
    factors = UNITS.get(analyte, {})
    if written not in factors or wanted not in factors:
        raise ValueError(f"{analyte} in {written!r} cannot be read as {wanted!r}")
    return exact(value) * factors[written] / factors[wanted]


def is_plausible(analyte: str, value: float, unit: str) -> bool:
    """Whether a patient can have this value; analytes without a known range always can."""
    if analyte not in PLAUSIBLE:
        return True
    low, high = PLAUSIBLE[analyte]
    return exact(low) <= in_unit(value, unit, next(iter(UNITS[analyte])), analyte) <= exact(high)


def _latest_results(context: Context, analyte: str, unit: str) -> tuple[Result, ...]:
    """The last drawn values of an analyte; several only where drawn at the same instant."""
    drawn = drawn_by_analyte(context).get(analyte)
    if not drawn:
        return ()
    return tuple([Result(in_unit(e.value["value"], e.value["unit"], unit, analyte), e) for e in latest(drawn)])


latest_results = once_for_case(_latest_results)


def _drawn_by_analyte(context: Context) -> dict[str, list[Evidence]]:
    found: dict[str, list[Evidence]] = {}
    for entry in context.standing("labs"):
        if "analyte" in entry.value:
            found.setdefault(analyte_name(entry.value["analyte"]), []).append(entry)
    return found


drawn_by_analyte = once_for_case(_drawn_by_analyte)


def is_valid(context: Context, rule: LabRule, result: Result) -> bool:
    """Whether the sample is recent enough at the start: calendar days of the site, or elapsed hours."""
    drawn = result.evidence.observed_at
    if not context.dated_before(drawn):
        return False
    if rule.validity_within is not None:
        return context.start.at_most(drawn + rule.validity_within)
    if rule.validity_days is None:
        raise LookupError(f"the row {rule.row} has no validity")
    return context.within_days(local_date(drawn, context.facts.site.tz), rule.validity_days)


def holds(band: Bound, value: Fraction) -> bool:
    """Whether an exact number lies in the band."""
    if band.low is not None:
        low = exact(band.low)
        if value < low or (band.low_open and value == low):
            return False
    if band.high is not None:
        high = exact(band.high)
        if value > high or (band.high_open and value == high):
            return False
    return True


def band_of(rule: LabRule, result: Result) -> str:
    """pass, review or fail; in none of the row's bands it is a review."""
    printed = result.evidence.value.get("reference_high")
    if rule.lab_range and printed is not None:
        limit = in_unit(printed, result.evidence.value["unit"], rule.unit, analyte_name(rule.analyte))
        return PASS if result.value <= limit else FAIL
    if any(holds(band, result.value) for band in rule.fails):
        return FAIL
    return PASS if any(holds(band, result.value) for band in rule.passes) else REVIEW


def _age_at_start(context: Context) -> int | None:
    """Completed years on the start's date; None without a date of birth, or with one after the start."""
    born = context.facts.born_on
    if born is None or not context.from_day(born):
        return None
    year = local_date(context.start.at, context.facts.site.tz).year
    # Both birthdays around the start are asked about, so that the clock knows when the age changes.
    birthdays = sum(context.from_day(birthday(born, y)) for y in (year, year + 1))
    return year - 1 - born.year + birthdays


age_at_start = once_for_start(_age_at_start)


def birthday(born: date, year: int) -> date:
    """The birthday in a year; 1 March for those born on 29 February."""
    try:
        return born.replace(year=year)
    except ValueError:
        return born.replace(year=year, month=3, day=1)


def hours(duration: timedelta) -> str:
    """A duration in words for people: hours, or days where it is whole days of at least three."""
    total = duration.total_seconds() / 3600
    if total >= 72 and total % 24 == 0:
        return f"{plain(total / 24)} days"
    return f"{plain(total)} hours"


def plain(number: float) -> str:
    """A number as it was typed, with every digit: 37.96 is shown as what it is judged as."""
    return f"{Decimal(str(number)).normalize():f}"
