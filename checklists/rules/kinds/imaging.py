"""Imaging: studies that together prove a fresh fracture at the planned levels, recent and looked at."""

from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from datetime import date
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
from checklists.rules.kinds.suspicion import BIOPSY, READ, SHOWN, suspicion_checks, suspicion_grounds
from checklists.rules.ledger import latest
from checklists.rules.shapes import BOOLEAN, LEVEL, NOT_SURE, Problem, Shape, choice, listed
from checklists.rules.sitetime import local_date, shown_on
from checklists.rules.values import Evidence, Status

SHOWS_UPTAKE = ("bone_scan", "spect_ct")
NAMES = {"mri": "MRI", "ct": "CT", "bone_scan": "bone scan", "spect_ct": "SPECT/CT", "xray": "X-ray"}
STUDIES = {**NAMES, BIOPSY: "biopsy"}
CONTRAINDICATED = "mri_contraindicated"
IMPOSSIBLE_MRI = "An MRI counts of a patient who cannot have one: a clinician finds out which of the two is true."
MRI_FIRST = "No MRI is recorded, nor why there is none: a clinician decides whether CT with a tracer is enough."
OLD_ON_MRI = "The MRI shows no marrow oedema at a planned level although the other studies fit: a clinician decides."
BADNESS = {Status.FAILED: 3, Status.PENDING: 1, Status.REVIEW: 2}


def answer(context: Context, item: Item) -> Answer:
    """Satisfied by the best acceptable set of modalities, each with a valid result."""
    standing = context.standing(item.key)
    begun = {entry.value["modality"] for entry in standing}
    studies = {name: read_studies(standing, name) if name in begun else () for name in NAMES}
    by_modality = {name: tuple(modality_checks(context, name, studies[name], begun)) for name in NAMES}
    ways = context.protocol.imaging.acceptable
    impossible = bool(studies["mri"]) and CONTRAINDICATED in context.facts.conditions
    if impossible:
        ways = tuple(sorted(ways, key=lambda names: "mri" in names))
    chosen = min(ways, key=lambda names: badness(by_modality, begun, names))
    checks = [check for name in sorted(chosen) for check in by_modality[name]]
    if "ct" in chosen and not mri_is_ruled_out(context, studies["mri"]):
        checks.append(review("mri_not_done", MRI_FIRST))
    if impossible and "mri" in chosen:
        checks.append(review("mri_impossible", IMPOSSIBLE_MRI))
    if not any(studies[name] for name in chosen) and not chosen <= begun:
        checks = [no_proof(context, studies)]
    disputed = "mri" not in chosen and shows_old_fracture(by_modality["mri"])
    if disputed:
        checks.append(review("imaging_disagrees", OLD_ON_MRI))
    counted = chosen | {"mri"} if disputed else chosen
    basis = tuple(entry for name in sorted(counted) for entry in studies[name])
    suspicions, told = suspicion_checks(context, standing, counts_from(context))
    basis = (*basis, *(entry for entry in told if entry not in basis))
    return Answer(
        checks=(*checks, *suspicions),
        confirmed="Imaging proves a fresh fracture at the planned levels.",
        basis=basis,
        grounds=(
            sorted(context.facts.levels),
            [(dict(e.value), e.observed_at) for e in basis],
            *suspicion_grounds(context),
        ),
    )


def mri_is_ruled_out(context: Context, mri: tuple[Evidence, ...]) -> bool:
    """CT with a tracer stands in for an MRI that the patient cannot have or that was not conclusive (row IM02)."""
    if frozenset({"mri"}) not in context.protocol.imaging.acceptable:
        return True
    return bool(mri) or CONTRAINDICATED in context.facts.conditions


def shows_old_fracture(mri: Iterable[Check]) -> bool:
    """A bone scan stays positive for months, so it does not settle what an MRI of this fracture denies."""
    codes = {check.code for check in mri}
    return "no_oedema" in codes and not codes & {"imaging_before_fracture", "imaging_before_change"}


