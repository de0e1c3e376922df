"""Filed to the wrong patient: a word goes to the case that it belongs to, a case to the right person."""

import uuid
from typing import Any

from scheduler import clock
from scheduler.access import Actor
from scheduler.api import persons
from scheduler.api.described import described
from scheduler.api.endpoints.cases import show_recorded
from scheduler.api.outputs import CaseOut
from scheduler.api.show import show_case
from scheduler.api.views import Write
from scheduler.services import cases, refiling


@described(name="refile_evidence", takes=persons.RefileEvidenceIn, answers=persons.EvidenceRefiledOut)
class RefileEvidence(Write):
    """Struck through where it is wrong and recorded where it belongs, in one step; each names the other."""

    accepts = persons.RefileEvidenceIn

    def act(self, actor: Actor, data: dict[str, Any], **ids: uuid.UUID) -> Any:
        done = refiling.refile_evidence(
            practice_id=actor.practice.pk,
            public_id=ids["evidence_id"],
            to_case_id=data["case"],
            reason=data["reason"],
            seen_versions=(data["version"], data["to_version"]),
            authority=actor.authority,
            by=actor.by,
            now=clock.now(),
        )
        return {"struck": show_recorded(done.struck), "recorded": show_recorded(done.recorded)}


@described(name="refile_case", takes=persons.RefileCaseIn, answers=CaseOut)
class RefileCase(Write):
    """A case that was opened for the wrong patient, before its procedure."""

    accepts = persons.RefileCaseIn

    def act(self, actor: Actor, data: dict[str, Any], **ids: uuid.UUID) -> Any:
        now = clock.now()
        case = refiling.refile_case(
            practice_id=actor.practice.pk,
            case_id=ids["case_id"],
            to_patient_id=data["patient"],
            reason=data["reason"],
            seen_version=data["version"],
            by=actor.by,
            now=now,
        )
        return show_case(cases.case_of(actor.practice.pk, case.pk), now)
