"""A verdict for people: each finding with owner, times on the site's clock, and the protocol's rows behind it."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from enum import StrEnum
from zoneinfo import ZoneInfo

from checklists.protocols.says import says
from checklists.protocols.summary import item_words
from checklists.rules.context import kind_of
from checklists.rules.latest import LatestTime
from checklists.rules.protocol import ItemRule, Protocol
from checklists.rules.sitetime import shown_at
from checklists.rules.values import Finding, Status, Verdict

# Where what is owed is told apart from what is done, and both from what never applied.
DONE = (Status.SATISFIED, Status.WAIVED)


def explained(
    protocol: Protocol,
    verdict: Verdict,
    times: Iterable[LatestTime],
    *,
    start: datetime | None,
    now: datetime,
    zone: ZoneInfo,
) -> Iterator[str]:
    """Lines of text; `times` are the limits of the start that was judged, the earliest safe one if none was."""
    judged = f"for a start on {shown_at(start, zone)}" if start else "without a booking"
    yield f"{in_words(verdict.state).upper()} {judged}, judged on {shown_at(now, zone)}."
    signed = "signed" if verdict.signed else "not signed"
    yield f"Protocol {protocol.name} ({signed}), document {protocol.document_hash[:12]}. Times are {zone.key}."
    yield f"Earliest safe start: {shown(verdict.earliest_safe_start, zone)}."
    yield f"Next change by itself: {shown(verdict.next_change_at, zone)}."
    if protocol.missing:
        yield f"Numbers that this protocol lacks: {', '.join(protocol.missing)}."
    owed = [finding for finding in verdict.findings if not finding.passes]
    done = [finding for finding in verdict.findings if finding.status in DONE]
    for title, findings in (("Owed", owed), ("Done", done)):
        if findings:
            yield from ("", title)
            for finding in findings:
                yield from finding_lines(protocol, finding, zone)
    idle = [finding.item for finding in verdict.findings if finding.status is Status.NOT_APPLICABLE]
    if idle:
        yield from ("", f"Does not apply: {', '.join(idle)}")
    yield from ("", "Latest and earliest times" + ("" if start else " of the earliest safe start"))
    for limit in times:
        yield f"  {limit.item}: {limit.sentence}{' NOT KEPT.' if limit.missed else ''}"


def finding_lines(protocol: Protocol, finding: Finding, zone: ZoneInfo) -> Iterator[str]:
    yield f"  {in_words(finding.status).upper()} {finding.item}: {finding.sentence}"
    for reason in finding.reasons:
        if reason.sentence != finding.sentence:
            yield f"      also {in_words(reason.status)}: {reason.sentence}"
    moments = (
        ("due", finding.due_at),
        ("blocks from", finding.deadline_at),
        ("clear from", finding.clear_at),
    )
    times = [f"{name} {shown_at(moment, zone)}" for name, moment in moments if moment and not finding.passes]
    yield f"      {'; '.join([finding.owner, f'needed by {in_words(finding.needed_by)}', *times])}"
    owing = [f"{item_words(r)} [{r.sourced.source}; {r.sourced.confidence}]" for r in rules_of(protocol, finding)]
    for line in dict.fromkeys([*says(protocol, finding), *owing]):
        yield f"      row {line}"


def rules_of(protocol: Protocol, finding: Finding) -> list[ItemRule]:
    """The item's own row: its due time and deadline come from there."""
    return [rule for rule in protocol.items if kind_of(rule.kind) == finding.kind]


def in_words(code: StrEnum) -> str:
    return code.value.replace("_", " ")


def shown(moment: datetime | None, zone: ZoneInfo) -> str:
    return shown_at(moment, zone) if moment else "none"
