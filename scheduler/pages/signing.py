"""The clinician's signing list: reviews, restart decisions and overrides asked for, each decided where it is read."""

import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_POST

from checklists.rules.kinds.window import last_day
from checklists.rules.values import Authority
from scheduler import clock
from scheduler.access import Actor
from scheduler.models import Task
from scheduler.pages.session import note, page, status_of
from scheduler.pages.signing_forms import (
    Decided,
    DeclineForm,
    OverrideForm,
    PaperReviewForm,
    RestartForm,
    ReviewForm,
    local_today,
)
from scheduler.pages.words import value_in_words
from scheduler.rules.duties import DOWNTIME_REVIEW
from scheduler.rules.problems import NotFound, Problem, Refused
from scheduler.services import signatures
from scheduler.services.boards import Row
from scheduler.services.evidence import record_evidence
from scheduler.services.reviewers import told_who
from scheduler.services.signing_list import (
    MOST,
    MOVED,
    OVERRIDE,
    PAPER,
    RESTART,
    REVIEW,
    Entry,
    owed_besides,
    signing_list,
)
from scheduler.services.tasks import finish_task

DONE = {
    "signed": "Signed.",
    "decided": "The restart decision is recorded.",
    "overridden": "The item is overridden; every page shows it so.",
    "declined": "Declined; the case stays as it is.",
    "reviewed": "The review of the entry from paper is recorded.",
}


@dataclass(frozen=True, slots=True)
class Shown:
    """An entry with the forms that it can be decided by."""

    entry: Entry
    said: list[dict[str, Any]]
    forms: dict[str, Decided]
    is_wrong: bool
    is_own: bool  # who answers for it leaves it to a colleague
    who: str  # may settle it instead


@dataclass(frozen=True, slots=True)
class ShownCase:
    row: Row
    entries: list[Shown]


@require_GET
@page("sign-list")
def signing(request: HttpRequest, actor: Actor) -> HttpResponse:
    return _show(request, actor)


def _show(
    request: HttpRequest, actor: Actor, sent: Decided | None = None, problem: Problem | None = None
) -> HttpResponse:
    """The list; a form that was refused stands at its entry as it was sent, against what the entry says now."""
    now = clock.now()
    waiting = signing_list(actor.practice, now)
    who = told_who(entry.task for each in waiting for entry in each.entries if entry.task)
    cases = [ShownCase(w.row, [_shown(actor, entry, w.row, sent, who, now) for entry in w.entries]) for w in waiting]
    shown = [entry for case in cases for entry in case.entries]
    wrong = next((entry for entry in shown if entry.is_wrong), None)
    context = {
        "actor": actor,
        "now": now,
        "cases": cases,
        "count": len(shown),
        "besides": owed_besides(actor.practice),
        "truncated": len(shown) >= MOST,
        "done": DONE.get(request.GET.get("done", ""), ""),
        "problem": problem,
        "sent": sent,
        "wrong": wrong,
        "typed": sent.typed() if sent is not None and wrong is None else [],
    }
    return render(request, "sign/list.html", context, status=status_of(problem, wrong=sent is not None))


def _shown(
    actor: Actor, entry: Entry, row: Row, sent: Decided | None, who: Mapping[uuid.UUID, str], now: datetime
) -> Shown:
    tz = row.assessment.facts.site.tz
    said = [{"text": value_in_words(s.evidence.value, tz), **_of(s)} for s in entry.evidence]
    forms = _forms(entry, row, now)
    is_wrong = sent is not None and sent.data.get("entry") == entry.slug and type(sent) in map(type, forms.values())
    if is_wrong and sent is not None:
        sent.auto_id = f"{entry.slug}-%s"
        forms = {name: sent if type(form) is type(sent) else form for name, form in forms.items()}
    is_own = entry.task is not None and actor.by in entry.task.not_by
    return Shown(entry, said, forms, is_wrong, is_own, who.get(entry.task.pk, "") if entry.task else "")


def _of(said: Any) -> dict[str, Any]:
    entry = said.evidence
    return {
        "item": entry.item,
        "said_by": entry.said_by,
        "observed_at": entry.observed_at,
        "recorded_by": said.recorded_by,
    }


def _forms(entry: Entry, row: Row, now: datetime) -> dict[str, Decided]:
    auto_id = f"{entry.slug}-%s"
    today = local_today(row.case.practice, now)
    if entry.kind == REVIEW:
        return {"review": ReviewForm(auto_id=auto_id, today=today, initial=_window(row, now))}
    if entry.kind == RESTART:
        return {"restart": RestartForm(auto_id=auto_id, today=today)}
    if entry.kind == PAPER:
        return {"paper": PaperReviewForm(auto_id=auto_id)}
    override = {"override": OverrideForm(auto_id=auto_id)} if entry.can_be_overridden else {}
    return {**override, "decline": DeclineForm(auto_id=auto_id)}


def _window(row: Row, now: datetime) -> dict[str, Any]:
    """The booked day; before there is a booking, from the earliest safe day to the last of the treatment window."""
    facts = row.assessment.facts
    start = row.assessment.start or row.verdict.earliest_safe_start or now
    first = start.astimezone(facts.site.tz).date()
    if row.assessment.start is not None:
        return {"day_from": first, "day_until": first}
    last = last_day(facts, row.assessment.protocol.window)
    return {"day_from": first, "day_until": last if last and last >= first else None}


