"""A clinic's missing numbers, from adopting to the signature, through pages alone."""

from typing import Any

import pytest
from django.test import Client

from checklists.models import ProtocolVersion
from scheduler.models import Practice
from scheduler.services.demonstration import PASSWORD
from tests.checklists.protocols.test_clinics import BAY, CLINICS, MISSING, PRO

pytestmark = pytest.mark.django_db
PATH = "minutes.recovery.value"


def boxes(paths: tuple[str, ...], **more: str) -> dict[str, str]:
    typed = {"": "6", ".source": "policy of the practice", ".confidence": "medium", ".note": "", **more}
    return {f"{path}{part}": value for path in paths for part, value in typed.items()}


def adopted(client: Client, practice: Practice, name: str) -> ProtocolVersion:
    client.post("/settings/protocols/", {"name": name})
    return ProtocolVersion.objects.get(practice_id=practice.pk, protocol__name=name)


@pytest.mark.parametrize("name", [PRO, *(pytest.param(name, marks=pytest.mark.matrix) for name in CLINICS)])
def test_clinic_is_brought_to_its_signature_through_pages(
    admin: Client, clinician: Client, practice: Practice, name: str
) -> None:
    version = adopted(admin, practice, name)
    address = f"/settings/protocols/{version.pk}/"
    if MISSING[name]:
        assert f"{address}fill/" in admin.get(address).content.decode()
        page = admin.get(f"{address}fill/").content.decode()
        assert all(f'name="{path}"' in page for path in MISSING[name])
        address = admin.post(f"{address}fill/", boxes(MISSING[name]))["Location"].partition("?")[0]
    assert clinician.post(f"{address}sign/", {"password": PASSWORD}).status_code == 302
    signed = ProtocolVersion.objects.get(practice_id=practice.pk, protocol__name=name, signed_at__isnull=False)
    assert (signed.missing, signed.number, signed.in_force) == ([], 2 if MISSING[name] else 1, True)


def test_numbers_become_an_unsigned_version_and_the_old_one_stays(admin: Client, practice: Practice) -> None:
    version = adopted(admin, practice, BAY)
    answer = admin.post(f"/settings/protocols/{version.pk}/fill/", boxes((PATH,)))
    made = ProtocolVersion.objects.get(practice_id=practice.pk, protocol__name=BAY, number=2)
    assert answer["Location"] == f"/settings/protocols/{made.pk}/?done=filled"
    assert (made.signed_at, made.missing, made.document["minutes"]["recovery"]["value"]) == (None, [], 6)
    version.refresh_from_db()
    assert version.missing == [PATH]


def test_what_cannot_be_used_is_told_beside_its_box_and_keeps_what_was_typed(admin: Client, practice: Practice) -> None:
    version = adopted(admin, practice, PRO)
    typed = boxes(MISSING[PRO]) | {MISSING[PRO][0]: "9000", f"{MISSING[PRO][1]}": "soon"}
    answer = admin.post(f"/settings/protocols/{version.pk}/fill/", typed)
    form, page = answer.context["form"], answer.content.decode()
    assert (answer.status_code, list(form.errors)) == (400, [MISSING[PRO][1], MISSING[PRO][0]])
    assert "9000 is more than 8784: check the unit that the key names." in page
    assert ('value="9000"' in page, 'value="soon"' in page) == (True, True)
    assert ProtocolVersion.objects.filter(practice_id=practice.pk, protocol__name=PRO).count() == 1


HOSTILE: tuple[dict[str, Any], ...] = (
    {},
    boxes((PATH,), **{"": ""}),
    boxes((PATH,), **{".source": "   "}),
    boxes((PATH,), **{".source": "x" * 400}),
    boxes((PATH,), **{".confidence": "sure"}),
    boxes((PATH,), **{".note": "two\nlines"}),
    boxes((PATH,), **{"": "1e9"}),
    boxes((PATH,), **{"": "-0.5"}),
)


def test_hostile_boxes_are_refused_and_nothing_is_written(admin: Client, practice: Practice) -> None:
    version = adopted(admin, practice, BAY)
    for typed in HOSTILE:
        assert admin.post(f"/settings/protocols/{version.pk}/fill/", typed).status_code == 400, typed
        assert ProtocolVersion.objects.filter(practice_id=practice.pk, protocol__name=BAY).count() == 1


def test_complete_and_foreign_versions_are_not_filled(
    admin: Client, practice: Practice, other_practice: Practice
) -> None:
    own, other = (ProtocolVersion.objects.get(practice_id=place.pk, number=1) for place in (practice, other_practice))
    answers = [admin.post(f"/settings/protocols/{version.pk}/fill/", {}) for version in (own, other)]
    assert [answer.status_code for answer in answers] == [409, 404]
    assert "Nothing is missing" in admin.get(f"/settings/protocols/{own.pk}/fill/").content.decode()
