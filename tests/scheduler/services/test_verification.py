"""AUD-02: whoever edits, cuts or empties the record with all rights over the database is found, and told what to do."""

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection

from checklists.models import GatePass
from scheduler.database import triggers_removed
from scheduler.models import Case, Practice, Reading, Record, RecordHead
from scheduler.rules.breaks import REMEDIES
from scheduler.services.access_log import log_reading, seal_readings
from scheduler.services.checkpoints import file_of
from scheduler.services.record import append_record, chain_hash, content
from scheduler.services.sealing import seal_record
from scheduler.services.verification import verify_chain, verify_practice
from tests.house import roles
from tests.scheduler.database.refusing import run_sql
from tests.scheduler.services.steps import BY

pytestmark = pytest.mark.django_db


def tampered(sql: str, *parameters: Any) -> None:
    """Somebody with the rights of the tables' owner, who first drops the triggers."""
    connection.check_constraints()
    with roles.owner(), triggers_removed(connection):
        run_sql(sql, *parameters)


def note(practice: Practice, times: int = 1) -> None:
    for number in range(times):
        append_record(practice_id=practice.pk, by=BY, action="noted", subject=number, now=practice.created_at)


def last_of(practice: Practice) -> int:
    return Record.objects.filter(practice=practice).latest("number").number


def chain_breaks(practice: Practice) -> list[str]:
    return [each.sentence for each in verify_chain(practice.pk)]


def breaks(practice: Practice) -> list[tuple[str, int | None]]:
    found = verify_practice(practice.pk).breaks
    assert all(each.remedy for each in found)
    return [(each.code, each.row) for each in found]


COLUMNS = {
    "action": "x",
    "by": "x",
    "subject": "x",
    "at": datetime.fromisoformat("2020-01-01T00:00:00+00:00"),
    "fields": '{"a": "b"}',
    "codes": '["c"]',
    "peer": "192.0.2.1",
    "hash": "0" * 64,
}


@pytest.mark.parametrize("column", COLUMNS)
def test_edited_row_is_found(practice: Practice, column: str) -> None:
    quoted = connection.ops.quote_name(column)
    tampered(f"UPDATE scheduler_record SET {quoted} = %s WHERE number = 2", COLUMNS[column])
    assert "row 2 was altered" in chain_breaks(practice)


def test_row_deleted_in_the_middle_is_found(practice: Practice) -> None:
    note(practice, 5)
    tampered("DELETE FROM scheduler_record WHERE number = 3")
    assert chain_breaks(practice) == ["row 3 to 3 missing", "row 4 does not follow the row before it"]


def test_deleted_tail_is_found(practice: Practice) -> None:
    last = last_of(practice)
    tampered("DELETE FROM scheduler_record WHERE number = %s", last)
    assert chain_breaks(practice) == [f"the head says {last} rows, the chain ends at {last - 1}"]


def test_record_that_was_emptied_is_found(practice: Practice) -> None:
    last = last_of(practice)
    tampered("DELETE FROM scheduler_record")
    assert chain_breaks(practice) == [f"the head says {last} rows, the chain ends at 0"]


def test_head_that_was_removed_is_found(practice: Practice) -> None:
    last = last_of(practice)
    run_sql("DELETE FROM scheduler_recordhead")
    assert chain_breaks(practice) == [f"the head says 0 rows, the chain ends at {last}"]


def test_practices_have_chains_of_their_own(practice: Practice, other_practice: Practice) -> None:
    tampered("UPDATE scheduler_record SET action = 'x' WHERE practice_id = %s AND number = 1", ident(practice))
    assert verify_chain(practice.pk) != []
    assert verify_chain(other_practice.pk) == []


def ident(practice: Practice) -> Any:
    return practice.pk if connection.vendor == "postgresql" else practice.pk.hex


def cut(practice: Practice, left: int) -> None:
    """The tail goes and the head is wound back, so that the chain itself is whole."""
    end = Record.objects.get(practice=practice, number=left).hash if left else ""
    tampered("DELETE FROM scheduler_record WHERE number > %s", left)
    RecordHead.objects.filter(practice=practice).update(number=left, hash=end)
    assert verify_chain(practice.pk) == []


