"""Prescriber clearance: nobody stops a drug before its prescriber has agreed. Asked, chased, answered."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from checklists.rules.asked import ASKED_CODES, condition_named
from checklists.rules.context import (
    Answer,
    Check,
    Context,
    Item,
    Kind,
    pending,
    review,
    said,
)
from checklists.rules.decisions import decision_on
from checklists.rules.doses import (
    AGREED,
    ASKED,
    CONTINUE,
    REFUSED,
    drug_plans,
    goes_on,
    last_answer,
    last_dose,
    needs_clearance,
    plans_of,
    rows_for,
    stop_time,
    unknown_to_prescriber,
    wait_of,
)
from checklists.rules.drugs import NOT_HELD
from checklists.rules.known import TOLD, first_given, tells_of
from checklists.rules.lab_values import plain
from checklists.rules.moments import deadline_at, due_at
from checklists.rules.protocol import HoldRule
from checklists.rules.shapes import DATE, NOT_SURE, TEXT, UUID, Shape, choice, listed, number, parse_date
from checklists.rules.sitetime import dose_on, local_date, shown_on, working_day_after
from checklists.rules.values import Evidence, Status

KIND = "prescriber_clearance"
ANSWERS = (AGREED, CONTINUE, REFUSED)
WAYS = ("phone", "letter", "fax", "message", "link")
UNANSWERED, CONFLICTS = "clearance_unanswered", "clearance_conflicts"
CLINICIAN = "clinician"
MOST_HOURS = 24 * 366


@dataclass(frozen=True, slots=True)
class Held:
    """One row of the protocol that may hold for a drug, with its wait; None where a person decides how long."""

    row: HoldRule
    wait: timedelta | None

    @property
    def wanted(self) -> str:
        """What the protocol wants of the drug, for its prescriber to read."""
        if self.wait is not None:
            return f"no dose for {both_ways(self.wait)} before the procedure"
        if self.row.action == "hold_day_of":
            return "no dose on the day of the procedure"
        return "it goes on" if self.row.action in NOT_HELD else "no time is stated: a clinician decides"


def both_ways(wait: timedelta) -> str:
    """In hours, as protocols count, and in days where that is whole: the prescriber and the nurse read it alike."""
    total = wait / timedelta(hours=1)
    in_days = f" ({plain(total / 24)} days)" if total >= 48 and total % 24 == 0 else ""
    return f"{plain(total)} hours{in_days}"


def call_key(item: str) -> str:
    """What a call that the prescriber asked for is known by."""
    return f"answer:{item}"


def items(context: Context) -> Iterable[Item]:
    rule = context.rule(KIND)
    drugs = dict.fromkeys(plan.drug for plan in drug_plans(context) if is_asked(context, plan.drug))
    return [Item(f"{KIND}:{drug}", rule, drug) for drug in drugs] if rule else []


def is_asked(context: Context, drug: str) -> bool:
    """Whether a row wants the prescriber's answer, or they refused although none does: that stands too."""
    standing = context.standing(f"{KIND}:{drug}")
    return needs_clearance(context, drug) or any(entry.value.get("answer") == REFUSED for entry in standing)


def answer(context: Context, item: Item) -> Answer:
    """Satisfied by the prescriber's agreement, checked against the time the protocol wants."""
    drug = item.subject
    standing = context.standing(item.key)
    if last_dose(context, drug).not_taking:
        unused = Check(Status.NOT_APPLICABLE, "not_taken", f"{drug} is not taken, so nobody need agree.")
        return Answer((unused,))
    if goes_on(context, drug) and decision_on(context, drug) not in standing:
        nothing = Check(Status.NOT_APPLICABLE, "nothing_stopped", f"{drug} goes on, so nobody need agree to a stop.")
        return Answer((nothing,))
    # Without a time to stop the answer is needed before the start.
    anchors = {"stop_time": stop_time(context, drug) or context.start.at}
    answered, asked = last_answer(standing), [e for e in standing if e.value["answer"] == ASKED]
    if unknown := unknown_to_prescriber(context, drug):
        return waiting(context, item, asked_anew(context, answered, asked, unknown), anchors, unknown)
    if not answered:
        return waiting(context, item, asked, anchors)
    return Answer(
        checks=tuple(check for entry in answered for check in judged(context, drug, entry)),
        confirmed=f"The prescriber of {drug} agreed.",
        basis=answered,
        grounds=(drug, [dict(entry.value) for entry in answered]),
        anchors=anchors,
    )


