"""Conditions under which a clinician looks at a drug: each met, not met, or not known and therefore owed."""

from collections.abc import Iterator
from fractions import Fraction

from checklists.rules.asked import ASKED_CODES, code_unknown
from checklists.rules.codes import code_in_words
from checklists.rules.context import Check, Context, once_for_case, once_for_start, pending, review
from checklists.rules.doses import (
    drug_plans,
    last_dose,
    plans_of,
    rows_for,
    stop_agreed,
    unknown_to_prescriber,
)
from checklists.rules.drugs import Match, normalised, rows_meant
from checklists.rules.known import is_so
from checklists.rules.lab_values import exact, is_valid, latest_results, plain
from checklists.rules.protocol import HoldRule, ReviewIf
from checklists.rules.renal import renal_function


def condition_checks(context: Context, match: Match, row: HoldRule) -> Iterator[Check]:
    """Reviews for what is met, pending for what has to be found out."""
    when = row.review_if
    if when is None:
        return
    drug = match.drug
    yield from company_checks(context, drug, when)
    yield from platelet_checks(context, drug, when)
    yield from kidney_checks(context, drug, when)
    yield from amount_checks(context, drug, when)
    reason = f" {normalised(match.medication.indication or '')} "
    for word in sorted(when.indications):
        if f" {normalised(word)} " in reason:
            yield review("reason_to_review", f"{drug} is taken for {word}: a clinician decides.")
    for code in sorted(when.recorded & context.facts.conditions):
        yield review(code, f"{drug} with {code_in_words(code)}: a clinician decides.")
    for code in sorted(when.asked):
        yield from asked_checks(context, drug, code, on_the_day=False)
    for code in sorted(when.on_the_day):
        yield from asked_checks(context, drug, code, on_the_day=True)
    for code in sorted(when.cleared):
        yield from cleared_checks(context, drug, code)


def condition_grounds(context: Context, match: Match) -> list[str]:
    """What a signature is about where no code tells it: the other drugs, and how low a value is."""
    rows = rows_for(context, match) if match.rows else None
    when = rows.plans_by.review_if if rows else None
    if when is None:
        return []
    low = (*low_platelets(context, when), *low_kidney_function(context, when))
    return [*company(context, match.drug, when), *map(str, low)]


def company(context: Context, drug: str, when: ReviewIf) -> list[str]:
    taken = {row.drug for row in rows_taken(context) if row.drug_class in when.with_classes} - {drug}
    return sorted(other for other in taken if not is_gone_by_start(context, other))


def company_checks(context: Context, drug: str, when: ReviewIf) -> Iterator[Check]:
    if others := company(context, drug, when):
        yield review("taken_together", f"{drug} is taken together with {', '.join(others)}: a clinician decides.")


def is_gone_by_start(context: Context, drug: str) -> bool:
    """Whether the drug's own hold lets no start come before time has cleared it; one that goes on is there."""
    rows = [rows_for(context, plan.match) for plan in plans_of(context, drug) if plan.match.rows]
    cleared = [found is not None and found.plans_by.clear_at is not None for found in rows]
    timed = [found is not None and found.plans_by.action == "timed_hold" for found in rows]
    return bool(rows) and all(cleared) and all(timed)


def _rows_taken(context: Context) -> tuple[HoldRule, ...]:
    """The rows of everything on the list that the patient did not say not to take."""
    found = (rows_meant(context.protocol, medication)[0] for medication in context.facts.medications)
    return tuple(row for rows in found for row in rows if not last_dose(context, row.drug).not_taking)


rows_taken = once_for_case(_rows_taken)


def is_bridging(context: Context, drug: str) -> bool:
    """Whether this drug may be started while another one of the case is held."""
    others = {row.drug_class for row in rows_taken(context)}
    return any(row.bridges & others for plan in plans_of(context, drug) for row in plan.match.rows)


def low_platelets(context: Context, when: ReviewIf) -> list[Fraction]:
    limit = when.platelets_below
    return [] if limit is None else [value for value in platelets(context) or () if value < exact(limit)]


def platelets(context: Context) -> list[Fraction] | None:
    """The counts that were drawn last; None where one of them is not valid at the start."""
    rule = next((rule for rule in context.protocol.labs if rule.analyte == "platelets"), None)
    if rule is None:
        return None
    results = latest_results(context, "platelets", "10^9/L")
    valid = [result.value for result in results if is_valid(context, rule, result)]
    return valid if valid and len(valid) == len(results) else None


def platelet_checks(context: Context, drug: str, when: ReviewIf) -> Iterator[Check]:
    if when.platelets_below is None:
        return
    if platelets(context) is None:
        yield pending("platelets_unknown", f"{drug} waits for a platelet count that is valid at the start.")
    elif low_platelets(context, when):
        yield review(
            "platelets_low", f"{drug} with platelets below {plain(when.platelets_below)}: a clinician decides."
        )


