"""One case told up to a step, recording what people would have recorded, each at its moment."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from checklists.models import Item
from checklists.rules.values import Authority, DateAbout, Medication
from checklists.services.protocols import typed_protocol
from checklists.services.recording import Observation
from scheduler.models import Case, Practice, Resource, User
from scheduler.services import bookings, cases, evidence, people, transitions

Said = tuple[str, dict[str, Any]]  # an item and what is said of it
MAY_BE_PREGNANT_UNTIL = 56  # years; one more than the protocol asks is harmless
# What every story records alike.
ALLERGIES = dict.fromkeys(("cement", "contrast", "anesthetic", "antibiotic"), "none")
FIT = {"indication": "painful fracture", "exclusions": [], "pain_matches_imaging": True, "can_lie_prone": True}
DECIDED: tuple[Said, ...] = (
    ("candidacy", FIT),
    ("anesthesia_evaluation", {"outcome": "fit", "anesthesia": "sedation"}),
    ("antibiotic_plan", {"plan": "antibiotic", "before_iv": "cefazolin 2 g"}),
)
RESULTS = (
    ("INR", 1.0, "ratio"),
    ("platelets", 210, "10^9/L"),
    ("haemoglobin", 12.5, "g/dL"),
    ("creatinine", 0.8, "mg/dL"),
)
ARRANGED = {"arranged": ["visit", "bone_health", "call_24h", "call_72h"]}
WATCHED = {"observed_minutes": 90, "flat_minutes": 60, "vital_signs": "stable", "reactions": "none", "pain": 2}
GOING_HOME: tuple[Said, ...] = (
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

    def record(self, case: Case, role: str, at: datetime, *said: Said) -> None:
        """What this role would record in one go; `values` may replace a value, None leaves it out."""
        chosen = [(item, self.values.get(item, value)) for item, value in said]
        versions = dict(Item.objects.filter(checklist=case.checklist_id).values_list("key", "version"))
        patient = role == "patient"
        observations = [
            Observation(
                item=item,
                value=value,
                observed_at=at,
                said_by="patient" if patient else "staff",
                authority=Authority[role.upper()],
                seen_version=versions.get(item, 0),
            )
            for item, value in chosen
            if value is not None
        ]
        if observations:
            by = self.staff["scheduler" if patient else role].by
            evidence.record_all(practice_id=self.practice.pk, case_id=case.pk, observations=observations, by=by, now=at)

    def consulted(self, case: Case) -> None:
        at = self.now - timedelta(days=8)
        levels = list(self.person.levels)
        consult = {"outcome": "procedure", "levels": levels}
        signed = {"signed": True, "procedure": "kyphoplasty", "levels": levels}
        self.record(case, "clinician", at, ("consult", consult), *DECIDED, ("consent", signed))
        self.record(case, "nurse", at, ("allergies", ALLERGIES))

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
        self.record(case, "clinician", at, ("imaging", seen))
        dates = {"valid_from": f"{at:%Y-%m-%d}", "valid_until": f"{at + timedelta(days=120):%Y-%m-%d}"}
        authorised = {"payer": "Demonstration Health", "number": "PA-1001", "levels": levels, **dates}
        self.record(case, "scheduler", at, ("authorisation", authorised))

    def booked(self, case: Case) -> None:
        case.refresh_from_db()
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
        results = [{"analyte": analyte, "value": value, "unit": unit} for analyte, value, unit in RESULTS]
        self.record(case, "nurse", at, *(("labs", result) for result in results))
        self.record(case, "scheduler", at, ("follow_up", ARRANGED))

    def held(self, case: Case) -> None:
        for drug in self.person.drugs:
            cleared = {"answer": "agreed", "prescriber": "Dr. Prescriber", "how": "phone"}
            at = self.now - timedelta(days=5, hours=10)
            self.record(case, "nurse", at, (f"prescriber_clearance:{drug}", cleared))
            last = min(self.start - timedelta(hours=80), self.now - timedelta(days=1))
            self.record(case, "nurse", self.at(hours=10), (f"hold:{drug}", {"last_dose_at": last.isoformat()}))

    def prepared(self, case: Case) -> None:
        ride = {"available": True, "adult": True, "transport": "car"}
        self.record(case, "patient", self.at(days=3), ("ride", ride))
        answers = {"answers": dict.fromkeys(self.questions(case, "patient"), "no")}
        self.record(case, "patient", self.at(hours=20), ("infection_prescreen", answers))
        self.record(case, "patient", self.at(hours=12), ("fasting", self.supper()))

    def supper(self) -> dict[str, Any]:
        return {"intakes": [{"intake": "light meal", "at": self.at(hours=13).isoformat()}]}

    def arrived(self, case: Case) -> None:
        at = self.at(hours=1)
        transitions.arrive(practice_id=self.practice.pk, case_id=case.pk, by=self.staff["nurse"].by, now=at)
        ride = {"available": True, "adult": True, "transport": "car", "seen": True}
        screen = {
            "temperature": 36.6,
            "unit": "C",
            "skin": "clear",
            "outcome": "clear",
            "answers": dict.fromkeys(self.questions(case, "nurse"), "no"),
        }
        said: list[Said] = [("fasting", self.supper()), ("ride", ride), ("infection_check", screen)]
        if at.year - self.person.born_on.year <= MAY_BE_PREGNANT_UNTIL and self.person.sex != "male":
            said.append(("pregnancy", {"result": "negative"}))
        self.record(case, "nurse", at, *said)

    def checked_in(self, case: Case) -> None:
        self._go(case, transitions.check_in, self.at(minutes=40))

    def started(self, case: Case) -> None:
        self._go(case, transitions.start, self.at(minutes=0))

    def finished(self, case: Case) -> None:
        self._go(case, transitions.finish, self.at(minutes=-40))

    def discharged(self, case: Case) -> None:
        at = self.at(minutes=-130)
        restarts = [(f"restart_decision:{drug}", {"decision": "restart"}) for drug in self.person.drugs]
        self.record(case, "clinician", at, *restarts)
        self.record(case, "nurse", at, *GOING_HOME)
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
