"""`manage.py create_practice`: a real practice, or nothing and every reason."""

import io
from getpass import GetPassWarning
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from scheduler.models import Membership, Practice, Record, Resource, User

pytestmark = pytest.mark.django_db
GOOD = {
    "zone": "America/Phoenix",
    "phone": "555-0144",
    "email": "desk@clinic.example",
    "address": "2 Main Street",
    "staff": ["ann@clinic.example;Ann Admin;administrator,scheduler", "cleo@clinic.example;Cleo Clinician;clinician"],
    "room": ["Room A"],
    "bay": ["Bay A", "Bay B"],
}


@pytest.fixture(autouse=True)
def password(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CREATE_PRACTICE_PASSWORD", "a long enough sentence")


def create(name: str = "Real Clinic", **change: Any) -> str:
    out = io.StringIO()
    call_command("create_practice", name, stdout=out, **{**GOOD, **change})
    return out.getvalue()


def test_practice_is_made_with_people_rooms_and_bays() -> None:
    create()
    practice = Practice.objects.get(name="Real Clinic")
    assert (practice.is_demo, practice.zone, practice.hours[0], practice.hours[6]) == (
        False,
        "America/Phoenix",
        ["08:00", "17:00"],
        None,
    )
    assert sorted(Membership.objects.filter(practice=practice).values_list("user__name", "role")) == [
        ("Ann Admin", "administrator"),
        ("Ann Admin", "scheduler"),
        ("Cleo Clinician", "clinician"),
    ]
    assert sorted(Resource.objects.filter(practice=practice).values_list("kind", "name")) == [
        ("bay", "Bay A"),
        ("bay", "Bay B"),
        ("proceduralist", "Cleo Clinician"),
        ("room", "Room A"),
    ]
    assert User.objects.get(email="ann@clinic.example").check_password("a long enough sentence")
    assert Record.objects.filter(practice=practice, action="practice_created").count() == 1


def test_closing_words_lead_to_the_settings_and_name_what_is_missing() -> None:
    words = create(room=[])
    assert "/settings/ (an administrator signs in)" in words
    missing = ("A room to do the procedure in: /settings/places/", "A protocol adopted: /settings/protocols/")
    assert [line for line in missing if line not in words] == []
    assert ("A recovery bay" in words, "A clinician" in words) == (False, False)


def test_practice_without_an_administrator_is_not_made() -> None:
    with pytest.raises(CommandError, match="give one person the role administrator"):
        create(staff=["cleo@clinic.example;Cleo Clinician;clinician"])
    assert (Practice.objects.count(), User.objects.count()) == (0, 0)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"zone": "Springfield"}, "zone: "),
        ({"email": "nonsense"}, "email: "),
        ({"phone": " "}, "phone: Give the number"),
        ({"opens": "18:00"}, "hours: "),
        ({"opens": "8"}, "hours: "),
        ({"staff": ["ann@clinic.example;Ann"]}, "write EMAIL;NAME;ROLE,ROLE"),
        ({"staff": ["ann@clinic.example;Ann;boss"]}, "roles: Use one or more of"),
        ({"staff": ["not an address;Ann;nurse"]}, "email: "),
    ],
)
def test_bad_input_is_named_with_its_remedy_and_nothing_is_made(change: dict[str, Any], said: str) -> None:
    with pytest.raises(CommandError) as refusal:
        create(**change)
    assert (refusal.value.returncode, said in str(refusal.value)) == (2, True)
    assert (Practice.objects.count(), User.objects.count()) == (0, 0)


def test_name_that_is_taken_and_weak_password_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    create()
    with pytest.raises(CommandError, match="already"):
        create()
    monkeypatch.setenv("CREATE_PRACTICE_PASSWORD", "short")
    with pytest.raises(CommandError, match="password: "):
        create("Second Clinic", staff=["new@clinic.example;New;nurse"])
    assert Practice.objects.count() == 1


@pytest.mark.parametrize("end", [EOFError, KeyboardInterrupt, GetPassWarning])
def test_password_that_nobody_types_is_named_in_a_sentence_and_nothing_is_made(
    end: type[BaseException], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CREATE_PRACTICE_PASSWORD")

    def typed(_prompt: str) -> str:
        assert connection.savepoint_ids == before  # nobody waits for a lock while somebody types
        raise end

    before = list(connection.savepoint_ids)
    monkeypatch.setattr("getpass.getpass", typed)
    with pytest.raises(CommandError) as refusal:
        create()
    said = "Nothing was made: no password was typed. Run it at a terminal, or set CREATE_PRACTICE_PASSWORD."
    assert (refusal.value.returncode, str(refusal.value)) == (2, said)
    assert (Practice.objects.count(), User.objects.count()) == (0, 0)
