"""The evidence of a case by item, in the order of recording however it was read."""

from datetime import timedelta

from checklists.rules.ledger import Ledger, latest
from checklists.rules.values import Authority
from tests.checklists.rules.cases import HOUR, SECOND, START
from tests.checklists.rules.notes import Notes


def no_ride(entry):
    return entry if entry.value.get("available") is False else None


def ids(entries):
    return [entry.id for entry in entries]


def test_ledger_of_a_case_without_evidence_is_empty():
    empty = Ledger((), no_ride)
    assert (empty.last_id, empty.items(), empty.entries("ride"), empty.standing("ride")) == (0, (), (), ())


def test_evidence_is_by_item_in_the_order_of_recording_however_it_was_read():
    notes = Notes()
    for item, hours in (("ride", 1), ("labs", 5), ("ride", 3), ("labs", 2)):
        notes.add(item, {"answer": "asked"}, START - hours * HOUR)
    for read in (notes.all, notes.all[::-1]):
        ledger = Ledger(read, no_ride)
        assert (ids(ledger.entries("ride")), ids(ledger.entries("labs")), ledger.last_id) == ([1, 3], [2, 4], 4)
        assert set(ledger.items()) == {"ride", "labs"}


def test_newest_is_the_last_observation_of_all_items():
    notes = Notes()
    for item, hours in (("ride", 1), ("labs", 5)):
        notes.add(item, {"answer": "asked"}, START - hours * HOUR)
    assert Ledger(notes.all, no_ride).newest == START - HOUR
    assert Ledger((), no_ride).newest < START - timedelta(days=3650)


def test_newest_is_never_behind_an_observation_without_an_offset():
    notes = Notes()
    notes.add("ride", {"answer": "asked"}, START.replace(tzinfo=None))
    assert Ledger(notes.all, no_ride).newest > START + timedelta(days=3650)


def test_not_sure_is_an_entry_that_does_not_stand():
    notes = Notes()
    notes.add("ride", {"available": True})
    notes.add("ride", {"answer": "not_sure"})
    notes.add("ride", {"answer": "asked"})
    ledger = Ledger(notes.all, no_ride)
    assert (ids(ledger.entries("ride")), ids(ledger.standing("ride"))) == ([1, 2, 3], [1, 3])


def test_no_is_gone_once_a_later_word_of_the_same_authority_or_a_higher_one_names_it():
    for authority, left in ((Authority.SCHEDULER, [1, 2]), (Authority.NURSE, [2]), (Authority.CLINICIAN, [2])):
        notes = Notes()
        notes.add("ride", {"available": False}, authority=Authority.NURSE)
        notes.add("ride", {"available": True}, authority=authority, supersedes=(1,))
        assert ids(Ledger(notes.all, no_ride).standing("ride")) == left


def test_answer_names_one_no_of_two():
    notes = Notes()
    notes.add("ride", {"available": False})
    notes.add("ride", {"available": False})
    notes.add("ride", {"available": True}, supersedes=(2,))
    assert ids(Ledger(notes.all, no_ride).standing("ride")) == [1, 3]


def test_latest_are_all_that_were_observed_at_the_last_instant():
    notes = Notes()
    for observed_at in (START - HOUR, START, START - SECOND, START, START - timedelta(days=1)):
        notes.add("labs", {}, observed_at)
    assert (ids(latest(notes.all)), latest(())) == ([2, 4], ())
