"""A contact is added or replaced while its patient is merged, erased or changed by somebody else."""

import time
from collections.abc import Callable
from datetime import datetime
from threading import Event

import pytest
from django.db import transaction

from checklists.rules.values import Authority
from scheduler.models import Case, Contact, Patient, Practice, Record
from scheduler.rules.problems import Erased, Refused
from scheduler.services.contacts import replace_contact
from scheduler.services.erasure import erase_patient
from scheduler.services.people import NewContact, add_contact
from scheduler.services.prescribers import Asked, ask_prescriber
from scheduler.services.readiness import locked_case
from scheduler.services.record import append_record
from tests.scheduler.services.conftest import at_once, during
from tests.scheduler.services.erasing import WHY
from tests.scheduler.services.races.conftest import MEETING, ON_POSTGRESQL
from tests.scheduler.services.steps import BY
from tests.scheduler.services.test_merging import merge

pytestmark = [*MEETING, ON_POSTGRESQL]


def adding(patient_id: object, now: datetime) -> Callable[[], Contact]:
    contact = NewContact(phone="555-0170")
    return lambda: add_contact(patient=Patient.objects.get(pk=patient_id), contact=contact, by=BY, now=now)


def replacing(contact: Contact, now: datetime, phone: str = "555-0170") -> Callable[[], Contact]:
    new = NewContact(phone=phone)
    return lambda: replace_contact(practice_id=contact.practice_id, contact_id=contact.pk, contact=new, by=BY, now=now)


def test_contact_added_during_a_merge_is_told_whom_to_use(
    practice: Practice, tell: Callable[..., Case], now: datetime
) -> None:
    kept, twin = tell("opened"), tell("opened")
    _, refused = during(lambda: merge(kept, twin, now), adding(twin.patient_id, now))
    assert isinstance(refused, Refused)
    assert (refused.status, refused.code) == (409, "patient_merged")
    assert str(kept.patient_id) in refused.errors[0].detail


def test_contact_added_during_an_erasure_is_told_of_it(practice: Practice, patient: Patient, now: datetime) -> None:
    erases = {"practice_id": practice.pk, "patient_id": patient.pk, "by": BY, "now": now, **WHY}
    _, refused = during(lambda: erase_patient(**erases), adding(patient.pk, now))
    assert isinstance(refused, Erased)


def test_contact_replaced_during_a_merge_is_found_elsewhere(
    practice: Practice, tell: Callable[..., Case], now: datetime
) -> None:
    kept, twin = tell("opened"), tell("opened")
    contact = Contact.objects.get(patient=twin.patient_id)
    _, refused = during(lambda: merge(kept, twin, now), replacing(contact, now))
    assert isinstance(refused, Refused)
    assert refused.code == "patient_merged"


@pytest.mark.parametrize("has_case", [True, False])
def test_contact_is_replaced_once(
    practice: Practice, patient: Patient, tell: Callable[..., Case], now: datetime, has_case: bool
) -> None:
    """Also where the patient has no case that two desks would wait at."""
    contact = Contact.objects.get(patient=tell("opened").patient_id) if has_case else adding(patient.pk, now)()
    new, refused = during(replacing(contact, now), replacing(contact, now, "555-0171"))
    assert isinstance(new, Contact)
    assert isinstance(refused, Refused)
    assert refused.code == "contact_ended"
    assert list(Contact.objects.filter(patient=contact.patient_id, ended_at=None)) == [new]


def test_new_prescriber_enters_the_record_behind_whoever_works_at_the_case(
    practice: Practice, tell: Callable[..., Case], now: datetime
) -> None:
    case, began = tell("tested", drugs=("apixaban",)), Event()

    def works() -> object:
        with transaction.atomic():
            locked_case(practice.pk, case.pk)
            began.set()
            time.sleep(1)
            return append_record(practice_id=practice.pk, by=BY, action="noted", subject=case.pk, now=now)

    def asks() -> object:
        assert began.wait(timeout=30)
        return ask_prescriber(
            practice_id=practice.pk,
            case_id=case.pk,
            whom=NewContact("prescriber", "Dr. Cardio", phone="555-0180"),
            seen_versions={"prescriber_clearance:apixaban": 0},
            how="letter",
            authority=Authority.SCHEDULER,
            by=BY,
            now=now,
        )

    assert [type(result) for result in at_once([works, asks])] == [Record, Asked]