def read_studies(standing: Iterable[Evidence], modality: str) -> tuple[Evidence, ...]:
    return latest(e for e in standing if e.value["modality"] == modality and e.value["stage"] in READ)


def badness(
    by_modality: Mapping[str, tuple[Check, ...]], begun: AbstractSet[str], names: AbstractSet[str]
) -> tuple[int, int, int]:
    """A set with a result to judge goes before one that is ordered, and that before one with nothing recorded."""
    checks = [check for name in names for check in by_modality[name]]
    absent = [check for check in checks if check.code == "imaging_missing"]
    return len(absent), len(names - begun), sum([BADNESS[check.status] for check in checks])


def no_proof(context: Context, studies: Mapping[str, tuple[Evidence, ...]]) -> Check:
    without_mri = CONTRAINDICATED in context.facts.conditions
    routes = ", or ".join(
        " with ".join(NAMES[name] for name in sorted(names, key=list(NAMES).index))
        for names in context.protocol.imaging.acceptable
        if not (without_mri and "mri" in names)
    )
    if without_mri:
        routes = f"{routes or 'what the clinician decides'} (this patient cannot have an MRI)"
    if studies["xray"]:
        return pending("xray_alone", f"An X-ray cannot prove that the fracture is fresh. Arrange {routes}.")
    recorded = "What is recorded cannot prove that the fracture is fresh"
    so_far = recorded if any(studies.values()) else "No imaging result is recorded"
    return pending("imaging_missing", f"{so_far}. Arrange {routes}.")


def modality_checks(
    context: Context, modality: str, studies: tuple[Evidence, ...], begun: AbstractSet[str]
) -> list[Check]:
    if not studies:
        what = "is ordered or done, its result is missing" if modality in begun else "is not recorded"
        return [pending("imaging_missing", f"The {NAMES[modality]} {what}. Record the result.")]
    return [check for study in studies for check in study_checks(context, study)]


def study_checks(context: Context, study: Evidence) -> list[Check]:
    modality, name = study.value["modality"], NAMES[study.value["modality"]]
    performed = local_date(study.observed_at, context.facts.site.tz)
    days = context.protocol.imaging.valid_for(modality)
    checks: list[Check] = []
    if not context.within_days(performed, days):
        old = f"The {name} of {shown_on(performed)} is older than {days} days at the start"
        checks.append(pending("imaging_expired", f"{old}. Repeat it."))
    if (begun := fracture_day(context)) and performed < begun:
        checks.append(pending("imaging_before_fracture", f"The {name} was done before the fracture. Repeat it."))
    elif (worse := worsened_day(context)) and performed < worse:
        changed = f"The {name} was done before the new fall, pain or deficit of {shown_on(worse)}"
        checks.append(pending("imaging_before_change", f"{changed}. Repeat it."))
    if unseen := sorted(set(context.facts.levels) - set(study.value["levels"])):
        checks.append(
            failed(
                "level_not_imaged", f"The {name} does not show {', '.join(unseen)}. Image it, or correct the levels."
            )
        )
    if modality == "mri":
        checks += oedema_checks(context, study)
    if modality in SHOWS_UPTAKE:
        checks += uptake_checks(context, study)
    return checks


def fracture_day(context: Context) -> date | None:
    """The day from which on somebody could see it: fractured, and hurting."""
    known = (context.facts.fractured, context.facts.onset)
    return max((about.earliest for about in known if about), default=None)


def worsened_day(context: Context) -> date | None:
    """The day of the last new fall, new pain or new deficit; the latest it can have been (row IM09)."""
    worsened = context.facts.worsened
    return worsened.latest if worsened and context.protocol.imaging.repeat_after_worsening else None


def counts_from(context: Context) -> date | None:
    """The day from which on a study or an assessment is about this fracture as it is now."""
    return max((day for day in (fracture_day(context), worsened_day(context)) if day), default=None)


