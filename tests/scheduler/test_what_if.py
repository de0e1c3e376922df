"""`manage.py protocols what-if`: any protocol over the practice's recorded facts; prints, and writes nothing."""

import json
import uuid
from collections.abc import Callable
from datetime import datetime, timedelta
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext

from checklists.models import Checklist
from scheduler.models import Case, Practice
from scheduler.services import signing
from scheduler.services.both_versions import BothSides
from scheduler.services.what_if import Progress, protocol_named, what_if
from tests.conftest import NOW, START
from tests.remembered import Memory
from tests.scheduler.api.tables import changes, tables
from tests.scheduler.copies import copy_case
from tests.scheduler.versions import BY, stricter_document

pytestmark = pytest.mark.django_db
CLINIC = "test-spine-clinic"


def run(name: str, *more: str, practice: str = CLINIC, now: datetime = START) -> tuple[int, list[str], str]:
    out, err = StringIO(), StringIO()
    given = ("protocols", "what-if", name, "--practice", practice, "--now", now.isoformat(), *more)
    try:
        call_command(*given, stdout=out, stderr=err)
    except SystemExit as ended:
        return int(str(ended.code)), out.getvalue().splitlines(), err.getvalue()
    return 0, out.getvalue().splitlines(), err.getvalue()


@pytest.fixture
def ready(tell: Callable[..., Case], start: datetime) -> Case:
    return tell("checked_in", now=start)


@pytest.fixture
def stricter(practice: Practice, memory: Memory) -> str:
    """The id of a version that nobody has signed, in which the platelets of every story fail."""
    given = {"name": "demonstration", "document": stricter_document(), "by": BY, "now": NOW}
    return str(memory.once(f"adopted {given}", lambda: signing.adopt(practice_id=practice.pk, **given).pk))


def test_changed_verdict_is_told_with_its_reasons_and_nothing_is_written(
    ready: Case, stricter: str, tell: Callable[..., Case]
) -> None:
    tell("opened", now=START)
    before = tables()
    code, lines, progress = run(stricter)
    assert (code, changes(before)) == (1, {})
    assert lines[0] == f"case {ready.pk}, booked Mon 2027-03-01 10:00 EST: ready becomes blocked"
    assert lines[1] == "  labs: satisfied becomes failed"
    assert lines[2].startswith("    before, satisfied: ")
    assert lines[3].startswith("    after, lab_out_of_range: ") and "platelets 210" in lines[3]
    assert lines[4:] == ["2 cases judged, 1 change", "  ready becomes blocked: 1"]
    assert "2 of 2 cases" in progress
    assert ready.patient.family_name not in "".join(lines)


def test_same_rules_change_nothing(ready: Case) -> None:
    assert run("demonstration")[:2] == (0, ["1 cases judged, 0 change"])
    assert run("1")[:2] == run("demonstration:1")[:2] == (0, ["1 cases judged, 0 change"])


def test_version_is_named_by_id_number_name_and_number_shipped_name_or_file(
    ready: Case, stricter: str, tmp_path: Path
) -> None:
    file = tmp_path / "stricter.yaml"  # JSON is YAML, too
    file.write_text(json.dumps({key: value for key, value in stricter_document().items() if key != "based_on"}))
    codes = [run(name)[0] for name in (stricter, "2", "demonstration:2", str(file), "reference-asra")]
    assert codes == [1, 1, 1, 1, 0]


def test_name_alone_is_the_practices_only_version(ready: Case, practice: Practice) -> None:
    """Also under a name of the practice's own, which no shipped protocol has."""
    given = {"name": "our-own", "document": stricter_document(), "by": BY, "now": NOW}
    signing.adopt(practice_id=practice.pk, **given)
    assert (run("our-own")[0], run("our-own:1")[0]) == (1, 1)


def test_name_of_several_documents_is_refused_with_how_to_call_each(
    ready: Case, stricter: str, practice: Practice
) -> None:
    said = (
        "demonstration: document: the practice calls 2 of its versions so, and a shipped protocol too: "
        "use demonstration:1, demonstration:2 of the practice, or shipped:demonstration"
    )
    code, lines, err = run("demonstration")
    assert (code, lines, err.strip()) == (2, [], said)
    assert (run("shipped:demonstration")[0], run("demonstration:2")[0]) == (0, 1)
    given = {"name": "reference-asra", "document": stricter_document(), "by": BY, "now": NOW}
    signing.adopt(practice_id=practice.pk, **given)
    code, lines, err = run("reference-asra")
    assert (code, lines) == (2, [])
    assert "a version of the practice is called so, and a shipped protocol too" in err
    assert (run("shipped:reference-asra")[0], run("reference-asra:1")[0]) == (0, 1)


