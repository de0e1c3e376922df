"""H9: who does as told passes, and one minute later does not, on both nights of the clock change and in Arizona."""

from dataclasses import replace
from datetime import timedelta

import pytest

from checklists.rules.questions import Answer, value_of
from checklists.rules.values import Status
from tests.checklists.rules.cases import FACTS, HOUR, NEW_YORK, PHOENIX, SITE, at, finding, taking
from tests.checklists.rules.questions.states import agreed, asked, evidence, patient

MINUTE = timedelta(minutes=1)
STARTS = [
    ("2027-03-14 08:30", SITE),
    ("2027-03-14 10:00", PHOENIX),
    ("2027-11-07 08:30", SITE),
    ("2027-11-07 10:00", PHOENIX),
    ("2027-03-16 10:00", SITE),
    ("2027-11-09 10:00", SITE),
]
TOO_SOON = (Status.TOO_EARLY, Status.FAILED, Status.REVIEW)


def judged(item, answer, facts, start, now, *said):
    question = asked(*said, facts=facts, start=start, now=now)[item]
    told = evidence(*said, patient(item, value_of(question, answer), now))
    found = finding(item, facts, told, start, now)
    return found.status not in TOO_SOON and not {"last_dose_unknown", "dose_stated_early"} & {
        reason.code for reason in found.reasons
    }


@pytest.mark.parametrize(("when", "site"), STARTS)
@pytest.mark.parametrize("drink", [True, False])
def test_food_and_drink_until_the_time_that_was_told_passes(drink, when, site):
    start, facts = at(when, site.tz), replace(FACTS, site=site)
    question = asked(facts=facts, start=start, now=start - HOUR)["fasting"]
    until = {text.msgid: text.values["at"] for text in question.do if "at" in text.values}
    last = until["You may have clear drinks until {at}."] if drink else until["You may eat as usual until {at}."]
    for moment, passes in ((last, True), (last + MINUTE, False)):
        answer = Answer("clear", {"at": moment}) if drink else Answer("ate", {"what": "unknown", "at": moment})
        assert judged("fasting", answer, facts, start, start - HOUR) is passes


@pytest.mark.parametrize(("when", "site"), STARTS)
@pytest.mark.parametrize("drug", ["warfarin", "ibuprofen"])
def test_last_dose_at_the_time_that_was_told_passes(drug, when, site):
    start, facts = at(when, site.tz), replace(taking(drug), site=site)
    said = (agreed(drug, start - 30 * 24 * HOUR),) if drug == "warfarin" else ()
    stop = asked(*said, facts=facts, start=start, now=start - HOUR)[f"hold:{drug}"].do[0].values["at"]
    for moment, passes in ((stop, True), (stop + MINUTE, False)):
        assert judged(f"hold:{drug}", Answer("stopped", {"last": moment}), facts, start, start - HOUR, *said) is passes


def test_hours_are_real_ones_whatever_the_wall_clock_shows():
    start = at("2027-03-14 08:30")
    question = asked(facts=replace(FACTS, site=SITE), start=start, now=start - HOUR)["fasting"]
    eat = next(text.values["at"] for text in question.do if "as usual" in text.msgid)
    assert (start - eat, f"{eat.astimezone(NEW_YORK):%d %H:%M}") == (8 * HOUR, "13 23:30")
