"""Recorded values as a person reads them."""

from zoneinfo import ZoneInfo

import pytest

from scheduler.pages.words import field_in_words, value_in_words

NOBODY = dict.fromkeys(("fever", "cough", "rash", "wound"), "no")
SAID = [
    ({"analyte": "INR", "value": 1.0, "unit": "ratio"}, "INR 1.0 ratio"),
    ({"intakes": [{"intake": "light meal", "at": "2027-03-01T06:00:00-05:00"}]}, "light meal at Mon 1 Mar 2027 06:00"),
    ({"intakes": []}, "none"),
    (
        {"temperature": 38.4, "unit": "C", "skin": "clear", "outcome": "infection", "answers": {}},
        "38.4 C, skin clear, outcome infection",
    ),
    ({"outcome": "procedure", "levels": ["T12", "L1"]}, "outcome procedure, levels T12; L1"),
    ({"available": True, "adult": False}, "available yes, adult no"),
    ({"answers": {**NOBODY, "dental_work": "yes"}}, "dental work yes, 4 answered no"),
    ({"answers": NOBODY}, "4 answered no"),
    ({"last_dose_at": "2027-02-26T12:00:00+00:00"}, "last dose at Fri 26 Feb 2027 07:00"),
    ({"valid_from": "2027-03-01", "number": "2027-13-45"}, "valid from Mon 1 Mar 2027, number 2027-13-45"),
]


@pytest.mark.parametrize(("value", "words"), SAID, ids=[words for _, words in SAID])
def test_value_reads_as_a_person_would_say_it(value: object, words: str) -> None:
    assert value_in_words(value, ZoneInfo("America/New_York")) == words


@pytest.mark.parametrize(
    ("field", "read"),
    [
        ("identifiers", "what you compared"),
        ("value.escort_phone", "escort phone"),
        ("record_number", "record number"),
    ],
)
def test_field_of_a_call_is_called_as_the_form_calls_it(field: str, read: str) -> None:
    assert field_in_words(field) == read
