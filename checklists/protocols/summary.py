"""A protocol in lines that a clinician can read before signing; what must be confirmed begins with `!`."""

from collections.abc import Iterable, Iterator
from datetime import timedelta
from typing import Any

from checklists.protocols.hold_words import beyond_hours
from checklists.protocols.loader import from_document
from checklists.rules.codes import code_in_words
from checklists.rules.protocol import (
    Bound,
    ExclusionRule,
    FastingRule,
    HoldClass,
    HoldRule,
    ItemRule,
    LabRule,
    Moment,
    PainRule,
    PathwayRule,
    PregnancyRule,
    Protocol,
    Sourced,
    Statement,
)


def summary(document: dict[str, Any], *, signed: bool = False) -> Iterator[str]:
    """The whole resolved document, every number with its source and confidence; raises ProtocolError."""
    protocol = from_document(document, signed=signed)
    notes = {words_of(row): row["note"] for row in annotated(document)}
    yield f"{protocol.name}: {protocol.title}"
    yield f"  for {', '.join(protocol.procedures)}; {'signed' if signed else 'not signed'}"
    yield f"  document {protocol.document_hash}"
    if protocol.missing:
        yield f"  MISSING, to be given before signing: {', '.join(protocol.missing)}"
    for title, rows in sections(protocol, document):
        yield ""
        yield title
        for words, sourced in rows:
            mark = "!" if sourced.confidence == "low" else " "
            yield f"{mark} {words}  [{sourced.source}; {sourced.confidence}]"
            if note := notes.get(words.split()[0].rstrip(":")):
                yield f"      {note}"


def low_rows(document: dict[str, Any]) -> int:
    """How many rows of low confidence the signer must confirm."""
    return sum(line.startswith("!") for line in summary(document))


