"""Malignancy or infection that is suspected: an MRI with contrast or a biopsy, or a clinician decides (row IM05)."""

from collections.abc import Iterable
from datetime import date

from checklists.rules.context import Check, Context, failed, pending, review
from checklists.rules.ledger import latest
from checklists.rules.protocol import SuspicionRule
from checklists.rules.sitetime import local_date
from checklists.rules.values import Evidence

READ = ("result", "reviewed")
BIOPSY = "biopsy"
SHOWN = ("benign", "malignancy", "infection", "not_conclusive")


def suspicion_checks(
    context: Context, standing: Iterable[Evidence], since: date | None
) -> tuple[list[Check], tuple[Evidence, ...]]:
    """What the biopsy shows, what is still wanted, and the studies that say so. `since`: as other images count."""
    read = [entry for entry in standing if entry.value.get("stage") in READ]
    biopsies = latest(entry for entry in read if entry.value["modality"] == BIOPSY)
    checks = [check for biopsy in biopsies for check in biopsy_checks(context, biopsy)]
    rule = context.protocol.imaging.suspicion
    if rule is None or not is_suspected(context, rule):
        return checks, biopsies
    told = [entry for entry in read if tells_cause(entry) and is_of_the_levels(context, entry)]
    counted = tuple(entry for entry in told if counts(context, rule, entry, since))
    if not counted:
        wanted = f"an MRI with contrast nor a biopsy of these levels in the last {rule.validity_days} days is recorded"
        ask = f"Malignancy or infection is suspected, and neither {wanted}: a clinician decides."
        checks.append(review("contrast_or_biopsy_wanted", ask))
    return checks, (*biopsies, *(entry for entry in counted if entry not in biopsies))


def is_suspected(context: Context, rule: SuspicionRule) -> bool:
    return context.facts.cause in rule.causes or bool(rule.conditions & context.facts.conditions)


def suspicion_grounds(context: Context) -> list[str]:
    """What is suspected: a signature without contrast or biopsy is about just this."""
    rule, facts = context.protocol.imaging.suspicion, context.facts
    if rule is None:
        return []
    return sorted((rule.causes | rule.conditions) & {facts.cause, *facts.conditions})


def tells_cause(entry: Evidence) -> bool:
    if entry.value["modality"] == BIOPSY:
        return entry.value.get("shows") in ("benign", "malignancy")
    return entry.value["modality"] == "mri" and entry.value.get("contrast") is True


def is_of_the_levels(context: Context, entry: Evidence) -> bool:
    """Whether an MRI shows each planned level; a needle takes its sample from one of them."""
    planned, seen = set(context.facts.levels), set(entry.value["levels"])
    return bool(planned & seen) if entry.value["modality"] == BIOPSY else planned <= seen


def counts(context: Context, rule: SuspicionRule, entry: Evidence, since: date | None) -> bool:
    done = local_date(entry.observed_at, context.facts.site.tz)
    return context.within_days(done, rule.validity_days) and (since is None or done >= since)


def biopsy_checks(context: Context, biopsy: Evidence) -> list[Check]:
    shows = biopsy.value.get("shows")
    if shows is None:
        return [pending("biopsy_unknown", "Record what the biopsy shows.")]
    if shows == "infection":
        return [failed("biopsy_infection", "The biopsy shows an infection. Call the clinician.")]
    if shows == "malignancy" and context.facts.cause != "malignancy":
        other = "The biopsy shows malignancy, and the plan names another cause or none"
        return [review("biopsy_malignancy", f"{other}: a clinician decides.")]
    return []
