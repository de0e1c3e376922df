"""The reference that a printed sheet carries, so that what is entered later can be found on paper."""

import uuid
from datetime import date


def paper_reference(case: uuid.UUID, on: date) -> str:
    """`0301-7F3A2C`: the day and the beginning of the case's id; it names nobody."""
    return f"{on:%m%d}-{case.hex[:6].upper()}"
