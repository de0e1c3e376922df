"""The desk's pages about one case, its tasks and its forms."""

import uuid
from datetime import datetime
from typing import Any

from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from checklists.models import Evidence
from checklists.rules.kinds.restart import RESTART
from checklists.rules.values import Finding
from notifications.services.outbox import timeline
from scheduler import clock
from scheduler.access import Actor, allowed, permit
from scheduler.models import Case, Task
from scheduler.pages.forms import RELEASE, EndForm, SlotForm, StartForm, TaskDoneForm
from scheduler.pages.overridden import carried_by
from scheduler.pages.saved import saved_line, to_case
from scheduler.pages.session import note, page
from scheduler.pages.ward.verify import reasons_of
from scheduler.pages.words import item_in_words, value_in_words
from scheduler.reads import looked_at_cases
from scheduler.rules.duties import may_finish
from scheduler.rules.problems import Invalid, Problem, Reason, Refused
from scheduler.rules.roles import REGISTRARS, ROLES
from scheduler.rules.texts import LANGUAGES
from scheduler.rules.transitions import BEFORE_PROCEDURE, OVER, Act, acts_of, endings_of
from scheduler.services import boards, bookings, cases, transitions
from scheduler.services.boards import SEVEN, Row
from scheduler.services.clearances import clearance_lines
from scheduler.services.link_list import link_lines
from scheduler.services.look_alikes import look_alikes_on
from scheduler.services.people import writer_names
from scheduler.services.planning import Planned, planned_times
from scheduler.services.reviewers import told_who
from scheduler.services.tasks import finish_task


@require_GET
@page("desk-case")
def case_page(request: HttpRequest, actor: Actor, case_id: uuid.UUID) -> HttpResponse:
    return show_case(request, actor, case_id)


def show_case(request: HttpRequest, actor: Actor, case_id: uuid.UUID, problem: Problem | None = None) -> HttpResponse:
    case, now = cases.case_of(actor.practice.pk, case_id), clock.now()
    row, is_over = boards.rows([case], now)[0], case.state in OVER
    context = {
        "actor": actor,
        "case": case,
        "row": row,
        "facts": row.assessment.facts,
        "now": now,
        "problem": problem,
        "saved": saved_line(request) if problem is None else "",
        "is_over": is_over,
        "owed": [f for f in row.open_findings if f.kind == RESTART.name] if is_over else row.open_findings,
        "overrides": carried_by(row),
        "steps": _steps(case, row),
        "claims": bookings.claimed(case),
        "tasks": case.tasks.order_by("done_at", "due_at", "created_at"),
        "links": link_lines(case, now),
        "language": LANGUAGES.get(case.patient.language, LANGUAGES["en"]),
        "clearances": [line for line in clearance_lines(row, now) if not is_over or line.last_asked or line.answered],
        "messages": sorted(timeline(case.pk, practice_id=actor.practice.pk), key=lambda message: message.at),
        "may": acts_of(actor.roles, case.state),
        "may_correct_contacts": allowed("desk-contact-change", "POST", actor.roles, demo=False),
        "is_ahead": case.state in BEFORE_PROCEDURE,
        "may_refile": bool(actor.roles & REGISTRARS) and case.started_at is None,
        "weight": actor.authority or 0,
        "planned": _planned(row, None),
        "endings": endings_of(actor.roles, case.state),
    }
    return render(request, "desk/case.html", context, status=problem.status if problem else 200)


