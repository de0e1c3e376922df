"""A practice and its people: made by a command, grown by its administrator."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import transaction

from checklists.rules.facts_json import parse_hours, parse_zone
from notifications.rules.ical import check_address
from scheduler.doors import places_of, practices_by_name
from scheduler.isolation import within
from scheduler.models import Membership, Practice, Resource, User
from scheduler.models.calendar import RESOURCE_KINDS
from scheduler.rules.problems import Invalid, Reason
from scheduler.rules.texts import is_one_line
from scheduler.services.record import append_record

USUAL_WEEK: list[Any] = [["08:00", "17:00"]] * 5 + [None, None]


@dataclass(frozen=True, slots=True)
class NewPractice:
    """`email`: a real mailbox that takes replies. `hours`: Monday to Sunday, ["08:00", "17:00"] or None."""

    name: str
    zone: str
    phone: str
    email: str
    address: str
    hours: Sequence[Any] = tuple(USUAL_WEEK)
    fax: str = ""


@transaction.atomic
def create_practice(*, practice: NewPractice, by: str, now: datetime, is_demo: bool = False) -> Practice:
    """A real, empty practice. Raises Invalid naming every field that is wrong."""
    check_practice(practice, "The practice cannot be made.")
    row = Practice(
        name=practice.name.strip(),
        zone=practice.zone,
        phone=practice.phone.strip(),
        email=practice.email,
        address=practice.address.strip(),
        fax=practice.fax.strip(),
        hours=list(practice.hours),
        is_demo=is_demo,
        created_at=now,
    )
    with within(row.pk):
        row.save(force_insert=True)
        append_record(practice_id=row.pk, by=by, action="practice_created", subject=row.pk, now=now)
    return row


def check_practice(practice: NewPractice, refusal: str, *, own_name: str = "") -> None:
    """Raises Invalid naming every field that is wrong; `own_name` is the one that it may keep."""
    wrong = [
        Reason("bad_value", text, field=field)
        for field, text in (
            ("name", "" if practice.name.strip() else "Give the practice a name."),
            ("name", "" if practice.name.strip() == own_name else _taken(practice.name)),
            ("zone", _complaint(parse_zone, practice.zone)),
            ("hours", _complaint(parse_hours, list(practice.hours))),
            ("email", _complaint(check_address, practice.email)),
            ("phone", "" if practice.phone.strip() else "Give the number that patients call."),
            ("address", "" if practice.address.strip() else "Give the address that invites show."),
            *((field, _on_one_line(getattr(practice, field))) for field in ("name", "phone", "address", "fax")),
        )
        if text
    ]
    if wrong:
        raise Invalid(refusal, errors=tuple(wrong))


def _on_one_line(text: str) -> str:
    return "" if is_one_line(text.strip()) else "It has line breaks or invisible characters. Type it as one line."


def _taken(name: str) -> str:
    taken = name.strip() in practices_by_name()
    return f"There is a practice named '{name}' already. Choose another name." if taken else ""


def _complaint(check: Any, value: object) -> str:
    try:
        check(value)
    except ValueError as error:
        return str(error)
    return ""


@transaction.atomic
def add_staff(
    *, practice: Practice, email: str, name: str, roles: Sequence[str], password: str, by: str, now: datetime
) -> User:
    """A person with these roles here; a clinician becomes a proceduralist. Somebody known keeps their password."""
    unknown = [role for role in roles if role not in Membership.ROLES]
    if unknown or not roles:
        remedy = f"Use one or more of: {', '.join(Membership.ROLES)}."
        raise Invalid("The roles cannot be used.", errors=(Reason("role_unknown", remedy, field="roles"),))
    if complaint := _complaint(check_address, email):
        raise Invalid("The e-mail address cannot be used.", errors=(Reason("bad_email", complaint, field="email"),))
    if complaint := _on_one_line(name):
        raise Invalid("The name cannot be used.", errors=(Reason("bad_value", complaint, field="name"),))
    user = User.objects.filter(email=email.strip().lower()).first()
    if user is None:
        user = _new_user(email, name, password)
    elif not user.is_active:
        _refuse_account_of_others(user, practice)
        _open_again(user, name, password)
    for role in roles:
        Membership.objects.get_or_create(practice=practice, user=user, role=role, defaults={"created_at": now})
    if "clinician" in roles:
        keep_calendar(practice, user)
    fields = {"user": user.pk, "roles": sorted(roles)}
    append_record(practice_id=practice.pk, by=by, action="staff_added", subject=user.pk, now=now, fields=fields)
    return user


def keep_calendar(practice: Practice, user: User) -> None:
    """A clinician is a proceduralist: somebody whom cases are booked with."""
    # Two people of one name are two calendars.
    others = Resource.objects.filter(practice=practice, kind="proceduralist", name=user.name).exclude(user=user)
    shown = f"{user.name} ({user.email})" if others.exists() else user.name
    mine = {"practice": practice, "kind": "proceduralist", "user": user}
    calendar, created = Resource.objects.get_or_create(**mine, defaults={"name": shown})
    if not created and not calendar.is_active:
        calendar.is_active = True
        calendar.save(update_fields=["is_active"])


def _new_user(email: str, name: str, password: str) -> User:
    _check_password(password)
    return User.objects.create_user(email, name, password)


def _refuse_account_of_others(user: User, practice: Practice) -> None:
    """A new password here would open whatever the person may do elsewhere."""
    if set(places_of(user.pk, demo=True)) - {practice.pk}:
        remedy = "This account was closed elsewhere. Ask the person for another address, or to have it opened there."
        raise Invalid("The account cannot be used.", errors=(Reason("account_closed", remedy, field="email"),))


def _open_again(user: User, name: str, password: str) -> None:
    """An account that was closed begins anew: nobody keeps a password from before."""
    _check_password(password)
    user.set_password(password)
    user.is_active, user.name = True, name
    user.save(update_fields=["password", "is_active", "name"])


def _check_password(password: str) -> None:
    try:
        validate_password(password)
    except ValidationError as error:
        reasons = tuple(Reason("weak_password", message, field="password") for message in error.messages)
        raise Invalid("The password cannot be used.", errors=reasons) from error


@transaction.atomic
def add_resource(*, practice: Practice, kind: str, name: str, by: str, now: datetime) -> Resource:
    """A room, recovery bay or piece of equipment. Proceduralists come with their logins."""
    if kind not in RESOURCE_KINDS or kind == "proceduralist" or not name.strip():
        remedy = "Give a name and one of: room, bay, equipment."
        raise Invalid("The resource cannot be made.", errors=(Reason("bad_resource", remedy, field="kind"),))
    if complaint := _on_one_line(name):
        raise Invalid("The resource cannot be made.", errors=(Reason("bad_resource", complaint, field="name"),))
    row, created = Resource.objects.get_or_create(practice=practice, kind=kind, name=name.strip())
    if not row.is_active:
        remedy = f"'{row.name}' is there already and closed. Open it again in the list."
        raise Invalid("The resource cannot be made.", errors=(Reason("closed_already", remedy, field="name"),))
    if created:
        fields = {"kind": kind, "name": name}
        append_record(practice_id=practice.pk, by=by, action="resource_added", subject=row.pk, now=now, fields=fields)
    return row
