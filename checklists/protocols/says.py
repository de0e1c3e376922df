"""What a protocol says about one finding, in the lines that its signer read."""

from collections.abc import Iterator

from checklists.protocols.summary import (
    candidacy_words,
    exclusion_words,
    hold_words,
    infection_words,
    intake_words,
    item_words,
    lab_words,
    pain_words,
    pregnancy_words,
    statement_words,
)
from checklists.rules.protocol import Protocol, Sourced
from checklists.rules.values import Finding

OF_ONE_DRUG = ("hold", "prescriber_clearance", "restart_decision")
OF_THE_FRACTURE = ("candidacy", "imaging")
SCREENS = ("infection_prescreen", "infection_check")
OF_TEMPERATURE = {"fever", "temperature_raised"}


def says(protocol: Protocol, finding: Finding) -> list[str]:
    """The rows that the finding was judged by, each with source and confidence; else the item's own row."""
    rows = list(dict.fromkeys(_rows(protocol, finding))) or [
        (item_words(rule), rule.sourced) for rule in protocol.items if rule.kind == finding.kind
    ]
    return [f"{words} [{sourced.source}; {sourced.confidence}]" for words, sourced in rows]


def _rows(protocol: Protocol, finding: Finding) -> Iterator[tuple[str, Sourced]]:
    if finding.kind in OF_ONE_DRUG:
        drug = finding.item.partition(":")[2]
        yield from ((hold_words(rule), rule.sourced) for rule in protocol.holds if rule.drug == drug)
    elif finding.kind == "labs":
        said = " ".join([finding.sentence, *(reason.sentence for reason in finding.reasons)])
        yield from ((lab_words(rule), rule.sourced) for rule in protocol.labs if rule.analyte in said.split())
    elif finding.kind in OF_THE_FRACTURE:
        yield from candidacy_words(protocol)
        yield from ((exclusion_words(rule), rule.sourced) for rule in protocol.exclusions)
        yield from pain_words(protocol.pain) if protocol.pain else ()
    elif finding.kind == "fasting":
        yield from intake_words(protocol.fasting)
    elif finding.kind == "pregnancy" and protocol.pregnancy:
        yield from pregnancy_words(protocol.pregnancy)
    elif finding.kind in ("after_care", "follow_up"):
        rows = protocol.after_care if finding.kind == "after_care" else protocol.follow_up
        yield from map(statement_words, rows)
    elif finding.kind in SCREENS:
        codes = {finding.code, *(reason.code for reason in finding.reasons)}
        answered = {q.row for q in protocol.infection.questions if f"yes_{q.key}" in codes}
        if codes & OF_TEMPERATURE:
            answered |= {q.row for q in protocol.infection.questions if q.kind == "measured"}
        yield from (line for line in infection_words(protocol) if line[0].partition(" ")[0] in answered)
