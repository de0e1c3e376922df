"""The rows of `items`: what must be true, whose it is, by when."""

from datetime import timedelta

from checklists.protocols.blocks import Block
from checklists.rules.protocol import ItemRule, Moment
from checklists.rules.values import Gate, OverrideClass, Step

KINDS = (
    "consult",
    "candidacy",
    "conservative_care",
    "diagnostic_injection",
    "imaging",
    "labs",
    "prescriber_clearance",
    "hold",
    "fasting",
    "ride",
    "infection_prescreen",
    "infection_check",
    "allergies",
    "pregnancy",
    "anesthesia_evaluation",
    "antibiotic_plan",
    "consent",
    "authorisation",
    "restart_decision",
    "recovery_observation",
    "after_care",
    "follow_up",
    "responsible_adult",
)
# What a protocol may leave to the practice, with `required: false`.
OPTIONAL = (
    "conservative_care",
    "diagnostic_injection",
    "authorisation",
    "pregnancy",
    "anesthesia_evaluation",
    "antibiotic_plan",
    "recovery_observation",
    "after_care",
    "follow_up",
)
ROLES = ("scheduler", "patient", "nurse", "clinician")
STAFF = ("scheduler", "nurse", "clinician")
ANCHORS = ("start", "stop_time", "fast_start", "arrival")
MOST_CHASE_DAYS = 30
CLOCKS = ("work", "drug", "fasting", "validity")


def read_item(row: Block) -> ItemRule:
    reminders = []
    for number, hours in enumerate(row.sequence("reminders_h", optional=True)):
        entry = Block(row.reading, {str(number): hours}, (*row.where, "reminders_h"))
        reminders.append(entry.hours(str(number)) or timedelta(0))
    rule = ItemRule(
        kind=row.choice("kind", KINDS),
        step=Step(row.choice("step", [step.value for step in Step])),
        owner=row.choice("owner", ROLES),
        needed_by=Gate(row.choice("needed_by", [gate.value for gate in Gate])),
        due=read_moment(row, "due"),
        deadline=read_moment(row, "deadline"),
        patient_word=row.choice("patient_word", ("no", "until_arrival", "yes")),
        verified_by=row.choice("verified_by", STAFF) if row.given("verified_by") else row.take("verified_by"),
        override=OverrideClass(row.choice("override", [one.value for one in OverrideClass])),
        reminders_before_due=tuple(reminders),
        sourced=row.sourced(),
        required=row.flag("required", default=True),
        chase_after_days=row.optional_count("chase_after_days", most=MOST_CHASE_DAYS),
    )
    if not rule.required and rule.kind not in OPTIONAL:
        row.refuse("required", f"{rule.kind} is always required", "leave it out; false is for " + ", ".join(OPTIONAL))
    row.close(annotated=True)
    return rule


def read_moment(row: Block, key: str) -> Moment | None:
    """`{before: start, hours: 48}`, `{after: stop_time, hours: 12, clock: drug}` or `{at: arrival}`.

    None if absent or if its hours are missing. Only the clock of people's work respects opening hours.
    """
    if not row.given(key):
        row.take(key)
        return None
    block = row.block(key)
    human = block.choice("clock", CLOCKS, default="work") == "work"
    directions = [name for name in ("before", "after", "at") if block.given(name)]
    if len(directions) != 1:
        wrong = "does not say exactly one of before, after, at"
        row.refuse(key, wrong, "write e.g. {before: start, hours: 48}")
        return None
    anchor = block.choice(directions[0], ANCHORS)
    hours: timedelta | None = timedelta(0)
    if directions[0] != "at":
        block.required("hours", "48")
        hours = block.hours("hours")
    block.close()
    if hours is None:
        return None
    return Moment(anchor, -hours if directions[0] == "before" else hours, human)
