"""The rarer acts of a walk: contacts, prescribers, merges, papers, protocol versions, the sweep and the post."""

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from checklists.models import Evidence, Item
from checklists.rules.values import Authority
from checklists.services.gate import Paper
from notifications.services.outbox import send_due
from notifications.transport import Answer, Delivered, Permanent, Transient
from scheduler import messages
from scheduler.models import Case, Link, Patient, PatientMerge, Task
from scheduler.rules.downtime import PaperTimes
from scheduler.services import case_moves, contacts, merging, parting, phone, refiling, signing
from scheduler.services.answers import Said, asked_of
from scheduler.services.delivery import owe_expired, owe_undelivered
from scheduler.services.demonstration import demonstration_document
from scheduler.services.downtime import Place, enter_from_paper
from scheduler.services.link_mails import send_link
from scheduler.services.link_visits import not_me
from scheduler.services.override_requests import ask_for_override
from scheduler.services.people import NewContact
from scheduler.services.prescribers import answer_clearance, ask_prescriber
from scheduler.services.sweeps import Swept, sweep_due_cases
from scheduler.services.tasks import finish_task
from scheduler.services.ward import send_home
from tests.scheduler.walks.life import Life, pick

SHEET = Paper("P-0301-1", "No power on the ward.", decided_by="staff:1", signed_by="staff:2", second_by="staff:3")


@dataclass
class Post:
    """A mail server that answers as told, and keeps what it took."""

    life: "Doings"
    answer: Answer = field(default_factory=Delivered)
    taken: list[tuple[str, bytes]] = field(default_factory=list)

    def send(self, *, recipient: str, payload: bytes, **_: Any) -> Answer:
        if isinstance(self.answer, Delivered) or getattr(self.answer, "ambiguous", False):
            self.taken.append((recipient, payload))
        return self.answer


ANSWERS: dict[str, Answer] = {
    "taken": Delivered(),
    "later": Transient("451"),
    "lost": Transient("cut", ambiguous=True),
    "never": Permanent("550"),
}


