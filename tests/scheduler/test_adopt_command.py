"""`manage.py protocols adopt`: a file becomes the next version of a practice's protocol, unsigned."""

import uuid
from pathlib import Path

import pytest

from checklists.models import ProtocolVersion
from scheduler.models import Practice, Record
from scheduler.services.demonstration import staff_by_role
from tests.checklists.protocols.documents import CHILD
from tests.scheduler.protocols_command import run

pytestmark = pytest.mark.django_db


def adopt(name: str, *more: str, by: str = "admin@demo.example") -> tuple[int, str, str]:
    return run("adopt", name, "--practice", "test-spine-clinic", "--by", by, *more)


def test_filled_file_becomes_the_next_version_of_the_clinics_protocol(practice: Practice, tmp_path: Path) -> None:
    assert adopt("bay-area-spine")[1].endswith("give its missing numbers, then sign it\n")
    out = str(tmp_path / "ours.yaml")
    assert run("fill", "bay-area-spine", "--set", "minutes.recovery.value=90:policy:low", "--out", out)[0] == 0
    code, said, _ = adopt(out, "--as", "bay-area-spine")
    assert (code, said) == (0, "bay-area-spine, version 2, is not in force: a clinician reads it, then signs it\n")
    version = ProtocolVersion.objects.get(practice_id=practice.pk, protocol__name="bay-area-spine", number=2)
    assert (version.signed_at, version.missing) == (None, [])
    by = staff_by_role(practice)["administrator"].by
    assert (version.adopted_by, Record.objects.filter(action="protocol_adopted", by=by).count()) == (by, 2)


def test_versions_of_a_practice_are_compared_by_id(practice: Practice, tmp_path: Path) -> None:
    file = tmp_path / "ours.yaml"
    file.write_text(CHILD.replace("reference-asra", "demonstration"))
    adopt(str(file), "--as", "demonstration")
    first, second = ProtocolVersion.objects.filter(practice_id=practice.pk).order_by("number")
    code, said, _ = run("diff", str(first.pk), str(second.pk))
    assert (code, said.splitlines()[0]) == (1, "the protocol, name: demonstration becomes ours")
    assert run("diff", str(first.pk), str(first.pk))[:2] == (0, "no difference\n")
    assert run("diff", str(first.pk), str(uuid.UUID(int=4)))[0] == 2


@pytest.mark.parametrize("by", ["nurse@demo.example", "desk@demo.example", "nobody@demo.example", ""])
def test_only_who_may_adopt_on_the_page_may_adopt_here(practice: Practice, by: str) -> None:
    code, _, wrong = adopt("bay-area-spine", by=by)
    assert (code, "give the address of an active clinician or administrator" in wrong) == (2, True)
    assert ProtocolVersion.objects.filter(practice_id=practice.pk).count() == 1


@pytest.mark.parametrize("name", ["", "Two Words", "x" * 101, "../etc", "a_b"])
def test_name_that_is_none_is_refused(practice: Practice, name: str) -> None:
    more = ("--as", name) if name else ("--as", " ")
    code, _, wrong = adopt("bay-area-spine", *more)
    assert (code, "is no name of a protocol" in wrong) == (2, True)


def test_real_practice_adopts_nothing_that_rests_on_the_demonstration(practice: Practice, tmp_path: Path) -> None:
    Practice.objects.filter(pk=practice.pk).update(is_demo=False)
    file = tmp_path / "ours.yaml"
    file.write_text(CHILD.replace("reference-asra", "demonstration"))
    for name in ("demonstration", str(file)):
        code, _, wrong = adopt(name)
        assert (code, wrong) == (2, "The demonstration protocol is not for patients.\n")
