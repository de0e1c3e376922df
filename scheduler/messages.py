"""What is said, to whom, when: drafts for the outbox. Nothing here names a procedure, drug, diagnosis or person.

A message is re-checked against the case when it is sent (`still_true`); a reminder is a row of the outbox with
its moment, so nothing waits in a broker and every look at a case re-plans what is still to come.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time, timedelta

from checklists.rules.fold import UNVERIFIED
from checklists.rules.protocol import Protocol
from checklists.rules.values import Finding, Gate, Verdict
from checklists.services.checklists import assess_checklist
from notifications.encryption import keyed_hash
from notifications.models import Message
from notifications.rules.ical import Event
from notifications.rules.mime import Draft
from notifications.services import outbox
from scheduler import mail_texts
from scheduler.doorbell import ring_after_commit
from scheduler.models import Booking, Case, Contact, Link, Practice
from scheduler.plain_mail import queue_mail

CONTACT_HOURS = (time(8), time(21))
LAST_CALL = time(20)
REMINDERS_A_DAY, REMINDERS_A_WEEK = 1, 3
REMINDED = ("patient", "caregiver")
REMINDER_KINDS = tuple(f"reminder:{who}" for who in REMINDED)
HOME_KINDS = tuple(f"home:{who}" for who in REMINDED)  # what to do after the procedure
LINK_KINDS = (
    *(*REMINDER_KINDS, *HOME_KINDS, "pickup:escort"),
    *(f"link:{who}" for who in (*REMINDED, "escort", "prescriber")),
)
CORRECTION_KINDS = tuple(f"correction:{who}" for who in REMINDED)
TO_CONTACTS = (*LINK_KINDS, *CORRECTION_KINDS)  # each by name to one contact: nothing of it when that was ended
# Whatever reaches the patient and those around them: silent after a death.
PATIENT_KINDS = ("invite:patient", "cancel:patient", *LINK_KINDS, *CORRECTION_KINDS, "pickup_cancelled:escort")
# The address of the contact's own link, or "" where none may be sent; services/links.py gives it.
LinkTo = Callable[[Contact], str]


@dataclass(frozen=True, slots=True)
class Attendee:
    who: str  # patient | staff
    address: str
    name: str | None  # a patient is never named in a message
    contact: Contact | None = None
    told: int = -1  # SEQUENCE of the last invite to them


def attendees(case: Case, booking: Booking) -> tuple[Attendee, ...]:
    """Everybody whose calendar holds this booking: the patient by e-mail, and the claimed staff."""
    patient = tuple(
        Attendee("patient", contact.email, None, contact)
        for contact in Contact.objects.filter(
            patient_id=case.patient_id, kind="patient", channel="email", ended_at=None
        )
    )
    staff = tuple(
        Attendee("staff", claim.resource.user.email, claim.resource.user.name)
        for claim in booking.claims.filter(is_active=True, resource__user__isnull=False).select_related(
            "resource__user"
        )
        if claim.resource and claim.resource.user
    )
    return patient + staff


def invite(*, case: Case, booking: Booking, link_to: LinkTo, by: str, now: datetime) -> None:
    """REQUEST of the booking's present time and SEQUENCE to everybody; a CANCEL to whoever is no longer in it."""
    present = attendees(case, booking)
    for attendee in present:
        link = link_to(attendee.contact) if attendee.contact else ""
        _queue(case, booking, attendee, cancelled=False, by=by, now=now, link=link)
    addresses = {attendee.address for attendee in present}
    for attendee in told(case, booking):
        if attendee.address not in addresses:
            _queue(case, booking, attendee, cancelled=True, by=by, now=now)
    ring_after_commit()


def cancel_invites(*, case: Case, booking: Booking, by: str, now: datetime) -> None:
    """CANCEL with the same UID and the next SEQUENCE to everybody who was ever told of this booking."""
    for attendee in told(case, booking):
        _queue(case, booking, attendee, cancelled=True, by=by, now=now)
    outbox.withdraw(subject=case.pk, kinds=REMINDER_KINDS, reason="booking released", now=now)
    ring_after_commit()


