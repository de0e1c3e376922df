"""A changed plan by API: what it does not speak of stays as it is recorded."""

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from django.test import Client

from checklists.rules.values import DateAbout, Facts, Medication
from checklists.services.checklists import current_facts
from scheduler.models import Case
from tests.scheduler.api.calls import CALLS, Call, World, of_case, send

pytestmark = pytest.mark.django_db
WHOLE: dict[str, Any] = {
    "procedure": "kyphoplasty",
    "levels": ["L1"],
    "cause": "trauma",
    "anesthesia": "general",
    "fractured": {"on": "2027-02-08"},
    "onset": {"on": "2027-02-09"},
    "diagnosed": {"on": "2027-02-10"},
    "worsened": {"on": "2027-02-11"},
    "weight_kg": 61.5,
    "allergies": ["bone cement"],
    "conditions": ["mri_contraindicated"],
    "conditions_denied": ["stent"],
    "medications": [{"name": "apixaban"}],
}
TAKEN_BACK = {
    "cause": (None, None),
    "anesthesia": (None, None),
    "fractured": (None, None),
    "onset": (None, None),
    "diagnosed": (None, None),
    "worsened": (None, None),
    "weight_kg": (None, None),
    "allergies": ([], ()),
    "conditions": ([], frozenset()),
    "conditions_denied": ([], frozenset()),
    "medications": ([], ()),
}


@pytest.fixture
def case(world: World, at: object, api: Callable[..., Client]) -> Case:
    call = CALLS["cases", "POST"](world)
    kept = {name: call.body[name] for name in ("patient", "protocol")} if call.body else {}
    opened = send(api("scheduler"), "cases", "POST", Call(body={**kept, **WHOLE}))
    assert opened.status_code == 201, opened.content
    return Case.objects.get(pk=opened.json()["id"])


def changed(client: Client, case: Case, **said: Any) -> Facts:
    body = {"procedure": "kyphoplasty", "levels": ["L1"], "version": case.version, **said}
    answer = send(client, "case-plan", "POST", of_case(case, body))
    assert answer.status_code == 200, answer.content
    case.refresh_from_db()
    return current_facts(case.checklist)


def test_plan_that_names_only_new_levels_keeps_all_that_was_known(case: Case, api: Callable[..., Client]) -> None:
    before = current_facts(case.checklist)
    assert before.conditions == {"mri_contraindicated"}
    after = changed(api("scheduler"), case, levels=["L2"])
    assert after.levels == ("L2",)
    kept = {name: getattr(before, name) for name in (*TAKEN_BACK, "medications_known")}
    assert {name: getattr(after, name) for name in kept} == kept


@pytest.mark.parametrize("name", sorted(TAKEN_BACK))
def test_what_is_named_as_nothing_is_taken_back_and_nothing_else(
    name: str, case: Case, api: Callable[..., Client]
) -> None:
    before = current_facts(case.checklist)
    said, expected = TAKEN_BACK[name]
    after = changed(api("scheduler"), case, **{name: said})
    assert getattr(after, name) == expected
    others = sorted(TAKEN_BACK.keys() - {name})
    assert [getattr(after, other) for other in others] == [getattr(before, other) for other in others]
    assert after.medications_known


def test_medications_that_nobody_knows_any_more_are_null(case: Case, api: Callable[..., Client]) -> None:
    client = api("scheduler")
    after = changed(client, case, medications=None)
    assert (after.medications, after.medications_known) == ((), False)
    assert changed(client, case).medications_known is False
    after = changed(client, case, medications=[{"name": "warfarin"}])
    assert (after.medications, after.medications_known) == ((Medication("warfarin"),), True)


@pytest.mark.parametrize(
    ("said", "there", "denied"),
    [
        ({"conditions": ["stent"]}, {"stent"}, set()),
        ({"conditions_denied": ["mri_contraindicated"]}, set(), {"mri_contraindicated"}),
        ({"conditions": ["diabetes"], "conditions_denied": []}, {"diabetes"}, set()),
    ],
)
def test_condition_that_is_answered_anew_is_not_there_and_denied_at_once(
    said: dict[str, Any], there: set[str], denied: set[str], case: Case, api: Callable[..., Client]
) -> None:
    after = changed(api("scheduler"), case, **said)
    assert (after.conditions, after.conditions_denied) == (there, denied)


def test_date_that_is_known_about_is_kept_as_it_is(case: Case, api: Callable[..., Client]) -> None:
    client, about = api("scheduler"), {"earliest": "2027-02-01", "latest": "2027-02-05"}
    changed(client, case, fractured=about)
    assert changed(client, case).fractured == DateAbout(date(2027, 2, 1), date(2027, 2, 5))
