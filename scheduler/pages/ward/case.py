"""One case at the bedside: who it is, what must be true and who said so, and what happens next."""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET, require_POST

from checklists.rules.gate import TESTED
from checklists.rules.kinds.restart import RESTART
from checklists.rules.values import Finding, Gate, OverrideClass, Status
from scheduler import clock
from scheduler.access import Actor
from scheduler.models import Case, Task
from scheduler.pages.overridden import Carried, carried_by
from scheduler.pages.session import page
from scheduler.pages.ward.board import PROTOCOL, Shown, ready_at
from scheduler.pages.ward.forms import ItemForm, bedside_of
from scheduler.pages.ward.identity import at_bedside, identify, is_identified
from scheduler.pages.ward.item_forms import form_of
from scheduler.pages.words import item_in_words, value_in_words
from scheduler.rules.problems import Problem, Refused, Stale
from scheduler.rules.roles import SCHEDULER, WARD
from scheduler.rules.transitions import BEFORE_PROCEDURE, Act, acts_of, may
from scheduler.services import boards, bookings, cases
from scheduler.services.bedside import Asked, Word, asked_items, is_for_discharge, words_of
from scheduler.services.boards import Row
from scheduler.services.gates import GateRefused
from scheduler.services.look_alikes import look_alikes
from scheduler.services.override_requests import KIND
from scheduler.services.paper_reviews import review_of
from scheduler.services.people import staff_names
from scheduler.services.ward import IDENTIFIERS

SAVED: Mapping[str, str] = {
    "identified": "It is confirmed who this is.",
    "verified": "Saved: verified.",
    "recorded": "Saved.",
    "infection": "Saved: an infection was found. The booking is released.",
    "arrived": "Saved: the patient is here.",
    "check_in": "Saved: checked in.",
    "start": "Saved: the procedure has started.",
    "finish": "Saved: the procedure is finished.",
    "discharge": "Saved: discharged.",
    "sent_home": "Saved: the patient goes home.",
    "paper": "Saved: entered from paper. A clinician reviews it.",
    "override_asked": "Saved: the clinician is asked for an override.",
}
MOST_REASONS = 3
EXEMPT = "Verify: no adult; a physician has exempted the patient"
PRESCREEN = "infection_prescreen"
INFECTION_ITEMS = ("infection_check", PRESCREEN)
CALL_PATIENT = (
    "Ask the patient about the signs again, and record the answers with the infection check. Where a sign is true, "
    "call the clinician: only an override or another day lets the procedure go on."
)
SENT_HOME_FOR = {
    "unready": "Something needed was not ready.",
    "ate": "Ate or drank.",
    "drug": "A medicine was not stopped in time.",
    "unwell": "Unwell today.",
    "alone": "No adult to go home with.",
    "declined": "The patient does not want it today.",
}


@dataclass(frozen=True, slots=True)
class Line:
    """One item of the verify list with what may be done about it."""

    number: int
    asked: Asked
    form: ItemForm | None
    words: tuple[Word, ...]
    may_ask_override: bool
    carried: Carried | None  # by an override
    is_asked: bool  # an override of it waits for the clinician
    why: str = ""  # the reason typed into a request for an override that was refused

    @property
    def finding(self) -> Finding:
        return self.asked.finding

    @property
    def status(self) -> str:
        return "overridden" if self.asked.is_overridden else self.finding.status

    @property
    def name(self) -> str:
        return item_in_words(self.finding.item)

    @property
    def is_done(self) -> bool:
        return self.finding.passes and not self.asked.is_overridden

    @property
    def other_reasons(self) -> list[str]:
        """What else is wrong with it, without saying anything twice."""
        return [r.sentence for r in self.finding.reasons if r.sentence != self.finding.sentence][:MOST_REASONS]

    @property
    def unsaid(self) -> int:
        """How many reasons there are besides those that are shown."""
        return max(0, len(self.finding.reasons) - 1 - len(self.other_reasons))

    @property
    def verify(self) -> str:
        """The words of the one-tap button; empty where agreeing is not enough."""
        said = self.asked.agreed_value
        if said is None:
            return ""
        return {
            "ride": EXEMPT if said.get("exempt") else "Verify: an adult takes the patient home",
            "hold": "Verify: nothing taken since",
            "fasting": "Verify: nothing eaten or drunk since",
            "labs": "Verify: I looked at the results",
        }.get(self.finding.kind, "Verify")

    @property
    def is_infection(self) -> bool:
        return self.finding.kind in INFECTION_ITEMS

    @property
    def is_open(self) -> bool:
        return self.form is not None and self.form.is_bound


