"""Protocol files and stored documents to the typed protocol that the engine reads.

`resolve` makes the plain document that is signed and stored; `from_document` reads it again without any file.
"""

import hashlib
import json
from functools import cache
from pathlib import Path
from typing import Any

from checklists.protocols.blocks import Reading
from checklists.protocols.inherit import NAME, Resolved, resolve_chain
from checklists.protocols.problems import Place, Problem, ProtocolError, Where, dotted
from checklists.protocols.reading import read_document
from checklists.protocols.text import ROW_KEYS, Source, read_text
from checklists.rules.protocol import Protocol

__all__ = [
    "Problem",
    "ProtocolError",
    "document_hash",
    "from_document",
    "load",
    "load_text",
    "resolve",
    "resolve_text",
    "shipped",
]
FOLDER = Path(__file__).parent


def shipped() -> tuple[str, ...]:
    """The names of the protocols that come with the software, in alphabetical order."""
    return tuple(sorted(path.stem for path in FOLDER.glob("*.yaml")))


def load(name_or_path: str | Path, *, signed: bool = False) -> Protocol:
    """The typed protocol of a shipped name or a file; raises ProtocolError naming every faulty line."""
    path = path_of(name_or_path)
    return load_shipped(path, signed) if path.parent == FOLDER else from_document(resolve(path), signed=signed)


@cache
def load_shipped(path: Path, signed: bool) -> Protocol:
    return from_document(resolve(path), signed=signed)


def load_text(text: str, *, origin: str, signed: bool = False) -> Protocol:
    """The typed protocol of a YAML text, which may extend shipped protocols only; raises ProtocolError."""
    return from_document(resolve_text(text, origin=origin), signed=signed)


def resolve(name_or_path: str | Path) -> dict[str, Any]:
    """The plain document, with everything it extends merged in; raises ProtocolError."""
    path = path_of(name_or_path)
    source = read_shipped(path) if path.parent == FOLDER else read_file(path)
    return checked(resolve_chain(source, lambda name: parent_file(name, path.parent)))


def resolve_text(text: str, *, origin: str) -> dict[str, Any]:
    """As `resolve`, for a text; names of shipped protocols only may stand under `extends`."""
    return checked(resolve_chain(read_text(text, origin), lambda name: parent_file(name, FOLDER)))


def from_document(document: dict[str, Any], *, signed: bool, complete: bool = False) -> Protocol:
    """The typed protocol of a resolved document; raises ProtocolError, without lines.

    `complete` refuses one without a row for every kind of item: for what is adopted anew, not for what was signed.
    """
    reading = Reading()
    try:
        digest = document_hash(document)
    except (TypeError, ValueError) as error:
        wrong = f"the document is not plain JSON ({error})"
        raise ProtocolError([Problem("document", None, "document", wrong, "resolve the file again")]) from error
    protocol = read_document(document, reading, signed=signed, digest=digest, complete=complete)
    if reading.problems:
        raise ProtocolError(located(reading, {}))
    return protocol


def document_hash(document: dict[str, Any]) -> str:
    """SHA-256 of the document as canonical JSON: keys sorted, no spaces, UTF-8; the order of rows counts."""
    text = json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()


def path_of(name_or_path: str | Path) -> Path:
    if isinstance(name_or_path, str) and NAME.match(name_or_path):
        if name_or_path in shipped():
            return FOLDER / f"{name_or_path}.yaml"
        known = ", ".join(shipped())
        wrong = "there is no shipped protocol of this name"
        raise ProtocolError([Problem(name_or_path, None, "document", wrong, f"use one of {known}, or a file's path")])
    return Path(name_or_path)


def parent_file(name: str, beside: Path) -> Source | None:
    """The shipped protocol of this name, else the file of this name beside the one that extends it."""
    candidates = (folder / f"{name}.yaml" for folder in (FOLDER, beside))
    path = next((path for path in candidates if path.is_file()), None)
    if path is None:
        return None
    return read_shipped(path) if path.parent == FOLDER else read_file(path)


@cache
def read_shipped(path: Path) -> Source:
    """Shipped files do not change while the software runs, and half of all protocols extend one."""
    return read_file(path)


def read_file(path: Path) -> Source:
    origin = path.name if path.parent == FOLDER else str(path)
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        wrong = f"the file cannot be read ({reason})"
        raise ProtocolError([Problem(origin, None, "document", wrong, "name a readable YAML file")]) from error
    return read_text(text, origin)


def checked(resolved: Resolved) -> dict[str, Any]:
    document = with_row_lists(resolved.values)
    reading = Reading()
    read_document(document, reading, signed=False, digest="", complete=True)
    problems = resolved.problems + located(reading, resolved.places)
    if problems:
        raise ProtocolError(sorted(problems, key=lambda problem: (problem.origin, problem.line or 0)))
    return document


def with_row_lists(values: dict[str, Any]) -> dict[str, Any]:
    document = dict(values)
    for where in ROW_KEYS:
        *parents, last = where
        holder = document
        for key in parents:
            if not isinstance(holder.get(key), dict):
                break
            holder[key] = holder = dict(holder[key])
        else:
            if isinstance(holder.get(last), dict):
                holder[last] = list(holder[last].values())
    return document


def located(reading: Reading, places: dict[Where, Place]) -> list[Problem]:
    """Each problem at the nearest place that the files know."""
    found = []
    for where, wrong, remedy in reading.problems:
        place = nearest(where, places)
        origin, line = (place.origin, place.line) if place else ("document", None)
        found.append(Problem(origin, line, dotted(where), wrong, remedy))
    return found


def nearest(where: Where, places: dict[Where, Place]) -> Place | None:
    """The place of the value, or of what holds it; a row that a later file touched is blamed on that file."""
    known = (places[where[:length]] for length in range(len(where), -1, -1) if where[:length] in places)
    place = next(known, None)
    row = next((where[: len(rows) + 1] for rows in ROW_KEYS if where[: len(rows)] == rows), where[:1])
    touched = places.get(row)
    return touched if touched and place and touched.origin != place.origin else place
