"""One case as a nurse verifies it: each item with who said what of it, which noes stand, and who looks alike."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from checklists.models import Evidence, Item
from checklists.rules.assess import context_of
from checklists.rules.clock import Clock, Start
from checklists.rules.context import Context
from checklists.rules.context import Item as RuleItem
from checklists.rules.doses import ASKED, to_be_told
from checklists.rules.fold import UNVERIFIED, recorded_noes
from checklists.rules.kinds import KINDS, clearance
from checklists.rules.values import Authority, Finding, Status, Step
from scheduler.models import Case
from scheduler.services.boards import URGENCY, Row
from scheduler.services.people import staff_names

# What a nurse may confirm by agreeing with it: a statement, asked again at the bedside.
STATEMENTS = frozenset({"ride", "hold", "fasting"})
# A nurse agrees to these by asking whether anything happened since.
ASK_AGAIN = frozenset({UNVERIFIED, "fasting_stated_early", "dose_stated_early"})
# Agreeing is not enough where what was said leaves a part of the time out.
NOT_BY_AGREEING = frozenset({"fasting_said_in_part"})
LOOKED_AT = {"stage": "looked_at"}


@dataclass(frozen=True, slots=True)
class Word:
    """One observation, and the name of whoever wrote it down."""

    entry: Evidence
    recorded_by: str

    @property
    def is_staffs(self) -> bool:
        return self.entry.authority > Authority.PATIENT


@dataclass(frozen=True, slots=True)
class StandingNo:
    """A recorded no that a later word has to name to answer it."""

    word: Word
    sentence: str

    def answered_by(self, authority: Authority) -> bool:
        return self.word.entry.authority <= authority


@dataclass(frozen=True, slots=True)
class Asked:
    """One item: its finding, the version that a writer must have seen, and what was said of it."""

    finding: Finding
    version: int
    words: tuple[Word, ...]  # the latest of each side and subject, the newest first
    noes: tuple[StandingNo, ...]
    is_overridden: bool
    is_disputed: bool  # several words of the latest moment say different things
    tell: tuple[str, ...] = ()  # of a prescriber: the conditions that they have to know of, by code

    @property
    def item(self) -> str:
        return self.finding.item

    @property
    def patients_words(self) -> tuple[Word, ...]:
        return tuple(word for word in self.words if not word.is_staffs)

    @property
    def staffs_words(self) -> tuple[Word, ...]:
        return tuple(word for word in self.words if word.is_staffs)

    @property
    def last_value(self) -> dict[str, Any] | None:
        """What was said last by anybody, whatever it is worth."""
        return self.words[0].entry.value if self.words else None

    @property
    def agreed_value(self) -> dict[str, Any] | None:
        """What a nurse records by agreeing with what was said; None where agreeing is not enough."""
        codes = {reason.code for reason in self.finding.reasons}
        fails = any(reason.status is Status.FAILED for reason in self.finding.reasons)
        if self.noes or fails or self.is_disputed or not codes & ASK_AGAIN or codes & NOT_BY_AGREEING:
            return None
        if self.finding.kind == "labs":
            return LOOKED_AT
        if self.finding.kind == clearance.KIND:
            return self.answer_on_hand
        said = self.last_value
        if self.finding.kind not in STATEMENTS or said is None or "answer" in said:
            return None
        if self.finding.kind == "ride" and not (said.get("adult") or said.get("exempt")):
            return None  # nobody has said yet that an adult goes along
        return said

    @property
    def answer_on_hand(self) -> dict[str, Any] | None:
        """Of a prescriber: the newest that is an answer and no asking."""
        said = (word.entry.value for word in self.words)
        return next((value for value in said if value.get("answer") in clearance.ANSWERS), None)


def asked_items(row: Row, now: datetime) -> list[Asked]:
    """The items of a case: what must be mended first, what is done last."""
    checklist = row.case.checklist
    versions = dict(Item.objects.filter(checklist=checklist).values_list("key", "version"))
    words, context = words_of(row.case), _context(row, now)
    noes = _standing_noes(row, words, context)
    asked = [
        Asked(
            finding=finding,
            version=versions.get(finding.item, 0),
            words=tuple(_latest(word for word in words if word.entry.item == finding.item)),
            noes=noes.get(finding.item, ()),
            is_overridden=finding.item in row.overridden,
            is_disputed=_disputed([word for word in words if word.entry.item == finding.item]),
            tell=_to_tell(context, finding),
        )
        for finding in row.verdict.findings
    ]
    return sorted(asked, key=_urgency)


def _context(row: Row, now: datetime) -> Context:
    made = row.assessment
    start = Start(made.start or row.verdict.earliest_safe_start or now, Clock(now))
    return context_of(made.protocol, made.facts, made.evidence, start)


def _to_tell(context: Context, finding: Finding) -> tuple[str, ...]:
    return to_be_told(context, finding.item.partition(":")[2]) if finding.kind == clearance.KIND else ()


def _urgency(asked: Asked) -> int:
    if asked.is_overridden:
        return len(URGENCY)
    return len(URGENCY) + 1 if asked.finding.passes else URGENCY.index(asked.finding.status)


def words_of(case: Case, item: str | None = None, after_version: int = -1) -> list[Word]:
    """What was recorded of the case and is no error, in the order of recording."""
    chosen = {"item": item} if item is not None else {}
    entries = list(
        Evidence.objects.filter(
            checklist=case.checklist, error=None, item_version__gt=after_version, **chosen
        ).order_by("pk")
    )
    names = staff_names(entry.recorded_by for entry in entries)
    return [Word(entry, names.get(entry.recorded_by, entry.said_by)) for entry in entries]


def _latest(words: Iterable[Word]) -> list[Word]:
    """Of each side and each analyte or modality the newest, newest first."""
    newest: dict[object, Word] = {}
    for word in sorted(words, key=lambda word: (word.entry.observed_at, word.entry.pk)):
        value = word.entry.value
        newest[(word.is_staffs, value.get("analyte", value.get("modality")))] = word
    return sorted(newest.values(), key=lambda word: (word.entry.observed_at, word.entry.pk), reverse=True)


def _disputed(words: Sequence[Word]) -> bool:
    """The rules take the worse of several words of one moment; agreeing would take the last written."""
    told = [word.entry for word in words if word.entry.value.get("answer") != ASKED]
    newest = max((entry.observed_at for entry in told), default=None)
    values = [entry.value for entry in told if entry.observed_at == newest]
    return any(value != values[0] for value in values)


def _standing_noes(row: Row, words: Collection[Word], context: Context) -> dict[str, tuple[StandingNo, ...]]:
    by_id = {word.entry.pk: word for word in words}
    found: dict[str, tuple[StandingNo, ...]] = {}
    for finding in row.verdict.findings:
        kind, rule = KINDS.get(finding.kind), context.rule(finding.kind)
        if kind is None or rule is None:
            continue
        noes = recorded_noes(context, kind, RuleItem(finding.item, rule))
        found[finding.item] = tuple(StandingNo(by_id[no.evidence.id], no.check.sentence) for no in noes)
    return found


def is_for_discharge(asked: Asked) -> bool:
    return asked.finding.step is Step.DISCHARGE
