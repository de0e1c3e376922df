"""Change plan: what reopens is shown before it is saved, and only what was shown is saved."""

import re
from collections.abc import Callable
from datetime import timedelta
from html import unescape
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from checklists.models import Facts
from checklists.services.checklists import current_facts
from scheduler.models import Case, Record, Task
from tests.conftest import START

pytestmark = pytest.mark.django_db


@pytest.fixture
def booked(tell: Callable[..., Case]) -> Case:
    return tell("booked", drugs=("apixaban",), start=START + timedelta(days=7))


def address(case: Case) -> str:
    return f"/desk/cases/{case.pk}/plan/"


def typed(shown: Any) -> dict[str, str]:
    """The form as it stands on the page, as a browser would send it."""
    form = shown.context["form"]
    values = {name: form[name].value() for name in form.fields}
    hidden = dict(re.findall(r'<input type="hidden" name="(version|shown)" value="([^"]*)"', shown.content.decode()))
    return {**{name: "" if value is None else str(value) for name, value in values.items()}, **hidden}


def send(client: Client, case: Case, page: Any, do: str, **changed: str) -> Any:
    return client.post(address(case), {**typed(page), **changed, "do": do})


def text(answer: Any) -> str:
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", answer.content.decode())).split())


def test_preview_shows_what_reopens_and_writes_nothing(booked: Case, signed_in: Callable[[str], Client]) -> None:
    desk = signed_in("scheduler")
    counted = (Facts.objects.count(), Record.objects.count(), Task.objects.count())
    answer = send(desk, booked, desk.get(address(booked)), "preview", levels="L2")
    assert answer.status_code == 200
    told = text(answer)
    assert "Nothing is saved yet. Changed: levels." in told
    assert "The MRI does not show L2. Image it, or correct the levels." in told
    changes = {one.item: (one.before.status, one.after.status) for one in answer.context["preview"].both.items}
    assert changes["imaging"] == ("satisfied", "failed")
    assert (Facts.objects.count(), Record.objects.count(), Task.objects.count()) == counted
    booked.refresh_from_db()
    assert current_facts(booked.checklist).levels == ("L1",)


def test_what_was_shown_is_saved_by_the_service(booked: Case, signed_in: Callable[[str], Client]) -> None:
    desk = signed_in("scheduler")
    shown = send(desk, booked, desk.get(address(booked)), "preview", worsened="2027-03-01", has_stent="no")
    assert "Changed: new fall, new pain or new deficit, conditions denied." in text(shown)
    answer = send(desk, booked, shown, "save")
    assert (answer.status_code, answer["Location"]) == (302, f"/desk/cases/{booked.pk}/?saved=plan")
    booked.refresh_from_db()
    facts = current_facts(booked.checklist)
    assert facts.worsened is not None and facts.worsened.earliest.isoformat() == "2027-03-01"
    assert facts.conditions_denied == {"stent"}
    assert [m.name for m in facts.medications] == ["apixaban"]
    assert Record.objects.filter(subject=str(booked.pk), action="plan_changed").count() == 1


@pytest.mark.parametrize("shown_as", ["", "something else"])
def test_plan_that_was_not_shown_is_shown_and_not_saved(
    shown_as: str, booked: Case, signed_in: Callable[[str], Client]
) -> None:
    desk = signed_in("scheduler")
    answer = send(desk, booked, desk.get(address(booked)), "save", levels="L2", shown=shown_as)
    assert (answer.status_code, "Nothing is saved yet." in text(answer)) == (409, True)
    assert current_facts(booked.checklist).levels == ("L1",)
    changed_since = send(desk, booked, answer, "save", levels="L3")
    assert changed_since.status_code == 409
    assert send(desk, booked, answer, "save").status_code == 302


def test_preview_of_an_older_case_is_refused(booked: Case, signed_in: Callable[[str], Client]) -> None:
    desk = signed_in("scheduler")
    old = desk.get(address(booked))
    Case.objects.filter(pk=booked.pk).update(version=booked.version + 1)
    for do in ("preview", "save"):
        answer = send(desk, booked, old, do, levels="L2")
        assert (answer.status_code, "Save this plan" in text(answer)) == (409, False)


UNREADABLE: list[tuple[dict[str, str], str]] = [
    ({"levels": "C9"}, "levels"),
    ({"levels": ""}, "levels"),
    ({"weight_kg": "2"}, "weight_kg"),
    ({"worsened_latest": "2027-03-01"}, "worsened"),
    ({"worsened": "2027-03-02", "worsened_latest": "2027-03-01"}, "worsened_latest"),
    ({"has_diabetes": "perhaps"}, "has_diabetes"),
    ({"more_conditions": "2 stents"}, "more_conditions"),
    ({"more_conditions": "stent"}, "more_conditions"),
]


def test_what_cannot_be_read_is_named_and_nothing_is_shown(booked: Case, signed_in: Callable[[str], Client]) -> None:
    desk = signed_in("scheduler")
    shown = desk.get(address(booked))
    for changed, field in UNREADABLE:
        answer = send(desk, booked, shown, "preview", **changed)
        assert (changed, answer.status_code, list(answer.context["form"].errors)) == (changed, 400, [field])
        assert answer.context["preview"] is None


def test_plan_of_a_procedure_that_began_is_not_changed(
    tell: Callable[..., Case], signed_in: Callable[[str], Client]
) -> None:
    case, desk = tell("started"), signed_in("clinician")
    answer = send(desk, case, desk.get(address(case)), "preview", levels="L2")
    assert (answer.status_code, "to change the plan it must be referred" in text(answer)) == (409, True)


def test_api_preview_says_the_same(
    booked: Case, signed_in: Callable[[str], Client], api: Callable[..., Client]
) -> None:
    desk = signed_in("scheduler")
    page = send(desk, booked, desk.get(address(booked)), "preview", levels="L2", fractured="", medications="none")
    plan = {"procedure": "kyphoplasty", "levels": ["L2"], "medications": [], "preview": True}
    facts = current_facts(booked.checklist)
    plan |= {"fractured": None, "cause": facts.cause, "anesthesia": facts.anesthesia, "weight_kg": facts.weight_kg}
    answer = api("scheduler").post(
        reverse("case-plan", kwargs={"case_id": booked.pk}),
        {**plan, "version": booked.version},
        content_type="application/json",
    )
    assert answer.status_code == 200
    verdict = answer.json()["case"]["verdict"]
    after = page.context["preview"].both.after
    assert verdict["state"] == after.state
    assert {f["item"]: (f["status"], f["code"]) for f in verdict["findings"]} == {
        item: (word.status, word.code) for item, word in after.words.items()
    }
