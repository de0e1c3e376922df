"""Medicines: what is told only once it is verified, and what is asked besides the last dose."""

from dataclasses import replace
from datetime import date

import pytest

from checklists.rules.questions import Answer, value_of
from checklists.rules.values import Authority, Medication, Site
from tests.checklists.rules.cases import FACTS, HOUR, SECOND, START, at, taking
from tests.checklists.rules.questions.states import agreed, asked, patient, shipped


def test_agreement_that_a_scheduler_noted_tells_no_time_before_a_nurse_verified_it():
    item, value, nurse, when = agreed("warfarin")
    noted = (item, value, Authority.SCHEDULER, when)
    question = asked(noted, facts=taking("warfarin"))["hold:warfarin"]
    assert (question.ask.msgid, question.opens_at) == ("Keep taking {drug} as you do now", None)
    verified = asked(noted, (item, value, nurse, when + HOUR), facts=taking("warfarin"))["hold:warfarin"]
    assert verified.do[0].values["at"] == START - 120 * HOUR


def test_bridging_is_not_spoken_of_before_its_prescriber_agreed():
    reference = shipped("reference-asra")
    facts = taking("warfarin", Medication("enoxaparin", "therapeutic"))
    assert "hold:enoxaparin" not in asked(agreed("warfarin"), facts=facts, protocol=reference)
    told = asked(agreed("warfarin"), agreed("enoxaparin"), facts=facts, protocol=reference)
    assert "hold:enoxaparin" in told
    alone = asked(facts=taking(Medication("enoxaparin", "therapeutic")), protocol=reference)["hold:enoxaparin"]
    assert alone.ask.msgid == "Keep taking {drug} as you do now"


def test_drug_that_is_not_taken_is_asked_about_again_when_it_would_have_to_be_stopped():
    said = patient("hold:ibuprofen", {"not_taking": True}, START - 20 * 24 * HOUR)
    opens = at("2027-03-09 00:00")
    before = asked(said, facts=taking("ibuprofen"), now=opens - SECOND)["hold:ibuprofen"]
    then = asked(said, facts=taking("ibuprofen"), now=opens)["hold:ibuprofen"]
    assert (before.is_open, before.opens_at, then.is_open, then.is_done) == (False, opens, True, False)
    assert [choice.code for choice in then.choices][:2] == ["not_taking", "took_it"]
    again = patient("hold:ibuprofen", {"not_taking": True}, opens)
    assert asked(said, again, facts=taking("ibuprofen"), now=opens)["hold:ibuprofen"].is_done


def test_days_of_a_medicine_are_the_sites_days():
    evening = {"facts": taking("ibuprofen"), "start": at("2027-03-10 21:00"), "now": at("2027-03-08 12:00")}
    said = patient("hold:ibuprofen", {"not_taking": True}, at("2027-03-01 12:00"))
    for question in (asked(said, **evening), asked(**evening)):
        assert question["hold:ibuprofen"].opens_at == at("2027-03-09 00:00")
    guam = replace(FACTS, site=Site("Pacific/Guam", FACTS.site.hours))  # its midnight is the day before in UTC
    order = asked(facts=taking("metformin", facts=guam))["hold:metformin"].do[0]
    assert order.values["day"] == date(2027, 3, 11)


@pytest.mark.parametrize(("now", "asks"), [("2027-03-09 23:59", False), ("2027-03-10 00:00", True)])
def test_stomach_is_asked_about_on_the_day(now, asks):
    weekly = taking(Medication("Ozempic", interval_days=7))
    question = asked(facts=weekly, protocol=shipped("reference-asra"), now=at(now))["hold:semaglutide"]
    assert (question.is_open, "some" in [choice.code for choice in question.choices]) == (asks, asks)
    assert question.opens_at == (None if asks else at("2027-03-10 00:00"))


def test_what_is_not_chosen_of_the_conditions_is_a_no():
    question = asked(facts=taking("liraglutide"), protocol=shipped("reference-asra"))["hold:liraglutide"]
    value = value_of(question, Answer("some", {"listed": ("gastroparesis",)}))
    assert value == {"answers": {"stomach_symptoms": "no", "dose_escalation": "no", "gastroparesis": "yes"}}
    assert set(value_of(question, Answer("none"))["answers"].values()) == {"no"}
