"""A merge meets whoever gives the duplicate something new at the same moment: nothing is left at a merged row."""

from collections.abc import Callable
from datetime import datetime

from checklists.services.checklists import current_facts
from scheduler.models import Case, Contact, Patient, PatientMerge, Practice
from scheduler.services.cases import open_case, plan_of
from scheduler.services.people import NewContact, add_contact
from scheduler.services.verification import verify_chain
from tests.scheduler.services.conftest import at_once
from tests.scheduler.services.races.conftest import MEETING, ON_POSTGRESQL
from tests.scheduler.services.steps import BY
from tests.scheduler.services.test_merging import merge

pytestmark = [*MEETING, ON_POSTGRESQL]


def test_merge_beside_new_cases_and_contacts_of_the_duplicate_leaves_nothing_there(
    practice: Practice, tell: Callable[..., Case], now: datetime
) -> None:
    kept, twin = tell("opened"), tell("opened")
    plan = plan_of(current_facts(twin.checklist))

    def opens() -> Case:
        return open_case(
            practice=practice, patient_id=twin.patient_id, protocol="demonstration", plan=plan, by=BY, now=now
        )

    def adds() -> Contact:
        patient = Patient.objects.get(pk=twin.patient_id)
        return add_contact(patient=patient, contact=NewContact(phone="555-0170"), by=BY, now=now)

    def merges() -> PatientMerge:
        return merge(kept, twin, now)

    results = at_once([opens, adds, merges, opens, adds])
    merged = [result for result in results if isinstance(result, PatientMerge)]
    if not merged:  # somebody was first: looking again is enough
        merged = [merge(kept, twin, now)]
    duplicate = Patient.objects.get(pk=twin.patient_id)
    assert duplicate.merged_into_id == kept.patient_id
    left = [model._default_manager.filter(patient=duplicate).count() for model in (Case, Contact)]
    assert left == [0, 0]
    done = [result for result in results if isinstance(result, Case)]
    assert Case.objects.filter(patient=kept.patient_id).count() == 2 + len(done)
    assert verify_chain(practice.pk) == []
