import signal
import smtplib
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from notifications.rules.mime import render
from notifications.transport import Delivered, Permanent, SMTPTransport, Transient
from tests.notifications.drafts import DESK, PATIENT, a_draft, an_invite
from tests.notifications.sinks import running_sink

DOTS = a_draft(text=".\n.leading\n..two\nFrom here\n\n.\n", html="<p>.</p>\n.\n")


@pytest.mark.parametrize("draft", [an_invite(), DOTS], ids=["invite", "dots"])
def test_bytes_arrive_as_they_were_stored(tmp_path: Path, draft: object) -> None:
    payload = render(draft)
    with running_sink(tmp_path) as sink, sink.transport() as transport:
        assert transport.send(sender=DESK, recipient=PATIENT, payload=payload) == Delivered("250 OK")
        [received] = sink.received()
    assert received.raw == payload
    assert received.envelope_to == (PATIENT,)
    assert received.message["To"].addresses[0].addr_spec == PATIENT
    assert abs(received.received_at.timestamp() - time.time()) < 60


def test_mailbox_is_a_maildir_without_leftovers(tmp_path: Path) -> None:
    with running_sink(tmp_path) as sink, sink.transport() as transport:
        transport.send(sender=DESK, recipient=PATIENT, payload=render(a_draft()))
        [received] = sink.received()
    assert received.path.parent == tmp_path / "new"
    assert list((tmp_path / "tmp").iterdir()) == []
    received.path.rename(tmp_path / "cur" / f"{received.path.name}:2,S")
    assert [r.raw for r in sink.received()] == [received.raw]


def test_one_connection_serves_many_messages_in_order(tmp_path: Path) -> None:
    payloads = [render(a_draft(occasion=f"o-{n}")) for n in range(10)]
    with running_sink(tmp_path) as sink, sink.transport() as transport:
        for payload in payloads:
            transport.send(sender=DESK, recipient=PATIENT, payload=payload)
        assert [received.raw for received in sink.received()] == payloads


def test_fail_first_answers_451_and_then_takes_it(tmp_path: Path) -> None:
    with running_sink(tmp_path, "--fail-first", "2") as sink, sink.transport() as transport:
        answers = [transport.send(sender=DESK, recipient=PATIENT, payload=render(a_draft())) for _ in range(3)]
    assert answers == [
        Transient("451 4.3.0 Try again later"),
        Transient("451 4.3.0 Try again later"),
        Delivered("250 OK"),
    ]


def test_rejected_address_is_permanent_and_the_next_one_flows(tmp_path: Path) -> None:
    with running_sink(tmp_path, "--reject", PATIENT) as sink, sink.transport() as transport:
        refused = transport.send(sender=DESK, recipient=PATIENT, payload=render(a_draft()))
        taken = transport.send(sender=DESK, recipient="bob@home.example", payload=render(a_draft()))
    assert (refused, taken) == (Permanent("550 5.1.1 No such mailbox here"), Delivered("250 OK"))


def test_server_too_slow_to_answer_leaves_it_ambiguous(tmp_path: Path) -> None:
    with running_sink(tmp_path, "--delay", "5") as sink, sink.transport(timeout=0.5) as transport:
        answer = transport.send(sender=DESK, recipient=PATIENT, payload=render(a_draft()))
    assert isinstance(answer, Transient)
    assert answer.ambiguous


def test_no_server_is_transient_and_not_ambiguous() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        transport = SMTPTransport(host="127.0.0.1", port=free.getsockname()[1], timeout=2)
        answer = transport.send(sender=DESK, recipient=PATIENT, payload=render(a_draft()))
    assert isinstance(answer, Transient)
    assert not answer.ambiguous


def test_connection_that_went_away_is_opened_again(tmp_path: Path) -> None:
    transport = None
    with running_sink(tmp_path / "one") as sink:
        transport = sink.transport()
        assert transport.send(sender=DESK, recipient=PATIENT, payload=render(a_draft())) == Delivered("250 OK")
    gone = transport.send(sender=DESK, recipient=PATIENT, payload=render(a_draft()))
    assert isinstance(gone, Transient)
    command = [sys.executable, "-m", "notifications.sink", "--port", str(sink.port), "--mailbox"]
    with subprocess.Popen([*command, str(tmp_path / "two")], stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout
            process.stdout.readline()
            back = transport.send(sender=DESK, recipient=PATIENT, payload=render(a_draft()))
        finally:
            transport.close()
            process.terminate()
            process.wait(timeout=10)
    assert back == Delivered("250 OK")


def test_address_beyond_ascii_travels_as_utf8(tmp_path: Path) -> None:
    address = "añа@home.example"
    payload = render(a_draft(recipient=address))
    with running_sink(tmp_path) as sink, sink.transport() as transport:
        answers = [transport.send(sender=DESK, recipient=to, payload=payload) for to in (address, PATIENT)]
        assert [r.envelope_to for r in sink.received()] == [(address,), (PATIENT,)]
    assert answers == [Delivered("250 OK"), Delivered("250 OK")]


def test_taken_port_is_one_clear_line_and_exit_2(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        command = [
            sys.executable,
            "-m",
            "notifications.sink",
            "--port",
            str(port),
            "--mailbox",
            str(tmp_path),
        ]
        ended = subprocess.run(command, capture_output=True, text=True, timeout=20, check=False)
    assert (ended.returncode, ended.stdout) == (2, "")
    assert len(ended.stderr.splitlines()) == 1
    assert f"127.0.0.1:{port}" in ended.stderr


def test_sigterm_ends_it_cleanly_even_in_a_conversation(tmp_path: Path) -> None:
    with running_sink(tmp_path) as sink, smtplib.SMTP("127.0.0.1", sink.port, timeout=5) as connection:
        connection.ehlo()
        sink.process.send_signal(signal.SIGTERM)
        assert sink.process.wait(timeout=5) == 0
        connection.close()
