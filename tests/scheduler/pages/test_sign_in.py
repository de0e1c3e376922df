"""Signing in and out."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from scheduler.models import Practice, User
from scheduler.services.demonstration import PASSWORD

pytestmark = pytest.mark.django_db


def sign_in(client: Client, email: str, password: str, onward: str = "/desk/") -> object:
    return client.post("/login/", {"email": email, "password": password, "next": onward})


def test_right_password_opens_the_pages_with_a_new_session(practice: Practice) -> None:
    client = Client()
    client.get("/login/")
    answer = sign_in(client, "DESK@demo.example ", PASSWORD)
    assert (answer.status_code, answer["Location"]) == (302, "/desk/")  # type: ignore[attr-defined, index]
    assert "Dana Desk" in client.get("/desk/").content.decode()


@pytest.mark.parametrize(
    ("email", "password"),
    [
        ("desk@demo.example", "wrong"),
        ("nobody@demo.example", PASSWORD),
        ("", ""),
        ("desk@demo.example", ""),
        ("desk\x00@demo.example", PASSWORD),
    ],
)
def test_every_way_of_being_wrong_reads_the_same(practice: Practice, email: str, password: str) -> None:
    answer = sign_in(Client(), email, password)
    assert answer.status_code == 400  # type: ignore[attr-defined]
    assert "E-mail or password is wrong, or the account is closed." in answer.content.decode()  # type: ignore[attr-defined]


def test_person_without_a_practice_does_not_get_in(practice: Practice) -> None:
    User.objects.create_user("lonely@demo.example", "Lonely", PASSWORD)
    assert sign_in(Client(), "lonely@demo.example", PASSWORD).status_code == 400  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    "onward",
    [
        "//evil.example/",
        "https://evil.example/",
        "/\\evil.example",
        "javascript:alert(1)",
        "desk",
        "/\r\nX: y",
        "/\x00",
    ],
)
def test_sign_in_never_leads_elsewhere(practice: Practice, onward: str) -> None:
    assert sign_in(Client(), "desk@demo.example", PASSWORD, onward)["Location"] == "/"  # type: ignore[index]


def test_sign_out_ends_the_session_and_clears_what_the_browser_kept(practice: Practice) -> None:
    client = Client()
    sign_in(client, "desk@demo.example", PASSWORD)
    answer = client.post("/logout/")
    assert answer["Clear-Site-Data"] == '"cache", "storage"'
    assert client.get("/desk/").status_code == 302


def test_forms_without_a_csrf_token_are_refused(practice: Practice) -> None:
    client = Client(enforce_csrf_checks=True)
    assert sign_in(client, "desk@demo.example", PASSWORD).status_code == 403  # type: ignore[attr-defined]


def test_demo_logins_and_tokens_refuse_to_exist_outside_the_demonstration(
    practice: Practice, settings: Any, api: Callable[[str], Client]
) -> None:
    client, token = Client(), api("nurse")
    sign_in(client, "desk@demo.example", PASSWORD)
    assert (client.get("/desk/").status_code, token.get("/api/v1/practice/").status_code) == (200, 200)
    settings.DEMO = False
    assert (client.get("/desk/").status_code, token.get("/api/v1/practice/").status_code) == (302, 401)
    assert sign_in(Client(), "desk@demo.example", PASSWORD).status_code == 400  # type: ignore[attr-defined]
