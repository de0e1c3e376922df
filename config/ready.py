"""The last word of `make run`: waits until web process and mail sink answer, then says where to look."""

import os
import socket
import sys
import time
from collections.abc import Callable
from http.client import HTTPConnection, HTTPException

PATIENCE = 60.0  # seconds


def answers_http(port: int) -> bool:
    """Whether the web process answers its health page without a server error."""
    connection = HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", "/healthz")
        return connection.getresponse().status < 500
    except (OSError, HTTPException):
        return False
    finally:
        connection.close()


def accepts(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=5).close()
    except OSError:
        return False
    return True


def wait_for(answer: Callable[[int], bool], port: int, until: float) -> bool:
    """Ask every 0.2 s until it is so, or until the monotonic instant `until`."""
    while not answer(port):
        if time.monotonic() > until:
            return False
        time.sleep(0.2)
    return True


def where_to_look(port: int, data: str, mailbox: str) -> str:
    return f"""
Cleared is up.
  Pages               http://127.0.0.1:{port}/ (sign in as one of the staff named above)
  API and its pages   http://127.0.0.1:{port}/api/docs/
  Mailbox             {mailbox}
  Get a token         DEMO=1 DATA_DIR="{data}" .venv/bin/python manage.py create_api_token USER
  Control             .venv/bin/supervisorctl -c "{data}/supervisorctl.conf" status
  Stop                Ctrl-C
"""


def main() -> int:
    port, smtp_port = int(os.environ["PORT"]), int(os.environ["SMTP_PORT"])
    until = time.monotonic() + PATIENCE
    for name, answer, where in (("web process", answers_http, port), ("mail sink", accepts, smtp_port)):
        if not wait_for(answer, where, until):
            sys.stdout.write(f"The {name} has not answered on port {where} in {PATIENCE:.0f} s; see its lines above.\n")
            return 1
    sys.stdout.write(where_to_look(port, os.environ["DATA_DIR"], os.environ["MAILBOX_DIR"]))
    return 0


if __name__ == "__main__":
    sys.exit(main())
