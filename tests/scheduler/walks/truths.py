"""What must hold after every step of a walk, each derived from the raw rows and not by the code that keeps it."""

from collections import defaultdict
from datetime import datetime, timedelta
from itertools import pairwise

from checklists.models import Evidence, Facts, GatePass, Override, Review
from checklists.rules import values
from checklists.rules.assess import assess
from checklists.rules.facts_json import facts_from_json
from checklists.rules.values import Finding, OverrideClass, Verdict
from checklists.services.protocols import typed_protocol
from notifications.models import Attempt, Message
from scheduler.models import Booking, Case, Claim, Contact, Task
from scheduler.rules.transitions import ENDINGS
from scheduler.services.answers import asked_of
from scheduler.services.boards import Row, day, pathway
from scheduler.services.open_counts import count_open
from scheduler.services.verification import verify_practice
from tests.checklists.services.test_dossiers import as_value
from tests.scheduler.walks.calendars import Calendars
from tests.scheduler.walks.life import Life

AHEAD = ("referred", "booked", "checked_in")
BLOCKING = ("failed", "overdue", "too_early")
PASSING = ("satisfied", "waived", "not_applicable")
TO_STOP = ("for the last time", "Do not take {drug} on", "take no more of it", "When to stop", "When did you take")


def all_cases(life: Life) -> list[Case]:
    related = ("practice", "patient", "checklist__protocol_version", "booking")
    rows = Case.objects.filter(pk__in=life.cases).select_related(*related)
    return list(rows.defer("checklist__protocol_version__document").order_by("opened_at", "pk"))


def begins(case: Case, now: datetime) -> datetime | None:
    if case.started_at is not None:
        return case.started_at
    return max(case.booking.starts_at, now) if case.booking is not None else None


def judged(case: Case, start: datetime | None, now: datetime) -> Verdict:
    """The verdict over the rows as they are written."""
    facts = Facts.objects.filter(checklist=case.checklist_id).order_by("number").last()
    assert facts is not None
    told = tuple(
        as_value(row) for row in Evidence.objects.filter(checklist=case.checklist_id, error=None).order_by("pk")
    )
    reviews = tuple(
        values.Review(row.item, row.inputs, row.start_from, row.start_until, row.by)
        for row in Review.objects.filter(checklist=case.checklist_id).order_by("at")
    )
    protocol = typed_protocol(case.checklist.protocol_version)
    return assess(protocol, facts_from_json(facts.document), told, start, now, reviews)


def overrides_of(case: Case) -> list[Override]:
    return list(Override.objects.filter(checklist=case.checklist_id))


def is_carried(given: list[Override], finding: Finding, start: datetime | None) -> bool:
    """By an override that stands, of these inputs, for this start, by as many people as the item wants."""
    if finding.override is OverrideClass.NEVER:
        return False
    return any(
        (row.item, row.inputs) == (finding.item, finding.inputs)
        and (row.start_from is None or (start is not None and row.start_from <= start < row.start_until))
        and (finding.override is OverrideClass.ONE or row.second_by not in ("", row.by))
        for row in given
    )


def may_start(case: Case, now: datetime) -> bool:
    """Whether the procedure may begin at this instant."""
    version = case.checklist.protocol_version
    verdict, given = judged(case, now, now), overrides_of(case)
    tested = [finding for finding in verdict.findings if finding.needed_by in ("booking", "check_in", "start")]
    in_force = version.signed_at is not None and version.withdrawn_at is None
    passes = all(finding.status in PASSING or is_carried(given, finding, now) for finding in tested)
    return bool(in_force and verdict.signed and tested and case.booking is not None and passes)


def state_anew(case: Case, verdict: Verdict, now: datetime) -> str:
    """What a board says of the case."""
    start, given = begins(case, now), overrides_of(case)
    version = case.checklist.protocol_version
    withdrawn = version.withdrawn_at is not None
    if case.state in AHEAD and withdrawn:
        return "blocked"
    carried = {f.item for f in verdict.findings if f.status not in PASSING and is_carried(given, f, start)}
    before = [finding for finding in verdict.findings if finding.needed_by != "discharge"]
    statuses = {finding.status.value for finding in before if finding.item not in carried}
    if statuses & set(BLOCKING):
        return "blocked"
    if "review" in statuses:
        return "needs_review"
    if "pending" in statuses or start is None:
        return "pending"
    return "overridden" if carried else "ready"


