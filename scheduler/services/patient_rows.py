"""What merging, parting and refiling share: the locks, values that change places, and what follows for the cases."""

import uuid
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime

from scheduler.models import Case, Claim, Contact, Link, Patient
from scheduler.rules.duties import Duty
from scheduler.rules.links import Ended, Standing
from scheduler.rules.problems import Erased, Invalid, NotFound, Reason, Refused, Stale
from scheduler.rules.transitions import BEFORE_PROCEDURE
from scheduler.services.cases import bump, note_facts
from scheduler.services.contacts import invite_anew
from scheduler.services.link_mails import send_link
from scheduler.services.links import PRESCRIBER, revoke_links, standing_of
from scheduler.services.readiness import locked_case, look_again
from scheduler.services.tasks import owe_task

HASHED = {"record_number": "record_number_hash"}  # a column and the one that is looked up in its place
COLUMNS = ("family_name", "given_name", "born_on", "sex", "language", "record_number")


def check_other(practice_id: uuid.UUID, patient_id: uuid.UUID, other_id: uuid.UUID, *, field: str) -> None:
    """NotFound for the patient who is asked about, Invalid for another one that is named."""
    asked = Patient.objects.filter(practice_id=practice_id, pk__in=(patient_id, other_id))
    known = set(asked.values_list("pk", flat=True))
    if patient_id not in known:
        raise NotFound("There is no such patient in this practice.")
    if other_id not in known:
        remedy = "Give the id of a patient of this practice."
        raise Invalid("There is no such patient.", errors=(Reason("patient_unknown", remedy, field=field),))


def lock_patients(practice_id: uuid.UUID, ids: Collection[uuid.UUID]) -> tuple[list[Case], dict[uuid.UUID, Patient]]:
    """The rows of these patients and all their cases, cases locked first as everywhere. Raises Erased, NotFound, Stale.

    The lock on a patient's row waits for, and holds up, whoever gives the patient something new.
    """
    mine = Case.objects.filter(practice_id=practice_id, patient_id__in=ids).order_by("pk")
    held = list(mine.values_list("pk", flat=True))
    cases = [locked_case(practice_id, case_id) for case_id in held]
    rows = Patient.objects.select_for_update().filter(practice_id=practice_id, pk__in=ids).order_by("pk")
    patients = {patient.pk: patient for patient in rows}
    if set(patients) != set(ids):
        raise NotFound("There is no such patient in this practice.")
    for erased in (patient.erased_at for patient in patients.values() if patient.erased_at):
        raise Erased(erased)
    if list(mine.values_list("pk", flat=True)) != held:
        raise Stale("Somebody gave one of these patients a case meanwhile. Look again, then decide.")
    return cases, patients


def exchange(one: Patient, other: Patient, columns: Collection[str]) -> None:
    """The values of these columns change places: what loses is kept in the other row."""
    for column in (*columns, *(HASHED[column] for column in columns if column in HASHED)):
        mine, theirs = getattr(one, column), getattr(other, column)
        setattr(one, column, theirs)
        setattr(other, column, mine)
    if "record_number" in columns:
        # A record number is one row's at a time, also for the moment between the two writes.
        Patient.objects.filter(pk__in=(one.pk, other.pk)).update(record_number_hash="")
    for patient in (one, other):
        patient.version += 1
        patient.save()


def open_links(cases: Iterable[Case], now: datetime) -> list[Link]:
    """The links of these cases that open something now."""
    live = Link.objects.filter(case__in=[case.pk for case in cases], revoked_at=None).select_related("case", "contact")
    return [link for link in live.order_by("pk") if standing_of(link, now) == Standing.OPEN]


def hand_over(
    cases: Sequence[Case], *, strangers: Collection[uuid.UUID], reason: Ended, by: str, now: datetime
) -> None:
    """After patients changed: links of `strangers` die and are sent anew, facts, calendars and duties of all follow.

    `strangers`: the cases that are another patient's now, or whose links ask for another date of birth.
    """
    ending = [case for case in cases if case.pk in strangers]
    dead = [] if _has_died(cases) else open_links(ending, now)
    for case in ending:
        revoke_links(case=case, reason=reason, by=by, now=now)
    for case in cases:
        _end_links_of_others(case, reason, by, now)
    for case in (case for case in cases if case.state in BEFORE_PROCEDURE):
        note_facts(case, by=by, now=now, born_on=case.patient.born_on, sex=case.patient.sex or None)
        bump(case)
        for link in dead:
            if link.case_id == case.pk:
                _send_anew(case, link.contact_id, by, now)
        invite_anew(case, by, now)
        look_again(case=case, now=now, by=by)


def _end_links_of_others(case: Case, reason: Ended, by: str, now: datetime) -> None:
    """A contact that went with another patient opens nothing here any more."""
    others = Contact.objects.filter(links__case=case, links__revoked_at=None).exclude(patient_id=case.patient_id)
    for contact in others.distinct():
        revoke_links(case=case, contact=contact, reason=reason, by=by, now=now)


def _has_died(cases: Sequence[Case]) -> bool:
    people = {case.patient_id for case in cases}
    return Case.objects.filter(patient_id__in=people, ending="died").exists()


def _send_anew(case: Case, contact_id: uuid.UUID, by: str, now: datetime) -> None:
    """The new link by mail; where none may go, a person rings: nobody is left with a dead one and no word."""
    contact = Contact.objects.get(pk=contact_id)
    if contact.ended_at is not None or contact.patient_id != case.patient_id:
        return
    if contact.kind != PRESCRIBER:
        try:
            send_link(practice_id=case.practice_id, case_id=case.pk, contact_id=contact_id, by=by, now=now)
        except Refused:
            pass
        else:
            return
    sentence = f"The link of the {contact.kind} ended because patient rows were merged or parted. Ask them anew."
    owe_task(case=case, duty=Duty("call", f"link:{contact_id}", "scheduler", sentence, None), by=by, now=now)


def reload(cases: Iterable[Case]) -> list[Case]:
    """The cases as they stand now, under the locks that are held."""
    return [locked_case(case.practice_id, case.pk) for case in cases]


def claims_follow(cases: Iterable[Case], patient: Patient) -> list[uuid.UUID]:
    """The claims on the patient of these cases' bookings, now on this one. Raises IntegrityError where they overlap."""
    claims = Claim.objects.filter(booking__case__in=[case.pk for case in cases], patient__isnull=False)
    ids = list(claims.exclude(patient=patient).order_by("pk").values_list("pk", flat=True))
    Claim.objects.filter(pk__in=ids).update(patient=patient, claimed=patient.pk)
    return ids
