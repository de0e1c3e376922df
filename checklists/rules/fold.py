"""From the checks of one item to its finding: deadlines, verification, signatures, the worst status."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from checklists.rules.context import (
    Answer,
    Check,
    Context,
    Item,
    Kind,
    kind_of,
    never_no,
    pending,
    satisfied,
)
from checklists.rules.ledger import is_not_sure, latest
from checklists.rules.moments import deadline_at, due_at
from checklists.rules.sitetime import day_ends, local_date
from checklists.rules.values import (
    Authority,
    Evidence,
    Finding,
    Gate,
    Reason,
    Review,
    Status,
    Step,
    digest,
)

WORST_FIRST = (
    Status.FAILED,
    Status.OVERDUE,
    Status.TOO_EARLY,
    Status.REVIEW,
    Status.PENDING,
    Status.SATISFIED,
    Status.WAIVED,
    Status.NOT_APPLICABLE,
)
RANK = {status: place for place, status in enumerate(WORST_FIRST)}
AUTHORITIES = {authority.name.lower(): authority for authority in Authority}
UNVERIFIED = "awaiting_verification"
UNTIL_ARRIVAL = "until_arrival"
SETTLED = frozenset({Status.SATISFIED, Status.WAIVED, Status.NOT_APPLICABLE})
HINDERS = frozenset({Status.FAILED, Status.PENDING, Status.TOO_EARLY})


class RecordedNo(NamedTuple):
    evidence: Evidence
    check: Check


def judge(context: Context, kind: Kind, item: Item, reviews: Sequence[Review]) -> Finding:
    """The finding of one item; a rule that raises is a failed finding with the exception's type."""
    try:
        return finding_of(context, kind, item, answer_of(context, kind, item), reviews)
    except Exception as error:
        return rule_error(context, item, error)


def answer_of(context: Context, kind: Kind, item: Item) -> Answer:
    """The kind's judgement; what the protocol does not require counts once anything is recorded of it."""
    if item.rule.required or context.ledger.entries(item.key):
        return kind.answer(context, item)
    unasked = f"The protocol does not require: {item.key.replace('_', ' ')}."
    return Answer((Check(Status.NOT_APPLICABLE, "not_required", unasked),))


def finding_of(context: Context, kind: Kind, item: Item, answer: Answer, reviews: Sequence[Review]) -> Finding:
    noes = recorded_noes(context, kind, item)
    deadline = deadline_at(context, item, answer)
    checks = checks_of(context, item, answer, noes)
    rests_on = grounds_of(context, item, answer, noes, checks)
    timed = [overdue_if_late(context, item, check, deadline) for check in told_once(checks, noes)]
    signed = signed_off(context, item, timed, rests_on, reviews)
    unsettled = sorted([check for check in signed if check.status not in SETTLED], key=badness)
    worst = unsettled[0] if unsettled else settled_check(signed, answer)
    return Finding(
        item=item.key,
        kind=kind.name,
        step=item.rule.step,
        status=worst.status,
        code=worst.code,
        sentence=begun(worst.sentence),
        owner=worst.owner or item.rule.owner,
        needed_by=item.rule.needed_by,
        override=item.rule.override,
        due_at=(answer.due_by or due_at(context, item, answer)) if answer.shows_due else None,
        deadline_at=deadline,
        clear_at=latest_clear_at(unsettled) if unsettled else None,
        rests_on=rests_on,
        recorded=worst.recorded,
        evidence=ids_of([*[no.evidence for no in noes], *answer.basis]),
        reasons=tuple([Reason(check.code, begun(check.sentence), check.status) for check in unsettled]),
    )


def begun(sentence: str) -> str:
    """With a capital letter, also where a drug or an analyte comes first."""
    return sentence[:1].upper() + sentence[1:]


def told_once(checks: Sequence[Check], noes: Sequence[RecordedNo]) -> Sequence[Check]:
    """Without what is computed from the words of a recorded no: that says the same."""
    if not noes:
        return checks
    recorded = {(no.check.code, no.check.status) for no in noes}
    return [check for check in checks if check.recorded or (check.code, check.status) not in recorded]


