"""One checklist of an invented practice, on a signed protocol, without any case around it."""

import uuid
from collections.abc import Callable
from copy import deepcopy
from datetime import date, datetime, timedelta
from functools import cache
from typing import Any

import pytest

from checklists.models import Checklist, Evidence, Item, ProtocolVersion
from checklists.protocols import loader
from checklists.rules.values import Authority, DateAbout, Facts, Medication
from checklists.services import checklists, recording
from checklists.services.protocols import adopt_protocol, sign_version
from tests.checklists.rules.cases import SITE
from tests.house import roles
from tests.remembered import Once

PRACTICE = uuid.UUID("11111111-1111-4111-8111-111111111111")
NOW = datetime.fromisoformat("2027-03-01T08:00:00-05:00")
START = NOW + timedelta(days=10)
FRACTURED = date(2027, 2, 8)
FACTS = Facts(
    number=1,
    site=SITE,
    procedure="kyphoplasty",
    levels=("L1",),
    cause="osteoporosis",
    anesthesia="sedation",
    fractured=DateAbout(FRACTURED, FRACTURED),
    born_on=date(1950, 1, 2),
    sex="female",
    weight_kg=70.0,
    medications=(Medication("apixaban"),),
)
BY = "staff:1"


@pytest.fixture(autouse=True)
def in_sight(db: None) -> None:
    roles.sees(PRACTICE)


resolved = cache(loader.resolve)


@pytest.fixture
def document() -> dict[str, Any]:
    return deepcopy(resolved("demonstration"))


@pytest.fixture
def version(document: dict[str, Any], once: Once) -> ProtocolVersion:
    def sign() -> uuid.UUID:
        adopted = adopt_protocol(practice_id=PRACTICE, name="spine", document=document, by=BY, now=NOW)
        return sign_version(practice_id=PRACTICE, version_id=adopted.pk, by=BY, now=NOW).pk

    return ProtocolVersion.objects.get(pk=once(f"signed {loader.document_hash(document)}", sign))


@pytest.fixture
def checklist(version: ProtocolVersion) -> Checklist:
    return checklists.open_checklist(
        practice_id=PRACTICE, subject=uuid.uuid4(), version=version, facts=FACTS, by=BY, now=NOW
    )


@pytest.fixture
def record(checklist: Checklist) -> Callable[..., Evidence]:
    """`record("ride", {...})` against the item's present version, by a nurse."""

    def make(item: str, value: dict[str, Any], *, now: datetime = NOW, **more: Any) -> Evidence:
        seen = Item.objects.filter(checklist=checklist, key=item).values_list("version", flat=True).first()
        good = {"observed_at": now, "said_by": "staff", "authority": Authority.NURSE, "seen_version": seen or 0}
        observation = recording.Observation(item=item, value=value, **{**good, **more})
        (entry,) = recording.record_all(checklist=checklist, observations=[observation], by=BY, now=now)
        return entry

    return make