def _steps(case: Case, row: Row) -> list[dict[str, Any]]:
    """The seven steps, each with its findings and all evidence of theirs, struck through where in error."""
    evidence: dict[str, list[dict[str, Any]]] = {}
    entries = list(Evidence.objects.filter(checklist_id=case.checklist_id).select_related("error").order_by("pk"))
    struck_by = [entry.error.by for entry in entries if hasattr(entry, "error")]
    names = writer_names([*(entry.recorded_by for entry in entries), *struck_by])
    for entry in entries:
        error = getattr(entry, "error", None)
        evidence.setdefault(entry.item, []).append(
            {
                "text": value_in_words(entry.value, case.practice.site.tz),
                "said_by": entry.said_by,
                "observed_at": entry.observed_at,
                "recorded_by": names.get(entry.recorded_by, entry.recorded_by),
                "error": error.reason if error else "",
                "error_by": names.get(error.by, error.by) if error else "",
                "error_at": error.at if error else None,
                "id": entry.public_id,
                "authority": entry.authority,
            }
        )

    def shown(finding: Finding) -> dict[str, Any]:
        return {
            "item": item_in_words(finding.item),
            "status": row.shown_status(finding),
            "sentence": finding.sentence,
            "evidence": evidence.get(finding.item, []),
        }

    # What was never recorded of a case that is over is nobody's any more.
    told = [f for f in row.verdict.findings if case.state not in OVER or f.item in evidence]
    return [{"name": step.value, "findings": [shown(f) for f in told if f.step == step]} for step in SEVEN]


@require_http_methods(["GET", "POST"])
@page("desk-book")
def book(request: HttpRequest, actor: Actor, case_id: uuid.UUID) -> HttpResponse:
    """Book the case, or move its booking."""
    case, now = cases.case_of(actor.practice.pk, case_id), clock.now()
    asked = StartForm(request.GET if "day" in request.GET else None, practice=actor.practice)
    thought_of = asked.cleaned_data if asked.is_bound and asked.is_valid() else {}
    form = SlotForm(_posted(request), practice=actor.practice, initial={**_initial_slot(case), **thought_of})
    problem = None
    if request.method == "POST" and form.is_valid():
        try:
            _book_or_move(actor, case, form, now)
            return to_case(case.pk, "moved" if case.booking else "booked")
        except Problem as refused:
            note(actor, refused, case.pk)
            problem = refused
    row = boards.rows([case], now)[0]
    start = _start_of(form) or _start_of(asked)
    day = start or (case.booking.starts_at if case.booking else None)
    on = day.astimezone(actor.practice.site.tz).date() if day else None
    context = {
        "actor": actor,
        "case": case,
        "form": form,
        "problem": problem,
        "row": row,
        "may_record": Act.RECORD in acts_of(actor.roles, case.state),
        "title": f"{'Move' if case.booking else 'Book'} {case.patient.family_name.upper()}, {case.patient.given_name}",
        "lead": _lead(row, actor),
        "button": "Move it" if case.booking else "Book it",
        "asked": asked,
        "look_alikes": look_alikes_on(actor.practice, case.patient, on) if on else [],
        "look_alike_day": on,
        "planned": _planned(row, start),
    }
    wrong = (problem.status if problem else 400) if request.method == "POST" else 200
    return render(request, "desk/book.html", context, status=wrong)


def _planned(row: Row, start: datetime | None) -> Planned | None:
    """None while the case cannot be booked: its earliest start is only the present moment."""
    if start is None and row.before_booking:
        return None
    return planned_times(case=row.case, assessment=row.assessment, start=start)


def _start_of(form: StartForm) -> datetime | None:
    """The start that was given, also where the rest of the form is wrong."""
    return form.cleaned_data.get("starts_at") if form.is_bound and (form.is_valid() or form.errors) else None


def _posted(request: HttpRequest) -> QueryDict | None:
    """What was sent; an empty form that was sent is not one that is yet to be filled in."""
    return request.POST if request.method == "POST" else None


def _lead(row: Row, actor: Actor) -> str:
    earliest = row.verdict.earliest_safe_start
    if earliest is None or row.before_booking:
        return ""
    local = earliest.astimezone(actor.practice.site.tz)
    when = f"{local:%A}, {local.day} {local:%B %Y} at {local:%H:%M}"
    mended = ", once what blocks the case is mended" if row.blocking else ""
    return f"Not before {when}: the earliest safe start{mended}. Times are {actor.practice.zone}."


