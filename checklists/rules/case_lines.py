"""Cases from a file: one document in YAML or JSON, or JSON lines with one case each, read line by line."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import BinaryIO

from checklists.rules.case_document import LONGEST_DOCUMENT, CaseDocumentError, parse_case
from checklists.rules.values import Evidence, Facts

LINE_ENDINGS = (".jsonl", ".ndjson")
LONGEST = 4 * LONGEST_DOCUMENT  # bytes of one line or document: a character of UTF-8 has up to four
TELLING_LINES = 2


@dataclass(frozen=True, slots=True)
class ReadCase:
    """A case, or what is wrong with it. `line` is its line in a file of JSON lines, 0 in a file of one document."""

    line: int
    facts: Facts | None = None
    evidence: tuple[Evidence, ...] = ()
    problems: tuple[str, ...] = ()


def read_cases(stream: BinaryIO, origin: str, now: datetime | None = None) -> Iterator[ReadCase]:
    """Each case of a stream in turn, a bad one with its problems; holds one case in memory at a time."""
    opening = [whole_line(stream, line) for _ in range(TELLING_LINES) if (line := stream.readline(LONGEST + 1))]
    if not is_lines(opening, origin):
        yield read_case(b"".join(opening) + stream.read(LONGEST + 1), origin, 0, now)
        return
    found = False
    for number, line in enumerate(lines_of(stream, opening), 1):
        if line.strip():
            found = True
            yield read_case(line.rstrip(b"\r\n"), origin, number, now)
    if not found:
        yield ReadCase(1, problems=(f"{origin}:1: document: is empty. Write one case in JSON on each line.",))


def is_lines(opening: list[bytes], origin: str) -> bool:
    """By the file's name, or because one of the first two lines is a whole case by itself."""
    return origin.endswith(LINE_ENDINGS) or any(is_whole_case(line) for line in opening)


def is_whole_case(line: bytes) -> bool:
    if not line.removeprefix(b"\xef\xbb\xbf").startswith(b"{"):
        return False
    try:
        document = json.loads(line)
    except (ValueError, RecursionError):
        return False
    return "facts" in document


def lines_of(stream: BinaryIO, opening: list[bytes]) -> Iterator[bytes]:
    """Whole lines, those of the opening first; of one that is too long only its beginning: memory stays bounded."""
    yield from opening
    while line := stream.readline(LONGEST + 1):
        yield whole_line(stream, line)


def whole_line(stream: BinaryIO, line: bytes) -> bytes:
    rest = line
    while len(rest) > LONGEST and not rest.endswith(b"\n"):
        rest = stream.readline(LONGEST + 1)
    return line


def read_case(content: bytes, origin: str, number: int, now: datetime | None = None) -> ReadCase:
    line = max(number, 1)
    if len(content) > LONGEST:
        long = f"{origin}:{line}: document: has more than {LONGEST_DOCUMENT:,} characters: shorten it to one case."
        return ReadCase(number, problems=(long,))
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        at = line + content[: error.start].count(b"\n")
        return ReadCase(number, problems=(f"{origin}:{at}: document: is not UTF-8 text. Save it as UTF-8.",))
    try:
        facts, evidence = parse_case(text, origin, line, now)
    except CaseDocumentError as error:
        return ReadCase(number, problems=error.problems)
    return ReadCase(number, facts, evidence)
