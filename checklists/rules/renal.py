"""Creatinine clearance by Cockcroft and Gault, exact: 49.58 mL/min is below 50."""

from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from checklists.rules.context import Context, once_for_start
from checklists.rules.lab_values import age_at_start, exact, is_valid, latest_results

FEMALE = Fraction(85, 100)


@dataclass(frozen=True, slots=True)
class Renal:
    """Clearance in mL/min, or why it is not known (`code` and `sentence`)."""

    clearance: Fraction | None
    code: str = ""
    sentence: str = ""
    grounds: tuple[Any, ...] = ()


def cockcroft_gault(age: int, weight_kg: Fraction, creatinine: Fraction, *, female: bool) -> Fraction:
    """(140 - age) x kg / (72 x serum creatinine in mg/dL), x 0.85 for women."""
    clearance = (140 - age) * weight_kg / (72 * creatinine)
    return clearance * FEMALE if female else clearance


def _renal_function(context: Context) -> Renal:
    """The clearance at the start, the lowest where two creatinines were drawn at once."""
    facts = context.facts
    rule = next((rule for rule in context.protocol.labs if rule.analyte == "creatinine"), None)
    results = latest_results(context, "creatinine", "mg/dL")  # the unit of the formula, whatever that of the row
    age = age_at_start(context)
    unknown = [
        name
        for name, known in (
            ("creatinine", bool(results)),
            ("date of birth", age is not None),
            ("weight", facts.weight_kg is not None and facts.weight_kg > 0),
            ("sex", facts.sex is not None),
        )
        if not known
    ]
    if unknown or age is None or facts.weight_kg is None:
        missing = f"Kidney function is not known: record {', '.join(unknown)}."
        return Renal(None, "renal_function_missing", missing)
    if rule is None or not all(is_valid(context, rule, result) for result in results):
        expired = "Kidney function is out of date at the start: draw a new creatinine."
        return Renal(None, "renal_function_expired", expired)
    # The lower of the two formulas for anybody but men: the drug is then held longer.
    clearance = min(
        cockcroft_gault(age, exact(facts.weight_kg), result.value, female=facts.sex != "male") for result in results
    )
    return Renal(clearance, grounds=(str(clearance),))


renal_function = once_for_start(_renal_function)
