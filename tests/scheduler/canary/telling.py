"""The canary patient's whole story, told by staff and phones whose every request is watched."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from django.test import Client
from django.urls import reverse

from scheduler.models import Case, Contact, Practice, Task, User
from scheduler.pages.answers import prefix_of
from scheduler.pages.session import PRACTICE
from scheduler.services.demonstration import Person, Story
from tests.conftest import NOW
from tests.scheduler.api.bodies import consult
from tests.scheduler.canary.words import SEALED, WORDS, Heard, Traffic
from tests.scheduler.pages.my.visiting import birth_date, follow, link_of
from tests.scheduler.services.mailing import Mailbox, send_all
from tests.scheduler.world import item_version

START = NOW + timedelta(days=4, hours=2)
BORN = date.fromisoformat(WORDS["born on"])
APIXABAN = "prescriber_clearance:apixaban"


@dataclass
class Told:
    """Everything that was heard, seen and sent while the story was told."""

    case: Case
    heard: Heard
    traffic: Traffic
    mails: list[tuple[str, str]]
    rings: list[str]


@dataclass
class Teller:
    """Staff and phones whose every request is watched."""

    practice: Practice
    staff: dict[str, User]
    api: Callable[..., Client]
    traffic: Traffic = field(default_factory=Traffic)

    def call(self, role: str, route: str, body: dict[str, Any] | None, expect: int = 200, **ids: Any) -> Any:
        client = self.traffic.watch(self.api(role))
        url, key = reverse(route, kwargs=ids), {"idempotency-key": f"{route}-{len(self.traffic.addresses)}"}
        method = "GET" if body is None else "POST"
        text = "" if body is None else json.dumps(body, default=str)
        answer = client.generic(method, url, text, content_type="application/json", headers=key)
        assert answer.status_code == expect, answer.content.decode()
        return answer.json()

    def page(self, role: str, place: Practice | None = None, user: User | None = None) -> Client:
        client = Client()
        client.force_login(user or self.staff[role])
        session = client.session
        session[PRACTICE] = str((place or self.practice).pk)
        session.save()
        return self.traffic.watch(client)


def tell_everything(teller: Teller, resources: Any, at: Callable[[datetime], None], box: Mailbox) -> Case:
    case = referral(teller)
    story = Story(
        teller.practice,
        teller.staff,
        resources,
        Person(WORDS["family name"], WORDS["given name"], BORN, "female", ("apixaban",)),
        NOW,
        START,
        values={"candidacy": {**CANDIDATE, "indication": WORDS["indication"]}},
    )
    story.consulted(case)
    story.imaged(case)
    teller.call("nurse", "case-evidence", allergy(case), 201, case_id=case.pk)
    struck = teller.call("scheduler", "case-evidence", consult(case), 201, case_id=case.pk)
    strike(teller, case, struck)
    book_and_move(teller, case, story)
    story.tested(case)
    ask_the_prescriber(teller, case)
    send_all(NOW, box)
    answer_on_the_phone(teller, case)
    answer_by_links(teller, case)
    look_around(teller, case)
    the_day(teller, case, story, at)
    send_all(START, box)
    return case


CANDIDATE = {"exclusions": [], "pain_matches_imaging": True, "can_lie_prone": True}


def referral(teller: Teller) -> Case:
    contacts = [
        {"email": SEALED["email"], "phone": SEALED["phone"], "address": SEALED["address"]},
        {
            "kind": "caregiver",
            "name": WORDS["caregiver"],
            "email": SEALED["caregiver's email"],
            "permission": WORDS["permission"],
        },
        {"kind": "prescriber", "name": f"Dr. {WORDS['prescriber']}", "email": SEALED["prescriber's email"]},
    ]
    patient = teller.call(
        "scheduler",
        "patients",
        {
            "family_name": WORDS["family name"],
            "given_name": WORDS["given name"],
            "born_on": WORDS["born on"],
            "sex": "female",
            "record_number": SEALED["record number"],
            "contacts": contacts,
        },
        201,
    )
    plan = {
        "procedure": WORDS["procedure"],
        "levels": ["L1"],
        "cause": WORDS["cause"],
        "anesthesia": "sedation",
        "fractured": {"on": "2027-02-08"},
        "weight_kg": 61.0,
        "allergies": [WORDS["allergy"]],
        "medications": [{"name": "apixaban", "indication": WORDS["why the drug"]}],
        "patient": patient["id"],
        "protocol": "demonstration",
    }
    opened = teller.call("scheduler", "cases", plan, 201)
    return Case.objects.get(pk=opened["id"])


def allergy(case: Case) -> dict[str, Any]:
    allergens = dict.fromkeys(("cement", "contrast", "anesthetic"), "none")
    value = {**allergens, "antibiotic": "known", "substances": [WORDS["allergy"]]}
    return {**consult(case), "item": "allergies", "value": value, "version": item_version(case, "allergies")}


def strike(teller: Teller, case: Case, struck: Any) -> None:
    public_id = struck["evidence"]["id"] if "evidence" in struck else struck["id"]
    seen = {"version": item_version(case, "consult")}
    teller.call("scheduler", "evidence-error", {"reason": WORDS["strike"], **seen}, evidence_id=public_id)


def book_and_move(teller: Teller, case: Case, story: Story) -> None:
    """Booked, moved, released with words, and booked again."""
    case.refresh_from_db()
    chosen = dict(zip(("room", "proceduralist", "bay"), (story.resources[n].pk for n in story.slot), strict=True))
    slot = {"starts_at": (START + timedelta(hours=1)).isoformat(), **chosen}
    teller.call("scheduler", "case-bookings", {**slot, "version": case.version}, 201, case_id=case.pk)
    case.refresh_from_db()
    moved = {**slot, "starts_at": (START + timedelta(hours=2)).isoformat(), "version": case.version}
    teller.call("scheduler", "booking-move", moved, booking_id=case.booking_id)
    case.refresh_from_db()
    release = {"version": case.version, "reason": WORDS["release"]}
    teller.call("scheduler", "booking-cancel", release, booking_id=case.booking_id)
    for task in Task.objects.filter(case=case, kind="reschedule", done_at=None):
        done = {"outcome": WORDS["outcome"], "version": task.version}
        teller.call("scheduler", "task-done", done, task_id=task.pk)
    case.refresh_from_db()
    again = {**slot, "starts_at": START.isoformat(), "version": case.version}
    teller.call("scheduler", "case-bookings", again, 201, case_id=case.pk)
    case.refresh_from_db()


def ask_the_prescriber(teller: Teller, case: Case) -> None:
    asked = Contact.objects.get(patient=case.patient, kind="prescriber")
    items = [{"item": APIXABAN, "version": item_version(case, APIXABAN)}]
    body = {"contact": str(asked.pk), "how": "link", "items": items}
    teller.call("scheduler", "case-clearance", body, 201, case_id=case.pk)
    desk = teller.page("scheduler")
    assert desk.get(f"/desk/cases/{case.pk}/clearance/{asked.pk}/letter/").status_code == 200


def answer_on_the_phone(teller: Teller, case: Case) -> None:
    ride = {"choice": "yes", "yes-name": WORDS["escort"], "yes-phone": SEALED["escort's phone"], "version": 0}
    body = {"act": "save", "who-speaker": "patient", "who-identified": "on"}
    body |= {f"{prefix_of('ride')}-{name}": value for name, value in ride.items()}
    answer = teller.page("scheduler").post(f"/desk/cases/{case.pk}/phone/", body)
    assert Contact.objects.filter(patient=case.patient, kind="escort").exists(), answer.content.decode()


def answer_by_links(teller: Teller, case: Case) -> None:
    """The patient, the caregiver and the prescriber at their links; every page of theirs."""
    wrong = teller.traffic.watch(follow(link_of(case)))
    assert wrong.post("/my/", birth_date(date(1951, 1, 1))).status_code == 400
    for kind in ("patient", "caregiver"):
        phone = teller.traffic.watch(follow(link_of(case, kind)))
        assert phone.post("/my/", birth_date(BORN)).status_code == 302
        for step in phone.get("/my/").context["steps"]:
            phone.get(f"/my/questions/{step.address}/")
            prefix = prefix_of(step.question.item)
            told = {f"{prefix}-choice": "call_me", f"{prefix}-version": str(step.asked.version)}
            if kind == "patient":
                phone.post(f"/my/questions/{step.address}/", told)
        for path in ("check/", "done/", "appointment.ics"):
            phone.get(f"/my/{path}")
    doctor = teller.traffic.watch(follow(link_of(case, "prescriber")))
    assert doctor.post("/my/", birth_date(BORN)).status_code == 302
    given = {"version": str(item_version(case, APIXABAN)), "answer": "agreed", "last_dose_on": "2027-03-01"}
    given |= {"bridging": "no", "bridging_how": "", "reason": WORDS["why the drug"]}
    body = {"prescriber": f"Dr. {WORDS['prescriber']}", **{f"drug0-{name}": value for name, value in given.items()}}
    assert doctor.post("/my/clearance/", body).status_code in (302, 400)


def look_around(teller: Teller, case: Case) -> None:
    """Every page of the case and of the boards, searches by its words, and what is refused."""
    pages = ["/desk/", "/desk/day/?date=2027-03-05", "/desk/tasks/", "/ward/?date=2027-03-05", "/desk/new/"]
    pages += [f"/desk/cases/{case.pk}/{each}" for each in ("", "record/", "phone/", "clearance/", "book/")]
    pages += [f"/ward/cases/{case.pk}/", "/sign/", f"/ward/cases/{case.pk}/infection/"]
    for role in ("scheduler", "nurse", "clinician"):
        client = teller.page(role)
        for path in pages:
            client.get(path)
    for text in (WORDS["family name"], SEALED["record number"]):
        hits = teller.call("scheduler", "patient-search", {"text": text})
        assert [hit["family_name"] for hit in hits["results"]] == [WORDS["family name"]]
    teller.call("nurse", "case", None, case_id=case.pk)
    teller.call("clinician", "case-start", {"version": case.version}, 409, case_id=case.pk)
    bad = {**allergy(case), "value": {"cement": WORDS["allergy"]}}
    teller.call("nurse", "case-evidence", bad, 400, case_id=case.pk)
    again = {"family_name": WORDS["family name"], "given_name": WORDS["given name"], "born_on": WORDS["born on"]}
    teller.call("scheduler", "patients", {**again, "record_number": SEALED["record number"]}, 409)
    # A page for a new case that is filled wrongly shows what was typed, in its body only.
    teller.page("scheduler").post("/desk/new/", again)


def the_day(teller: Teller, case: Case, story: Story, at: Callable[[datetime], None]) -> None:
    at(START - timedelta(hours=2))
    nurse = teller.page("nurse")
    nurse.post(f"/ward/cases/{case.pk}/identity/", {"matched": ["name", "birth_date"]})
    nurse.post(f"/ward/cases/{case.pk}/arrive/", {})
    case.refresh_from_db()
    nurse.post(f"/ward/cases/{case.pk}/ask-override/", {"item": "ride", "reason": WORDS["override"]})
    for path in ("/ward/", "/ward/?initials=1", f"/ward/cases/{case.pk}/", "/desk/day/", "/sign/"):
        nurse.get(path)
    case.refresh_from_db()
    ended = {"version": case.version, "ending": "cancelled", "reason": WORDS["ending"]}
    assert teller.page("scheduler").post(f"/desk/cases/{case.pk}/end/", ended).status_code == 302
