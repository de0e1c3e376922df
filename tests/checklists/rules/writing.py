"""A case as a database writes it."""

import json
from datetime import UTC, timedelta

from checklists.rules.dossier import Written
from checklists.rules.facts_json import facts_to_json
from tests.checklists.rules.cases import START


def iso(moment):
    """As PostgreSQL writes an instant into JSON."""
    return moment.astimezone(UTC).isoformat()


def zoneless(moment):
    """As SQLite keeps an instant."""
    return str(moment.astimezone(UTC).replace(tzinfo=None))


def written(facts, evidence=(), reviews=(), *, struck=(), text=iso):
    """The reviews were signed one after the other; `struck` is evidence that was entered in error."""
    entries = [row(entry, text, None) for entry in evidence] + [row(entry, text, entry.id) for entry in struck]
    signed = [signature(review, START + timedelta(seconds=number), text) for number, review in enumerate(reviews)]
    return Written(*map(json.dumps, (facts_to_json(facts), entries, signed)))


def row(entry, text, error):
    supersedes = json.dumps(sorted(entry.supersedes))
    told = (entry.id, entry.item, text(entry.observed_at), json.dumps(entry.value))
    return [*told, entry.said_by, entry.authority, entry.recorded_by, supersedes, error]


def signature(review, at, text):
    return [text(at), review.item, review.inputs, text(review.start_from), text(review.start_until), review.by]