def show_case(
    request: HttpRequest,
    actor: Actor,
    case_id: uuid.UUID,
    problem: Problem | None = None,
    item: str = "",
    asking: str = "",
) -> HttpResponse:
    """The page of a case; `problem` refuses what was just sent about `item`, or an override asked for of `asking`."""
    case, now = cases.case_of(actor.practice.pk, case_id), clock.now()
    row = boards.rows([case], now)[0]
    lines = lines_of(request, actor, row, now, item, asking)
    glance = Shown(row, "", ready_at(row, actor.practice, now), ())
    identified = is_identified(request, actor, case.pk, now)
    context = {
        "actor": actor,
        "case": case,
        "row": row,
        "glance": glance,
        "now": now,
        "problem": problem,
        "refused": problem.answer.decision.refusals if isinstance(problem, GateRefused) else (),
        "meanwhile": meanwhile(request, case, problem),
        "saved": SAVED.get(request.GET.get("saved", ""), "") if problem is None else "",
        "next": next_steps(row, glance),
        "look_alikes": look_alikes(case, now),
        "identified": identified,
        "identifiers": IDENTIFIERS.items(),
        "acts": bool(actor.roles & WARD) and may(Act.RECORD, actor.roles, case.state),
        "may": acts_of(actor.roles, case.state),
        "before": case.state in BEFORE_PROCEDURE,
        "reasons_home": SENT_HOME_FOR.items(),
        "claims": [claim.resource.name for claim in bookings.claimed(case) if claim.resource],
        **_sorted_lines(row, lines),
        **from_paper(case),
    }
    return render(request, "ward/case.html", context, status=problem.status if problem else 200)


def from_paper(case: Case) -> dict[str, Any]:
    """What is shown of a start on paper: who answers for it, and the verdict as at it, then and now."""
    found = review_of(case)
    if found is None:
        return {}
    decided_by = found.gate_pass.decided_by
    return {"paper": found, "decided_by": staff_names([decided_by]).get(decided_by, "somebody who left")}


def lines_of(request: HttpRequest, actor: Actor, row: Row, now: datetime, item: str, asking: str = "") -> list[Line]:
    bedside = bedside_of(actor, row.case, now)
    carried = {each.override.item: each for each in carried_by(row)}
    waiting = set(Task.objects.filter(case=row.case, kind=KIND, done_at=None).values_list("key", flat=True))
    return [
        Line(
            number,
            asked,
            form_of(asked, bedside, number, request.POST if asked.item == item else None),
            asked.words,
            may_ask_override(asked, actor, row.case.state),
            carried.get(asked.item),
            asked.item in waiting,
            request.POST.get("reason", "") if asked.item == asking else "",
        )
        for number, asked in enumerate(asked_items(row, now), start=1)
    ]


def may_ask_override(asked: Asked, actor: Actor, state: str) -> bool:
    """About what an override may carry, and for whoever cannot override."""
    finding = asked.finding
    if finding.passes or asked.is_overridden or not may(Act.ASK_OVERRIDE, actor.roles, state):
        return False
    return finding.override != OverrideClass.NEVER


