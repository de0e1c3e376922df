"""What would change if the practice's cases were judged by another protocol: nothing is written."""

import uuid
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.utils.text import slugify

from checklists.models import ProtocolVersion
from checklists.protocols import loader
from checklists.protocols.problems import Problem, ProtocolError
from checklists.rules.protocol import Protocol
from scheduler.doors import practices_by_name
from scheduler.isolation import within
from scheduler.models import Case, Practice
from scheduler.rules.problems import Invalid
from scheduler.rules.transitions import BEFORE_PROCEDURE
from scheduler.services.both_versions import CHUNK, BothSides, Unjudged, in_chunks, judge_both

SHIPPED = "shipped:"  # before the name of a protocol that comes with the software, where the practice has one too


@dataclass(frozen=True, slots=True)
class Progress:
    """How far it is, after each chunk."""

    done: int
    total: int


@dataclass(slots=True)
class Totals:
    """What is left of all cases once they are told."""

    judged: int = 0
    unjudged: int = 0
    changed: int = 0
    only_items: int = 0  # of those changed: the same state for other reasons
    only_earliest: int = 0  # of those changed: nothing but the earliest safe start
    states: Counter[tuple[str, str]] = field(default_factory=Counter)

    def count(self, one: BothSides | Unjudged) -> None:
        if isinstance(one, Unjudged):
            self.unjudged += 1
            return
        self.judged += 1
        self.changed += one.changes
        if one.before.state != one.after.state:
            self.states[one.before.state, one.after.state] += 1
        elif one.changes:
            self.only_items += bool(one.items)
            self.only_earliest += not one.items

    @property
    def differs(self) -> bool:
        return bool(self.changed or self.unjudged)


def what_if(
    *, practice: Practice, protocol: Protocol, now: datetime, open_only: bool, chunk: int = CHUNK
) -> Iterator[BothSides | Unjudged | Progress]:
    """Every case at its booked (or real) start, a chunk in memory at a time, and how far it is after each."""
    cases = Case.objects.filter(practice=practice, patient__erased_at=None)
    if open_only:
        cases = cases.filter(state__in=BEFORE_PROCEDURE)
    total, done = cases.count(), 0
    for found in in_chunks(cases, chunk):
        yield from judge_both(found, protocol, now)
        done += len(found)
        yield Progress(done, max(total, done))


def practice_named(text: str) -> Practice:
    """By id, name, or name as a slug. Raises Invalid naming those there are."""
    places = practices_by_name()
    found = next((pk for name, pk in places.items() if text in (str(pk), name, slugify(name))), None)
    if found is None:
        known = ", ".join(slugify(name) for name in list(places)[:20]) or "none yet"
        raise Invalid(f"--practice {text[:80]}: there is no such practice. Use one of: {known}.")
    with within(found):
        return Practice.objects.get(pk=found)


def protocol_named(text: str, practice: Practice | None) -> Protocol:
    """A practice's version (id, number, name:number, or its name alone), a shipped one, or a file, as if signed.

    Raises ProtocolError, also for a name that several are called by.
    """
    return loader.from_document(document_named(text, practice), signed=True)


def document_of_version(version_id: uuid.UUID) -> dict[str, Any]:
    """The document of a version of whatever practice. Raises ProtocolError."""
    for practice_id in practices_by_name().values():
        with within(practice_id):
            version = ProtocolVersion.objects.filter(practice_id=practice_id, pk=version_id).first()
        if version is not None:
            return dict(version.document)
    raise ProtocolError([Problem(str(version_id), None, "document", "there is no such version", "look at its page")])


def document_named(text: str, practice: Practice | None) -> dict[str, Any]:
    if practice is None:
        return document_of_version(uuid.UUID(text)) if is_uuid(text) else loader.resolve(text)
    versions = ProtocolVersion.objects.select_related("protocol").filter(practice_id=practice.pk)
    name, colon, number = text.rpartition(":")
    if is_uuid(text):
        found = list(versions.filter(pk=uuid.UUID(text)))
    elif text.isdecimal() and len(text) < 9:
        found = list(versions.filter(number=int(text)))
    elif colon and number.isdecimal() and len(number) < 9:
        found = list(versions.filter(protocol__name=name, number=int(number)))
    elif text.startswith(SHIPPED):
        return loader.resolve(text.removeprefix(SHIPPED))
    elif found := list(versions.filter(protocol__name=text).order_by("number")):
        return only_one_called(text, found)
    else:
        return loader.resolve(text)
    if len(found) != 1:
        wrong = f"{len(found)} versions are called so" if found else "there is no such version in this practice"
        called = ", ".join(f"{v.protocol.name}:{v.number}" for v in versions.defer("document")[:20]) or "none yet"
        raise ProtocolError([Problem(text, None, "document", wrong, f"use one of {called}")])
    return dict(found[0].document)


def only_one_called(name: str, own: list[ProtocolVersion]) -> dict[str, Any]:
    """The practice's one version of this name, unless another document is called so too. Raises ProtocolError."""
    is_shipped = name in loader.shipped()
    if len(own) == 1 and not (is_shipped and loader.document_hash(loader.resolve(name)) != own[0].document_hash):
        return dict(own[0].document)
    ours = ", ".join(f"{name}:{version.number}" for version in own[-20:])
    wrong = (
        f"the practice calls {len(own)} of its versions so"
        if len(own) > 1
        else "a version of the practice is called so"
    )
    if is_shipped:
        wrong += ", and a shipped protocol too"
        ours += f" of the practice, or {SHIPPED}{name}"
    raise ProtocolError([Problem(name, None, "document", wrong, f"use {ours}")])


def is_uuid(text: str) -> bool:
    try:
        uuid.UUID(text)
    except ValueError:
        return False
    return True
