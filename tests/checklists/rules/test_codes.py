"""Codes in words: abbreviations keep their capitals wherever a label is made from a code."""

import pytest

from checklists.protocols.loader import load
from checklists.rules.codes import SPELT, code_as_label, code_in_words
from checklists.rules.conditions_named import conditions_named


@pytest.mark.parametrize(
    ("code", "words", "label"),
    [
        ("mri_contraindicated", "MRI contraindicated", "MRI contraindicated"),
        ("spect_ct", "SPECT CT", "SPECT CT"),
        ("covid_two_weeks", "COVID two weeks", "COVID two weeks"),
        ("mrsa", "MRSA", "MRSA"),
        ("call_24h", "call 24h", "Call 24h"),
        ("severe_osteoporosis", "severe osteoporosis", "Severe osteoporosis"),
        ("contact", "contact", "Contact"),  # the letters ct within a word
        ("", "", ""),
    ],
)
def test_code_is_read_with_its_abbreviations(code, words, label):
    assert (code_in_words(code), code_as_label(code)) == (words, label)


def test_no_label_of_a_shipped_condition_keeps_an_abbreviation_small():
    protocol = load("reference-asra", signed=True)
    codes = {*conditions_named(protocol), *(question.key for question in protocol.infection.questions)}
    parts = {part for code in codes for part in code_in_words(code).split()}
    assert parts & SPELT.keys() == set()
    assert {"MRI", "COVID", "MRSA"} <= parts
