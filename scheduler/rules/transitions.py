"""The whole workflow of a case on one screen: who may do what in which state, where it leads, through which gate.

The API and the pages refuse by this table, templates show their buttons by it, and the tests are made from it.
"""

from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum

from checklists.rules.values import Gate
from scheduler.rules.roles import CARE, CLINICIANS, DESK, NURSES, WARD

PATH = ("referred", "booked", "checked_in", "in_procedure", "recovering", "discharged", "closed")
ENDINGS = ("cancelled", "no_show", "aborted", "not_candidate", "withdrew", "died")
STATES = PATH + ENDINGS
OVER = ("closed", *ENDINGS)  # nothing is done about readiness any more
BEFORE_PROCEDURE = ("referred", "booked", "checked_in")
UNDER_WAY = ("in_procedure", "recovering")
NOT_CLOSED = tuple(state for state in STATES if state != "closed")


class Act(StrEnum):
    BOOK = "book"
    RELEASE = "release"
    CHECK_IN = "check_in"
    START = "start"
    FINISH = "finish"
    DISCHARGE = "discharge"
    CLOSE = "close"
    END = "end"  # cancelled, no_show, not_candidate, withdrew: before the procedure
    DIE = "die"  # at any step
    ABORT = "abort"
    REOPEN = "reopen"
    # These leave the case in its state.
    ARRIVE = "arrive"
    MOVE = "move"
    SEND_HOME = "send_home"  # a release or an abort, at the bedside
    FROM_PAPER = "enter_from_paper"  # steps that the system has not seen
    PLAN = "change_the_plan"
    RECORD = "record"
    PHONE = "check_by_phone"
    ASK_PRESCRIBER = "ask_a_prescriber"
    SEND_LINK = "send_a_link"
    REVIEW = "sign_a_review"
    ASK_OVERRIDE = "ask_for_an_override"
    OVERRIDE = "override"


@dataclass(frozen=True, slots=True)
class Transition:
    who: frozenset[str]
    sources: tuple[str, ...]
    targets: tuple[str, ...] = ()
    gate: Gate | None = None
    stamp: str | None = None  # the column that keeps when it happened


TRANSITIONS: dict[Act, Transition] = {
    Act.BOOK: Transition(DESK, ("referred",), ("booked",), Gate.BOOKING),
    Act.RELEASE: Transition(DESK, ("booked", "checked_in"), ("referred",)),
    Act.CHECK_IN: Transition(WARD, ("booked",), ("checked_in",), Gate.CHECK_IN, "checked_in_at"),
    Act.START: Transition(WARD, ("checked_in",), ("in_procedure",), Gate.START, "started_at"),
    Act.FINISH: Transition(WARD, ("in_procedure",), ("recovering",), None, "finished_at"),
    Act.DISCHARGE: Transition(WARD, ("recovering",), ("discharged",), Gate.DISCHARGE, "discharged_at"),
    Act.CLOSE: Transition(CARE, ("discharged", *ENDINGS), ("closed",), None, "closed_at"),
    Act.END: Transition(CARE, BEFORE_PROCEDURE, ("cancelled", "no_show", "not_candidate", "withdrew")),
    Act.DIE: Transition(CARE, (*BEFORE_PROCEDURE, *UNDER_WAY, "discharged"), ("died",)),
    Act.ABORT: Transition(CARE, ("checked_in", "in_procedure"), ("aborted",)),
    Act.REOPEN: Transition(DESK, ENDINGS, ("referred",)),
    Act.ARRIVE: Transition(CARE, STATES),  # a fact, never refused
    Act.MOVE: Transition(DESK, ("booked",)),
    Act.SEND_HOME: Transition(WARD, ("booked", "checked_in", "in_procedure")),
    Act.FROM_PAPER: Transition(WARD, (*BEFORE_PROCEDURE, *UNDER_WAY)),
    Act.PLAN: Transition(DESK, BEFORE_PROCEDURE),
    Act.RECORD: Transition(CARE, NOT_CLOSED),
    Act.PHONE: Transition(CARE, ("booked", "checked_in")),
    Act.ASK_PRESCRIBER: Transition(CARE, BEFORE_PROCEDURE),
    Act.SEND_LINK: Transition(DESK, BEFORE_PROCEDURE),
    Act.REVIEW: Transition(CLINICIANS, NOT_CLOSED),
    Act.ASK_OVERRIDE: Transition(NURSES, (*BEFORE_PROCEDURE, *UNDER_WAY)),  # a clinician overrides
    Act.OVERRIDE: Transition(CLINICIANS, (*BEFORE_PROCEDURE, *UNDER_WAY)),
}
ENDED_BY = {target: act for act in (Act.END, Act.DIE, Act.ABORT) for target in TRANSITIONS[act].targets}


def allowed_steps() -> tuple[tuple[str, str], ...]:
    """Every (from, to) pair of states that the table allows, sorted; the database holds the same list."""
    pairs = {(a, b) for t in TRANSITIONS.values() for a in t.sources for b in t.targets}
    return tuple(sorted(pairs))


def may(act: Act, roles: Collection[str], state: str) -> bool:
    """Whether the table has this act for one of the roles in this state."""
    step = TRANSITIONS[act]
    return state in step.sources and not step.who.isdisjoint(roles)


def acts_of(roles: Collection[str], state: str) -> frozenset[Act]:
    """What somebody with these roles may do to a case in this state: what a page offers."""
    return frozenset(act for act in Act if may(act, roles, state))


def endings_of(roles: Collection[str], state: str) -> tuple[str, ...]:
    """The endings that somebody with these roles may give to a case in this state."""
    return tuple(ending for ending in ENDINGS if may(ENDED_BY[ending], roles, state))
