"""The reference that a printed sheet carries, so that what is entered later can be found on paper."""

import re
import uuid
from datetime import date


def paper_reference(case: uuid.UUID, on: date) -> str:
    """`0301-7F3A2C`: the day and the beginning of the case's id; it names nobody."""
    return f"{on:%m%d}-{case.hex[:6].upper()}"


PRINTED = re.compile(r"(?:0[1-9]|1[0-2])[0-3]\d-?([0-9A-F]{6})")


def is_printed_by_us(reference: str) -> bool:
    """Whether a sheet with this reference came from the print pack; else somebody wrote it by hand."""
    return _of_case(reference) is not None


def is_of_another(reference: str, case: uuid.UUID) -> bool:
    """Whether this is printed on the sheet of another case. A sheet of the same case of another day will do."""
    return _of_case(reference) not in (None, case.hex[:6].upper())


def _of_case(reference: str) -> str | None:
    found = PRINTED.fullmatch(re.sub(r"[\s–—_]", lambda sign: "" if sign[0].isspace() else "-", reference.upper()))
    return found[1] if found else None
