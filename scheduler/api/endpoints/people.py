"""Patients and contacts. Words about a person travel in bodies, never in URLs."""

import uuid
from typing import Any

from rest_framework.request import Request

from scheduler import clock
from scheduler.access import Actor
from scheduler.api import inputs, outputs, persons
from scheduler.api.described import described
from scheduler.api.show import show_patient
from scheduler.api.views import Read, Write
from scheduler.services import contacts, people


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


@described(name="list_contacts", answers=persons.ContactsOut, method="get")
@described(name="add_contact", takes=inputs.ContactIn, answers=outputs.ContactOut, status=201)
class PatientContacts(Read, Write):
    # Those that stand: whoever was ended is reached no more.

    accepts, status = inputs.ContactIn, 201

    def show(self, actor: Actor, request: Request, **ids: uuid.UUID) -> Any:
        patient = people.patient_of(actor.practice.pk, ids["patient_id"])
        return persons.show_contacts(patient, patient.contacts.filter(ended_at=None).order_by("created_at", "pk"))

    def act(self, actor: Actor, data: dict[str, Any], **ids: uuid.UUID) -> Any:
        contact = contacts.add_person(
            practice_id=actor.practice.pk,
            patient_id=ids["patient_id"],
            contact=inputs.ContactIn.value(data),
            by=actor.by,
            now=clock.now(),
        )
        return {"id": str(contact.pk), "kind": contact.kind, "channel": contact.channel}


@described(name="end_contact", takes=persons.EndContactIn, answers=persons.EndedContactOut)
class EndContact(Write):
    """Links die, what waits is withdrawn, calendar entries there are taken back; refused for whoever takes home."""

    accepts = persons.EndContactIn

    def act(self, actor: Actor, data: dict[str, Any], **ids: uuid.UUID) -> Any:
        ended = contacts.end_contact(
            practice_id=actor.practice.pk,
            contact_id=ids["contact_id"],
            why=data["why"],
            seen_version=data["version"],
            by=actor.by,
            now=clock.now(),
        )
        return persons.show_ended(ended, actor.practice)


@described(name="change_language", takes=persons.LanguageIn, answers=persons.ContactsOut)
class ChangeLanguage(Write):
    """What is written from now on is in it; reminders that wait are written anew."""

    accepts = persons.LanguageIn

    def act(self, actor: Actor, data: dict[str, Any], **ids: uuid.UUID) -> Any:
        patient = contacts.change_language(
            practice_id=actor.practice.pk,
            patient_id=ids["patient_id"],
            language=data["language"],
            seen_version=data["version"],
            by=actor.by,
            now=clock.now(),
        )
        return persons.show_contacts(patient, patient.contacts.filter(ended_at=None).order_by("created_at", "pk"))
