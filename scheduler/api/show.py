"""What answers show: plain dicts, times ISO 8601 with the site's offset."""

from collections.abc import Iterable
from datetime import datetime, tzinfo
from typing import Any

from checklists.models import Block, Evidence, Item, ProtocolVersion
from checklists.rules.values import Finding
from checklists.services.checklists import Assessment, assess_checklist, load_overrides
from notifications.services.outbox import timeline
from scheduler.models import Booking, Case, Patient, Resource, Task
from scheduler.reads import looked_at
from scheduler.services.boards import Row, carried, gate_ahead, shown_state, step_words
from scheduler.services.planning import Planned
from scheduler.services.readiness import judged_start


def moment(value: datetime | None, tz: tzinfo) -> str | None:
    return value.astimezone(tz).isoformat() if value else None


def show_finding(finding: Finding, tz: tzinfo, item_version: int, overridden: bool) -> dict[str, Any]:
    return {
        "item": finding.item,
        "kind": finding.kind,
        "step": finding.step,
        "status": finding.status,
        "code": finding.code,
        "sentence": finding.sentence,
        "owner": finding.owner,
        "needed_by": finding.needed_by,
        "override": finding.override,
        "overridden": overridden,
        "due_at": moment(finding.due_at, tz),
        "deadline_at": moment(finding.deadline_at, tz),
        "clear_at": moment(finding.clear_at, tz),
        "inputs": finding.inputs,
        "version": item_version,
        "reasons": [
            {"code": reason.code, "sentence": reason.sentence, "status": reason.status} for reason in finding.reasons
        ],
    }


def show_verdict(case: Case, assessment: Assessment) -> dict[str, Any]:
    """With what an override carries now: shown so, though the finding itself says what is wrong."""
    looked_at(case.pk, case.patient_id)
    verdict, tz, versions = assessment.verdict, case.practice.site.tz, item_versions(case)
    overridden = carried(assessment, load_overrides([case.checklist])[case.checklist_id])
    return {
        "state": shown_state(verdict, overridden, booked=assessment.start is not None, gate=gate_ahead(case)),
        "signed": verdict.signed,
        "earliest_safe_start": moment(verdict.earliest_safe_start, tz),
        "next_change_at": moment(verdict.next_change_at, tz),
        "steps": step_words(verdict, overridden),
        "findings": [show_finding(f, tz, versions.get(f.item, 0), f.item in overridden) for f in verdict.findings],
    }


def item_versions(case: Case) -> dict[str, int]:
    return dict(Item.objects.filter(checklist_id=case.checklist_id).values_list("key", "version"))


def show_claims(booking: Booking, tz: tzinfo) -> list[dict[str, Any]]:
    """The rooms and people of a booking; of a released one those that it had last."""
    return [
        {
            "kind": claim.resource.kind,
            "resource": str(claim.resource.pk),
            "name": claim.resource.name,
            "starts_at": moment(claim.starts_at, tz),
            "ends_at": moment(claim.ends_at, tz),
        }
        for claim in booking.claims.all()
        if claim.resource and (claim.is_active or booking.released_at)
    ]


def show_booking(booking: Booking, tz: tzinfo) -> dict[str, Any]:
    return {
        "id": str(booking.pk),
        "starts_at": moment(booking.starts_at, tz),
        "ends_at": moment(booking.ends_at, tz),
        "uid": booking.uid,
        "sequence": booking.sequence,
        "released_at": moment(booking.released_at, tz),
        "release_reason": booking.release_reason,
        "claims": show_claims(booking, tz),
    }


def show_task(task: Task, tz: tzinfo) -> dict[str, Any]:
    looked_at(task.case_id)
    return {
        "id": str(task.pk),
        "case": str(task.case_id) if task.case_id else None,
        "kind": task.kind,
        "item": task.key if task.is_derived else "",
        "sentence": task.sentence,
        "queue": task.queue,
        "due_at": moment(task.due_at, tz),
        "created_at": moment(task.created_at, tz),
        "done_at": moment(task.done_at, tz),
        "outcome": task.outcome,
        "version": task.version,
    }


