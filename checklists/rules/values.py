"""The words of the engine, as frozen values: what is known of a case, what was observed, what follows."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time
from enum import IntEnum, StrEnum
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo


class Status(StrEnum):
    SATISFIED = "satisfied"
    PENDING = "pending"
    TOO_EARLY = "too_early"  # time alone mends it
    REVIEW = "review"
    FAILED = "failed"
    OVERDUE = "overdue"
    WAIVED = "waived"
    NOT_APPLICABLE = "not_applicable"


class State(StrEnum):
    BLOCKED = "blocked"
    NEEDS_REVIEW = "needs_review"
    PENDING = "pending"
    READY = "ready"


class Gate(StrEnum):
    """The moments at which items are demanded, in the order of a case's day."""

    BOOKING = "booking"
    CHECK_IN = "check_in"
    START = "start"
    DISCHARGE = "discharge"


class Authority(IntEnum):
    """Whose word an evidence is. A recorded failure is cleared by the same or a higher one only."""

    PATIENT = 0
    SCHEDULER = 1
    NURSE = 2
    CLINICIAN = 3


class OverrideClass(StrEnum):
    ONE = "one"  # one clinician
    TWO = "two"  # a clinician and a second clinician or nurse
    NEVER = "never"


class Shut(StrEnum):
    """Why a protocol version opens no gate; the value is the code of the refusal."""

    UNSIGNED = "protocol_unsigned"
    WITHDRAWN = "protocol_withdrawn"
    ALTERED = "protocol_altered"  # its content is not what was signed


class Step(StrEnum):
    """The seven steps of the board; `discharge` gathers what is owed afterwards."""

    CONSULT = "consult"
    IMAGING = "imaging"
    LABS = "labs"
    MEDICATION = "medication"
    FASTING = "fasting"
    RIDE = "ride"
    INFECTION = "infection"
    DISCHARGE = "discharge"


@dataclass(frozen=True, slots=True)
class Site:
    """The practice's place: IANA zone and opening hours Monday to Sunday (None = closed)."""

    zone: str
    hours: tuple[tuple[time, time] | None, ...]

    @property
    def tz(self) -> ZoneInfo:
        return ZoneInfo(self.zone)


@dataclass(frozen=True, slots=True)
class DateAbout:
    """A date that may be approximate: windows count from `earliest`."""

    earliest: date
    latest: date

    @property
    def exact(self) -> bool:
        return self.earliest == self.latest


@dataclass(frozen=True, slots=True)
class Medication:
    name: str  # as written; rules normalise it
    dose_tier: str | None = None  # as in the protocol's rows, e.g. "treatment dose"; None = not stated
    route: str | None = None  # oral, topical, subcutaneous, ...
    indication: str | None = None
    interval_days: int | None = None  # dosing interval; None = not stated
    rxcui: str | None = None  # RxNorm ingredient code
    daily_mg: float | None = None  # mg in a day; None = not stated


@dataclass(frozen=True, slots=True)
class Facts:
    """One numbered document of what is true of a case. Dates are the site's; weight in kg."""

    number: int
    site: Site
    procedure: str  # kyphoplasty | vertebroplasty
    levels: tuple[str, ...]  # coded, e.g. ("T12", "L1")
    cause: str | None = None  # osteoporosis | malignancy | trauma | haemangioma | steroid
    anesthesia: str | None = None  # local | sedation | general; None = undecided, counts as the strictest
    fractured: DateAbout | None = None
    onset: DateAbout | None = None
    diagnosed: DateAbout | None = None
    worsened: DateAbout | None = None  # the last new fall, new pain or new deficit
    born_on: date | None = None
    sex: str | None = None  # female | male | other
    weight_kg: float | None = None
    allergies: tuple[str, ...] = ()
    conditions: frozenset[str] = frozenset()  # diabetes, chronic_liver_disease, mri_contraindicated, ...
    conditions_denied: frozenset[str] = frozenset()  # asked and answered with no
    medications: tuple[Medication, ...] = ()
    medications_known: bool = True  # False: nobody has asked yet; an empty list is then no answer
    arrived_at: datetime | None = None  # `arrive` is a fact, never refused
    not_happening: bool = False  # put off or ended before its procedure: started holds owe a restart decision
    put_off_at: datetime | None = None  # since when; a decision made before it was about something else
    started_holds: tuple[str, ...] = ()  # drugs whose hold had started by then, recorded last dose or not


