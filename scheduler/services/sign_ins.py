"""Who came in, who went, and who was not let in, in the record of each practice that it concerns."""

import logging
from datetime import datetime

from django.conf import settings

from scheduler import doors
from scheduler.isolation import within
from scheduler.models import User
from scheduler.services.record import append_record

log = logging.getLogger(__name__)
NOBODY = "nobody"  # whoever it was has not shown who they are


def note_failed_sign_in(*, email: str, now: datetime) -> None:
    """In every practice in which the account works; an address that no account has concerns none."""
    user = User.objects.filter(email=email).first()
    if user is None:
        log.info("a sign-in with an unknown address was refused")
        return
    why = "wrong_password" if user.is_active else "account_closed"
    for practice_id in doors.places_of(user.pk, demo=settings.DEMO):
        with within(practice_id):
            append_record(
                practice_id=practice_id, by=NOBODY, action="sign_in_refused", subject=user.pk, codes=[why], now=now
            )