def test_whole_record_holds_with_its_checkpoint(practice: Practice, now: datetime) -> None:
    assert seal_record(practice_id=practice.pk, now=now)
    note(practice, 3)
    found = verify_practice(practice.pk)
    assert (found.breaks, found.checkpoints, found.rows) == ((), 1, last_of(practice))


def test_tail_that_was_cut_with_its_head_is_found_by_the_checkpoint(practice: Practice, now: datetime) -> None:
    note(practice, 5)
    last = last_of(practice)
    seal_record(practice_id=practice.pk, now=now)
    cut(practice, last - 2)
    assert breaks(practice) == [("tail_cut", last - 1)]


def test_tail_that_was_cut_and_grew_again_is_found_by_the_checkpoint(practice: Practice, now: datetime) -> None:
    note(practice, 5)
    last = last_of(practice)
    seal_record(practice_id=practice.pk, now=now)
    cut(practice, last - 2)
    note(practice, 9)
    assert verify_chain(practice.pk) == []
    assert breaks(practice) == [("chain_rewritten", last)]
    assert seal_record(practice_id=practice.pk, now=now)
    assert breaks(practice) == [("chain_rewritten", last)]


def test_whole_chain_that_was_deleted_is_found_by_the_checkpoint(
    practice: Practice, now: datetime, capsys: pytest.CaptureFixture[str]
) -> None:
    seal_record(practice_id=practice.pk, now=now)
    cut(practice, 0)
    RecordHead.objects.filter(practice=practice).delete()
    assert breaks(practice) == [("chain_gone", 1)]
    assert not seal_record(practice_id=practice.pk, now=now)
    with pytest.raises(SystemExit):
        call_command("verify_record")
    assert f"{practice.name}, row 1: all" in capsys.readouterr().out


