"""Recording at the bedside: agreeing with what was said, or saying what is different."""

import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_POST

from scheduler.access import Actor
from scheduler.models import Case
from scheduler.pages.session import page
from scheduler.pages.ward.case import asked_item, show_item, version_seen
from scheduler.pages.ward.forms import ItemForm, bedside_of
from scheduler.pages.ward.identity import at_bedside
from scheduler.pages.ward.item_forms import FORMS, form_of
from scheduler.rules.problems import Invalid, NotPermitted, Reason, Refused, Stale
from scheduler.services.bedside import Asked
from scheduler.services.evidence import Recorded, record_evidence


def record(
    actor: Actor,
    case: Case,
    item: str,
    value: Mapping[str, Any],
    seen_version: int,
    now: datetime,
    observed_at: datetime | None = None,
    replaces: Sequence[str] = (),
) -> Recorded:
    """The nurse's own word, with the weight that their roles give it."""
    if actor.authority is None:
        raise NotPermitted("Your roles carry no word about patients.")
    return record_evidence(
        practice_id=actor.practice.pk,
        case_id=case.pk,
        item=item,
        value=value,
        observed_at=observed_at or now,
        said_by="staff",
        authority=actor.authority,
        seen_version=seen_version,
        by=actor.by,
        now=now,
        supersedes=[uuid.UUID(name) for name in replaces],
    )


def unchanged(asked: Asked, seen_version: int) -> None:
    """Raises Stale where somebody recorded on the item since: what is agreed to must be what was shown."""
    if asked.version != seen_version:
        raise Stale(
            "Somebody else recorded on this meanwhile. Nothing was saved: read it, then decide.",
            version=asked.version,
            item=asked.item,
        )


def agree(request: HttpRequest, actor: Actor, case: Case, now: datetime) -> str:
    """Record what was said last as the nurse's own word, observed now."""
    asked, seen_version = asked_item(request, case, now), version_seen(request)
    unchanged(asked, seen_version)
    value = asked.agreed_value
    if value is None:
        raise Refused("There is nothing here to agree with. Record what you found.", code="nothing_to_verify")
    record(actor, case, asked.item, value, seen_version, now)
    return "verified"


def differ(
    request: HttpRequest,
    actor: Actor,
    case: Case,
    now: datetime,
    forms_of: Mapping[str, type[ItemForm] | None] = FORMS,
    moment: datetime | None = None,
) -> str:
    """Record what was found, as the small form of the item says it; where it is told later, as at that moment."""
    asked, seen_version = asked_item(request, case, now), version_seen(request)
    unchanged(asked, seen_version)
    form = form_of(asked, bedside_of(actor, case, moment or now), 0, request.POST, forms_of)
    if form is None:
        raise Refused("This is not recorded here. Call the clinician.", code="not_recorded_here")
    if not form.is_valid():
        raise Invalid("Nothing was saved. Correct what is marked.", errors=reasons_of(form))
    replaces = form.cleaned_data.get("replaces", [])
    record(actor, case, asked.item, form.value(), seen_version, now, form.observed_at(), replaces)
    return "recorded"


def reasons_of(form: Any) -> tuple[Reason, ...]:
    return tuple(
        Reason("bad_field", str(error), field=str(form.fields[name].label or name.replace("_", " ")))
        for name, errors in form.errors.items()
        for error in errors
        if name in form.fields
    )


@require_POST
@page("ward-verify")
def verify(request: HttpRequest, actor: Actor, case_id: uuid.UUID) -> HttpResponse:
    return at_bedside(request, actor, case_id, agree, show_item)


@require_POST
@page("ward-record")
def different(request: HttpRequest, actor: Actor, case_id: uuid.UUID) -> HttpResponse:
    return at_bedside(request, actor, case_id, differ, show_item)
