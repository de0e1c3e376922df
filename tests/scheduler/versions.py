"""A second version of a practice's protocol in which platelets of 210, as every story records them, fail."""

from copy import deepcopy
from datetime import datetime, timedelta
from typing import Any

from checklists.models import ProtocolVersion
from scheduler.models import Practice
from scheduler.services import signing
from scheduler.services.demonstration import demonstration_document
from tests.conftest import NOW

BY = "staff:00000000-0000-4000-8000-000000000002"
SIGNED = NOW - timedelta(days=1)


def stricter_document() -> dict[str, Any]:
    document = deepcopy(demonstration_document())
    row = next(row for row in document["labs"] if row["row"] == "LB04")
    row |= {"pass": ["> 250"], "fail": ["<= 250"], "source": "demonstration", "confidence": "low"}
    del row["review"]
    return document


def first_version(practice: Practice) -> ProtocolVersion:
    return ProtocolVersion.objects.get(practice_id=practice.pk, protocol__name="demonstration", number=1)


def second_version(
    practice: Practice, document: dict[str, Any] | None = None, *, now: datetime = SIGNED
) -> ProtocolVersion:
    """Adopted and signed."""
    given = document or stricter_document()
    version = signing.adopt(practice_id=practice.pk, name="demonstration", document=given, by=BY, now=now)
    signing.sign(version=version, by=BY, now=now)
    version.refresh_from_db()
    return version