def boards_show_what_is(life: Life) -> None:
    shown = {row.case.pk: row for row in pathway(life.practice, life.now)}
    open_now = {case.pk: case for case in all_cases(life) if case.state in (*AHEAD, "in_procedure", "recovering")}
    assert set(shown) == set(open_now), "the pathway board leaves an open case out"
    counted: dict[str, int] = defaultdict(int)
    verdicts = {pk: judged(case, begins(case, life.now), life.now) for pk, case in open_now.items()}
    for pk, row in shown.items():
        case = open_now[pk]
        _row_is_true(row, case, verdicts[pk], life.now)
        counted[state_anew(case, verdicts[pk], life.now) if case.state in AHEAD else "under_way"] += 1
    assert dict(count_open(life.practice, life.now)) == counted, "stored states are counted that do not hold"
    today = life.now.astimezone(life.practice.site.tz).date()
    for row in day(life.practice, today, life.now):
        if row.case.pk in open_now:
            _row_is_true(row, open_now[row.case.pk], verdicts[row.case.pk], life.now)


def _row_is_true(row: Row, case: Case, anew: Verdict, now: datetime) -> None:
    assert row.verdict.findings == anew.findings, "a board shows another verdict than that of this moment"
    if case.state in AHEAD:
        assert row.state == state_anew(case, anew, now), "a board shows another state than that of this moment"


def nobody_is_claimed_twice(life: Life) -> None:
    held: dict[object, list[Claim]] = defaultdict(list)
    for claim in Claim.objects.filter(practice_id=life.practice.pk, is_active=True).select_related("booking__case"):
        held[claim.claimed].append(claim)
        assert claim.booking.released_at is None, "a released booking still claims"
        if claim.patient_id is not None:
            assert claim.patient_id == claim.booking.case.patient_id, "a booking claims another patient than its case's"
    for claims in held.values():
        for one, other in pairwise(sorted(claims, key=lambda each: each.starts_at)):
            assert one.ends_at <= other.starts_at, "claimed twice in one moment"
    for case in all_cases(life):
        standing = list(Booking.objects.filter(case=case, released_at=None))
        assert standing == ([case.booking] if case.booking else []), "the case and its bookings disagree"


def every_block_is_owed(life: Life) -> None:
    """Right after a sweep."""
    for case in all_cases(life):
        tasks = list(Task.objects.filter(case=case, done_at=None))
        assert all(task.queue for task in tasks), "a task that nobody owes"
        if case.state in AHEAD:
            verdict = judged(case, begins(case, life.now), life.now)
            before = [f for f in verdict.findings if f.needed_by != "discharge" and f.kind != "restart_decision"]
            wanted = {f.item for f in before if f.status.value in (*BLOCKING, "review")}
            # Somebody said what came of it, and the next look at the case asks anew.
            told = Task.objects.filter(case=case, is_derived=True, done_by__startswith="staff:", outcome="done")
            owed = {task.key for task in (*tasks, *told)}
            assert wanted <= owed, f"nobody owes {sorted(wanted - owed)}"
            passing = {finding.item for finding in verdict.findings if finding.status in PASSING}
            left = {(task.kind, task.key) for task in tasks if task.key in passing}
            assert not left, f"tasks are left of what is done: {sorted(left)}"
        _no_task_is_left_over(case, tasks)


def _no_task_is_left_over(case: Case, tasks: list[Task]) -> None:
    for task in tasks:
        if task.kind == "reschedule" and case.booking is not None and not task.key.startswith("died:"):
            assert task.key.startswith("length:"), f"{case.state}: a new date is still asked for: {task.sentence}"
            held = (case.booking.ends_at - case.booking.starts_at) / timedelta(minutes=1)
            needed = _minutes(case)
            assert needed != held, f"the booking fits: {task.sentence}"
        if task.kind == "reschedule" and task.key.startswith("length:"):
            assert case.booking is not None and task.key == f"length:{case.booking.pk}", f"gone: {task.sentence}"
        if task.kind == "reschedule":
            assert case.state not in ("in_procedure", "recovering", "discharged", "closed", *ENDINGS), task.sentence
    calls = [task.sentence for task in tasks if task.kind == "call" and task.key.startswith("told:")]
    assert len(calls) < 2, f"the desk is to say two things about one appointment: {calls}"


def _minutes(case: Case) -> int:
    document = (
        Facts.objects.filter(checklist=case.checklist_id).order_by("number").values_list("document", flat=True).last()
    )
    per_level = typed_protocol(case.checklist.protocol_version).minutes_per_level
    return per_level * len(facts_from_json(document).levels)


