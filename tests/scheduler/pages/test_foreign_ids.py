"""TEN-02 for pages: another practice's id in a field of a form is refused, and nothing is written.

The fields are those that the product reads and in which an id stands, in what is sent or in what the page offers.
"""

from collections.abc import Iterator
from typing import Any

import pytest
from django.db import transaction
from django.test import Client

from checklists.models import Evidence
from scheduler.models import Membership, Practice, Resource, User
from tests.conftest import NOW
from tests.remembered import Memory
from tests.scheduler.api.tables import REFUSAL, changes, tables
from tests.scheduler.pages.my.visiting import add, give_link, link_of
from tests.scheduler.pages.posts import POSTS
from tests.scheduler.pages.posts.fields import UUID, offers_ids, reading
from tests.scheduler.pages.posts.scene import Post, Scene, send
from tests.scheduler.world import World, booking_of

pytestmark = [pytest.mark.matrix, pytest.mark.django_db]
# The export of what the record says of somebody else's id is empty (test_record.py).
ONLY_ASKED = {("record-export", "subject")}
PLACES = {"entry"}  # the place on the page at which the form stood: nothing is looked up by it
CASE_BY_CASE = {("settings-protocol-move", "cases")}  # each moved or left, with its reason
WITH_IDS = {
    *("desk-book", "desk-book, moved", "desk-case-refile", "desk-evidence-error, elsewhere", "desk-clearance"),
    *("desk-phone, caregiver", "record-export"),
    *("ward-record", "ward-prescreen", "ward-paper", "ward-paper, elsewhere", "settings-protocol-move"),
}


def theirs(practice: Practice, memory: Memory) -> dict[str, str]:
    """An id of each kind that a practice has, all of another practice."""
    world = World(practice, memory)
    case = world.tell("booked", ride={"available": False}, drugs=("apixaban",))
    contacts = {kind: str(add(case, kind).pk) for kind in ("caregiver", "escort", "prescriber")}
    give_link(case, "caregiver")
    places = {kind: Resource.objects.filter(practice=practice, kind=kind)[0].pk for kind in ("room", "bay")}
    places["proceduralist"] = world.resources["Sam Second"].pk
    found = {
        "case": case.pk,
        "patient": case.patient_id,
        "booking": booking_of(case).pk,
        "checklist": case.checklist_id,
        "version": case.checklist.protocol_version_id,
        "protocol": case.checklist.protocol_version.protocol_id,
        "task": case.tasks.all()[0].pk,
        "link": link_of(case).pk,
        "evidence": Evidence.objects.filter(checklist=case.checklist)[0].public_id,
        "user": _stranger(practice).pk,
        "practice": practice.pk,
        **places,
    }
    return {**{kind: str(pk) for kind, pk in found.items()}, **contacts}


def _stranger(practice: Practice) -> User:
    """Who works in both is ours as well."""
    user = User.objects.create(email="stranger@people.example", name="Strange Nurse")
    Membership.objects.create(practice=practice, user=user, role="nurse", created_at=NOW)
    return user


def fields_with_ids(client: Client, form: str, post: Post) -> set[str]:
    with transaction.atomic():
        page = client.get(post.page).content.decode() if post.page else ""
        with reading() as names:
            answer = send(client, form, post)
        transaction.set_rollback(True)
    assert answer.status_code < 400
    read = names.get(id(answer.wsgi_request.POST), set())
    filled = {name for name, value in post.body.items() if UUID.search(str(value))}
    return read & (filled | offers_ids(page)) - PLACES


def instead(value: Any, foreign: str) -> Iterator[Any]:
    """The foreign id in the place of ours; and beside it, where several are chosen."""
    if isinstance(value, list):
        yield [UUID.sub(foreign, str(one)) if UUID.search(str(one)) else foreign for one in value] or [foreign]
        yield [*value, *(UUID.sub(foreign, str(one)) for one in value[:1])]
    else:
        yield UUID.sub(foreign, str(value)) if UUID.search(str(value)) else foreign


@pytest.mark.parametrize("form", sorted(POSTS))
def test_another_practices_id_in_a_field_is_refused_and_writes_nothing(
    form: str, scene: Scene, other_practice: Practice, memory: Memory
) -> None:
    foreign = theirs(other_practice, memory) if form in WITH_IDS else {}
    post = POSTS[form](scene)
    scene.at(post.at)
    client = scene.client(post, proven=form != "my-home")
    fields, before, wrong = fields_with_ids(client, form, post), tables(), []
    assert bool(fields) == (form in WITH_IDS), fields
    for field in fields:
        for kind, pk in foreign.items():
            for value in instead(post.body.get(field, ""), pk):
                with transaction.atomic():
                    answer = send(client, form, post, **{field: value})
                    changed = changes(before)
                    transaction.set_rollback(True)
                if (form, field) in CASE_BY_CASE and answer.status_code == 200:
                    is_good = pk in {
                        str(left.case_id) for _, left in answer.context["left"] if left.code == "not_found"
                    }
                else:
                    is_good = changed in ({}, REFUSAL) and (
                        answer.status_code in (400, 403, 404, 409) or (form, field) in ONLY_ASKED
                    )
                if not is_good:
                    wrong.append((field, kind, answer.status_code, changed))
    assert wrong == []
