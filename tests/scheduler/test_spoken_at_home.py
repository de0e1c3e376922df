"""A protocol's own sentence is English: who reads Spanish is told in Spanish what to do instead."""

from types import SimpleNamespace
from typing import Any

import pytest
from django.utils import translation

from checklists.rules.questions.afterwards import PLAIN, Topic
from checklists.rules.questions.asking import Text, say
from scheduler.templatetags.spoken import told_at_home

PRACTICE: Any = SimpleNamespace(site=SimpleNamespace(tz=None))
OWN = Text("No lifting at all, {ever} 100% of it.")
SHIPPED = PLAIN["none until the clinician agrees"]


@pytest.mark.parametrize(
    ("language", "says", "told"),
    [
        ("en", OWN, "No lifting at all, {ever} 100% of it."),
        ("es", OWN, "Como le explicamos. Llámenos si tiene dudas."),
        ("en", SHIPPED, "Do not drink alcohol until the doctor says you may."),
        ("es", SHIPPED, "No tome alcohol hasta que el doctor lo permita."),
        ("en", None, "As we told you. Call us if you are not sure."),
    ],
)
def test_sentence_is_told_in_the_language_or_not_at_all(language: str, says: Text | None, told: str) -> None:
    with translation.override(language):
        assert told_at_home(Topic(say("Lifting"), says), PRACTICE) == told
