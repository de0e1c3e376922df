"""A case at every step around today, each told with the moments at which it would have happened."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from django.db import transaction

from notifications.services import outbox
from scheduler.doors import practices_by_name
from scheduler.isolation import within
from scheduler.models import Case, Practice, Resource, User
from scheduler.services import bookings, transitions
from scheduler.services import override_requests as overrides
from scheduler.services.demonstration.practice import make_practice, resources_by_name, staff_by_role
from scheduler.services.demonstration.prescribers import tell_prescribers
from scheduler.services.demonstration.story import Person, Story

NAME = "DEMONSTRATION Spine Clinic"


def next_working_start(now: datetime, practice: Practice, *, days: int, hour: int) -> datetime:
    """At this hour of the first working day that is at least `days` from today in the practice's zone."""
    tz = practice.site.tz
    day = now.astimezone(tz).date() + timedelta(days=days)
    while practice.hours[day.weekday()] is None:
        day += timedelta(days=1)
    return datetime.combine(day, time(hour), tz)


@transaction.atomic
def make_demonstration(*, now: datetime) -> Practice:
    """The practice and a case at every step around today; nothing when it is there already."""
    place = practices_by_name().get(NAME)
    if place is not None:
        with within(place):
            return Practice.objects.get(pk=place)
    now = now.astimezone(UTC)  # elapsed minutes between the cases, also in the night of a clock change
    practice = make_practice(name=NAME, zone="America/New_York", now=now - timedelta(days=10))
    with within(practice.pk):
        _tell_stories(practice, now)
    return practice


def _tell_stories(practice: Practice, now: datetime) -> None:
    staff, resources = staff_by_role(practice), resources_by_name(practice)

    def story(person: Person, days: int, hour: int, slot: int = 0, **values: Any) -> Story:
        places = (
            ("Room 1", "Chris Clinician", "Bay 1"),
            ("Room 2", "Sam Second", "Bay 2"),
        )[slot]
        start = next_working_start(now, practice, days=days, hour=hour)
        return Story(practice, staff, resources, person, now, start, places, values)

    soon = now + timedelta(minutes=50)
    Story(practice, staff, resources, Person("Ready", "Rita", date(1950, 2, 3), "female"), now, soon).tell("arrived")
    feverish = {
        "infection_check": {"temperature": 38.4, "unit": "C", "skin": "clear", "outcome": "clear", "answers": {}}
    }
    Story(
        practice,
        staff,
        resources,
        Person("Fever", "Frank", date(1948, 7, 9), "male"),
        now,
        soon,
        ("Room 2", "Sam Second", "Bay 2"),
        feverish,
    ).tell("arrived")
    earlier = (
        (Person("Underway", "Uma", date(1953, 6, 6), "female"), timedelta(minutes=-20), "started", "Room 1", "Bay 3"),
        (Person("Homebound", "Hugo", date(1946, 9, 2), "male"), timedelta(hours=-5), "discharged", "Room 2", "Bay 2"),
    )
    for person, ago, until, room, bay in earlier:
        slot = (room, "Chris Clinician", bay)
        told = Story(practice, staff, resources, person, now, now + ago, slot).tell(until)
        # Their invites would have gone out before the demonstration began.
        outbox.withdraw(subject=told.pk, reason="before the demonstration began", now=now)
    _tell_todays_others(practice, staff, resources, now)
    story(Person("Newman", "Nora", date(1961, 1, 5), "female"), 5, 9).tell("opened")
    story(Person("Consulted", "Carl", date(1955, 11, 30), "male"), 5, 9).tell("imaged")
    story(Person("Booker", "Bella", date(1944, 4, 17), "female"), 6, 9).tell("booked")
    story(Person("Holder", "Hank", date(1952, 8, 21), "male", ("apixaban",)), 5, 11).tell("tested")
    story(Person("Stopped", "Stella", date(1947, 12, 12), "female", ("apixaban",)), 4, 13, 1).tell("held")
    ron = story(Person("Rideless", "Ron", date(1958, 3, 8), "male"), 2, 9, 1, ride={"available": False})
    waits = story(
        Person("Exempt", "Edna", date(1949, 10, 2), "female"), 3, 15, ride={"available": False, "exempt": True}
    )
    waits.tell("prepared")
    put_off = story(Person("Putoff", "Paula", date(1954, 6, 30), "female", ("apixaban",)), 4, 15, 1)
    asked = story(Person("Awaited", "Walt", date(1945, 5, 2), "male", ("apixaban",)), 13, 9)
    disputed = story(Person("Contrary", "Cora", date(1951, 6, 19), "female", ("apixaban",)), 12, 13, 1)
    tell_prescribers(asked.tell("tested"), disputed.tell("tested"), staff["scheduler"].by, now)
    _tell_what_clinicians_owe(ron.tell("prepared"), put_off.tell("held"), staff, now)


def _tell_what_clinicians_owe(without_ride: Case, stopped: Case, staff: Mapping[str, User], now: datetime) -> None:
    """For the signing list: an override asked for, and a drug that was stopped for a case that is put off."""
    overrides.ask_for_override(
        practice_id=without_ride.practice_id,
        case_id=without_ride.pk,
        item="ride",
        reason="His daughter comes from abroad; the clinic bus can take him.",
        by=staff["nurse"].by,
        now=now - timedelta(minutes=90),
    )
    assert stopped.booking is not None
    bookings.release_booking(
        practice_id=stopped.practice_id,
        booking_id=stopped.booking.pk,
        reason="the patient asked to wait",
        seen_version=stopped.version,
        by=staff["scheduler"].by,
        now=now - timedelta(hours=2),
    )


def _tell_todays_others(
    practice: Practice, staff: Mapping[str, User], resources: Mapping[str, Resource], now: datetime
) -> None:
    """For the ward: somebody who is too early by what they drank, and two namesakes who are yet to come."""
    early = Person("Latte", "Lars", date(1957, 5, 15), "male")
    start = now + timedelta(minutes=130)
    told = Story(practice, staff, resources, early, now, start, ("Room 1", "Chris Clinician", "Bay 3"))
    case = told.tell("prepared")
    arrived_at = now - timedelta(minutes=5)
    transitions.arrive(practice_id=practice.pk, case_id=case.pk, by=staff["nurse"].by, now=arrived_at)
    drank = {"intakes": [{"intake": "non-human milk", "at": (now - timedelta(minutes=200)).isoformat()}]}
    ride = {"available": True, "adult": True, "transport": "car", "seen": True}
    told.record(case, "nurse", arrived_at, ("fasting", drank), ("ride", ride))
    namesakes = (
        (Person("Twin", "Tessa", date(1951, 3, 14), "female", ("apixaban",)), 150, "Bay 2"),
        (Person("Twin", "Theresa", date(1951, 8, 30), "female"), 270, "Bay 1"),
    )
    for person, minutes, bay in namesakes:
        slot = ("Room 2", "Sam Second", bay)
        Story(practice, staff, resources, person, now, now + timedelta(minutes=minutes), slot).tell("prepared")
