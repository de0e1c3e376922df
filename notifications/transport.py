"""Handing stored bytes to a mail server, unchanged, and what its answer means."""

import smtplib
import ssl
from dataclasses import dataclass
from types import TracebackType
from typing import Protocol, Self

TIMEOUT_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class Delivered:
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Transient:
    """Not now. `ambiguous`: the server may have taken the message and only its answer was lost."""

    detail: str
    ambiguous: bool = False


@dataclass(frozen=True, slots=True)
class Permanent:
    detail: str


Answer = Delivered | Transient | Permanent


class Transport(Protocol):
    def send(self, *, sender: str, recipient: str, payload: bytes) -> Answer: ...


class SMTPTransport:
    """One connection, reused from message to message; not to be shared between threads."""

    def __init__(
        self,
        *,
        host: str,
        port: int,
        user: str = "",
        password: str = "",
        starttls: bool = False,
        timeout: float = TIMEOUT_SECONDS,
    ) -> None:
        self._host, self._port = host, port
        self._user, self._password = user, password
        self._starttls, self._timeout = starttls, timeout
        self._connection: smtplib.SMTP | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def send(self, *, sender: str, recipient: str, payload: bytes) -> Answer:
        """Hand over one message as it is stored (CRLF bytes). Answers instead of raising for mail trouble."""
        try:
            connection = self._ready()
        except (OSError, smtplib.SMTPException) as error:
            # Not this message's fault, whatever the code: a wrong password must not fail the whole outbox.
            self.close()
            return Transient(f"no connection to the mail server: {_said(error)}")
        try:
            refused = self._envelope(connection, sender, recipient)
        except smtplib.SMTPNotSupportedError:
            return Permanent("the mail server cannot take addresses beyond ASCII (no SMTPUTF8)")
        except (OSError, smtplib.SMTPException) as error:
            self.close()
            return Transient(f"the mail server left before the message: {_said(error)}")
        return self._refused(refused) if refused else self._data(connection, payload)

    def close(self) -> None:
        connection, self._connection = self._connection, None
        if connection:
            connection.close()

    def _ready(self) -> smtplib.SMTP:
        """The open connection if the server still answers on it, else a new one."""
        if self._connection:
            try:
                if self._connection.noop()[0] == 250:
                    return self._connection
            except (OSError, smtplib.SMTPException):
                pass
            self.close()
        self._connection = connection = smtplib.SMTP(self._host, self._port, timeout=self._timeout)
        if self._starttls:
            connection.starttls(context=ssl.create_default_context())
        if self._user:
            connection.login(self._user, self._password)
        connection.ehlo_or_helo_if_needed()
        return connection

    def _envelope(self, connection: smtplib.SMTP, sender: str, recipient: str) -> tuple[int, bytes] | None:
        """MAIL and RCPT; the refusal, if any."""
        options = () if (sender + recipient).isascii() else ("SMTPUTF8", "BODY=8BITMIME")
        code, text = connection.mail(sender, options)
        if code == 250:
            code, text = connection.rcpt(recipient)
        return None if code in (250, 251) else (code, text)

    def _data(self, connection: smtplib.SMTP, payload: bytes) -> Answer:
        try:
            # Bytes, not text: for text the library rewrites line ends. It doubles leading dots itself.
            code, text = connection.data(payload)
        except smtplib.SMTPDataError as error:
            code, text = error.smtp_code, _bytes(error.smtp_error)
        except (OSError, smtplib.SMTPException) as error:
            self.close()
            return Transient(f"the connection broke while sending: {_said(error)}", ambiguous=True)
        return Delivered(_line(code, text)) if code == 250 else self._refused((code, text))

    def _refused(self, answer: tuple[int, bytes]) -> Transient | Permanent:
        code, text = answer
        if code == 421 or code < 400:
            self.close()
        elif self._connection:
            self._reset(self._connection)
        return Permanent(_line(code, text)) if code >= 500 else Transient(_line(code, text))

    def _reset(self, connection: smtplib.SMTP) -> None:
        try:
            connection.rset()
        except (OSError, smtplib.SMTPException):
            self.close()


def _line(code: int, text: bytes) -> str:
    return f"{code} {' '.join(text.decode(errors='replace').split())}"[:300]


def _bytes(said: bytes | str) -> bytes:
    return said.encode() if isinstance(said, str) else said


def _said(error: Exception) -> str:
    if isinstance(error, smtplib.SMTPResponseException):
        return _line(error.smtp_code, _bytes(error.smtp_error))
    return f"{type(error).__name__}: {error}"[:200]
