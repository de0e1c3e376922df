"""Rooms that close, people whose roles change or whose account closes; nothing that is booked is left alone."""

import uuid
from collections.abc import Collection
from datetime import datetime

from django.db import transaction

from scheduler.doors import places_of
from scheduler.models import ApiToken, Claim, Membership, Practice, Resource, Task, User
from scheduler.rules.problems import Invalid, NotFound, Reason, Refused
from scheduler.services.practice_changes import locked_practice
from scheduler.services.practices import keep_calendar
from scheduler.services.record import append_record

NAMED = 20  # of the bookings in the way
ADMINISTRATOR, CLINICIAN, NURSE = "administrator", "clinician", "nurse"


@transaction.atomic
def close_resource(*, practice_id: uuid.UUID, resource_id: uuid.UUID, by: str, now: datetime) -> Resource:
    """Nobody books it any more. Raises Refused naming every booking that still claims it."""
    resource = _resource(practice_id, resource_id)
    _close(resource, by, now)
    return resource


@transaction.atomic
def open_resource(*, practice_id: uuid.UUID, resource_id: uuid.UUID, by: str, now: datetime) -> Resource:
    resource = _resource(practice_id, resource_id)
    if resource.user is not None and not _is_clinician(practice_id, resource.user):
        raise Refused(f"{resource.name} is no clinician here any more. Add the role first.", code="no_clinician")
    if not resource.is_active:
        _turn(resource, True, "resource_opened", by, now)
    return resource


def _resource(practice_id: uuid.UUID, resource_id: uuid.UUID) -> Resource:
    # Booking locks the same row, so that nothing is booked between the look and the closing.
    found = Resource.objects.select_for_update(no_key=True).filter(practice_id=practice_id, pk=resource_id).first()
    if found is None:
        raise NotFound("There is no such room, bay, equipment or proceduralist in this practice.")
    return found


def _is_clinician(practice_id: uuid.UUID, user: User) -> bool:
    return Membership.objects.filter(practice_id=practice_id, user=user, role=CLINICIAN).exists()


def _close(resource: Resource, by: str, now: datetime) -> None:
    claims = Claim.objects.filter(resource=resource, is_active=True, ends_at__gt=now)
    ahead = list(claims.select_related("booking__case__patient", "practice").order_by("starts_at")[: NAMED + 1])
    if ahead:
        raise Refused(
            f"{resource.name} is booked. Move or release these first.",
            code="booked_ahead",
            errors=tuple(Reason("booked_ahead", _in_words(claim), field="name") for claim in ahead[:NAMED]),
        )
    if resource.is_active:
        _turn(resource, False, "resource_closed", by, now)


def _in_words(claim: Claim) -> str:
    local, patient = claim.starts_at.astimezone(claim.practice.site.tz), claim.booking.case.patient
    return f"{local:%A}, {local.day} {local:%B %Y} {local:%H:%M}: {patient.family_name.upper()}, {patient.given_name}"


def _turn(resource: Resource, is_active: bool, action: str, by: str, now: datetime) -> None:
    resource.is_active = is_active
    resource.save(update_fields=["is_active"])
    append_record(practice_id=resource.practice_id, by=by, action=action, subject=resource.pk, now=now)


@transaction.atomic
def change_roles(
    *,
    practice_id: uuid.UUID,
    user_id: uuid.UUID,
    roles: Collection[str],
    is_charge: bool,
    seen_version: int,
    by: str,
    now: datetime,
) -> User:
    """Exactly these roles from now on; a nurse may be the charge nurse. The practice keeps an administrator."""
    practice = locked_practice(practice_id, seen_version)
    user = member_of(practice, user_id)
    unknown = [role for role in roles if role not in Membership.ROLES]
    if unknown or not roles:
        remedy = f"Use one or more of: {', '.join(Membership.ROLES)}. To take all away, close the account."
        raise Invalid("The roles cannot be used.", errors=(Reason("role_unknown", remedy, field="roles"),))
    if is_charge and NURSE not in roles:
        reason = Reason("charge_is_nurse", "Only a nurse is a charge nurse. Add that role, or take the mark away.")
        raise Invalid("The roles do not fit.", errors=(reason,))
    _settle_roles(practice, user, roles, by, now)
    Membership.objects.filter(practice=practice, user=user, role=NURSE).update(is_charge=is_charge)
    fields = {"user": user.pk, "roles": sorted(roles), "is_charge": is_charge}
    _note(practice, user, "roles_changed", by, now, fields)
    return user


@transaction.atomic
def close_account(*, practice_id: uuid.UUID, user_id: uuid.UUID, seen_version: int, by: str, now: datetime) -> User:
    """No role here any more, from the next request on; no sign-in at all for somebody of no other practice."""
    practice = locked_practice(practice_id, seen_version)
    user = member_of(practice, user_id)
    _settle_roles(practice, user, (), by, now)
    Task.objects.filter(practice=practice, owner=user, done_at=None).update(owner=None)
    # Nothing from before opens again with the account.
    ApiToken.objects.filter(practice=practice, user=user, revoked_at=None).update(revoked_at=now)
    if not places_of(user.pk, demo=True):
        user.is_active = False
        user.save(update_fields=["is_active"])
    _note(practice, user, "account_closed", by, now, {"user": user.pk})
    return user


def member_of(practice: Practice, user_id: uuid.UUID) -> User:
    user: User | None = User.objects.filter(pk=user_id, memberships__practice=practice).first()
    if user is None:
        raise NotFound("There is no such person in this practice.")
    return user


def _settle_roles(practice: Practice, user: User, roles: Collection[str], by: str, now: datetime) -> None:
    mine = Membership.objects.filter(practice=practice, user=user)
    others = Membership.objects.filter(practice=practice, role=ADMINISTRATOR, user__is_active=True).exclude(user=user)
    if ADMINISTRATOR not in roles and mine.filter(role=ADMINISTRATOR).exists() and not others.exists():
        raise Refused(
            f"{user.name} is the last administrator. Make somebody else an administrator first.",
            code="last_administrator",
        )
    calendar = Resource.objects.filter(practice=practice, kind="proceduralist", user=user).first()
    if CLINICIAN in roles:
        keep_calendar(practice, user)
    elif calendar is not None:
        _close(_resource(practice.pk, calendar.pk), by, now)
    mine.exclude(role__in=roles).delete()
    for role in roles:
        Membership.objects.get_or_create(practice=practice, user=user, role=role, defaults={"created_at": now})


def _note(practice: Practice, user: User, action: str, by: str, now: datetime, fields: dict[str, object]) -> None:
    practice.version += 1
    practice.save(update_fields=["version"])
    append_record(practice_id=practice.pk, by=by, action=action, subject=user.pk, now=now, fields=fields)
