"""Each night every record is verified; what is broken becomes the administrator's work, once."""

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from config.celery import app
from scheduler.models import Case, Practice, Record, Task
from scheduler.rules.problems import NotPermitted
from scheduler.services import checkpoints
from scheduler.services.checkpoints import keep_verification, last_verification, practices_with_checkpoints
from scheduler.services.record_watch import verify_and_tell, verify_every_record
from scheduler.services.sealing import seal_record
from scheduler.services.tasks import finish_task
from scheduler.tasks import verify_records
from tests.conftest import NOW
from tests.scheduler.services.test_verification import tampered

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


def owed(practice: Practice) -> list[Task]:
    return list(Task.objects.filter(practice=practice, kind="record_broken").order_by("created_at"))


def test_record_that_holds_owes_nothing_and_is_known_to_hold(practice: Practice) -> None:
    verify_every_record(now=NOW)
    found = last_verification(practice.pk)
    assert found is not None
    assert (owed(practice), found.at, found.breaks) == ([], NOW, ())


def test_broken_record_is_owed_by_the_administrator_once(practice: Practice, caplog: pytest.LogCaptureFixture) -> None:
    tampered("UPDATE scheduler_record SET action = 'x' WHERE number = 2")
    for night in range(3):
        verify_every_record(now=NOW + night * DAY)
    (task,) = owed(practice)
    assert (task.queue, task.case, task.due_at) == ("administrator", None, NOW)
    assert task.sentence.startswith("The record does not hold: 1 break(s). Row 2 was altered. Find out who could write")
    assert "does not hold" in caplog.text
    assert Record.objects.filter(action="task_opened", subject=str(task.pk)).count() == 1

    def finish(role: str) -> Task:
        return finish_task(
            practice_id=practice.pk,
            task_id=task.pk,
            outcome="Found out.",
            seen_version=task.version,
            roles=(role,),
            by="staff:1",
            now=NOW,
        )

    for role in ("scheduler", "nurse", "clinician", "auditor"):
        with pytest.raises(NotPermitted, match="administrator"):
            finish(role)
    assert finish("administrator").done_at == NOW
    verify_every_record(now=NOW + 3 * DAY)
    assert len(owed(practice)) == 1
    tampered("UPDATE scheduler_record SET action = 'x' WHERE number = 3")
    verify_every_record(now=NOW + 4 * DAY)
    assert [each.done_at for each in owed(practice)] == [NOW, None]


def test_second_start_without_a_pass_is_owed_although_the_first_was_dealt_with(
    practice: Practice, tell: Callable[..., Case], now: datetime
) -> None:
    """Neither has a row of the record to be known by."""
    cases = [tell("opened"), tell("opened", slot=("Room 2", "Sam Second", "Bay 2"))]
    for night, case in enumerate(cases):
        tampered("UPDATE scheduler_case SET started_at = NULL")
        tampered("UPDATE scheduler_case SET started_at = %s WHERE id = %s", now, case.pk)
        verify_every_record(now=now + night * DAY)
    assert [str(case.pk) in task.sentence for case, task in zip(cases, owed(practice), strict=True)] == [True, True]


def test_practice_that_cannot_be_verified_does_not_stop_the_others(
    practice: Practice, settings: Any, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    checkpoints.file_of(practice.pk).mkdir(parents=True)
    verify_every_record(now=NOW)
    assert "could not be verified" in caplog.text


def test_health_tells_whether_the_records_hold(practice: Practice, at: Callable[[Any], None]) -> None:
    at(NOW)
    health = Client().get("/healthz").json()
    assert (health["status"], health["broken_records"], health["oldest_verification_seconds"]) == ("ok", 0, None)
    tampered("UPDATE scheduler_record SET action = 'x' WHERE number = 2")
    verify_and_tell(practice_id=practice.pk, now=NOW - DAY)
    health = Client().get("/healthz").json()
    assert (health["status"], health["broken_records"], health["oldest_verification_seconds"]) == ("ok", 1, 86400)


def test_beat_verifies_each_night_and_no_longer_than_the_broker_waits() -> None:
    (entry,) = (each for each in app.conf.beat_schedule.values() if each["task"] == "scheduler.verify_records")
    assert (entry["schedule"].hour, entry["schedule"].minute, str(app.conf.timezone)) == ({8}, {20}, "UTC")
    assert verify_records.time_limit < 600


def test_stray_file_among_the_checkpoints_is_nobodys_record(practice: Practice) -> None:
    seal_record(practice_id=practice.pk, now=NOW)
    folder = checkpoints.file_of(practice.pk).parent
    for name in ("notes.jsonl", f"copy of {practice.pk}.jsonl", f"{practice.pk.hex}.jsonl"):
        (folder / name).write_text("{}")
    assert practices_with_checkpoints() == [practice.pk]


def test_result_of_a_verification_is_whole_or_the_one_before(
    practice: Practice, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A full disk in the middle of writing."""
    keep_verification(practice_id=practice.pk, rows=1, breaks=[], now=NOW)

    def torn(path: Path, text: str) -> None:
        with path.open("w") as file:
            file.write(text[: len(text) // 2])
        raise OSError("no space left on device")

    monkeypatch.setattr(Path, "write_text", torn)
    with pytest.raises(OSError, match="no space"):
        keep_verification(practice_id=practice.pk, rows=2, breaks=[], now=NOW)
    found = last_verification(practice.pk)
    assert found is not None and found.rows == 1
