"""Every field of every input: wrong values are named, nothing is written, and nothing is ever a server error."""

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

import pytest
from django.apps import apps
from django.test import Client
from rest_framework import serializers

from scheduler.api import fields, inputs
from scheduler.api.urls import urlpatterns
from tests.scheduler.api.bodies import PATIENT, Body
from tests.scheduler.api.calls import CALLS, Call, send
from tests.scheduler.api.tables import OURS, changes, tables
from tests.scheduler.world import World

pytestmark = [pytest.mark.matrix, pytest.mark.django_db]

NO_TEXT = [True, 7, 1.5, [], ["x"], {}]
# The first class that fits decides; each value is wrong for every field of that class.
WRONG: list[tuple[type, list[Any]]] = [
    (fields.CodeField, [*NO_TEXT, "Diabetes Mellitus", "x" * 5000]),
    (fields.TextField, [*NO_TEXT, "x" * 5000]),
    (fields.MomentField, [*NO_TEXT, "", "now", "2027-03-01", "2027-03-01T09:30:00", "9999-12-31T23:59:59-14:00",
                          "0001-01-01T00:00:00+14:00", "2027-13-01T00:00:00Z", "2027-03-01T09:30:00+25:00"]),
    (fields.DayField, [*NO_TEXT, "", "20270301", "2027-W09-1", "03/01/2027", "2027-02-30", "0001-01-01", "9999-12-31",
                       "2027-03-01T00:00:00Z", 20270301]),
    (fields.IdField, [*NO_TEXT, "", "7", "not-an-id", "g" * 32]),
    (fields.WordField, [*NO_TEXT, "nonsense", "x" * 5000, "NULL"]),
    (fields.TruthField, ["true", "yes", "", 0, 1, 1.5, [], {}]),
    (fields.WholeField, [True, "1", "", 1.5, 1.0, -1, 2**31, 2**53 - 1, [], {}]),
    (fields.NumberField, [True, "70", "nan", "Infinity", -1, 0, 1e12, [], {}]),
    (serializers.EmailField, [True, 7, [], {}, "nobody", "a@b", "a@b.example\nBcc: c@d.example",
                              "x" * 400 + "@b.example"]),
    (serializers.DictField, [True, 7, "x", [], [{}]]),
    (serializers.ListSerializer, [True, 7, "x", {}, [7], ["x"], [[]], [None]]),
    (serializers.ListField, [True, 7, "x", {}, [{}], [[]], [None], [7]]),
    (serializers.Serializer, [True, 7, "x", [], [{}]]),
]  # fmt: skip
# A valid one of each part, to put one wrong value into.
PARTS: dict[type, Body] = {
    inputs.DateAboutIn: {"on": "2027-02-08"},
    inputs.MedicationIn: {"name": "apixaban"},
    inputs.ContactIn: {"phone": "555-0142"},
    inputs.ClearanceItemIn: {"item": "prescriber_clearance:apixaban", "version": 0},
    inputs.SecondPersonIn: {"email": "second@demo.example", "password": "x"},
    inputs.PlaceIn: dict.fromkeys(("room", "proceduralist", "bay"), "00000000-0000-4000-8000-000000000001"),
    inputs.SeenCaseIn: {"case": "00000000-0000-4000-8000-000000000001", "seen": "0"},
}
# The column names of every table of ours, and what no table has: each route takes its own fields and no other.
MODELS = [model for label in OURS for model in apps.get_app_config(label).get_models()]
COLUMNS = {column.name for model in MODELS for column in model._meta.fields}
MASS_ASSIGNED = sorted(COLUMNS | {"verified_by", "__class__", "practice_id", "pk", "roles"})


def wrong_values(field: serializers.Field[Any, Any, Any, Any]) -> list[Any]:
    values = next(values for kind, values in WRONG if isinstance(field, kind))
    none = [] if field.allow_null else [None]
    bounds = [field.max_value + 1] if isinstance(field, fields.WholeField) else []
    empty = [""] if isinstance(field, fields.TextField) and not field.allow_blank else []
    return [*values, *none, *bounds, *empty]


def spoilt(serializer: serializers.Serializer[Any], body: Body, path: str = "") -> Iterator[tuple[str, Any, Body]]:
    """(path of the field, wrong value, body with it) for each field, also of parts inside."""
    for name, field in serializer.fields.items():
        here = f"{path}{name}"
        for value in wrong_values(field):
            yield here, value, {**body, name: value}
        many = isinstance(field, serializers.ListSerializer)
        part = field.child if isinstance(field, serializers.ListSerializer) else field
        if isinstance(part, serializers.Serializer):
            place = f"{here}[0]." if many else f"{here}."
            for inner, value, spoilt_part in spoilt(part, PARTS[type(part)], place):
                yield inner, value, {**body, name: [spoilt_part] if many else spoilt_part}


def overfilled(
    serializer: serializers.Serializer[Any], body: Body, path: str = ""
) -> Iterator[tuple[str, Body, list[str]]]:
    """(path, body, names): the body, then each part of it, with every name that does not belong there."""
    extra = [name for name in MASS_ASSIGNED if name not in serializer.fields]
    yield path, {**body, **dict.fromkeys(extra, "in_procedure")}, extra
    for name, field in serializer.fields.items():
        many = isinstance(field, serializers.ListSerializer)
        part = field.child if isinstance(field, serializers.ListSerializer) else field
        if isinstance(part, serializers.Serializer):
            place = f"{path}{name}[0]." if many else f"{path}{name}."
            for inner, filled, names in overfilled(part, PARTS[type(part)], place):
                yield inner, {**body, name: [filled] if many else filled}, names


