"""The demonstration on one machine, `python -m config.run`: database, demo practice, then every process."""

import os
import secrets
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from configparser import ConfigParser
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from config.supervision import supervise

ROOT = Path(__file__).resolve().parent.parent
CONTROL_SOCKET_LENGTH = 90  # bytes; the kernel refuses about 107, and supervisor first makes a longer name
STEPS = (
    ("Preparing the database", ("migrate", "--noinput")),
    ("Preparing the demo practice", ("demo",)),
    ("Collecting the files of the API pages", ("collectstatic", "--noinput", "--verbosity", "0")),
)


class CannotStartError(Exception):
    """A sentence for the person who typed the command; nothing has been started."""


@dataclass(frozen=True)
class Run:
    """Where this run keeps its data and where it listens (ports on 127.0.0.1)."""

    data: Path
    port: int
    smtp_port: int

    @property
    def control_conf(self) -> Path:
        return self.data / "supervisorctl.conf"


def say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def read_run(environ: Mapping[str, str]) -> Run:
    """The run the environment asks for; raises CannotStartError naming the variable that is wrong."""
    if environ.get("DEMO", "1") != "1":
        raise CannotStartError(
            "DEMO is not 1, and `make run` is the demonstration. Unset DEMO, or start the parts one by one."
        )
    run = Run(
        data=Path(environ.get("DATA_DIR") or ROOT / "var").resolve(),
        port=read_port(environ, "PORT", "8000"),
        smtp_port=read_port(environ, "SMTP_PORT", "8025"),
    )
    if run.port == run.smtp_port:
        raise CannotStartError(f"PORT and SMTP_PORT are both {run.port}. Give each a port of its own.")
    return run


def read_port(environ: Mapping[str, str], name: str, default: str) -> int:
    text = environ.get(name) or default
    if not (text.isascii() and text.isdigit() and 1 <= int(text) <= 65535):
        raise CannotStartError(f"{name} is {text!r}. Set {name} to a whole number from 1 to 65535.")
    return int(text)


def refuse_taken_ports(run: Run) -> None:
    for name, port in (("PORT", run.port), ("SMTP_PORT", run.smtp_port)):
        with socket.socket() as probe:
            # As the servers do: a port that is only cooling down after the last run is free.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError as error:
                raise CannotStartError(
                    f"Port {port} cannot be used ({error.strerror}). Choose another with {name}=."
                ) from None


@contextmanager
def control_socket(run: Run) -> Iterator[Path]:
    """Supervisor's socket: in the data folder, or in a short temporary one where that path is too long."""
    path = run.data / "supervisor.sock"
    if len(os.fsencode(path)) <= CONTROL_SOCKET_LENGTH:
        yield path
        return
    with tempfile.TemporaryDirectory(prefix="cleared-", dir="/tmp") as folder:
        yield Path(folder) / "supervisor.sock"


def make_data_folder(run: Run) -> None:
    try:
        run.data.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise CannotStartError(
            f"The folder {run.data} cannot be made ({error.strerror}). Choose another with DATA_DIR=."
        ) from None


def refuse_second_run(run: Run) -> None:
    """Two beats or two sinks on one data folder would tread on each other."""
    if not run.control_conf.exists():
        return
    conf = ConfigParser(interpolation=None)
    conf.read(run.control_conf)
    url = conf.get("supervisorctl", "serverurl", fallback="")
    with socket.socket(socket.AF_UNIX) as probe:
        try:
            probe.connect(url.removeprefix("unix://"))
        except OSError:
            return
    raise CannotStartError(
        f"Cleared already runs on {run.data}. Stop it first, or choose another folder with DATA_DIR=."
    )


def environment(run: Run, control: Path) -> dict[str, str]:
    """What every process of the run inherits. Mail goes to the sink only, whatever the shell exports."""
    return {
        "DEMO": "1",
        "HTTPS": "0",
        "PYTHON": sys.executable,
        "PYTHONUNBUFFERED": "1",
        "DATA_DIR": str(run.data),
        "PORT": str(run.port),
        "SMTP_HOST": "127.0.0.1",
        "SMTP_PORT": str(run.smtp_port),
        "SMTP_USER": "",
        "SMTP_PASSWORD": "",
        "SMTP_STARTTLS": "0",
        "MAILBOX_DIR": str(Path(os.environ.get("MAILBOX_DIR") or run.data / "mailbox").resolve()),
        "CONTROL_SOCKET": str(control),
        "CONTROL_PASSWORD": secrets.token_urlsafe(16),
    }


def write_control_conf(run: Run) -> None:
    """The file for `supervisorctl -c`, readable by its owner only."""
    text = (
        "[supervisorctl]\n"
        f"serverurl=unix://{os.environ['CONTROL_SOCKET']}\n"
        "username=cleared\n"
        f"password={os.environ['CONTROL_PASSWORD']}\n"
    )
    run.control_conf.unlink(missing_ok=True)
    run.control_conf.touch(mode=0o600)
    run.control_conf.write_text(text)


def prepare() -> None:
    """Bring the database, the demo practice and the static files up to date, saying each step."""
    for title, arguments in STEPS:
        say(f"{title} ...")
        done = subprocess.run([sys.executable, str(ROOT / "manage.py"), *arguments], cwd=ROOT, check=False)  # noqa: S603
        if done.returncode:
            raise CannotStartError(f"{title} failed (the lines above say why).")


def main() -> int:
    """0 after a clean stop, 1 when a process keeps failing, 2 when nothing was started."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        run = read_run(os.environ)
        refuse_taken_ports(run)
        make_data_folder(run)
        refuse_second_run(run)
        with control_socket(run) as control:
            os.environ.update(environment(run, control))
            write_control_conf(run)
            prepare()
            say("Starting the web process, the worker, beat and the mail sink. Ctrl-C stops them all.")
            return supervise(ROOT / "config" / "supervisord.conf")
    except CannotStartError as reason:
        sys.stderr.write(f"{reason}\n")
        return 2
    except KeyboardInterrupt:
        say("Stopped before anything was started.")
        return 130


if __name__ == "__main__":
    sys.exit(main())