def show_planned(planned: Planned, tz: tzinfo) -> dict[str, Any]:
    return {
        "start": moment(planned.start, tz),
        "is_booked": planned.is_booked,
        "limits": [
            {
                "item": limit.item,
                "what": limit.what,
                "limit": limit.limit,
                "at": moment(limit.at, tz),
                "on": limit.on and limit.on.isoformat(),
                "missed": limit.missed,
                "sentence": limit.sentence,
            }
            for limit in planned.limits
        ],
    }


def show_evidence(evidence: Evidence, tz: tzinfo) -> dict[str, Any]:
    error = getattr(evidence, "error", None)
    return {
        "id": str(evidence.public_id),
        "item": evidence.item,
        "version": evidence.item_version,
        "value": evidence.value,
        "observed_at": moment(evidence.observed_at, tz),
        "said_by": evidence.said_by,
        "recorded_at": moment(evidence.recorded_at, tz),
        "recorded_by": evidence.recorded_by,
        "entered_in_error": {"reason": error.reason, "by": error.by} if error else None,
    }


def show_patient(patient: Patient) -> dict[str, Any]:
    looked_at(patient.pk)
    return {
        "id": str(patient.pk),
        "family_name": patient.family_name,
        "given_name": patient.given_name,
        "born_on": patient.born_on.isoformat(),
        "sex": patient.sex,
        "record_number": patient.record_number,
    }


def show_case_row(case: Case) -> dict[str, Any]:
    looked_at(case.pk)
    tz = case.practice.site.tz
    return {
        "id": str(case.pk),
        "version": case.version,
        "procedure": case.procedure,
        "state": case.state,
        "ending": case.ending,
        "patient": show_patient(case.patient),
        "opened_at": moment(case.opened_at, tz),
        "starts_at": moment(case.booking.starts_at, tz) if case.booking else None,
        "arrived_at": moment(case.arrived_at, tz),
        "downtime": bool(case.paper),
    }


def show_board_row(row: Row) -> dict[str, Any]:
    """A case as lists and boards show it: one word for the verdict, one for each of the seven steps."""
    return {**show_case_row(row.case), "verdict": row.state, "steps": row.steps}


def show_case(case: Case, now: datetime, assessment: Assessment | None = None) -> dict[str, Any]:
    """One case with all that a person asks of it; the verdict is derived now unless it just was."""
    tz = case.practice.site.tz
    if assessment is None:
        assessment = assess_checklist(checklist=case.checklist, start=judged_start(case, now), now=now)
    evidence = Evidence.objects.filter(checklist_id=case.checklist_id).select_related("error").order_by("pk")
    blocks = Block.objects.filter(checklist_id=case.checklist_id, lifted_at=None).order_by("at")
    return {
        **show_case_row(case),
        "protocol": case.checklist.protocol_version.document_hash,
        "verdict": show_verdict(case, assessment),
        "blocks": [{"item": b.item, "code": b.code, "placed_at": moment(b.at, tz)} for b in blocks],
        "evidence": [show_evidence(row, tz) for row in evidence],
        "bookings": [show_booking(b, tz) for b in _bookings(case)],
        "tasks": [show_task(t, tz) for t in case.tasks.order_by("created_at")],
        "messages": [
            {
                "kind": message.kind,
                "summary": message.summary,
                "state": message.state,
                "not_before": moment(message.not_before, tz),
                "sent_at": moment(message.sent_at, tz),
                "reason": message.reason,
            }
            for message in timeline(case.pk, practice_id=case.practice_id)
        ],
    }


def _bookings(case: Case) -> Iterable[Booking]:
    return case.bookings.prefetch_related("claims__resource").order_by("booked_at")


def show_resource(resource: Resource) -> dict[str, Any]:
    return {"id": str(resource.pk), "kind": resource.kind, "name": resource.name, "is_active": resource.is_active}


def show_version(version: ProtocolVersion, tz: tzinfo) -> dict[str, Any]:
    return {
        "id": str(version.pk),
        "name": version.protocol.name,
        "number": version.number,
        "document_hash": version.document_hash,
        "missing": version.missing,
        "adopted_at": moment(version.adopted_at, tz),
        "signed_at": moment(version.signed_at, tz),
        "signed_by": version.signed_by,
        "withdrawn_at": moment(version.withdrawn_at, tz),
        "in_force": version.in_force,
    }
