"""What clinicians sign: reviews and overrides, and how somebody proves anew who they are."""

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction

from checklists.rules.context import kind_of
from checklists.rules.kinds import clearance
from checklists.rules.values import Authority, Finding
from checklists.services.checklists import assess_checklist
from checklists.services.gate import NotAllowed, override_finding, sign_review
from scheduler.access import Actor
from scheduler.models import Case, Membership, Record, User
from scheduler.rules.duties import Duty
from scheduler.rules.problems import NotPermitted, Problem, Reason, Refused, TooMany, Unauthenticated
from scheduler.rules.roles import NURSE
from scheduler.rules.transitions import Act
from scheduler.services.cases import allow, bump, seen
from scheduler.services.gates import note_refusal
from scheduler.services.readiness import end_of_day, judged_start, locked_case, look_again
from scheduler.services.record import append_record
from scheduler.services.tasks import drop_tasks, owe_task
from scheduler.services.transitions import Moved

WRONG_OWN, WRONG_SECOND = "wrong_password", "second_unknown"
INSTEAD = {
    WRONG_OWN: "if it was not you, end this session and tell your administrator.",
    WRONG_SECOND: "or ask your colleague to sign in at another screen.",
}
GUESSES, GUESSER_WAITS = 5, timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class Second:
    by: str
    authority: Authority | None


def authenticate_afresh(actor: Actor, password: str, *, subject: object, now: datetime) -> None:
    """The actor's own password, for this act on the subject. Raises Unauthenticated (step-up), TooMany."""
    wrong = Reason(WRONG_OWN, "It is the one you sign in with. Look at the keyboard and type it again.", "password")
    refusal = Unauthenticated(
        "This is not your password. Type your own password: this asks who you are at this moment (field 'password').",
        code="fresh_authentication_required",
        # Nothing typed is no guess: it is how a client learns that a password is asked for.
        errors=(wrong,) if password else (),
    )
    _prove(actor, actor.user, password, refusal, counts=WRONG_OWN, subject=subject, now=now)


def second_person(actor: Actor, *, email: str, password: str, subject: object, now: datetime) -> Second:
    """Another member of the practice who signs in here and now. Raises NotPermitted, TooMany."""
    second = person_here(actor, email=email, password=password, subject=subject, now=now)
    if second.user == actor.user or not second.roles:
        raise NotPermitted(
            "The second person must be somebody else of this practice. Ask a colleague.", code="second_unfit"
        )
    return Second(second.by, second.authority)


def person_here(actor: Actor, *, email: str, password: str, subject: object, now: datetime) -> Actor:
    """Somebody who signs in here and now, beside the actor; perhaps without a role. Raises NotPermitted, TooMany."""
    found = User.objects.filter(email=email.strip().lower(), is_active=True).first()
    refusal = NotPermitted("The second person could not sign in. Check their e-mail and password.", code=WRONG_SECOND)
    user = _prove(actor, found, password, refusal, counts=WRONG_SECOND, subject=subject, now=now)
    roles = frozenset(Membership.objects.filter(practice=actor.practice, user=user).values_list("role", flat=True))
    return Actor(user, actor.practice, roles)


def _prove(
    actor: Actor, user: User | None, password: str, refusal: Problem, *, counts: str, subject: object, now: datetime
) -> User:
    """The user whose password it is. Raises TooMany; or the refusal, which is noted then and `counts` as a guess.

    One guess at a time: the actor's account is held until the guess before is noted. The transaction around it is kept,
    so nothing is written before.
    """
    with transaction.atomic():
        User.objects.select_for_update(no_key=True).get(pk=actor.user.pk)
        _refuse_guessing(actor, counts, now)
        if user is not None and user.check_password(password):
            return user
        note_refusal(problem=refusal, practice_id=actor.practice.pk, subject=subject, by=actor.by, now=now)
        refusal.is_noted = True
    raise refusal


