"""The practice's lines: saved, previewed, sent to the patient in their language, refused with the reason."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from notifications.models import Message
from scheduler.models import Case, Patient, Practice
from scheduler.services.bookings import Slot, move_booking, release_booking
from tests.conftest import NOW, START

pytestmark = pytest.mark.django_db
LINES = {
    "invite_en": "Park behind the building.",
    "invite_es": "Aparque detrás del edificio.",
    "moved_es": "Gracias por su paciencia.",
    "cancelled_en": "We are sorry.",
    "reminder_es": "Llame si tiene preguntas.",
}


def save(admin: Client, practice: Practice, **lines: str) -> Any:
    practice.refresh_from_db()
    return admin.post("/settings/texts/", {"version": practice.version, **lines})


def sent(case: Case, kind: str, **more: Any) -> str:
    from email import message_from_bytes, policy

    payload = bytes(Message.objects.filter(subject=case.pk, kind=kind, **more).latest("created_at").payload)
    body = message_from_bytes(payload, policy=policy.default).get_body(("plain",))
    assert body is not None
    return str(body.get_content())


def test_lines_are_saved_and_previewed_as_the_messages_read(admin: Client, practice: Practice) -> None:
    assert save(admin, practice, **LINES).status_code == 302
    practice.refresh_from_db()
    assert practice.texts == {
        "invite": {"en": LINES["invite_en"], "es": LINES["invite_es"]},
        "moved": {"es": LINES["moved_es"]},
        "cancelled": {"en": LINES["cancelled_en"]},
        "reminder": {"es": LINES["reminder_es"]},
    }
    previews = {(p.kind, p.language): p.text for p in admin.get("/settings/texts/").context["previews"]}
    assert "\nPark behind the building.\n\nQuestions? Call 555-0199.\n" in previews["Invitation", "English"]
    assert LINES["reminder_es"] in previews["Reminder", "Spanish"]
    assert LINES["reminder_es"] not in previews["Reminder", "English"]


def test_patient_reads_the_line_of_their_language_and_staff_read_none(
    admin: Client, practice: Practice, tell: Callable[..., Case], staff: dict[str, Any], resources: dict[str, Any]
) -> None:
    save(admin, practice, **LINES)
    english = tell("booked", start=START + timedelta(days=3))
    assert LINES["invite_en"] in sent(english, "invite:patient")
    assert LINES["invite_en"] not in sent(english, "invite:staff")
    case = tell("imaged")
    Patient.objects.filter(pk=case.patient_id).update(language="es")
    from scheduler.services.bookings import book_case

    places = [resources[name].pk for name in ("Room 2", "Sam Second", "Bay 2")]
    common = {"practice_id": case.practice_id, "by": staff["scheduler"].by}
    at = START + timedelta(days=7)
    booked = book_case(case_id=case.pk, slot=Slot(at, *places), seen_version=case.version, now=NOW, **common)
    assert LINES["invite_es"] in sent(case, "invite:patient")
    assert LINES["invite_en"] not in sent(case, "invite:patient")
    later = NOW + timedelta(minutes=1)
    moved = move_booking(
        booking_id=booked.booking.pk,
        slot=Slot(at + timedelta(days=1), *places),
        seen_version=booked.case.version,
        now=later,
        **common,
    )
    assert LINES["moved_es"] in sent(case, "invite:patient", sequence=1)
    assert LINES["reminder_es"] in sent(case, "reminder:patient")
    # A CANCEL goes only to whom an invite went out.
    Message.objects.filter(subject=case.pk, uid=booked.booking.uid).update(perhaps_sent=True)
    release_booking(
        booking_id=booked.booking.pk,
        reason="closed",
        seen_version=moved.case.version,
        now=later + timedelta(minutes=1),
        **common,
    )
    # There is no Spanish line for it, and no other language takes its place.
    assert LINES["cancelled_en"] not in sent(case, "cancel:patient")


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("Stop Eliquis three days before.", "tells of a drug"),
        ("About your kyphoplasty", "tells of the procedure"),
        ("x" * 301, "Shorten it to 300"),
        ("one\ntwo", "Type it as one line"),
    ],
)
def test_line_that_may_not_be_sent_is_refused_at_its_field_with_the_reason(
    line: str, said: str, admin: Client, practice: Practice
) -> None:
    answer = save(admin, practice, invite_en="Door B.", reminder_es=line)
    page = answer.content.decode()
    practice.refresh_from_db()
    assert (answer.status_code, practice.texts, said in page, "Door B." in page) == (400, {}, True, True)
    assert 'href="#id_reminder_es"' in page


def test_names_in_the_practices_own_protocol_are_refused_too(
    admin: Client, practice: Practice, staff: dict[str, Any]
) -> None:
    from copy import deepcopy

    from scheduler.services.demonstration import demonstration_document
    from scheduler.services.signing import adopt

    assert save(admin, practice, invite_en="Zyzzapan day").status_code == 302
    document = deepcopy(demonstration_document())
    document["holds"][0]["names"] = [*document["holds"][0].get("names", []), "zyzzapan"]
    adopt(practice_id=practice.pk, name="own", document=document, by=staff["clinician"].by, now=NOW)
    assert save(admin, practice, invite_en="Zyzzapan day").status_code == 400


def test_lines_changed_meanwhile_are_not_overwritten(admin: Client, practice: Practice) -> None:
    stale = practice.version
    save(admin, practice, invite_en="Door B.")
    answer = admin.post("/settings/texts/", {"version": stale, "invite_en": "Door C."})
    practice.refresh_from_db()
    assert (answer.status_code, practice.texts["invite"]["en"]) == (409, "Door B.")
    assert "Door C." in answer.content.decode()
