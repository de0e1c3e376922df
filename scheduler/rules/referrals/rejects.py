"""Rejected rows as a file to correct and import again: the same columns, the problem first."""

import csv
import io
import unicodedata
from collections.abc import Iterable, Sequence

from scheduler.rules.referrals.columns import PROBLEM, column_name
from scheduler.rules.referrals.complaints import Complaint
from scheduler.rules.referrals.sheet import Row

FORMULA = ("=", "+", "-", "@", "\t")
LOST = "\ufffd"  # refused at the next import, so that nobody forgets it


def rejects_text(heading: Sequence[str], rejected: Iterable[tuple[Row, Sequence[Complaint]]]) -> str:
    """The file's text, comma separated. A cell that a spreadsheet would run begins with a quote."""
    kept = [place for place, name in enumerate(heading) if column_name(name) != PROBLEM]
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow([PROBLEM, *(harmless(heading[place]) for place in kept)])
    for row, complaints in rejected:
        said = " | ".join(str(complaint) for complaint in complaints)
        cells = [row.written[place] if place < len(row.written) else "" for place in kept]
        beyond = row.written[len(heading) :]
        writer.writerow([harmless(f"line {row.line}: {said}"), *map(harmless, (*cells, *beyond))])
    return out.getvalue()


def same_rows(one: str, other: str) -> bool:
    """Whether two such files hold the same rows, whatever they say is wrong with them."""
    return [row[1:] for row in csv.reader(io.StringIO(one, newline=""))] == [
        row[1:] for row in csv.reader(io.StringIO(other, newline=""))
    ]


def harmless(cell: str) -> str:
    """The cell as data: no formula, no invisible signs."""
    seen = "".join(LOST if is_invisible(sign) else sign for sign in cell.replace("\r\n", "\n"))
    return f"'{seen}" if seen.startswith(FORMULA) else seen


def is_invisible(sign: str) -> bool:
    return sign not in "\n\t" and unicodedata.category(sign) in ("Cc", "Cf", "Cs")
