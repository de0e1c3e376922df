"""An erasure meets whoever gives the patient something new at the same moment: nothing is open at an erased row."""

from collections.abc import Callable
from datetime import datetime

from django.db import DatabaseError

from checklists.services.checklists import current_facts
from scheduler.models import Case, Contact, Erasure, Patient, Practice
from scheduler.services import erasure
from scheduler.services.cases import open_case, plan_of
from scheduler.services.erasure import Done
from scheduler.services.people import NewContact, add_contact
from tests.scheduler.services.conftest import at_once, during
from tests.scheduler.services.erasing import WHY
from tests.scheduler.services.races.conftest import MEETING, ON_POSTGRESQL
from tests.scheduler.services.steps import BY

pytestmark = [*MEETING, ON_POSTGRESQL]


def opening(practice: Practice, patient: Patient, tell: Callable[..., Case], now: datetime) -> Callable[[], Case]:
    plan = plan_of(current_facts(tell("opened").checklist))
    return lambda: open_case(
        practice=practice, patient_id=patient.pk, protocol="demonstration", plan=plan, by=BY, now=now
    )


def test_erasure_beside_new_cases_and_contacts_leaves_nothing_open_there(
    practice: Practice, patient: Patient, tell: Callable[..., Case], now: datetime
) -> None:
    opens = opening(practice, patient, tell, now)
    named = {"practice_id": practice.pk, "patient_id": patient.pk}

    def adds() -> Contact:
        return add_contact(patient=patient, contact=NewContact(phone="555-0170"), by=BY, now=now)

    results = at_once([opens, lambda: erasure.erase_patient(**named, **WHY, by=BY, now=now), adds, opens])
    assert not any(isinstance(result, DatabaseError) for result in results), "said in words, not by the database"
    erased = Erasure.objects.filter(patient=patient).exists()
    assert erased == any(isinstance(result, Done) for result in results)
    assert not (erased and Case.objects.filter(patient=patient).exists())
    assert not (erased and Contact.objects.filter(patient=patient).exclude(phone_hash="").exists())


def test_case_opened_while_the_bare_row_is_written_waits_and_is_refused(
    practice: Practice, patient: Patient, tell: Callable[..., Case], now: datetime
) -> None:
    """Somebody with SQL, in no hurry to commit."""
    opens = opening(practice, patient, tell, now)
    bare = {"practice_id": practice.pk, "patient": patient, "at": now, "by": BY, **WHY}
    row, refused = during(lambda: Erasure.objects.create(**bare), opens)
    assert isinstance(row, Erasure)
    assert "scheduler_case_of_no_erased_patient" in str(refused)
    assert not Case.objects.filter(patient=patient).exists()
