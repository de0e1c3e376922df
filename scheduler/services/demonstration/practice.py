"""The demonstration practice: staff of each role, rooms, bays, and a signed protocol."""

from datetime import datetime
from functools import cache
from typing import Any

from django.db import transaction

from checklists.protocols import loader
from scheduler.isolation import within
from scheduler.models import Membership, Practice, Resource, User
from scheduler.services import signing
from scheduler.services.practices import NewPractice, add_resource, add_staff, create_practice
from scheduler.services.record import SYSTEM

PASSWORD = "demonstration-only"  # noqa: S105 - refuses to exist outside the demo
STAFF = (
    ("desk@demo.example", "Dana Desk", ("scheduler",)),
    ("nurse@demo.example", "Nadia Nurse", ("nurse",)),
    ("clinician@demo.example", "Chris Clinician", ("clinician",)),
    ("second@demo.example", "Sam Second", ("clinician",)),
    ("admin@demo.example", "Alex Admin", ("administrator",)),
    ("auditor@demo.example", "Audrey Auditor", ("auditor",)),
)
ROOMS, BAYS = ("Room 1", "Room 2"), ("Bay 1", "Bay 2", "Bay 3")
WEEK = [["07:00", "17:00"]] * 5 + [None, None]


@cache
def demonstration_document() -> dict[str, Any]:
    return loader.resolve("demonstration")


@transaction.atomic
def make_practice(*, name: str, zone: str, now: datetime, is_demo: bool = True) -> Practice:
    """The practice with its staff, rooms, bays and signed demonstration protocol."""
    address = "1 Demonstration Way, Springfield"
    place = NewPractice(name, zone, "555-0199", "appointments@demo.example", address, WEEK, fax="555-0198")
    practice = create_practice(practice=place, by=SYSTEM, now=now, is_demo=is_demo)
    with within(practice.pk):
        _furnish(practice, now)
    return practice


def _furnish(practice: Practice, now: datetime) -> None:
    for email, person, roles in STAFF:
        add_staff(practice=practice, email=email, name=person, roles=roles, password=PASSWORD, by=SYSTEM, now=now)
    for kind, names in (("room", ROOMS), ("bay", BAYS)):
        for resource in names:
            add_resource(practice=practice, kind=kind, name=resource, by=SYSTEM, now=now)
    by = User.objects.get(email="clinician@demo.example").by
    document = demonstration_document()
    version = signing.adopt(practice_id=practice.pk, name="demonstration", document=document, by=by, now=now)
    signing.sign(version=version, by=by, now=now)


def staff_by_role(practice: Practice) -> dict[str, User]:
    rows = Membership.objects.filter(practice=practice).select_related("user").order_by("user__name")
    return {row.role: row.user for row in rows}


def resources_by_name(practice: Practice) -> dict[str, Resource]:
    return {resource.name: resource for resource in Resource.objects.filter(practice=practice)}
