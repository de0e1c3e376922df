"""The demonstration practice: staff of each role, rooms, bays, a signed protocol, and cases at every step.

Everything goes through the same services as real work, with the moments at which it would have happened.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from typing import Any

from django.db import transaction

from checklists.models import Item
from checklists.protocols import loader
from checklists.rules.values import Authority, DateAbout, Medication
from checklists.services.protocols import typed_protocol
from notifications.services import outbox
from scheduler.models import Case, Membership, Practice, Resource, User
from scheduler.services import bookings, cases, evidence, people, signing, transitions
from scheduler.services import override_requests as overrides
from scheduler.services.practices import NewPractice, add_resource, add_staff, create_practice
from scheduler.services.record import SYSTEM

NAME = "DEMONSTRATION Spine Clinic"
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
MAY_BE_PREGNANT_UNTIL = 56  # years; one more than the protocol asks is harmless
WEEK = [["07:00", "17:00"]] * 5 + [None, None]
# What every story records alike, with the role whose word it is.
DECIDED: tuple[tuple[str, dict[str, Any], str], ...] = (
    ("allergies", dict.fromkeys(("cement", "contrast", "anesthetic", "antibiotic"), "none"), "nurse"),
    ("anesthesia_evaluation", {"outcome": "fit", "anesthesia": "sedation"}, "clinician"),
    ("antibiotic_plan", {"plan": "antibiotic", "before_iv": "cefazolin 2 g"}, "clinician"),
)
WATCHED = {"observed_minutes": 90, "flat_minutes": 60, "vital_signs": "stable", "reactions": "none", "pain": 2}
ARRANGED = {"arranged": ["visit", "bone_health", "call_24h", "call_72h"]}
GOING_HOME: tuple[tuple[str, dict[str, Any]], ...] = (
    ("recovery_observation", WATCHED),
    ("after_care", {"explained": ["driving", "lifting", "alcohol", "red_flags"]}),
    ("responsible_adult", {"present": True}),
)
# Verbs of a story in the order of a case's way; a case is told up to one of them.
STEPS = (
    "opened", "consulted", "imaged", "booked", "tested", "held",
    "prepared", "arrived", "checked_in", "started", "finished", "discharged",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Person:
    family: str
    given: str
    born_on: date
    sex: str
    drugs: tuple[str, ...] = ()
    levels: tuple[str, ...] = ("L1",)


@dataclass(slots=True)
class Story:
    """Tells one case up to a step, recording what people would have recorded, each at its moment."""

    practice: Practice
    staff: Mapping[str, User]
    resources: Mapping[str, Resource]
    person: Person
    now: datetime
    start: datetime
    slot: tuple[str, str, str] = ("Room 1", "Chris Clinician", "Bay 1")
    values: dict[str, dict[str, Any]] = field(default_factory=dict)  # evidence that differs from the good one

    def tell(self, until: str) -> Case:
        """The case as it stands after `until`; nothing is recorded later than `now`."""
        case = self.open()
        for step in STEPS[1 : STEPS.index(until) + 1]:
            getattr(self, step)(case)
            case.refresh_from_db()
        return case

    def at(self, **before_start: float) -> datetime:
        """A moment before the start, never later than now."""
        return min(self.start - timedelta(**before_start), self.now)

    def open(self) -> Case:
        when = self.now - timedelta(days=9)
        by = self.staff["scheduler"].by
        patient = people.add_patient(
            practice_id=self.practice.pk,
            patient=people.NewPatient(
                self.person.family,
                self.person.given,
                self.person.born_on,
                self.person.sex,
                record_number=f"D-{self.person.born_on:%y%m%d}",
            ),
            by=by,
            now=when,
        )
        address = f"{self.person.given}.{self.person.family}@patients.example".lower()
        contact = people.NewContact(email=address, phone="555-0100")
        people.add_contact(patient=patient, contact=contact, by=by, now=when)
        injured = self.now.astimezone(self.practice.site.tz).date() - timedelta(days=21)
        plan = cases.Plan(
            procedure="kyphoplasty",
            levels=self.person.levels,
            cause="osteoporosis",
            anesthesia="sedation",
            fractured=DateAbout(injured, injured),
            weight_kg=70.0,
            medications=tuple(Medication(drug) for drug in self.person.drugs),
        )
        return cases.open_case(
            practice=self.practice, patient_id=patient.pk, protocol="demonstration", plan=plan, by=by, now=when
        )

    def record(self, case: Case, item: str, value: dict[str, Any], role: str, at: datetime) -> None:
        """One piece of evidence as this role would record it; `values` may replace it, None leaves it out."""
        value = self.values.get(item, value)
        if value is None:
            return
        case.refresh_from_db()
        version = Item.objects.filter(checklist=case.checklist, key=item).values_list("version", flat=True).first()
        patient = role == "patient"
        evidence.record_evidence(
            practice_id=self.practice.pk,
            case_id=case.pk,
            item=item,
            value=value,
            observed_at=at,
            said_by="patient" if patient else "staff",
            authority=Authority[role.upper()],
            seen_version=version or 0,
            by=self.staff["scheduler" if patient else role].by,
            now=at,
        )

    def consulted(self, case: Case) -> None:
        at = self.now - timedelta(days=8)
        self.record(case, "consult", {"outcome": "procedure", "levels": list(self.person.levels)}, "clinician", at)
        fit = {
            "indication": "painful fracture",
            "exclusions": [],
            "pain_matches_imaging": True,
            "can_lie_prone": True,
        }
        self.record(case, "candidacy", fit, "clinician", at)
        signed = {"signed": True, "procedure": "kyphoplasty", "levels": list(self.person.levels)}
        for item, value, role in (*DECIDED, ("consent", signed, "clinician")):
            self.record(case, item, value, role, at)

    def imaged(self, case: Case) -> None:
        levels = list(self.person.levels)
        seen = {
            "modality": "mri",
            "stage": "reviewed",
            "fluid_sensitive": True,
            "levels": levels,
            "oedema_levels": levels,
        }
        at = self.now - timedelta(days=7)
        self.record(case, "imaging", seen, "clinician", at)
        dates = {"valid_from": f"{at:%Y-%m-%d}", "valid_until": f"{at + timedelta(days=120):%Y-%m-%d}"}
        authorised = {"payer": "Demonstration Health", "number": "PA-1001", "levels": levels, **dates}
        self.record(case, "authorisation", authorised, "scheduler", at)

    def booked(self, case: Case) -> None:
        room, proceduralist, bay = (self.resources[name].pk for name in self.slot)
        at = self.now - timedelta(days=6, hours=20)
        bookings.book_case(
            practice_id=self.practice.pk,
            case_id=case.pk,
            slot=bookings.Slot(self.start, room, proceduralist, bay),
            seen_version=case.version,
            by=self.staff["scheduler"].by,
            now=at,
        )

    def tested(self, case: Case) -> None:
        at = self.now - timedelta(days=5, hours=20)
        for analyte, value, unit in (
            ("INR", 1.0, "ratio"),
            ("platelets", 210, "10^9/L"),
            ("haemoglobin", 12.5, "g/dL"),
            ("creatinine", 0.8, "mg/dL"),
        ):
            self.record(case, "labs", {"analyte": analyte, "value": value, "unit": unit}, "nurse", at)
        self.record(case, "follow_up", ARRANGED, "scheduler", at)

    def held(self, case: Case) -> None:
        for drug in self.person.drugs:
            cleared = {"answer": "agreed", "prescriber": "Dr. Prescriber", "how": "phone"}
            self.record(case, f"prescriber_clearance:{drug}", cleared, "nurse", self.now - timedelta(days=5, hours=10))
            last = min(self.start - timedelta(hours=80), self.now - timedelta(days=1))
            self.record(case, f"hold:{drug}", {"last_dose_at": last.isoformat()}, "nurse", self.at(hours=10))

    def prepared(self, case: Case) -> None:
        self.record(case, "ride", {"available": True, "adult": True, "transport": "car"}, "patient", self.at(days=3))
        answers = {"answers": dict.fromkeys(self.questions(case, "patient"), "no")}
        self.record(case, "infection_prescreen", answers, "patient", self.at(hours=20))
        supper = {"intakes": [{"intake": "light meal", "at": self.at(hours=13).isoformat()}]}
        self.record(case, "fasting", supper, "patient", self.at(hours=12))

    def arrived(self, case: Case) -> None:
        at = self.at(hours=1)
        transitions.arrive(practice_id=self.practice.pk, case_id=case.pk, by=self.staff["nurse"].by, now=at)
        supper = {"intakes": [{"intake": "light meal", "at": self.at(hours=13).isoformat()}]}
        self.record(case, "fasting", supper, "nurse", at)
        ride = {"available": True, "adult": True, "transport": "car", "seen": True}
        self.record(case, "ride", ride, "nurse", at)
        screen = {
            "temperature": 36.6,
            "unit": "C",
            "skin": "clear",
            "outcome": "clear",
            "answers": dict.fromkeys(self.questions(case, "nurse"), "no"),
        }
        self.record(case, "infection_check", screen, "nurse", at)
        if at.year - self.person.born_on.year <= MAY_BE_PREGNANT_UNTIL and self.person.sex != "male":
            self.record(case, "pregnancy", {"result": "negative"}, "nurse", at)

    def checked_in(self, case: Case) -> None:
        self._go(case, transitions.check_in, self.at(minutes=40))

    def started(self, case: Case) -> None:
        self._go(case, transitions.start, self.at(minutes=0))

    def finished(self, case: Case) -> None:
        self._go(case, transitions.finish, self.at(minutes=-40))

    def discharged(self, case: Case) -> None:
        at = self.at(minutes=-130)
        for drug in self.person.drugs:
            self.record(case, f"restart_decision:{drug}", {"decision": "restart"}, "clinician", at)
        for item, value in GOING_HOME:
            self.record(case, item, value, "nurse", at)
        self._go(case, transitions.discharge, at)

    def _go(self, case: Case, act: Callable[..., object], at: datetime) -> None:
        case.refresh_from_db()
        by = self.staff["nurse"].by
        act(practice_id=self.practice.pk, case_id=case.pk, seen_version=case.version, by=by, now=at)

    def questions(self, case: Case, asked_of: str) -> Iterator[str]:
        protocol = typed_protocol(case.checklist.protocol_version)
        return (
            question.key
            for question in protocol.infection.questions
            if asked_of in question.asked_of and question.kind in ("question", "record")
        )


@cache
def demonstration_document() -> dict[str, Any]:
    return loader.resolve("demonstration")


@transaction.atomic
def make_practice(*, name: str, zone: str, now: datetime, is_demo: bool = True) -> Practice:
    """The practice with its staff, rooms, bays and signed demonstration protocol."""
    place = NewPractice(name, zone, "555-0199", "appointments@demo.example", "1 Demonstration Way, Springfield", WEEK)
    practice = create_practice(practice=place, by=SYSTEM, now=now, is_demo=is_demo)
    for email, person, roles in STAFF:
        add_staff(practice=practice, email=email, name=person, roles=roles, password=PASSWORD, by=SYSTEM, now=now)
    for kind, names in (("room", ROOMS), ("bay", BAYS)):
        for resource in names:
            add_resource(practice=practice, kind=kind, name=resource, by=SYSTEM, now=now)
    by = User.objects.get(email="clinician@demo.example").by
    document = demonstration_document()
    version = signing.adopt(practice_id=practice.pk, name="demonstration", document=document, by=by, now=now)
    signing.sign(version=version, by=by, now=now)
    return practice


def staff_by_role(practice: Practice) -> dict[str, User]:
    rows = Membership.objects.filter(practice=practice).select_related("user").order_by("user__name")
    return {row.role: row.user for row in rows}


def resources_by_name(practice: Practice) -> dict[str, Resource]:
    return {resource.name: resource for resource in Resource.objects.filter(practice=practice)}


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
    found = Practice.objects.filter(name=NAME).first()
    if found is not None:
        return found
    now = now.astimezone(UTC)  # elapsed minutes between the cases, also in the night of a clock change
    practice = make_practice(name=NAME, zone="America/New_York", now=now - timedelta(days=10))
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
    _tell_what_clinicians_owe(ron.tell("prepared"), put_off.tell("held"), staff, now)
    return practice


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
    told.record(case, "fasting", drank, "nurse", arrived_at)
    ride = {"available": True, "adult": True, "transport": "car", "seen": True}
    told.record(case, "ride", ride, "nurse", arrived_at)
    namesakes = (
        (Person("Twin", "Tessa", date(1951, 3, 14), "female", ("apixaban",)), 150, "Bay 2"),
        (Person("Twin", "Theresa", date(1951, 8, 30), "female"), 270, "Bay 1"),
    )
    for person, minutes, bay in namesakes:
        slot = ("Room 2", "Sam Second", bay)
        Story(practice, staff, resources, person, now, now + timedelta(minutes=minutes), slot).tell("prepared")
