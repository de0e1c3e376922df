"""A call of every endpoint that would succeed, with the case that it needs in its practice."""

import json
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from django.test import Client
from django.urls import reverse

from checklists.models import Evidence
from scheduler.models import Case, PatientMerge, ToldApart
from scheduler.services import case_moves, merging, signing, telling_apart
from scheduler.services.demonstration import PASSWORD
from scheduler.services.people import NewContact, NewPatient, add_contact, add_patient
from tests.conftest import NOW, START
from tests.scheduler.api.bodies import PATIENT, PLAN, Body, consult, on_paper, override, review
from tests.scheduler.services.steps import item_version
from tests.scheduler.world import World, booking_of


@dataclass(frozen=True)
class Call:
    ids: Mapping[str, uuid.UUID] = field(default_factory=dict)
    body: Body | None = None
    at: datetime = NOW
    query: Mapping[str, str] = field(default_factory=dict)


def send(client: Client, route: str, method: str, call: Call, **headers: str) -> Any:
    body = "" if call.body is None else json.dumps(call.body)
    url = reverse(route, kwargs=dict(call.ids)) + (f"?{urlencode(call.query)}" if call.query else "")
    return client.generic(method, url, body, content_type="application/json", headers=headers)


def of_case(case: Case, body: Body, at: datetime = NOW) -> Call:
    return Call({"case_id": case.pk}, body, at)


def seen(case: Case, at: datetime = NOW, **more: Any) -> Call:
    return of_case(case, {"version": case.version, **more}, at)


def of_booking(case: Case, **more: Any) -> Call:
    return Call({"booking_id": booking_of(case).pk}, {"version": case.version, **more})


def _patient_contacts(world: World) -> Call:
    return Call({"patient_id": world.tell("opened").patient_id}, {"phone": "555-0142"})


def _contact_end(world: World) -> Call:
    contact = world.tell("booked").patient.contacts.get()
    return Call({"contact_id": contact.pk}, {"version": contact.patient.version, "why": "not_theirs"})


def _patient_language(world: World) -> Call:
    patient = world.tell("booked").patient
    return Call({"patient_id": patient.pk}, {"version": patient.version, "language": "es"})


def _open_case(world: World) -> Call:
    patient = world.tell("opened").patient_id
    return Call(body={**PLAN, "patient": str(patient), "protocol": "demonstration"})


def _evidence(world: World) -> Call:
    case = world.tell("opened")
    return of_case(case, consult(case))


def _clearance(world: World) -> Call:
    case = world.tell("tested", drugs=("apixaban",), start=START + timedelta(days=14))
    contact = NewContact("prescriber", "Dr. Cardio", "cardio@practice.example")
    by = world.staff["scheduler"].by
    asked = add_contact(patient=case.patient, contact=contact, by=by, now=NOW)
    items = [{"item": "prescriber_clearance:apixaban", "version": 0}]
    return of_case(case, {"contact": str(asked.pk), "how": "link", "items": items})


def _override(world: World) -> Call:
    case = world.tell("prepared", ride={"available": False})
    return of_case(case, override(case))


def _review(world: World) -> Call:
    case = world.tell("prepared", ride={"available": False, "exempt": True})
    return of_case(case, review(case))


def _in_error(world: World) -> Call:
    case = world.tell("prepared")
    written = Evidence.objects.get(checklist=case.checklist, item="ride")
    return Call({"evidence_id": written.public_id}, {"reason": "another patient's", "version": item_version(written)})


def _task_done(world: World) -> Call:
    task = world.released()
    return Call({"task_id": task.pk}, {"outcome": "Offered Thursday.", "version": task.version})