def before_fracture(context: Context, found: Iterable[Evidence], what: str) -> list[Check]:
    """A person who looked before this fracture happened did not decide about it."""
    begun, zone = fracture_day(context), context.facts.site.tz
    if begun is None or all(local_date(entry.observed_at, zone) >= begun for entry in found):
        return []
    return [pending(f"{what}_before_fracture", f"The {what} is older than the fracture. Record a new one.")]


def before_change(context: Context, found: Iterable[Evidence], what: str) -> list[Check]:
    """As `before_fracture`, for what a new fall, new pain or a new deficit puts in question too."""
    if checks := before_fracture(context, found, what):
        return checks
    worse, zone = worsened_day(context), context.facts.site.tz
    if worse is None or all(local_date(entry.observed_at, zone) >= worse for entry in found):
        return []
    changed = f"the new fall, pain or deficit of {shown_on(worse)}"
    return [pending(f"{what}_before_change", f"The {what} is older than {changed}. Record a new one.")]


def oedema_checks(context: Context, study: Evidence) -> list[Check]:
    sensitive = study.value.get("fluid_sensitive")
    if sensitive is None:
        ask = "Record whether the MRI has fluid-sensitive sequences (STIR or fat-suppressed T2)."
        return [pending("mri_sequence_unknown", ask)]
    if not sensitive:
        return [review("mri_not_fluid_sensitive", "The MRI has no fluid-sensitive sequence: a clinician decides.")]
    if "oedema_levels" not in study.value:
        return [pending("oedema_unknown", "Record at which levels the MRI shows marrow oedema.")]
    if dry := sorted(set(context.facts.levels) - set(study.value["oedema_levels"])):
        old = f"The MRI shows no marrow oedema at {', '.join(dry)}, as in an old fracture. Call the clinician."
        return [failed("no_oedema", old)]
    return []


def uptake_checks(context: Context, study: Evidence) -> list[Check]:
    """The tracer tells the age of the fracture, the CT beside it only its form."""
    name = NAMES[study.value["modality"]]
    if "uptake_levels" not in study.value:
        return [pending("uptake_unknown", f"Record at which levels the {name} shows uptake.")]
    if cold := sorted(set(context.facts.levels) - set(study.value["uptake_levels"])):
        old = f"The {name} shows no uptake at {', '.join(cold)}, as in an old fracture. Call the clinician."
        return [failed("no_uptake", old)]
    return []


def oedema_at_planned_levels(context: Context) -> tuple[bool | None, tuple[int, ...]]:
    """Whether the latest MRI documents oedema at each planned level; None where it does not say."""
    studies = read_studies(context.standing("imaging"), "mri")
    ids = tuple(study.id for study in studies)
    stated = [set(s.value["oedema_levels"]) for s in studies if "oedema_levels" in s.value]
    if not stated or len(stated) < len(studies):
        return None, ids
    return all(set(context.facts.levels) <= levels for levels in stated), ids


def study_problems(value: Mapping[str, Any]) -> list[Problem]:
    """What another study shows has a field of its own, and would be overlooked here."""
    if "shows" not in value or value.get("modality") == BIOPSY:
        return []
    elsewhere = "An infection that another study shows is an exclusion of the candidacy"
    return [Problem("shows", f"is told of a biopsy only. {elsewhere}: record it there.")]


IMAGING = Kind(
    name="imaging",
    items=lambda context: context.single("imaging"),
    answer=answer,
    said_no=never_no,
    shapes=(
        Shape(
            {
                "modality": choice(*STUDIES),
                "stage": choice("ordered", "done", "result", "reviewed"),
                "levels": listed(LEVEL, 1),
            },
            {
                "fluid_sensitive": BOOLEAN,
                "oedema_levels": listed(LEVEL),
                "uptake_levels": listed(LEVEL),
                "contrast": BOOLEAN,  # of an MRI
                "shows": choice(*SHOWN),  # of a biopsy
            },
        ),
        NOT_SURE,
    ),
    problems=study_problems,
)