def written_routes() -> dict[str, type[serializers.Serializer[Any]]]:
    views = {pattern.name: pattern.callback.view_class for pattern in urlpatterns}
    return {route: view.accepts for route, view in views.items() if hasattr(view, "accepts")}


def refusals(client: Client, route: str, call: Call, bodies: Iterator[tuple[str, Any, Body]]) -> tuple[int, list[Any]]:
    """How many were tried, and those that were not answered with a 400 naming the field."""
    tried, accepted = 0, []
    for path, value, body in bodies:
        tried += 1
        response = send(client, route, "POST", Call(call.ids, body))
        named = [r.get("field", "") for r in response.json()["errors"]] if response.status_code == 400 else []
        if not any(field == path or field.startswith((f"{path}[", f"{path}.")) for field in named):
            accepted.append((path, str(value)[:60], response.status_code, named))
    return tried, accepted


@pytest.mark.parametrize("route", sorted(written_routes()))
def test_wrong_value_in_any_field_is_refused_by_name(
    route: str, world: World, api: Callable[..., Client], at: Callable[[datetime], None]
) -> None:
    call = CALLS[route, "POST"](world)
    at(call.at)
    client, serializer = api("clinician"), written_routes()[route]()
    before = tables()
    tried, accepted = refusals(client, route, call, spoilt(serializer, call.body or {}))
    assert accepted == []
    assert tried >= 5 * len(serializer.fields)
    assert changes(before) == {}


@pytest.mark.parametrize("route", sorted(written_routes()))
def test_field_that_is_not_described_is_refused_by_name(
    route: str, world: World, api: Callable[..., Client], at: Callable[[datetime], None]
) -> None:
    """AZ-02: in the body itself and in every part inside, all at once and each by its name."""
    call = CALLS[route, "POST"](world)
    at(call.at)
    body, client, before = call.body or {}, api("clinician"), tables()
    for path, spoilt_body, names in overfilled(written_routes()[route](), body):
        refused = send(client, route, "POST", Call(call.ids, spoilt_body))
        told = {reason["field"] for reason in refused.json()["errors"]}
        assert (refused.status_code, {f"{path}{name}" for name in names} - told) == (400, set())
    assert changes(before) == {}


@pytest.mark.parametrize("route", sorted(written_routes()))
def test_document_that_is_no_object_is_refused(route: str, world: World, api: Callable[..., Client]) -> None:
    call, client = CALLS[route, "POST"](world), api("clinician")
    before = tables()
    for document in ([], "text", 7, True, [{}]):
        refused = send(client, route, "POST", Call(call.ids, document))
        assert (refused.status_code, refused.json()["code"], len(refused.json()["errors"])) == (400, "invalid", 1)
    assert changes(before) == {}


@pytest.mark.parametrize(
    ("name", "remedy"),
    [
        ("Nina\nNewcomer", "Give one line. Remove the line break."),
        ("Nina\u2028Newcomer", "Give one line. Remove the line break."),
        ("=cmd|' /C calc'!A0", "A name does not begin with '='. Remove it."),
        ("+1+1", "A name does not begin with '+'. Remove it."),
        ("-2+3", "A name does not begin with '-'. Remove it."),
        ("@SUM(A1)", "A name does not begin with '@'. Remove it."),
    ],
)
@pytest.mark.parametrize("field", ["family_name", "given_name"])
def test_name_that_a_header_or_spreadsheet_would_act_on_is_refused(
    field: str, name: str, remedy: str, api: Callable[..., Client]
) -> None:
    client = api("scheduler")
    before = tables()
    refused = send(client, "patients", "POST", Call(body={**PATIENT, field: name}))
    assert (refused.status_code, refused.json()["errors"]) == (
        400,
        [{"code": "invalid", "detail": remedy, "field": field}],
    )
    assert changes(before) == {}


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"fractured": {"on": "2027-02-08", "earliest": "2027-02-01", "latest": "2027-02-09"}}, "fractured"),
        ({"fractured": {"earliest": "2027-02-01"}}, "fractured"),
        ({"fractured": {}}, "fractured"),
        ({"fractured": {"earliest": "2027-02-09", "latest": "2027-02-01"}}, "fractured.latest"),
        ({"levels": []}, "levels"),
        ({"levels": ["L9"]}, "levels"),
        ({"levels": ["L1", "spine"]}, "levels"),
        ({"levels": ["L1"] * 11}, "levels"),
        ({"medications": [{"name": "apixaban"}] * 51}, "medications"),
        ({"medications": [{"name": "apixaban", "rxcui": "13644x"}]}, "medications[0].rxcui"),
        ({"medications": [{"name": "prednisone", "daily_mg": -1}]}, "medications[0].daily_mg"),
        ({"conditions_denied": ["Stomach pain"]}, "conditions_denied[0]"),
        ({"weight_kg": 19.9}, "weight_kg"),
        ({"weight_kg": 350.1}, "weight_kg"),
    ],
)
def test_plan_that_contradicts_itself_is_refused_by_name(
    body: Body, field: str, world: World, api: Callable[..., Client]
) -> None:
    call, client = CALLS["cases", "POST"](world), api("scheduler")
    before = tables()
    refused = send(client, "cases", "POST", Call(body={**(call.body or {}), **body}))
    assert (refused.status_code, [r["field"] for r in refused.json()["errors"]]) == (400, [field])
    assert changes(before) == {}


def test_every_wrong_field_is_told_at_once(api: Callable[..., Client]) -> None:
    refused = send(api("scheduler"), "patients", "POST", Call(body={"born_on": "1951-02-30", "contacts": [{}]}))
    named = [reason["field"] for reason in refused.json()["errors"]]
    assert named == ["family_name", "given_name", "born_on", "contacts[0].phone"]