@dataclass(frozen=True, slots=True)
class Evidence:
    """One observation of one item. Append-only; those entered in error are not passed to the engine."""

    id: int  # rises with the order of recording
    item: str
    observed_at: datetime
    value: Mapping[str, Any]
    said_by: str  # patient | caregiver | escort | prescriber | staff
    authority: Authority
    recorded_by: str
    supersedes: frozenset[int] = frozenset()  # recorded failures this one answers


@dataclass(frozen=True, slots=True)
class Review:
    """A clinician's signature on one finding: holds for the same inputs and starts in [from, until]."""

    item: str
    inputs: str  # Finding.inputs at the time of signing
    start_from: datetime
    start_until: datetime
    by: str


@dataclass(frozen=True, slots=True)
class Override:
    """Holds while the finding's inputs are those that were overridden, for starts in [from, until) if given."""

    item: str
    inputs: str
    by: str
    second_by: str | None
    start_from: datetime | None = None
    start_until: datetime | None = None


class Reason(NamedTuple):
    code: str  # stable, snake_case
    sentence: str  # something a nurse can act on
    status: Status


class Finding(NamedTuple):
    """What follows for one item. `due_at` is when the owner should have done it, `deadline_at` when it blocks."""

    item: str
    kind: str
    step: Step
    status: Status
    code: str
    sentence: str
    owner: str
    needed_by: Gate
    override: OverrideClass
    due_at: datetime | None
    deadline_at: datetime | None
    clear_at: datetime | None  # for too_early: the instant from which time has mended it
    rests_on: tuple[Any, ...]  # protocol, values used, recorded noes, what is wrong
    recorded: bool = False  # a failure that a person recorded (stands until superseded)
    evidence: tuple[int, ...] = ()
    reasons: tuple[Reason, ...] = ()  # all that is not satisfied, worst first

    @property
    def inputs(self) -> str:
        """What the finding rests on, as a digest: signatures and overrides hold for it. Made where it is asked for."""
        return digest(*self.rests_on)

    @property
    def blocks(self) -> bool:
        return self.status in BLOCKING

    @property
    def passes(self) -> bool:
        return self.status in PASSING


BLOCKING = frozenset({Status.FAILED, Status.OVERDUE, Status.TOO_EARLY})
PASSING = frozenset({Status.SATISFIED, Status.WAIVED, Status.NOT_APPLICABLE})


@dataclass(frozen=True, slots=True)
class Verdict:
    state: State
    findings: tuple[Finding, ...]
    earliest_safe_start: datetime | None  # None: no start can be safe while a person has not decided
    next_change_at: datetime | None  # the verdict's state and findings are constant on [now, next_change_at)
    signed: bool
    shut: Shut = Shut.UNSIGNED  # why, where it is not signed

    def finding(self, item: str) -> Finding | None:
        return next((f for f in self.findings if f.item == item), None)


@dataclass(frozen=True, slots=True)
class GateDecision:
    """`refused` lists every reason; `open_overridden` names the items that an override carried."""

    answer: str  # refused | open | open_overridden
    refusals: tuple[Finding, ...] = ()
    overridden: tuple[str, ...] = ()
    signed: bool = field(default=True)

    @property
    def is_open(self) -> bool:
        return self.answer != "refused"


CANONICAL = json.JSONEncoder(sort_keys=True, default=str, separators=(",", ":"))


def digest(*parts: Any) -> str:
    """Short stable digest of plain values (dates, numbers, strings, nested lists and mappings)."""
    return hashlib.sha256(CANONICAL.encode(parts).encode()).hexdigest()[:24]
