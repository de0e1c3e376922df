"""Which rows of the laboratory table hold for a case."""

from collections.abc import Callable, Mapping

from checklists.rules.context import Context, once_for_case
from checklists.rules.doses import drug_plans, last_dose, plans_of
from checklists.rules.drugs import NOT_SYSTEMIC, normalised, rows_meant
from checklists.rules.lab_values import age_at_start, analyte_name
from checklists.rules.protocol import HoldRule, LabRule

GENERAL = "general"
VKA = "vka_held"
LIVER = "chronic_liver_disease"
# Classes of drugs that tell of diabetes, or raise the glucose. Drugs also given for the heart or for weight do not.
MOVES_SUGAR = frozenset(
    {"insulin", "biguanide", "oral hypoglycaemic", "sglt2 inhibitor with oral hypoglycaemic", "glucocorticoid"}
)


def applicable(context: Context) -> list[LabRule]:
    """The rules of this case; a special context replaces the general rule of its analyte."""
    rules = [rule for rule in context.protocol.labs if applies(context, rule)]
    special = {analyte_name(rule.analyte) for rule in rules if rule.context in (VKA, LIVER)}
    return [rule for rule in rules if rule.context != GENERAL or analyte_name(rule.analyte) not in special]


def applies(context: Context, rule: LabRule) -> bool:
    """Contexts without a row here are conditions that a clinician records (chronic liver disease, ...).

    An optional value is nowhere owed, so wherever somebody measured it, it is looked at.
    """
    if rule.required == "info":
        return False
    if rule.required == "optional":
        return True
    if rule.context == GENERAL or rule.context in context.facts.conditions:
        return True
    if rule.context == VKA:
        return is_taken(context, rule.after_last_dose_of or "warfarin")
    return rule.context in APPLIES and APPLIES[rule.context](context)


def is_taken(context: Context, drug: str) -> bool:
    return bool(plans_of(context, drug)) and not last_dose(context, drug).not_taking


def needs_creatinine(context: Context) -> bool:
    """A renally adjusted drug, diabetes, or the age from which the protocol wants one (unknown counts)."""
    if "diabetes" in context.facts.conditions:
        return True
    if any(plan.match.needs_renal_function for plan in drug_plans(context)):
        return True
    age = age_at_start(context)
    return any(age is None or age >= limit for limit in context.protocol.lab_review_ages)


def _infusion_taken(context: Context) -> bool:
    """Heparin by vein, argatroban or bivalirudin on the list."""
    return any(is_infusion(row) for plan in drug_plans(context) for row in plan.match.rows)


infusion_taken = once_for_case(_infusion_taken)


def heparin_taken(context: Context) -> bool:
    """Heparin on the list, given in whichever way; it may take the platelets with it."""
    taken = (plan for plan in drug_plans(context) if not last_dose(context, plan.drug).not_taking)
    return any(row.drug_class.casefold() == "heparin" for plan in taken for row in plan.match.rows)


def is_infusion(row: HoldRule) -> bool:
    drug_class = row.drug_class.casefold()
    if drug_class == "heparin":
        return (row.dose_tier or "").casefold().startswith("iv")
    return "thrombin" in drug_class and "(iv)" in drug_class


def _sugar_at_risk(context: Context) -> bool:
    """Diabetes or a steroid, recorded as a condition or to be seen from the drugs."""
    if {"diabetes", "steroid"} & context.facts.conditions or context.facts.cause == "steroid":
        return True
    return any(
        row.drug_class.casefold() in MOVES_SUGAR
        for medication in context.facts.medications
        if normalised(medication.route or "") not in NOT_SYSTEMIC
        for row in rows_meant(context.protocol, medication)[0]
    )


sugar_at_risk = once_for_case(_sugar_at_risk)


APPLIES: Mapping[str, Callable[[Context], bool]] = {
    "renal_function": needs_creatinine,
    "parenteral_anticoagulant": infusion_taken,
    "heparin": heparin_taken,
    "diabetes_or_steroid": sugar_at_risk,
}
# Contexts that follow from the drugs, the age and the plan; each other one is a condition that somebody records.
DERIVED = frozenset({GENERAL, VKA, *APPLIES})
# Contexts in which one of several tests is enough.
EITHER_OF = frozenset({"parenteral_anticoagulant", "doac_level"})