def told(case: Case, booking: Booking) -> tuple[Attendee, ...]:
    """Everybody whose last invite to this booking is a REQUEST, at the address it went to."""
    invites = Message.objects.filter(practice_id=case.practice_id, subject=case.pk, uid=booking.uid)
    # Without the bytes: a message that cannot be read any more must not stop a cancellation.
    invites = invites.defer("payload").order_by("sequence", "created_at")
    last = {message.recipient_hash: message for message in invites}
    return tuple(
        Attendee(message.kind.removeprefix("invite:"), message.recipient, None, told=message.sequence)
        for message in last.values()
        if message.method == "REQUEST"
    )


def cancellation_reaches_patient(case: Case, booking: Booking) -> bool:
    """Whether a CANCEL is queued for the patient, or no invite of this booking ever left."""
    mine = Message.objects.filter(practice_id=case.practice_id, subject=case.pk, uid=booking.uid)
    mine = mine.filter(kind__in=("invite:patient", "cancel:patient"))
    if mine.filter(kind="cancel:patient").exists():
        return True
    return mine.exists() and not mine.exclude(state="superseded").exists()


def silence(*, case: Case, now: datetime) -> None:
    """The case ended: no reminder goes out any more; after a death nothing at all reaches the patient's address."""
    reason = f"the case ended: {case.ending}"
    if case.ending != "died":
        outbox.withdraw(subject=case.pk, kinds=REMINDER_KINDS, reason=reason, now=now)
        return
    for subject in Case.objects.filter(patient_id=case.patient_id).values_list("pk", flat=True):
        outbox.withdraw(subject=subject, kinds=PATIENT_KINDS, reason=reason, now=now)


def _queue(
    case: Case, booking: Booking, attendee: Attendee, *, cancelled: bool, by: str, now: datetime, link: str = ""
) -> None:
    practice = case.practice
    moved = booking.sequence > 0 and not cancelled
    told_of, summary = (
        ("cancelled", "appointment cancelled")
        if cancelled
        else ("moved", "new time of the appointment")
        if moved
        else ("invite", "appointment")
    )
    language = case.patient.language if attendee.who == "patient" else mail_texts.STAFF
    kind = f"{'cancel' if cancelled else 'invite'}:{attendee.who}"
    sequence, stamped_at = booking.sequence, booking.stamped_at
    if cancelled and attendee.told >= sequence:
        # Out of a booking that stands: calendars take for old what is no newer than the invite they hold.
        sequence, stamped_at = attendee.told + 1, max(now.replace(microsecond=0), stamped_at + timedelta(seconds=1))
    event = Event(
        uid=booking.uid,
        sequence=sequence,
        starts_at=booking.starts_at,
        ends_at=booking.ends_at,
        zone=practice.zone,
        summary=mail_texts.appointment_summary(practice, language),
        location=practice.address,
        description=f"{practice.name}, {practice.phone}",
        organizer_name=practice.name,
        organizer_email=practice.email,
        attendee_email=attendee.address,
        attendee_name=attendee.name,
        stamped_at=stamped_at,
        cancelled=cancelled,
    )
    outbox.enqueue_invite(
        Draft(
            practice_id=practice.pk,
            subject=case.pk,
            kind=kind,
            occasion=f"{event.uid}:{event.sequence}:{kind}:{keyed_hash(practice.pk, attendee.address)[:16]}:email",
            sender_name=practice.name,
            sender=practice.email,
            recipient=attendee.address,
            recipient_name=attendee.name,
            title=mail_texts.appointment_title(practice, booking.starts_at, cancelled=cancelled, language=language),
            text=mail_texts.appointment_text(practice, told_of, booking.starts_at, link=link, language=language),
            summary=f"{summary}, {attendee.who}",
            dated_at=now,
            event=event,
            not_after=None if cancelled else booking.starts_at,
        ),
        now=now,
        by=by,
    )


@dataclass(frozen=True, slots=True)
class Reminder:
    """`occasion` names booking, slot start, item and lead; withdrawn ones that come back get a number behind it."""

    occasion: str
    at: datetime
    until: datetime


def _occasion_prefix(booking: Booking) -> str:
    return f"reminder:{booking.pk}:{booking.starts_at.astimezone(UTC).isoformat()}:"


def in_contact_hours(moment: datetime, practice: Practice) -> bool:
    return CONTACT_HOURS[0] <= moment.astimezone(practice.site.tz).time() < CONTACT_HOURS[1]


