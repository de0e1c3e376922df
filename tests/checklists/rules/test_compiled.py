"""What is kept of a protocol is that protocol's, and what is kept of a medication is nobody else's."""

from dataclasses import replace

from checklists.rules import compiled
from checklists.rules.compiled import MOST_PROTOCOLS, once_for_protocol
from checklists.rules.values import Medication
from tests.checklists.rules.cases import PROTOCOL, finding, taking


def test_protocol_is_derived_from_once_and_another_by_itself():
    derived = []

    def number(protocol):
        derived.append(protocol)
        return len(derived)

    equal = replace(PROTOCOL)
    compiled._kept.clear()  # a full one would forget between the two
    assert [once_for_protocol(p, "test", number) for p in (PROTOCOL, equal, PROTOCOL, equal)] == [1, 2, 1, 2]
    assert [protocol is kept for protocol, kept in zip(derived, (PROTOCOL, equal), strict=True)] == [True, True]


def test_protocol_forgotten_among_many_is_derived_from_again():
    """Ids of protocols that are gone are given to others, so one is never found by its id alone."""
    first = once_for_protocol(PROTOCOL, "title", lambda protocol: [protocol.title])
    for number in range(MOST_PROTOCOLS * 3):
        passing = replace(PROTOCOL, title=f"{number}")
        assert once_for_protocol(passing, "title", lambda protocol: [protocol.title]) == [f"{number}"]
        assert len(compiled._kept) <= MOST_PROTOCOLS
    again = once_for_protocol(PROTOCOL, "title", lambda protocol: [protocol.title])
    assert again == first
    assert again is not first


def test_what_is_signed_names_the_entry_of_this_case_and_not_an_equal_one():
    """81 mg and 81.0 mg are equal, and differ to the letter in the inputs of a signature."""

    def inputs(mg):
        return finding("hold:aspirin", taking(Medication("aspirin", daily_mg=mg))).inputs

    whole, real = inputs(81), inputs(81.0)
    assert whole != real
    assert [inputs(81), inputs(81.0)] == [whole, real]
