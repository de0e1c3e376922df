"""What most tests stand on: a practice, its people and rooms, and cases told up to a step."""

from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import date, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from django.test import Client, override_settings
from hypothesis import settings as hypothesis_settings

from scheduler.isolation import within
from scheduler.models import Case, Membership, Practice, Resource, User
from scheduler.services.demonstration import Person, Story, make_practice, resources_by_name, staff_by_role
from scheduler.services.tokens import create_token
from tests import kept, migrated
from tests.house import roles
from tests.house.scoped import watched
from tests.recorded import recorded
from tests.remembered import Memory, Once, RememberedStory
from tests.templates import watch_pages

# pytest-timeout bounds a test; how long one example takes depends on what else the machine does.
hypothesis_settings.register_profile("house", deadline=None)
hypothesis_settings.load_profile("house")

ZONE = "America/New_York"
FOLDERS = count(1)
# A Monday morning; the usual start is two hours later.
NOW = datetime(2027, 3, 1, 8, 0, tzinfo=ZoneInfo(ZONE))
START = NOW + timedelta(hours=2)


@pytest.fixture(scope="session", autouse=True)
def quick_passwords(django_test_environment: None) -> Iterator[None]:
    """Argon2 is slow on purpose, and no test asks how slow."""
    with override_settings(PASSWORD_HASHERS=["django.contrib.auth.hashers.MD5PasswordHasher"]):
        yield


