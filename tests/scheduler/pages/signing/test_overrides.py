"""Overrides asked for: carried with a fresh password, declined, or gone by themselves; shown so everywhere."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from checklists.models import Evidence, Override
from checklists.rules.values import Authority
from scheduler.models import Case, Practice, Record, Task
from scheduler.services.boards import rows
from scheduler.services.demonstration import PASSWORD
from scheduler.services.evidence import record_evidence
from tests.conftest import NOW, START
from tests.scheduler.pages.signing.acts import (
    FEVER,
    NO_RIDE,
    SOON,
    ask,
    entries,
    fresh,
    only,
)

pytestmark = pytest.mark.django_db


def override(client: Client, entry: Any, **change: Any) -> Any:
    form = {"entry": entry.slug, "inputs": entry.finding.inputs, "version": entry.case.version}
    form |= {"reason": "the clinic bus", "password": PASSWORD}
    return client.post(f"/sign/tasks/{entry.task.pk}/override/", {**form, **change})


def test_override_needs_the_clinicians_own_password_and_every_page_shows_it(
    tell: Callable[..., Case], signed_in: Callable[[str], Client], staff: dict[str, Any], practice: Practice
) -> None:
    case, client = tell("prepared", start=SOON, ride=NO_RIDE), signed_in("clinician")
    ask(case, "ride", practice, staff)
    entry = only(client)
    page = client.get("/sign/").content.decode()
    assert ("Nadia Nurse" in page, "The clinic bus takes her home." in page) == (True, True)
    refused = override(client, entry, password="not mine at all")
    page = refused.content.decode()
    assert ("This is not your password." in page, "(field" in page) == (True, False)
    assert (refused.status_code, Override.objects.count()) == (403, 0)
    assert ("the clinic bus" in refused.content.decode(), "not mine at all" in refused.content.decode()) == (
        True,
        False,
    )
    last = Record.objects.filter(practice=practice).order_by("-number")[0]
    assert (last.action, last.codes) == ("refused", ["fresh_authentication_required", "wrong_password"])
    assert rows([fresh(case)], NOW)[0].state == "blocked"

    assert override(client, only(client))["Location"] == "/sign/?done=overridden"
    row = Override.objects.get(checklist=case.checklist)
    assert (row.item, row.reason, row.by, row.second_by) == ("ride", "the clinic bus", staff["clinician"].by, "")
    assert Task.objects.get(case=case, kind="override").outcome == "overridden: the clinic bus"
    shown = rows([fresh(case)], NOW)[0]
    assert (shown.steps["ride"], shown.state, shown.blocking) == ("overridden", "pending", [])
    for address in ("/desk/", "/desk/day/?date=2027-03-02", f"/desk/cases/{case.pk}/"):
        assert (
            "Nobody can take the patient home."
            not in client.get(address).content.decode().split("<h2>Tasks")[0].split("<h2>The seven steps")[0]
        )
    whole = client.get(f"/desk/cases/{case.pk}/").content.decode()
    assert ("the clinic bus" in whole, "Chris Clinician" in whole or "Sam Second" in whole) == (True, True)
    assert "⚑" in client.get("/desk/").content.decode()


def test_case_whose_every_open_item_is_carried_shows_as_overridden(
    tell: Callable[..., Case], signed_in: Callable[[str], Client], staff: dict[str, Any], practice: Practice
) -> None:
    case = tell("arrived", now=START - timedelta(minutes=40), ride={"available": False, "seen": True})
    client = signed_in("clinician")
    task = ask(case, "ride", practice, staff)
    entry = next(e for e in entries(client.get("/sign/")) if e.task == task)
    assert override(client, entry).status_code == 302
    now = START - timedelta(minutes=39)
    assert rows([fresh(case)], now)[0].state == "overridden"
    # For another day the item stands open again.
    assert rows([fresh(case)], START + timedelta(days=1))[0].state == "blocked"


def test_item_that_wants_two_asks_for_the_second_and_takes_no_other(
    tell: Callable[..., Case], signed_in: Callable[[str], Client], staff: dict[str, Any], practice: Practice
) -> None:
    case, client = tell("prepared", start=SOON, labs=None), signed_in("clinician")
    ask(case, "labs", practice, staff)
    entry = only(client)
    assert "second_email" in client.get("/sign/").content.decode()
    second = {"second_email": "nurse@demo.example", "second_password": PASSWORD}
    answers = [
        override(client, entry),
        override(client, entry, **{**second, "second_password": "wrong secret"}),
        override(client, entry, **{**second, "second_email": "desk@demo.example"}),
    ]
    assert [answer.status_code for answer in answers] == [409, 403, 409]
    assert "nurse@demo.example" in answers[1].content.decode()
    assert not any(secret in a.content.decode() for a in answers for secret in (PASSWORD, "wrong secret"))
    assert Override.objects.count() == 0
    assert override(client, entry, **second).status_code == 302
    assert Override.objects.get().second_by == staff["nurse"].by


def test_item_that_is_never_overridden_offers_none_and_says_why(
    tell: Callable[..., Case], signed_in: Callable[[str], Client], staff: dict[str, Any], practice: Practice
) -> None:
    case, client = tell("arrived", infection_check=FEVER), signed_in("clinician")
    ask(case, "infection_check", practice, staff)
    entry = only(client)
    page = client.get("/sign/").content.decode()
    assert ("This item is never overridden" in page, 'name="password"' in page) == (True, False)
    assert (override(client, entry).status_code, Override.objects.count()) == (409, 0)


def test_override_is_declined_with_its_reason_and_only_once(
    tell: Callable[..., Case], signed_in: Callable[[str], Client], staff: dict[str, Any], practice: Practice
) -> None:
    case, client = tell("prepared", start=SOON, ride=NO_RIDE), signed_in("clinician")
    task = ask(case, "ride", practice, staff)
    entry = only(client)
    form = {"entry": entry.slug, "version": task.version, "outcome": ""}
    assert client.post(f"/sign/tasks/{task.pk}/decline/", form).status_code == 400
    assert client.post(f"/sign/tasks/{task.pk}/decline/", {**form, "outcome": "find a driver"}).status_code == 302
    task.refresh_from_db()
    assert (task.outcome, task.done_by) == ("declined: find a driver", staff["clinician"].by)
    assert (override(client, entry).status_code, Override.objects.count()) == (409, 0)


def test_desk_and_ward_cannot_close_what_a_clinician_was_asked(
    tell: Callable[..., Case], signed_in: Callable[[str], Client], staff: dict[str, Any], practice: Practice
) -> None:
    task = ask(tell("prepared", start=SOON, ride=NO_RIDE), "ride", practice, staff)
    for role in ("scheduler", "nurse"):
        signed_in(role).post(f"/desk/tasks/{task.pk}/done/", {"version": task.version, "outcome": "fine"})
        refused = signed_in(role).post(f"/sign/tasks/{task.pk}/decline/", {"version": task.version, "outcome": "fine"})
        assert refused.status_code == 403
    task.refresh_from_db()
    assert task.done_at is None


def test_request_ends_by_itself_once_the_item_is_met(
    tell: Callable[..., Case], signed_in: Callable[[str], Client], staff: dict[str, Any], practice: Practice
) -> None:
    case = tell("prepared", start=SOON, ride=NO_RIDE)
    task = ask(case, "ride", practice, staff)
    wrong = Evidence.objects.get(checklist=case.checklist, item="ride")
    record_evidence(
        practice_id=case.practice_id,
        case_id=case.pk,
        item="ride",
        value={"available": True, "adult": True, "transport": "car"},
        observed_at=NOW,
        said_by="staff",
        authority=Authority.SCHEDULER,
        seen_version=1,
        supersedes=[wrong.public_id],
        by=staff["scheduler"].by,
        now=NOW,
    )
    task.refresh_from_db()
    assert (task.outcome, entries(signed_in("clinician").get("/sign/"))) == (
        "mended: the checklist no longer asks for it",
        [],
    )
