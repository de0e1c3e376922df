"""What of another patient stands in this one's rows, because it was filed here by mistake: it is not handed over."""

from datetime import datetime
from typing import Any

from django.db import models

from checklists.models import Block, Decision, Evidence, EvidenceError, Facts
from notifications.models import Attempt, Message
from scheduler.models import Patient, Task
from scheduler.rules.erased import OF_PATIENT
from scheduler.services.patient_data import Whose
from scheduler.services.refilings import refilings_to

SOMEBODY_ELSE = "of somebody else"


def of_somebody_else(row: models.Model, whose: Whose) -> dict[str, Any]:
    """What stands in the place of it, by column."""
    match row:
        case Evidence() if row.pk in whose.words_of_others:
            return {"value": SOMEBODY_ELSE}
        case EvidenceError() if row.pk in whose.words_of_others:
            return {"reason": SOMEBODY_ELSE}
        case Message() if row.pk in whose.mail_of_others:
            return {"recipient": SOMEBODY_ELSE, "payload": "", "reason": ""}
        case Attempt() if row.message_id in whose.mail_of_others:
            return {"detail": ""}
        case Facts():
            return {"document": _facts(row, whose)}
        case Decision():
            return {"verdict": _verdict(row.verdict, whose)}
        case Task() if _quotes(whose, row.key, row.created_at, row.done_at):
            return {"sentence": SOMEBODY_ELSE}
        case Block() if _quotes(whose, row.item, row.at, row.at):
            return {"sentence": SOMEBODY_ELSE}
    return {}


def _facts(row: Facts, whose: Whose) -> dict[str, Any]:
    """Before the case was filed to this patient its facts had the birth date and sex of another one."""
    own = {str(born) for born in Patient.objects.filter(pk__in=whose.patients).values_list("born_on", flat=True)}
    document: dict[str, Any] = row.document
    before = any(each.case_id == row.checklist.subject and row.at <= each.at for each in refilings_to(whose))
    if not before or document.get("born_on") in own:
        return document
    return {**document, **dict.fromkeys(OF_PATIENT, SOMEBODY_ELSE)}


def _verdict(verdict: dict[str, Any], whose: Whose) -> dict[str, Any]:
    """Findings name the evidence they rest on."""
    findings = [
        _unsaid(finding) if whose.words_of_others & set(finding["evidence"]) else finding
        for finding in verdict.get("findings", ())
    ]
    return {**verdict, "findings": findings} if "findings" in verdict else verdict


def _unsaid(finding: dict[str, Any]) -> dict[str, Any]:
    reasons = [{**reason, "sentence": SOMEBODY_ELSE} for reason in finding["reasons"]]
    return {**finding, "sentence": SOMEBODY_ELSE, "reasons": reasons}


def _quotes(whose: Whose, item: str, since: datetime, until: datetime | None) -> bool:
    """Whether it was said last while a word of somebody else counted for this item."""
    return any(
        each.item == item and since <= each.struck_at and until is not None and each.said_at <= until <= each.struck_at
        for each in whose.said_by_others
    )
