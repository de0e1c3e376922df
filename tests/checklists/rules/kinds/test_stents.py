"""Stents: asked of everybody who takes certain drugs, and decided by a prescriber who knows of them."""

from dataclasses import replace
from datetime import timedelta

import pytest

from checklists.rules.values import Authority, Medication
from tests.checklists.rules.cases import FACTS, HOUR, SECOND, START, finding, taking
from tests.checklists.rules.kinds.test_hold_conditions import OK, REFERENCE, judged
from tests.checklists.rules.notes import Notes

UNASKED = replace(FACTS, conditions_denied=frozenset())
KNOWN = replace(UNASKED, conditions=frozenset({"stent"}))
AGREED = {"answer": "agreed", "prescriber": "Dr. Weber", "how": "phone"}
PREVENTION = Medication("aspirin", indication="primary prevention")
LONG_AGO, ANSWERED = START - timedelta(days=20), START - timedelta(days=18)
EARLY = START - timedelta(days=17)
BEFORE_THE_STOP = START - timedelta(days=16)


def held_long(drug, answer=None, *words):
    """The hold is long enough; `answer` about the stent, and what the prescriber was asked and answered, and when."""
    notes = Notes()
    notes.add(f"hold:{drug}", {"last_dose_at": (START - timedelta(days=15)).isoformat()})
    if answer:
        notes.add(f"hold:{drug}", {"answers": {"stent": answer}}, ANSWERED, Authority.NURSE)
    for said, when in words:
        notes.add(f"prescriber_clearance:{drug}", {**AGREED, **said}, when, Authority.NURSE)
    return notes.all


AGREED_BEFORE, AGREED_AFTER = ({}, LONG_AGO), ({}, ANSWERED)
TOLD_OF_IT, TOLD_OF_NOTHING = {"told": ["stent"]}, {"told": []}


@pytest.mark.parametrize("drug", ["clopidogrel", "prasugrel", "ticagrelor", "ticlopidine"])
def test_stent_is_asked_of_everybody_who_takes_these_and_cleared_by_the_prescriber(drug):
    item = f"hold:{drug}"

    def hold(answer, *words, **more):
        return judged(item, drug, held_long(drug, answer, *words), UNASKED, **more)

    assert hold(None, AGREED_BEFORE, now=START - SECOND) == ("pending", "stent_unknown")
    assert hold(None, AGREED_BEFORE, now=START) == ("overdue", "stent_unknown")
    assert hold("not_sure", AGREED_BEFORE) == ("pending", "stent_unknown")
    assert hold("no", AGREED_BEFORE) == OK
    assert hold("yes", AGREED_AFTER) == OK
    assert hold("yes") == ("pending", "stent_to_clear")


@pytest.mark.parametrize(
    ("words", "knew"),
    [
        ([AGREED_BEFORE], False),
        ([({}, ANSWERED - SECOND)], False),
        ([AGREED_AFTER], True),
        ([({**TOLD_OF_IT}, LONG_AGO)], True),  # the prescriber may know before the patient is asked
        ([({**TOLD_OF_NOTHING}, ANSWERED + HOUR)], False),  # whoever wrote it down said so
        ([AGREED_BEFORE, AGREED_AFTER], False),  # a nurse verifies the old words: they are as old as they were
        ([({"answer": "asked", **TOLD_OF_IT}, LONG_AGO), AGREED_BEFORE], True),
        ([({"answer": "asked"}, LONG_AGO), AGREED_BEFORE], False),
        ([AGREED_BEFORE, ({"answer": "asked", **TOLD_OF_IT}, ANSWERED)], False),  # asked anew and not answered
        ([AGREED_BEFORE, ({**TOLD_OF_IT}, ANSWERED)], True),
    ],
)
def test_agreement_of_a_prescriber_who_did_not_know_of_the_stent_settles_nothing(words, knew):
    evidence = held_long("clopidogrel", "yes", *words)
    assert judged("hold:clopidogrel", "clopidogrel", evidence, UNASKED) == (
        OK if knew else ("pending", "stent_to_clear")
    )
    item = "prescriber_clearance:clopidogrel"
    status, code = judged(item, "clopidogrel", evidence, UNASKED, now=BEFORE_THE_STOP)
    assert (status == "satisfied") == knew
    assert knew or code in ("clearance_unaware", "clearance_asked")
    assert knew or judged(item, "clopidogrel", evidence, UNASKED, now=START)[0] == "overdue"


