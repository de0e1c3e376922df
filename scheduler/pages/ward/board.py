"""The ward's board: the cases of a day by who needs a nurse now, also as initials on a wall."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from checklists.rules.values import Finding, State, Status, Step
from scheduler import clock
from scheduler.access import Actor
from scheduler.models import Practice
from scheduler.pages.polling import answer, asked_day, version_of
from scheduler.pages.session import page
from scheduler.rules.transitions import BEFORE_PROCEDURE
from scheduler.services import boards
from scheduler.services.boards import URGENCY, Row
from scheduler.services.look_alikes import confusable

OVER = ("discharged", "closed")
UNDER_WAY = ("in_procedure", "recovering")
PROTOCOL = "protocol"  # what shuts every gate of a case: its version is not in force


@dataclass(frozen=True, slots=True)
class Shown:
    """One row of the board, as it is read."""

    row: Row
    place: str
    ready_at: str  # when time has mended what is too early
    reasons: tuple[str, ...]
    began_earlier: bool = False  # on a day before the one that is shown
    alike: tuple[str, ...] = ()  # what makes another patient of the board easy to confuse with this one

    @property
    def chip(self) -> str:
        """The status that counts for a nurse: what time alone mends is no failure."""
        blocking = {finding.status for finding in self.row.blocking}
        return Status.TOO_EARLY if self.row.is_blocked and blocking == {Status.TOO_EARLY} else self.row.state

    @property
    def ready_words(self) -> str:
        """With what time mends, is the case ready then, or does more stand against it?"""
        if not self.ready_at:
            return ""
        # A finding that is too early may wait for a person besides.
        reasons = [reason for finding in open_before_procedure(self.row) for reason in finding.reasons]
        alone = self.chip == Status.TOO_EARLY and {reason.status for reason in reasons} == {Status.TOO_EARLY}
        return f"{'ready at' if alone else 'not before'} {self.ready_at}"

    @property
    def name(self) -> str:
        patient = self.row.case.patient
        return f"{patient.family_name.upper()}, {patient.given_name}"

    @property
    def initials(self) -> str:
        patient = self.row.case.patient
        return " ".join(f"{name[:1].upper()}." for name in (patient.given_name, patient.family_name) if name)

    @property
    def is_judged(self) -> bool:
        """Before its procedure a case has a readiness; afterwards it has what is owed before discharge."""
        return self.row.case.state in BEFORE_PROCEDURE

    @property
    def is_failing(self) -> bool:
        return self.is_judged and self.chip == State.BLOCKED

    @property
    def rank(self) -> int:
        case = self.row.case
        if case.state in OVER:
            return 3
        if case.arrived_at is None:
            return 2
        return 0 if self.is_failing else 1

    def seen(self) -> tuple[object, ...]:
        case, booking = self.row.case, self.row.booking
        starts_at = booking and booking.starts_at
        return (case.pk, case.version, self.chip, self.place, self.ready_words, self.reasons, starts_at, self.alike)


def open_before_procedure(row: Row) -> list[Finding]:
    return [finding for finding in row.open_findings if finding.step != Step.DISCHARGE]


def ready_at(row: Row, practice: Practice, now: datetime) -> str:
    """When time will have mended what is too early: the hour, with its day where that is not today."""
    clear = [f.clear_at for f in open_before_procedure(row) if f.status is Status.TOO_EARLY and f.clear_at]
    if not clear:
        return ""
    tz = practice.site.tz
    at = max(clear).astimezone(tz)
    return f"{at:%H:%M}" if at.date() == now.astimezone(tz).date() else f"{at:%A} {at.day} {at:%b} {at:%H:%M}"


def shown_rows(rows: list[Row], practice: Practice, on: date, now: datetime, wall: bool = False) -> list[Shown]:
    said = _on_the_wall if wall else _reasons
    alike = confusable(row.case.patient for row in rows)
    made = [
        Shown(
            row,
            _place(row),
            ready_at(row, practice, now),
            said(row),
            _began_before(row, practice, on),
            alike.get(row.case.patient_id, ()),
        )
        for row in rows
    ]
    return sorted(made, key=lambda shown: (shown.rank, shown.row.booking.starts_at if shown.row.booking else now))


def _place(row: Row) -> str:
    """The room before and during the procedure, the bay after it."""
    claims = row.booking.claims.all() if row.booking else ()
    names = {claim.resource.kind: claim.resource.name for claim in claims if claim.is_active and claim.resource}
    wanted = "bay" if row.case.state in ("recovering", *OVER) else "room"
    return names.get(wanted, "")


def _began_before(row: Row, practice: Practice, on: date) -> bool:
    return row.booking is not None and row.booking.starts_at.astimezone(practice.site.tz).date() < on


def _in_the_way(row: Row) -> list[Finding]:
    """What stands against the next step, the worst first."""
    if row.case.state in OVER:
        return []
    if row.case.state in UNDER_WAY:
        return [f for f in row.open_findings if f.step == Step.DISCHARGE or f.item == PROTOCOL]
    return sorted(open_before_procedure(row), key=lambda finding: URGENCY.index(finding.status))


def _reasons(row: Row) -> tuple[str, ...]:
    return tuple(finding.sentence for finding in _in_the_way(row))


def _on_the_wall(row: Row) -> tuple[str, ...]:
    """The step alone: whoever passes the wall learns of no drug, value or sign."""
    return tuple(dict.fromkeys(PROTOCOL if f.item == PROTOCOL else f.step.value for f in _in_the_way(row)))


def _board(request: HttpRequest, actor: Actor) -> dict[str, object]:
    now = clock.now()
    today = now.astimezone(actor.practice.site.tz).date()
    on, wall = asked_day(request, today), request.GET.get("wall") == "1"
    rows = shown_rows(boards.day(actor.practice, on, now), actor.practice, on, now, wall)
    return {
        "actor": actor,
        "on": on,
        "is_today": on == today,
        "before": on - timedelta(days=1),
        "after": on + timedelta(days=1),
        "wall": wall,
        "rows": rows,
        "erased": boards.erased_of_day(actor.practice, on),
        "now": now,
        "v": version_of([wall, on, *(row.seen() for row in rows)]),
    }


@require_GET
@page("ward-board")
def board(request: HttpRequest, actor: Actor) -> HttpResponse:
    return render(request, "ward/board.html", _board(request, actor))


@require_GET
@page("ward-board-rows")
def board_rows(request: HttpRequest, actor: Actor) -> HttpResponse:
    return answer(request, "ward/board_rows.html", _board(request, actor))
