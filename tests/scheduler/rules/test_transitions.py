"""The table of acts is complete, and says of every role and state one thing."""

from scheduler.access import ACCESS
from scheduler.rules.roles import CARE, EVERY_ROLE, ROLES
from scheduler.rules.transitions import (
    ENDED_BY,
    ENDINGS,
    STATES,
    TRANSITIONS,
    Act,
    acts_of,
    allowed_steps,
    endings_of,
    may,
)


def test_every_act_has_a_row_with_roles_and_states_that_exist() -> None:
    assert set(TRANSITIONS) == set(Act)
    for step in TRANSITIONS.values():
        assert step.who and step.who <= CARE  # the administrator and the auditor touch no case
        assert step.sources and set(step.sources) <= set(STATES)
        assert set(step.targets) <= set(STATES)


def test_every_state_is_reached_and_left_but_the_closed_one() -> None:
    before, after = {a for a, _ in allowed_steps()}, {b for _, b in allowed_steps()}
    assert before == set(STATES) - {"closed"}
    assert after == set(STATES)


def test_every_ending_has_the_act_that_leads_there() -> None:
    assert set(ENDED_BY) == set(ENDINGS)
    assert all(ending in TRANSITIONS[act].targets for ending, act in ENDED_BY.items())


def test_only_arriving_is_refused_in_no_state() -> None:
    assert [act for act, step in TRANSITIONS.items() if set(step.sources) == set(STATES)] == [Act.ARRIVE]


def test_nobody_outside_care_and_nobody_without_a_role_is_offered_anything() -> None:
    for state in STATES:
        assert acts_of(EVERY_ROLE - CARE, state) == acts_of((), state) == frozenset()
        assert endings_of((), state) == ()


def test_several_roles_may_what_each_of_them_may() -> None:
    for state in STATES:
        apart = frozenset().union(*(acts_of({role}, state) for role in ROLES))
        assert acts_of(ROLES, state) == apart


def test_dead_patient_is_brought_back_by_no_act_but_opening_the_case_again() -> None:
    moving = {act for act in Act if TRANSITIONS[act].targets and may(act, ROLES, "died")}
    assert moving == {Act.CLOSE, Act.REOPEN}


def test_case_is_started_by_the_ward_only_and_only_when_checked_in() -> None:
    who = {(role, state) for role in ROLES for state in STATES if may(Act.START, {role}, state)}
    assert who == {("nurse", "checked_in"), ("clinician", "checked_in")}


def test_no_route_of_an_act_is_open_to_a_role_that_may_not_do_it() -> None:
    assert ACCESS["case-start"] == ACCESS["ward-start"] == {"POST": TRANSITIONS[Act.START].who}
    assert ACCESS["booking-move"]["POST"] == TRANSITIONS[Act.MOVE].who
