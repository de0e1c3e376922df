"""One practice and the cases that are told in it, with what a test asks about them."""

from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any

from checklists.models import Item, ProtocolVersion
from checklists.rules.values import Authority, Finding
from checklists.services.checklists import assess_checklist
from scheduler.models import Booking, Case, Practice, Task
from scheduler.services import bookings, evidence, signing, transitions
from scheduler.services.demonstration import (
    GOING_HOME,
    Person,
    demonstration_document,
    resources_by_name,
    staff_by_role,
)
from scheduler.services.readiness import judged_start
from tests.conftest import NOW, START
from tests.remembered import Memory, RememberedStory


class World:
    """One practice and the cases that are told in it."""

    def __init__(self, practice: Practice, memory: Memory | None = None) -> None:
        self.practice, self.memory = practice, memory or Memory()
        self.staff, self.resources = staff_by_role(practice), resources_by_name(practice)
        self.told = 0

    def tell(self, until: str, *, now: datetime = NOW, room: int = 1, start: datetime = START, **values: Any) -> Case:
        self.told += 1
        born_on = date(1950, 1, 1) + timedelta(days=self.told)
        person = Person(f"Family{self.told}", "Given", born_on, "female", values.pop("drugs", ()))
        slot = ((f"Room {room}"), ("Chris Clinician", "Sam Second")[room - 1], f"Bay {room}")
        told = RememberedStory(
            self.practice, self.staff, self.resources, person, now, start, slot, values, memory=self.memory
        )
        return told.tell(until)

    def started(self) -> Case:
        return self.tell("started", now=START)

    def recovering(self) -> Case:
        case = self.started()
        act(transitions.finish, case, self.staff["nurse"].by, START + timedelta(minutes=20))
        watched = START + timedelta(minutes=115)  # as long as the observation says
        for item, value in GOING_HOME:
            evidence.record_evidence(
                practice_id=self.practice.pk,
                case_id=case.pk,
                item=item,
                value=value,
                observed_at=watched,
                said_by="staff",
                authority=Authority.NURSE,
                seen_version=0,
                by=self.staff["nurse"].by,
                now=watched,
            )
        case.refresh_from_db()
        return case

    def cancelled(self) -> Case:
        case = self.tell("booked")
        act(transitions.end_case, case, self.staff["scheduler"].by, NOW, ending="cancelled", reason="asked for it")
        return case

    def released(self) -> Task:
        """The desk's task after a booking in the second room was released."""
        case = self.tell("booked", room=2)
        bookings.release_booking(
            practice_id=self.practice.pk,
            booking_id=booking_of(case).pk,
            reason="room closed",
            seen_version=case.version,
            by=self.staff["scheduler"].by,
            now=NOW,
        )
        return Task.objects.get(case=case, kind="reschedule", done_at=None)

    def unsigned_version(self) -> ProtocolVersion:
        document = {**demonstration_document(), "title": "DEMONSTRATION, second edition"}
        by = self.staff["clinician"].by
        return signing.adopt(practice_id=self.practice.pk, name="demonstration", document=document, by=by, now=NOW)

    def signed_version(self) -> ProtocolVersion:
        return ProtocolVersion.objects.get(practice_id=self.practice.pk, number=1)

    def slot(self, start: datetime, room: int = 2) -> dict[str, Any]:
        named = {"room": f"Room {room}", "proceduralist": ("Chris Clinician", "Sam Second")[room - 1]}
        ids = {kind: str(self.resources[name].pk) for kind, name in {**named, "bay": f"Bay {room}"}.items()}
        return {"starts_at": start.isoformat(), **ids}


def act(service: Callable[..., Any], case: Case, by: str, now: datetime, **more: Any) -> None:
    service(practice_id=case.practice_id, case_id=case.pk, seen_version=case.version, by=by, now=now, **more)
    case.refresh_from_db()


def booking_of(case: Case) -> Booking:
    assert case.booking is not None
    return case.booking


def finding_of(case: Case, item: str, now: datetime = NOW) -> Finding:
    case.refresh_from_db()
    verdict = assess_checklist(checklist=case.checklist, start=judged_start(case, now), now=now).verdict
    found = verdict.finding(item)
    assert found is not None
    return found


def item_version(case: Case, item: str) -> int:
    return Item.objects.filter(checklist=case.checklist, key=item).values_list("version", flat=True).first() or 0
