"""What each route shows of patients, and which of them one request has read: for the access log.

What reads a case for somebody says so with `looked_at`; whoever answers the request opens `looking` around it and logs
what was said. Outside of a request nobody listens.
"""

import uuid
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from enum import StrEnum
from typing import Any, Protocol


class Reads(StrEnum):
    NOTHING = "nothing of a patient"
    PATIENTS = "patients: a row for each request"
    BOARD = "a board that browsers ask for again and again: rows of one person merged for a while"
    MAIL = "what was sent to whom, without a case that is named"


NOTHING, PATIENTS, BOARD, MAIL = Reads.NOTHING, Reads.PATIENTS, Reads.BOARD, Reads.MAIL
READS: Mapping[str, Reads] = {
    "health": NOTHING,
    "login": NOTHING,
    "logout": NOTHING,
    "home": NOTHING,
    "desk-pathway": BOARD,
    "desk-pathway-rows": BOARD,
    "desk-day": BOARD,
    "desk-day-rows": BOARD,
    "desk-case": PATIENTS,
    "desk-tasks": PATIENTS,
    "desk-task-done": PATIENTS,
    "desk-new": NOTHING,
    "desk-known": PATIENTS,
    "desk-new-known": PATIENTS,
    "desk-book": PATIENTS,
    "desk-end": PATIENTS,
    "desk-arrive": PATIENTS,
    "desk-close": PATIENTS,
    "desk-reopen": PATIENTS,
    "desk-plan": PATIENTS,
    "desk-record": PATIENTS,
    "desk-phone": PATIENTS,
    "desk-clearance": PATIENTS,
    "desk-clearance-answer": PATIENTS,
    "desk-clearance-verify": PATIENTS,
    "desk-clearance-letter": PATIENTS,
    "desk-link-send": PATIENTS,
    "desk-contact-add": PATIENTS,
    "desk-contact-change": PATIENTS,
    "desk-contact-end": PATIENTS,
    "desk-language": PATIENTS,
    "desk-case-refile": PATIENTS,
    "desk-evidence-error": PATIENTS,
    "desk-duplicates": PATIENTS,
    "desk-merge": PATIENTS,
    "desk-merge-undo": PATIENTS,
    "desk-tell-apart": PATIENTS,
    "desk-tell-apart-undo": PATIENTS,
    "desk-mailbox": MAIL,
    "desk-mail": MAIL,
    "desk-invite": MAIL,
    "ward-board": BOARD,
    "ward-board-rows": BOARD,
    "ward-case": PATIENTS,
    "ward-identity": PATIENTS,
    "ward-verify": PATIENTS,
    "ward-record": PATIENTS,
    "ward-infection": PATIENTS,
    "ward-prescreen": PATIENTS,
    "ward-arrive": PATIENTS,
    "ward-check-in": PATIENTS,
    "ward-start": PATIENTS,
    "ward-finish": PATIENTS,
    "ward-discharge": PATIENTS,
    "ward-send-home": PATIENTS,
    "ward-ask-override": PATIENTS,
    "ward-paper": PATIENTS,
    "ward-paper-record": PATIENTS,
    "ward-print": PATIENTS,
    "my-link": NOTHING,
    "my-home": PATIENTS,
    "my-not-me": NOTHING,
    "my-question": PATIENTS,
    "my-check": PATIENTS,
    "my-done": PATIENTS,
    "my-calendar": PATIENTS,
    "my-pick-up": PATIENTS,
    "my-clearance": PATIENTS,
    "sign-list": PATIENTS,
    "sign-review": PATIENTS,
    "sign-restart": PATIENTS,
    "sign-override": PATIENTS,
    "sign-decline": PATIENTS,
    "sign-paper": PATIENTS,
    "record": NOTHING,  # ids; who asked whose is in its address
    "record-export": NOTHING,
    "settings": NOTHING,
    "settings-practice": NOTHING,
    "settings-places": NOTHING,
    "settings-place": NOTHING,
    "settings-people": NOTHING,
    "settings-person": NOTHING,
    "settings-person-close": NOTHING,
    "settings-texts": NOTHING,
    "settings-patients": PATIENTS,
    "settings-patient": PATIENTS,
    "settings-patient-erase": PATIENTS,
    "settings-protocols": NOTHING,
    "settings-protocol": PATIENTS,
    "settings-protocol-diff": NOTHING,
    "settings-protocol-fill": NOTHING,
    "settings-protocol-move": PATIENTS,
    "settings-protocol-sign": PATIENTS,
    "settings-protocol-withdraw": PATIENTS,
    "schema": NOTHING,
    "docs": NOTHING,
    "practice": NOTHING,
    "resources": NOTHING,
    "patients": PATIENTS,
    "patient-search": PATIENTS,
    "patient-contacts": PATIENTS,
    "patient-language": PATIENTS,
    "contact-end": PATIENTS,
    "patient-duplicates": PATIENTS,
    "patient-merge": PATIENTS,
    "patient-tell-apart": PATIENTS,
    "told-apart": PATIENTS,
    "told-apart-undo": PATIENTS,
    "merges": PATIENTS,
    "merge-undo": PATIENTS,
    "cases": PATIENTS,
    "case": PATIENTS,
    "case-evidence": PATIENTS,
    "case-latest-times": PATIENTS,
    "case-clearance": PATIENTS,
    "case-plan": PATIENTS,
    "case-bookings": PATIENTS,
    "case-arrive": PATIENTS,
    "case-check-in": PATIENTS,
    "case-start": PATIENTS,
    "case-finish": PATIENTS,
    "case-discharge": PATIENTS,
    "case-close": PATIENTS,
    "case-cancel": PATIENTS,
    "case-reopen": PATIENTS,
    "case-downtime": PATIENTS,
    "case-reviews": PATIENTS,
    "case-overrides": PATIENTS,
    "evidence-error": PATIENTS,
    "evidence-refile": PATIENTS,
    "case-refile": PATIENTS,
    "booking-move": PATIENTS,
    "booking-cancel": PATIENTS,
    "board": BOARD,
    "tasks": PATIENTS,
    "task-done": PATIENTS,
    "protocols": NOTHING,
    "protocol": NOTHING,
    "protocol-diff": NOTHING,
    "protocol-move": PATIENTS,
    "protocol-sign": NOTHING,
    "protocol-withdraw": NOTHING,
}

_seen: ContextVar[set[uuid.UUID] | None] = ContextVar("patients and cases that were read", default=None)


@contextmanager
def looking() -> Iterator[set[uuid.UUID]]:
    """The ids of patients and cases that are read inside."""
    seen: set[uuid.UUID] = set()
    before = _seen.set(seen)
    try:
        yield seen
    finally:
        _seen.reset(before)


def looked_at(*ids: uuid.UUID | None) -> None:
    """These patients and cases are shown to whoever asked."""
    seen = _seen.get()
    if seen is not None:
        seen.update(each for each in ids if each is not None)


def seen_so_far() -> frozenset[uuid.UUID]:
    """What this request has shown until now; nothing outside of a request."""
    return frozenset(_seen.get() or ())


def looked_at_cases(cases: Iterable["OfPatient"]) -> None:
    looked_at(*(pk for case in cases for pk in (case.pk, case.patient_id)))


class OfPatient(Protocol):
    @property
    def pk(self) -> Any: ...

    patient_id: uuid.UUID
