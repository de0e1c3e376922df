"""What is left of each column of a patient's rows once the patient is erased: one table, column by column.

The service writes by it, the database takes no other change by it, and a column without a line fails a test. The
record and the access log hold ids and digests only, and stay as they are.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

WORD = "erased"


@dataclass(frozen=True, slots=True)
class Empty:
    """The same for every row. `sealed`: the column is encrypted, so the database cannot compare what it holds."""

    value: Any = ""
    sealed: bool = False


@dataclass(frozen=True, slots=True)
class Masked:
    """`erased` where something stood; what was empty stays empty."""


@dataclass(frozen=True, slots=True)
class Numbered:
    """`erased:` and the row's id, for what must differ between rows."""


@dataclass(frozen=True, slots=True)
class Copied:
    """The value of another column of the row."""

    column: str


@dataclass(frozen=True, slots=True)
class Stamped:
    """The moment of the erasure, where no moment stood."""


What = Empty | Masked | Numbered | Copied | Stamped
SEALED = Empty(sealed=True)
EMPTY, MASKED, NUMBERED, STAMPED = Empty(), Masked(), Numbered(), Stamped()
# As whoever reads facts expects them, of nobody.
NO_FACTS: Mapping[str, Any] = {
    "site": {"zone": "UTC", "hours": [None] * 7},
    "procedure": WORD,
    "levels": [],
}
# What the facts of a case take over from its patient. They go alone where the case is another patient's now, out of
# the documents from before it was.
OF_PATIENT = ("born_on", "sex")
NOBODYS_BIRTHDAY = date(1900, 1, 1)


@dataclass(frozen=True, slots=True)
class Columns:
    """Of one table. `kept`: ids, times, rooms and what the record's chain vouches for."""

    kept: str
    erased: Mapping[str, What] = field(default_factory=dict)


ERASED: Mapping[str, Columns] = {
    "scheduler.Patient": Columns(
        "id practice created_at merged_into version",
        {
            "family_name": Empty("Erased"),
            "given_name": Empty("patient"),
            "born_on": Empty(NOBODYS_BIRTHDAY),
            "sex": EMPTY,
            "language": Empty("en"),
            "record_number": SEALED,
            "record_number_hash": EMPTY,
            "digest_salt": EMPTY,
            "erased_at": STAMPED,
        },
    ),
    "scheduler.Contact": Columns(
        "id practice patient kind created_at",
        {
            "name": EMPTY,
            "channel": Empty("call"),  # the others demand an address
            **dict.fromkeys(("email", "phone", "address"), SEALED),
            **dict.fromkeys(("email_hash", "phone_hash", "permission"), EMPTY),
            "ended_at": STAMPED,
        },
    ),
    "scheduler.Case": Columns(
        "id practice patient checklist procedure previous state ending version booking opened_at opened_by arrived_at "
        "checked_in_at started_at finished_at discharged_at closed_at",
        {"ending_reason": MASKED, "import_key": EMPTY, "paper": MASKED},
    ),
    "scheduler.Booking": Columns(
        "id practice case starts_at ends_at uid sequence stamped_at booked_at booked_by released_at released_by",
        {"release_reason": MASKED},
    ),
    "scheduler.Claim": Columns("id practice booking resource patient claimed starts_at ends_at is_active"),
    "scheduler.Link": Columns(
        "id practice case contact generation digest wrong_answers created_at revoked_at revoked_reason",
        {"items": Empty([])},
    ),
    "scheduler.Task": Columns(
        "id practice case kind is_derived queue owner due_at created_at created_by done_at done_by not_by version",
        {"key": MASKED, "sentence": MASKED, "outcome": MASKED},
    ),
    "scheduler.PatientMerge": Columns(
        "id practice survivor duplicate identifiers exchanged moved ended merged_at merged_by undone_at undone_by "
        "version",
        {"reason": MASKED, "undo_reason": MASKED},
    ),
    "scheduler.ToldApart": Columns(
        "id practice one other told_at told_by undone_at undone_by version", {"reason": MASKED, "undo_reason": MASKED}
    ),
    "scheduler.Erasure": Columns("id practice patient at by why reason"),
    "scheduler.Record": Columns("id practice number at by action subject fields codes peer previous_hash hash"),
    "scheduler.Reading": Columns("id practice at by roles route subjects peer merged seal"),
    # The key stays taken, so that a request that is sent again does not act again.
    "scheduler.IdempotencyKey": Columns(
        "id practice actor route key status subjects created_at",
        {"body_digest": EMPTY, "body": Empty("{}", sealed=True)},
    ),
    "checklists.Checklist": Columns(
        "id practice_id subject protocol_version opened_at facts_number last_evidence_id judged_facts judged_evidence "
        "judged_version judged_start judged_by",
        {"state": EMPTY, "verdict_digest": EMPTY, "next_change_at": Empty(None)},
    ),
    "checklists.Facts": Columns("id practice_id checklist number at by", {"document": Empty(NO_FACTS)}),
    "checklists.Item": Columns("id practice_id checklist version", {"key": NUMBERED}),
    "checklists.Evidence": Columns(
        "id public_id practice_id checklist item_version said_by authority recorded_at recorded_by supersedes",
        {"item": NUMBERED, "value": Empty({}), "observed_at": Copied("recorded_at")},
    ),
    "checklists.EvidenceError": Columns("evidence refiled_as practice_id at by", {"reason": MASKED}),
    "checklists.Review": Columns(
        "id practice_id checklist at by start_from start_until", {"item": MASKED, "inputs": EMPTY, "note": MASKED}
    ),
    "checklists.Override": Columns(
        "id practice_id checklist at by start_from start_until second_by",
        {"item": MASKED, "inputs": EMPTY, "reason": MASKED},
    ),
    "checklists.Block": Columns(
        "id practice_id checklist at by owner lifted_at lifted_by",
        {"item": NUMBERED, "code": MASKED, "sentence": MASKED},
    ),
    # What the record's row of a start vouches for stays: which gate, which answer, judged by which version and facts.
    "checklists.Decision": Columns(
        "id practice_id checklist at by kind gate answer facts_number last_evidence_id errors_counted version_hash "
        "start now engine_version tzdata_version",
        {"verdict": Empty({}), "overrides": Empty([])},
    ),
    "checklists.GatePass": Columns(
        "id practice_id subject booking start subject_version last_evidence_id decision issued_at issued_by used_at "
        "kind decided_by signed_by second_by paper",
        {"reason": MASKED},
    ),
    "notifications.Message": Columns(
        "id practice_id subject kind channel uid sequence method state perhaps_sent not_before not_after "
        "next_attempt_at attempts lease_owner lease_until created_at sent_at finished_at by",
        {
            "occasion": NUMBERED,
            "message_id": NUMBERED,
            "recipient": SEALED,
            "recipient_hash": EMPTY,
            "payload": Empty(b"", sealed=True),
            "payload_digest": EMPTY,
            "summary": MASKED,
            "reason": MASKED,
        },
    ),
    "notifications.Attempt": Columns("id practice_id message number finished_at outcome by", {"detail": MASKED}),
    "notifications.Suppression": Columns(
        "id practice_id channel created_at by", {"recipient_hash": EMPTY, "reason": MASKED, "lifted_at": STAMPED}
    ),
}
# Why a practice erases: the code stands in the record for good.
WHY: Mapping[str, str] = {
    "asked": "the patient asked for it",
    "expired": "the time for keeping it is over",
    "ordered": "a court or an authority ordered it",
    "mistaken": "it should not have been entered",
}