def _sorted_lines(row: Row, lines: Sequence[Line]) -> dict[str, list[Line]]:
    """What is asked now, what is done, and what belongs to the other side of the procedure."""
    discharging = row.case.state not in BEFORE_PROCEDURE
    mine = [line for line in lines if is_for_discharge(line.asked) == discharging]
    if row.assessment.facts.not_happening and not discharging:
        # Put off: whoever stopped a drug is told today whether to take it again.
        mine += [line for line in lines if line.finding.kind == RESTART.name]
    return {
        "open_lines": [line for line in mine if not line.is_done],
        "done_lines": [line for line in mine if line.is_done],
        "other_lines": [line for line in lines if line not in mine],
    }


def next_steps(row: Row, glance: Shown) -> list[str]:
    """What is refused, whom to call, and what others have been told; after sending home, what is owed."""
    if row.case.state not in BEFORE_PROCEDURE:
        return []
    tasks = list(Task.objects.filter(case=row.case, done_at=None).order_by("due_at", "created_at"))
    if row.case.booking is None:
        return [task.sentence for task in tasks]
    if not row.blocking:
        return []
    told, refused = any(task.queue == SCHEDULER for task in tasks), _refused(row)
    failed = [finding for finding in row.blocking if finding.status is Status.FAILED]
    return [
        *([CALL_PATIENT] if any(f.item == PRESCREEN for f in failed) else []),
        *(["Call the clinician."] if any(f.item != PRESCREEN for f in failed) else []),
        f"Too early: {refused} until {glance.ready_at}."
        if glance.chip == Status.TOO_EARLY
        else f"The procedure is blocked: {refused} until this is mended.",
        *(f.sentence for f in row.blocking if f.item == PROTOCOL),
        "The desk has been told." if told else "The desk sees it on its boards.",
    ]


def _refused(row: Row) -> str:
    """Whoever is here may be checked in while only what the start needs is blocked."""
    stops = any(finding.needed_by in TESTED[Gate.CHECK_IN] for finding in row.blocking)
    return "check-in and start are refused" if stops and row.case.state == "booked" else "the start is refused"


def meanwhile(request: HttpRequest, case: Case, problem: Problem | None) -> list[dict[str, Any]]:
    """What others recorded of the item since the writer looked."""
    item = problem.extra.get("item") if isinstance(problem, Stale) else None
    if item is None:
        return []
    tz = case.practice.site.tz
    return [
        {
            "text": value_in_words(word.entry.value, tz),
            "said_by": word.entry.said_by,
            "recorded_by": word.recorded_by,
            "at": word.entry.recorded_at,
        }
        for word in words_of(case, item, after_version=version_seen(request))
    ]


def version_seen(request: HttpRequest, field: str = "seen_version") -> int:
    """The version that a form saw, of its item or (`version`) its case; none that can be read is none seen."""
    given = request.POST.get(field, "")
    return int(given) if given.isascii() and given.isdigit() and len(given) < 10 else -1


def show_asking(request: HttpRequest, actor: Actor, case_id: uuid.UUID, problem: Problem) -> HttpResponse:
    return show_case(request, actor, case_id, problem, asking=request.POST.get("item", ""))


def show_item(request: HttpRequest, actor: Actor, case_id: uuid.UUID, problem: Problem) -> HttpResponse:
    return show_case(request, actor, case_id, problem, request.POST.get("item", ""))


@require_GET
@page("ward-case")
def case_page(request: HttpRequest, actor: Actor, case_id: uuid.UUID) -> HttpResponse:
    return show_case(request, actor, case_id)


@require_POST
@page("ward-identity")
def identity(request: HttpRequest, actor: Actor, case_id: uuid.UUID) -> HttpResponse:
    return at_bedside(request, actor, case_id, identify, show_case)


def asked_item(request: HttpRequest, case: Case, now: datetime) -> Asked:
    """The item that a form is about, as it stands. Raises Refused where the case has none such."""
    wanted = request.POST.get("item", "")
    row = boards.rows([case], now)[0]
    found = next((asked for asked in asked_items(row, now) if asked.item == wanted), None)
    if found is None:
        raise Refused("This case has no such item any more. Look at the list again.", code="item_gone")
    return found
