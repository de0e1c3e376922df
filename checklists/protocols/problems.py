"""What is wrong with a protocol document, said so that its author can mend it."""

from collections.abc import Iterable
from dataclasses import dataclass

Where = tuple[str, ...]  # keys from the top of the document; rows by their own key, e.g. ("holds", "MH002", "crcl")


@dataclass(frozen=True, slots=True)
class Place:
    origin: str  # the file, or a word for a text that is no file
    line: int  # counted from 1


@dataclass(frozen=True, slots=True)
class Problem:
    origin: str
    line: int | None
    path: str
    wrong: str
    remedy: str

    def __str__(self) -> str:
        place = self.origin if self.line is None else f"{self.origin}:{self.line}"
        return f"{place}: {self.path}: {self.wrong}: {self.remedy}"


class ProtocolError(ValueError):
    """A protocol cannot be used; `problems` lists everything that was found, in the order of the document."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(map(str, self.problems)))


def dotted(where: Where) -> str:
    """The path as people read it, e.g. holds.MH002.clear_at_h."""
    return ".".join(where) or "document"
