"""What waits for a clinician: reviews, restart decisions, overrides asked for; case by case, the soonest first."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q

from checklists.models import Evidence, Item
from checklists.protocols.says import says
from checklists.rules.values import Finding, OverrideClass, Status
from scheduler.models import Case, Practice, Task
from scheduler.reads import looked_at_cases
from scheduler.rules.duties import DOWNTIME_REVIEW
from scheduler.rules.transitions import BEFORE_PROCEDURE, TRANSITIONS, Act
from scheduler.services import boards
from scheduler.services.boards import Row
from scheduler.services.people import writer_names

REVIEW, RESTART, OVERRIDE = "review", "restart_decision", "override"
KINDS = (REVIEW, RESTART, OVERRIDE)
PAPER = "paper"  # a review of what was entered from paper: no finding asks for it
MOVED = "moved:"
MOST = 200  # open tasks on one list
SHOWN_EVIDENCE = 6  # of one entry: the newest


@dataclass(frozen=True, slots=True)
class Said:
    """One piece of evidence with the name of whoever recorded it."""

    evidence: Evidence
    recorded_by: str


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing to decide. `finding` None: nothing of the checklist asks for it any more, or it never did."""

    kind: str
    item: str
    sentence: str
    case: Case
    finding: Finding | None
    task: Task | None
    asked_by: str
    item_version: int
    evidence: tuple[Said, ...]
    protocol: tuple[str, ...]
    is_carried: bool

    @property
    def slug(self) -> str:
        """Names the entry on its page, the same before and after a refusal."""
        name = "".join(sign if sign.isalnum() else "-" for sign in self.item)
        return f"{self.kind}-{str(self.case.pk)[:8]}-{name}"

    @property
    def drug(self) -> str:
        return self.item.rpartition(":")[2]

    @property
    def is_never_overridden(self) -> bool:
        return self.finding is not None and self.finding.override == OverrideClass.NEVER

    @property
    def needs_second(self) -> bool:
        return self.finding is not None and self.finding.override == OverrideClass.TWO

    @property
    def is_over(self) -> bool:
        """Nothing is let pass in this case any more."""
        return self.case.state not in TRANSITIONS[Act.OVERRIDE].sources

    @property
    def can_be_overridden(self) -> bool:
        stands = self.finding is not None and not self.finding.passes and not self.is_carried and not self.is_over
        return stands and not self.is_never_overridden


@dataclass(frozen=True, slots=True)
class ToSign:
    """One case with all that waits in it."""

    row: Row
    entries: tuple[Entry, ...]

    @property
    def case(self) -> Case:
        return self.row.case


def signing_list(practice: Practice, now: datetime) -> list[ToSign]:
    """Every case in which a clinician is owed for, the soonest start or due first; a constant number of queries."""
    tasks = list(
        Task.objects.filter(practice=practice, kind__in=KINDS, done_at=None, case__isnull=False)
        .exclude(~Q(key__startswith=DOWNTIME_REVIEW), case__state="closed")
        .select_related(
            "case__practice", "case__patient", "case__booking", "case__checklist__protocol_version__protocol"
        )
        .order_by("due_at", "created_at")[:MOST]
    )
    cases = {task.case_id: task.case for task in tasks if task.case is not None}
    rows = boards.rows(cases.values(), now)
    lookup = _Lookup(rows, tasks)
    found = (ToSign(row, tuple(lookup.entries(row, [t for t in tasks if t.case_id == row.case.pk]))) for row in rows)
    return sorted((each for each in found if each.entries), key=lambda each: _when(each, now))


def owed_besides(practice: Practice) -> list[Task]:
    """What a clinician owes that no signature settles: a prescriber who is silent, refuses or wants a call."""
    found = Task.objects.filter(practice=practice, queue="clinician", done_at=None, case__isnull=False)
    found = found.exclude(kind__in=KINDS).exclude(case__state="closed").select_related("case__patient")
    tasks = list(found.order_by("due_at", "created_at")[:MOST])
    looked_at_cases(task.case for task in tasks if task.case)
    return tasks


def _when(each: ToSign, now: datetime) -> datetime:
    """The booked start; without one the first due date."""
    if each.row.booking is not None:
        return each.row.booking.starts_at
    due = (entry.task.due_at for entry in each.entries if entry.task and entry.task.due_at)
    return min(due, default=datetime.max.replace(tzinfo=now.tzinfo))


class _Lookup:
    """Evidence, item versions and names of all rows, each read once."""

    def __init__(self, rows: Sequence[Row], tasks: Sequence[Task]) -> None:
        checklists = [row.case.checklist_id for row in rows]
        self.versions = {
            (checklist, key): version
            for checklist, key, version in Item.objects.filter(checklist__in=checklists).values_list(
                "checklist_id", "key", "version"
            )
        }
        self.evidence = list(
            Evidence.objects.filter(checklist__in=checklists, error__isnull=True).order_by("-observed_at", "-pk")
        )
        by = {entry.recorded_by for entry in self.evidence} | {task.created_by for task in tasks}
        self.names = writer_names(by)

    def entries(self, row: Row, tasks: Sequence[Task]) -> Iterable[Entry]:
        reviews = {task.key: task for task in tasks if task.kind == REVIEW}
        for finding in row.verdict.findings:
            waits = finding.item in reviews or row.case.state in BEFORE_PROCEDURE
            if waits and finding.status == Status.REVIEW and finding.item not in row.overridden:
                yield self._entry(row, REVIEW, finding.item, reviews.get(finding.item))
        for task in tasks:
            finding_of = row.verdict.finding(task.key)
            moved = task.key.startswith(MOVED)
            if task.kind == RESTART and (moved or (finding_of is not None and not finding_of.passes)):
                yield self._entry(row, RESTART, task.key, task)
            if task.kind == OVERRIDE:
                yield self._entry(row, OVERRIDE, task.key, task)
            if task.key.startswith(DOWNTIME_REVIEW):
                yield self._entry(row, PAPER, task.key, task)

    def _entry(self, row: Row, kind: str, item: str, task: Task | None) -> Entry:
        finding = row.verdict.finding(item)
        drug = item.rpartition(":")[2]
        ruled = finding or row.verdict.finding(f"hold:{drug}")
        about = {item} if kind != RESTART else {item, f"hold:{drug}", f"prescriber_clearance:{drug}"}
        mine = [e for e in self.evidence if e.checklist_id == row.case.checklist_id and e.item in about]
        if kind == REVIEW and finding is not None and finding.evidence:
            mine = [e for e in mine if e.pk in finding.evidence]
        said = (Said(e, self.names.get(e.recorded_by, e.recorded_by)) for e in mine[:SHOWN_EVIDENCE])
        return Entry(
            kind=kind,
            item=item,
            sentence=finding.sentence if finding and not item.startswith(MOVED) else task.sentence if task else "",
            case=row.case,
            finding=finding,
            task=task,
            asked_by=self.names.get(task.created_by, "") if task else "",
            item_version=self.versions.get((row.case.checklist_id, item), 0),
            evidence=tuple(said),
            protocol=tuple(says(row.assessment.protocol, ruled)) if ruled else (),
            is_carried=item in row.overridden,
        )
