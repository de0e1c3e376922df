from datetime import timedelta

from checklists.rules.clock import Clock, Start
from tests.checklists.rules.cases import HOUR, INSTANT, SECOND, START


def test_clock_reaches_an_instant_on_equality():
    clock = Clock(START)
    assert (clock.reached(START), clock.reached(START + INSTANT)) == (True, False)


def test_next_change_is_the_earliest_instant_asked_about_and_not_reached():
    clock = Clock(START)
    for hours in (-1, 0, 3, 2):
        clock.reached(START + hours * HOUR)
    assert clock.next_change == START + 2 * HOUR


def test_booked_start_never_changes_the_clock():
    clock = Clock(START)
    assert Start(START + HOUR, clock).at_least(START + 2 * HOUR) is False
    assert clock.next_change is None


def test_moving_start_is_remembered_its_lead_earlier():
    clock = Clock(START)
    start = Start(START + 24 * HOUR, clock, timedelta(hours=24))
    assert start.at_least(START + 30 * HOUR) is False
    assert clock.next_change == START + 6 * HOUR


def test_at_most_holds_on_equality_and_changes_just_after():
    clock = Clock(START)
    start = Start(START, clock, timedelta(0))
    assert (start.at_most(START - SECOND), start.at_most(START), start.at_most(START + HOUR)) == (False, True, True)
    assert clock.next_change == START + INSTANT
