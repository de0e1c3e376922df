"""What the patient reads after the procedure, and that every sentence of a shipped protocol is there in plain words."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from checklists.protocols.loader import load, shipped
from checklists.rules.kinds.recovery import AFTER_CARE_TOPICS
from checklists.rules.protocol import Statement
from checklists.rules.questions.afterwards import PLAIN, TOPICS, Afterwards, Topic, afterwards
from checklists.rules.questions.asking import Text, say
from checklists.rules.values import Authority
from tests.checklists.rules.cases import FACTS, HOUR, START, taking
from tests.checklists.rules.notes import Notes
from tests.checklists.rules.test_reference import REFERENCE

AFTER = START + 3 * HOUR
NOTHING_MORE = "Take no more of {drug} until we tell you. We will call you."
DRIVING, _, ALCOHOL = (row.says for row in REFERENCE.after_care[:3])


def test_every_topic_has_a_name() -> None:
    assert set(TOPICS) == set(AFTER_CARE_TOPICS)


@pytest.mark.parametrize("name", shipped())
def test_what_a_shipped_protocol_says_has_plain_words(name: str) -> None:
    said = {row.says for row in load(name).after_care}
    assert said
    assert said - set(PLAIN) == set()


def read(notes, *drugs, protocol=REFERENCE) -> Afterwards:
    return afterwards(protocol, taking(*drugs), notes.all, START, AFTER)


def stopped(*drugs: str) -> Notes:
    notes = Notes()
    for drug in drugs:
        notes.add(f"hold:{drug}", {"last_dose_at": (START - timedelta(days=9)).isoformat()}, START - timedelta(days=1))
    return notes


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, say(NOTHING_MORE, drug="naproxen")),
        ({"decision": "restart"}, say("Take {drug} again, as we told you.", drug="naproxen")),
        (
            {"decision": "restart", "restart_on": "2027-03-12"},
            say("Take {drug} again from {day} on.", drug="naproxen", day=date(2027, 3, 12)),
        ),
        (
            {"decision": "do_not_restart"},
            say("Do not take {drug} again unless your doctor tells you to.", drug="naproxen"),
        ),
        (
            {"decision": "prescriber_decides"},
            say("We ask your doctor about {drug}. Take no more of it until you hear from us.", drug="naproxen"),
        ),
    ],
)
def test_restart_is_told_as_a_clinician_decided_it(value: dict[str, str] | None, expected: Text) -> None:
    notes = stopped("naproxen")
    if value is not None:
        notes.add("restart_decision:naproxen", value, AFTER - HOUR)
    assert read(notes, "naproxen").drugs == (expected,)


def test_restart_that_nobody_may_tell_yet_is_a_call() -> None:
    """Not a clinician's word, or two words at one instant that differ."""
    nurses, differ = stopped("naproxen"), stopped("naproxen")
    nurses.add("restart_decision:naproxen", {"decision": "restart"}, AFTER - HOUR, Authority.NURSE)
    for decision in ("restart", "do_not_restart"):
        differ.add("restart_decision:naproxen", {"decision": decision}, AFTER - HOUR)
    for notes in (nurses, differ):
        assert read(notes, "naproxen").drugs == (say(NOTHING_MORE, drug="naproxen"),)


def test_each_stopped_drug_is_told_by_its_own_decision() -> None:
    notes = stopped("naproxen", "ibuprofen")
    notes.add("restart_decision:ibuprofen", {"decision": "restart"}, AFTER - HOUR)
    told = (say(NOTHING_MORE, drug="naproxen"), say("Take {drug} again, as we told you.", drug="ibuprofen"))
    assert read(notes, "naproxen", "ibuprofen").drugs == told


def test_explained_topics_are_read_in_plain_words() -> None:
    """In one order; what the protocol does not say was explained in other words."""
    notes = Notes()
    notes.add("after_care", {"explained": ["ice"]}, AFTER - 2 * HOUR)
    notes.add("after_care", {"explained": ["ice", "alcohol", "driving"]}, AFTER - HOUR)
    assert read(notes).topics == (
        Topic(TOPICS["driving"], PLAIN[DRIVING]),
        Topic(TOPICS["alcohol"], PLAIN[ALCOHOL]),
        Topic(TOPICS["ice"], None),
    )


@pytest.mark.parametrize("own", ["rest, for two days", "Rest, for two days."])
def test_sentence_of_the_practice_is_read_as_a_sentence(own: str) -> None:
    notes = Notes()
    notes.add("after_care", {"explained": ["work"]}, AFTER - HOUR)
    ours = replace(REFERENCE, after_care=(Statement("work", own, REFERENCE.after_care[0].sourced),))
    assert read(notes, protocol=ours).topics == (Topic(TOPICS["work"], Text("Rest, for two days.")),)


def test_next_visit_is_told_where_one_day_is_arranged() -> None:
    notes = Notes()
    notes.add("follow_up", {"arranged": ["visit"]}, AFTER - HOUR)
    assert read(notes).visit is None
    notes.add("follow_up", {"arranged": ["visit"], "visit_on": "2027-03-22"}, AFTER)
    assert read(notes).visit == say("We see you again on {day}.", day=date(2027, 3, 22))
    notes.add("follow_up", {"arranged": ["visit"], "visit_on": "2027-03-23"}, AFTER)
    assert read(notes).visit is None


@pytest.mark.parametrize(
    ("item", "value"),
    [
        ("restart_decision:naproxen", {"decision": "restart"}),
        ("after_care", {"explained": ["ice"]}),
        ("follow_up", {"arranged": ["visit"], "visit_on": "2027-03-22"}),
    ],
)
def test_anything_told_is_something_to_read(item: str, value: dict[str, object]) -> None:
    notes = stopped("naproxen") if item.startswith("restart") else Notes()
    notes.add(item, value, AFTER - HOUR)
    assert not read(notes).is_empty


def test_nothing_told_is_nothing_to_read() -> None:
    assert afterwards(REFERENCE, FACTS, (), START, AFTER).is_empty
