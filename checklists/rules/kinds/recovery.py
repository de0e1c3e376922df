"""After the procedure: watched long enough without trouble, told how to live with it, and followed up."""

from collections.abc import Iterable

from checklists.rules.context import Answer, Check, Context, Item, Kind, never_no, pending, review, said
from checklists.rules.ledger import latest
from checklists.rules.protocol import Statement
from checklists.rules.shapes import DATE, NOT_SURE, Shape, choice, listed, whole
from checklists.rules.values import Evidence, Status

MOST_MINUTES = 2880
AFTER_CARE_TOPICS = ("driving", "lifting", "alcohol", "ice", "brace", "work", "red_flags")
FOLLOW_UP_TOPICS = ("visit", "xray", "bone_health", "physical_therapy", "call_24h", "call_72h")
UNSTABLE = "The vital signs are not stable. Call the clinician; the patient stays."
REACTION = "A reaction was seen after the procedure: a clinician decides."


def recovery_answer(context: Context, item: Item) -> Answer:
    """Satisfied by the protocol's minutes of observation and lying flat, with stable vital signs and no reaction."""
    seen = latest(context.standing(item.key))
    checks = [check for entry in seen for check in observation_checks(context, entry)]
    if not seen:
        checks = [pending("recovery_missing", "The observation after the procedure is not recorded. A nurse does it.")]
    return Answer(
        checks=tuple(checks),
        confirmed="The patient was observed long enough, without trouble.",
        basis=seen,
        grounds=([dict(entry.value) for entry in seen],),
    )


def observation_checks(context: Context, entry: Evidence) -> list[Check]:
    value, wanted = entry.value, context.protocol.recovery_minutes
    checks: list[Check] = []
    if value["observed_minutes"] < wanted:
        short = f"The patient was observed for {value['observed_minutes']} of {wanted} minutes"
        checks.append(pending("observed_too_short", f"{short}. Go on, and record it again."))
    checks += flat_checks(value.get("flat_minutes"), context.protocol.flat_minutes)
    if value["reactions"] != "none":
        checks.append(review("reaction_seen", REACTION))
    if value["vital_signs"] != "stable":
        checks.append(Check(Status.FAILED, "vital_signs_unstable", UNSTABLE))
    return checks


def flat_checks(flat: int | None, wanted: int) -> list[Check]:
    if flat is None and wanted:
        return [pending("flat_unknown", "Record for how many minutes the patient lay flat.")]
    if flat is None or flat >= wanted:
        return []
    short = f"The patient lay flat for {flat} of {wanted} minutes"
    return [pending("flat_too_short", f"{short}. Go on, and record it again.")]


def recovery_no(_context: Context, evidence: Evidence) -> Check | None:
    """What was seen stays until somebody allowed to says that it is over."""
    if evidence.value.get("vital_signs") == "unstable":
        return said("vital_signs_unstable", UNSTABLE)
    return said("reaction_seen", REACTION, Status.REVIEW) if evidence.value.get("reactions") == "seen" else None


def after_care_answer(context: Context, item: Item) -> Answer:
    return topics_answer(
        context,
        item,
        context.protocol.after_care,
        "explained",
        missing="Explain to the patient how to live after the procedure, and record what was explained.",
        lacks="Explain, and record that it was explained:",
        confirmed="The patient was told how to live after the procedure.",
    )


def follow_up_answer(context: Context, item: Item) -> Answer:
    return topics_answer(
        context,
        item,
        context.protocol.follow_up,
        "arranged",
        missing="No follow-up is arranged. Arrange it, and record what is arranged.",
        lacks="Arrange, and record that it is arranged:",
        confirmed="The follow-up is arranged.",
    )


def topics_answer(
    context: Context, item: Item, rows: Iterable[Statement], key: str, missing: str, lacks: str, confirmed: str
) -> Answer:
    """Satisfied once every row of the protocol is among the topics under `key`."""
    told = latest(context.standing(item.key))
    wanted = [row.topic for row in rows]
    checks = [] if told else [pending(f"{item.key}_missing", missing)]
    for entry in told:
        if left := [topic.replace("_", " ") for topic in wanted if topic not in entry.value[key]]:
            checks.append(pending(f"{item.key}_incomplete", f"{lacks} {', '.join(left)}."))
    return Answer(tuple(checks), confirmed, told, grounds=(wanted, [dict(entry.value) for entry in told]))


RECOVERY = Kind(
    name="recovery_observation",
    items=lambda context: context.single("recovery_observation"),
    answer=recovery_answer,
    said_no=recovery_no,
    shapes=(
        Shape(
            {
                "observed_minutes": whole(0, MOST_MINUTES),
                "vital_signs": choice("stable", "unstable"),
                "reactions": choice("none", "seen"),
                "pain": whole(0, 10),
            },
            {"flat_minutes": whole(0, MOST_MINUTES)},
        ),
        NOT_SURE,
    ),
)
AFTER_CARE = Kind(
    name="after_care",
    items=lambda context: context.single("after_care"),
    answer=after_care_answer,
    said_no=never_no,
    shapes=(Shape({"explained": listed(choice(*AFTER_CARE_TOPICS))}), NOT_SURE),
)
FOLLOW_UP = Kind(
    name="follow_up",
    items=lambda context: context.single("follow_up"),
    answer=follow_up_answer,
    said_no=never_no,
    shapes=(Shape({"arranged": listed(choice(*FOLLOW_UP_TOPICS))}, {"visit_on": DATE}), NOT_SURE),
)
