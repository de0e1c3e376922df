"""Cases: open, list, one; evidence; change of plan."""

import base64
import uuid
from datetime import datetime
from typing import Any

from django.db import transaction
from rest_framework import exceptions
from rest_framework.pagination import Cursor, CursorPagination
from rest_framework.request import Request

from checklists.services.checklists import assess_checklist
from scheduler import clock
from scheduler.access import Actor, authority_of
from scheduler.api import inputs, outputs
from scheduler.api.described import described
from scheduler.api.fields import MomentField, shown
from scheduler.api.show import show_board_row, show_case, show_evidence, show_planned, show_verdict
from scheduler.api.views import Read, Write
from scheduler.models import Case
from scheduler.reads import looked_at_cases
from scheduler.rules.problems import Invalid, NotPermitted, Reason
from scheduler.rules.transitions import STATES
from scheduler.services import boards, cases, evidence
from scheduler.services.planning import planned_times
from scheduler.services.readiness import judged_start


class CasePages(CursorPagination):
    page_size, page_size_query_param, max_page_size = 50, "limit", 200
    ordering = ("-opened_at", "-id")

    def get_page_size(self, request: Request) -> int:
        given = request.query_params.get("limit", str(self.page_size))
        if not (given.isascii() and given.isdecimal() and 1 <= int(given[:9]) <= self.max_page_size):
            remedy = f"'{shown(given)}': give a number from 1 to {self.max_page_size}."
            raise Invalid("The limit cannot be used.", errors=(Reason("bad_limit", remedy, field="limit"),))
        return int(given)

    def decode_cursor(self, request: Request) -> Cursor | None:
        """Raises Invalid for what no answer gave out: the position is a time, and filters would choke on others."""
        try:
            base64.b64decode(request.query_params.get("cursor", ""), validate=True)
            cursor = super().decode_cursor(request)
            if cursor is not None and cursor.position is not None:
                MomentField().to_internal_value(cursor.position)
        except (exceptions.NotFound, exceptions.ValidationError, ValueError) as error:
            remedy = "Take it from 'next' or 'previous' of an answer, or leave it out."
            raise Invalid(
                "The cursor cannot be read.", errors=(Reason("bad_cursor", remedy, field="cursor"),)
            ) from error
        return cursor


@described(
    name="list_cases",
    answers=outputs.CasesOut,
    method="get",
    state="one of the states of a case",
    limit="1 to 200",
    cursor="from `next` or `previous`",
)
@described(name="open_case", takes=inputs.CaseIn, answers=outputs.CaseOut, status=201)
class Cases(Read, Write):
    accepts, status = inputs.CaseIn, 201

    def show(self, actor: Actor, request: Request, **ids: uuid.UUID) -> Any:
        state = request.query_params.get("state")
        if state is not None and state not in STATES:
            raise Invalid(
                "There is no such state.",
                errors=(Reason("state_unknown", f"Use one of: {', '.join(STATES)}.", field="state"),),
            )
        found = (
            Case.objects.filter(practice=actor.practice, patient__erased_at=None, **({"state": state} if state else {}))
            .select_related("practice", "patient", "booking", "checklist__protocol_version")
            .defer("checklist__protocol_version__document")
        )
        pages = CasePages()
        page = pages.paginate_queryset(found, request, view=self) or []
        return {
            "next": pages.get_next_link(),
            "previous": pages.get_previous_link(),
            "results": [show_board_row(row) for row in boards.rows(page, clock.now())],
        }

    def act(self, actor: Actor, data: dict[str, Any], **ids: uuid.UUID) -> Any:
        now = clock.now()
        case = cases.open_case(
            practice=actor.practice,
            patient_id=data["patient"],
            protocol=data["protocol"],
            plan=inputs.CaseIn.value(data),
            previous_id=data["previous"],
            by=actor.by,
            now=now,
        )
        return show_case(cases.case_of(actor.practice.pk, case.pk), now)


