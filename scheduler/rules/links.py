"""What a link's token is made of, and when a link is dead: pure."""

import base64
import hashlib
import hmac
from datetime import datetime, timedelta
from enum import StrEnum
from ipaddress import ip_address, ip_network
from uuid import UUID

PURPOSE = "cleared link of a case"
TRIES = 5  # wrong dates of birth
# At so many links of a practice somebody may err from one address before all of them wait: a waiting room shares one.
MOST_LINKS_OF_ONE_PLACE = 20
PLACE_WAITS = timedelta(hours=1)
OUTLIVES_CASE_BY = timedelta(hours=24)
PRESCRIBER_LINK_LASTS = timedelta(days=30)


class Ended(StrEnum):
    """Why a link was revoked."""

    PUT_OFF = "put_off"  # the booking was released, or the case ended
    CONTACT_ENDED = "contact_ended"
    RE_ISSUED = "re_issued"
    NOT_ME = "not_me"
    DIED = "died"
    ANOTHER_ESCORT = "another_escort"
    MERGED = "merged"  # the patient's rows were merged or parted again
    REFILED = "refiled"  # the case is another patient's
    ERASED = "erased"  # the patient's data are no more


# After these a mail of ours may carry a new link by itself; after the others a person decides.
RENEWED_BY_ITSELF = frozenset({Ended.PUT_OFF, Ended.ANOTHER_ESCORT, Ended.MERGED})


class Standing(StrEnum):
    OPEN = "open"
    LOCKED = "locked"
    REVOKED = "revoked"
    EXPIRED = "expired"


def token_of(key: str, link_id: UUID, generation: int) -> str:
    """256 bit as 43 characters that an address may hold; derived anew whenever a message is written."""
    message = f"{PURPOSE}\0{link_id}\0{generation}".encode()
    return base64.urlsafe_b64encode(hmac.digest(key.encode(), message, "sha256")).rstrip(b"=").decode()


def place_of(peer: str) -> str:
    """Whoever has an address of IPv6 has all that begin with the same 64 bits."""
    address = ip_address(peer)
    return str(ip_network(f"{peer}/64", strict=False)) if address.version == 6 else peer


def digest_of(token: str) -> str:
    """What is stored of a token."""
    return hashlib.sha256(token.encode()).hexdigest()


def standing(
    *,
    wrong_answers: int,
    revoked: bool,
    case_ended_at: datetime | None,
    now: datetime,
    expires_at: datetime | None = None,
) -> Standing:
    """What a link is worth now; `case_ended_at` None while the case goes on."""
    if wrong_answers >= TRIES:
        return Standing.LOCKED
    if revoked:
        return Standing.REVOKED
    if case_ended_at is not None and now >= case_ended_at + OUTLIVES_CASE_BY:
        return Standing.EXPIRED
    if expires_at is not None and now >= expires_at:
        return Standing.EXPIRED
    return Standing.OPEN