@pytest.fixture(autouse=True)
def checkpoints(settings: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Each test notes the ends of its chains in a folder of its own, made when there is one to note."""
    settings.RECORD_CHECKPOINTS = tmp_path_factory.getbasetemp() / "record" / str(next(FOLDERS))
    return settings.RECORD_CHECKPOINTS


@pytest.fixture(autouse=True)
def every_write_is_recorded(monkeypatch: pytest.MonkeyPatch) -> None:
    """AUD-05, in every test: whatever a page, a form or a call changes leaves a row in the record, or it fails here."""
    monkeypatch.setattr(Client, "request", recorded(Client.request))


@pytest.fixture(scope="session", autouse=True)
def pages_are_watched(django_test_environment: None) -> None:
    watch_pages()


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings: None, django_db_use_migrations: bool) -> Iterator[None]:
    """Migrations that ran before need not run again."""
    tables = migrated.kept()
    if connection.vendor == "sqlite" and django_db_use_migrations and tables.exists():
        with closing(migrated.lay_out(tables)):
            yield
    else:
        yield


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: Any, django_db_use_migrations: bool) -> Iterator[None]:
    with django_db_blocker.unblock():
        if connection.vendor == "sqlite" and django_db_use_migrations and not migrated.kept().exists():
            migrated.keep(migrated.kept())
        roles.become_application()
    yield
    with django_db_blocker.unblock():
        roles.become_owner()


@pytest.fixture(autouse=True)
def every_statement_is_scoped() -> Iterator[None]:
    """TEN: on SQLite the scoped queries stand alone, so every test watches them."""
    if connection.vendor != "sqlite":
        yield
        return
    with watched() as watch:
        yield
    assert sorted(set(watch.unscoped)) == []


@pytest.fixture(autouse=True)
def nothing_in_sight() -> Iterator[None]:
    """Each test begins without a practice; `practice` puts its own in sight."""
    yield
    roles.forgets()


@pytest.fixture
def as_owner(db: None) -> Iterator[None]:
    """For tests of what the database refuses to everybody, also to the owner of its tables."""
    with roles.owner():
        yield


@pytest.fixture
def now() -> datetime:
    return NOW


@pytest.fixture
def start() -> datetime:
    return START


@pytest.fixture
def memory(db: None) -> Iterator[Memory]:
    memory = Memory()
    with connection.execute_wrapper(memory):
        yield memory


def remembered_practice(memory: Memory, name: str, zone: str) -> Practice:
    def make() -> UUID:
        return make_practice(name=name, zone=zone, now=NOW - timedelta(days=30)).pk

    practice_id = memory.once(f"{name} in {zone}", make)
    with within(practice_id):
        return Practice.objects.get(pk=practice_id)


@pytest.fixture
def once(memory: Memory, request: pytest.FixtureRequest) -> Once:
    """What several tests of a file write first: `once("a drug nobody knows", write)`, remembered as stories are.

    `write` gives the id of what to go on with; it is told again where any test changed.
    """
    return lambda act, write: memory.once(f"{kept.text_of()} {request.path.name} {act}", write)


@pytest.fixture
def practice(memory: Memory) -> Practice:
    made = remembered_practice(memory, "Test Spine Clinic", ZONE)
    roles.sees(made.pk)
    return made


@pytest.fixture
def other_practice(practice: Practice, memory: Memory) -> Practice:
    return remembered_practice(memory, "Other Spine Clinic", "America/Phoenix")


@pytest.fixture
def staff(practice: Practice) -> dict[str, User]:
    return staff_by_role(practice)


def member(practice: Practice, role: str) -> User:
    """Who has this role; "charge" is a nurse with the mark of the charge nurse, and nobody else's."""
    if role != "charge":
        return staff_by_role(practice)[role]
    user, _ = User.objects.get_or_create(email="charge@demo.example", defaults={"name": "Carla Charge"})
    Membership.objects.get_or_create(
        practice=practice, user=user, role="nurse", defaults={"is_charge": True, "created_at": NOW}
    )
    return user


@pytest.fixture
def resources(practice: Practice) -> dict[str, Resource]:
    return resources_by_name(practice)


@pytest.fixture
def people() -> Callable[..., Person]:
    """A new invented person each time."""
    numbers = count(1)

    def make(**more: Any) -> Person:
        number = next(numbers)
        born_on = date(1950, 1, 1) + timedelta(days=number)
        return Person(**{"family": f"Family{number}", "given": "Given", "born_on": born_on, "sex": "female", **more})

    return make


@pytest.fixture
def story(
    practice: Practice,
    staff: dict[str, User],
    resources: dict[str, Resource],
    people: Callable[..., Person],
    memory: Memory,
) -> Callable[..., Story]:
    """A story of a new person: `story(drugs=("apixaban",), now=..., start=..., ride=None).tell("booked")`."""

    def make(
        *,
        now: datetime = NOW,
        start: datetime = START,
        slot: tuple[str, str, str] = ("Room 1", "Chris Clinician", "Bay 1"),
        drugs: tuple[str, ...] = (),
        levels: tuple[str, ...] = ("L1",),
        **values: Any,
    ) -> Story:
        person = people(drugs=drugs, levels=levels)
        return RememberedStory(practice, staff, resources, person, now, start, slot, values, memory=memory)

    return make


@pytest.fixture
def tell(story: Callable[..., Story]) -> Callable[..., Case]:
    """`tell("arrived", ...)`: the case of a new story told up to that step."""
    return lambda until, **more: story(**more).tell(until)


@pytest.fixture
def at(monkeypatch: pytest.MonkeyPatch) -> Callable[[datetime], None]:
    """Set the clock that pages, tasks and commands read."""

    def stop(moment: datetime) -> None:
        monkeypatch.setattr("scheduler.clock.now", lambda: moment)

    stop(NOW)
    return stop


@pytest.fixture
def api(practice: Practice, staff: dict[str, User], at: Callable[[datetime], None]) -> Callable[..., Client]:
    """`api("nurse")`: a client that carries the token of a person with this role, in this or another practice."""

    def make(role: str, of: Practice | None = None) -> Client:
        place = of or practice
        with within(place.pk):
            user = member(place, role)
            token = create_token(user=user, practice=place, label="test", lasts=timedelta(days=1), now=NOW)
        return Client(headers={"authorization": f"Bearer {token}"})

    return make
