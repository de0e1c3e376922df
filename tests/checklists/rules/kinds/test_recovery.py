"""What is owed before discharge: observation, after-care, follow-up, the responsible adult."""

from dataclasses import replace
from datetime import timedelta

import pytest

from checklists.rules.values import Authority
from tests.checklists.rules.cases import PROTOCOL, START, finding, outcome
from tests.checklists.rules.notes import RECOVERED, Notes, noted

OK = ("satisfied", "satisfied")
AFTER = START + timedelta(hours=2)


@pytest.mark.parametrize(
    ("seen", "expected"),
    [
        ({}, OK),
        ({"observed_minutes": 59}, ("pending", "observed_too_short")),
        ({"observed_minutes": 0}, ("pending", "observed_too_short")),
        ({"pain": 10}, OK),
        ({"reactions": "seen"}, ("review", "reaction_seen")),
        ({"vital_signs": "unstable"}, ("failed", "vital_signs_unstable")),
    ],
)
def test_observation_lasts_the_protocols_minutes_without_trouble(seen, expected):
    notes = noted("recovery_observation", {**RECOVERED, **seen}, AFTER)
    assert outcome("recovery_observation", evidence=notes, now=AFTER) == expected


def test_minutes_are_those_of_the_protocol():
    longer = replace(PROTOCOL, recovery_minutes=61)
    notes = noted("recovery_observation", RECOVERED, AFTER)
    assert outcome("recovery_observation", evidence=notes, now=AFTER, protocol=longer)[1] == "observed_too_short"


@pytest.mark.parametrize(
    ("wanted", "flat", "expected"),
    [
        (60, 60, OK),
        (60, 59, ("pending", "flat_too_short")),
        (60, None, ("pending", "flat_unknown")),
        (0, None, OK),
        (0, 0, OK),
    ],
)
def test_patient_lies_flat_for_the_protocols_minutes(wanted, flat, expected):
    seen = RECOVERED if flat is None else {**RECOVERED, "flat_minutes": flat}
    notes = noted("recovery_observation", seen, AFTER)
    protocol = replace(PROTOCOL, flat_minutes=wanted)
    assert outcome("recovery_observation", evidence=notes, now=AFTER, protocol=protocol) == expected


@pytest.mark.parametrize("seen", [{"vital_signs": "unstable"}, {"reactions": "seen"}])
def test_trouble_stands_until_somebody_says_that_it_is_over(seen):
    notes = Notes()
    trouble = notes.add("recovery_observation", {**RECOVERED, **seen}, AFTER, Authority.NURSE)
    notes.add("recovery_observation", RECOVERED, AFTER + timedelta(minutes=5), Authority.NURSE)
    stands = finding("recovery_observation", evidence=notes.all, now=AFTER)
    assert (stands.passes, stands.recorded) == (False, True)
    later = AFTER + timedelta(minutes=6)
    notes.add("recovery_observation", RECOVERED, later, Authority.NURSE, (trouble.id,))
    assert outcome("recovery_observation", evidence=notes.all, now=later) == OK


@pytest.mark.parametrize(
    ("item", "value", "expected"),
    [
        ("after_care", {"explained": ["red_flags", "driving", "ice"]}, OK),
        ("after_care", {"explained": ["driving"]}, ("pending", "after_care_incomplete")),
        ("follow_up", {"arranged": ["call_24h", "visit"]}, OK),
        ("follow_up", {"arranged": []}, ("pending", "follow_up_incomplete")),
    ],
)
def test_every_topic_of_the_protocol_is_covered(item, value, expected):
    assert outcome(item, evidence=noted(item, value, AFTER), now=AFTER) == expected


def test_what_is_left_is_named():
    half = finding("after_care", evidence=noted("after_care", {"explained": ["driving"]}, AFTER), now=AFTER)
    assert half.sentence == "Explain, and record that it was explained: red flags."


def test_later_word_replaces_the_earlier_one():
    notes = Notes()
    notes.add("follow_up", {"arranged": ["visit", "call_24h"]}, AFTER - timedelta(days=1))
    notes.add("follow_up", {"arranged": ["visit"]}, AFTER)
    assert outcome("follow_up", evidence=notes.all, now=AFTER) == ("pending", "follow_up_incomplete")


def test_adult_who_is_there_lets_the_patient_go_and_a_no_stands_until_it_is_answered():
    notes = Notes()
    no = notes.add("responsible_adult", {"present": False}, AFTER, Authority.NURSE)
    notes.add("responsible_adult", {"present": True}, AFTER + timedelta(minutes=5), Authority.NURSE)
    later = AFTER + timedelta(minutes=6)
    refused = finding("responsible_adult", evidence=notes.all, now=later)
    assert (refused.status, refused.code, refused.recorded) == ("failed", "responsible_adult_refused", True)
    seen = notes.add("responsible_adult", {"present": True}, later, Authority.NURSE, (no.id,))
    there = finding("responsible_adult", evidence=notes.all, now=later)
    assert (there.status, there.evidence) == ("satisfied", (seen.id,))
    assert there.sentence == "A responsible adult is there to take the patient home."
