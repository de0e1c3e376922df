"""`protocols fill`: what is typed on a command line, and the file that it becomes."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from checklists.protocols import loader
from checklists.protocols.filling import ORIGIN, Number, fill
from checklists.protocols.problems import Problem, ProtocolError

SHAPE = "write path=value:source:confidence, e.g. minutes.recovery.value=120:our policy of 2027:medium"


def write_filled(name: str, numbers: Sequence[str], notes: Sequence[str], out: Path) -> None:
    """A new file that extends `name` and misses nothing; raises ProtocolError, and then nothing is written."""
    document = loader.resolve(name)
    filled = fill(document, list(read_numbers(numbers, notes)))
    if name not in loader.shipped():
        check_parent(Path(name), str(document["protocol"]), out)
    try:
        with out.open("x", encoding="utf-8") as file:
            file.write(filled.text)
    except OSError as error:
        raise refusal(
            str(out), f"cannot be written ({error.strerror})", "name a new file in an existing folder"
        ) from error


def check_parent(parent: Path, protocol: str, out: Path) -> None:
    """A file is extended by its protocol's name, and looked for beside the file that extends it."""
    if parent.stem != protocol:
        raise refusal(str(parent), f"holds the protocol {protocol!r}", f"call the file {protocol}.yaml")
    if parent.resolve().parent != out.resolve().parent:
        raise refusal(str(out), "does not stand beside the file that it extends", f"write it into {parent.parent}")


def read_numbers(numbers: Sequence[str], notes: Sequence[str]) -> Iterator[Number]:
    """Raises ProtocolError for what has not the shape."""
    said = dict(note.partition("=")[::2] for note in notes)
    wrong, found = [], []
    for text in numbers:
        path, equals, rest = text.partition("=")
        value, colon, cited = rest.partition(":")
        source, last, confidence = cited.rpartition(":")
        if not (equals and colon and last):
            wrong.append(Problem(ORIGIN, None, text[:60], "cannot be read", SHAPE))
        found.append(Number(path.strip(), value, source, confidence.strip(), said.pop(path.strip(), "")))
    wrong += [Problem(ORIGIN, None, path[:60], "has a note and no number", SHAPE) for path in said]
    if wrong:
        raise ProtocolError(wrong)
    yield from found


def refusal(origin: str, wrong: str, remedy: str) -> ProtocolError:
    return ProtocolError([Problem(origin, None, "document", wrong, remedy)])
