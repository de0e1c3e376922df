"""What is written of a case, and the dossier that is read from it: all that a verdict rests on but the moment."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, NamedTuple

from checklists.rules.facts_json import facts_from_json
from checklists.rules.values import Authority, Evidence, Facts, Review

NONE: frozenset[int] = frozenset()  # one for all: an empty set of its own is twice as large as an entry


class Written(NamedTuple):
    """The rows of a checklist as the database's text; the same text is the same dossier.

    `evidence`: id, item, observed_at, value, said_by, authority, recorded_by, supersedes, id of its error or null.
    `reviews`: at, item, inputs, start_from, start_until, by. Both are JSON arrays of rows, in any order.
    """

    facts: str
    evidence: str
    reviews: str


@dataclass(frozen=True, slots=True)
class Dossier:
    """Current facts, evidence not entered in error in the order of recording, signed reviews, the oldest first."""

    facts: Facts
    evidence: tuple[Evidence, ...]
    reviews: tuple[Review, ...]
    last_evidence_id: int  # of all that was ever recorded, errors too: what a gate pass is measured by
    errors_counted: int


def dossier_from(written: Written) -> Dossier:
    """The same for every order of the rows."""
    recorded = sorted(json.loads(written.evidence), key=lambda row: row[0])
    counted = [row[:-1] for row in recorded if row[-1] is None]
    return Dossier(
        facts=facts_from_json(json.loads(written.facts)),
        evidence=tuple(map(_evidence, counted)),
        reviews=tuple(_reviews(json.loads(written.reviews))),
        last_evidence_id=recorded[-1][0] if recorded else 0,
        errors_counted=len(recorded) - len(counted),
    )


def _evidence(row: list[Any]) -> Evidence:
    pk, item, observed_at, value, said_by, authority, recorded_by, supersedes = row
    observed = (pk, item, instant(observed_at), json.loads(value))
    return evidence_of(*observed, said_by, authority, recorded_by, json.loads(supersedes))


def evidence_of(
    pk: int,
    item: str,
    observed_at: datetime,
    value: Any,
    said_by: str,
    authority: int,
    recorded_by: str,
    supersedes: Iterable[int],
) -> Evidence:
    return Evidence(
        id=pk,
        item=item,
        observed_at=observed_at,
        # What no writer of ours wrote is unknown to every rule, and unknown is not ready.
        value=value if isinstance(value, dict) else {},
        said_by=said_by,
        authority=Authority(authority),
        recorded_by=recorded_by,
        supersedes=frozenset(supersedes) or NONE,
    )


def _reviews(rows: list[list[Any]]) -> Iterable[Review]:
    for _, item, inputs, start_from, start_until, by in sorted(rows, key=lambda row: instant(row[0])):
        yield Review(item, inputs, instant(start_from), instant(start_until), by)


def instant(text: str) -> datetime:
    """As either engine writes it: SQLite keeps instants in UTC and names no zone."""
    moment = datetime.fromisoformat(text)
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
