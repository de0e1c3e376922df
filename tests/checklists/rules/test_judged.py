"""How long a verdict holds, and what is judged of a case that cannot be read."""

import re
from dataclasses import replace
from datetime import UTC, date, timedelta

import pytest

from checklists.rules.assess import assess, item_keys, judged_case, tzdata_version
from checklists.rules.kinds import KINDS
from checklists.rules.values import Authority, Gate, State, Status
from tests.checklists.rules.cases import (
    FACTS,
    HOUR,
    INSTANT,
    ITEMS,
    NEW_YORK,
    PROTOCOL,
    SECOND,
    START,
    at,
    finding,
    judge,
    outcome,
    rule,
    taking,
)
from tests.checklists.rules.notes import NO_ANSWERS, Notes, ready_notes

NOW = START - timedelta(days=30)
DAY = timedelta(days=1)


def test_zone_database_is_named_by_its_year_and_letter():
    assert re.fullmatch(r"20\d\d\.\d+", tzdata_version())


def test_verdict_holds_from_its_moment_until_it_changes_and_not_before():
    judged = judged_case(PROTOCOL, FACTS, (), START, START - 3 * DAY)
    assert judged.verdict.next_change_at == judged.until
    for moment in (judged.now, judged.now + INSTANT, judged.until - INSTANT):
        assert judged.at(moment) == replace(judged.verdict, earliest_safe_start=moment)
    for moment in (judged.now - INSTANT, judged.until, judged.until + DAY):
        assert judged.at(moment) is None


def test_verdict_that_never_changes_holds_for_good():
    judged = judged_case(PROTOCOL, FACTS, (), START, START)
    later = START + 400 * DAY
    assert (judged.until, judged.at(later)) == (None, replace(judged.verdict, earliest_safe_start=later))


def test_earliest_start_moves_ahead_of_the_clock_while_a_drug_is_taken():
    judged = judged_case(PROTOCOL, taking("ibuprofen"), (), None, NOW)
    assert judged.lead == 24 * HOUR
    assert judged.verdict.earliest_safe_start == NOW + 24 * HOUR
    later = judged.at(NOW + HOUR)
    assert later == replace(judged.verdict, earliest_safe_start=NOW + 25 * HOUR)


def test_start_can_be_now_where_nothing_of_the_protocol_takes_time():
    consult_only = replace(PROTOCOL, items=ITEMS[:1])
    assert judge(evidence=ready_notes().all, start=None, now=NOW, protocol=consult_only).earliest_safe_start == NOW


def test_earliest_start_that_a_last_dose_fixes_stays_until_the_clock_comes_to_it():
    notes = Notes()
    notes.add("hold:ibuprofen", {"last_dose_at": NOW.isoformat()}, NOW)
    judged = judged_case(PROTOCOL, taking("ibuprofen"), notes.all, START, NOW)
    assert (judged.lead, judged.verdict.earliest_safe_start) == (timedelta(0), NOW + 24 * HOUR)
    assert judged.at(NOW + HOUR) is judged.verdict
    assert judged.at(NOW + 24 * HOUR - INSTANT) is judged.verdict


def test_change_of_the_earliest_start_alone_ends_a_kept_verdict_and_is_no_change_of_a_booked_case():
    """A booked case says when its findings change; who keeps its verdict also has to know when its best date does."""
    birthday = date(1967, 2, 20)  # 60: the clearance falls from 50.3 to 49.7, and dabigatran is then held for 144 h
    facts = replace(taking("dabigatran"), born_on=birthday, sex="male", weight_kg=72.0)
    notes = Notes()
    notes.add("labs", {"analyte": "creatinine", "value": 1.61, "unit": "mg/dL"}, NOW - DAY)
    judged = judged_case(PROTOCOL, facts, notes.all, START, NOW)
    assert judged.verdict.earliest_safe_start == NOW + 96 * HOUR
    assert judged.until == at("2027-02-16 00:00")
    assert judged.verdict.next_change_at > judged.until


def test_case_without_a_booking_says_itself_when_it_changes():
    judged = judged_case(PROTOCOL, FACTS, (), None, START - 2 * DAY)
    assert judged.verdict.next_change_at == judged.until == at("2027-04-08 00:00")  # the window is over


