"""The desk's boards: all open cases by their seven steps, and the day by its rooms."""

from collections import Counter
from datetime import timedelta

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET

from checklists.rules.values import Finding
from scheduler import clock
from scheduler.access import Actor, allowed
from scheduler.models import Resource
from scheduler.pages.places import first_place
from scheduler.pages.polling import answer, asked_day, version_of
from scheduler.pages.session import page
from scheduler.rules.problems import Invalid, Reason
from scheduler.services import boards
from scheduler.services.boards import SEVEN, Row
from scheduler.services.look_alikes import confusable
from scheduler.services.open_counts import count_open

SHOWS = {
    "all": "all open cases",
    "blocked": "blocked",
    "needs_review": "needs review",
    "pending": "not known yet",
    "ready": "ready",
    "overridden": "overridden",
    boards.IN_HAND: "under way",
    "unbooked": "not booked",
}


def _version(rows: list[Row]) -> str:
    """What a board shows, as a short digest: the same rows give the same, and nothing is sent again."""
    shown = [
        (
            row.case.pk,
            row.case.version,
            row.state,
            sorted(row.steps.items()),
            row.booking and row.booking.starts_at,
            row.case.arrived_at,
            [finding.sentence for finding in row.blocking],
            _owed(row.next_action),
            row.window_days_left,
        )
        for row in rows
    ]
    return version_of(shown)


def _owed(next_action: Finding | None) -> tuple[object, ...]:
    if next_action is None:
        return ()
    due = (next_action.due_at, next_action.deadline_at, next_action.clear_at)
    return (next_action.sentence, next_action.owner, *due)


def _pathway(request: HttpRequest, actor: Actor) -> dict[str, object]:
    chosen = request.GET.get("show", "all")
    if chosen not in SHOWS:
        raise Invalid(
            "There is no such filter.", errors=(Reason("bad_filter", f"Use one of: {', '.join(SHOWS)}.", "show"),)
        )
    now = clock.now()
    found = boards.pathway(actor.practice, now)
    rows = [row for row in found if _shown(row, chosen)]
    truncated = len(found) >= boards.MOST
    counts = count_open(actor.practice, now) if truncated else Counter(row.listed_as for row in found)
    return {
        "actor": actor,
        "rows": rows,
        "steps": [step.value for step in SEVEN],
        "filters": SHOWS.items(),
        "chosen": chosen,
        "may_open": allowed("desk-new", "POST", actor.roles, demo=False),
        "truncated": truncated,
        "counts": [(word, counts[state]) for state, word in SHOWS.items() if counts[state]],
        "now": now,
        "v": version_of([_version(rows), sorted(counts.items())]),
    }


def _shown(row: Row, chosen: str) -> bool:
    if chosen == "unbooked":
        return row.booking is None
    return chosen in ("all", row.listed_as)


@require_GET
@page("desk-pathway")
def pathway(request: HttpRequest, actor: Actor) -> HttpResponse:
    return render(request, "desk/pathway.html", _pathway(request, actor))


@require_GET
@page("desk-pathway-rows")
def pathway_rows(request: HttpRequest, actor: Actor) -> HttpResponse:
    return answer(request, "desk/pathway_rows.html", _pathway(request, actor))


def _day(request: HttpRequest, actor: Actor) -> dict[str, object]:
    now = clock.now()
    on = asked_day(request, now.astimezone(actor.practice.site.tz).date())
    rows = boards.day(actor.practice, on, now)
    rooms = Resource.objects.filter(practice=actor.practice, kind="room", is_active=True).order_by("name")
    return {
        "actor": actor,
        "on": on,
        "before": on - timedelta(days=1),
        "after": on + timedelta(days=1),
        "rooms": [{"name": room.name, "rows": [row for row in rows if _in_room(row, room)]} for room in rooms],
        "total": len(rows),
        "alike": confusable(row.case.patient for row in rows),
        "erased": boards.erased_of_day(actor.practice, on),
        "now": now,
        "v": _version(rows),
    }


def _in_room(row: Row, room: Resource) -> bool:
    assert row.booking is not None
    return any(claim.resource_id == room.pk and claim.is_active for claim in row.booking.claims.all())


@require_GET
@page("desk-day")
def day(request: HttpRequest, actor: Actor) -> HttpResponse:
    return render(request, "desk/day.html", _day(request, actor))


@require_GET
@page("desk-day-rows")
def day_rows(request: HttpRequest, actor: Actor) -> HttpResponse:
    return answer(request, "desk/day_rows.html", _day(request, actor))


@require_GET
@page("home")
def home(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Everybody begins at their own workplace."""
    return redirect(first_place(actor))