def test_json_is_one_object_a_line_and_totals_last(ready: Case, stricter: str) -> None:
    code, lines, _ = run(stricter, "--json")
    one, last = map(json.loads, lines)
    assert (code, one["case"], one["before"]["state"], one["after"]["state"]) == (1, str(ready.pk), "ready", "blocked")
    assert [(item["item"], item["after"]["code"]) for item in one["items"]] == [("labs", "lab_out_of_range")]
    assert last == {
        "totals": {
            "judged": 1,
            "unjudged": 0,
            "changed": 1,
            "only_items": 0,
            "only_earliest": 0,
            "states": [{"before": "ready", "after": "blocked", "cases": 1}],
        }
    }


def test_cases_past_their_procedure_are_judged_only_when_asked_for(stricter: str, tell: Callable[..., Case]) -> None:
    later = START + timedelta(hours=6)
    done = tell("discharged", now=later)
    assert run(stricter, now=later)[:2] == (0, ["0 cases judged, 0 change"])
    code, lines, _ = run(stricter, "--all", now=later)
    assert (code, lines[0].startswith(f"case {done.pk}")) == (1, True)
    assert run(stricter, "--open-only", now=later)[:2] == (0, ["0 cases judged, 0 change"])


def test_case_that_cannot_be_read_is_named_and_the_others_go_on(
    ready: Case, stricter: str, tell: Callable[..., Case]
) -> None:
    broken = tell("opened", now=START)
    Checklist.objects.filter(pk=broken.checklist_id).update(facts_number=9)
    code, lines, _ = run(stricter)
    assert code == 1
    assert f"case {broken.pk}: cannot be judged. What is recorded of this case cannot be read." in lines
    assert lines[-3:] == ["1 cases judged, 1 change", "  ready becomes blocked: 1", "1 could not be judged"]


def test_other_practices_cases_and_versions_are_not_touched(
    ready: Case, stricter: str, other_practice: Practice
) -> None:
    assert run("reference-asra", practice=str(other_practice.pk))[1] == ["0 cases judged, 0 change"]
    code, lines, wrong = run(stricter, practice="Other Spine Clinic")
    assert (code, lines, "there is no such version in this practice" in wrong) == (2, [], True)


BAD: dict[str, tuple[tuple[str, ...], str]] = {
    "no such protocol": (("nonsense",), "there is no shipped protocol of this name"),
    "no such file": (("nowhere/x.yaml",), "the file cannot be read"),
    "no such version": (
        (str(uuid.UUID(int=5)),),
        "there is no such version in this practice: use one of demonstration:1",
    ),
    "no such number": (("77",), "there is no such version in this practice"),
    "no such shipped one": (("shipped:nonsense",), "there is no shipped protocol of this name"),
    "huge number": (("9" * 400,), "there is no shipped protocol of this name"),
}


@pytest.mark.parametrize("wrong", BAD)
def test_bad_name_is_refused_with_the_remedy(practice: Practice, wrong: str) -> None:
    (name,), said = BAD[wrong]
    code, lines, err = run(name)
    assert (code, lines, said in err) == (2, [], True)


def test_bad_practice_and_time_are_refused(practice: Practice) -> None:
    code, _, err = run("demonstration", practice="Nobody's")
    assert (code, "Use one of: test-spine-clinic." in err) == (2, True)
    for wrong in ("yesterday", "2027-03-01T08:00:00", "9999-01-01T00:00:00Z"):
        out, err_stream = StringIO(), StringIO()
        with pytest.raises(SystemExit) as ended:
            call_command(
                "protocols",
                "what-if",
                "demonstration",
                "--practice",
                CLINIC,
                "--now",
                wrong,
                stdout=out,
                stderr=err_stream,
            )
        assert (ended.value.code, err_stream.getvalue().startswith("--now: ")) == (2, True)


def test_numbers_still_missing_are_said_and_judged_strictly(ready: Case) -> None:
    code, _, progress = run("pro-spine-pain")
    assert (code, "3 numbers are missing and count as the strictest" in progress) == (1, True)


def test_queries_grow_by_chunks_not_by_cases(tell: Callable[..., Case], practice: Practice) -> None:
    case = tell("prepared")

    def queries(count: int) -> int:
        copy_case(case, count)
        with CaptureQueriesContext(connection) as seen:
            assert run("demonstration")[0] == 0
        return len(seen)

    assert queries(1) == queries(30)
    protocol = protocol_named("demonstration", practice)
    found = list(what_if(practice=practice, protocol=protocol, now=NOW, open_only=True, chunk=8))
    assert [one for one in found if isinstance(one, Progress)] == [Progress(done, 32) for done in (8, 16, 24, 32)]
    assert len({one.case.pk for one in found if isinstance(one, BothSides)}) == 32
