"""Patients of one day who could be taken for each other: by name however it is written, or by birth date."""

import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import combinations

from scheduler.models import Booking, Case, Patient, Practice
from scheduler.reads import looked_at
from scheduler.rules.likeness import folded, likeness


@dataclass(frozen=True, slots=True)
class LookAlike:
    """Another patient of the same day who could be taken for this one, and what makes them alike."""

    patient: Patient
    starts_at: datetime
    same: tuple[str, ...]
    differs: tuple[str, ...]
    why: tuple[str, ...]


def look_alikes(case: Case, now: datetime) -> list[LookAlike]:
    """Those of the day of the case's booking, or of today, naming what is the same and what differs."""
    on = (case.booking.starts_at if case.booking else now).astimezone(case.practice.site.tz).date()
    return look_alikes_on(case.practice, case.patient, on)


def look_alikes_on(practice: Practice, patient: Patient, on: date) -> list[LookAlike]:
    """Everybody else who is booked on that day of the site and could be taken for this patient."""
    tz = practice.site.tz
    begins, ends = (datetime.combine(day, time(), tz) for day in (on, on + timedelta(days=1)))
    booked = Booking.objects.filter(practice=practice, released_at=None, starts_at__gte=begins, starts_at__lt=ends)
    others = (
        booked.filter(case__patient__erased_at=None)
        .exclude(case__patient=patient)
        .select_related("case__patient")
        .order_by("starts_at", "pk")
    )
    found = [(booking, likeness(patient, booking.case.patient)) for booking in others]
    looked_at(*(booking.case.patient_id for booking, why in found if why))
    return [_look_alike(patient, booking.case.patient, booking.starts_at, why) for booking, why in found if why]


def confusable(patients: Iterable[Patient]) -> Mapping[uuid.UUID, tuple[str, ...]]:
    """Of the patients on one board, those who look alike, each with what it is."""
    found: dict[uuid.UUID, tuple[str, ...]] = {}
    people = {patient.pk: patient for patient in patients}
    for one, other in combinations(people.values(), 2):
        if why := likeness(one, other):
            for patient in (one, other):
                found[patient.pk] = tuple(dict.fromkeys((*found.get(patient.pk, ()), *why)))
    return found


def _look_alike(mine: Patient, other: Patient, starts_at: datetime, why: tuple[str, ...]) -> LookAlike:
    compared = {
        "surname": folded(mine.family_name) == folded(other.family_name),
        "given name": folded(mine.given_name) == folded(other.given_name),
        "birth date": mine.born_on == other.born_on,
        "record number": mine.record_number == other.record_number,
    }
    if not mine.record_number and not other.record_number:
        del compared["record number"]
    same = tuple(word for word, equal in compared.items() if equal)
    return LookAlike(other, starts_at, same, tuple(word for word in compared if word not in same), why)