def test_practice_that_was_deleted_with_its_chain_is_found(
    practice: Practice, now: datetime, checkpoints: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Its checkpoints name it."""
    seal_record(practice_id=practice.pk, now=now)
    gone = "11111111-1111-4111-8111-111111111111"
    file_of(practice.pk).rename(checkpoints / f"{gone}.jsonl")
    with pytest.raises(SystemExit):
        call_command("verify_record")
    assert f"practice {gone}: 0 rows" in capsys.readouterr().out


def test_chain_that_was_written_anew_is_found_by_the_checkpoint(practice: Practice, now: datetime) -> None:
    """Somebody who knows how rows are chained edits one and computes every hash after it."""
    note(practice, 3)
    last = last_of(practice)
    seal_record(practice_id=practice.pk, now=now)
    previous = Record.objects.get(practice=practice, number=1).hash
    with roles.owner(), triggers_removed(connection):
        for row in Record.objects.filter(practice=practice, number__gt=1).order_by("number"):
            row.by = "nobody"
            row.previous_hash, row.hash = previous, chain_hash(previous, content(row))
            row.save()
            previous = row.hash
    RecordHead.objects.filter(practice=practice).update(hash=previous)
    assert verify_chain(practice.pk) == []
    assert breaks(practice) == [("chain_rewritten", last)]


def test_sealing_twice_writes_one_line(practice: Practice, now: datetime) -> None:
    assert [seal_record(practice_id=practice.pk, now=now) for _ in range(3)] == [True, False, False]
    note(practice)
    assert seal_record(practice_id=practice.pk, now=now + timedelta(minutes=1))
    lines = [json.loads(line) for line in file_of(practice.pk).read_text().splitlines()]
    assert [line["number"] for line in lines] == [last_of(practice) - 1, last_of(practice)]
    assert file_of(practice.pk).stat().st_mode & 0o777 == 0o600


FORGERIES: dict[str, Callable[[list[str]], list[str]]] = {
    "a line edited": lambda lines: [lines[0].replace('"number": ', '"number": 1'), *lines[1:]],
    "a line removed": lambda lines: [lines[0], *lines[2:]],
    "the first line removed": lambda lines: lines[1:],
    "lines exchanged": lambda lines: [lines[1], lines[0], *lines[2:]],
    "a line that is no line": lambda lines: [*lines, "[]"],
    "a line signed by nobody": lambda lines: [*lines, '{"number": 1}'],
}


@pytest.mark.parametrize("forgery", FORGERIES)
def test_forged_checkpoints_are_found(practice: Practice, now: datetime, forgery: str) -> None:
    for _ in range(4):
        note(practice)
        seal_record(practice_id=practice.pk, now=now)
    assert breaks(practice) == []
    lines = file_of(practice.pk).read_text().splitlines()
    file_of(practice.pk).write_text("".join(f"{line}\n" for line in FORGERIES[forgery](lines)))
    assert {code for code, _ in breaks(practice)} == {"checkpoint_forged"}


@pytest.mark.parametrize("left", [1, 60, -1])
def test_line_that_a_crash_tore_is_told_apart_and_mended_by_the_next_sealing(
    practice: Practice, now: datetime, left: int
) -> None:
    seal_record(practice_id=practice.pk, now=now)
    note(practice)
    seal_record(practice_id=practice.pk, now=now)
    first, second = file_of(practice.pk).read_bytes().splitlines(keepends=True)
    file_of(practice.pk).write_bytes(first + second[:left])
    assert breaks(practice) == [("checkpoint_torn", None)]
    assert seal_record(practice_id=practice.pk, now=now)
    assert (breaks(practice), file_of(practice.pk).read_bytes()) == ([], first + second)


def test_only_line_torn_is_mended_too(practice: Practice, now: datetime) -> None:
    seal_record(practice_id=practice.pk, now=now)
    whole = file_of(practice.pk).read_bytes()
    file_of(practice.pk).write_bytes(whole[:40])
    assert seal_record(practice_id=practice.pk, now=now)
    assert (breaks(practice), file_of(practice.pk).read_bytes()) == ([], whole)


def test_checkpoints_of_another_practice_count_for_nothing(
    practice: Practice, other_practice: Practice, now: datetime
) -> None:
    seal_record(practice_id=practice.pk, now=now)
    seal_record(practice_id=other_practice.pk, now=now)
    file_of(other_practice.pk).replace(file_of(practice.pk))
    assert breaks(practice) == [("checkpoint_forged", None)]


def test_checkpoints_signed_with_another_key_are_found(practice: Practice, now: datetime, settings: Any) -> None:
    seal_record(practice_id=practice.pk, now=now)
    settings.LINK_KEY = "another key"
    assert ("checkpoint_forged", None) in breaks(practice)


def look(practice: Practice, now: datetime, times: int = 1) -> None:
    for _ in range(times):
        log_reading(
            practice_id=practice.pk, by=BY, roles=["nurse"], route="desk-case", seen=[practice.pk], status=200, now=now
        )


def test_access_log_is_sealed_once_and_holds(practice: Practice, now: datetime) -> None:
    look(practice, now, 3)
    assert [seal_readings(practice_id=practice.pk, now=now) for _ in range(2)] == [3, 0]
    look(practice, now)
    assert seal_record(practice_id=practice.pk, now=now)
    assert not seal_record(practice_id=practice.pk, now=now)
    seals = Record.objects.filter(practice=practice, action="access_sealed")
    assert [(row.by, row.codes) for row in seals.order_by("number")] == [("system", ["3"]), ("system", ["1"])]
    look(practice, now)
    assert breaks(practice) == []


ACCESS_LOG = {
    "edited": ("UPDATE scheduler_reading SET by = 'x' WHERE id = {first}", "access_altered"),
    "one row deleted": ("DELETE FROM scheduler_reading WHERE id = {first}", "access_altered"),
    "emptied": ("DELETE FROM scheduler_reading", "access_altered"),
    "unsealed again": ("UPDATE scheduler_reading SET seal = NULL WHERE id = {first}", "access_altered"),
    "claimed": ("UPDATE scheduler_reading SET seal = 1 WHERE seal IS NULL", "access_forged"),
}


@pytest.mark.parametrize("name", ACCESS_LOG)
def test_access_log_that_was_tampered_with_is_found(practice: Practice, now: datetime, name: str) -> None:
    sql, code = ACCESS_LOG[name]
    look(practice, now, 3)
    seal_record(practice_id=practice.pk, now=now)
    seal = last_of(practice)
    look(practice, now)
    tampered(sql.format(first=Reading.objects.earliest("pk").pk).replace(" by ", ' "by" '))
    assert breaks(practice) == [(code, 1 if name == "claimed" else seal)]


def test_checkpoints_that_were_cut_are_found(practice: Practice, now: datetime) -> None:
    for _ in range(3):
        look(practice, now)
        seal_record(practice_id=practice.pk, now=now)
    last = last_of(practice)
    first, second, _ = file_of(practice.pk).read_text().splitlines(keepends=True)
    file_of(practice.pk).write_text(first + second)
    assert breaks(practice) == []  # the last may still be on its way
    file_of(practice.pk).write_text(first)
    assert breaks(practice) == [("checkpoint_cut", last - 1)]
    file_of(practice.pk).unlink()
    assert breaks(practice) == [("checkpoint_cut", last - 1)]


def test_start_and_its_pass_hold(tell: Callable[..., Case], start: datetime) -> None:
    case = tell("started", now=start)
    assert breaks(case.practice) == []


def test_start_whose_record_is_somebody_elses_hand_is_found(tell: Callable[..., Case], start: datetime) -> None:
    """A forged pass: pass, decision and start are in the tables, and the chain tells of none."""
    case = tell("started", now=start)
    row = Record.objects.get(practice=case.practice_id, action="start")
    cut(case.practice, row.number - 1)
    gate_pass = GatePass.objects.get(subject=case.pk)
    assert breaks(case.practice) == [("pass_unknown", None)]
    for fields in ({"state": "x"}, {**row.fields, "gate_pass": "0" * 32}):
        append_row(case, fields)
    assert [code for code, _ in breaks(case.practice)] == ["pass_unknown", "pass_altered"]
    assert str(gate_pass.pk) in verify_practice(case.practice_id).breaks[0].sentence


def append_row(case: Case, fields: dict[str, str]) -> None:
    """With the right hash and head, as whoever can write to the tables could."""
    head = RecordHead.objects.get(practice=case.practice)
    row = Record(practice=case.practice, number=head.number + 1, at=case.started_at, by=BY, action="start")
    row.subject, row.fields, row.previous_hash = str(case.pk), fields, head.hash
    row.hash = chain_hash(head.hash, content(row))
    row.save()
    RecordHead.objects.filter(practice=case.practice).update(number=row.number, hash=row.hash)


def test_case_set_to_started_in_the_tables_is_found(tell: Callable[..., Case], start: datetime) -> None:
    case = tell("checked_in", now=start)
    tampered("UPDATE scheduler_case SET state = 'in_procedure', started_at = opened_at")
    assert breaks(case.practice) == [("start_without_pass", None)]


def test_pass_and_decision_altered_afterwards_are_found(tell: Callable[..., Case], start: datetime) -> None:
    case = tell("started", now=start)
    row = Record.objects.get(practice=case.practice_id, action="start").number
    tampered("UPDATE checklists_decision SET answer = 'open_overridden' WHERE gate = 'start'")
    assert breaks(case.practice) == [("decision_altered", row)]
    tampered("UPDATE checklists_gatepass SET issued_by = 'x'")
    assert breaks(case.practice) == [("pass_unknown", None), ("pass_altered", row)]


def test_erased_values_leave_the_record_whole(tell: Callable[..., Case], start: datetime) -> None:
    case = tell("started", now=start)
    tampered("UPDATE checklists_decision SET verdict = '{}'")
    tampered("UPDATE checklists_evidence SET value = '{}'")
    tampered("UPDATE checklists_facts SET document = '{}'")
    assert breaks(case.practice) == []


def test_verify_record_tells_by_its_exit(practice: Practice, capsys: pytest.CaptureFixture[str]) -> None:
    call_command("seal_record")
    call_command("verify_record")
    assert f"{practice.name}: {last_of(practice)} rows, 1 checkpoints, holds" in capsys.readouterr().out
    tampered("UPDATE scheduler_record SET action = 'x' WHERE number = 2")
    with pytest.raises(SystemExit) as ended:
        call_command("verify_record")
    assert ended.value.code == 1
    assert f"{practice.name}, row 2: row 2 was altered. {REMEDIES['row_altered']}" in capsys.readouterr().out
