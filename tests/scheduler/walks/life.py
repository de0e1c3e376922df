"""What staff, patients, prescribers and the clock can do to the cases of one practice, by the services of page and API.

Every act takes small numbers that choose among what there is; a refusal is noted as page and API note it.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Any, TypeVar
from uuid import UUID

from django.db import transaction

from checklists.models import Evidence, Item, ProtocolVersion
from checklists.rules.context import kind_of
from checklists.rules.questions import Answer, Choice
from checklists.rules.values import Authority, DateAbout, Gate, Medication, OverrideClass, Verdict
from checklists.services import checklists
from checklists.services.recording import Observation
from scheduler.models import Case, Contact, Link, Patient, Practice, Resource, User
from scheduler.rules.problems import Problem
from scheduler.services import bookings, evidence, people, transitions
from scheduler.services import cases as plans
from scheduler.services.answers import Said, asked_of, record_answers
from scheduler.services.demonstration import resources_by_name, staff_by_role
from scheduler.services.gates import note_refusal
from scheduler.services.readiness import judged_start
from scheduler.services.signatures import Second, override_item, review_finding
from tests.scheduler.walks.calendars import Calendars
from tests.scheduler.walks.words import SAID_BY, bad_words, good_words

T = TypeVar("T")
ROLES = (Authority.PATIENT, Authority.SCHEDULER, Authority.NURSE, Authority.CLINICIAN)
DRUGS: tuple[tuple[str, ...], ...] = ((), ("apixaban",), ("aspirin", "warfarin"))
LEVELS: tuple[tuple[str, ...], ...] = (("L1",), ("T12", "L1"), ("L1", "L3"))


def pick(rows: "list[T] | tuple[T, ...]", number: int) -> T:
    return rows[number % len(rows)]


@dataclass
class Life:
    practice: Practice
    now: datetime
    calendars: Calendars = field(default_factory=Calendars)
    cases: list[UUID] = field(default_factory=list)
    last_refusal: str = ""

    def __post_init__(self) -> None:
        self.staff: dict[str, User] = staff_by_role(self.practice)
        self.resources: dict[str, Resource] = resources_by_name(self.practice)

    def attempt(self, act: Callable[..., Any], subject: object = None, **more: Any) -> Any:
        """What the act answers; None where it was refused."""
        self.last_refusal = ""
        try:
            with transaction.atomic():
                return act(**more, now=self.now)
        except Problem as problem:
            self.last_refusal = problem.code
            subject = subject or self.practice.pk
            note_refusal(problem=problem, practice_id=self.practice.pk, subject=subject, by=self.by(), now=self.now)
            return None

    def by(self, role: str = "nurse") -> str:
        return self.staff[role].by

    def case(self, number: int) -> Case:
        related = ("practice", "patient", "checklist__protocol_version", "booking")
        rows = Case.objects.select_related(*related).defer("checklist__protocol_version__document")
        return rows.get(pk=pick(self.cases, number))

    def verdict(self, case: Case) -> Verdict:
        start = judged_start(case, self.now)
        return checklists.assess_checklist(checklist=case.checklist, start=start, now=self.now).verdict

    def on(self, service: Callable[..., Any], case: Case, role: str = "nurse", **more: Any) -> Any:
        """A service that takes a case and the version that was seen."""
        who = {"practice_id": self.practice.pk, "case_id": case.pk, "seen_version": case.version, "by": self.by(role)}
        return self.attempt(service, case.pk, **{**who, **more})

    # Cases and plans

    def open(self, person: int, drugs: int, mail: bool) -> None:
        """`person`: one of four; whoever is known gets another case."""
        plan = self.plan(DRUGS[drugs], LEVELS[0], self.now)
        by, known = self.by("scheduler"), Patient.objects.filter(family_name=f"Family{person}").first()
        if known is not None:
            known = known.merged_into or known
            opened = self.attempt(
                plans.open_case, practice=self.practice, patient_id=known.pk, protocol="demonstration", plan=plan, by=by
            )
        else:
            new = people.NewPatient(f"Family{person}", "Given", date(1950, 1, 1 + person), "female")
            address = f"person{person}@patients.example" if mail else ""
            opened = self.attempt(
                plans.open_referral,
                practice=self.practice,
                patient=new,
                contact=people.NewContact(email=address, phone=f"555-010{person}"),
                protocol="demonstration",
                plan=plan,
                by=by,
            )
        if opened is not None:
            self.cases.append(opened.pk)

    def plan(self, drugs: tuple[str, ...], levels: tuple[str, ...], opened: datetime) -> plans.Plan:
        injured = opened.date() - timedelta(days=21)
        return plans.Plan(
            procedure="kyphoplasty",
            levels=levels,
            cause="osteoporosis",
            anesthesia="sedation",
            fractured=DateAbout(injured, injured),
            weight_kg=70.0,
            medications=tuple(map(Medication, drugs)),
        )

    def change_plan(self, case: Case, drugs: int, levels: int, fell: bool) -> None:
        today = self.now.date()
        plan = self.plan(DRUGS[drugs], LEVELS[levels], case.opened_at)
        plan = replace(plan, worsened=DateAbout(today, today) if fell else None)
        self.on(plans.change_plan, case, "scheduler", plan=plan)

    # Words

    def record(
        self, case: Case, words: list[tuple[str, dict[str, Any]]], role: Authority, hours: int, answers_noes: bool
    ) -> Any:
        """In one go; `hours` ago; `answers_noes`: each names all that stands of its item."""
        versions = dict(Item.objects.filter(checklist=case.checklist_id).values_list("key", "version"))
        standing = Evidence.objects.filter(checklist=case.checklist_id, error=None)
        observed = [
            Observation(
                item=item,
                value=value,
                observed_at=self.now - timedelta(hours=hours),
                said_by="staff" if role else "patient",
                authority=role,
                seen_version=versions.get(item, 0),
                supersedes=list(standing.filter(item=item).values_list("public_id", flat=True)) if answers_noes else (),
            )
            for item, value in words
        ]
        by = self.by(role.name.lower() if role else "scheduler")
        return self.attempt(
            evidence.record_all,
            case.pk,
            practice_id=self.practice.pk,
            case_id=case.pk,
            observations=observed,
            by=by,
        )

    def say(self, case: Case, item: int, word: int, role: int, hours: int, answers_noes: bool) -> None:
        """One word of any item by anybody."""
        start = judged_start(case, self.now)
        keys = checklists.items_of_checklist(checklist=case.checklist, start=start, now=self.now)
        key = pick(keys, item)
        said = [*good_words(case, key, self.now)[:1], *bad_words(case, key, self.now)]
        self.record(case, [(key, pick(said, word))], ROLES[role], hours, answers_noes)

    def make_ready(self, case: Case, gates: tuple[Gate, ...], but: int = -1) -> None:
        """Record the good word of every open item that these gates need, by whoever may; one is left out."""
        findings = [f for f in self.verdict(case).findings if f.needed_by in gates and not f.passes]
        for role in ROLES[1:]:
            words = [
                (finding.item, value)
                for number, finding in enumerate(findings)
                if number != but and SAID_BY.get(kind_of(finding.item), Authority.NURSE) is role
                for value in good_words(case, finding.item, self.now)
            ]
            if words:
                self.record(case, words, role, 0, True)

    def strike(self, case: Case, word: int, role: int) -> None:
        rows = list(Evidence.objects.filter(checklist=case.checklist_id).order_by("-pk"))
        if rows:
            row = pick(rows, word)
            version = Item.objects.values_list("version", flat=True).get(checklist=case.checklist_id, key=row.item)
            self.attempt(
                evidence.mark_entered_in_error,
                case.pk,
                practice_id=self.practice.pk,
                public_id=row.public_id,
                reason="another patient's",
                authority=ROLES[role],
                seen_version=version,
                by=self.by(),
            )

    def answer(self, case: Case, question: int, choice: int, replaces: bool, whose: str) -> None:
        """A patient, caregiver or escort at their link."""
        asked = asked_of(case, self.now, "escort" if whose == "escort" else "patient")
        link = Link.objects.filter(case=case, contact__kind=whose, revoked_at=None).order_by("-generation").first()
        if not asked or link is None:
            return
        one = pick(asked, question)
        chosen = pick(one.question.choices, choice)
        said = Said(one.question.item, self.answer_of(chosen), one.version, replaces)
        self.attempt(
            record_answers,
            case.pk,
            practice_id=self.practice.pk,
            case_id=case.pk,
            said=[said],
            said_by=whose,
            by=f"link:{link.pk}",
            audience="escort" if whose == "escort" else "patient",
        )

    def answer_of(self, chosen: Choice) -> Answer:
        return Answer(chosen.code, {each.name: self._detail(each) for each in chosen.details})

    def _detail(self, detail: Any) -> Any:
        if detail.kind in ("moment", "day_or_moment"):
            return self.now - timedelta(hours=30)
        if detail.kind in ("one", "many"):
            code = detail.options[0].code
            return code if detail.kind == "one" else (code,)
        return "555-0102 77"

    # Bookings and the day

    def slot(self, days: int, hour: int, room: int) -> bookings.Slot:
        tz = self.practice.site.tz
        day = self.now.astimezone(tz).date() + timedelta(days=days)
        names = (f"Room {room}", ("Chris Clinician", "Sam Second")[room - 1], f"Bay {room}")
        return bookings.Slot(
            datetime(day.year, day.month, day.day, hour, tzinfo=tz), *(self.resources[name].pk for name in names)
        )

    def book(self, case: Case, slot: bookings.Slot) -> None:
        self.on(bookings.book_case, case, "scheduler", slot=slot)

    def of_booking(self, service: Callable[..., Any], case: Case, **more: Any) -> None:
        if case.booking is not None:
            self.attempt(
                service,
                case.pk,
                practice_id=self.practice.pk,
                booking_id=case.booking.pk,
                seen_version=case.version,
                by=self.by("scheduler"),
                **more,
            )

    def arrive(self, case: Case) -> None:
        who = {"practice_id": self.practice.pk, "case_id": case.pk, "by": self.by()}
        self.attempt(transitions.arrive, case.pk, **who)

    def end(self, case: Case, ending: str) -> None:
        self.on(transitions.end_case, case, ending=ending, reason="They said so.")

    def review(self, case: Case, number: int) -> None:
        found = [finding for finding in self.verdict(case).findings if finding.status == "review"]
        if found:
            start = judged_start(case, self.now) or self.now
            window = {"start_from": start - timedelta(days=1), "start_until": start + timedelta(days=7)}
            one = pick(found, number)
            self.on(review_finding, case, "clinician", item=one.item, inputs=one.inputs, note="seen", **window)

    def override(self, case: Case, number: int, with_second: bool) -> None:
        found = [f for f in self.verdict(case).findings if not f.passes and f.override != OverrideClass.NEVER]
        if found:
            one = pick(found, number)
            second = Second(self.by("nurse"), Authority.NURSE) if with_second else None
            reason = "It cannot wait."
            self.on(override_item, case, "clinician", item=one.item, inputs=one.inputs, reason=reason, second=second)

    def contacts(self, case: Case) -> list[Contact]:
        return list(Contact.objects.filter(patient_id=case.patient_id).order_by("created_at", "email"))

    def versions(self) -> list[ProtocolVersion]:
        return list(ProtocolVersion.objects.filter(practice_id=self.practice.pk).defer("document").order_by("number"))
