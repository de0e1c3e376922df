"""What an administrator changes of the practice itself: its details, hours and the lines in its messages."""

import uuid
from collections.abc import Mapping
from datetime import datetime
from functools import cache

from django.db import transaction

from checklists.models import Checklist, ProtocolVersion
from checklists.protocols import loader
from checklists.rules.protocol import Protocol
from checklists.services.protocols import typed_protocol
from scheduler.models import Booking, Case, Practice
from scheduler.rules import texts as rules
from scheduler.rules.problems import Invalid, NotFound, Reason, Refused, Stale
from scheduler.rules.transitions import BEFORE_PROCEDURE
from scheduler.services.practices import NewPractice, check_practice
from scheduler.services.record import append_record

CHANGED = ("name", "zone", "phone", "email", "address", "fax", "hours")


def locked_practice(practice_id: uuid.UUID, seen_version: int | None = None) -> Practice:
    """The practice under its row lock. Raises Stale unless it is at the version that the writer saw."""
    practice = Practice.objects.select_for_update(no_key=True).filter(pk=practice_id).first()
    if practice is None:
        raise NotFound("There is no such practice.")
    if seen_version is not None and practice.version != seen_version:
        raise Stale(
            f"Somebody changed these settings meanwhile (version {practice.version}; you saw {seen_version}). "
            "Look at what is shown now, then save again.",
            version=practice.version,
        )
    return practice


@transaction.atomic
def change_practice(
    *, practice_id: uuid.UUID, details: NewPractice, seen_version: int, by: str, now: datetime
) -> Practice:
    """Save the details; a new zone or new hours let the sweep look again at every case that is still ahead."""
    practice = locked_practice(practice_id, seen_version)
    check_practice(details, "The practice was not changed.", own_name=practice.name)
    given = {
        "name": details.name.strip(),
        "zone": details.zone,
        "phone": details.phone.strip(),
        "email": details.email,
        "address": details.address.strip(),
        "fax": details.fax.strip(),
        "hours": list(details.hours),
    }
    changed = [name for name in CHANGED if getattr(practice, name) != given[name]]
    if not changed:
        return practice
    _refuse_while_booked(practice, changed, now)
    for name in changed:
        setattr(practice, name, given[name])
    practice.version += 1
    practice.save(update_fields=[*changed, "version"])
    if {"zone", "hours"} & set(changed):
        _look_at_cases_again(practice, now)
    fields = {name: given[name] for name in changed}
    _note(practice, "practice_changed", by, now, fields)
    return practice


def _refuse_while_booked(practice: Practice, changed: list[str], now: datetime) -> None:
    """Calendars hold the bookings with the zone and organizer of their invites, and take no changes from others."""
    remedies = {
        "zone": "Their times were told in the zone as it is. Release them first, or set up another practice.",
        "email": "Calendars take a new time or a cancellation only from the address that invited. Keep it, and let "
        "its mailbox forward to the new one.",
    }
    if not (set(remedies) & set(changed)):
        return
    ahead = Booking.objects.filter(practice=practice, released_at=None, ends_at__gt=now).count()
    if ahead:
        raise Refused(
            f"{ahead} booking(s) stand ahead of now.",
            code="bookings_ahead",
            errors=tuple(
                Reason("bookings_ahead", text, field=name) for name, text in remedies.items() if name in changed
            ),
        )


def _look_at_cases_again(practice: Practice, now: datetime) -> None:
    """Facts carry the site, so each case gets its own new facts when the sweep comes (services/cases.py)."""
    ahead = Case.objects.filter(practice=practice, state__in=BEFORE_PROCEDURE).values("pk")
    Checklist.objects.filter(practice_id=practice.pk, subject__in=ahead).update(next_change_at=now)


@transaction.atomic
def change_texts(
    *, practice_id: uuid.UUID, texts: Mapping[str, Mapping[str, str]], seen_version: int, by: str, now: datetime
) -> Practice:
    """The practice's lines, kind -> language -> text. Raises Invalid naming every line that may not be sent."""
    practice = locked_practice(practice_id, seen_version)
    lines = {
        kind: {language: given[language].strip() for language in rules.LANGUAGES if given.get(language, "").strip()}
        for kind in rules.KINDS
        if (given := texts.get(kind, {}))
    }
    drugs = drug_names(practice)
    wrong = tuple(
        Reason(complaint.code, complaint.sentence, field=f"{kind}_{language}")
        for kind, spoken in lines.items()
        for language, text in spoken.items()
        for complaint in rules.complaints(text, drugs)
    )
    if wrong:
        raise Invalid("The lines were not saved.", errors=wrong)
    practice.texts = {kind: spoken for kind, spoken in lines.items() if spoken}
    practice.version += 1
    practice.save(update_fields=["texts", "version"])
    _note(practice, "texts_changed", by, now, {"texts": practice.texts})
    return practice


def _note(practice: Practice, action: str, by: str, now: datetime, fields: Mapping[str, object]) -> None:
    append_record(practice_id=practice.pk, by=by, action=action, subject=practice.pk, now=now, fields=fields)


def drug_names(practice: Practice) -> frozenset[str]:
    """Every name in the tables of the shipped protocols and of the practice's own."""
    own = (typed_protocol(version) for version in ProtocolVersion.objects.filter(practice_id=practice.pk))
    return _shipped_drugs().union(*map(_drugs_of, own))


@cache
def _shipped_drugs() -> frozenset[str]:
    return frozenset().union(*(_drugs_of(loader.load(name)) for name in loader.shipped()))


def _drugs_of(protocol: Protocol) -> frozenset[str]:
    return frozenset(name for rule in protocol.holds for name in (rule.drug, *rule.names))
