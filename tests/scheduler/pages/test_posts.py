"""AUD-05 for pages: every form that is sent is in the record with who, when, what, why, and from where."""

import pytest

from scheduler.access import ACCESS
from scheduler.models import Practice, Reading, Record
from scheduler.pages.urls import urlpatterns
from tests.scheduler.pages.posts import POSTS
from tests.scheduler.pages.posts.scene import Scene, route_of, send

pytestmark = [pytest.mark.matrix, pytest.mark.django_db]
FORMS = {pattern.name for pattern in urlpatterns if "POST" in ACCESS[pattern.name]}
SEARCHES = {"desk-duplicates", "desk-known", "settings-patients"}  # by POST, so that no name stands in an address
ADDRESS = "192.0.2.44"
# The record keeps no word of a person: where somebody says why, the row says that they did. What is evidence is said
# by its value.
WHY = {"reason", "outcome", "note"}


def test_every_form_of_the_pages_has_a_row_and_every_row_a_form() -> None:
    assert {route_of(form) for form in POSTS} == FORMS


@pytest.mark.parametrize("form", POSTS)
def test_form_leaves_who_when_what_why_and_where(form: str, scene: Scene, practice: Practice) -> None:
    post = POSTS[form](scene)
    scene.at(post.at)
    client = scene.client(post, proven=form != "my-home")
    client.defaults["REMOTE_ADDR"] = ADDRESS
    before, looks = Record.objects.filter(practice=practice).latest("number").number, Reading.objects.count()
    answer = send(client, form, post)
    assert answer.status_code < 400, answer.content.decode()
    rows = list(Record.objects.filter(practice=practice, number__gt=before))
    if route_of(form) in SEARCHES:
        assert (rows, Reading.objects.count()) == ([], looks + 1)
        return
    assert {(row.at, row.peer) for row in rows} == {(post.at, ADDRESS)}
    mine = [row for row in rows if row.by == scene.by(post)]
    assert mine, f"{form} left no row of whoever sent it"
    assert all(row.action and row.subject for row in mine)
    for why in WHY & post.body.keys() if "evidence_recorded" not in {row.action for row in mine} else ():
        assert any(why in row.fields for row in mine), f"{form} asked for a {why} and did not record that there was one"