def _initial_slot(case: Case) -> dict[str, Any]:
    initial: dict[str, Any] = {"version": case.version}
    if case.booking is not None:
        local = case.booking.starts_at.astimezone(case.practice.site.tz)
        initial |= {"day": local.date(), "at": f"{local:%H:%M}"}
        initial |= {claim.resource.kind: str(claim.resource_id) for claim in bookings.claimed(case) if claim.resource}
    return initial


def _book_or_move(actor: Actor, case: Case, form: SlotForm, now: datetime) -> None:
    common = {
        "practice_id": actor.practice.pk,
        "slot": form.slot(),
        "seen_version": form.cleaned_data["version"],
        "by": actor.by,
        "now": now,
    }
    if case.booking is None:
        bookings.book_case(case_id=case.pk, **common)
    else:
        bookings.move_booking(booking_id=case.booking.pk, **common)


@require_POST
@page("desk-end")
def end(request: HttpRequest, actor: Actor, case_id: uuid.UUID) -> HttpResponse:
    """Release the booking, or end the case."""
    case, form = cases.case_of(actor.practice.pk, case_id), EndForm(request.POST)
    try:
        if not form.is_valid():
            raise Invalid("Nothing was saved. Correct what is named.", errors=reasons_of(form))
        given = form.cleaned_data
        common = {
            "practice_id": actor.practice.pk,
            "reason": given["reason"],
            "seen_version": given["version"],
            "by": actor.by,
            "now": clock.now(),
        }
        if given["ending"] == RELEASE:
            permit(actor, Act.RELEASE)
            if case.booking is None:
                raise Refused("This booking was released. Look at the case again.", code="booking_released")
            bookings.release_booking(booking_id=case.booking.pk, **common)
        else:
            transitions.end_case(case_id=case.pk, ending=given["ending"], **common)
    except Problem as problem:
        note(actor, problem, case.pk)
        return show_case(request, actor, case_id, problem)
    return to_case(case_id, "released" if given["ending"] == RELEASE else "ended")


@require_GET
@page("desk-tasks")
def tasks(request: HttpRequest, actor: Actor) -> HttpResponse:
    return _show_tasks(request, actor)


def _show_tasks(request: HttpRequest, actor: Actor, problem: Problem | None = None) -> HttpResponse:
    chosen = request.GET.get("queue", "")
    if chosen and chosen not in ROLES:
        raise Invalid(
            "There is no such queue.", errors=(Reason("bad_queue", f"Use one of: {', '.join(ROLES)}.", "queue"),)
        )
    found = Task.objects.filter(practice=actor.practice, done_at=None, **({"queue": chosen} if chosen else {}))
    tasks = list(found.select_related("case__patient").order_by("due_at", "created_at")[:200])
    looked_at_cases(task.case for task in tasks if task.case)
    context = {
        "actor": actor,
        "tasks": tasks,
        "mine_to_finish": {t.pk for t in tasks if may_finish(t.kind, actor.roles) and actor.by not in t.not_by},
        "who": told_who(tasks),
        "queues": ROLES,
        "chosen": chosen,
        "now": clock.now(),
        "problem": problem,
    }
    return render(request, "desk/tasks.html", context, status=problem.status if problem else 200)


@require_POST
@page("desk-task-done")
def task_done(request: HttpRequest, actor: Actor, task_id: uuid.UUID) -> HttpResponse:
    form = TaskDoneForm(request.POST)
    try:
        if not form.is_valid():
            raise Invalid("Give an outcome.", errors=(Reason("no_outcome", "Say what came of it.", "outcome"),))
        finish_task(
            practice_id=actor.practice.pk,
            task_id=task_id,
            outcome=form.cleaned_data["outcome"],
            seen_version=form.cleaned_data["version"],
            roles=actor.roles,
            by=actor.by,
            now=clock.now(),
        )
    except Problem as problem:
        note(actor, problem, task_id)
        return _show_tasks(request, actor, problem)
    return redirect("/desk/tasks/")
