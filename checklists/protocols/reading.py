"""A resolved document to the typed protocol, section by section; nothing is guessed."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from checklists.protocols import checks
from checklists.protocols.blocks import Block, Reading
from checklists.protocols.bounds import read_bounds
from checklists.protocols.hold_classes import read_hold_classes
from checklists.protocols.hold_conditions import read_codes
from checklists.protocols.hold_rows import read_holds
from checklists.protocols.item_rows import KINDS, read_item
from checklists.rules.kinds.pain import SIGNS
from checklists.rules.kinds.recovery import AFTER_CARE_TOPICS, FOLLOW_UP_TOPICS
from checklists.rules.protocol import (
    ExclusionRule,
    FastingRule,
    ImagingRule,
    InfectionQuestion,
    InfectionRule,
    IntakeRule,
    LabRule,
    LevelsRule,
    PainRule,
    PathwayRule,
    PregnancyRule,
    Protocol,
    SignDays,
    Statement,
    SuspicionRule,
    WindowRule,
)
from checklists.rules.shapes import KEY

ANESTHESIA = ("local", "sedation", "general")
PROCEDURES = ("kyphoplasty", "vertebroplasty")
DATES = ("fractured", "onset", "diagnosed")
CAUSES = ("osteoporosis", "malignancy", "trauma", "haemangioma", "steroid")
MODALITIES = ("mri", "ct", "bone_scan", "spect_ct", "xray")
TOPICS = (
    "indication",
    "exclusions",
    "conservative_care",
    "consult",
    "diagnostic_injection",
    "imaging",
    "labs",
    "allergies",
    "pregnancy",
    "anesthesia",
    "antibiotics",
    "preparation",
    "infection",
    "ride",
    "position",
    "duration",
    "recovery",
    "overnight",
    "discharge_medicines",
    "driving",
    "activity",
    "work",
    "alcohol",
    "comfort",
    "pain_relief",
    "bone_health",
    "follow_up",
)
VERTEBRAE = tuple([f"T{n}" for n in range(1, 13)] + [f"L{n}" for n in range(1, 6)])
MOST_DAYS = 3660
DAY_OF_MINUTES = 24 * 60


def read_document(document: dict[str, Any], reading: Reading, *, signed: bool, digest: str, complete: bool) -> Protocol:
    """The typed protocol; problems and missing numbers are left in `reading` and make the result unusable.

    `complete` demands every kind of item that there is by now, which a version stored earlier cannot have.
    """
    top = Block(reading, document, ())
    reading.sources = read_sources(top)
    top.word_list("based_on", optional=True)
    minutes = top.block("minutes")
    hold_classes = read_hold_classes(top)
    protocol = Protocol(
        name=top.text("protocol", example="my-protocol"),
        title=top.text("title"),
        document_hash=digest,
        signed=signed,
        procedures=top.word_list("procedures", PROCEDURES),
        items=tuple(read_item(row) for row in top.rows("items", "kind")),
        holds=read_holds(top, hold_classes),
        labs=tuple(read_lab(row) for row in top.rows("labs", "row")),
        lab_review_ages=(value_of(top.block("renal_age"), "from", most=130, strict=0),),
        fasting=read_fasting(top.block("fasting")),
        window=read_window(top.block("window")),
        levels=read_levels(top.block("levels")),
        imaging=read_imaging(top.block("imaging")),
        exclusions=tuple(read_exclusion(row) for row in top.rows("exclusions", "row", optional=True)),
        pain=None if top.take("pain") is None else read_pain(top.block("pain")),
        infection=read_infection(top.block("infection")),
        minutes_per_level=value_of(minutes.block("per_level"), most=DAY_OF_MINUTES),
        turnover_minutes=value_of(minutes.block("turnover"), most=DAY_OF_MINUTES),
        recovery_minutes=value_of(minutes.block("recovery"), most=DAY_OF_MINUTES),
        flat_minutes=value_of(minutes.block("flat"), most=DAY_OF_MINUTES) if minutes.given("flat") else 0,
        opening_grace=timedelta(minutes=value_of(minutes.block("opening_grace"), most=DAY_OF_MINUTES)),
        hold_classes=hold_classes,
        stated=tuple(read_statement(row, TOPICS) for row in top.rows("stated", "topic", optional=True)),
        after_care=tuple(
            read_statement(row, AFTER_CARE_TOPICS) for row in top.rows("after_care", "topic", optional=True)
        ),
        follow_up=tuple(read_statement(row, FOLLOW_UP_TOPICS) for row in top.rows("follow_up", "topic", optional=True)),
        pregnancy=None if top.take("pregnancy") is None else read_pregnancy(top.block("pregnancy")),
        pathway=None if top.take("pathway") is None else read_pathway(top.block("pathway")),
        missing=tuple(reading.missing),
    )
    minutes.close()
    top.close()
    if complete:
        checks.check_items(reading, protocol.items, KINDS)
    check_whole(reading, protocol)
    return protocol


def check_whole(reading: Reading, protocol: Protocol) -> None:
    asks_pregnancy = any(item.kind == "pregnancy" for item in protocol.items)
    if asks_pregnancy and protocol.pregnancy is None:
        reading.refuse(("pregnancy",), "is not given", "say of whom pregnancy is asked: {from: 12, until: 55, ...}")
    checks.check_holds(reading, protocol.holds)
    checks.check_hold_classes(reading, protocol.hold_classes, protocol.holds)
    checks.check_labs(reading, protocol.labs)
    checks.check_levels(reading, protocol.holds, protocol.labs)
    checks.check_intakes(reading, protocol.fasting)
    checks.check_questions(reading, protocol.infection.questions)
    rows = [("holds", hold.row) for hold in protocol.holds] + [("labs", lab.row) for lab in protocol.labs]
    rows += [("exclusions", rule.row) for rule in protocol.exclusions]
    rows += [("infection.questions", question.row) for question in protocol.infection.questions]
    checks.check_row_ids(reading, rows)


def read_sources(top: Block) -> frozenset[str]:
    block = top.block("sources")
    for name in block.values:
        block.text(name)
    if not block.values:
        top.refuse("sources", "is not given", "say what each source id means, e.g. `S1: ...`")
    return frozenset(block.values)


def value_of(block: Block, key: str = "value", *, most: int, strict: int = 0) -> int:
    """A whole number with its source; a missing one is 0, and what misses a number cannot be signed."""
    value = block.count(key, strict=strict, most=most)
    block.sourced()
    block.close(annotated=True)
    return value


def read_lab(row: Block) -> LabRule:
    days, within = row.optional_count("valid_days", most=MOST_DAYS), row.hours("valid_h")
    if row.given("valid_days") == row.given("valid_h"):
        row.refuse("valid_days", "a result must say how long it counts, in one unit", "give valid_days or valid_h")
    if days is None and within is None:
        days = 0  # missing: only a result of the day itself counts
    rule = LabRule(
        row=row.text("row"),
        analyte=row.text("analyte"),
        context=row.text("context", example="general"),
        required=row.choice("required", ("required", "conditional", "optional")),
        unit=row.text("unit"),
        passes=read_bounds(row, "pass"),
        reviews=read_bounds(row, "review"),
        fails=read_bounds(row, "fail"),
        validity_days=days,
        validity_within=within,
        after_last_dose_of=row.optional_text("after_last_dose_of"),
        sourced=row.sourced(),
        lab_range=row.flag("lab_range", default=False),
    )
    if not any(row.given(key) for key in ("pass", "review", "fail")):
        row.refuse("pass", "the row judges no value", 'add e.g. pass: ["<= 1.5"]')
    row.close(annotated=True)
    return rule


def read_fasting(block: Block) -> FastingRule:
    intakes = []
    for row in block.rows("intakes", "row"):
        row.required("hours", "6")
        fast = row.hours("hours")
        intakes.append(
            IntakeRule(
                intake=row.text("intake"),
                min_fast=timedelta(days=1) if fast is None else fast,  # longer than any number that may be missing
                anesthesia=frozenset(row.word_list("anesthesia", ANESTHESIA)),
                sourced=row.sourced(),
                slow_stomach=row.flag("slow_stomach", default=False),
                examples=row.word_list("examples", optional=True),
            )
        )
        row.close(annotated=True)
    rule = FastingRule(
        mode=block.choice("mode", ("elapsed", "midnight")),
        sip_with_medicines=block.flag("sip_with_medicines"),
        applies_to=frozenset(block.word_list("applies_to", ANESTHESIA)),
        intakes=tuple(intakes),
        sourced=block.sourced(),
    )
    block.close(annotated=True)
    return rule


def read_window(block: Block) -> WindowRule:
    rule = WindowRule(
        anchors=block.word_list("anchors", DATES),
        pass_days=block.optional_count("pass_days", most=MOST_DAYS),
        review_days=block.optional_count("review_days", most=MOST_DAYS),
        pass_months=block.optional_count("pass_months", most=120),
        strict=block.flag("strict"),
        off_for=frozenset(block.word_list("off_for", CAUSES, optional=True)),
        sourced=block.sourced(),
    )
    if block.given("pass_days") == block.given("pass_months"):
        wrong = "the window must be counted in one unit, days or months"
        block.refuse("pass_days", wrong, "give pass_days or pass_months")
    if rule.pass_days is not None and rule.review_days is not None and rule.review_days < rule.pass_days:
        block.refuse("review_days", "review would end before the window does", "make it at least pass_days")
    block.close(annotated=True)
    return rule


def read_levels(block: Block) -> LevelsRule:
    rule = LevelsRule(
        max_pass=block.count("max_pass", strict=0, most=17),
        max_review=block.count("max_review", strict=0, most=17),
        adjacent_only=block.flag("adjacent_only"),
        first=block.choice("first", VERTEBRAE),
        last=block.choice("last", VERTEBRAE),
        sourced=block.sourced(),
    )
    if not block.is_missing("max_review") and rule.max_review < rule.max_pass:
        block.refuse("max_review", "is smaller than max_pass", "make it at least max_pass")
    if rule.first in VERTEBRAE and rule.last in VERTEBRAE and VERTEBRAE.index(rule.last) < VERTEBRAE.index(rule.first):
        block.refuse("last", f"{rule.last} lies above {rule.first}", "exchange first and last")
    block.close(annotated=True)
    return rule


def read_imaging(block: Block) -> ImagingRule:
    acceptable = []
    for number, one in enumerate(block.sequence("acceptable")):
        way = Block(block.reading, {str(number): one}, (*block.where, "acceptable"))
        acceptable.append(frozenset(way.word_list(str(number), MODALITIES)))
    if not acceptable or not all(acceptable):
        # An empty set of modalities would be proved by nothing at all.
        block.refuse(
            "acceptable",
            "a way of proving the fracture names no modality",
            "list e.g. [[mri], [ct, bone_scan]]",
        )
    rule = ImagingRule(
        acceptable=tuple(acceptable),
        validity_days=block.count("validity_days", strict=0, most=MOST_DAYS),
        xray_proves_acuity=block.flag("xray_proves_acuity"),
        sourced=block.sourced(),
        xray_validity_days=block.optional_count("xray_validity_days", most=MOST_DAYS),
        repeat_after_worsening=block.flag("repeat_after_worsening", default=True),
        suspicion=None if block.take("suspicion") is None else read_suspicion(block.block("suspicion")),
    )
    if (frozenset({"xray"}) in rule.acceptable) != rule.xray_proves_acuity:
        wrong = "an X-ray alone is either a way of proving the fracture or it is not"
        block.refuse("xray_proves_acuity", wrong, "list [xray] under acceptable and write true, or do neither")
    block.close(annotated=True)
    return rule


def read_exclusion(row: Block) -> ExclusionRule:
    rule = ExclusionRule(
        row=row.text("row"),
        says=row.text("says"),
        action=row.choice("action", ("fail", "review")),
        causes=frozenset(row.word_list("causes", CAUSES, optional=True)),
        conditions=frozenset(read_codes(row, "conditions")),
        younger_than=row.optional_count("younger_than", most=130),
        sourced=row.sourced(),
    )
    if not (rule.causes or rule.conditions or row.given("younger_than")):
        row.refuse("conditions", "names nobody who would be excluded", "name causes, conditions or younger_than")
    row.close(annotated=True)
    return rule


def read_suspicion(block: Block) -> SuspicionRule:
    rule = SuspicionRule(
        causes=frozenset(block.word_list("causes", CAUSES, optional=True)),
        conditions=frozenset(read_codes(block, "conditions")),
        validity_days=block.count("validity_days", strict=0, most=MOST_DAYS),
        sourced=block.sourced(),
    )
    if not rule.causes | rule.conditions:
        block.refuse("conditions", "names nothing that would be suspected", "name causes or conditions, or drop it")
    block.close(annotated=True)
    return rule


def read_pain(block: Block) -> PainRule:
    rule = PainRule(
        hospital_from=block.count("hospital_from", strict=10, most=10),
        home_from=block.count("home_from", strict=10, most=10),
        signs=block.count("signs", strict=len(SIGNS), most=len(SIGNS)),
        off_for=frozenset(block.word_list("off_for", CAUSES, optional=True)),
        sourced=block.sourced(),
    )
    block.close(annotated=True)
    return rule


def read_pregnancy(block: Block) -> PregnancyRule:
    rule = PregnancyRule(
        from_age=block.count("from", strict=0, most=130),
        until_age=block.count("until", strict=130, most=130),
        validity_days=block.count("valid_days", strict=0, most=MOST_DAYS),
        sourced=block.sourced(),
    )
    if rule.until_age < rule.from_age:
        block.refuse("until", "is below `from`, so that nobody would be asked", "exchange the two")
    block.close(annotated=True)
    return rule


def read_pathway(block: Block) -> PathwayRule:
    rule = PathwayRule(
        stalled_after_days=block.count("stalled_after_days", strict=1, most=MOST_DAYS),
        at_risk_days=block.count("at_risk_days", strict=MOST_DAYS, most=MOST_DAYS),
        sourced=block.sourced(),
    )
    block.close(annotated=True)
    return rule


def read_infection(block: Block) -> InfectionRule:
    block.required("valid_within_h", "12")
    rule = InfectionRule(
        questions=tuple(read_question(row) for row in block.rows("questions", "row")),
        valid_within=block.hours("valid_within_h") or timedelta(0),
        sourced=block.sourced(),
    )
    block.close(annotated=True)
    return rule


def read_question(row: Block) -> InfectionQuestion:
    question = InfectionQuestion(
        row=row.text("row"),
        key=row.text("key"),
        text=row.text("text"),
        kind=row.choice("kind", ("measured", "question", "inspection", "record")),
        action=row.choice("action", ("hard_stop", "clinician_review", "info")),
        low=row.number("low"),
        high=row.number("high"),
        asked_of=frozenset(row.word_list("asked_of", ("patient", "nurse"))),
        sourced=row.sourced(),
        days=None if row.take("days") is None else read_sign_days(row.block("days")),
    )
    if question.days and question.kind == "measured":
        row.refuse("days", "what is measured has a band, not days", "take days out, or change kind")
    measured = row.given("low") or row.given("high")
    if measured != (question.kind == "measured"):
        row.refuse(
            "low",
            "only what is measured has a band, and it must have one",
            "give low and high, or change kind",
        )
    row.close(annotated=True)
    return question


def read_sign_days(block: Block) -> SignDays:
    days = SignDays(
        after=block.text("after", example="positive_covid_test"),
        first=block.count("first", strict=0, most=MOST_DAYS),
        last=block.count("last", strict=MOST_DAYS, most=MOST_DAYS),
    )
    if days.last < days.first:
        block.refuse("last", "is before the first day", "exchange the two")
    if not KEY.fullmatch(days.after):
        block.refuse("after", f"{days.after!r} is not a key", "use small letters and underscores")
    block.close()
    return days


def read_statement(row: Block, topics: Sequence[str]) -> Statement:
    statement = Statement(row.choice("topic", topics), row.text("says"), row.sourced())
    row.close()
    return statement