def within_contact_hours(moment: datetime, practice: Practice) -> datetime:
    """The same instant, or the evening before at 20:00 local when nobody should be written to."""
    if in_contact_hours(moment, practice):
        return moment
    local = moment.astimezone(practice.site.tz)
    day = local.date() if local.time() >= CONTACT_HOURS[1] else local.date() - timedelta(days=1)
    return datetime.combine(day, LAST_CALL, local.tzinfo)


def reminders(case: Case, booking: Booking, verdict: Verdict, protocol: Protocol, now: datetime) -> Iterator[Reminder]:
    """One for each open item of the patient's and each lead that the protocol names, until the item is due."""
    for finding in verdict.findings:
        if not _remindable(finding):
            continue
        assert finding.due_at is not None
        due = min(finding.due_at, booking.starts_at)
        for lead in protocol.item(finding.kind).reminders_before_due:
            at = within_contact_hours(due - lead, case.practice)
            if at < due and now < due:
                hours = int(lead.total_seconds() // 3600)
                yield Reminder(f"{_occasion_prefix(booking)}{finding.item}:{hours}h"[:190], at, due)


def _remindable(finding: Finding) -> bool:
    """What the patient is asked for now; a hold that waits for its prescriber has no due and asks for nothing."""
    asked = finding.owner == "patient" and finding.due_at is not None
    return asked and not is_done_by_patient(finding) and finding.needed_by != Gate.DISCHARGE


def is_done_by_patient(finding: Finding) -> bool:
    """Whether nothing is left for the patient to do: it passes, or only waits for a nurse to look at it."""
    return finding.passes or {reason.code for reason in finding.reasons} == {UNVERIFIED}


def plan_reminders(
    *, case: Case, verdict: Verdict, protocol: Protocol, link_to: LinkTo, now: datetime, by: str
) -> None:
    """Make the queued reminders those that the verdict calls for: withdraw the others, add what is missing."""
    booking = case.booking
    wanted = list(reminders(case, booking, verdict, protocol, now)) if booking else []
    mine = Message.objects.filter(practice_id=case.practice_id, subject=case.pk, kind__in=REMINDER_KINDS)
    # One whose moment has come is still to leave, but none is written for a moment that is past.
    called_for = {_occasion_of(who, reminder) for who in REMINDED for reminder in wanted}
    wanted = [reminder for reminder in wanted if now < reminder.at]
    said = [
        (pk, occasion.partition("#")[0], state) for pk, occasion, state in mine.values_list("pk", "occasion", "state")
    ]
    outdated = [pk for pk, base, state in said if state == "queued" and base not in called_for]
    if outdated:
        outbox.withdraw(messages=mine.filter(pk__in=outdated), reason="no longer called for", now=now)
    if not wanted or booking is None:
        return
    standing = {base for _, base, state in said if state != "superseded"}
    withdrawn = Counter(base for _, base, state in said if state == "superseded")
    for contact in reminded(case):
        for reminder in wanted:
            base = _occasion_of(contact.kind, reminder)
            if base not in standing:
                named = f"{base}#{withdrawn[base]}" if withdrawn[base] else base
                _queue_reminder(case, booking, contact, replace(reminder, occasion=named), link_to(contact), by, now)


def _occasion_of(who: str, reminder: Reminder) -> str:
    return reminder.occasion if who == "patient" else f"{who}-{reminder.occasion}"[:190]


def reminded(case: Case) -> list[Contact]:
    """The patient, and a caregiver whose permission is recorded: one of each."""
    reached = Contact.objects.filter(patient_id=case.patient_id, kind__in=REMINDED, channel="email", ended_at=None)
    allowed = [contact for contact in reached.order_by("created_at") if contact.kind == "patient" or contact.permission]
    return list({contact.kind: contact for contact in allowed}.values())


def _queue_reminder(
    case: Case, booking: Booking, contact: Contact, reminder: Reminder, link: str, by: str, now: datetime
) -> None:
    practice, language, is_patients = case.practice, case.patient.language, contact.kind == "patient"
    queue_mail(
        case,
        kind=f"reminder:{contact.kind}",
        occasion=reminder.occasion,
        recipient=contact.email,
        title=mail_texts.reminder_title(practice, is_patients=is_patients, language=language),
        text=mail_texts.reminder_text(
            practice, booking.starts_at, is_patients=is_patients, link=link, language=language
        ),
        summary="reminder of an open step",
        by=by,
        now=now,
        not_before=reminder.at,
        not_after=reminder.until,
    )


def still_true(message: Message, now: datetime) -> str | None:
    """Why this message must not go out now, or None. Asked by the sender just before it sends."""
    related = ("practice", "booking", "checklist__protocol_version")
    cases = Case.objects.select_related(*related).defer("checklist__protocol_version__document")
    case = cases.filter(pk=message.subject).first()
    if case is None:
        return "there is no such case"
    # Of any of their cases, and also when that case is closed since.
    died = Case.objects.filter(patient_id=case.patient_id, ending="died")
    if message.kind in PATIENT_KINDS and died.exists():
        return "the patient has died"
    if message.kind in ("invite:patient", *TO_CONTACTS) and not _still_reached_there(message, case):
        return "the contact was ended"
    if message.method == "REQUEST":
        booking = case.booking
        current = booking is not None and (booking.uid, booking.sequence) == (message.uid, message.sequence)
        return None if current else "the booking has changed"
    if message.kind in REMINDER_KINDS:
        return _reminder_untrue(message, case, now)
    if message.kind in HOME_KINDS:
        return None if case.discharged_at is not None else "the patient has not gone home"
    if message.kind.startswith("link:"):
        return None if _link_lives(message, case) else "the link is dead"
    if message.kind == "pickup:escort":
        current = case.booking is not None and message.occasion.startswith(pickup_prefix(case.booking))
        return None if current else "the booking has changed"
    return None


def _still_reached_there(message: Message, case: Case) -> bool:
    kind = message.kind.rpartition(":")[2]
    standing = Contact.objects.filter(patient_id=case.patient_id, kind=kind, ended_at=None)
    return standing.filter(email_hash=message.recipient_hash).exists()


def pickup_prefix(booking: Booking) -> str:
    """Of the occasions that tell an escort when to come: one for each time of the booking."""
    return f"pickup:{booking.pk}:{booking.starts_at.astimezone(UTC).isoformat()}:"


def link_occasion(link: Link) -> str:
    return f"link:{link.pk}"


def _link_lives(message: Message, case: Case) -> bool:
    alive = Link.objects.filter(case=case, revoked_at=None, contact__ended_at=None)
    return any(link_occasion(link) == message.occasion for link in alive)


def reminded_of(message: Message, booking: Booking) -> str:
    """The item that a reminder is about; "" where it was for another time of the booking."""
    prefix, occasion = _occasion_prefix(booking), message.occasion.removeprefix("caregiver-")
    if not occasion.startswith(prefix):
        return ""
    return occasion.removeprefix(prefix).partition("#")[0].rpartition(":")[0]


def _reminder_untrue(message: Message, case: Case, now: datetime) -> str | None:
    booking = case.booking
    if booking is None or case.state != "booked":
        return "the case is not waiting for its procedure"
    if not in_contact_hours(now, case.practice):
        return "nobody is reminded at this hour"
    item = reminded_of(message, booking)
    if not item:
        return "the booking has changed"
    start = max(booking.starts_at, now)
    finding = assess_checklist(checklist=case.checklist, start=start, now=now).verdict.finding(item)
    if finding is None or is_done_by_patient(finding):
        return "the step is done"
    return _too_many(case, message.kind, now)


def _too_many(case: Case, kind: str, now: datetime) -> str | None:
    """Counted for the person, whichever of the patient's cases it was about, by the site's calendar day."""
    cases = Case.objects.filter(patient_id=case.patient_id).values("pk")
    sent = Message.objects.filter(subject__in=cases, kind=kind, state="sent")
    today = now.astimezone(case.practice.site.tz).replace(hour=0, minute=0, second=0, microsecond=0)
    if sent.filter(sent_at__gte=today).count() >= REMINDERS_A_DAY:
        return "reminded today"
    if sent.filter(sent_at__gt=now - timedelta(days=7)).count() >= REMINDERS_A_WEEK:
        return "reminded three times within a week"
    return None
