"""Patients and contacts. Words about a person travel in bodies, never in URLs."""

import uuid
from typing import Any

from scheduler import clock
from scheduler.access import Actor
from scheduler.api import inputs, outputs
from scheduler.api.described import described
from scheduler.api.show import show_patient
from scheduler.api.views import Write
from scheduler.services import people
from scheduler.services.contacts import add_person


@described(name="add_patient", takes=inputs.PatientIn, answers=outputs.PatientOut, status=201)
class Patients(Write):
    accepts, status = inputs.PatientIn, 201

    def act(self, actor: Actor, data: dict[str, Any], **ids: uuid.UUID) -> Any:
        now = clock.now()
        patient = people.add_patient(
            practice_id=actor.practice.pk, patient=inputs.PatientIn.value(data), by=actor.by, now=now
        )
        for contact in data["contacts"]:
            people.add_contact(patient=patient, contact=inputs.ContactIn.value(contact), by=actor.by, now=now)
        return show_patient(patient)


@described(name="search_patients", takes=inputs.PatientSearchIn, answers=outputs.PatientsOut)
class PatientSearch(Write):
    accepts = inputs.PatientSearchIn

    def act(self, actor: Actor, data: dict[str, Any], **ids: uuid.UUID) -> Any:
        found = people.find_patients(practice_id=actor.practice.pk, text=data["text"], born_on=data["born_on"])
        return {"results": [show_patient(patient) for patient in found]}


@described(name="add_contact", takes=inputs.ContactIn, answers=outputs.ContactOut, status=201)
class PatientContacts(Write):
    accepts, status = inputs.ContactIn, 201

    def act(self, actor: Actor, data: dict[str, Any], **ids: uuid.UUID) -> Any:
        contact = add_person(
            practice_id=actor.practice.pk,
            patient_id=ids["patient_id"],
            contact=inputs.ContactIn.value(data),
            by=actor.by,
            now=clock.now(),
        )
        return {"id": str(contact.pk), "kind": contact.kind, "channel": contact.channel}
