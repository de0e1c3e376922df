"""The shipped reference as text, changed one line at a time: a test knows the line of its fault."""

from checklists.protocols import loader

REFERENCE = (loader.FOLDER / "reference-asra.yaml").read_text(encoding="utf-8")
CHILD = "protocol: ours\ntitle: Ours\nextends: reference-asra\n"


def replaced(old: str, new: str) -> tuple[str, int]:
    """The reference with its only `old` replaced, and the number of the line on which it stood."""
    assert REFERENCE.count(old) == 1, f"{old!r} stands {REFERENCE.count(old)} times in the reference"
    return REFERENCE.replace(old, new), REFERENCE[: REFERENCE.index(old)].count("\n") + 1


def problems(text: str) -> list[str]:
    """What the loader says about a text, sentence by sentence; an empty list where it loads."""
    try:
        loader.load_text(text, origin="ours.yaml")
    except loader.ProtocolError as error:
        return [str(problem) for problem in error.problems]
    return []