def test_prescriber_who_is_told_while_answering_anew_is_waited_for():
    later = ANSWERED + HOUR
    words = [({}, LONG_AGO), ({}, later), ({"hold_hours": 168}, later), ({"answer": "asked", **TOLD_OF_IT}, later)]
    evidence = held_long("clopidogrel", "yes", *words)
    found = judged("prescriber_clearance:clopidogrel", "clopidogrel", evidence, UNASKED, now=BEFORE_THE_STOP)
    assert found == ("pending", "clearance_asked")


def test_stent_that_is_denied_later_needs_no_second_agreement():
    notes = Notes()
    for entry in held_long("clopidogrel", "yes", AGREED_BEFORE):
        notes.add(entry.item, entry.value, entry.observed_at, entry.authority)
    notes.add("hold:clopidogrel", {"answers": {"stent": "no"}}, ANSWERED + HOUR, Authority.NURSE)
    assert judged("hold:clopidogrel", "clopidogrel", notes.all, UNASKED) == OK


def test_prescriber_who_did_not_know_is_asked_anew_and_chased():
    taken, item = taking("clopidogrel", facts=UNASKED), "prescriber_clearance:clopidogrel"
    found = finding(item, taken, held_long("clopidogrel", "yes", AGREED_BEFORE), now=ANSWERED, protocol=REFERENCE)
    assert (found.code, found.owner) == ("clearance_unaware", "scheduler")
    assert found.sentence == (
        "The prescriber of clopidogrel agreed, and nothing says that they knew of a stent. "
        "Ask again, and tell them of it."
    )
    asked = ({"answer": "asked", **TOLD_OF_IT}, ANSWERED)
    evidence = held_long("clopidogrel", "yes", AGREED_BEFORE, asked)
    assert judged(item, "clopidogrel", evidence, UNASKED, now=ANSWERED) == ("pending", "clearance_asked")
    assert judged(item, "clopidogrel", evidence, UNASKED, now=START)[1] == "clearance_unanswered"


def test_stent_in_the_list_of_conditions_is_an_answer_that_the_prescriber_has_to_know():
    def hold(drug, *words):
        name = PREVENTION if drug == "aspirin" else drug
        return judged(f"hold:{drug}", name, held_long(drug, None, *words), KNOWN)

    # The list says nothing of when the stent came to be known.
    assert hold("clopidogrel", AGREED_AFTER) == ("pending", "stent_to_clear")
    assert hold("clopidogrel", (TOLD_OF_IT, ANSWERED)) == OK
    assert hold("clopidogrel", ({"answer": "asked", **TOLD_OF_IT}, LONG_AGO), AGREED_AFTER) == OK
    assert hold("aspirin", AGREED_AFTER) == ("review", "stent")
    held = held_long("aspirin")
    assert judged("hold:aspirin", PREVENTION, held, FACTS) == OK


def test_stent_that_the_plan_names_is_there_although_it_was_denied():
    assert judged("hold:aspirin", PREVENTION, held_long("aspirin", "no"), KNOWN) == ("review", "stent")
    evidence = held_long("clopidogrel", "no", AGREED_BEFORE)
    assert judged("hold:clopidogrel", "clopidogrel", evidence, KNOWN) == ("pending", "stent_to_clear")


def test_aspirin_is_not_stopped_by_the_clock_while_nobody_asked_about_a_stent():
    assert judged("hold:aspirin", PREVENTION, held_long("aspirin"), UNASKED) == ("pending", "stent_unknown")
    assert judged("hold:aspirin", PREVENTION, held_long("aspirin", "no"), UNASKED) == OK
    assert judged("hold:aspirin", PREVENTION, held_long("aspirin", "yes"), UNASKED) == ("review", "stent")


def test_no_time_to_stop_is_told_before_the_prescriber_knows_of_the_stent():
    def told(*words):
        found = finding(
            "hold:clopidogrel", taking("clopidogrel", facts=KNOWN), held(*words), protocol=REFERENCE, now=EARLY
        )
        return found.due_at is not None

    def held(*words):
        notes = Notes()
        for said in words:
            notes.add("prescriber_clearance:clopidogrel", {**AGREED, **said}, EARLY - HOUR, Authority.NURSE)
        return notes.all

    assert (told(TOLD_OF_NOTHING), told({}), told(TOLD_OF_IT)) == (False, False, True)
