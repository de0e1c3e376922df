"""The whole workflow of a case on one screen: which act leads from where to where, and through which gate."""

from dataclasses import dataclass
from enum import StrEnum

from checklists.rules.values import Gate

PATH = ("referred", "booked", "checked_in", "in_procedure", "recovering", "discharged", "closed")
ENDINGS = ("cancelled", "no_show", "aborted", "not_candidate", "withdrew", "died")
STATES = PATH + ENDINGS
BEFORE_PROCEDURE = ("referred", "booked", "checked_in")


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


@dataclass(frozen=True, slots=True)
class Transition:
    sources: tuple[str, ...]
    targets: tuple[str, ...]
    gate: Gate | None = None
    stamp: str | None = None  # the column that keeps when it happened


TRANSITIONS: dict[Act, Transition] = {
    Act.BOOK: Transition(("referred",), ("booked",), Gate.BOOKING),
    Act.RELEASE: Transition(("booked", "checked_in"), ("referred",)),
    Act.CHECK_IN: Transition(("booked",), ("checked_in",), Gate.CHECK_IN, "checked_in_at"),
    Act.START: Transition(("checked_in",), ("in_procedure",), Gate.START, "started_at"),
    Act.FINISH: Transition(("in_procedure",), ("recovering",), None, "finished_at"),
    Act.DISCHARGE: Transition(("recovering",), ("discharged",), Gate.DISCHARGE, "discharged_at"),
    Act.CLOSE: Transition(("discharged", *ENDINGS), ("closed",), None, "closed_at"),
    Act.END: Transition(BEFORE_PROCEDURE, ("cancelled", "no_show", "not_candidate", "withdrew")),
    Act.DIE: Transition((*BEFORE_PROCEDURE, "in_procedure", "recovering", "discharged"), ("died",)),
    Act.ABORT: Transition(("checked_in", "in_procedure"), ("aborted",)),
    Act.REOPEN: Transition(ENDINGS, ("referred",)),
}


def allowed_steps() -> tuple[tuple[str, str], ...]:
    """Every (from, to) pair of states that the table allows, sorted; the database holds the same list."""
    pairs = {(a, b) for t in TRANSITIONS.values() for a in t.sources for b in t.targets}
    return tuple(sorted(pairs))
