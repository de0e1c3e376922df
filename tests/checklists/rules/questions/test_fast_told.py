"""What is told of the fast, and what it is worth when the start moves."""

import pytest

from checklists.rules.questions import Answer, value_of
from tests.checklists.rules.cases import HOUR, SECOND, START
from tests.checklists.rules.questions.states import asked, patient


@pytest.mark.parametrize(
    ("answer", "names_it"),
    [
        (Answer("nothing"), True),
        (Answer("clear", {"at": START - 3 * HOUR}), True),
        (Answer("ate", {"what": "light meal", "at": START - 12 * HOUR}), False),
    ],
)
def test_what_is_said_of_the_fast_is_asked_again_for_an_earlier_start(answer, names_it):
    now = START - 2 * HOUR
    said = patient("fasting", value_of(asked(now=now)["fasting"], answer), now)
    again = {start: not asked(said, start=start, now=now)["fasting"].is_done for start in (START, START - SECOND)}
    assert again == {START: False, START - SECOND: names_it}
