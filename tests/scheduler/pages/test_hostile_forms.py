"""INJ-01 for pages: hostile text in every field of every form is refused, or kept as text and shown as text."""

import csv
import io
from email import message_from_bytes
from typing import Any

import pytest
from django.apps import apps
from django.db import transaction
from django.test import Client

from notifications.models import Message
from tests.scheduler.api.tables import OURS, REFUSAL, changes, tables
from tests.scheduler.pages.posts import POSTS
from tests.scheduler.pages.posts.fields import reading, typed_in
from tests.scheduler.pages.posts.scene import Post, Scene, send
from tests.scheduler.pages.test_hostile_text import EVALUATED, HEADERS

pytestmark = [pytest.mark.matrix, pytest.mark.django_db]
# What a page, a template, a format or a spreadsheet would act on; the short one also where there is little room.
SHORT = "=7*191<img {{7}}"
ACTIVE = "=HYPERLINK(A1)\"'><script>alert(1)</script><img src=x onerror=alert(2)>{{91*919193}}{% debug %}%s%n"
LINES = "a\r\nBcc: x@people.example"
MARK = "zqzq"  # where it is found, it was kept
UNSEEN = {name: f"{MARK}{sign}b" for name, sign in (("NUL", "\x00"), ("right to left", "\u202e"), ("escape", "\x1b"))}
ALIVE = ("<script>alert", "<img src=x", "<img {{7", EVALUATED, "=HYPERLINK(A1)\"'>")
CELLS_ACT_ON = ("=", "+", "-", "@", "\t", "\r")


def read_by(client: Client, form: str, post: Post) -> set[str]:
    """The fields that the product reads of this form."""
    with transaction.atomic():
        with reading() as names:
            answer = send(client, form, post)
        transaction.set_rollback(True)
    assert answer.status_code < 400
    return names.get(id(answer.wsgi_request.POST), set())


def alive(page: bytes) -> list[str]:
    text = page.decode(errors="replace")
    return [bad for bad in ALIVE if bad in text]


def pages_of(form: str, post: Post) -> tuple[str, list[str]]:
    """Who sees again what was sent, and where."""
    if form.startswith("settings-"):
        return "administrator", [
            f"/settings/{name}/" for name in ("practice", "texts", "people", "places", "protocols")
        ]
    case_id = post.ids.get("case_id") or (post.case.pk if post.case else None)
    of_case = [f"/desk/cases/{case_id}/", f"/ward/cases/{case_id}/"] if case_id else []
    mine = [post.page] if post.page.startswith("/desk") else []
    return "clinician", ["/desk/", "/desk/tasks/", "/sign/", "/ward/", *mine, *of_case]


def shown_again(scene: Scene, form: str, post: Post, answer: Any) -> list[str]:
    """What of it acts where it is shown: in the answer, on the pages, in what a spreadsheet opens."""
    role, pages = pages_of(form, post)
    client, auditor = scene.signed_in(role), scene.signed_in("auditor")
    found = alive(answer.content) if "zip" not in answer.get("Content-Type", "") else []
    for page in pages:
        found += [f"{page}: {bad}" for bad in alive(client.get(page).content)]
    for what in ("record", "access"):
        exported = auditor.post("/record/export/", {"what": what}).content.decode()
        cells = [cell for line in csv.reader(io.StringIO(exported)) for cell in line]
        found += [f"export: {cell}" for cell in cells if cell.startswith(CELLS_ACT_ON)]
    return found


def is_in_a_table(text: str) -> bool:
    models = [model for label in OURS for model in apps.get_app_config(label).get_models()]
    return any(text in repr(list(model._base_manager.values_list())) for model in models)


def headers() -> set[str]:
    """Of all that waits to be mailed."""
    return {name for row in Message.objects.all() for name in message_from_bytes(bytes(row.payload))}


def is_harmful(name: str) -> bool:
    """What nobody sees was kept, or a line break became a header."""
    return is_in_a_table(MARK) if name in UNSEEN else not headers() <= HEADERS


def tried(scene: Scene, client: Client, form: str, post: Post) -> tuple[dict[str, str], list[Any]]:
    """The hostile text that each field took, and what went wrong: an error, something alive, a refusal that wrote."""
    page = client.get(post.page).content.decode() if post.page else ""
    typed, before, taken, wrong = typed_in(page), tables(), {}, []
    more, cookies = {**UNSEEN, "lines": LINES}, {name: held.value for name, held in client.cookies.items()}
    allowed = ({}, REFUSAL, {**REFUSAL, "record": 2} if "matched" in post.body else REFUSAL)  # who it is, is kept
    for field in sorted(read_by(client, form, post)):
        for name, text in ({"active": ACTIVE, "short": SHORT, **more} if field in typed else {"short": SHORT}).items():
            if name == "short" and field in taken:
                continue
            client.cookies.load(cookies)
            with transaction.atomic():
                answer = send(client, form, post, **{field: text})
                is_bad = answer.status_code < 400 and is_harmful(name)
                written = changes(before) if answer.status_code >= 400 else {}
                transaction.set_rollback(True)
            is_taken, found = answer.status_code < 400, alive(answer.content)
            if answer.status_code >= 500 or found or written not in allowed or is_bad:
                wrong.append((field, name, answer.status_code, found, written, is_bad))
            if is_taken and name in ("short", "active"):
                taken[field] = text
    client.cookies.load(cookies)
    return taken, wrong


def sends(client: Client, form: str, post: Post, texts: dict[str, str]) -> bool:
    with transaction.atomic():
        answer = send(client, form, post, **texts)
        transaction.set_rollback(True)
    return bool(answer.status_code < 400)


@pytest.mark.parametrize("form", sorted(POSTS))
def test_hostile_text_in_any_field_of_a_form_is_refused_or_kept_as_text(form: str, scene: Scene) -> None:
    post = POSTS[form](scene)
    scene.at(post.at)
    client = scene.client(post, proven=form != "my-home")
    client.raise_request_exception = False
    taken, wrong = tried(scene, client, form, post)
    assert wrong == []
    together = [taken] if sends(client, form, post, taken) else [{field: text} for field, text in taken.items()]
    for texts in together if taken else ():
        with transaction.atomic():
            answer = send(client, form, post, **texts)
            assert (answer.status_code < 400, shown_again(scene, form, post, answer)) == (True, [])
            transaction.set_rollback(True)
