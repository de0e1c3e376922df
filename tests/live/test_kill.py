"""kill -9 of the worker while messages go out: nothing is lost, at most one duplicate a kill, byte-identical."""

import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest

from notifications.sink import read_mailbox
from tests.live.conftest import BEAT, ROOT, WORKER, Live, bare_environment, sink, wait_until

pytestmark = [pytest.mark.live, pytest.mark.faults, pytest.mark.timeout(300)]
MESSAGES, KILLS = 200, 3
# A killed sender's lease runs for 120 s; the next worker's clock stands behind it.
LEASE = 130


@pytest.fixture
def parts(tmp_path: Path) -> Iterator[Live]:
    """Database with the demo, mailbox of a slow sink, no worker yet."""
    live = Live(bare_environment(tmp_path / "var"), tmp_path / "var")
    try:
        live.manage("migrate", "-v", "0")
        live.manage("demo")
        sink(live, "--delay", "0.02")
        yield live
    finally:
        live.stop()


def received(live: Live) -> dict[str, list[bytes]]:
    """The raw notices by Message-ID, in the order of receipt."""
    found: dict[str, list[bytes]] = defaultdict(list)
    for mail in read_mailbox(live.mailbox):
        if str(mail.message["Subject"]).startswith("Notice "):
            found[str(mail.message["Message-ID"])].append(mail.raw)
    return found


def start_worker(live: Live, number: int) -> None:
    offset = str(number * LEASE)
    # One sending process: the promise is one duplicate for each process killed, and a pool of two would be two kills.
    live.start("worker", *WORKER, "--concurrency", "1", CLOCK_OFFSET=offset)
    live.start("beat", *BEAT, "--schedule", str(live.data / f"beat{number}"), CLOCK_OFFSET=offset)


def test_worker_killed_while_sending_loses_nothing(parts: Live) -> None:
    subprocess.run(
        [sys.executable, "-m", "tests.live.queue_messages", str(MESSAGES)],
        cwd=ROOT,
        env=parts.env,
        check=True,
        timeout=60,
    )
    for number in range(KILLS):
        start_worker(parts, number)
        enough = (number + 1) * MESSAGES // (KILLS + 2)
        wait_until(lambda enough=enough: len(received(parts)) >= enough, f"{enough} of {MESSAGES} messages")  # type: ignore[misc]
        parts.kill("worker")
        parts.kill("beat")
    assert len(received(parts)) < MESSAGES, "the kills came too late to prove anything"
    start_worker(parts, KILLS)
    wait_until(lambda: len(received(parts)) == MESSAGES, "every message")
    copies = received(parts)
    assert len(copies) == MESSAGES
    assert sum(len(raws) - 1 for raws in copies.values()) <= KILLS
    assert [raws for raws in copies.values() if len(set(raws)) > 1] == []
