"""Whose decision about a drug counts, what it makes of the drug's row, and what is known of a condition."""

from dataclasses import replace
from datetime import timedelta

import pytest

from checklists.rules.assess import context_of
from checklists.rules.clock import Clock, Start
from checklists.rules.decisions import decision_on, in_effect, kind_of, local_without_fast
from checklists.rules.drug_levels import high_checks, level_checks, measured, short_hold_checks
from checklists.rules.known import first_given, is_so, knew_of
from checklists.rules.protocol import Bound, DrugLevel, ReviewIf
from checklists.rules.values import Authority
from tests.checklists.rules.cases import FACTS, HOUR, INSTANT, LABS, PROTOCOL, START, at, hold, lab
from tests.checklists.rules.notes import Notes

DAY = timedelta(days=1)
AT = START - 10 * DAY
CONTINUE, STOP = {"decision": "continue"}, {"decision": "stop", "hours": 96}
INSTRUCTION, GOES_ON = {"decision": "instruction"}, {"answer": "continue"}
HOLD, CLEARANCE = "hold:aspirin", "prescriber_clearance:aspirin"


def context(*notes, facts=FACTS, protocol=PROTOCOL, start=START):
    taken = Notes()
    for item, value, *more in notes:
        taken.add(item, value, *more)
    return context_of(protocol, facts, taken.all, Start(start, Clock(START - 30 * DAY)))


@pytest.mark.parametrize(
    ("item", "value", "authority", "counts"),
    [
        (HOLD, CONTINUE, Authority.CLINICIAN, True),
        (HOLD, CONTINUE, Authority.NURSE, False),
        (HOLD, STOP, Authority.CLINICIAN, True),
        (HOLD, STOP, Authority.NURSE, False),
        (HOLD, INSTRUCTION, Authority.NURSE, True),
        (HOLD, INSTRUCTION, Authority.SCHEDULER, False),
        (HOLD, {"last_dose_on": "2027-03-01"}, Authority.CLINICIAN, False),
        (CLEARANCE, GOES_ON, Authority.NURSE, True),
        (CLEARANCE, GOES_ON, Authority.SCHEDULER, False),
        (CLEARANCE, {"answer": "agreed"}, Authority.CLINICIAN, False),
        ("hold:warfarin", CONTINUE, Authority.CLINICIAN, False),
        ("prescriber_clearance:warfarin", GOES_ON, Authority.CLINICIAN, False),
    ],
)
def test_decision_is_the_word_of_whoever_may_decide(item, value, authority, counts):
    decided = decision_on(context((item, value, AT, authority)), "aspirin")
    assert (decided is not None) is counts
    assert decided is None or kind_of(decided) == value.get("decision", value.get("answer"))


@pytest.mark.parametrize(
    ("first", "second", "kind"),
    [
        ((HOLD, STOP, AT), (HOLD, CONTINUE, AT + HOUR), "continue"),
        ((HOLD, STOP, AT + HOUR), (HOLD, CONTINUE, AT), "stop"),
        ((HOLD, STOP, AT), (HOLD, CONTINUE, AT), "stop"),  # of one instant the worse counts
        ((HOLD, {**STOP, "hours": 0}, AT), (HOLD, CONTINUE, AT), "stop"),
        ((HOLD, CONTINUE, AT), (HOLD, STOP, AT), "stop"),
        ((CLEARANCE, GOES_ON, AT), (HOLD, STOP, AT), "stop"),
        ((HOLD, STOP, AT), (CLEARANCE, GOES_ON, AT + HOUR), "continue"),
    ],
)
def test_last_decision_counts_whichever_way_it_came(first, second, kind):
    assert kind_of(decision_on(context(first, second), "aspirin")) == kind


def test_longer_of_two_stops_of_one_instant_counts():
    stops = [(HOLD, {**STOP, "hours": hours}, AT) for hours in (240, 96)]
    assert decision_on(context(*stops), "aspirin").value["hours"] == 240


LOOKED_AT = ReviewIf(asked=frozenset({"stent"}))
WEIGHED = hold("aspirin", "clinician_decision", clear=24, block=12, settled_by=frozenset({"continue", "stop"}))
COMPANY = hold("sertraline", "class_review", review_if=LOOKED_AT)
FREE = hold("ozempic", clear=168, under_local="not_applicable", review_if=LOOKED_AT, slow_stomach=frozenset())
SOFT = hold("jardiance", clear=72, under_local="review")


def test_decision_settles_the_rows_that_it_may_settle():
    goes_on, stopped = (context((HOLD, value, AT)) for value in (CONTINUE, STOP))
    taken_on = replace(WEIGHED, action="continue", block_below=None, clear_at=None)
    assert in_effect(goes_on, "aspirin", WEIGHED) == taken_on
    held = replace(WEIGHED, action="timed_hold", block_below=96 * HOUR, clear_at=96 * HOUR)
    assert in_effect(stopped, "aspirin", WEIGHED) == held
    for row in (replace(WEIGHED, settled_by=frozenset({"instruction"})), replace(WEIGHED, settled_by=frozenset())):
        assert in_effect(goes_on, "aspirin", row) == row
    assert in_effect(context(), "aspirin", WEIGHED) == WEIGHED


