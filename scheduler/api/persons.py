"""Shapes of what is said about two patient rows that are one person or two, or a case that is another's."""

import uuid
from collections.abc import Iterable
from typing import Any

from rest_framework import serializers as s

from scheduler.api.fields import IdField, Strict, WholeField, WordField, text
from scheduler.api.inputs import Versioned
from scheduler.api.outputs import CaseRowOut, Out, PatientOut, RecordedOut
from scheduler.api.show import moment, show_case_row, show_patient
from scheduler.models import Contact, Patient, PatientMerge, Practice, ToldApart
from scheduler.reads import looked_at
from scheduler.rules.texts import LANGUAGES
from scheduler.services.contacts import WHY_ENDED
from scheduler.services.duplicates import Candidate, Preview
from scheduler.services.merging import IDENTIFIERS, SIDES, Choice
from scheduler.services.parting import Since
from scheduler.services.patient_rows import COLUMNS


class EndContactIn(Versioned):
    """`version`: the patient's, as the list of contacts shows it."""

    why = WordField(list(WHY_ENDED))


class LanguageIn(Versioned):
    """`version`: the patient's."""

    language = WordField(list(LANGUAGES))


class MergeIn(Versioned):
    """`version` and `duplicate_version` as the preview shows them; `take`: the columns the duplicate is right about."""

    duplicate = IdField()
    duplicate_version = WholeField(min_value=1)
    take = s.ListField(child=WordField(list(COLUMNS)), max_length=len(COLUMNS), required=False, default=list)
    contacts = WordField(list(SIDES), default="survivor")
    identifiers = s.ListField(child=WordField(list(IDENTIFIERS)), max_length=len(IDENTIFIERS))
    reason = text(500, lines=True)

    @staticmethod
    def value(data: dict[str, Any]) -> Choice:
        return Choice(
            take=data["take"], contacts=data["contacts"], identifiers=data["identifiers"], reason=data["reason"]
        )


class UndoIn(Versioned):
    reason = text(500, lines=True)


class TellApartIn(UndoIn):
    """`other`: who looks like this one; `version` and `other_version` as they were seen."""

    other = IdField()
    other_version = WholeField(min_value=1)


class RefileEvidenceIn(Strict):
    """`version`: of the item where it is wrong; `to_version`: of the item in the case that it belongs to."""

    case = IdField()
    version = WholeField(min_value=0)
    to_version = WholeField(min_value=0)
    reason = text(400, lines=True)


class RefileCaseIn(Versioned):
    patient = IdField()
    reason = text(400, lines=True)


class EvidenceRefiledOut(Out):
    struck = RecordedOut()
    recorded = RecordedOut()


class CandidateOut(Out):
    one = PatientOut()
    other = PatientOut()
    why = s.ListField(child=s.CharField())


class CandidatesOut(Out):
    results = CandidateOut(many=True)


class PersonContactOut(Out):
    id = s.UUIDField()
    patient = s.UUIDField()
    kind = s.CharField()
    name = s.CharField(allow_blank=True)
    email = s.CharField(allow_blank=True)
    phone = s.CharField(allow_blank=True)


class ContactsOut(Out):
    """`patient` with the version that is sent to end a contact or change the language."""

    patient = PatientOut()
    version = s.IntegerField()
    language = s.CharField()
    results = PersonContactOut(many=True)


class EndedContactOut(PersonContactOut):
    ended_at = s.DateTimeField()
    version = s.IntegerField()


class OverlapOut(Out):
    one = s.UUIDField()
    other = s.UUIDField()


class RefusalOut(Out):
    code = s.CharField()
    detail = s.CharField()


class MergePreviewOut(Out):
    """`twice`: pairs of cases open for the same thing; `overlaps`: bookings that one person cannot both keep."""

    survivor = PatientOut()
    duplicate = PatientOut()
    version = s.IntegerField()
    duplicate_version = s.IntegerField()
    differs = s.ListField(child=s.CharField())
    contacts = PersonContactOut(many=True)
    cases = CaseRowOut(many=True)
    twice = OverlapOut(many=True)
    overlaps = OverlapOut(many=True)
    died = s.BooleanField()
    refusals = RefusalOut(many=True)


class HandedOverOut(Out):
    cases = s.ListField(child=s.UUIDField())
    contacts = s.ListField(child=s.UUIDField())
    claims = s.ListField(child=s.UUIDField())


