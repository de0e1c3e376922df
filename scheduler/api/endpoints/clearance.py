"""A prescriber is asked about drugs of a case: by letter, link, phone, fax or message."""

import uuid
from typing import Any

from scheduler import clock
from scheduler.access import Actor
from scheduler.api import inputs, outputs
from scheduler.api.described import described
from scheduler.api.show import show_evidence, show_verdict
from scheduler.api.views import Write
from scheduler.rules.problems import NotPermitted
from scheduler.services.clearances import reference_of
from scheduler.services.prescribers import Asked, ask_prescriber


@described(name="ask_prescriber", takes=inputs.ClearanceIn, answers=outputs.ClearanceAskedOut, status=201)
class AskPrescriber(Write):
    """Asking again is asking: each is recorded. `link` mails the prescriber a link of their own."""

    accepts, status = inputs.ClearanceIn, 201

    def act(self, actor: Actor, data: dict[str, Any], **ids: uuid.UUID) -> Any:
        if actor.authority is None:
            raise NotPermitted("Your roles carry no word of their own about a case.")
        asked = ask_prescriber(
            practice_id=actor.practice.pk,
            case_id=ids["case_id"],
            whom=data["contact"],
            seen_versions={each["item"]: each["version"] for each in data["items"]},
            how=data["how"],
            authority=actor.authority,
            by=actor.by,
            now=clock.now(),
        )
        return show_asked(asked, ids["case_id"])


def show_asked(asked: Asked, case_id: uuid.UUID) -> dict[str, Any]:
    """The token of a link is in its mail and nowhere else."""
    recorded = asked.recorded
    tz = recorded.case.practice.site.tz
    return {
        "contact": str(asked.contact.pk),
        "reference": reference_of(case_id, asked.contact.pk),
        "link_sent": asked.link is not None,
        "evidence": [show_evidence(entry, tz) for entry in recorded.entries],
        "case_version": recorded.case.version,
        "verdict": show_verdict(recorded.case, recorded.refreshed.assessment),
    }