@pytest.mark.parametrize(
    ("row", "anesthesia", "expected"),
    [
        (COMPANY, "sedation", replace(COMPANY, action="continue")),
        (replace(COMPANY, review_if=None), "sedation", replace(COMPANY, review_if=None)),  # everybody is looked at
        (FREE, "sedation", FREE),
        (FREE, None, FREE),
        (FREE, "local", replace(FREE, action="continue", review_if=None, slow_stomach=None)),
        (SOFT, "local", replace(SOFT, block_below=timedelta(0))),
        (SOFT, "general", SOFT),
        (hold("x", clear=24), "local", None),
    ],
)
def test_row_is_looser_where_nobody_fasts_and_a_condition_is_judged_by_itself(row, anesthesia, expected):
    found = in_effect(context(facts=replace(FACTS, anesthesia=anesthesia)), row.drug, row)
    assert found == (expected or row)


def test_local_anesthesia_is_no_reason_where_the_protocol_fasts_for_it():
    local = replace(FACTS, anesthesia="local")
    fasted = replace(PROTOCOL, fasting=replace(PROTOCOL.fasting, applies_to=frozenset({"local", "general"})))
    assert local_without_fast(context(facts=local))
    assert not local_without_fast(context())
    assert not local_without_fast(context(facts=local, protocol=fasted))


# ---- levels of a drug


BANDS = ((Bound(high=30),), (Bound(low=30, high=50),), (Bound(low=50, low_open=True),))
LEVEL = replace(lab("apixaban level", "ng/mL", *BANDS), row="L1")
MEASURED = replace(PROTOCOL, labs=(*LABS, LEVEL))
TAKEN = START - 3 * DAY
CLEARS, TOLD = (DrugLevel(frozenset({"L1"}), then, needed=False) for then in ("clear", "review"))
NEEDED = replace(CLEARS, needed=True)
ROW = hold("apixaban", block=72, level=CLEARS)


def level(*values, drawn=START - HOUR, unit="ng/mL"):
    entries = [("labs", {"analyte": "apixaban level", "value": value, "unit": unit}, drawn) for value in values]
    return context(*entries, protocol=MEASURED)


def told(checks):
    return [(check.status.value, check.code, check.sentence) for check in checks]


TOO_HIGH = (
    "failed",
    "level_too_high",
    "What is left of apixaban is above the limit of the protocol. Call the clinician: wait and measure it again.",
)
WITHIN = ("review", "level_to_review", "The level of apixaban is within the limit: a clinician decides.")
NEEDS = ("review", "hold_needs_decision", "Time alone does not clear apixaban; it needs: a measured level.")
MEASURE = (
    "pending",
    "level_missing",
    "Measure the level of apixaban, drawn after its last dose, and record it.",
)


@pytest.mark.parametrize(
    ("rule", "values", "checks"),
    [
        (CLEARS, (30,), []),
        (TOLD, (30,), [WITHIN]),
        (CLEARS, (31,), [NEEDS]),
        (CLEARS, (50.1,), [TOO_HIGH]),
        (TOLD, (50.1,), [TOO_HIGH]),
        (CLEARS, (20, 31), [NEEDS]),  # of two drawn at once the worse decides
        (CLEARS, (20, 60), [TOO_HIGH]),
        (CLEARS, (), [NEEDS]),
        (NEEDED, (), [NEEDS, MEASURE]),
        (NEEDED, (31,), [NEEDS]),
    ],
)
def test_level_clears_is_told_or_stops(rule, values, checks):
    found = level_checks(level(*values), "apixaban", ROW, rule, TAKEN)
    assert told(found) == checks
    assert all(check.until_start for check in found if check.code == "level_missing")


def test_what_a_drug_needs_is_said_in_the_words_of_its_row():
    (check,) = level_checks(level(), "apixaban", replace(ROW, extra_gate="anti-Xa < 0.1"), CLEARS, TAKEN)
    assert check.sentence == "Time alone does not clear apixaban; it needs: anti-Xa < 0.1."


@pytest.mark.parametrize(
    ("drawn", "counts"),
    [
        (TAKEN, False),  # at the dose itself
        (TAKEN + INSTANT, True),
        (START, True),
        (START + INSTANT, False),
    ],
)
def test_level_counts_that_was_drawn_after_the_last_dose_and_before_the_start(drawn, counts):
    assert len(measured(level(10, drawn=drawn), CLEARS, TAKEN)) == counts


def test_level_of_another_row_says_nothing_of_this_drug():
    assert measured(level(10), DrugLevel(frozenset({"L2"}), "clear", needed=False), TAKEN) == []


def test_level_above_its_limit_stops_whatever_the_time():
    assert told(high_checks(level(60), "apixaban", ROW, TAKEN)) == [TOO_HIGH]
    assert high_checks(level(31), "apixaban", ROW, TAKEN) == []
    assert high_checks(level(60), "apixaban", replace(ROW, level=None), TAKEN) == []


