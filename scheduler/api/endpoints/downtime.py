"""What was done on paper while the system was down."""

import uuid
from typing import Any

from scheduler import clock
from scheduler.access import Actor
from scheduler.api import inputs, outputs
from scheduler.api.described import described
from scheduler.api.endpoints.workflow import show_moved
from scheduler.api.views import Write
from scheduler.services.downtime import Entered, Place, enter_from_paper
from scheduler.services.papers import signed_paper


def show_entered(entered: Entered) -> dict[str, Any]:
    return {
        **show_moved(entered.moved),
        "paper": entered.case.paper,
        "gate_would_have": entered.gate_would_have,
        "taken": [reason.as_json() for reason in entered.taken],
    }


@described(name="enter_from_paper", takes=inputs.DowntimeIn, answers=outputs.EnteredOut, status=201)
class EnterFromPaper(Write):
    """Enter what was done on paper while the system was down, by its true times: a start, or the rest of one.

    The start gate is asked as at the true start and its answer kept beside the pass; a clinician reviews it.
    """

    accepts, status = inputs.DowntimeIn, 201

    def act(self, actor: Actor, data: dict[str, Any], **ids: uuid.UUID) -> Any:
        now = clock.now()
        signers = {name: data[name] for name in ("reason", "decided_by", "password", "clinician", "second")}
        return show_entered(
            enter_from_paper(
                practice_id=actor.practice.pk,
                case_id=ids["case_id"],
                paper=signed_paper(actor, reference=data["paper"], subject=ids["case_id"], now=now, **signers),
                times=inputs.DowntimeIn.times(data),
                place=Place(**data["place"]) if data["place"] else None,
                although_taken=data["although_taken"],
                seen_version=data["version"],
                by=actor.by,
                now=now,
            )
        )