def low_kidney_function(context: Context, when: ReviewIf) -> list[Fraction]:
    limit = when.egfr_below
    return [] if limit is None else [value for value in kidney_function(context) if value < exact(limit)]


def kidney_function(context: Context) -> list[Fraction]:
    """The eGFR where one is valid, else the creatinine clearance; empty without either."""
    rule = next((rule for rule in context.protocol.labs if rule.analyte == "eGFR"), None)
    results = latest_results(context, "eGFR", rule.unit) if rule else ()
    values = [result.value for result in results if rule and is_valid(context, rule, result)]
    renal = renal_function(context)
    return values if values or renal.clearance is None else [renal.clearance]


def kidney_checks(context: Context, drug: str, when: ReviewIf) -> Iterator[Check]:
    """Without any kidney function it is owed."""
    if when.egfr_below is None:
        return
    if not kidney_function(context):
        yield pending("kidney_function_unknown", f"{drug} waits for a kidney function: record an eGFR or a creatinine.")
    elif low_kidney_function(context, when):
        yield review(
            "kidney_function_low", f"{drug} with a kidney function below {plain(when.egfr_below)}: see a clinician."
        )


def amount_checks(context: Context, drug: str, when: ReviewIf) -> Iterator[Check]:
    """By all entries of the drug together: a morning and an evening dose are two lines of some lists."""
    if when.daily_mg_from is None:
        return
    plans = [plan.match for plan in plans_of(context, drug) if plan.match.rows]
    amounts, limit = [match.medication.daily_mg for match in plans], when.daily_mg_from
    taken = sum([exact(amount) for amount in amounts if amount is not None])
    if None in amounts:
        ask = f"Record in the list of medications how many mg of {drug} are taken in a day."
        yield pending("daily_amount_unknown", ask)
    if taken >= exact(limit):
        much = f"{drug} {plain(float(taken))} mg a day is {plain(limit)} mg or more"
        yield review("daily_amount_high", f"{much}: a clinician decides.")


def asked_checks(context: Context, drug: str, code: str, *, on_the_day: bool) -> Iterator[Check]:
    found = is_so(context, drug, code, on_the_day=on_the_day)
    if found is None:
        when = "on the day of the procedure" if on_the_day else "once"
        yield pending(code_unknown(code), f"{drug}: ask {when} about {ASKED_CODES[code]}.", until_start=True)
    elif found:
        yield review(code, f"{drug} with {ASKED_CODES[code]}: a clinician decides.")


def cleared_checks(context: Context, drug: str, code: str) -> Iterator[Check]:
    """Not asked is owed; what is there is settled by the prescriber, who has to agree anyway."""
    there = is_so(context, drug, code, on_the_day=False)
    if there is None:
        yield from asked_checks(context, drug, code, on_the_day=False)
    elif there and not (stop_agreed(context, drug) and code not in unknown_to_prescriber(context, drug)):
        ask = f"{drug} with {ASKED_CODES[code]}: its prescriber decides, who has to know of it."
        yield pending(f"{code}_to_clear", ask, until_start=True)


def slows_stomach(context: Context, match: Match, row: HoldRule) -> bool:
    """Whether the drug calls for a day of liquids only; a condition that nobody has denied counts."""
    if row.slow_stomach is None:
        return False
    risks = (is_so(context, match.drug, code, on_the_day=False) for code in row.slow_stomach)
    return not row.slow_stomach or any(risk is not False for risk in risks)


def _stomach_is_slow(context: Context) -> bool:
    """Whether any drug of the case calls for a day of liquids only."""
    for plan in drug_plans(context):
        rows = rows_for(context, plan.match) if plan.match.rows else None
        if rows and slows_stomach(context, plan.match, rows.plans_by) and not last_dose(context, plan.drug).not_taking:
            return True
    return False


stomach_is_slow = once_for_start(_stomach_is_slow)


def risk_checks(context: Context, match: Match, row: HoldRule) -> Iterator[Check]:
    """What the fast is counted by has to be asked; where no fast counts it, a clinician looks."""
    if row.slow_stomach is None:
        return
    for code in sorted(row.slow_stomach):
        if is_so(context, match.drug, code, on_the_day=False) is None:
            yield pending(code_unknown(code), f"{match.drug}: ask about {ASKED_CODES[code]}.", until_start=True)
    if slows_stomach(context, match, row) and not fast_counts_it(context):
        slow = f"{match.drug} slows the stomach, and the fast of this protocol does not allow for it"
        yield review("slow_stomach", f"{slow}: a clinician decides.")


def fast_counts_it(context: Context) -> bool:
    """Whether the fast of this case has hours of its own for a slow stomach."""
    rule, plan = context.protocol.fasting, context.facts.anesthesia
    if rule.mode != "elapsed":
        return False
    rows = [row for row in rule.intakes if row.slow_stomach]
    return bool(rows) and (plan is None or any(plan in row.anesthesia for row in rows))
