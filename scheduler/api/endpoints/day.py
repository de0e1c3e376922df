"""The day's board and what people owe."""

import hashlib
import uuid
from datetime import date, datetime
from typing import Any

import orjson
from rest_framework.request import Request
from rest_framework.response import Response

from scheduler import clock
from scheduler.access import Actor
from scheduler.api import inputs, outputs
from scheduler.api.described import described
from scheduler.api.fields import MOMENT_YEARS, day_of, shown
from scheduler.api.show import moment, show_board_row, show_claims, show_task
from scheduler.api.views import Read, Write
from scheduler.models import Task
from scheduler.rules.problems import Invalid, Reason
from scheduler.rules.roles import ROLES
from scheduler.services import boards
from scheduler.services.tasks import finish_task


def _day(request: Request, today: date) -> date:
    given = request.query_params.get("date")
    day = today if given is None else day_of(given)
    if day is None or day.year not in MOMENT_YEARS:
        raise Invalid(
            "The date cannot be read.",
            errors=(Reason("bad_date", f"'{shown(given)}': give it as 2027-03-01.", field="date"),),
        )
    return day


def board_rows(actor: Actor, day: date, now: datetime) -> list[dict[str, Any]]:
    tz = actor.practice.site.tz
    return [
        {
            **show_board_row(row),
            "claims": show_claims(row.booking, tz) if row.booking else [],
            "blocking": [finding.sentence for finding in row.blocking],
        }
        for row in boards.day(actor.practice, day, now)
    ]


@described(
    name="day_board",
    answers=outputs.BoardOut,
    also={204: None},
    method="get",
    date="the site's date, 2027-03-01; today if left out",
    v="the `v` of the board you have: 204 when nothing changed",
)
class Board(Read):
    def show(self, actor: Actor, request: Request, **ids: uuid.UUID) -> Any:
        now, tz = clock.now(), actor.practice.site.tz
        day = _day(request, now.astimezone(tz).date())
        rows = board_rows(actor, day, now)
        v = hashlib.sha256(orjson.dumps([day.isoformat(), rows], default=str)).hexdigest()[:20]
        return {"date": day.isoformat(), "as_of": moment(now, tz), "v": v, "cases": rows}

    def get(self, request: Request, **ids: uuid.UUID) -> Response:
        board = self.show(self.actor(request), request, **ids)
        unchanged = request.query_params.get("v") == board["v"]
        return Response(status=204) if unchanged else Response(board)


@described(
    name="list_tasks",
    answers=outputs.TasksOut,
    method="get",
    queue="one role's tasks",
    case="one case's tasks",
    done="1: also those that are done",
)
class Tasks(Read):
    """At most 200, the earliest due first."""

    def show(self, actor: Actor, request: Request, **ids: uuid.UUID) -> Any:
        asked = request.query_params
        found = Task.objects.filter(practice=actor.practice)
        if asked.get("done") != "1":
            found = found.filter(done_at=None)
        if (queue := asked.get("queue")) is not None:
            if queue not in ROLES:
                raise Invalid(
                    "There is no such queue.",
                    errors=(Reason("queue_unknown", f"Use one of: {', '.join(ROLES)}.", field="queue"),),
                )
            found = found.filter(queue=queue)
        if (case := asked.get("case")) is not None:
            try:
                found = found.filter(case_id=uuid.UUID(case))
            except ValueError as error:
                raise Invalid(
                    "The case cannot be read.",
                    errors=(Reason("bad_id", "Give the id of a case.", field="case"),),
                ) from error
        tz = actor.practice.site.tz
        return {"results": [show_task(task, tz) for task in found.order_by("due_at", "created_at")[:200]]}


@described(name="finish_task", takes=inputs.TaskDoneIn, answers=outputs.TaskOut)
class TaskDone(Write):
    accepts = inputs.TaskDoneIn

    def act(self, actor: Actor, data: dict[str, Any], **ids: uuid.UUID) -> Any:
        task = finish_task(
            practice_id=actor.practice.pk,
            task_id=ids["task_id"],
            outcome=data["outcome"],
            seen_version=data["version"],
            roles=actor.roles,
            by=actor.by,
            now=clock.now(),
        )
        return show_task(task, actor.practice.site.tz)
