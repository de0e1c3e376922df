"""INJ-01, INJ-02: text that a page, a query, a template or a spreadsheet would act on, in every text that is taken."""

import copy
import re
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from email import message_from_bytes, policy
from typing import Any

import pytest
from django.db import transaction
from django.test import Client

from notifications.models import Message
from scheduler.api.urls import urlpatterns
from scheduler.models import Contact, Patient, Practice, Resource, Task
from tests.conftest import START
from tests.remembered import Memory
from tests.scheduler.api.bodies import Body
from tests.scheduler.api.calls import CALLS, Call, send
from tests.scheduler.api.tables import REFUSAL, changes, tables
from tests.scheduler.pages.test_buttons import WORDS, is_page
from tests.scheduler.world import World

pytestmark = [pytest.mark.matrix, pytest.mark.django_db]
PAGE = "\"'><script>alert(1)</script><img src=x onerror=alert(2)>"
ACTIVE = PAGE + "{{91*919193}}{% debug %}${91*919193}%s%n'; DROP TABLE x;--"
EVALUATED = str(91 * 919193)  # too long to stand in an id by chance
HEADERS = {
    *("From", "To", "Reply-To", "Subject", "Date", "Message-ID", "Auto-Submitted"),
    *("MIME-Version", "Content-Type", "Content-Transfer-Encoding"),
}
CORPUS = {
    "page, query, template, format": ACTIVE,
    "formula": "=HYPERLINK(A1)",
    "zero width": "a\u200bb\ufeffc\u00ad",
    "long unicode": "é" * 300 + "👩\u200d⚕️" * 50 + "\u0301" * 100,
    "marks": "Z" + "\u0351" * 200,
    "path": "../../etc/passwd%00",
}


@pytest.fixture
def world(practice: Practice, memory: Memory, at: object) -> World:
    return World(practice, memory)


def texts(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Where a body holds text, also inside."""
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    if isinstance(value, str):
        yield path
    for name, inner in inside:
        yield from texts(inner, (*path, name))


def with_text(body: Body, path: tuple[Any, ...], text: str) -> Body:
    changed = copy.deepcopy(body)
    place: Any = changed
    for name in path[:-1]:
        place = place[name]
    place[path[-1]] = text
    return changed


def writing() -> list[str]:
    return sorted(p.name for p in urlpatterns if hasattr(getattr(p.callback, "view_class", None), "accepts"))


@pytest.mark.parametrize("route", writing())
def test_hostile_text_in_any_field_of_a_call_is_taken_as_text_or_refused(
    route: str, world: World, api: Callable[..., Client], at: Callable[[datetime], None]
) -> None:
    call = CALLS[route, "POST"](world)
    at(call.at)
    client, before, wrong = api("clinician"), tables(), []
    for path in texts(call.body or {}):
        for name, text in CORPUS.items():
            with transaction.atomic():
                answer = send(client, route, "POST", Call(call.ids, with_text(call.body or {}, path, text)))
                written = changes(before) if answer.status_code >= 400 else {}
                transaction.set_rollback(True)
            good = answer["Content-Type"].startswith(("application/json", "application/problem+json"))
            if answer.status_code >= 500 or not good or written not in ({}, REFUSAL):
                wrong.append((path, name, answer.status_code, written))
    assert wrong == []


def spoil(practice: Practice) -> None:
    """Every stored text that a person typed, past every check of the way in."""
    name = ACTIVE[:100]
    Patient.objects.filter(practice=practice).update(family_name=name, given_name=name)
    Contact.objects.filter(practice=practice).update(name=name, permission=name)
    Resource.objects.filter(practice=practice, name="Room 2").update(name=name)
    Task.objects.filter(practice=practice).update(sentence=ACTIVE)
    Task.objects.filter(practice=practice, done_at__isnull=False).update(outcome=ACTIVE)
    Practice.objects.filter(pk=practice.pk).update(name=name, address=ACTIVE, texts={"invite": {"en": ACTIVE}})


@pytest.mark.parametrize("role", ["clinician", "administrator"])
def test_hostile_text_that_is_stored_is_shown_and_does_nothing(
    role: str, world: World, signed_in: Callable[[str], Client], at: Callable[[datetime], None]
) -> None:
    world.recovering()
    world.released()
    world.tell("prepared", ride={"available": False, "exempt": True}, drugs=("apixaban",), room=2)
    at(START + timedelta(hours=3))
    client = signed_in(role)
    spoil(world.practice)
    seen, waiting, shown = set(), ["/"], 0
    while waiting:
        address = waiting.pop()
        kind = re.sub(r"[0-9a-f-]{36}|\?.*", "", address)
        if kind in seen:
            continue
        seen.add(kind)
        answer = client.get(address, follow=True)
        page = answer.content.decode()
        assert answer.status_code == 200, address
        assert [bad for bad in ("<script>alert", "<img src=x", EVALUATED) if bad in page] == [], address
        shown += page.count("&lt;script&gt;alert(1)")
        waiting += [link for _, link in WORDS.findall(page) if link and is_page(link)]
    assert (len(seen) > 12, shown > 12) == (True, True)


def test_hostile_text_in_a_mail_stays_plain_text_and_makes_no_header(world: World, practice: Practice) -> None:
    world.tell("booked", start=START + timedelta(days=8))
    spoil(practice)
    case = world.tell("booked", start=START + timedelta(days=9))
    stored = Message.objects.filter(subject=case.pk)
    mails = [message_from_bytes(bytes(row.payload), policy=policy.default) for row in stored]
    assert mails
    for mail in mails:
        assert not any(part.get_content_type() == "text/html" for part in mail.walk())
        assert EVALUATED not in mail.as_string()
        assert set(mail.keys()) <= HEADERS
        assert len(mail.keys()) == len(set(mail.keys()))
