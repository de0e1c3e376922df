"""When an item is due and when its absence blocks, on the calendar of a case."""

from dataclasses import replace
from datetime import timedelta

import pytest

from checklists.rules.assess import context_of
from checklists.rules.clock import Clock, Start
from checklists.rules.context import Answer, Item
from checklists.rules.moments import deadline_at, due_at
from checklists.rules.protocol import Moment
from checklists.rules.values import Gate, Step
from tests.checklists.rules.cases import FACTS, HOUR, PROTOCOL, START, at, before, rule

ANSWER = Answer(anchors={"stop_time": at("2027-03-08 07:00"), "fast_start": None})


def due_and_deadline(moment, facts=FACTS, lead=None):
    context = context_of(PROTOCOL, facts, (), Start(START, Clock(START - HOUR), lead))
    item = Item("labs", rule("labs", Step.LABS, "nurse", Gate.CHECK_IN, moment, moment))
    return due_at(context, item, ANSWER), deadline_at(context, item, ANSWER)


@pytest.mark.parametrize(
    ("moment", "due", "deadline"),
    [
        # Within opening hours, 8 to 17, a moment stays where it is.
        (before(24), "2027-03-09 10:00", "2027-03-09 10:00"),
        # Before opening: due on the evening before, overdue 30 minutes after the doors open.
        (before(3), "2027-03-09 17:00", "2027-03-10 08:30"),
        (before(3, "stop_time"), "2027-03-05 17:00", "2027-03-08 08:30"),
        # After hours: both at the end of that day's work.
        (before(15), "2027-03-09 17:00", "2027-03-09 17:00"),
        # A clock of a drug or a fast never moves.
        (before(15, human=False), "2027-03-09 19:00", "2027-03-09 19:00"),
        (before(3, "stop_time", human=False), "2027-03-08 04:00", "2027-03-08 04:00"),
        # Nothing waits beyond the start.
        (before(-2), "2027-03-10 12:00", "2027-03-10 10:00"),
        (before(-2, human=False), "2027-03-10 12:00", "2027-03-10 10:00"),
    ],
)
def test_work_of_people_keeps_opening_hours_and_the_clock_of_a_drug_does_not(moment, due, deadline):
    assert due_and_deadline(moment) == (at(due), at(deadline))


def test_arrival_is_when_the_patient_came_else_the_start():
    here = replace(FACTS, arrived_at=START - 2 * HOUR)
    assert due_and_deadline(Moment("arrival"), here) == (START - 2 * HOUR, START - 2 * HOUR)
    assert due_and_deadline(Moment("arrival"), replace(FACTS, arrived_at=None)) == (START, START)
    assert due_and_deadline(Moment("start"), here) == (START, START)


@pytest.mark.parametrize("moment", [None, Moment("fast_start"), Moment("stop_dose"), Moment("discharge")])
def test_moment_that_is_not_known_is_no_moment(moment):
    assert due_and_deadline(moment) == (None, None)


@pytest.mark.parametrize("moment", [before(24), before(15, human=False), Moment("arrival")])
def test_nothing_is_due_before_a_start_is_booked(moment):
    assert due_and_deadline(moment, lead=timedelta(0)) == (None, None)
