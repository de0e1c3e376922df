"""Labs: each analyte that the protocol demands of this case, valid at the start and inside its band."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from typing import Any

from checklists.rules.context import (
    Answer,
    Check,
    Context,
    Item,
    Kind,
    failed,
    never_no,
    pending,
    review,
)
from checklists.rules.doses import drug_plans, last_dose
from checklists.rules.kinds.lab_contexts import EITHER_OF, applicable
from checklists.rules.lab_values import (
    FAIL,
    PASS,
    UNITS,
    Result,
    analyte_name,
    band_of,
    is_plausible,
    is_valid,
    latest_results,
    plain,
)
from checklists.rules.protocol import LabRule
from checklists.rules.shapes import NOT_SURE, Problem, Shape, choice, number, words
from checklists.rules.values import Evidence, Status

MISSING = "lab_missing"


def answer(context: Context, item: Item) -> Answer:
    """One check per analyte and context that applies, plus whatever optional results show."""
    checks: list[Check] = []
    basis: list[Evidence] = []
    wrong: list[tuple[str, str]] = []
    missing: list[LabRule] = []
    for rule in applicable(context):
        analyte = analyte_name(rule.analyte)
        results = latest_results(context, analyte, rule.unit)
        basis += [result.evidence for result in results]
        found = [result_check(context, item, rule, result) for result in results]
        if not results and rule.required != "optional" and not answered_by_another(context, rule):
            missing.append(rule)
            wrong.append((rule.row, MISSING))
        counted = [check for check in found if check is not None and not excused(rule, check)]
        checks += counted
        wrong += [(rule.row, check.code) for check in counted]
    checks += missing_checks(context, item, missing)
    by_id = {entry.id: entry for entry in basis}
    unique = tuple([by_id[i] for i in sorted(by_id)])
    return Answer(
        checks=tuple(checks),
        confirmed="All required laboratory values are valid and in range.",
        basis=unique,
        # By row: a signature on one analyte must not pass for another that comes to be wrong in the same way.
        grounds=(*((dict(entry.value), entry.observed_at) for entry in unique), sorted(wrong)),
    )


def missing_checks(context: Context, item: Item, missing: Sequence[LabRule]) -> list[Check]:
    """What has no result, named together: what is owed by the deadline, and what may be drawn up to the start."""
    checks: list[Check] = []
    for is_drawn_late in (False, True):
        rules = [rule for rule in missing if lasts_less_than_deadline(item, rule) is is_drawn_late]
        if rules:
            checks.append(pending(MISSING, missing_sentence(context, item, rules), until_start=is_drawn_late))
    return checks


def missing_sentence(context: Context, item: Item, rules: Iterable[LabRule]) -> str:
    if any(entry.value.get("stage") == "ordered" for entry in context.standing(item.key)):
        return f"Blood tests are ordered; no result of {listed(rules)} is recorded yet. Record it when it comes."
    return f"No result of {listed(rules)} is recorded. Draw it and record it."


def listed(rules: Iterable[LabRule]) -> str:
    """The analytes in words; of those that stand in for each other, either."""
    choices: dict[str, list[str]] = {}
    for rule in rules:
        group = rule.context if rule.context in EITHER_OF else rule.row
        choices.setdefault(group, []).append(analyte_name(rule.analyte))
    names = list(dict.fromkeys(" or ".join(dict.fromkeys(named)) for named in choices.values()))
    return " and ".join([", ".join(names[:-1]), names[-1]] if names[1:] else names)


def owed(item: Item, rule: LabRule, code: str, sentence: str) -> Check:
    """Pending; a sample that would be too old if drawn by the deadline may be drawn up to the start."""
    return pending(code, sentence, until_start=lasts_less_than_deadline(item, rule))


def lasts_less_than_deadline(item: Item, rule: LabRule) -> bool:
    deadline, days = item.rule.deadline, rule.validity_days
    lasts = rule.validity_within if days is None else timedelta(days=days)
    return deadline is not None and lasts is not None and lasts < -deadline.offset


def answered_by_another(context: Context, rule: LabRule) -> bool:
    """Where either of several tests will do, whether another one has a result that tells as much."""
    return rule.context in EITHER_OF and any(
        latest_results(context, analyte_name(other.analyte), other.unit)
        for other in context.protocol.labs
        if other.context == rule.context and stands_in(context, other, rule)
    )


def stands_in(context: Context, other: LabRule, rule: LabRule) -> bool:
    """Whether another row measures each drug of the patient that this one does: anti-Xa shows no dabigatran."""
    levels = (row.level for plan in drug_plans(context) for row in plan.match.rows if row.level)
    return all(other.row in level.labs for level in levels if rule.row in level.labs)


def excused(rule: LabRule, check: Check) -> bool:
    """An optional value that is out of date says nothing; it is not owed."""
    return rule.required == "optional" and check.status is Status.PENDING


def result_check(context: Context, item: Item, rule: LabRule, result: Result) -> Check | None:
    analyte, taken = analyte_name(rule.analyte), result.evidence.observed_at
    if not is_valid(context, rule, result):
        return owed(item, rule, "lab_expired", f"The {analyte} is too old for this start: draw it again.")
    if drug := rule.after_last_dose_of:
        dose = last_dose(context, drug)
        if dose.at is None and not dose.not_taking:
            ask = f"{analyte} counts only after the last {drug}: record that dose."
            return owed(item, rule, "last_dose_unknown", ask)
        if dose.at is not None and taken <= dose.at:
            early = f"The {analyte} was drawn before the last {drug}: repeat it."
            return owed(item, rule, "drawn_before_last_dose", early)
    value = result.evidence.value
    shown = f"The result {analyte} {plain(value['value'])} {value['unit']}"
    band = band_of(rule, result)
    if band == FAIL:
        return failed("lab_out_of_range", f"{shown} is outside the limits of the protocol. Call the clinician.")
    return None if band == PASS else review("lab_borderline", f"{shown} is not clearly in range: a clinician decides.")


def value_problems(value: Mapping[str, Any]) -> list[Problem]:
    """A unit that the analyte is not written in, or a number that nobody has in this unit."""
    if "analyte" not in value:
        return []
    analyte, units = value["analyte"], UNITS[value["analyte"]]
    if value["unit"] not in units:
        return [Problem("unit", f"{value['unit']!r} is not a unit of {analyte}. Use {words(units)}.")]
    if is_plausible(analyte, value["value"], value["unit"]):
        return []
    shown = f"{plain(value['value'])} {value['unit']}"
    return [Problem("value", f"{analyte} of {shown} is not possible. Check the number and its unit.")]


LABS = Kind(
    name="labs",
    items=lambda context: context.single("labs"),
    answer=answer,
    said_no=never_no,
    shapes=(
        Shape(
            {
                "analyte": choice(*UNITS),
                "value": number(0, 10_000_000),
                "unit": choice(*dict.fromkeys(unit for units in UNITS.values() for unit in units)),
            },
            {"reference_high": number(0, 100_000)},  # the upper limit that the laboratory printed with it
        ),
        Shape({"stage": choice("ordered", "looked_at")}),
        NOT_SURE,
    ),
    problems=value_problems,
)