def checks_of(context: Context, item: Item, answer: Answer, noes: Sequence[RecordedNo]) -> list[Check]:
    """What people said no to, what the kind found, and what is asked of the words of every item; each once."""
    checks = [*[no.check for no in noes], *answer.checks]
    entries = context.ledger.entries(item.key)
    if len(entries) > len(context.standing(item.key)):
        checks += not_sure_checks(entries, answer)
    if answer.basis:
        checks += late_checks(context, item, answer.basis)
        checks += verification_checks(context, item, answer.basis)
    checks += ahead_checks(context, entries, checks)
    return checks if len(checks) < 2 else list(dict.fromkeys(checks))


def latest_clear_at(checks: Sequence[Check]) -> datetime | None:
    return max([check.clear_at for check in checks if check.clear_at is not None], default=None)


def ids_of(words: Sequence[Evidence]) -> tuple[int, ...]:
    """Each once, in their order."""
    return tuple(dict.fromkeys([entry.id for entry in words]))


def badness(check: Check) -> int:
    return RANK[check.status]


def settled_check(checks: Sequence[Check], answer: Answer) -> Check:
    return checks[0] if checks else satisfied("satisfied", answer.confirmed)


def recorded_noes(context: Context, kind: Kind, item: Item) -> list[RecordedNo]:
    """What people recorded as a no and nobody superseded, the latest first."""
    if kind.said_no is never_no:
        return []
    entries = reversed(context.standing(item.key))
    return [RecordedNo(entry, check) for entry in entries if (check := kind.said_no(context, entry))]


def not_sure_checks(entries: Sequence[Evidence], answer: Answer) -> list[Check]:
    """Pending where the latest word is `not sure`, unless the question does not apply any more."""
    if answer.checks and all(check.status is Status.NOT_APPLICABLE for check in answer.checks):
        return []
    if any(is_not_sure(entry) for entry in latest(entry for entry in entries if settles_doubt(entry))):
        return [pending("not_sure", "The last answer was 'not sure'. Call whoever gave it and record what is true.")]
    return []


def settles_doubt(entry: Evidence) -> bool:
    """Whether what was not sure is told by this word; not by an order, an asking, or what else is said of a drug."""
    return is_a_look(entry) and subject_of(entry) not in ("answers", "decision")


def late_checks(context: Context, item: Item, basis: Sequence[Evidence]) -> list[Check]:
    """What was observed after the start says nothing about it; doses and answers of prescribers date themselves."""
    if context.ledger.newest <= context.start.at:
        return []
    if item.rule.needed_by is Gate.DISCHARGE or item.rule.step is Step.MEDICATION:
        return []
    if context.dated_before(max([entry.observed_at for entry in basis])):
        return []
    return [pending("dated_after_start", "This is dated after the start. Correct its time, or do it again.")]


def ahead_checks(context: Context, entries: Sequence[Evidence], checks: Sequence[Check]) -> list[Check]:
    """What is dated after now has not been observed: an item that would pass by it, or by a signature, is pending."""
    clock = context.start.clock
    if context.ledger.newest <= clock.now or not entries or any(check.status in HINDERS for check in checks):
        return []
    if clock.reached(max([entry.observed_at for entry in entries])):
        return []
    return [pending("dated_ahead", "This is dated ahead of now. Correct its time, or record it when it is done.")]


def verification_checks(context: Context, item: Item, basis: Sequence[Evidence]) -> list[Check]:
    """Pending until somebody of the verifying role stands behind each word that the finding rests on."""
    if is_verified(context, item, basis):
        return []
    role = verifying(item)
    waits = f"This is recorded but not verified. A {role} looks at it and records what is true."
    return [pending(UNVERIFIED, waits, until_start=True, owner="" if item.rule.owner == "patient" else role)]


def verifying(item: Item) -> str:
    return item.rule.verified_by or item.rule.owner


def is_verified(context: Context, item: Item, words: Sequence[Evidence]) -> bool:
    """Whether the verifying role looked at each of these words; a patient's item needs nobody."""
    if not words or not word_needs_verifying(context, item):
        return True
    wanted = AUTHORITIES[verifying(item)]
    if wanted is Authority.PATIENT:
        return True
    standing = context.standing(item.key)
    looks = {entry.id: entry for entry in standing if entry.authority >= wanted and is_a_look(entry)}
    return all(is_looked_at(context, item, word, looks) for word in words)


def is_looked_at(context: Context, item: Item, word: Evidence, looks: Mapping[int, Evidence]) -> bool:
    """Whether the word is a look itself, or another look is at it."""
    if word.id in looks and counts_on_the_day(context, item, word):
        return True
    return any(is_look_at(look, word) and counts_on_the_day(context, item, look) for look in looks.values())


