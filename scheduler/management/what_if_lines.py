"""What `protocols what-if` prints of a case and in the end: lines for people, or JSON, one object a line."""

import json
from collections.abc import Iterator
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from scheduler.services.both_versions import BothSides, ItemChange, Side, Unjudged, Word
from scheduler.services.what_if import Totals

NOT_ASKED = "not asked"


def told(one: BothSides | Unjudged) -> Iterator[str]:
    """The case by its id only: what is printed may be kept, and names nobody."""
    if isinstance(one, Unjudged):
        yield f"case {one.case.pk}: cannot be judged. {one.why}"
        return
    tz = one.case.practice.site.tz
    booked = f", booked {moment(one.case.booking.starts_at, tz)}" if one.case.booking else ", not booked"
    before, after = one.before, one.after
    state = f"stays {before.state}" if before.state == after.state else f"{before.state} becomes {after.state}"
    yield f"case {one.case.pk}{booked}: {state}"
    if before.earliest != after.earliest:
        yield f"  earliest safe start: {earliest(before, tz)} becomes {earliest(after, tz)}"
    for item in one.items:
        yield from told_item(item)


def told_item(one: ItemChange) -> Iterator[str]:
    yield f"  {one.item}: {status(one.before)} becomes {status(one.after)}"
    for which, word in (("before", one.before), ("after", one.after)):
        if word is not None:
            yield f"    {which}, {word.code}: {word.sentence}"


def status(word: Word | None) -> str:
    return NOT_ASKED if word is None else str(word.status)


def earliest(side: Side, tz: ZoneInfo) -> str:
    return moment(side.earliest, tz) if side.earliest else "none"


def moment(at: datetime, tz: ZoneInfo) -> str:
    return f"{at.astimezone(tz):%a %Y-%m-%d %H:%M %Z}"


def as_json(one: BothSides | Unjudged) -> str:
    tz = one.case.practice.site.tz
    booking = one.case.booking
    found: dict[str, Any] = {
        "case": str(one.case.pk),
        "starts_at": booking.starts_at.astimezone(tz).isoformat() if booking else None,
    }
    if isinstance(one, Unjudged):
        return json.dumps({**found, "unjudged": one.why})
    found |= {"before": side_json(one.before, tz), "after": side_json(one.after, tz)}
    items = [{"item": i.item, "before": word_json(i.before), "after": word_json(i.after)} for i in one.items]
    return json.dumps({**found, "items": items})


def side_json(side: Side, tz: ZoneInfo) -> dict[str, str | None]:
    start = side.earliest.astimezone(tz).isoformat() if side.earliest else None
    return {"state": str(side.state), "earliest_safe_start": start}


def word_json(word: Word | None) -> dict[str, str] | None:
    return None if word is None else {"status": str(word.status), "code": word.code, "sentence": word.sentence}


def totals_told(totals: Totals) -> Iterator[str]:
    yield f"{totals.judged} cases judged, {totals.changed} change"
    for (before, after), count in sorted(totals.states.items()):
        yield f"  {before} becomes {after}: {count}"
    if totals.only_items:
        yield f"  the same state for other reasons: {totals.only_items}"
    if totals.only_earliest:
        yield f"  only another earliest safe start: {totals.only_earliest}"
    if totals.unjudged:
        yield f"{totals.unjudged} could not be judged"


def totals_json(totals: Totals) -> str:
    states = [{"before": str(b), "after": str(a), "cases": n} for (b, a), n in sorted(totals.states.items())]
    counts = {name: getattr(totals, name) for name in ("judged", "unjudged", "changed", "only_items", "only_earliest")}
    return json.dumps({"totals": {**counts, "states": states}})
