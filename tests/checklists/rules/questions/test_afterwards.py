"""Every sentence that a shipped protocol has for the time at home is there in plain words."""

import pytest

from checklists.protocols.loader import load, shipped
from checklists.rules.kinds.recovery import AFTER_CARE_TOPICS
from checklists.rules.questions.afterwards import PLAIN, TOPICS


def test_every_topic_has_a_name() -> None:
    assert set(TOPICS) == set(AFTER_CARE_TOPICS)


@pytest.mark.parametrize("name", shipped())
def test_what_a_shipped_protocol_says_has_plain_words(name: str) -> None:
    said = {row.says for row in load(name).after_care}
    assert said
    assert said - set(PLAIN) == set()
