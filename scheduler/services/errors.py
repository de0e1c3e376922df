"""Entered in error: what the struck word had caused is mended at once, or becomes somebody's work today."""

import uuid
from collections.abc import Collection
from datetime import datetime

from checklists.models import Evidence, Item
from checklists.rules.context import kind_of
from checklists.rules.kinds import clearance
from checklists.rules.values import Authority
from checklists.services import checklists
from notifications.models import Message
from scheduler import mail_texts, messages
from scheduler.doorbell import ring_after_commit
from scheduler.models import Booking, Case
from scheduler.plain_mail import queue_mail
from scheduler.rules.duties import Duty
from scheduler.rules.problems import NotFound, NotPermitted, Stale
from scheduler.services.readiness import end_of_day, judged_start, look_again
from scheduler.services.tasks import drop_tasks, owe_task

INFECTION = "A day-of infection was confirmed by a nurse or clinician."
RESTART = "restart_decision"


def word_to_strike(*, practice_id: uuid.UUID, public_id: uuid.UUID, authority: Authority | None) -> Evidence:
    """The evidence, for somebody who may strike it. NotPermitted below the authority that said it.

    Otherwise calling a failure an error would clear it.
    """
    word = (
        Evidence.objects.select_related("checklist", "error")
        .filter(practice_id=practice_id, public_id=public_id)
        .first()
    )
    if word is None:
        raise NotFound("There is no such evidence in this practice.")
    if authority is None or authority < word.authority:
        role = Authority(word.authority).name.lower()
        raise NotPermitted(f"This is the word of a {role}. Ask a {role} or somebody above to strike it through.")
    return word


def seen_item(case: Case, item: str, seen_version: int) -> None:
    """Raises Stale unless the writer saw the item of this case as it is."""
    current = Item.objects.filter(checklist=case.checklist_id, key=item).values_list("version", flat=True).first() or 0
    if current != seen_version:
        raise Stale(
            f"'{item}' is at version {current}; you saw version {seen_version}. Look again, then decide.",
            version=current,
            item=item,
        )


def started_drugs(case: Case, now: datetime) -> frozenset[str]:
    """The drugs whose hold has begun by what is recorded at this moment: somebody decides about each restart."""
    verdict = checklists.assess_checklist(checklist=case.checklist, start=judged_start(case, now), now=now).verdict
    return frozenset(finding.item.partition(":")[2] for finding in verdict.findings if finding.kind == RESTART)


def follow_error(
    *, case: Case, word: Evidence, drugs_before: Collection[str], by: str, now: datetime
) -> checklists.Refreshed:
    """Look again without the word, and hand to a person what looking cannot mend. `drugs_before`: before the strike."""
    refreshed = look_again(case=case, now=now, by=by)
    for drug in sorted(set(drugs_before) - started_drugs(case, now)):
        _ask_about_stopped(case, drug, by, now)
    if kind_of(word.item) == clearance.KIND and case.booking is not None:
        _tell_what_was_read(case, word, by, now)
    _offer_what_was_released(case, word, by, now)
    if case.started_at is not None and word.recorded_at <= case.started_at:
        _ask_what_it_means(case, word, by, now)
    passing = {finding.item for finding in refreshed.assessment.verdict.findings if finding.passes}
    if word.item in passing:
        _correct_reminders(case, word, by, now)
    return refreshed


def _key(word: Evidence) -> str:
    return f"error:{word.public_id}"


def _ask_about_stopped(case: Case, drug: str, by: str, now: datetime) -> None:
    sentence = (
        f"What {drug} was stopped on was entered in error, and the patient may have stopped it. "
        "Decide today whether they take it again."
    )
    owe_task(
        case=case, duty=Duty(RESTART, f"error:{drug}", "clinician", sentence, end_of_day(case, now)), by=by, now=now
    )


def _tell_what_was_read(case: Case, word: Evidence, by: str, now: datetime) -> None:
    sentence = "A prescriber's answer was entered in error. The patient may have read it: ring them."
    owe_task(case=case, duty=Duty("call", _key(word), "scheduler", sentence, end_of_day(case, now)), by=by, now=now)


def _offer_what_was_released(case: Case, word: Evidence, by: str, now: datetime) -> None:
    """A booking that was released for it is not taken back silently: the slot may be gone, the patient was told."""
    found = Booking.objects.filter(case=case, release_reason=INFECTION, released_at=word.recorded_at)
    released = found.order_by("booked_at").last()
    if word.item != "infection_check" or released is None or case.state != "referred":
        return
    drop_tasks(case=case, kinds=("reschedule",), keys=[str(released.pk)], outcome="entered in error", by=by, now=now)
    when = mail_texts.staff_when(released.starts_at, case.practice)
    sentence = (
        f"The booking of {when} was released for an infection that was entered in error. Ring the patient, and book "
        "again: the old time if it is free."
    )
    owe_task(case=case, duty=Duty("reschedule", _key(word), "scheduler", sentence, now), by=by, now=now)


def _ask_what_it_means(case: Case, word: Evidence, by: str, now: datetime) -> None:
    item = word.item.replace("_", " ")
    sentence = f"The procedure began on a word about {item} that was entered in error. Decide what the patient needs."
    owe_task(case=case, duty=Duty("mend", _key(word), "clinician", sentence, end_of_day(case, now)), by=by, now=now)


def _correct_reminders(case: Case, word: Evidence, by: str, now: datetime) -> None:
    """Whoever was reminded because of it hears that nothing is open there; what has not left is withdrawn already."""
    booking = case.booking
    if booking is None or booking.starts_at <= now:
        return
    mine = Message.objects.filter(practice_id=case.practice_id, subject=case.pk, kind__in=messages.REMINDER_KINDS)
    for sent in mine.filter(sent_at__gte=word.recorded_at, state="sent").order_by("sent_at"):
        if messages.reminded_of(sent, booking) == word.item:
            _queue_correction(case, booking, sent, by, now)
    ring_after_commit()


def _queue_correction(case: Case, booking: Booking, sent: Message, by: str, now: datetime) -> None:
    title, text = mail_texts.correction(case.practice, booking.starts_at, language=case.patient.language)
    queue_mail(
        case,
        kind=f"correction:{sent.kind.removeprefix('reminder:')}",
        occasion=f"correction:{sent.pk}",
        recipient=sent.recipient,
        title=title,
        text=text,
        summary="reminder corrected",
        by=by,
        now=now,
        not_after=booking.starts_at,
    )