def annotated(document: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Every mapping of the document that carries a note, its own name added where it has none."""
    rows = [*document["items"], *document["holds"], *document["labs"], *document["infection"]["questions"]]
    rows += [*document["fasting"]["intakes"], *document.get("exclusions", ())]
    rows += [{"row": row["class"], **row} for row in document.get("hold_classes", ())]
    rows += [
        {"row": name, **document[name]}
        for name in ("window", "levels", "infection", "renal_age", "pain", "pregnancy", "pathway")
        if name in document
    ]
    rows += [{"row": "proof", **document["imaging"]}]
    rows += [{"row": "suspicion", **block} for block in (document["imaging"].get("suspicion"),) if block]
    rows += [{"row": name, **block} for name, block in document["minutes"].items()]
    return (row for row in rows if row.get("note"))


def words_of(row: dict[str, Any]) -> str:
    return str(row.get("row") or row["kind"])


Rows = Iterable[tuple[str, Sourced]]


def sections(protocol: Protocol, document: dict[str, Any]) -> Iterator[tuple[str, Rows]]:
    yield "Items", ((item_words(rule), rule.sourced) for rule in protocol.items)
    if protocol.hold_classes:
        yield "Drugs held together", ((hold_class_words(one), one.sourced) for one in protocol.hold_classes)
    yield "Medication holds", ((hold_words(rule), rule.sourced) for rule in acting(protocol))
    idle = ((f"{rule.row} {rule.drug}", rule.sourced) for rule in protocol.holds if rule.action == "no_action")
    yield "Medications without action", idle
    yield "Laboratory", ((lab_words(rule), rule.sourced) for rule in protocol.labs)
    yield "Fasting", fasting_words(protocol, document)
    yield "Window, levels, imaging", candidacy_words(protocol)
    if protocol.exclusions:
        yield "Excluded by this pathway", ((exclusion_words(rule), rule.sourced) for rule in protocol.exclusions)
    if protocol.pain:
        yield "Pain", pain_words(protocol.pain)
    if protocol.pregnancy:
        yield "Pregnancy", pregnancy_words(protocol.pregnancy)
    if protocol.pathway:
        yield "The way to a booking", pathway_words(protocol.pathway)
    yield "Infection", infection_words(protocol)
    yield "Numbers", number_words(document)
    for title, rows in (("After care", protocol.after_care), ("Follow-up", protocol.follow_up)):
        if rows:
            yield title, map(statement_words, rows)
    if protocol.stated:
        yield (
            "Said by the source, judged by no rule",
            ((f"on {words}", sourced) for words, sourced in map(statement_words, protocol.stated)),
        )


def acting(protocol: Protocol) -> list[HoldRule]:
    return [rule for rule in protocol.holds if rule.action != "no_action"]


def item_words(rule: ItemRule) -> str:
    times = [
        f"{name} {moment_words(moment)}" for name, moment in (("due", rule.due), ("deadline", rule.deadline)) if moment
    ]
    words = [f"{rule.kind}: {rule.owner}, needed by {rule.needed_by.value.replace('_', '-')}", *times]
    words.append(f"verified by {rule.verified_by}" if rule.verified_by else "no verification")
    if rule.chase_after_days is not None:
        words.append(f"asked again after {days(rule.chase_after_days)} of work")
    unasked = [] if rule.required else ["not required"]
    return ", ".join([*words, f"override {rule.override.value}", *unasked])


def moment_words(moment: Moment) -> str:
    anchor = moment.anchor.replace("_", " ")
    if not moment.offset:
        return f"at {anchor}"
    return f"{hours(abs(moment.offset))} {'before' if moment.offset < timedelta(0) else 'after'} {anchor}"


def hold_words(rule: HoldRule) -> str:
    limits = [word for word in (rule.dose_tier, *rule.route, clearance_words(rule)) if word]
    drug = f"{rule.drug} ({', '.join(limits)})" if limits else rule.drug
    words = [rule.action.replace("_", " ")]
    if rule.clear_at is not None and rule.block_below not in (None, rule.clear_at):
        words.append(f"not below {hours(rule.block_below)}")
    elif rule.clear_at is None and rule.block_below is not None:
        words.append(f"not below {hours(rule.block_below)}, then a clinician decides")
    if rule.clear_at:
        words.append(f"clear at {hours(rule.clear_at)}")
    if rule.prescriber_clearance:
        words.append("prescriber clears")
    words += beyond_hours(rule)
    if rule.extra_gate:
        words.append(rule.extra_gate)
    if rule.restart_after:
        words.append(f"restart {rule.restart_after}")
    return f"{rule.row} {drug}: {'; '.join(words)}"


def hold_class_words(one: HoldClass) -> str:
    return f"{one.name}: at least {hours(one.clear_at)}, for {', '.join(sorted(one.drug_classes))}"


def statement_words(one: Statement) -> tuple[str, Sourced]:
    return f"{topic_words(one.topic)}: {one.says}", one.sourced


def topic_words(topic: str) -> str:
    return code_in_words(topic)


def clearance_words(rule: HoldRule) -> str:
    low, high = rule.crcl_min, rule.crcl_max
    if low is None and high is None:
        return ""
    if high is None:
        return f"clearance {low:g} and above"
    return f"clearance below {high:g}" if low is None else f"clearance {low:g} to below {high:g}"


def lab_words(rule: LabRule) -> str:
    bands = (("pass", rule.passes), ("review", rule.reviews), ("fail", rule.fails))
    judged = [f"{name} {' or '.join(map(bound_words, bounds))}" for name, bounds in bands if bounds]
    valid = days(rule.validity_days) if rule.validity_within is None else hours(rule.validity_within)
    head = f"{rule.row} {rule.analyte} ({rule.context}, {rule.required}, {rule.unit})"
    return f"{head}: {'; '.join([*judged, f'counts for {valid}'])}"


def bound_words(bound: Bound) -> str:
    ends = []
    if bound.low is not None:
        ends.append(f"{'>' if bound.low_open else '>='} {bound.low:g}")
    if bound.high is not None:
        ends.append(f"{'<' if bound.high_open else '<='} {bound.high:g}")
    return " and ".join(ends) or "any value"


def fasting_words(protocol: Protocol, document: dict[str, Any]) -> Iterator[tuple[str, Sourced]]:
    first, *intakes = intake_words(protocol.fasting)
    yield first
    for (words, sourced), row in zip(intakes, document["fasting"]["intakes"], strict=True):
        yield f"{row['row']} {words}", sourced


def intake_words(rule: FastingRule) -> Iterator[tuple[str, Sourced]]:
    sip = "a sip with medicines is allowed" if rule.sip_with_medicines else "not even a sip with medicines"
    yield f"{rule.mode}, for {', '.join(sorted(rule.applies_to))}; {sip}", rule.sourced
    for intake in rule.intakes:
        yield f"{intake.intake}: {hours(intake.min_fast)}", intake.sourced


def candidacy_words(protocol: Protocol) -> Iterator[tuple[str, Sourced]]:
    window, levels, imaging = protocol.window, protocol.levels, protocol.imaging
    length = f"{window.pass_months} months" if window.pass_days is None else f"{window.pass_days} days"
    later = ", later it fails" if window.strict else ", later to review"
    review = later if window.review_days is None else f", review to {window.review_days} days"
    off = f"; not for {', '.join(sorted(window.off_for))}" if window.off_for else ""
    yield f"window: {length} from {', else '.join(window.anchors)}{review}{off}", window.sourced
    adjacent = " adjacent" if levels.adjacent_only else ""
    reach = f"{levels.first} to {levels.last}"
    yield f"levels: up to {levels.max_pass}{adjacent}, review to {levels.max_review}, {reach}", levels.sourced
    ways = " or ".join(" with ".join(sorted(way)) for way in imaging.acceptable)
    xray = "an X-ray is proof too" if imaging.xray_proves_acuity else "an X-ray alone is no proof"
    counts = f"counts for {days(imaging.validity_days)}, an X-ray for {days(imaging.valid_for('xray'))}"
    again = "; again after a new fall, new pain or new deficit" if imaging.repeat_after_worsening else ""
    yield f"proof by imaging: {ways}, {counts}; {xray}{again}", imaging.sourced
    if found := imaging.suspicion:
        named = ", ".join(topic_words(code) for code in sorted(found.causes | found.conditions))
        contrast = f"MRI with contrast or biopsy of the last {days(found.validity_days)}, else a clinician decides"
        yield f"suspicion: {named}: {contrast}", found.sourced


def exclusion_words(rule: ExclusionRule) -> str:
    named = [f"cause {topic_words(cause)}" for cause in sorted(rule.causes)]
    named += [topic_words(code) for code in sorted(rule.conditions)]
    named += [f"younger than {rule.younger_than} years"] if rule.younger_than is not None else []
    by = f" ({', '.join(named)})" if named else ""
    return f"{rule.row} {rule.says}{by}: {'excluded' if rule.action == 'fail' else 'a clinician decides'}"


def pathway_words(rule: PathwayRule) -> Iterator[tuple[str, Sourced]]:
    stalled = f"stalled after {days(rule.stalled_after_days)} without news"
    yield f"pathway: {stalled}, window at risk in its last {days(rule.at_risk_days)}", rule.sourced


def pain_words(rule: PainRule) -> Iterator[tuple[str, Sourced]]:
    strong = f"{rule.hospital_from} of 10 in hospital, {rule.home_from} at home despite the best other care"
    words = f"pain: from {strong}; worsening, or {rule.signs} signs; less: a clinician decides"
    off = f"; not asked with cause {', '.join(map(topic_words, sorted(rule.off_for)))}" if rule.off_for else ""
    yield f"{words}{off}", rule.sourced


def pregnancy_words(rule: PregnancyRule) -> Iterator[tuple[str, Sourced]]:
    asked = f"asked from {rule.from_age} to {rule.until_age} years unless male"
    yield f"pregnancy: {asked}, a negative test counts for {days(rule.validity_days)}", rule.sourced


def infection_words(protocol: Protocol) -> Iterator[tuple[str, Sourced]]:
    yield (
        f"infection: the screen counts for {hours(protocol.infection.valid_within)}",
        protocol.infection.sourced,
    )
    for question in protocol.infection.questions:
        band = ""
        if question.kind == "measured":
            band = " " + bound_words(Bound(question.low, question.high, high_open=True))
        if span := question.days:
            band = f" (days {span.first} to {span.last} after {span.after.replace('_', ' ')}, where that date is known)"
        asked = ", ".join(sorted(question.asked_of, reverse=True))
        words = f"{question.row} {question.text}{band}: {question.action.replace('_', ' ')} (asked of {asked})"
        yield words, question.sourced


def number_words(document: dict[str, Any]) -> Iterator[tuple[str, Sourced]]:
    age = document["renal_age"]
    yield f"renal_age creatinine is asked for from {age['from']} years", cited(age)
    for name, block in document["minutes"].items():
        yield f"{name} {block['value']} minutes", cited(block)


def cited(block: dict[str, Any]) -> Sourced:
    return Sourced(block["source"], block["confidence"])


def hours(time: timedelta | None) -> str:
    return "?" if time is None else f"{time / timedelta(hours=1):g} h"


def days(count: int | None) -> str:
    return "1 day" if count == 1 else f"{count} days"
