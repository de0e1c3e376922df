"""Restart decisions: evidence of a clinician, or the outcome after a move."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from checklists.models import Evidence
from checklists.rules.values import Authority
from scheduler.models import Case, Task
from scheduler.services.bookings import move_booking, release_booking
from tests.conftest import NOW, START
from tests.remembered import Once
from tests.scheduler.pages.signing.acts import (
    entries,
    fresh,
    only,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def put_off(tell: Callable[..., Case], staff: dict[str, Any], once: Once) -> Case:
    """A case whose drug was stopped and whose booking is released."""
    case = tell("held", start=START + timedelta(days=4), drugs=("apixaban",))
    given = {"practice_id": case.practice_id, "booking_id": case.booking_id, "seen_version": case.version}
    by, now = staff["scheduler"].by, NOW - timedelta(hours=1)
    once("released", lambda: release_booking(**given, reason="room closed", by=by, now=now).case.pk)
    return fresh(case)


def restart(client: Client, entry: Any, **change: Any) -> Any:
    form = {"entry": entry.slug, "version": entry.task.version, "item_version": entry.item_version}
    form |= {"decision": "restart", "restart_on": "2027-03-02"}
    return client.post(f"/sign/tasks/{entry.task.pk}/restart/", {**form, **change})


def test_restart_decision_is_recorded_as_a_clinicians_evidence_and_settles_its_task(
    put_off: Case, signed_in: Callable[[str], Client], staff: dict[str, Any]
) -> None:
    client = signed_in("clinician")
    page = client.get("/sign/").content.decode()
    assert "Apixaban was stopped. A clinician decides" in page
    assert "restart 24 h after the procedure" in page
    assert "last dose at" in page
    assert restart(client, only(client))["Location"] == "/sign/?done=decided"
    evidence = Evidence.objects.get(checklist=put_off.checklist, item="restart_decision:apixaban")
    assert (evidence.value, evidence.authority, evidence.recorded_by) == (
        {"decision": "restart", "restart_on": "2027-03-02"},
        Authority.CLINICIAN,
        staff["clinician"].by,
    )
    assert not Task.objects.filter(case=put_off, kind="restart_decision", done_at=None).exists()
    assert entries(client.get("/sign/")) == []


@pytest.mark.parametrize("decision", ["do_not_restart", "prescriber_decides"])
def test_decision_without_a_day_is_recorded_without_one(
    decision: str, put_off: Case, signed_in: Callable[[str], Client]
) -> None:
    client = signed_in("clinician")
    restart(client, only(client), decision=decision)
    evidence = Evidence.objects.get(checklist=put_off.checklist, item="restart_decision:apixaban")
    assert evidence.value == {"decision": decision}


WRONG: list[tuple[dict[str, str], str]] = [
    ({"decision": ""}, "This field is required."),
    ({"decision": "maybe"}, "Select a valid choice"),
    ({"restart_on": ""}, "Give the day on which the patient takes it again."),
    ({"restart_on": "2027-02-28"}, "2027-02-28 is over."),
    ({"item_version": "7"}, "you saw version 7"),
]


def test_restart_form_says_what_is_wrong_and_records_nothing(put_off: Case, signed_in: Callable[[str], Client]) -> None:
    client = signed_in("clinician")
    row = only(client)
    for change, said in WRONG:
        answer = restart(client, row, **change)
        assert (change, answer.status_code in (400, 409), said in answer.content.decode()) == (change, True, True)
        assert not Evidence.objects.filter(item__startswith="restart_decision").exists()


def test_restart_after_a_move_is_decided_by_an_outcome(
    tell: Callable[..., Case], signed_in: Callable[[str], Client], staff: dict[str, Any], resources: dict[str, Any]
) -> None:
    from scheduler.services.bookings import Slot

    case = tell("held", start=START + timedelta(days=4), drugs=("apixaban",))
    assert case.booking is not None
    move_booking(
        practice_id=case.practice_id,
        booking_id=case.booking.pk,
        slot=Slot(START + timedelta(days=14), *(resources[n].pk for n in ("Room 1", "Chris Clinician", "Bay 1"))),
        seen_version=case.version,
        by=staff["scheduler"].by,
        now=NOW - timedelta(minutes=10),
    )
    client = signed_in("clinician")
    entry = next(e for e in entries(client.get("/sign/")) if e.kind == "restart_decision")
    assert (entry.item.startswith("moved:"), entry.drug) == (True, "apixaban")
    assert restart(client, entry)["Location"] == "/sign/?done=decided"
    entry.task.refresh_from_db()
    assert entry.task.outcome == "Restart it on 2027-03-02"
    again = restart(client, entry, decision="do_not_restart")
    entry.task.refresh_from_db()
    assert (again.status_code, entry.task.outcome) == (409, "Restart it on 2027-03-02")