class Doings(Life):
    def send_home(self, case: Case) -> None:
        self.on(send_home, case, reason="Not today.")

    def finish_task(self, number: int, role: str) -> Any:
        open_ones = list(
            Task.objects.filter(practice=self.practice, done_at=None).order_by("created_at", "kind", "key")
        )
        if not open_ones:
            return None
        task = pick(open_ones, number)
        told = {"outcome": "done", "seen_version": task.version, "roles": [role], "by": self.by(role)}
        return self.attempt(finish_task, task.case_id, practice_id=self.practice.pk, task_id=task.pk, **told)

    def ask_override(self, case: Case, number: int) -> None:
        found = [finding.item for finding in self.verdict(case).findings if not finding.passes]
        if found:
            asked = {"item": pick(found, number), "reason": "The bus can take them.", "by": self.by()}
            self.attempt(ask_for_override, case.pk, practice_id=self.practice.pk, case_id=case.pk, **asked)

    # Contacts and links

    def add_contact(self, case: Case, kind: str, number: int) -> None:
        permission = "the patient, by telephone" if kind == "caregiver" else ""
        new = NewContact(kind, kind.title(), f"{kind}{number}@others.example", "555-0177", permission=permission)
        who = {"practice_id": self.practice.pk, "patient_id": case.patient_id, "by": self.by("scheduler")}
        self.attempt(contacts.add_person, case.pk, contact=new, **who)

    def replace_contact(self, case: Case, number: int, address: int) -> None:
        if found := self.contacts(case):
            old = pick(found, number)
            email = f"new{address}@patients.example" if address else ""
            new = NewContact(old.kind, old.name, email, "555-0188", permission=old.permission)
            who = {"practice_id": self.practice.pk, "contact_id": old.pk, "by": self.by("scheduler")}
            self.attempt(contacts.replace_contact, case.pk, contact=new, **who)

    def end_contact(self, case: Case, number: int) -> None:
        if found := self.contacts(case):
            who = {"practice_id": self.practice.pk, "contact_id": pick(found, number).pk, "by": self.by("scheduler")}
            seen = case.patient.version
            self.attempt(contacts.end_contact, case.pk, why="not_theirs", seen_version=seen, **who)

    def change_language(self, case: Case, language: str) -> None:
        who = {"practice_id": self.practice.pk, "patient_id": case.patient_id, "by": self.by("scheduler")}
        seen = case.patient.version
        self.attempt(contacts.change_language, case.pk, language=language, seen_version=seen, **who)

    def send_link(self, case: Case, number: int) -> None:
        if found := self.contacts(case):
            who = {"practice_id": self.practice.pk, "case_id": case.pk, "by": self.by("scheduler")}
            self.attempt(send_link, case.pk, contact_id=pick(found, number).pk, **who)

    def not_me(self, case: Case, number: int) -> None:
        if found := list(Link.objects.filter(case=case).order_by("created_at", "generation")):
            self.attempt(not_me, case.pk, link=pick(found, number))

    def phone(self, case: Case, question: int, choice: int) -> None:
        asked = asked_of(case, self.now)
        if not asked:
            return
        one = pick(asked, question)
        chosen = pick(one.question.choices, choice)
        answer = self.answer_of(chosen)
        told = {"speaker": phone.Speaker("patient"), "said": [Said(one.question.item, answer, one.version)]}
        who = {"practice_id": self.practice.pk, "case_id": case.pk, "by": self.by("scheduler")}
        self.attempt(phone.record_phone_check, case.pk, **told, **who)

    def ask_prescriber(self, case: Case, how: str) -> None:
        rows = dict(Item.objects.filter(checklist=case.checklist_id).values_list("key", "version"))
        items = [f.item for f in self.verdict(case).findings if f.kind == "prescriber_clearance"]
        if items:
            known = case.patient.contacts.filter(kind="prescriber", ended_at=None).first()
            whom = known.pk if known else NewContact("prescriber", "Dr. Prescriber", "doctor@others.example")
            told = {"whom": whom, "seen_versions": {item: rows.get(item, 0) for item in items}, "how": how}
            who = {"practice_id": self.practice.pk, "case_id": case.pk, "by": self.by("scheduler")}
            self.attempt(ask_prescriber, case.pk, authority=Authority.SCHEDULER, **told, **who)

    def prescriber_answers(self, case: Case, answer: str) -> None:
        link = Link.objects.filter(case=case, contact__kind="prescriber").order_by("-generation").first()
        if link is not None and link.items:
            rows = dict(Item.objects.filter(checklist=case.checklist_id).values_list("key", "version"))
            values = {item: {"answer": answer, "prescriber": "Dr. Prescriber"} for item in link.items}
            seen = {item: rows.get(item, 0) for item in values}
            self.attempt(answer_clearance, case.pk, link=link, values=values, seen_versions=seen)

    # Patients mixed up

    def merge(self, one: Case, other: Case, side: str) -> None:
        first, second = Patient.objects.get(pk=one.patient_id), Patient.objects.get(pk=other.patient_id)
        choice = merging.Choice((), side, ("name", "birth_date"), "They showed their passport.")
        who = {"survivor_id": first.pk, "duplicate_id": second.pk, "seen_versions": (first.version, second.version)}
        told = {**who, "choice": choice, "by": self.by("scheduler")}
        self.attempt(merging.merge_patients, one.pk, practice_id=self.practice.pk, **told)

    def part(self) -> None:
        merge = PatientMerge.objects.filter(practice=self.practice, undone_at=None).order_by("-merged_at").first()
        if merge is not None:
            told = {"merge_id": merge.pk, "reason": "two people", "seen_version": merge.version}
            self.attempt(parting.undo_merge, practice_id=self.practice.pk, by=self.by("scheduler"), **told)

    def refile_case(self, case: Case, other: Case) -> None:
        self.on(refiling.refile_case, case, "scheduler", to_patient_id=other.patient_id, reason="the wrong row")

    def refile_evidence(self, case: Case, other: Case, word: int) -> None:
        rows = list(Evidence.objects.filter(checklist=case.checklist_id, error=None).order_by("-pk"))
        if rows:
            row = pick(rows, word)
            items = Item.objects.filter(key=row.item)
            seen = [
                items.filter(checklist=c.checklist_id).values_list("version", flat=True).first() for c in (case, other)
            ]
            told = {"public_id": row.public_id, "to_case_id": other.pk, "reason": "the wrong patient's"}
            versions = (seen[0] or 0, seen[1] or 0)
            who = {"authority": Authority.CLINICIAN, "by": self.by("clinician"), "seen_versions": versions}
            self.attempt(refiling.refile_evidence, case.pk, practice_id=self.practice.pk, **told, **who)

    # Papers and protocols

    def enter_from_paper(self, case: Case, hours: int, until: int, room: int) -> None:
        start = self.now - timedelta(hours=hours)
        given = {
            "arrived_at": start - timedelta(hours=1) if case.arrived_at is None else None,
            "checked_in_at": start - timedelta(minutes=40) if case.checked_in_at is None else None,
            "started_at": start if case.started_at is None else None,
            "finished_at": start + timedelta(minutes=40) if until > 0 and case.finished_at is None else None,
            "discharged_at": start + timedelta(minutes=55) if until > 1 else None,
        }
        slot = self.slot(0, 9, room or 1)
        place = Place(slot.room, slot.proceduralist, slot.bay) if room else None
        told = {"paper": SHEET, "times": PaperTimes(**given), "place": place, "although_taken": True}
        self.on(enter_from_paper, case, "clinician", **told)

    def adopt_version(self) -> None:
        number = len(self.versions()) + 1
        document = {**demonstration_document(), "title": f"DEMONSTRATION, edition {number}"}
        who = {"by": self.by("clinician"), "now": self.now}
        signing.sign(
            version=signing.adopt(practice_id=self.practice.pk, name="demonstration", document=document, **who), **who
        )

    def withdraw_version(self, number: int) -> None:
        told = {"reason": "a number was wrong", "by": self.by("clinician")}
        self.attempt(signing.withdraw, version=pick(self.versions(), number), **told)

    def move_cases(self, number: int) -> None:
        version, target = pick(self.versions(), number), self.versions()[-1]
        if version.pk != target.pk:
            preview = case_moves.preview_move(version=version, target=target, now=self.now)
            chosen = {row.case.pk: row.seen for row in preview.rows}
            for case_id, seen in chosen.items():
                told = {"version": version, "target": target, "case_id": case_id, "seen": seen}
                self.attempt(case_moves.move_case, case_id, by=self.by("clinician"), **told)

    # The clock

    def wait(self, **span: float) -> None:
        self.now += timedelta(**span)

    def sweep(self) -> Swept:
        """Until nothing is due, as the beat does within minutes."""
        swept = sweep_due_cases(clock=lambda: self.now)
        assert swept.failed == 0, "a case could not be swept"
        return swept

    def send(self, answer: str = "taken") -> Post:
        post = Post(self, ANSWERS[answer])
        send_due(
            practice_id=self.practice.pk,
            clock=lambda: self.now,
            until=self.now + timedelta(seconds=30),
            still_true=lambda message: messages.still_true(message, self.now),
            transport=post,
            owner="walk",
            random=lambda: 0.0,
            limit=200,
            on_failed=lambda undelivered: owe_undelivered(undelivered=undelivered, now=self.now),
            on_expired=lambda late: owe_expired(undelivered=late, now=self.now),
        )
        return post