def waiting(
    context: Context,
    item: Item,
    asked: Sequence[Evidence],
    anchors: dict[str, datetime],
    unknown: Sequence[str] = (),
) -> Answer:
    """While there is no answer: the desk asks and chases, and from the set day on a clinician takes it up.

    unknown: conditions of which an agreement knew nothing, so that it is no answer.
    """
    drug, clock = item.subject, context.start.clock
    owed = Answer(grounds=(drug, list(unknown)), anchors=anchors)
    set_day, deadline = due_at(context, item, owed), deadline_at(context, item, owed)

    def owing(check: Check, due: datetime | None = None) -> Answer:
        return Answer((check,), grounds=owed.grounds, anchors=anchors, due_by=due)

    if not asked and unknown:
        was = f"The prescriber of {drug} agreed, and nothing says that they knew of {named(unknown)}"
        ask = f"{was}. Ask again, and tell them of it."
        return owing(pending("clearance_unaware", ask))
    if not asked:
        ask = f"Ask the prescriber of {drug} whether it may be stopped or has to go on, and record the answer."
        return owing(pending("clearance_missing", ask))
    moments = sorted(entry.observed_at for entry in asked)
    was_asked = f"The prescriber of {drug} was asked on {on_day(context, moments[-1])}"
    chase_at = chase_after(context, item, moments[-1])
    if set_day is not None:
        # A case booked late still leaves the prescriber the time that a first asking leaves, up to the deadline.
        given = max(set_day, chase_after(context, item, moments[0]) or set_day)
        if clock.reached(given if deadline is None else min(given, deadline)):
            late = f"{was_asked} and has not answered by the day that was set. Call them, or decide how to go on."
            return owing(pending(UNANSWERED, late, owner=CLINICIAN), deadline)
    if chase_at is not None and clock.reached(chase_at):
        return owing(pending("clearance_chase", f"{was_asked} and has not answered. Ask again now."), chase_at)
    again = f" Ask again on {on_day(context, chase_at)}." if chase_at else " Call again and record the answer."
    due = min((moment for moment in (set_day, chase_at) if moment is not None), default=None)
    return owing(pending("clearance_asked", f"{was_asked} and has not answered yet.{again}"), due)


def asked_anew(
    context: Context, answered: Iterable[Evidence], asked: Iterable[Evidence], unknown: Sequence[str]
) -> list[Evidence]:
    """The askings since the agreement that told of what it did not know."""
    since = max(first_given(context, entry) for entry in answered)
    told = (entry for entry in asked if all(tells_of(entry, code) for code in unknown))
    return [entry for entry in told if entry.observed_at >= since]


def named(codes: Iterable[str]) -> str:
    """Conditions in the words of the staff."""
    return ", ".join(condition_named(code) for code in codes)


def chase_after(context: Context, item: Item, asked_at: datetime) -> datetime | None:
    """When to ask again: the opening of the protocol's n-th working day after the asking; None where it names none."""
    days = item.rule.chase_after_days
    return None if days is None else working_day_after(asked_at, days, context.facts.site)


def on_day(context: Context, instant: datetime) -> str:
    return shown_on(local_date(instant, context.facts.site.tz))


def judged(context: Context, drug: str, entry: Evidence) -> list[Check]:
    if entry.value["answer"] == CONTINUE and goes_on(context, drug):
        return []
    if entry.value["answer"] == CONTINUE:
        taken_on = f"The prescriber wants {drug} to go on. A clinician decides whether the procedure is done while it"
        return [review("clearance_continue", f"{taken_on} is taken.", owner=CLINICIAN)]
    return [*conflicts(context, drug, entry), *bridge_checks(context, drug, entry)]


