"""One row of a referral list, read: a referral with what is worth knowing about it, or every complaint at once."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from typing import TypeVar

from checklists.rules.values import DateAbout, Medication
from scheduler.rules.referrals import cells as read
from scheduler.rules.referrals.complaints import CellError, Complaint
from scheduler.rules.referrals.dates import DayFirstError, read_date, read_date_about
from scheduler.rules.referrals.levels import read_levels
from scheduler.rules.referrals.sheet import Row

T = TypeVar("T")
OLDEST_YEARS = 120
LISTS = frozenset({"levels", "allergies", "conditions", "medications"})  # may hold several lines
EVENTS = ("fractured_on", "onset_on", "diagnosed_on")
NEW_YEAR_2000 = date(2000, 1, 1)  # facts of a case hold no date before it


@dataclass(frozen=True, slots=True)
class Referral:
    """Who is referred for what. `line` is where its row begins."""

    line: int
    family_name: str
    given_name: str
    born_on: date
    procedure: str
    levels: tuple[str, ...]
    sex: str = ""
    record_number: str = ""
    email: str = ""
    phone: str = ""
    cause: str | None = None
    anesthesia: str | None = None
    fractured: DateAbout | None = None
    onset: DateAbout | None = None
    diagnosed: DateAbout | None = None
    weight_kg: float | None = None
    allergies: tuple[str, ...] = ()
    conditions: frozenset[str] = frozenset()
    medications: tuple[Medication, ...] = ()
    medications_known: bool = True


@dataclass(frozen=True, slots=True)
class RowRead:
    """`referral` is None exactly when there are complaints. `day_first`: a date that only makes sense so."""

    referral: Referral | None
    complaints: tuple[Complaint, ...]
    notices: tuple[Complaint, ...]
    day_first: str = ""


@dataclass(slots=True)
class Reading:
    """What is found while the cells of one row are read."""

    row: Row
    complaints: list[Complaint] = field(default_factory=list)
    notices: list[Complaint] = field(default_factory=list)
    day_first: str = ""

    def text(self, column: str) -> str:
        return read.tidy(self.row.cells.get(column, ""))

    def required(self, column: str, parse: Callable[[str], T], otherwise: T) -> T:
        if not self.text(column):
            self.complain(column, "Fill it in.")
            return otherwise
        return self._parsed(column, parse, otherwise)

    def optional(self, column: str, parse: Callable[[str], T], otherwise: T) -> T:
        """`otherwise` for an empty cell, and for one that says in words that nothing is known."""
        text = self.text(column)
        blank = not text or (column not in LISTS and text.casefold() in read.NOTHING)
        return otherwise if blank else self._parsed(column, parse, otherwise)

    def _parsed(self, column: str, parse: Callable[[str], T], otherwise: T) -> T:
        text = self.text(column)
        try:
            read.check_signs(text, lines=column in LISTS)
            return parse(text)
        except CellError as error:
            self.complain(column, str(error))
            if isinstance(error, DayFirstError):
                self.day_first = text
            return otherwise

    def complain(self, column: str, remedy: str) -> None:
        self.complaints.append(Complaint(column, self.text(column), remedy))

    def notice(self, column: str, remedy: str) -> None:
        self.notices.append(Complaint(column, self.text(column), remedy))


def read_row(row: Row, *, today: date, received: date | None) -> RowRead:
    """The referral of one row. `today` is the site's; `received` serves rows without a received_on of their own."""
    reading = Reading(row)
    if row.complaints:
        return RowRead(None, row.complaints, ())
    received = received_on(reading, today, received)
    dates = {column: event_date(reading, column, today, received) for column in EVENTS}
    referral = Referral(
        line=row.line,
        family_name=reading.required("family_name", read.read_name, ""),
        given_name=reading.required("given_name", read.read_name, ""),
        born_on=birth_date(reading, today, dates),
        procedure=reading.required("procedure", lambda text: read.read_choice(text, read.PROCEDURES), ""),
        levels=reading.required("levels", read_levels, ()),
        sex=reading.optional("sex", lambda text: read.read_choice(text, read.SEXES), ""),
        record_number=reading.optional("record_number", read.read_record_number, ""),
        email=reading.optional("email", read.read_email, ""),
        phone=reading.optional("phone", read.read_phone, ""),
        cause=reading.optional("cause", lambda text: read.read_choice(text, read.CAUSES), None),
        anesthesia=reading.optional("anesthesia", anesthesia, None),
        fractured=dates["fractured_on"],
        onset=dates["onset_on"],
        diagnosed=dates["diagnosed_on"],
        weight_kg=reading.optional("weight_kg", read.read_weight, None),
        allergies=reading.optional("allergies", read.read_entries, ()),
        conditions=reading.optional("conditions", read.read_conditions, frozenset()),
        medications=reading.optional("medications", read.read_medications, ()),
        medications_known=bool(reading.text("medications")),
    )
    note_gaps(reading, referral)
    found = None if reading.complaints else referral
    return RowRead(found, tuple(reading.complaints), tuple(reading.notices), reading.day_first)


def anesthesia(text: str) -> str | None:
    return read.read_choice(text, read.ANESTHESIA) or None


def received_on(reading: Reading, today: date, otherwise: date | None) -> date | None:
    day = reading.optional("received_on", read_date, otherwise)
    if day is not None and day > today:
        reading.complain("received_on", "This day has not come yet. Correct the date.")
        return None
    return day


def event_date(reading: Reading, column: str, today: date, received: date | None) -> DateAbout | None:
    """A date between the year 2000 and the day the referral arrived."""
    about = reading.optional(column, lambda text: read_date_about(text, received), None)
    latest = min(received or today, today)
    if about is None:
        return None
    if about.latest > latest:
        if about.exact or about.earliest > latest:
            reading.complain(column, f"This lies after {latest.isoformat()}, when it was known. Correct the date.")
            return None
        about = DateAbout(about.earliest, latest)
    if about.earliest < NEW_YEAR_2000:
        reading.complain(column, "This lies before the year 2000. Correct the year, or leave it empty.")
        return None
    if not about.exact:
        remedy = f"Taken as {about.earliest} to {about.latest}; the treatment window counts from the first."
        reading.notice(column, remedy)
    return about


def birth_date(reading: Reading, today: date, dates: dict[str, DateAbout | None]) -> date:
    born = reading.required("born_on", read_date, today)
    if any(complaint.column == "born_on" for complaint in reading.complaints):
        return today
    if born >= today:
        reading.complain("born_on", "A birth date lies in the past. Correct the date.")
    elif born.year < today.year - OLDEST_YEARS:
        reading.complain("born_on", f"This is more than {OLDEST_YEARS} years ago. Correct the year.")
    else:
        for column, about in dates.items():
            if about is not None and about.earliest < born:
                reading.complain(column, f"This lies before the birth date {born}. Correct one of the two.")
    return born


def note_gaps(reading: Reading, referral: Referral) -> None:
    """What the desk has to ask for, because later steps rest on it."""
    if not (referral.phone or referral.email):
        reading.notice("phone", "There is neither phone nor e-mail: nobody can be told anything. Ask for one.")
    elif not referral.phone:
        reading.notice("phone", "There is no phone. Ask for one.")
    if not (referral.fractured or referral.onset or referral.diagnosed):
        reading.notice("fractured_on", "No date is known, so the treatment window is not. Ask for one.")
    if not referral.cause:
        reading.notice("cause", "The cause of the fracture is not written, and booking waits for it. Ask for it.")
    if not reading.text("medications"):
        reading.notice("medications", "Nothing is written. Ask; write 'none' where the patient takes nothing.")
