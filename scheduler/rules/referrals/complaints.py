"""What is wrong, or worth knowing, about one cell of a referral list: column, value, remedy."""

from dataclasses import dataclass

LONGEST_SHOWN = 60


class CellError(ValueError):
    """A cell cannot be used; the message is the remedy."""


@dataclass(frozen=True, slots=True)
class Complaint:
    column: str
    value: str
    remedy: str

    def __str__(self) -> str:
        return f"{self.column}: {shown(self.value)}: {self.remedy}"


def shown(value: str) -> str:
    """The value on one printable line: control characters as their codes, long text shortened."""
    text = "".join(sign if sign.isprintable() else f"\\u{ord(sign):04x}" for sign in value)
    if not text:
        return "(empty)"
    return text if len(text) <= LONGEST_SHOWN else f"{text[: LONGEST_SHOWN - 3]}..."
