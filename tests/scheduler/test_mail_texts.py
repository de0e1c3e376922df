"""Mails in the patient's language: the same facts in English and in Spanish, and staff as before in English."""

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils.translation import get_language, override

from notifications.models import Message
from scheduler import mail_texts
from scheduler.models import Case, Practice, Resource
from scheduler.services import bookings
from scheduler.services.link_mails import send_link
from tests.conftest import NOW, START
from tests.scheduler.pages.my.visiting import add, link_of
from tests.scheduler.services.mailing import decoded, send_all
from tests.scheduler.services.steps import BY, record

pytestmark = pytest.mark.django_db
LINK = "https://clinic.example/my/token/"
AFTERNOON = START.replace(month=6, day=2, hour=13)  # in summer, after noon
Write = Callable[[Practice, str], str]

TEXTS: dict[str, Write] = {
    "invitation": lambda p, to: mail_texts.appointment_text(p, "invite", START, link=LINK, language=to),
    "new time": lambda p, to: mail_texts.appointment_text(p, "moved", AFTERNOON, link=LINK, language=to),
    "cancellation": lambda p, to: mail_texts.appointment_text(p, "cancelled", START, language=to),
    "reminder": lambda p, to: mail_texts.reminder_text(p, START, link=LINK, language=to),
    "reminder without a link": lambda p, to: mail_texts.reminder_text(p, START, language=to),
    "caregiver's": lambda p, to: mail_texts.reminder_text(p, START, is_patients=False, link=LINK, language=to),
    "correction": lambda p, to: " ".join(mail_texts.correction(p, START, language=to)),
    "link": lambda p, to: mail_texts.link_text(p, LINK, language=to),
    "pick-up": lambda p, to: mail_texts.pickup_text(p, AFTERNOON, LINK, language=to),
    "no pick-up": lambda p, to: mail_texts.pickup_cancelled_text(p, language=to),
    "title": lambda p, to: mail_texts.appointment_title(p, START, cancelled=False, language=to),
}


def facts(text: str, practice: Practice) -> dict[str, int]:
    """How often each fact is told, whatever the language."""
    told = (practice.name, practice.address, practice.phone, LINK, "2027", "10:00", "1:00")
    return {fact: len(re.findall(rf"(?<!\d){re.escape(fact)}", text)) for fact in told}


@pytest.mark.parametrize("name", TEXTS)
def test_both_languages_tell_the_same_facts_in_other_words(name: str, practice: Practice) -> None:
    english, spanish = (TEXTS[name](practice, language) for language in ("en", "es"))
    assert facts(english, practice) == facts(spanish, practice)
    assert practice.name in spanish and english != spanish
    sentences = {line for line in english.splitlines() if line and line != LINK}
    assert sentences & set(spanish.splitlines()) == set()


def test_spanish_invitation_reads_as_a_whole(practice: Practice) -> None:
    assert mail_texts.appointment_text(practice, "moved", AFTERNOON, link=LINK, language="es") == (
        f"La cita con {practice.name} ahora es el miércoles 2 de junio de 2027 a la 1:00 p. m. (hora del Este).\n\n"
        f"Dónde: {practice.address}\n\nPor favor, responda unas preguntas antes de venir:\n{LINK}\n\n"
        f"¿Preguntas? Llame al {practice.phone}.\n"
    )


def test_staff_read_the_day_of_24_hours_and_the_zones_name(practice: Practice) -> None:
    text = mail_texts.appointment_text(practice, "invite", AFTERNOON)
    assert "on Wednesday, 2 June 2027 at 13:00 (EDT, America/New_York)." in text


def test_a_mails_language_is_the_recipients_and_not_that_of_whoever_writes(practice: Practice) -> None:
    with override("es"):
        text = mail_texts.appointment_text(practice, "invite", START, language="en")
        assert (text.startswith("You have"), get_language()) == (True, "es")
        assert mail_texts.appointment_text(practice, "invite", START).startswith("You have")


def said(case: Case) -> dict[str, str]:
    """The newest mail of each kind, decoded."""
    return {mail.kind: decoded(mail.payload) for mail in Message.objects.filter(subject=case.pk).order_by("id")}


def test_everything_that_is_mailed_about_a_spanish_speaking_patient_is_spanish_but_what_staff_get(
    tell: Callable[..., Case], resources: dict[str, Resource]
) -> None:
    case, start = tell("imaged"), START + timedelta(days=5)
    case.patient.language = "es"
    case.patient.save()
    room, proceduralist, bay = (resources[name].pk for name in ("Room 1", "Chris Clinician", "Bay 1"))
    common = {"practice_id": case.practice_id, "by": BY, "now": NOW}
    slot = bookings.Slot(start, room, proceduralist, bay)
    bookings.book_case(case_id=case.pk, slot=slot, seen_version=case.version, **common)
    case.refresh_from_db()
    ride = {"available": True, "adult": True, "transport": "car", "contact": str(add(case, "escort").pk)}
    record(case, "ride", ride, now=NOW)
    send_link(case_id=case.pk, contact_id=link_of(case).contact_id, **common)
    send_all(NOW)  # what never left needs no cancellation
    case.refresh_from_db()
    assert case.booking is not None
    bookings.release_booking(booking_id=case.booking.pk, reason="x", seen_version=case.version, **common)
    mails = said(case)
    theirs = {kind: text for kind, text in mails.items() if not kind.endswith(":staff")}
    assert {"invite:patient", "cancel:patient", "reminder:patient", "link:patient", "pickup:escort"} <= set(theirs)
    english = re.compile(r"\b([Aa]ppointment|cancelled|[Qq]uestions|[Pp]lease|Where|step)\b")
    assert [(kind, words) for kind, text in theirs.items() if (words := english.findall(text))] == []
    assert "SUMMARY:Cita - " in theirs["invite:patient"]
    assert "Subject: Appointment - " in mails["invite:staff"] and "SUMMARY:Appointment - " in mails["cancel:staff"]
