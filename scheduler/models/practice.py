"""The practice, the people who work in it, and what they may be."""

import uuid
from datetime import time
from typing import Any

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager
from django.db import models
from django.db.models import Q

from checklists.rules.values import Site


class Practice(models.Model):
    """`hours`: seven entries Monday to Sunday, each ["08:00", "17:00"] or null.

    `texts`: what the practice adds to its messages, kind -> language -> text; scheduler/rules/texts.py.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    name = models.CharField(max_length=120)
    zone = models.CharField(max_length=60)
    phone = models.CharField(max_length=40)
    email = models.EmailField()  # a real mailbox that takes replies: the organizer of invites
    address = models.CharField(max_length=300)
    fax = models.CharField(max_length=40, blank=True)  # where prescribers send their answers
    hours = models.JSONField()
    texts = models.JSONField(default=dict)
    version = models.PositiveIntegerField(default=1)
    is_demo = models.BooleanField(default=False)
    created_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["name"], name="practice_name_once")]

    @property
    def site(self) -> Site:
        def parsed(day: list[str] | None) -> tuple[time, time] | None:
            return (time.fromisoformat(day[0]), time.fromisoformat(day[1])) if day else None

        return Site(zone=self.zone, hours=tuple(parsed(day) for day in self.hours))


class Scoped(models.Model):
    """A row of one practice; `UNIQUE(practice, id)` lets the database hold references inside it."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    practice = models.ForeignKey(Practice, models.PROTECT, related_name="+")

    class Meta:
        abstract = True


class UserManager(BaseUserManager):  # type: ignore[type-arg]
    def create_user(self, email: str, name: str, password: str | None = None, **more: Any) -> "User":
        user: User = self.model(email=email.strip().lower(), name=name, **more)
        user.set_password(password)
        user.save(using=self._db)
        return user


class User(AbstractBaseUser):
    """A person who signs in. What they may do is their memberships, never a flag here."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    email = models.EmailField(unique=True)
    name = models.CharField(max_length=120)
    is_active = models.BooleanField(default=True)

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS = ["name"]
    objects = UserManager()

    @property
    def by(self) -> str:
        return f"staff:{self.pk}"


class Membership(Scoped):
    ROLES = ("scheduler", "nurse", "clinician", "administrator", "auditor")

    user = models.ForeignKey(User, models.PROTECT, related_name="memberships")
    role = models.CharField(max_length=20, choices=[(role, role) for role in ROLES])
    is_charge = models.BooleanField(default=False)  # a charge nurse
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["practice", "user", "role"], name="membership_once"),
            models.UniqueConstraint(fields=["practice", "id"], name="membership_in_practice"),
            models.CheckConstraint(
                condition=Q(role__in=["scheduler", "nurse", "clinician", "administrator", "auditor"]),
                name="membership_role_known",
            ),
            models.CheckConstraint(condition=Q(is_charge=False) | Q(role="nurse"), name="membership_charge_is_nurse"),
        ]


class ApiToken(Scoped):
    """Only the SHA-256 of the token is kept."""

    user = models.ForeignKey(User, models.PROTECT, related_name="tokens")
    digest = models.CharField(max_length=64)
    label = models.CharField(max_length=80, blank=True)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["digest"], name="api_token_once"),
            models.CheckConstraint(condition=Q(expires_at__gt=models.F("created_at")), name="api_token_expires"),
        ]