def _decide(
    request: HttpRequest,
    actor: Actor,
    subject: uuid.UUID,
    form: Decided,
    act: Callable[[dict[str, Any], datetime], object],
    done: str,
) -> HttpResponse:
    problem = None
    if form.is_valid():
        try:
            act(form.cleaned_data, clock.now())
            return redirect(f"/sign/?done={done}")
        except Problem as refused:
            note(actor, refused, subject)
            problem = refused
    return _show(request, actor, form, problem)


@require_POST
@page("sign-review")
def review(request: HttpRequest, actor: Actor, case_id: uuid.UUID) -> HttpResponse:
    form = ReviewForm(request.POST, today=local_today(actor.practice, clock.now()))

    def act(data: dict[str, Any], now: datetime) -> None:
        start_from, start_until = form.window(actor.practice.site.tz)
        signatures.review_finding(
            practice_id=actor.practice.pk,
            case_id=case_id,
            item=data["item"],
            inputs=data["inputs"],
            start_from=start_from,
            start_until=start_until,
            note=data["note"],
            seen_version=data["version"],
            by=actor.by,
            now=now,
        )

    return _decide(request, actor, case_id, form, act, "signed")


def _task(actor: Actor, task_id: uuid.UUID, kind: str) -> Task:
    task = Task.objects.filter(practice=actor.practice, pk=task_id, kind=kind, case__isnull=False).first()
    if task is None:
        raise NotFound("There is no such entry on the signing list of this practice.")
    return task


@require_POST
@page("sign-restart")
def restart(request: HttpRequest, actor: Actor, task_id: uuid.UUID) -> HttpResponse:
    """Evidence where the checklist asks for it; where only the date moved, the outcome of the task."""
    task = _task(actor, task_id, RESTART)
    form = RestartForm(request.POST, today=local_today(actor.practice, clock.now()))

    def act(data: dict[str, Any], now: datetime) -> None:
        if task.key.startswith(MOVED):
            _finish(actor, task, form.in_words(), data["version"], now)
            return
        _refuse_if_decided(task)
        assert task.case_id is not None
        record_evidence(
            practice_id=actor.practice.pk,
            case_id=task.case_id,
            item=task.key,
            value=form.value(),
            observed_at=now,
            said_by="staff",
            authority=Authority.CLINICIAN,
            seen_version=data["item_version"],
            by=actor.by,
            now=now,
        )

    return _decide(request, actor, task_id, form, act, "decided")


def _refuse_if_decided(task: Task) -> None:
    if task.done_at is not None:
        raise Refused(f"This was decided meanwhile: {task.outcome}.", code="decided_meanwhile")


def _finish(actor: Actor, task: Task, outcome: str, seen_version: int, now: datetime) -> None:
    _refuse_if_decided(task)
    finish_task(
        practice_id=actor.practice.pk,
        task_id=task.pk,
        outcome=outcome,
        seen_version=seen_version,
        roles=actor.roles,
        by=actor.by,
        now=now,
    )


@require_POST
@page("sign-override")
def override(request: HttpRequest, actor: Actor, task_id: uuid.UUID) -> HttpResponse:
    """The clinician's own password afresh; a second person signs in here where the item says two."""
    task = _task(actor, task_id, OVERRIDE)
    form = OverrideForm(request.POST)

    def act(data: dict[str, Any], now: datetime) -> None:
        _refuse_if_decided(task)
        signatures.authenticate_afresh(actor, data["password"], subject=task_id, now=now)
        second = None
        if data["second_email"]:
            second = signatures.second_person(
                actor, email=data["second_email"], password=data["second_password"], subject=task_id, now=now
            )
        assert task.case_id is not None
        signatures.override_item(
            practice_id=actor.practice.pk,
            case_id=task.case_id,
            item=task.key,
            inputs=data["inputs"],
            reason=data["reason"],
            seen_version=data["version"],
            by=actor.by,
            second=second,
            now=now,
        )

    return _decide(request, actor, task_id, form, act, "overridden")


@require_POST
@page("sign-decline")
def decline(request: HttpRequest, actor: Actor, task_id: uuid.UUID) -> HttpResponse:
    task = _task(actor, task_id, OVERRIDE)
    form = DeclineForm(request.POST)

    def act(data: dict[str, Any], now: datetime) -> None:
        _finish(actor, task, f"declined: {data['outcome']}"[:1000], data["version"], now)

    return _decide(request, actor, task_id, form, act, "declined")


@require_POST
@page("sign-paper")
def paper(request: HttpRequest, actor: Actor, task_id: uuid.UUID) -> HttpResponse:
    """A clinician who had no part in it has read what was entered from paper."""
    task = _task(actor, task_id, REVIEW)
    if not task.key.startswith(DOWNTIME_REVIEW):
        raise NotFound("There is no such entry on the signing list of this practice.")
    form = PaperReviewForm(request.POST)

    def act(data: dict[str, Any], now: datetime) -> None:
        _finish(actor, task, data["outcome"], data["version"], now)

    return _decide(request, actor, task_id, form, act, "reviewed")