@pytest.mark.parametrize(
    ("values", "row", "check"),
    [
        ((60,), ROW, TOO_HIGH),
        ((10,), ROW, ("review", "level_to_review", "Short, and its level is within the limit: a clinician decides.")),
        ((31,), ROW, ("review", "hold_between_thresholds", "Short: a clinician decides.")),
        ((), ROW, ("review", "hold_between_thresholds", "Short: a clinician decides.")),
        ((10,), replace(ROW, level=None), ("review", "hold_between_thresholds", "Short: a clinician decides.")),
    ],
)
def test_short_hold_is_decided_by_a_clinician_who_knows_the_level(values, row, check):
    assert told(short_hold_checks(level(*values), "apixaban", row, "Short", TAKEN)) == [check]


# ---- what is known of a condition


def said(answer, when=AT, authority=Authority.PATIENT):
    return (HOLD, {"answers": {"stent": answer}}, when, authority)


HAS, HAS_NOT = replace(FACTS, conditions=frozenset({"stent"})), FACTS
UNASKED = replace(FACTS, conditions_denied=frozenset())


@pytest.mark.parametrize(
    ("facts", "entries", "known"),
    [
        (UNASKED, (), None),
        (HAS, (), True),
        (HAS_NOT, (), False),
        (UNASKED, (said("yes"),), True),
        (UNASKED, (said("no"),), False),
        (UNASKED, (said("not_sure"),), None),
        (HAS_NOT, (said("yes"),), True),
        (HAS, (said("no"),), True),  # the plan may have been changed since
        (HAS, (said("not_sure"),), True),
        (UNASKED, (said("no"), said("yes", AT + HOUR)), True),
        (UNASKED, (said("yes"), said("no", AT + HOUR)), False),
        (UNASKED, (said("no"), said("yes")), True),  # of one instant the worse counts
        (UNASKED, (said("no"), said("not_sure")), None),
        (UNASKED, ((HOLD, {"answers": {"gastroparesis": "yes"}}, AT),), None),
        (UNASKED, (("hold:warfarin", {"answers": {"stent": "yes"}}, AT),), None),
    ],
)
def test_condition_is_there_is_not_or_is_not_known(facts, entries, known):
    assert is_so(context(*entries, facts=facts), "aspirin", "stent", on_the_day=False) is known


@pytest.mark.parametrize(
    ("facts", "entries", "known"),
    [
        (UNASKED, (said("yes", at("2027-03-10 00:00")),), True),
        (UNASKED, (said("no", at("2027-03-10 00:00")),), False),
        (UNASKED, (said("no", at("2027-03-10 00:00") - INSTANT),), None),  # of the evening before
        (HAS_NOT, (), None),
        (HAS, (), True),
        (HAS, (said("no", START - HOUR),), False),
    ],
)
def test_condition_of_the_day_is_asked_on_the_day_of_the_start(facts, entries, known):
    assert is_so(context(*entries, facts=facts), "aspirin", "stent", on_the_day=True) is known


def test_day_of_a_condition_is_the_sites_day_to_its_end():
    late = at("2027-03-09 22:00")  # the 10th by UTC
    case = context(said("no", late - 2 * HOUR), start=late)
    assert is_so(case, "aspirin", "stent", on_the_day=True) is False


AGREED = {"answer": "agreed", "prescriber": "Dr. W"}


def agreement(*entries, value=AGREED, when=AT):
    case = context((CLEARANCE, value, when), *entries)
    return case, case.standing(CLEARANCE)[0]


@pytest.mark.parametrize(
    ("value", "asked", "entries", "knew"),
    [
        ({**AGREED, "told": ["stent"]}, (), (), True),
        ({**AGREED, "told": []}, (), (said("yes", AT - DAY),), False),  # what was told is stated, and it was not this
        (AGREED, ({"told": ["stent"]},), (), True),
        (AGREED, ({"told": ["gastroparesis"]},), (), False),
        (AGREED, ({},), (), False),
        (AGREED, (), (said("yes", AT),), True),
        (AGREED, (), (said("yes", AT + INSTANT),), False),
        (AGREED, (), (said("no", AT - DAY),), False),
        (AGREED, (), (said("yes", AT + DAY), said("yes", AT - DAY)), True),
        (AGREED, (), (), False),
    ],
)
def test_prescriber_knew_what_was_told_or_said_before_the_answer(value, asked, entries, knew):
    case, agreed = agreement(*entries, value=value)
    questions = Notes()
    for question in asked:
        questions.add(CLEARANCE, question, AT)
    assert knew_of(case, "aspirin", agreed, "stent", questions.all) is knew


def test_asking_after_the_answer_told_nothing_before_it():
    case, agreed = agreement()
    later = Notes().add(CLEARANCE, {"told": ["stent"]}, AT + INSTANT)
    assert not knew_of(case, "aspirin", agreed, "stent", [later])


def test_answer_is_as_old_as_the_first_record_of_the_same_words():
    case = context((CLEARANCE, AGREED, AT + DAY), (CLEARANCE, AGREED, AT), (CLEARANCE, {**AGREED, "x": 1}, AT - DAY))
    assert first_given(case, case.standing(CLEARANCE)[0]) == AT
