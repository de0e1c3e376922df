"""Many cases from one: rows copied in bulk, facts and evidence included, where telling each would take long."""

import uuid
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Model

from checklists.models import Checklist, Evidence, Facts, Item
from scheduler.models import Booking, Case, Claim, Patient, Resource


@dataclass
class Rows:
    """Copies to be written, by model, in the order in which they depend on each other."""

    made: dict[type[Model], list[Model]] = field(default_factory=dict)

    def copy(self, row: Any, **changed: Any) -> Any:
        model = type(row)
        kept = {column.attname: getattr(row, column.attname) for column in model._meta.concrete_fields}
        kept.pop("id")
        if "id" not in changed and model is not Evidence:
            changed["id"] = uuid.uuid4()
        made = model(**{**kept, **changed})
        self.made.setdefault(model, []).append(made)
        return made

    def write(self) -> None:
        for model, rows in self.made.items():
            model._default_manager.bulk_create(rows, batch_size=500)


def copy_case(case: Case, count: int) -> list[Case]:
    """`count` more cases like this one: of patients and, where it is booked, in rooms of their own."""
    rows = Rows()
    facts = Facts.objects.get(checklist=case.checklist, number=case.checklist.facts_number)
    items = list(Item.objects.filter(checklist=case.checklist))
    evidence = list(Evidence.objects.filter(checklist=case.checklist))
    room = case.booking and case.booking.claims.get(resource__kind="room")
    cases, booked = [], []
    for number in range(count):
        subject = uuid.uuid4()
        patient = rows.copy(case.patient, family_name=f"Copy{number}", record_number="", record_number_hash="")
        checklist = rows.copy(case.checklist, subject=subject)
        rows.copy(facts, checklist_id=checklist.pk, number=checklist.facts_number)
        for item in items:
            rows.copy(item, checklist_id=checklist.pk)
        for entry in evidence:
            rows.copy(entry, checklist_id=checklist.pk, public_id=uuid.uuid4())
        cases.append(
            rows.copy(
                case, id=subject, patient_id=patient.pk, checklist_id=checklist.pk, booking_id=None, state="referred"
            )
        )
        if room and case.booking:
            own = rows.copy(room.resource, name=f"Room of {subject}")
            booking = rows.copy(case.booking, case_id=subject, uid=f"{uuid.uuid4()}@test")
            rows.copy(room, booking_id=booking.pk, resource_id=own.pk, claimed=own.pk)
            booked.append((cases[-1], booking))
    order = (Patient, Checklist, Facts, Item, Evidence, Case, Resource, Booking, Claim)
    rows.made = {model: rows.made[model] for model in order if model in rows.made}
    rows.write()
    for copied, booking in booked:
        copied.booking, copied.state = booking, case.state
    Case.objects.bulk_update([copied for copied, _ in booked], ["booking", "state"], batch_size=200)
    return cases
