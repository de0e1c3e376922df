"""API tokens: made once, shown once."""

import hashlib
import secrets
from datetime import datetime, timedelta

from django.db import transaction

from scheduler.models import ApiToken, Practice, User
from scheduler.services.record import append_record

LONGEST = timedelta(days=365)


@transaction.atomic
def create_token(*, user: User, practice: Practice, label: str, lasts: timedelta, now: datetime) -> str:
    """The secret, which is kept nowhere; only its SHA-256 is. `lasts` at most a year."""
    secret = f"clr_{secrets.token_urlsafe(32)}"
    ApiToken.objects.create(
        practice=practice,
        user=user,
        digest=hashlib.sha256(secret.encode()).hexdigest(),
        label=label,
        created_at=now,
        expires_at=now + min(lasts, LONGEST),
    )
    append_record(
        practice_id=practice.pk, by=user.by, action="token_created", subject=user.pk, now=now, fields={"label": label}
    )
    return secret


@transaction.atomic
def revoke_tokens(*, user: User, practice: Practice, now: datetime) -> int:
    """Revoke every live token of this person in this practice; how many there were."""
    live = ApiToken.objects.filter(user=user, practice=practice, revoked_at=None, expires_at__gt=now)
    count = live.update(revoked_at=now)
    append_record(practice_id=practice.pk, by=user.by, action="tokens_revoked", subject=user.pk, now=now)
    return count