def calendars_agree(life: Life, calendars: Calendars) -> None:
    """Right after the post has gone, where nothing waits for another try."""
    if Message.objects.filter(
        practice_id=life.practice.pk, state__in=("queued", "sending", "failed"), uid__gt=""
    ).exists():
        return
    wanted = set()
    unknown = set()  # of whom nothing is claimed: moved by no mail any more, or silent after a death
    for case in all_cases(life):
        died = Case.objects.filter(patient_id=case.patient_id, ending="died").exists()
        for booking in Booking.objects.filter(case=case, starts_at__gt=life.now):
            people = {claim.resource.user.email for claim in booking.claims.filter(resource__user__isnull=False)}
            mine = Contact.objects.filter(patient_id=case.patient_id, kind="patient", channel="email")
            if died or (booking == case.booking and case.state != "booked"):
                unknown.add(booking.uid)
            elif booking == case.booking:
                people = {
                    c.resource.user.email for c in booking.claims.filter(is_active=True, resource__user__isnull=False)
                }
                people |= {contact.email for contact in mine if contact.ended_at is None}
                wanted |= {(address, booking.uid, booking.starts_at) for address in people}
    held = {each for each in calendars.standing(life.now) if each[1] not in unknown}
    assert held == wanted, f"calendars miss {sorted(wanted - held)} and hold {sorted(held - wanted)}"


def mail_was_due(life: Life, before: set[object]) -> None:
    """Of what has just left: to whom it may go, and when."""
    assert not Attempt.objects.filter(practice_id=life.practice.pk, outcome="broken").exists(), "a broken message"
    sent = Message.objects.filter(practice_id=life.practice.pk, state="sent").exclude(pk__in=before)
    for message in sent:
        case = Case.objects.select_related("booking", "practice").get(pk=message.subject)
        kind, _, who = message.kind.partition(":")
        if message.not_after is not None:
            assert life.now < message.not_after, f"{message.kind} after its moment"
        if who in ("patient", "caregiver", "escort", "prescriber") and "cancel" not in kind:
            assert case.ending == "" or case.state == "closed", f"{message.kind} of a case that is {case.state}"
            mine = Contact.objects.filter(patient_id=case.patient_id, kind=who, ended_at=None)
            assert message.recipient in {each.email for each in mine}, f"{message.kind} to a contact that was ended"
        if who in ("patient", "caregiver", "escort"):
            died = Case.objects.filter(patient_id=case.patient_id, ending="died").exists()
            assert not died, f"{message.kind} after the death"
        if message.method == "REQUEST":
            assert case.booking is not None and case.booking.uid == message.uid, "an invite to what is no more"
        if kind == "reminder":
            hour = life.now.astimezone(case.practice.site.tz).hour
            assert 8 <= hour < 21, f"a reminder at {hour}"


def no_stop_before_agreement(life: Life) -> None:
    """Convention 8: until the prescriber has agreed, the patient reads to stop nothing."""
    for case in all_cases(life):
        if case.booking is None or case.state not in AHEAD:
            continue
        verdict = judged(case, begins(case, life.now), life.now)
        asked = {f.item.partition(":")[2] for f in verdict.findings if f.kind == "prescriber_clearance"}
        asked -= {f.item.partition(":")[2] for f in verdict.findings if f.status.value == "not_applicable"}
        for each in asked_of(case, life.now):
            kind, _, drug = each.question.item.partition(":")
            if kind != "hold" or drug not in asked or _has_agreed(case, drug):
                continue
            texts = (each.question.ask, each.question.title, *each.question.do)
            words = [text.msgid for text in texts if any(word in text.msgid for word in TO_STOP)]
            words += [c.then.msgid for c in each.question.choices if "no more" in c.then.msgid]
            assert not words, f"{drug} is to be stopped and its prescriber has not agreed: {words}"


def _has_agreed(case: Case, drug: str) -> bool:
    said = Evidence.objects.filter(checklist=case.checklist_id, item=f"prescriber_clearance:{drug}", error=None)
    answers = [row for row in said if row.value.get("answer") in ("agreed", "refused", "continue")]
    newest = max((row.observed_at for row in answers), default=None)
    return any(row.value["answer"] == "agreed" for row in answers if row.observed_at == newest)


def starts_had_passes(life: Life) -> None:
    for case in all_cases(life):
        if case.started_at is not None:
            passes = GatePass.objects.filter(subject=case.pk, start=case.started_at, used_at__isnull=False)
            assert passes.count() == 1, "a procedure began without a pass of its own"


def record_is_whole(life: Life) -> None:
    found = verify_practice(life.practice.pk)
    assert found.holds, found.breaks
