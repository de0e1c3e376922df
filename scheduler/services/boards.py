"""What boards show: cases with the verdicts of this moment, in a constant number of queries."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta

from django.db.models import F, Q, QuerySet

from checklists.rules.assess import state_of
from checklists.rules.gate import carries, passes, refusals_of_case
from checklists.rules.kinds.window import last_day
from checklists.rules.values import Finding, Gate, Override, State, Status, Step, Verdict
from checklists.services.checklists import Assessment, assess_many, load_overrides
from scheduler.models import Booking, Case, Practice
from scheduler.reads import looked_at_cases
from scheduler.rules.transitions import BEFORE_PROCEDURE, ENDINGS
from scheduler.services.readiness import judged_start

MOST = 500  # open cases on one board
OVERRIDDEN = "overridden"
IN_HAND = "under_way"  # in procedure or recovering
# Nobody leaves the board at midnight who has not left the house.
HERE = Q(case__state__in=("in_procedure", "recovering")) | Q(
    case__state__in=("booked", "checked_in"), case__arrived_at__isnull=False
)
SEVEN = tuple(step for step in Step if step != Step.DISCHARGE)
URGENCY = (
    Status.FAILED,
    Status.OVERDUE,
    Status.TOO_EARLY,
    Status.REVIEW,
    Status.PENDING,
)


@dataclass(frozen=True, slots=True)
class Row:
    """One case on a board."""

    case: Case
    booking: Booking | None
    assessment: Assessment
    overridden: Mapping[str, Override] = field(default_factory=dict)  # the items that an override carries now

    @property
    def verdict(self) -> Verdict:
        return self.assessment.verdict

    @property
    def state(self) -> str:
        booked = self.assessment.start is not None
        return shown_state(self.verdict, self.overridden, booked=booked, gate=gate_ahead(self.case))

    @property
    def is_ahead(self) -> bool:
        """Whether the procedure is still to come: from its start on nobody is ready for it."""
        return self.case.state in BEFORE_PROCEDURE

    @property
    def listed_as(self) -> str:
        """Under what the pathway board counts the case."""
        return self.state if self.is_ahead else IN_HAND

    @property
    def is_blocked(self) -> bool:
        return self.state == State.BLOCKED

    @property
    def steps(self) -> dict[str, str]:
        return step_words(self.verdict, self.overridden)

    @property
    def next_action(self) -> Finding | None:
        """The finding that somebody must act on first: the worst, then the one due first."""
        owed = [f for f in self.open_findings if f.step != Step.DISCHARGE]
        far = datetime.max.replace(tzinfo=self.assessment.now.tzinfo)
        return min(owed, key=lambda f: (URGENCY.index(f.status), f.deadline_at or f.due_at or far), default=None)

    @property
    def blocking(self) -> list[Finding]:
        return [finding for finding in self.open_findings if finding.blocks]

    @property
    def open_findings(self) -> list[Finding]:
        """What neither passes nor is carried by an override; first what shuts every gate of the case."""
        shut = refusals_of_case(self.verdict, gate_ahead(self.case), True)
        return [*shut, *(f for f in self.verdict.findings if not f.passes and f.item not in self.overridden)]

    @property
    def before_booking(self) -> list[Finding]:
        """What shuts the gate of booking of a case that has none; a start that is chosen may add to it."""
        if self.booking is not None:
            return []
        return [f for f in self.open_findings if f.needed_by == Gate.BOOKING and not passes(Gate.BOOKING, f)]

    def shown_status(self, finding: Finding) -> str:
        return OVERRIDDEN if finding.item in self.overridden else finding.status

    @property
    def window_days_left(self) -> int | None:
        """Days from today to the last day of the treatment window; None where no window applies."""
        facts = self.assessment.facts
        last = last_day(facts, self.assessment.protocol.window)
        return None if last is None else (last - self.assessment.now.astimezone(facts.site.tz).date()).days


def gate_ahead(case: Case) -> Gate:
    """Whoever had the procedure goes home; every other gate is shut by what shuts booking."""
    return Gate.BOOKING if case.state in BEFORE_PROCEDURE else Gate.DISCHARGE


def shown_state(
    verdict: Verdict, overridden: Collection[str] = (), *, booked: bool = True, gate: Gate = Gate.BOOKING
) -> str:
    """The state of all that no override carries, `overridden` where nothing else is left.

    Blocked under a version that keeps the gate ahead shut: withdrawn, or altered.
    """
    if refusals_of_case(verdict, gate, True):
        return State.BLOCKED
    if not overridden:
        return verdict.state
    rest = state_of((f for f in verdict.findings if f.item not in overridden), booked=booked)
    return OVERRIDDEN if rest == State.READY else rest


def step_words(verdict: Verdict, overridden: Collection[str] = ()) -> dict[str, str]:
    """A word for each of the seven steps."""
    return {step.value: step_word((f for f in verdict.findings if f.step == step), overridden) for step in SEVEN}


def step_word(findings: Iterable[Finding], overridden: Collection[str] = ()) -> str:
    """The status of the worst finding of a step; `overridden`, `done`; or `not_applicable` when nothing is asked."""
    asked = [finding for finding in findings if finding.status != Status.NOT_APPLICABLE]
    if not asked:
        return "not_applicable"
    if open_ones := [f.status for f in asked if not f.passes and f.item not in overridden]:
        return min(open_ones, key=URGENCY.index).value
    return OVERRIDDEN if any(finding.item in overridden for finding in asked) else "done"


def rows(cases: Iterable[Case], now: datetime) -> list[Row]:
    """Cases that were selected with patient, practice, booking and checklist__protocol_version."""
    found = list(cases)
    looked_at_cases(found)
    starts = {case.checklist: judged_start(case, now) for case in found}
    assessed = assess_many(checklists=starts, now=now, for_show=True)
    overrides = load_overrides([case.checklist for case in found])
    return [
        Row(case, case.booking, made, carried(made, overrides[case.checklist_id]))
        for case in found
        for made in [assessed[case.checklist_id]]
    ]


def carried(assessment: Assessment, overrides: Iterable[Override]) -> dict[str, Override]:
    """The findings that do not pass and the newest override that carries each, for the start that is judged."""
    given = list(overrides)
    return {
        finding.item: override
        for override in given
        for finding in assessment.verdict.findings
        if not finding.passes and carries(override, finding, assessment.start)
    }


def open_cases(practice: Practice) -> QuerySet[Case]:
    """The cases of the pathway board."""
    return Case.objects.filter(practice=practice).exclude(state__in=["closed", "discharged", *ENDINGS])


def pathway(practice: Practice, now: datetime) -> list[Row]:
    """Every open case: blocked first, then the earliest start, then the oldest referral."""
    cases = (
        open_cases(practice)
        .select_related("practice", "patient", "booking", "checklist__protocol_version")
        .defer("checklist__protocol_version__document")  # 90 kB a row, read once a version
        .order_by(F("booking__starts_at").asc(nulls_last=True), "opened_at")[:MOST]
    )
    return sorted(rows(cases, now), key=lambda row: not row.is_blocked)


def day(practice: Practice, on: date, now: datetime) -> list[Row]:
    """The cases booked on a day of the site, today also whoever is here since before: blocked first, then by start."""
    wanted = _of_day(practice, on)
    if on == now.astimezone(practice.site.tz).date():
        wanted |= Q(starts_at__lt=_begins(practice, on)) & HERE
    bookings = (
        Booking.objects.filter(wanted, practice=practice, released_at=None, case__patient__erased_at=None)
        .select_related("case__patient", "case__practice", "case__booking", "case__checklist__protocol_version")
        .defer("case__checklist__protocol_version__document")
        .prefetch_related("claims__resource")
        .order_by("starts_at", "pk")
    )
    found = {booking.case_id: booking for booking in bookings}
    shown = rows([booking.case for booking in found.values()], now)
    with_claims = [replace(row, booking=found[row.case.pk]) for row in shown]
    return sorted(with_claims, key=lambda row: not row.is_blocked)


def erased_of_day(practice: Practice, on: date) -> list[datetime]:
    """When the procedures of that day were of which nothing else is left."""
    bookings = Booking.objects.filter(_of_day(practice, on), practice=practice, released_at=None)
    erased = bookings.filter(case__patient__erased_at__isnull=False)
    return list(erased.order_by("starts_at", "pk").values_list("starts_at", flat=True))


def _of_day(practice: Practice, on: date) -> Q:
    return Q(starts_at__gte=_begins(practice, on), starts_at__lt=_begins(practice, on + timedelta(days=1)))


def _begins(practice: Practice, on: date) -> datetime:
    return datetime.combine(on, time(), practice.site.tz)
