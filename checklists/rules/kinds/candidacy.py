"""Candidacy: indication, exclusions, the treatment window, levels and their adjacency."""

from collections.abc import Sequence
from datetime import date

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
from checklists.rules.kinds.exclusions import exclusion_checks, exclusion_grounds
from checklists.rules.kinds.imaging import before_change
from checklists.rules.kinds.pain import PAIN, pain_checks
from checklists.rules.kinds.window import window_checks
from checklists.rules.ledger import latest
from checklists.rules.protocol import LevelsRule
from checklists.rules.shapes import BOOLEAN, LEVELS, NOT_SURE, TEXT, Shape, choice, listed, nested
from checklists.rules.values import DateAbout, Evidence

# Rows IM20-IM25 of the clinical table: absolute contraindications.
ABSOLUTE = {
    "active_infection": "an active infection",
    "osteomyelitis": "osteomyelitis",
    "discitis": "discitis",
    "pregnancy": "pregnancy",
    "healed_fracture": "a healed or painless fracture",
    "pain_not_from_fracture": "pain that does not come from the fracture",
    "uncorrectable_coagulopathy": "a coagulopathy that cannot be corrected",
    "cement_allergy": "an allergy to cement or other required materials",
    "prophylactic": "treatment of a level that is not fractured",
}
# Rows IM30-IM37: relative ones, for a clinician to weigh.
RELATIVE = {
    "instability": "spinal instability",
    "posterior_wall_breach": "a breach of the posterior wall",
    "retropulsion": "retropulsed bone",
    "canal_compromise": "a narrowed canal",
    "neurological_deficit": "a neurological deficit",
    "cord_compression": "compression of the cord",
    "uncorrected_coagulopathy": "a coagulopathy not yet corrected",
    "opacifier_allergy": "an allergy to the opacification agent",
    "vertebra_plana": "a severely collapsed vertebra",
    "cardiopulmonary_limit": "a limit of heart or lungs",
}


def answer(context: Context, item: Item) -> Answer:
    """The clinician's assessment, with window and levels from the facts."""
    found = latest(context.standing(item.key))
    checks = [check for entry in found for check in assessment_checks(entry)]
    if not found:
        checks = [pending("candidacy_missing", "Candidacy is not assessed. A clinician must record it.")]
    checks += before_change(context, found, "assessment")
    window, oedema_ids = window_checks(context)
    facts = context.facts
    if not facts.medications_known:
        unasked = "It is not known what the patient takes. Ask, and record the list; none is an answer too."
        checks.append(pending("medications_unknown", unasked))
    if facts.procedure not in context.protocol.procedures:
        uncovered = f"The protocol does not cover {facts.procedure}. Choose the procedure or the protocol anew."
        checks.append(failed("procedure_not_covered", uncovered))
    checks += [*exclusion_checks(context), *pain_checks(context, found)]
    if facts.cause is None:
        untold = "The cause of the fracture is not recorded. Change the plan and record it."
        checks.append(pending("cause_missing", untold))
    return Answer(
        checks=(*checks, *level_checks(facts.levels, context.protocol.levels), *window),
        confirmed="The patient is a candidate inside the treatment window.",
        basis=found,
        grounds=(
            [dict(e.value) for e in found],
            facts.procedure,
            facts.levels,
            facts.cause,
            facts.medications_known,
            [about(d) for d in (facts.fractured, facts.onset, facts.diagnosed)],
            *([about(facts.worsened)] if facts.worsened else []),
            oedema_ids,
            *exclusion_grounds(context),
        ),
    )


def about(day: DateAbout | None) -> tuple[date, date] | None:
    return (day.earliest, day.latest) if day else None


def assessment_checks(entry: Evidence) -> list[Check]:
    value = entry.value
    checks: list[Check] = []
    if not str(value["indication"]).strip():
        checks.append(pending("indication_missing", "No indication is recorded. A clinician must state it."))
    for code in value["exclusions"]:
        if code in RELATIVE:
            checks.append(review(f"excluded_{code}", f"{RELATIVE[code].capitalize()} was found: a clinician decides."))
        else:
            named = ABSOLUTE.get(code, f"the exclusion {code!r}, which this version does not know")
            checks.append(failed(f"excluded_{code}", f"The procedure is excluded by {named}. Call the clinician."))
    if not value["pain_matches_imaging"]:
        checks.append(failed("pain_elsewhere", "The pain does not match the imaged level. Re-examine before going on."))
    if not value["can_lie_prone"]:
        checks.append(review("cannot_lie_prone", "The patient cannot lie face down: a clinician decides."))
    return checks


def level_checks(levels: tuple[str, ...], rule: LevelsRule) -> list[Check]:
    """One level or few adjacent ones pass; more, apart or outside the range are for a clinician."""
    planned = set(levels)
    if not planned:
        return [pending("levels_missing", "No level is planned. Record the levels to be treated.")]
    if unknown := sorted(planned - set(LEVELS)):
        return [failed("level_unknown", f"{', '.join(unknown)} is not a level. Use codes such as T12 or L1.")]
    places = sorted(LEVELS.index(level) for level in planned)
    first, last = LEVELS.index(rule.first), LEVELS.index(rule.last)
    named = ", ".join(LEVELS[place] for place in places)
    if len(places) > rule.max_review:
        most = f"{len(places)} levels ({named}) are more than {rule.max_review}"
        return [failed("too_many_levels", f"{most}. A clinician spreads them over stages{proposal(places, rule)}.")]
    checks: list[Check] = []
    if len(places) > rule.max_pass:
        many = f"{len(places)} levels ({named}): a clinician decides, or treats in stages{proposal(places, rule)}."
        checks.append(review("many_levels", many))
    if rule.adjacent_only and places[-1] - places[0] != len(places) - 1:
        apart = f"{named} are not adjacent: a clinician decides, or treats in stages{proposal(places, rule)}."
        checks.append(review("levels_apart", apart))
    if places[0] < first or places[-1] > last:
        outside = f"{named} reaches outside {rule.first} to {rule.last}: a clinician decides."
        checks.append(review("level_outside", outside))
    return checks


def stages(places: Sequence[int], rule: LevelsRule) -> list[list[int]]:
    """The levels spread over as few treatments as each pass without a signature, head to foot."""
    spread: list[list[int]] = []
    for place in places:
        fits = spread and len(spread[-1]) < rule.max_pass and (not rule.adjacent_only or place == spread[-1][-1] + 1)
        if fits:
            spread[-1].append(place)
        else:
            spread.append([place])
    return spread


def proposal(places: Sequence[int], rule: LevelsRule) -> str:
    """ ", such as T12+L1, then L3" - as linked cases."""
    return f", such as {', then '.join('+'.join(LEVELS[place] for place in stage) for stage in stages(places, rule))}"


CANDIDACY = Kind(
    name="candidacy",
    items=lambda context: context.single("candidacy"),
    answer=answer,
    said_no=never_no,
    shapes=(
        Shape(
            {
                "indication": TEXT,
                "exclusions": listed(choice(*ABSOLUTE, *RELATIVE)),
                "pain_matches_imaging": BOOLEAN,
                "can_lie_prone": BOOLEAN,
            },
            {"pain": nested(PAIN)},
        ),
        NOT_SURE,
    ),
)
