"""A mail server that keeps what it receives where a person and a test can read it: never for production.

    python -m notifications.sink --host 127.0.0.1 --port 8025 --mailbox DIR

DIR is a Maildir (tmp, new, cur) with the bytes as received; the envelope of each message stands beside it in
DIR/envelope. Port 0 takes a free one; the first line of output names the address. Exit 2: it cannot listen.
"""

import argparse
import asyncio
import json
import os
import signal
import sys
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from email import policy
from email.message import EmailMessage
from email.parser import BytesParser
from itertools import count
from pathlib import Path

from aiosmtpd.smtp import SMTP, Envelope, Session

FOLDERS = ("tmp", "new", "cur", "envelope")


@dataclass(frozen=True, slots=True)
class Received:
    """One message of the mailbox; `raw` is what came over the wire."""

    path: Path
    received_at: datetime
    envelope_to: tuple[str, ...]
    message: EmailMessage
    raw: bytes


def read_mailbox(mailbox: Path) -> list[Received]:
    """Everything the sink has received, oldest first; empty while there is no mailbox."""
    paths = [path for folder in ("new", "cur") for path in (mailbox / folder).glob("[!.]*")]
    return sorted((_read(mailbox, path) for path in paths), key=lambda received: received.path.name)


def _read(mailbox: Path, path: Path) -> Received:
    raw = path.read_bytes()
    name = path.name.partition(":")[0]  # a mail reader adds its flags after a colon
    envelope = json.loads((mailbox / "envelope" / f"{name}.json").read_text())
    return Received(
        path=path,
        received_at=datetime.fromtimestamp(int(name.partition(".")[0]) / 1e9, UTC),
        envelope_to=tuple(envelope["to"]),
        message=BytesParser(policy=policy.default).parsebytes(raw),
        raw=raw,
    )


class Sink:
    """What to answer: 451 to the first `fail_first` messages, 550 to the address `reject`, 250 to the others,
    each message after `delay` seconds."""

    def __init__(self, mailbox: Path, *, fail_first: int = 0, reject: str = "", delay: float = 0) -> None:
        self._mailbox = mailbox
        self._failures_left, self._reject, self._delay = fail_first, reject.casefold(), delay
        self._numbers = count(1)
        for folder in FOLDERS:
            (mailbox / folder).mkdir(mode=0o700, parents=True, exist_ok=True)

    async def handle_RCPT(  # noqa: N802
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if self._reject and address.casefold() == self._reject:
            return "550 5.1.1 No such mailbox here"
        envelope.rcpt_tos.append(address)
        envelope.rcpt_options.extend(options)
        return "250 OK"

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802
        await asyncio.sleep(self._delay)
        if self._failures_left > 0:
            self._failures_left -= 1
            return "451 4.3.0 Try again later"
        self._keep(envelope)
        return "250 OK"

    def _keep(self, envelope: Envelope) -> None:
        name = f"{time.time_ns()}.{os.getpid()}_{next(self._numbers)}.sink"
        kept = {"from": envelope.mail_from, "to": envelope.rcpt_tos}
        content = envelope.content if isinstance(envelope.content, bytes) else b""
        (self._mailbox / "envelope" / f"{name}.json").write_text(json.dumps(kept))
        draft = self._mailbox / "tmp" / name
        with draft.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        # Last, so that nobody reads half a message.
        draft.rename(self._mailbox / "new" / name)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m notifications.sink", description="A mail server for demos.")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8025, help="0 takes a free one")
    parser.add_argument("--mailbox", type=Path, required=True)
    parser.add_argument("--fail-first", type=int, default=0, metavar="N", help="answer 451 to the first N messages")
    parser.add_argument("--reject", default="", metavar="ADDRESS", help="answer 550 to this recipient")
    parser.add_argument("--delay", type=float, default=0, metavar="SECONDS", help="wait before keeping a message")
    return parser.parse_args()


async def _serve(arguments: argparse.Namespace) -> None:
    sink = Sink(
        arguments.mailbox,
        fail_first=arguments.fail_first,
        reject=arguments.reject,
        delay=arguments.delay,
    )
    loop = asyncio.get_running_loop()
    server = await loop.create_server(
        lambda: SMTP(sink, enable_SMTPUTF8=True, loop=loop), arguments.host, arguments.port
    )
    ended = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, ended.set)
    host, port = server.sockets[0].getsockname()[:2]
    sys.stdout.write(f"mail sink on {host}:{port}, mailbox {arguments.mailbox}\n")
    sys.stdout.flush()
    await ended.wait()
    server.close()


def main() -> int:
    arguments = _arguments()
    try:
        asyncio.run(_serve(arguments))
    except (OSError, OverflowError) as error:
        reason = getattr(error, "strerror", None) or error
        sys.stderr.write(
            f"mail sink cannot use {arguments.host}:{arguments.port} and {arguments.mailbox}: {reason}. "
            "Choose another --port or --mailbox.\n"
        )
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