@pytest.mark.parametrize("start", [START, None])
def test_instants_of_a_verdict_are_in_utc_wherever_they_came_from(start):
    there = start and start.astimezone(NEW_YORK)
    verdict = judge(taking("ibuprofen"), (), there, NOW.astimezone(NEW_YORK))
    instants = [verdict.earliest_safe_start, verdict.next_change_at, *(f.deadline_at for f in verdict.findings)]
    found = [instant.tzinfo for instant in instants if instant is not None]
    assert found
    assert all(zone is UTC for zone in found)


def test_protocol_without_items_blocks():
    verdict = judge(evidence=ready_notes().all, protocol=replace(PROTOCOL, items=()))
    assert (verdict.state, verdict.findings) == (State.BLOCKED, ())


def test_kind_that_the_engine_does_not_know_is_among_the_keys_and_is_said():
    odd = replace(PROTOCOL, items=(*ITEMS, rule("horoscope", ITEMS[0].step, "nurse", Gate.START)))
    found = finding("horoscope", evidence=ready_notes().all, protocol=odd)
    told = "The rule for horoscope could not be evaluated (LookupError). Report it and call a clinician."
    assert (found.sentence, found.owner, found.kind, found.needed_by) == (told, "nurse", "horoscope", Gate.START)
    assert item_keys(odd, FACTS, (), START, NOW)[-1] == "horoscope"


@pytest.mark.parametrize("zone", [UTC, NEW_YORK])
def test_items_of_a_moment_are_those_that_are_judged_then(zone):
    """A restart is owed once the time to stop has come, and nowhere while nothing is booked."""
    facts, stop = taking("ibuprofen"), START - DAY
    for start, now, owed in ((START, stop - SECOND, False), (START, stop, True), (None, stop, False)):
        told = (facts, (), start and start.astimezone(zone), now.astimezone(zone))
        keys = item_keys(PROTOCOL, *told)
        assert keys == tuple(found.item for found in judge(*told).findings)
        assert ("restart_decision:ibuprofen" in keys) is owed


def test_items_that_cannot_be_told_are_one_failure_of_their_kind():
    """A list of drugs that is no list: which drugs are held is not known, so the hold as a whole is not."""
    facts = replace(FACTS, medications=None)
    verdict = judge(facts, ready_notes().all)
    holds = [(f.item, f.status, f.code) for f in verdict.findings if f.kind == "hold"]
    assert holds == [("hold", Status.FAILED, "rule_error")]
    assert verdict.finding("hold").sentence.startswith("The rule for hold could not be evaluated (TypeError).")
    assert verdict.state is State.BLOCKED
    assert "hold" in item_keys(PROTOCOL, facts, ready_notes().all, START, NOW)


def test_evidence_of_no_kind_changes_nothing():
    notes = ready_notes()
    strange = notes.add("horoscope", {"sign": "libra"})
    notes.add("horoscope", {"sign": "leo"}, supersedes=(strange.id,))
    assert judge(evidence=notes.all) == judge(evidence=ready_notes().all)


def test_no_that_cannot_be_read_is_answered_like_any_other():
    notes = ready_notes()
    broken = notes.add("ride", {"nonsense": 1}, authority=Authority.NURSE)
    notes.add("ride", {"available": True, "adult": True}, START - HOUR / 2, Authority.NURSE, (broken.id,))
    assert outcome("ride", evidence=notes.all) == ("satisfied", "satisfied")


def test_good_answer_is_not_superseded_where_the_protocol_says_what_a_no_is():
    notes = ready_notes()
    good = notes.add("infection_prescreen", {"answers": NO_ANSWERS}, START - 10 * HOUR)
    notes.add("infection_prescreen", {"answers": {}}, START - 12 * HOUR, supersedes=(good.id,))
    assert outcome("infection_prescreen", evidence=notes.all) == ("satisfied", "satisfied")


def test_findings_are_in_the_order_of_the_board_whatever_the_order_of_the_protocol():
    turned = replace(PROTOCOL, items=ITEMS[::-1])
    kinds = list(dict.fromkeys(f.kind for f in judge(evidence=ready_notes().all, protocol=turned).findings))
    assert kinds == [kind for kind in KINDS if kind in kinds]
    assert kinds[0] == "consult"


@pytest.mark.parametrize("now", [NOW, START])
def test_reviews_are_given_by_whoever_asks_and_default_to_none(now):
    notes = ready_notes()
    assert assess(PROTOCOL, FACTS, notes.all, START, now) == judge(evidence=notes.all, now=now, reviews=())