def bridge_checks(context: Context, drug: str, entry: Evidence) -> list[Check]:
    """A bridge that is on no list would be given up to the start, and nothing would hold it."""
    if entry.value.get("bridging") != "yes":
        return []
    others = (plan.match for plan in drug_plans(context) if plan.drug != drug)
    if any(not match.rows or any(row.bridges for row in match.rows) for match in others):
        return []
    ask = f"The prescriber wants {drug} bridged. Change the plan: add the bridging drug to the list of medications"
    return [pending("bridge_unlisted", f"{ask}, so that it is held in time.", until_start=True)]


def conflicts(context: Context, drug: str, entry: Evidence) -> list[Check]:
    """Where the prescriber's time is not the protocol's: both are named, and a clinician decides."""
    if other_date := answered_for_another_date(context, drug, entry):
        return [other_date]
    waits = [held.wait for held in held_rows(context, drug) if held.wait is not None]
    if "last_dose_on" in entry.value:
        day = parse_date(entry.value["last_dose_on"])
        dose = dose_on(day, context.facts.site.tz)
        if not all(context.start.at_least(dose + wait) for wait in waits):
            named = f"The prescriber named {shown_on(day)} as the last day of {drug}"
            if booked(context):
                named += f", which leaves {hours_between(dose, context.start.at)} hours before this start"
            return [conflict(named, waits)]
    stated = entry.value.get("hold_hours")
    if stated is not None and any(wait != timedelta(hours=stated) for wait in waits):
        named = f"The prescriber wants {drug} stopped for {both_ways(timedelta(hours=stated))}"
        return [conflict(named, waits)]
    return []


def conflict(named: str, waits: Sequence[timedelta]) -> Check:
    wanted = f"the protocol wants {both_ways(max(waits))}"
    return review(CONFLICTS, f"{named}; {wanted}: a clinician decides.", owner=CLINICIAN)


def answered_for_another_date(context: Context, drug: str, entry: Evidence) -> Check | None:
    """A last day that was named for a date of the procedure says nothing about another date."""
    if not booked(context) or not {"start_on", "last_dose_on"} <= entry.value.keys():
        return None
    asked_for = parse_date(entry.value["start_on"])
    if asked_for == local_date(context.start.at, context.facts.site.tz):
        return None
    was = f"The prescriber answered for a procedure on {shown_on(asked_for)}, which is now on another day"
    return pending("clearance_other_date", f"{was}. Ask for the last day of {drug} again.")


def booked(context: Context) -> bool:
    return context.start.booked


def hours_between(dose: datetime, start: datetime) -> int:
    """Whole hours: a further one, not yet full, would seem to be enough."""
    return max(0, (start - dose) // timedelta(hours=1))


def held_rows(context: Context, drug: str) -> list[Held]:
    """The rows that plan this drug's hold, one for each way in which the patient takes it."""
    plans = [plan for plan in plans_of(context, drug) if plan.match.rows]
    found = [(plan, rows) for plan in plans if (rows := rows_for(context, plan.match)) is not None]
    return [Held(rows.plans_by, wait_of(rows.plans_by, plan.match)) for plan, rows in found]


def said_no(_context: Context, evidence: Evidence) -> Check | None:
    if evidence.value.get("answer") != REFUSED:
        return None
    drug = evidence.item.partition(":")[2]
    refusal = f"The prescriber does not want {drug} stopped. Call the clinician, who decides how to go on."
    return said("clearance_refused", refusal, owner=CLINICIAN)


CLEARANCE = Kind(
    name=KIND,
    items=items,
    answer=answer,
    said_no=said_no,
    shapes=(
        Shape(
            {"answer": choice(ASKED, *ANSWERS), "prescriber": TEXT, "how": choice(*WAYS)},
            {
                "contact": UUID,
                "start_on": DATE,  # the date of the procedure that the prescriber was told
                "last_dose_on": DATE,
                "hold_hours": number(0, MOST_HOURS),
                "bridging": choice("yes", "no"),
                "bridging_how": TEXT,
                "reason": TEXT,
                TOLD: listed(choice(*ASKED_CODES)),
            },
        ),
        NOT_SURE,
    ),
)