def is_a_look(entry: Evidence) -> bool:
    """Ordering a test or asking a question verifies nothing."""
    return entry.value.get("stage") not in ("ordered", "done") and entry.value.get("answer") != "asked"


def is_look_at(look: Evidence, word: Evidence) -> bool:
    """Neither observed nor recorded before the word, and about the same analyte or modality, or about all."""
    if look.observed_at < word.observed_at or look.id < word.id:
        return False
    subject = subject_of(look)
    return subject is None or subject == subject_of(word)


def subject_of(entry: Evidence) -> object:
    """What an entry is about, where an item has several things to look at."""
    if kind_of(entry.item) == "hold":
        return next((key for key in ("answers", "decision") if key in entry.value), "dose")
    return entry.value.get("analyte", entry.value.get("modality"))


def counts_on_the_day(context: Context, item: Item, look: Evidence) -> bool:
    """What is verified on arrival was verified on the day of this start, not for a date that was moved."""
    if item.rule.patient_word != UNTIL_ARRIVAL:
        return True
    arrived_at, zone = context.facts.arrived_at, context.facts.site.tz
    if arrived_at is not None and look.observed_at >= arrived_at:
        return True
    return context.start.before(day_ends(local_date(look.observed_at, zone), zone))


def word_needs_verifying(context: Context, item: Item) -> bool:
    if item.rule.patient_word == UNTIL_ARRIVAL:
        return context.facts.arrived_at is not None
    return item.rule.patient_word != "yes"


def overdue_if_late(context: Context, item: Item, check: Check, deadline: datetime | None) -> Check:
    """Before the deadline nothing recorded is pending, from it on overdue; at the start nothing is pending.

    What is owed at discharge stays pending: the gate of the discharge asks for it.
    """
    if check.status is not Status.PENDING or not context.start.booked or item.rule.needed_by is Gate.DISCHARGE:
        return check
    limit = context.start.at if check.until_start or deadline is None else deadline
    return check._replace(status=Status.OVERDUE) if context.start.clock.reached(limit) else check


def grounds_of(
    context: Context, item: Item, answer: Answer, noes: Sequence[RecordedNo], checks: Sequence[Check]
) -> tuple[Any, ...]:
    """A signature or override holds for these: protocol, grounds, recorded noes, and what was found wrong.

    Verifying a word that was signed changes nothing; anything else that comes to be missing does.
    """
    wrong = sorted([check.code for check in checks if check.status not in SETTLED and check.code != UNVERIFIED])
    return (context.protocol.document_hash, item.key, answer.grounds, [no.evidence.id for no in noes], wrong)


def signed_off(
    context: Context, item: Item, checks: Sequence[Check], rests_on: tuple[Any, ...], reviews: Sequence[Review]
) -> list[Check]:
    """Reviews that a clinician signed for these inputs and this start are satisfied."""
    signatures = [review for review in reviews if review.item == item.key]
    if not signatures or not any(check.status is Status.REVIEW for check in checks):
        return list(checks)
    inputs = digest(*rests_on)
    if not any(review.inputs == inputs and covers(context, review) for review in signatures):
        return list(checks)
    signed = satisfied("signed", "A clinician reviewed and signed this.")
    return [signed if check.status is Status.REVIEW else check for check in checks]


def covers(context: Context, review: Review) -> bool:
    return context.start.at_least(review.start_from) and context.start.at_most(review.start_until)


def rule_error(context: Context, item: Item, error: Exception) -> Finding:
    """Fail closed: what cannot be judged blocks. An override of it ends with the next fact or evidence of the case."""
    problem = f"The rule for {item.key} could not be evaluated ({type(error).__name__})"
    sentence = f"{problem}. Report it and call a clinician."
    return Finding(
        item=item.key,
        kind=kind_of(item.key),
        step=item.rule.step,
        status=Status.FAILED,
        code="rule_error",
        sentence=sentence,
        owner=item.rule.owner,
        needed_by=item.rule.needed_by,
        override=item.rule.override,
        due_at=None,
        deadline_at=None,
        clear_at=None,
        rests_on=(
            context.protocol.document_hash,
            item.key,
            "rule_error",
            type(error).__name__,
            context.facts.number,
            context.ledger.last_id,
        ),
        reasons=(Reason("rule_error", sentence, Status.FAILED),),
    )
