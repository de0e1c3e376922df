"""INJ: what no form of ours was made for. Every form of a link, the phone check and the record page, walked."""

import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from checklists.models import Evidence
from scheduler.models import Case, Contact, Link
from tests.conftest import NOW
from tests.scheduler.pages.my.visiting import enter, follow, give_link, link_of
from tests.scheduler.pages.test_recording import FILLED

pytestmark = [pytest.mark.matrix, pytest.mark.django_db]
TEXTS = ("\x00", "\u202e\u200fabc", "x" * 10_000, "-1", "9" * 10_000, "1e400", "nan", "31/02/2027", "=cmd|x", "a\r\nb")
MOMENTS = (
    ("9999-12-31", "23:59"),
    ("0001-01-01", "00:00"),
    ("9999-12-31", ""),
    ("0001-01-01", ""),
    ("2027-02-31", "10:00"),
    ("2027-02-26", "25:61"),
)
Body = dict[str, Any]


def fields(page: str) -> dict[str, list[str]]:
    """The names of a page's fields with the values that they offer."""
    found: dict[str, list[str]] = {}
    for tag in re.findall(r"<(?:input|select|textarea)\b[^>]*>", page):
        name, value = re.search(r'\bname="([^"]+)"', tag), re.search(r'\bvalue="([^"]*)"', tag)
        if name and name[1] != "csrfmiddlewaretoken":
            found.setdefault(name[1], []).append(value[1] if value else "")
    return found


def bodies(page: str) -> Iterator[Body]:
    """Everything wrong at once, lists and brackets for scalars, and each answer with days that are none."""
    offered = fields(page)
    yield from (dict.fromkeys(offered, text) for text in TEXTS)
    yield dict.fromkeys(offered, ("1", "2"))
    yield {f"{name}[]": "1" for name in offered}
    for choice in (name for name in offered if name.endswith("-choice")):
        stem = choice.removesuffix("choice")
        further = [name for name in offered if name.startswith(stem) and name != choice]
        for code in dict.fromkeys(offered[choice]):
            for day, at in MOMENTS:
                parts = {"day": day, "time": at, "what": "light meal", "version": offered[f"{stem}version"][0]}
                filled = {name: parts[last] for name in further if (last := name.rpartition("-")[2]) in parts}
                yield {choice: code, **filled}


def names_a_day(body: Body) -> bool:
    return any(name.endswith("-day") for name in body)


def is_an_answer(body: Body) -> bool:
    """A choice that asks for no day is a good answer, and none of ours to refuse."""
    return any(name.endswith("-choice") for name in body) and len(body) <= 3 and not names_a_day(body)


def recorded_years() -> list[str]:
    values = [str(value) for value in Evidence.objects.values_list("value", flat=True)]
    return [year for year in ("9999-", "0001-") if any(year in value for value in values)]


@pytest.mark.parametrize("hours", [3, 6 * 24])
def test_question_of_a_patient_takes_nothing_hostile_and_keeps_its_page(
    hours: int, tell: Callable[..., Case], at: object
) -> None:
    case = tell("tested", start=NOW + timedelta(hours=hours), drugs=("apixaban", "ibuprofen"))
    phone, tried = enter(case), 0
    for step in phone.get("/my/").context["steps"]:
        address = f"/my/questions/{step.address}/"
        for body in bodies(phone.get(address).content.decode()):
            answer = phone.post(address, body)
            if answer.status_code == 302:  # the day belonged to another choice than the one that was made
                continue
            assert (answer.status_code, "<h1>" in answer.content.decode()) == (400, True), body
            tried += names_a_day(body)
    assert (tried > 5, recorded_years()) == (True, [])


@pytest.mark.parametrize("who", ["patient", "escort"])
def test_first_page_of_a_link_takes_nothing_hostile(who: str, tell: Callable[..., Case], at: object) -> None:
    case = tell("tested", start=NOW + timedelta(days=6))
    link = link_of(case) if who == "patient" else give_link(case, who)
    phone, before = follow(link), Evidence.objects.count()
    address = "/my/" if who == "patient" else "/my/pick-up/"
    for body in bodies(phone.get("/my/").content.decode()):
        if is_an_answer(body):
            continue
        answer = phone.post(address, body)
        assert (answer.status_code, 'role="alert"' in answer.content.decode()) == (400, True), body
    assert (Evidence.objects.count(), Link.objects.get(pk=link.pk).wrong_answers) == (before, 0)


def test_phone_check_takes_nothing_hostile_and_keeps_its_page(
    tell: Callable[..., Case], signed_in: Callable[[str], Client]
) -> None:
    case = tell("tested", start=NOW + timedelta(hours=3))
    desk, address, tried = signed_in("scheduler"), f"/desk/cases/{case.pk}/phone/", 0
    for body in bodies(desk.get(address).content.decode()):
        answer = desk.post(address, {**body, "who-speaker": "patient", "who-identified": "on"})
        assert "<h1>Phone check</h1>" in answer.content.decode()
        if answer.status_code == 200:  # as above
            continue
        assert answer.status_code in (400, 409), body
        tried += names_a_day(body)
    assert (tried > 5, recorded_years()) == (True, [])


@pytest.mark.parametrize("item", FILLED)
def test_record_page_takes_nothing_hostile_and_keeps_its_page(
    item: str, tell: Callable[..., Case], signed_in: Callable[[str], Client]
) -> None:
    case = tell("opened", drugs=("apixaban",), start=NOW + timedelta(days=7))
    desk, address, good = signed_in("clinician"), f"/desk/cases/{case.pk}/record/", FILLED[item][0]
    days = [name for name in good if name.endswith(("_on", "seen_at", "drawn_at"))]
    wrong: list[Body] = [{name: text} for name in ("item", "seen_version", *days) for text in TEXTS]
    wrong += [{name: at if name.endswith("_at") else day for name in days} for day, at in MOMENTS if days]
    wrong += [{"last_dose_on": day} for day, _ in MOMENTS[:5] if item.startswith("prescriber")]
    for changed in wrong:
        answer = desk.post(address, {"item": item, "seen_version": 0, **good, **changed})
        assert (answer.status_code in (400, 409), "<h1>Record</h1>" in answer.content.decode()) == (True, True)
    assert not Evidence.objects.filter(checklist=case.checklist).exists()


@pytest.mark.parametrize("field", ["name", "email", "phone"])
def test_contact_is_changed_to_nothing_that_cannot_be_read(
    field: str, tell: Callable[..., Case], signed_in: Callable[[str], Client]
) -> None:
    case = tell("tested", start=NOW + timedelta(days=6))
    contact = link_of(case).contact
    for text in ("\x00", "\u202eevil", "x" * 10_000, "a\r\nBcc: x@people.example", "a@b.example\r\nBcc: x@y.example"):
        body = {"name": "Ann", "email": "ann@people.example", "phone": "555", field: text}
        answer = signed_in("scheduler").post(f"/desk/cases/{case.pk}/contacts/{contact.pk}/", body)
        assert (answer.status_code, 'role="alert"' in answer.content.decode()) == (400, True), text
    assert list(Contact.objects.filter(patient=case.patient, ended_at=None)) == [contact]
