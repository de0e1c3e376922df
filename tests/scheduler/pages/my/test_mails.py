"""MSG-01: mails that bring links and pick-ups say practice, day, time, phone and link, and nothing about a person."""

import re
from collections.abc import Callable
from datetime import timedelta

import pytest

from notifications.models import Message
from scheduler.models import Case, Contact
from scheduler.services.demonstration import STEPS, Story
from scheduler.services.link_mails import send_link
from tests.conftest import NOW, START
from tests.scheduler.pages.my.test_prescriber import ask
from tests.scheduler.pages.my.visiting import BY, add
from tests.scheduler.services.mailing import decoded
from tests.scheduler.services.steps import end_it, record

pytestmark = pytest.mark.django_db
SECRET = (
    "zebrafamily|zebragiven|555-0100|apixaban|eliquis|anticoagulant|kyphoplasty|vertebroplasty|osteoporosis|fracture|"
    "sedation|l1|t12|infection|fasting|labs|drug|spine surgery|1950|born"
)


@pytest.fixture
def canary(story: Callable[..., Story], at: object) -> Case:
    told = story(drugs=("apixaban",), start=START + timedelta(days=14))
    told.person = type(told.person)("Zebrafamily", "Zebragiven", told.person.born_on, "female", ("apixaban",))
    case = told.open()
    Contact.objects.update(email="inbox@patients.example")
    for step in STEPS[1 : STEPS.index("tested") + 1]:
        getattr(told, step)(case)
    case.refresh_from_db()
    return case


def test_no_mail_of_a_link_says_whom_or_what_it_is_about(canary: Case) -> None:
    caregiver, escort = add(canary, "caregiver"), add(canary, "escort")
    record(canary, "ride", {"available": True, "contact": str(escort.pk)}, now=NOW, said_by="patient")
    ask(canary)
    patient = Contact.objects.get(patient=canary.patient, kind="patient")
    for contact in (patient, caregiver, escort):
        send_link(practice_id=canary.practice_id, case_id=canary.pk, contact_id=contact.pk, by=BY, now=NOW)
    Message.objects.filter(kind="pickup:escort").update(state="sent", sent_at=NOW, finished_at=NOW)
    end_it(canary, "cancelled", now=NOW + timedelta(hours=1))
    rows = {row.kind: row for row in Message.objects.order_by("created_at")}
    told = {"link:patient", "link:caregiver", "link:escort", "link:prescriber", "pickup:escort"}
    assert rows.keys() >= told | {"pickup_cancelled:escort", "reminder:caregiver"}
    for row in Message.objects.all():
        text = f"{decoded(row.payload)}\n{row.summary}\n{row.message_id}".casefold()
        said = re.findall(rf"(?<![a-z0-9])(?:{SECRET})(?![a-z0-9])", text)
        assert (said, canary.patient.record_number.casefold() in text) == ([], False), row.kind
