"""A patient whose every field is a word found nowhere else, and what it takes to find these words again."""

import base64
import json
import logging
import re
import zlib
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from django.db import connection
from django.test import Client

from config.masking import MaskTokens

# What only a decrypting reader may see: in no column as it is.
SEALED = {
    "record number": "QXRN7731",
    "email": "wombatish@narwhalpost.example",
    "phone": "5550193847",
    "address": "9 Ocelotstrasse",
    "caregiver's email": "tarsier@lemurmail.example",
    "escort's phone": "5550184736",
    "prescriber's email": "axolotl@newtpractice.example",
}
# What staff search and engines read: in the columns that test_canary.py lists, and nowhere else.
READABLE = {
    "family name": "Quokkavale",
    "given name": "Zymurgina",
    "born on": "1939-11-27",
    "drug": "apixaban",
    "why the drug": "hexafibrillosis",
    "allergy": "vexicillin",
    "indication": "wolverinalgia",
    "caregiver": "Tarsierina",
    "permission": "gibbonconsent",
    "escort": "Okapimann",
    "prescriber": "Axolotlson",
    "strike": "echidnaerror",
    "release": "dugongrelease",
    "outcome": "numbatoutcome",
    "override": "aardvarkreason",
    "ending": "tapirreason",
    "cause": "osteoporosis",
    "procedure": "kyphoplasty",
}
WORDS = {**SEALED, **READABLE}


def found(text: str, *without: str) -> list[str]:
    """The names of the fields whose words a text holds."""
    said = text.casefold()
    return [name for name, word in WORDS.items() if name not in without and word.casefold() in said]


@dataclass
class Heard(logging.Handler):
    """Every log line of every level, as the console would write it."""

    lines: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.addFilter(MaskTokens())

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(logging.Formatter("%(name)s %(message)s").format(record))

    __hash__ = logging.Handler.__hash__


ADDRESS = re.compile(r"""(?:href|src|action|hx-get|hx-post|formaction)=["']([^"']*)["']""")


@dataclass
class Traffic:
    """What went over the wire outside the bodies of pages: addresses, headers, cookies; and every page."""

    addresses: list[str] = field(default_factory=list)
    headers: list[str] = field(default_factory=list)
    titles: list[str] = field(default_factory=list)
    statuses: set[int] = field(default_factory=set)

    def watch(self, client: Client) -> Client:
        asked = client.request

        def request(**environ: Any) -> Any:
            answer = asked(**environ)
            self.note(environ, answer)
            return answer

        client.request = request  # type: ignore[method-assign]
        return client

    def note(self, environ: dict[str, Any], answer: Any) -> None:
        self.addresses.append(f"{environ.get('PATH_INFO', '')}?{environ.get('QUERY_STRING', '')}")
        self.headers += [f"{name}: {value}" for name, value in answer.items()]
        self.headers += [f"{cookie.key}: {opened(cookie.value)}" for cookie in answer.cookies.values()]
        self.statuses.add(answer.status_code)
        body = b"".join(answer) if answer.streaming else answer.content
        text = body.decode("utf-8", "replace")
        if answer["Content-Type"].startswith("text/html"):
            # A number to call stays on the telephone that shows it.
            self.addresses += [each for each in ADDRESS.findall(text) if not each.startswith("tel:")]
            title = re.search(r"<title>(.*?)</title>", text, re.DOTALL)
            # A nurse tells her tabs apart by the patient's name; a patient's phone shows the title to others.
            if environ.get("PATH_INFO", "").startswith("/my/"):
                self.titles.append(title.group(1) if title else "")


def opened(signed: str) -> str:
    """A cookie's value and what each of its parts decodes to."""
    return " ".join([signed, *(unpacked(part) for part in signed.strip('"').lstrip(".").split(":"))])


def unpacked(part: str) -> str:
    try:
        raw = base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))
    except ValueError:
        return ""
    with suppress(zlib.error):
        raw = zlib.decompress(raw)
    return raw.decode("utf-8", "replace")


def dump() -> Iterator[tuple[str, str]]:
    """Every value of every table as (table.column, text), what sessions hold unpacked."""
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f'SELECT * FROM "{table}"')
            names = [column[0] for column in cursor.description]
            for row in cursor.fetchall():
                for name, value in zip(names, row, strict=True):
                    text = as_text(value)
                    yield f"{table}.{name}", opened(text) if table == "django_session" else text


def as_text(value: Any) -> str:
    if isinstance(value, (bytes, memoryview)):
        return bytes(value).decode("utf-8", "replace")
    return value if isinstance(value, str) else json.dumps(value, default=str, ensure_ascii=False)
