"""Who stands before a form: a person of the staff, or somebody with a link; and what they send."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.test import Client
from django.urls import reverse

from scheduler.models import Case, User
from tests.conftest import NOW
from tests.scheduler.pages.my.visiting import birth_date, follow, link_of
from tests.scheduler.world import World

LINKS = ("patient", "caregiver", "escort", "prescriber")


@dataclass(frozen=True)
class Post:
    """A form that is taken. `who`: a role, the kind of a link (of `case`), or nobody; `page`: where the form stands."""

    who: str
    body: Mapping[str, Any] = field(default_factory=dict)
    ids: Mapping[str, Any] = field(default_factory=dict)
    case: Case | None = None
    at: datetime = NOW
    query: str = ""
    page: str = ""


@dataclass(frozen=True)
class Scene:
    """A practice in which the forms are filled in; `signed_in` as the fixture."""

    world: World
    signed_in: Callable[[str], Client]
    at: Callable[[datetime], None]

    @property
    def staff(self) -> dict[str, User]:
        return self.world.staff

    def client(self, post: Post, *, proven: bool = True) -> Client:
        if post.who == "nobody":
            return Client()
        if post.who not in LINKS:
            return self.signed_in(post.who)
        assert post.case is not None
        phone = follow(link_of(post.case, post.who))
        if proven:
            phone.post("/my/", birth_date(post.case.patient.born_on))
        return phone

    def by(self, post: Post) -> str:
        """As the record names whoever sends it."""
        if post.who in LINKS:
            assert post.case is not None
            return f"link:{link_of(post.case, post.who).pk}"
        return self.staff["scheduler" if post.who == "nobody" else post.who].by


Make = Callable[[Scene], Post]


def route_of(form: str) -> str:
    """A route has a form for each way in which it is filled in: "desk-end", "desk-end, release"."""
    return form.partition(",")[0]


def address_of(form: str, post: Post) -> str:
    return reverse(route_of(form), kwargs=dict(post.ids)) + post.query


def send(client: Client, form: str, post: Post, **changed: Any) -> Any:
    return client.post(address_of(form, post), {**post.body, **changed})


def of_case(who: str, case: Case, page: str = "", at: datetime = NOW, /, **body: Any) -> Post:
    return Post(who, body, {"case_id": case.pk}, at=at, page=page)


def seen(who: str, case: Case, page: str = "", at: datetime = NOW, /, **body: Any) -> Post:
    """Against the version of the case as it stands."""
    case.refresh_from_db()
    return of_case(who, case, page, at, version=str(case.version), **body)
