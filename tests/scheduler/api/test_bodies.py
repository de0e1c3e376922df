"""Bodies that are no JSON, or JSON that readers disagree about: refused with a sentence, nothing written."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from tests.scheduler.api.bodies import PATIENT
from tests.scheduler.api.tables import changes, tables

pytestmark = [pytest.mark.matrix, pytest.mark.django_db]

JSON = "application/json"
GOOD = json.dumps(PATIENT).encode()


def named(name: str) -> bytes:
    """A patient whose family name is this JSON text."""
    return GOOD.replace(b'"Newcomer"', name.encode())


DEEP = b"[" * 1000 + b"]" * 1000
BODIES: dict[str, tuple[bytes, int, str]] = {
    "duplicate key": (GOOD[:-1] + b', "sex": "male"}', 400, "'sex' is given twice in one object."),
    "duplicate key inside": (
        GOOD[:-1] + b', "contacts": [{"phone": "1", "phone": "2"}]}',
        400,
        "'phone' is given twice in one object.",
    ),
    "duplicate key by escape": (GOOD[:-1] + b', "se\\u0078": "male"}', 400, "'sex' is given twice in one object."),
    "NaN": (named("NaN"), 400, "NaN is not JSON."),
    "Infinity": (named("Infinity"), 400, "Infinity is not JSON."),
    "-Infinity": (named("-Infinity"), 400, "-Infinity is not JSON."),
    "infinite by exponent": (named("1e999"), 400, "A number is beyond 9007199254740991."),
    "number of 400 digits": (named("9" * 400), 400, "A number is beyond 9007199254740991."),
    "number of 5000 digits": (named("9" * 5000), 400, "The body is not JSON: "),
    "10 MB": (named('"' + "x" * 10_000_000 + '"'), 413, "The body is larger than 1048576 bytes."),
    "one byte too large": (named('"' + "x" * (1_048_577 - len(GOOD) + 8) + '"'), 413, "The body is larger than"),
    "depth 1000": (DEEP, 400, "The document is nested deeper than 20 levels."),
    "depth 1000 in a field": (named(DEEP.decode()), 400, "The document is nested deeper than 20 levels."),
    "depth 21": (b"[" * 21 + b"]" * 21, 400, "The document is nested deeper than 20 levels."),
    "depth 500,000": (b"[" * 500_000, 400, "The document is nested deeper than 20 levels."),
    "NUL by escape": (named('"New\\u0000comer"'), 400, "The character U+0000 is not accepted in text."),
    "raw NUL": (named('"New\0comer"'), 400, "The body is not JSON: "),
    "NUL in a key": (GOOD[:-1] + b', "a\\u0000": 1}', 400, "The character U+0000 is not accepted in text."),
    "carriage return": (named('"New\\r\\ncomer"'), 400, "The character U+000D is not accepted in text."),
    "escape character": (named('"\\u001b[2J"'), 400, "The character U+001B is not accepted in text."),
    "C1 control": (named('"\\u0085"'), 400, "The character U+0085 is not accepted in text."),
    "lone surrogate": (named('"\\ud800"'), 400, "The character U+D800 is not accepted in text."),
    "lone low surrogate": (named('"\\udc00x"'), 400, "The character U+DC00 is not accepted in text."),
    **{
        f"direction U+{mark:04X}": (
            named(f'"New\\u{mark:04x}comer"'),
            400,
            f"The character U+{mark:04X} is not accepted in text.",
        )
        for mark in (0x061C, 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A))
    },
    "not UTF-8": (named('"x"').replace(b'"x"', b'"\xff\xfe"'), 400, "The body is not UTF-8."),
    "overlong UTF-8": (named('"x"').replace(b'"x"', b'"\xc0\x80"'), 400, "The body is not UTF-8."),
    "UTF-16": (GOOD.decode().encode("utf-16"), 400, "The body is not UTF-8."),
    "byte order mark": (b"\xef\xbb\xbf" + GOOD, 400, "The body is not JSON: "),
    "cut off": (GOOD[:-1], 400, "The body is not JSON: "),
    "two documents": (GOOD + GOOD, 400, "The body is not JSON: "),
    "single quotes": (b"{'family_name': 'x'}", 400, "The body is not JSON: "),
    "a form": (b"family_name=Newcomer", 400, "The body is not JSON: "),
}


@pytest.mark.parametrize("key", ["", "a-key"], ids=["without a key", "with a key"])
@pytest.mark.parametrize("name", BODIES)
def test_body_that_cannot_be_trusted_is_refused(name: str, key: str, api: Callable[..., Client]) -> None:
    body, status, detail = BODIES[name]
    client = api("scheduler")
    before = tables()
    headers = {"Idempotency-Key": key} if key else {}
    response = client.post(reverse("patients"), body, content_type=JSON, headers=headers)
    problem = response.json()
    code = "too_large" if status == 413 else "parse_error"
    assert (response.status_code, response["Content-Type"]) == (status, "application/problem+json")
    assert (problem["status"], problem["code"], problem["detail"][: len(detail)]) == (status, code, detail)
    assert changes(before) == {}


def test_good_body_of_the_same_shape_is_accepted(api: Callable[..., Client]) -> None:
    response = api("scheduler").post(reverse("patients"), named('"Ñandú-O’Neil 子"'), content_type=JSON)
    assert (response.status_code, response.json()["family_name"]) == (201, "Ñandú-O’Neil 子")


@pytest.mark.parametrize(
    "content_type",
    ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "application/xml", "x", ""],
)
def test_other_content_type_is_refused(content_type: str, api: Callable[..., Client]) -> None:
    client = api("scheduler")
    before = tables()
    response = client.post(reverse("patients"), GOOD, content_type=content_type)
    problem = response.json()
    assert (response.status_code, problem["status"], problem["code"]) == (415, 415, "unsupported_media_type")
    assert changes(before) == {}


def test_charset_in_the_content_type_is_accepted(api: Callable[..., Client]) -> None:
    response = api("scheduler").post(reverse("patients"), GOOD, content_type="application/json; charset=utf-8")
    assert (response.status_code, response.json()["given_name"]) == (201, "Nina")


@pytest.mark.parametrize("accept", ["text/html", "application/xml"])
def test_answer_in_another_media_type_is_refused(accept: str, api: Callable[..., Client]) -> None:
    response = api("scheduler").get(reverse("cases"), headers={"accept": accept})
    assert (response.status_code, response["Content-Type"]) == (406, "application/problem+json")


def test_empty_body_says_what_is_missing(api: Callable[..., Client]) -> None:
    response: Any = api("scheduler").post(reverse("patients"), b"", content_type=JSON)
    named_fields = [reason["field"] for reason in response.json()["errors"]]
    assert (response.status_code, named_fields) == (400, ["family_name", "given_name", "born_on"])