def _move(world: World) -> Call:
    """A booked case, from the first version to a second one in force; `seen` as its preview says."""
    world.tell("booked")
    first, second = world.signed_version(), world.unsigned_version()
    signing.sign(version=second, by=world.staff["clinician"].by, now=NOW)
    second.refresh_from_db()  # signed, as the preview sees it
    row = case_moves.preview_move(version=first, target=second, now=NOW).rows[0]
    body = {"to": str(second.pk), "cases": [{"case": str(row.case.pk), "seen": row.seen}], "password": PASSWORD}
    return Call({"version_id": first.pk}, body)


def _preview(world: World) -> Call:
    return Call(_move(world).ids)


def _downtime(world: World) -> Call:
    case = world.tell("checked_in", now=START)
    signs = {"email": world.staff["clinician"].email, "password": PASSWORD}
    body = on_paper(case, decided_by=signs["email"], password="", clinician=signs)
    return of_case(case, body, START + timedelta(hours=3))


def _evidence_refile(world: World) -> Call:
    case, other = world.tell("prepared"), world.tell("opened")
    written = Evidence.objects.get(checklist=case.checklist, item="ride")
    versions = {"version": written.item_version, "to_version": 0}
    return Call({"evidence_id": written.public_id}, {"case": str(other.pk), "reason": "names mixed up", **versions})


def _case_refile(world: World) -> Call:
    case, other = world.tell("booked"), world.tell("opened")
    return seen(case, patient=str(other.patient_id), reason="names mixed up")


def _two_rows(world: World) -> tuple[Case, Case]:
    return world.tell("booked"), world.tell("opened")


def _merge(world: World) -> Call:
    kept, other = _two_rows(world)
    body = {
        "duplicate": str(other.patient_id),
        "version": 1,
        "duplicate_version": 1,
        "take": ["given_name"],
        "contacts": "survivor",
        "identifiers": ["name", "photo_id"],
        "reason": "Showed her card.",
    }
    return Call({"patient_id": kept.patient_id}, body)


def _merge_preview(world: World) -> Call:
    call = _merge(world)
    assert call.body is not None
    return Call(call.ids, query={"duplicate": call.body["duplicate"]})


def merged(world: World) -> PatientMerge:
    kept, other = _two_rows(world)
    return merging.merge_patients(
        practice_id=world.practice.pk,
        survivor_id=kept.patient_id,
        duplicate_id=other.patient_id,
        seen_versions=(1, 1),
        choice=merging.Choice((), "both", ("name", "photo_id"), "Showed her card."),
        by=world.staff["scheduler"].by,
        now=NOW,
    )


def _merges(world: World) -> Call:
    merged(world)
    return Call()


def _merge_undo(world: World) -> Call:
    made = merged(world)
    return Call({"merge_id": made.pk}, {"version": made.version, "reason": "They are sisters."})


def _tell_apart(world: World) -> Call:
    one, other = (world.tell("opened").patient_id for _ in range(2))
    body = {"other": str(other), "version": 1, "other_version": 1, "reason": "Twins: both were here."}
    return Call({"patient_id": one}, body)


def told_apart(world: World) -> ToldApart:
    one, other = (world.tell("opened").patient_id for _ in range(2))
    said = {"patient_ids": (one, other), "seen_versions": (1, 1), "reason": "Twins: both were here."}
    return telling_apart.tell_apart(practice_id=world.practice.pk, by=world.staff["scheduler"].by, now=NOW, **said)


def _told_apart(world: World) -> Call:
    told_apart(world)
    return Call()


def _told_apart_undo(world: World) -> Call:
    pair = told_apart(world)
    return Call({"apart_id": pair.pk}, {"version": pair.version, "reason": "One person with two cards."})


def _duplicates(world: World) -> Call:
    """Somebody was entered a second time."""
    known = world.tell("opened").patient
    again = NewPatient(known.family_name, known.given_name, known.born_on)
    add_patient(practice_id=world.practice.pk, patient=again, by=world.staff["scheduler"].by, now=NOW)
    return Call()


