"""A real mail sink in its own process on a free loopback port, ended by its pid."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from notifications.sink import Received, read_mailbox
from notifications.transport import SMTPTransport


@dataclass(frozen=True)
class RunningSink:
    port: int
    mailbox: Path
    process: subprocess.Popen[str]

    def received(self) -> list[Received]:
        return read_mailbox(self.mailbox)

    def transport(self, timeout: float = 5) -> SMTPTransport:
        return SMTPTransport(host="127.0.0.1", port=self.port, timeout=timeout)


@contextmanager
def running_sink(mailbox: Path, *options: str) -> Iterator[RunningSink]:
    command = [sys.executable, "-m", "notifications.sink", "--port", "0", "--mailbox", str(mailbox), *options]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout
            line = process.stdout.readline()
            yield RunningSink(int(line.partition(",")[0].rpartition(":")[2]), mailbox, process)
        finally:
            process.terminate()
            process.wait(timeout=10)