@described(name="show_case", answers=outputs.CaseOut, method="get")
class OneCase(Read):
    def show(self, actor: Actor, request: Request, **ids: uuid.UUID) -> Any:
        return show_case(cases.case_of(actor.practice.pk, ids["case_id"]), clock.now())


@described(
    name="list_latest_times",
    answers=outputs.LatestTimesOut,
    method="get",
    start="a planned start, ISO 8601 with offset; left out: the booked start, else the earliest safe one",
)
class LatestTimes(Read):
    """Until when the last dose, meal or answer may be, and from when on a result counts, for a start."""

    def show(self, actor: Actor, request: Request, **ids: uuid.UUID) -> Any:
        case, now = cases.case_of(actor.practice.pk, ids["case_id"]), clock.now()
        assessment = assess_checklist(checklist=case.checklist, start=judged_start(case, now), now=now)
        return show_planned(
            planned_times(case=case, assessment=assessment, start=_start(request)), case.practice.site.tz
        )


def _start(request: Request) -> datetime | None:
    given = request.query_params.get("start")
    try:
        return None if given is None else MomentField().to_internal_value(given)
    except exceptions.ValidationError as error:
        remedy = " ".join(str(detail) for detail in error.args[0:1])
        raise Invalid("The start cannot be read.", errors=(Reason("bad_start", remedy, field="start"),)) from error


@described(name="change_plan", takes=inputs.PlanChangeIn, answers=outputs.PlanChangedOut)
class ChangePlan(Write):
    """`preview` shows what would follow and writes nothing."""

    accepts = inputs.PlanChangeIn

    def act(self, actor: Actor, data: dict[str, Any], **ids: uuid.UUID) -> Any:
        now = clock.now()
        with transaction.atomic():
            case, refreshed = cases.change_plan(
                practice_id=actor.practice.pk,
                case_id=ids["case_id"],
                plan=inputs.PlanChangeIn.value(data),
                seen_version=data["version"],
                by=actor.by,
                now=now,
            )
            shown = show_case(case, now, refreshed.assessment)
            if data["preview"]:
                transaction.set_rollback(True)
        return {"preview": data["preview"], "case": shown}


def show_recorded(recorded: evidence.Recorded) -> dict[str, Any]:
    looked_at_cases([recorded.case])
    tz = recorded.case.practice.site.tz
    return {
        "evidence": show_evidence(recorded.evidence, tz),
        "case_version": recorded.case.version,
        "case_state": recorded.case.state,
        "booking_released": recorded.released,
        "verdict": show_verdict(recorded.case, recorded.refreshed.assessment),
    }


@described(name="record_evidence", takes=inputs.EvidenceIn, answers=outputs.RecordedOut, status=201)
class RecordEvidence(Write):
    accepts, status = inputs.EvidenceIn, 201

    def act(self, actor: Actor, data: dict[str, Any], **ids: uuid.UUID) -> Any:
        authority = authority_of(data["said_by"], actor)
        if authority is None:
            raise NotPermitted("Your roles carry no word of their own about a case.")
        return show_recorded(
            evidence.record_evidence(
                practice_id=actor.practice.pk,
                case_id=ids["case_id"],
                item=data["item"],
                value=data["value"],
                observed_at=data["observed_at"],
                said_by=data["said_by"],
                authority=authority,
                seen_version=data["version"],
                supersedes=data["supersedes"],
                by=actor.by,
                now=clock.now(),
            )
        )


@described(name="mark_evidence_in_error", takes=inputs.ErrorIn, answers=outputs.RecordedOut)
class EvidenceInError(Write):
    accepts = inputs.ErrorIn

    def act(self, actor: Actor, data: dict[str, Any], **ids: uuid.UUID) -> Any:
        return show_recorded(
            evidence.mark_entered_in_error(
                practice_id=actor.practice.pk,
                public_id=ids["evidence_id"],
                reason=data["reason"],
                authority=actor.authority,
                seen_version=data["version"],
                by=actor.by,
                now=clock.now(),
            )
        )