class MergeOut(Out):
    id = s.UUIDField()
    version = s.IntegerField()
    survivor = s.UUIDField()
    duplicate = s.UUIDField()
    identifiers = s.ListField(child=s.CharField())
    reason = s.CharField()
    exchanged = s.ListField(child=s.CharField())
    moved = HandedOverOut()
    merged_at = s.DateTimeField()
    merged_by = s.CharField()
    undone_at = s.DateTimeField(allow_null=True)
    undone_by = s.CharField(allow_blank=True)


class MergesOut(Out):
    results = MergeOut(many=True)


class ApartOut(Out):
    id = s.UUIDField()
    version = s.IntegerField()
    one = s.UUIDField()
    other = s.UUIDField()
    reason = s.CharField()
    told_at = s.DateTimeField()
    told_by = s.CharField()
    undone_at = s.DateTimeField(allow_null=True)
    undone_by = s.CharField(allow_blank=True)


class ApartPairsOut(Out):
    results = ApartOut(many=True)


class SinceOut(Out):
    kind = s.CharField()
    id = s.CharField()
    stays = s.BooleanField()
    at = s.DateTimeField()


class PartedOut(Out):
    merge = MergeOut()
    since = SinceOut(many=True)


def show_candidate(pair: Candidate) -> dict[str, Any]:
    return {"one": show_patient(pair.one), "other": show_patient(pair.other), "why": list(pair.why)}


def show_preview(seen: Preview) -> dict[str, Any]:
    return {
        "survivor": show_patient(seen.survivor),
        "duplicate": show_patient(seen.duplicate),
        "version": seen.survivor.version,
        "duplicate_version": seen.duplicate.version,
        "differs": list(seen.differs),
        "contacts": [_show_contact(contact) for contact in seen.contacts],
        "cases": [show_case_row(case) for case in seen.cases],
        "twice": [{"one": str(one.pk), "other": str(other.pk)} for one, other in seen.twice],
        "overlaps": [{"one": str(each.one.pk), "other": str(each.other.pk)} for each in seen.overlaps],
        "died": seen.died,
        "refusals": [{"code": reason.code, "detail": reason.detail} for reason in seen.refusals],
    }


def show_contacts(patient: Patient, contacts: Iterable[Contact]) -> dict[str, Any]:
    return {
        "patient": show_patient(patient),
        "version": patient.version,
        "language": patient.language,
        "results": [_show_contact(contact) for contact in contacts],
    }


def show_ended(contact: Contact, practice: Practice) -> dict[str, Any]:
    looked_at(contact.patient_id)
    ended_at = moment(contact.ended_at, practice.site.tz)
    return {**_show_contact(contact), "ended_at": ended_at, "version": contact.patient.version}


def _show_contact(contact: Contact) -> dict[str, Any]:
    return {
        "id": str(contact.pk),
        "patient": str(contact.patient_id),
        "kind": contact.kind,
        "name": contact.name,
        "email": contact.email,
        "phone": contact.phone,
    }


def show_merge(merge: PatientMerge, practice: Practice) -> dict[str, Any]:
    looked_at(merge.survivor_id, merge.duplicate_id, *map(uuid.UUID, merge.moved.get("cases", ())))
    tz = practice.site.tz
    return {
        "id": str(merge.pk),
        "version": merge.version,
        "survivor": str(merge.survivor_id),
        "duplicate": str(merge.duplicate_id),
        "identifiers": merge.identifiers,
        "reason": merge.reason,
        "exchanged": merge.exchanged,
        "moved": merge.moved,
        "merged_at": moment(merge.merged_at, tz),
        "merged_by": merge.merged_by,
        "undone_at": moment(merge.undone_at, tz),
        "undone_by": merge.undone_by,
    }


def show_apart(pair: ToldApart, practice: Practice) -> dict[str, Any]:
    looked_at(pair.one_id, pair.other_id)
    tz = practice.site.tz
    return {
        "id": str(pair.pk),
        "version": pair.version,
        "one": str(pair.one_id),
        "other": str(pair.other_id),
        "reason": pair.reason,
        "told_at": moment(pair.told_at, tz),
        "told_by": pair.told_by,
        "undone_at": moment(pair.undone_at, tz),
        "undone_by": pair.undone_by,
    }


def show_since(one: Since, practice: Practice) -> dict[str, Any]:
    return {"kind": one.kind, "id": one.id, "stays": one.stays, "at": moment(one.at, practice.site.tz)}
