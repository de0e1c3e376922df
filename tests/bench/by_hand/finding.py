"""From what is wrong with one item to its finding: whose word, when it was said, deadlines, the worst."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from checklists.rules.values import Authority, Evidence, Gate, OverrideClass, State, Status, Step
from tests.bench.by_hand.case import NOTHING, Case, Words, is_unsure, latest

PROTOCOL = "reference-asra"
NURSE, CLINICIAN = Authority.NURSE, Authority.CLINICIAN
PENDING, REVIEW, NOT_APPLICABLE = Status.PENDING, Status.REVIEW, Status.NOT_APPLICABLE
WORST_FIRST = (Status.FAILED, Status.OVERDUE, Status.TOO_EARLY, REVIEW, PENDING)
RANK = {status: place for place, status in enumerate(WORST_FIRST)}
Value = Mapping[str, Any]
SATISFIED = (Status.SATISFIED, "satisfied")
UNVERIFIED = "awaiting_verification"


class Row(NamedTuple):
    """What never changes of an item.

    verified_by: who stands behind every word. on_arrival: only since the patient came, and for that day.
    """

    step: Step
    owner: str
    needed_by: Gate
    override: OverrideClass
    verified_by: Authority = Authority.PATIENT
    on_arrival: bool = False


class Check(NamedTuple):
    """Something that is wrong. until_start: pending up to the start, whatever the deadline."""

    status: Status
    code: str
    sentence: str
    clear_at: datetime | None = None
    recorded: bool = False
    until_start: bool = False
    owner: str = ""


SaidNo = Callable[[Value], Check | None]


class Reason(NamedTuple):
    code: str
    sentence: str
    status: Status


@dataclass(slots=True)
class Found:
    item: str
    row: Row
    status: Status
    code: str
    sentence: str
    owner: str
    due_at: datetime | None = None
    deadline_at: datetime | None = None
    clear_at: datetime | None = None
    rests_on: tuple[Any, ...] = ()
    recorded: bool = False
    evidence: tuple[int, ...] = ()
    reasons: tuple[Reason, ...] = ()


@dataclass(slots=True)
class Judged:
    state: State
    findings: list[Found]
    earliest_safe_start: datetime
    next_change_at: datetime | None


def keys(text: str) -> tuple[str, ...]:
    return tuple(text.split())


def pending(code: str, sentence: str, *, until_start: bool = False, owner: str = "") -> Check:
    return Check(PENDING, code, sentence, None, False, until_start, owner)


def review(code: str, sentence: str, *, owner: str = "") -> Check:
    return Check(REVIEW, code, sentence, None, False, False, owner)


def failed(code: str, sentence: str) -> Check:
    return Check(Status.FAILED, code, sentence)


def too_early(code: str, sentence: str, clear_at: datetime) -> Check:
    return Check(Status.TOO_EARLY, code, sentence, clear_at)


def said(code: str, sentence: str, status: Status = Status.FAILED, *, owner: str = "") -> Check:
    """A recorded no, which stands until it is superseded."""
    return Check(status, code, sentence, None, True, False, owner)


NOT_SURE = pending("not_sure", "The last answer was 'not sure'. Ask again, and record what is true.")
LATE = pending("dated_after_start", "This is dated after the start. Correct its time, or do it again.")
AHEAD = pending("dated_ahead", "This is dated ahead of now. Correct its time, or record it when it is done.")


def owed_after(item: str, row: Row, code: str, sentence: str) -> Found:
    """Of what follows the procedure nothing is recorded yet; it is neither due nor overdue before."""
    reasons = (Reason(code, sentence, PENDING),)
    return Found(item, row, PENDING, code, sentence, row.owner, None, None, None, (PROTOCOL, item), reasons=reasons)


def finding(
    case: Case,
    item: str,
    row: Row,
    wrong: list[Check],
    basis: Words,
    confirmed: str,
    due_at: datetime | None,
    deadline_at: datetime | None,
    grounds: object = None,
    noes: Words = NOTHING,
    settled: tuple[Status, str] = SATISFIED,
) -> Found:
    """The finding of an item that rests on the words of `basis`.

    noes: whose checks stand first in `wrong`. settled: status and code where nothing is wrong.
    """
    at, wanted = case.at, row.verified_by
    doubtful = item in case.odd or row.on_arrival
    for word in basis:
        if word.observed_at > at or word.authority < wanted:
            doubtful = True
    if doubtful:
        wrong += doubts(case, item, row, wrong, basis, settled)
    ids = tuple([word.id for word in basis])
    if not wrong:
        rests_on = (PROTOCOL, item, grounds, (), ())
        return Found(item, row, *settled, confirmed, row.owner, due_at, deadline_at, None, rests_on, False, ids)
    wrong = list(dict.fromkeys(wrong))
    codes = sorted([check.code for check in wrong if check.code != UNVERIFIED])
    if noes:
        # What is worked out from the words of a recorded no says the same.
        told = {(check.code, check.status) for check in wrong if check.recorded}
        wrong = [check for check in wrong if check.recorded or (check.code, check.status) not in told]
    if case.booked:
        wrong = [overdue_if_late(case, check, deadline_at) for check in wrong]
    wrong.sort(key=badness)
    worst = wrong[0]
    no_ids = tuple([no.id for no in noes])
    return Found(
        item,
        row,
        worst.status,
        worst.code,
        worst.sentence,
        worst.owner or row.owner,
        due_at,
        deadline_at,
        max([check.clear_at for check in wrong if check.clear_at is not None], default=None),
        (PROTOCOL, item, grounds, no_ids, codes),
        worst.recorded,
        tuple(dict.fromkeys(no_ids + ids)),
        tuple([Reason(check.code, check.sentence, check.status) for check in wrong]),
    )


def doubts(
    case: Case, item: str, row: Row, wrong: Sequence[Check], basis: Words, settled: tuple[Status, str]
) -> list[Check]:
    """What is wrong with the words themselves: not sure, dated wrong, or not verified."""
    found: list[Check] = []
    if item in case.doubted and settled[0] is not NOT_APPLICABLE:
        told = [word for word in case.doubted[item] if settles_doubt(word)]
        if any(map(is_unsure, latest(told))):
            found.append(NOT_SURE)
    if basis:
        # Doses and answers of prescribers date themselves.
        if row.step is not Step.MEDICATION and not all(case.at_least(word.observed_at) for word in basis):
            found.append(LATE)
        if not is_verified(case, row, basis, case.said[item]):
            found.append(unverified(row))
    if item in case.ahead and all(check.status is REVIEW for check in (*wrong, *found)):
        words = case.doubted.get(item) or case.said[item]
        if words and not case.reached(max([word.observed_at for word in words])):
            found.append(AHEAD)
    return found


def settles_doubt(word: Evidence) -> bool:
    """Not an order or an asking, nor what else is said of a drug than its last dose."""
    return is_a_look(word) and not (word.item.startswith("hold:") and word.value.keys() & {"answers", "decision"})


def is_verified(case: Case, row: Row, words: Words, standing: Words) -> bool:
    """Whether the verifying role said each of these words, or looked at it later."""
    if row.on_arrival and case.arrived_at is None:
        return True
    for word in words:
        said_by_role = word.authority >= row.verified_by and counts_on_the_day(case, row, word)
        if not said_by_role and not any(is_look(case, row, look, word) for look in standing):
            return False
    return True


def is_look(case: Case, row: Row, look: Evidence, word: Evidence) -> bool:
    return (
        look.authority >= row.verified_by
        and is_a_look(look)
        and is_look_at(look, word)
        and counts_on_the_day(case, row, look)
    )


def is_a_look(word: Evidence) -> bool:
    """Ordering a test or asking a question verifies nothing."""
    return word.value.get("stage") not in ("ordered", "done") and word.value.get("answer") != "asked"


def is_look_at(look: Evidence, word: Evidence) -> bool:
    """Neither said nor recorded before the word; one result says nothing of another one."""
    if look.observed_at < word.observed_at or look.id < word.id:
        return False
    return "analyte" not in look.value or look.value["analyte"] == word.value.get("analyte")


def counts_on_the_day(case: Case, row: Row, look: Evidence) -> bool:
    """What is verified on arrival was seen since the patient came, or on the day of this start."""
    if not row.on_arrival or (case.arrived_at is not None and look.observed_at >= case.arrived_at):
        return True
    return case.within(case.day(look.observed_at), 0)


def unverified(row: Row) -> Check:
    role = "nurse" if row.verified_by is NURSE else "clinician" if row.verified_by is CLINICIAN else "scheduler"
    waits = f"This is recorded but not verified. A {role} looks at it and records what is true."
    return pending(UNVERIFIED, waits, until_start=True, owner="" if row.owner == "patient" else role)


def overdue_if_late(case: Case, check: Check, deadline_at: datetime | None) -> Check:
    """Nothing pending is pending from its deadline on."""
    if check.status is not PENDING:
        return check
    limit = case.at if check.until_start or deadline_at is None else deadline_at
    return check._replace(status=Status.OVERDUE) if case.reached(limit) else check


def badness(check: Check) -> int:
    return RANK[check.status]


def noes_of(case: Case, item: str, find: SaidNo) -> tuple[list[Evidence], list[Check]]:
    """The recorded noes that nobody superseded, the latest first."""
    noes, checks = [], []
    for word in reversed(case.said.get(item, NOTHING)):
        if (check := find(word.value)) is not None:
            noes.append(word)
            checks.append(check)
    return noes, checks


def values_of(words: Words) -> list[Value]:
    return [word.value for word in words]


def before_fracture(case: Case, words: Words, what: str) -> list[Check]:
    """Who looked before this fracture happened did not decide about it."""
    for word in words:
        if word.observed_at < case.begun_at:
            return [pending(f"{what}_before_fracture", f"The {what} is older than the fracture. Record a new one.")]
    return []