def _refuse_guessing(actor: Actor, code: str, now: datetime) -> None:
    """Also the right password waits then; what is counted are the refusals in the record."""
    lately = Record.objects.filter(practice=actor.practice, by=actor.by, action="refused", at__gt=now - GUESSER_WAITS)
    wrong = [codes for codes in lately.values_list("codes", flat=True) if code in codes]
    if len(wrong) >= GUESSES:
        raise TooMany(
            f"{GUESSES} passwords typed here were wrong. Wait a quarter of an hour; {INSTEAD[code]}",
            code="too_many_guesses",
        )


@transaction.atomic
def review_finding(
    *,
    practice_id: uuid.UUID,
    case_id: uuid.UUID,
    item: str,
    inputs: str,
    start_from: datetime,
    start_until: datetime,
    note: str,
    seen_version: int,
    by: str,
    now: datetime,
) -> Moved:
    """A clinician signs a finding in review. Raises Refused when it changed or asks for no signature."""
    case = locked_case(practice_id, case_id)
    allow(case, Act.REVIEW)
    seen(case, seen_version)
    conflict = _conflict(case, item, now)
    try:
        sign_review(
            checklist=case.checklist,
            item=item,
            inputs=inputs,
            start=judged_start(case, now),
            start_from=start_from,
            start_until=start_until,
            note=note,
            by=by,
            now=now,
        )
    except NotAllowed as error:
        raise _refused(error, item) from error
    bump(case)
    fields = {"item": item, "note": note}
    append_record(practice_id=practice_id, by=by, action="review_signed", subject=case.pk, now=now, fields=fields)
    if conflict is not None:
        _owe_telling(case, conflict, note, by, now)
    return Moved(case, look_again(case=case, now=now, by=by))


def _conflict(case: Case, item: str, now: datetime) -> Finding | None:
    """The finding that is signed, where prescriber and protocol name different times for a drug."""
    if kind_of(item) != clearance.KIND:
        return None
    found = assess_checklist(checklist=case.checklist, start=judged_start(case, now), now=now).verdict.finding(item)
    return found if found and clearance.CONFLICTS in {reason.code for reason in found.reasons} else None


def _owe_telling(case: Case, finding: Finding, note: str, by: str, now: datetime) -> None:
    """No page tells the patient a time on which two differ: a nurse does; a new answer of the prescriber settles it."""
    drug = finding.item.partition(":")[2]
    signed = f" The clinician noted: {note.strip()}" if note.strip() else ""
    sentence = (
        f"Tell the patient when to take {drug} for the last time: their page says no time while prescriber and "
        f"protocol differ. {finding.sentence}{signed}"
    )
    duty = Duty("call", clearance.call_key(finding.item), NURSE, sentence[:1000], end_of_day(case, now))
    owe_task(case=case, duty=duty, by=by, now=now)


@transaction.atomic
def override_item(
    *,
    practice_id: uuid.UUID,
    case_id: uuid.UUID,
    item: str,
    inputs: str,
    reason: str,
    seen_version: int,
    by: str,
    second: Second | None,
    now: datetime,
) -> Moved:
    """Carry a finding that does not pass, by name and reason; void as soon as its inputs change."""
    case = locked_case(practice_id, case_id)
    allow(case, Act.OVERRIDE)
    seen(case, seen_version)
    try:
        override_finding(
            checklist=case.checklist,
            item=item,
            inputs=inputs,
            reason=reason,
            start=judged_start(case, now),
            by=by,
            second_by=second.by if second else "",
            second_authority=second.authority if second else None,
            now=now,
        )
    except NotAllowed as error:
        raise _refused(error, item) from error
    bump(case)
    drop_tasks(case=case, kinds=("override",), keys=(item,), outcome=f"overridden: {reason}"[:1000], by=by, now=now)
    append_record(
        practice_id=practice_id,
        by=by,
        action="override",
        subject=case.pk,
        now=now,
        fields={"item": item, "reason": reason, "second": second.by if second else ""},
    )
    return Moved(case, look_again(case=case, now=now, by=by))


def _refused(error: NotAllowed, item: str) -> Refused:
    return Refused(str(error), code=error.code, errors=(Reason(error.code, str(error), item=item),))