LATER = START + timedelta(days=1)
CALLS: dict[tuple[str, str], Callable[[World], Call]] = {
    ("health", "GET"): lambda _: Call(),
    ("schema", "GET"): lambda _: Call(),
    ("docs", "GET"): lambda _: Call(),
    ("practice", "GET"): lambda _: Call(),
    ("resources", "GET"): lambda _: Call(),
    ("patients", "POST"): lambda _: Call(body=PATIENT),
    ("patient-search", "POST"): lambda world: Call(body={"text": world.tell("opened").patient.family_name}),
    ("patient-contacts", "GET"): lambda world: Call({"patient_id": world.tell("booked").patient_id}),
    ("patient-contacts", "POST"): _patient_contacts,
    ("patient-language", "POST"): _patient_language,
    ("contact-end", "POST"): _contact_end,
    ("patient-duplicates", "GET"): _duplicates,
    ("patient-merge", "GET"): _merge_preview,
    ("patient-merge", "POST"): _merge,
    ("patient-tell-apart", "POST"): _tell_apart,
    ("told-apart", "GET"): _told_apart,
    ("told-apart-undo", "POST"): _told_apart_undo,
    ("merges", "GET"): _merges,
    ("merge-undo", "POST"): _merge_undo,
    ("cases", "GET"): lambda _: Call(),
    ("cases", "POST"): _open_case,
    ("case", "GET"): lambda world: Call({"case_id": world.tell("prepared").pk}),
    ("case-evidence", "POST"): _evidence,
    ("case-latest-times", "GET"): lambda world: Call({"case_id": world.tell("prepared").pk}),
    ("case-clearance", "POST"): _clearance,
    ("case-plan", "POST"): lambda world: seen(world.tell("opened"), **{**PLAN, "levels": ["L2"]}),
    ("case-bookings", "POST"): lambda world: seen(world.tell("imaged"), **world.slot(LATER)),
    ("case-arrive", "POST"): lambda world: of_case(world.tell("booked"), {}),
    ("case-check-in", "POST"): lambda world: seen(world.tell("arrived")),
    ("case-start", "POST"): lambda world: seen(world.tell("checked_in", now=START), START),
    ("case-finish", "POST"): lambda world: seen(world.started(), START + timedelta(minutes=50)),
    ("case-discharge", "POST"): lambda world: seen(world.recovering(), START + timedelta(hours=2)),
    ("case-downtime", "POST"): _downtime,
    ("case-close", "POST"): lambda world: seen(world.cancelled()),
    ("case-cancel", "POST"): lambda world: seen(world.tell("booked"), ending="withdrew", reason="asked for it"),
    ("case-reopen", "POST"): lambda world: seen(world.cancelled()),
    ("case-reviews", "POST"): _review,
    ("case-overrides", "POST"): _override,
    ("evidence-error", "POST"): _in_error,
    ("evidence-refile", "POST"): _evidence_refile,
    ("case-refile", "POST"): _case_refile,
    ("booking-move", "POST"): lambda world: of_booking(world.tell("booked"), **world.slot(LATER)),
    ("booking-cancel", "POST"): lambda world: of_booking(world.tell("booked"), reason="room closed"),
    ("board", "GET"): lambda _: Call(),
    ("tasks", "GET"): lambda _: Call(),
    ("task-done", "POST"): _task_done,
    ("protocols", "GET"): lambda _: Call(),
    ("protocols", "POST"): lambda _: Call(body={"name": "reference-asra"}),
    ("protocol", "GET"): lambda world: Call({"version_id": world.signed_version().pk}),
    ("protocol-diff", "GET"): lambda world: Call({"version_id": world.unsigned_version().pk}),
    ("protocol-move", "GET"): _preview,
    ("protocol-move", "POST"): _move,
    ("protocol-sign", "POST"): lambda world: Call({"version_id": world.unsigned_version().pk}, {"password": PASSWORD}),
    ("protocol-withdraw", "POST"): lambda world: Call(
        {"version_id": world.signed_version().pk}, {"reason": "old", "password": PASSWORD}
    ),
}
