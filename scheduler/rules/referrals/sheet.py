"""The bytes of a referral list as rows with line numbers. Nothing here knows what a cell means."""

import csv
import io
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from scheduler.rules.referrals.columns import KNOWN, READ, REQUIRED, column_name
from scheduler.rules.referrals.complaints import Complaint, shown

LARGEST_BYTES = 5_000_000
MOST_ROWS = 10_000
DELIMITERS = (",", ";", "\t")
UTF8_BOM, UTF16_BOMS, WORKBOOK = b"\xef\xbb\xbf", (b"\xff\xfe", b"\xfe\xff"), b"PK\x03\x04"
AS_CSV = "Save the list as 'CSV UTF-8' and import that file."
# A quote before one of these signs was put there so that a spreadsheet does not run the cell as a formula.
NEUTRALISED = re.compile(r"'(?=[=+\-@\t])")


class UnreadableError(Exception):
    """The file as a whole cannot be used; `line` is None where no single line is at fault."""

    def __init__(self, sentence: str, line: int | None = None) -> None:
        super().__init__(sentence)
        self.line = line


@dataclass(frozen=True, slots=True)
class Row:
    """One referral as written. `line` is where it begins; `complaints` are about the row's shape."""

    line: int
    cells: dict[str, str]
    written: tuple[str, ...]
    complaints: tuple[Complaint, ...] = ()


@dataclass(frozen=True, slots=True)
class Sheet:
    heading: tuple[str, ...]  # as written: what a file of rejected rows repeats
    rows: tuple[Row, ...]
    notices: tuple[tuple[int, Complaint], ...]  # about the file, each with its line


def read_sheet(data: bytes) -> Sheet:
    """All rows of the file, blank lines left out. Raises UnreadableError before anything could be written."""
    if len(data) > LARGEST_BYTES:
        raise UnreadableError(f"The file is larger than {LARGEST_BYTES:,} bytes. Split it and import the parts.")
    text, is_windows = decoded(data)
    lines = list(records(text, delimiter_of(text)))
    if not lines:
        raise UnreadableError("The file is empty. Give it a first line with the names of the columns.", 1)
    heading_line, heading = lines[0]
    columns = named_columns(heading, heading_line)
    if len(lines) - 1 > MOST_ROWS:
        raise UnreadableError(f"The file has more than {MOST_ROWS:,} rows. Split it and import the parts.")
    rows = tuple(shaped(line, cells, heading, columns) for line, cells in lines[1:])
    notices = tuple((heading_line, notice) for notice in file_notices(heading, columns, is_windows))
    return Sheet(tuple(heading), rows, notices)


def decoded(data: bytes) -> tuple[str, bool]:
    """The text, and whether it had to be read as Windows-1252."""
    if data.startswith(WORKBOOK):
        raise UnreadableError(f"This is a workbook, not a CSV file. {AS_CSV}")
    if data.startswith(UTF16_BOMS):
        raise UnreadableError(f"The file is UTF-16 text. {AS_CSV}")
    body = data.removeprefix(UTF8_BOM)
    try:
        return body.decode("utf-8"), False
    except UnicodeDecodeError:
        pass
    try:
        return body.decode("cp1252"), True
    except UnicodeDecodeError as error:
        line = body.count(b"\n", 0, error.start) + 1
        raise UnreadableError(f"The file is neither UTF-8 nor Windows-1252. {AS_CSV}", line) from error


def delimiter_of(text: str) -> str:
    """The delimiter under which the first line that is not blank names the most columns."""
    first = next((line for line in io.StringIO(text, newline="") if line.strip(" ,;\t\r\n")), "")

    def known(delimiter: str) -> int:
        return len({column_name(cell.strip('" \r\n')) for cell in first.split(delimiter)} & KNOWN)

    return max(DELIMITERS, key=known)


def records(text: str, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    """Each record that is not blank, with the line it begins on."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True, skipinitialspace=True)
    begins = 1
    try:
        for cells in reader:
            if any(cell.strip() for cell in cells):
                yield begins, [cell[1:] if NEUTRALISED.match(cell) else cell for cell in cells]
            begins = reader.line_num + 1
    except csv.Error as error:
        sentence = f"From here on the quotation marks do not match ({error}). Close or double them in this row."
        raise UnreadableError(sentence, begins) from error


def named_columns(heading: Sequence[str], line: int) -> list[str]:
    """The known name, or "", of each column. Raises UnreadableError for a missing or doubled one."""
    columns = [name if (name := column_name(cell)) in KNOWN else "" for cell in heading]
    found = ", ".join(shown(cell.strip()) for cell in heading if cell.strip())
    if missing := [name for name in REQUIRED if name not in columns]:
        raise UnreadableError(
            f"{', '.join(missing)}: no column has this name. Name the columns as documented; found: {found}.", line
        )
    if doubled := sorted({name for name in columns if name and columns.count(name) > 1}):
        raise UnreadableError(f"{', '.join(doubled)}: more than one column has this name. Keep one of them.", line)
    return columns


def shaped(line: int, cells: Sequence[str], heading: Sequence[str], columns: Sequence[str]) -> Row:
    """The row by column. A row that is too long or too short may have its values under the wrong headings."""
    named = {name: cells[place] for place, name in enumerate(columns) if name in READ and place < len(cells)}
    last = max(place for place, name in enumerate(columns) if name in READ)
    astray = [cell.strip() for cell in (*unnamed(cells, heading), *cells[len(heading) :]) if cell.strip()]
    complaints: tuple[Complaint, ...] = ()
    if astray:
        remedy = "This stands under no heading. Put a value that holds a comma in quotes, or name the column."
        complaints = (Complaint("row", astray[0], remedy),)
    elif len(cells) <= last:
        remedy = f"The row ends before the column '{columns[last]}'. Add its missing cells, empty if need be."
        complaints = (Complaint("row", f"{len(cells)} of {len(columns)} cells", remedy),)
    return Row(line, named, tuple(cells), complaints)


def unnamed(cells: Sequence[str], heading: Sequence[str]) -> Iterator[str]:
    return (cell for cell, name in zip(cells, heading, strict=False) if not name.strip())


def file_notices(heading: Sequence[str], columns: Sequence[str], is_windows: bool) -> Iterator[Complaint]:
    for cell, name in zip(heading, columns, strict=True):
        if not name and cell.strip():
            yield Complaint(cell.strip(), "column", "This column is not known here and is ignored.")
    if is_windows:
        remedy = "The file is not UTF-8 and was read as Windows-1252. Check names with accents."
        yield Complaint("file", "encoding", remedy)
