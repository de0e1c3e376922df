"""Which questions are asked when, and what may be answered."""

import itertools
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

import pytest

from checklists.rules.kinds import KINDS, check_value
from checklists.rules.questions import ASKED, ESCORT, Answer, Choice, Detail, Question, Text, problems_of, value_of
from checklists.rules.values import Authority, Status
from tests.checklists.rules.cases import FACTS, HOUR, PHOENIX, PROTOCOL, START, at, finding, taking
from tests.checklists.rules.questions.states import (
    agreed,
    asked,
    every_question,
    evidence,
    patient,
    shipped,
    signs_of,
)

WARFARIN = taking("warfarin")
STOP = START - 120 * HOUR
DAY_OF_STOP = at("2027-03-05 00:00")


def codes(question: Question) -> list[str]:
    return [choice.code for choice in question.choices]


def test_every_kind_of_item_is_asked_or_left_to_others():
    assert set(ASKED) == set(KINDS)
    assert {kind for kind, asking in ASKED.items() if asking} == {"hold", "fasting", "ride", "infection_prescreen"}


def test_questions_come_in_the_order_of_the_seven_steps():
    assert list(asked(facts=taking("warfarin", "ibuprofen"))) == [
        "hold:warfarin",
        "hold:ibuprofen",
        "fasting",
        "ride",
        "infection_prescreen",
    ]


def test_nothing_is_asked_before_a_start_is_booked():
    assert asked(start=None) == {}


def test_fasting_is_not_asked_under_local_anesthesia():
    assert "fasting" not in asked(facts=replace(FACTS, anesthesia="local"))


# --- Medicines ---------------------------------------------------------------------------------------------------


def test_prescriber_who_has_not_agreed_leaves_the_patient_told_to_go_on():
    for said in (
        (),
        (("prescriber_clearance:warfarin", {**agreed("x")[1], "answer": "asked"}, Authority.NURSE, STOP),),
    ):
        question = asked(*said, facts=WARFARIN)["hold:warfarin"]
        assert (question.ask.msgid, question.is_open) == ("Keep taking {drug} as you do now", False)
        assert codes(question) == ["stopped", "not_taking", "call_me"]


def test_agreement_of_the_patient_alone_unlocks_nothing():
    item, value, _, when = agreed("warfarin")
    question = asked((item, value, Authority.PATIENT, when), facts=WARFARIN)["hold:warfarin"]
    assert question.ask.msgid == "Keep taking {drug} as you do now"


def test_refusal_after_an_agreement_locks_the_text_again():
    item, value, authority, when = agreed("warfarin")
    refused = (item, {**value, "answer": "refused"}, authority, when + HOUR)
    question = asked(agreed("warfarin"), refused, facts=WARFARIN)["hold:warfarin"]
    assert question.ask.msgid == "Keep taking {drug} as you do now"


def test_agreement_gives_the_last_dose_of_the_finding():
    now = STOP - 3 * 24 * HOUR
    question = asked(agreed("warfarin"), facts=WARFARIN, now=now)["hold:warfarin"]
    told = evidence(agreed("warfarin"))
    due = finding("hold:warfarin", WARFARIN, told, now=now).due_at
    assert (question.do[0].values["at"], due) == (STOP, STOP)
    assert (question.is_open, question.opens_at, codes(question)) == (
        False,
        DAY_OF_STOP,
        ["stopped", "not_taking", "call_me"],
    )


def test_last_dose_is_no_later_than_the_day_that_the_prescriber_named():
    question = asked(agreed("warfarin", last_dose_on="2027-03-03"), facts=WARFARIN)["hold:warfarin"]
    assert question.do[0].values["at"] == at("2027-03-03 23:59")


def test_prescriber_who_named_too_late_a_day_leaves_it_to_the_clinician():
    question = asked(agreed("warfarin", last_dose_on="2027-03-08"), facts=WARFARIN)["hold:warfarin"]
    assert question.ask.msgid == "Keep taking {drug} as you do now"


def test_drug_that_a_clinician_weighs_is_never_told_to_be_stopped():
    for drug in ("sertraline", "unheard of", "aspirin"):
        question = asked(agreed(drug), facts=taking(drug))[f"hold:{drug}"]
        assert (question.ask.msgid, question.is_open) == ("Keep taking {drug} as you do now", False)


def test_drug_without_a_prescriber_in_the_protocol_is_told_at_once():
    question = asked(facts=taking("ibuprofen"), now=START - 60 * HOUR)["hold:ibuprofen"]
    assert question.do[0].values["at"] == START - 24 * HOUR


def test_drug_that_is_left_out_on_the_day_names_the_day():
    question = asked(facts=taking("metformin"))["hold:metformin"]
    assert (question.do[0].msgid, question.do[0].values["day"]) == ("Do not take {drug} on {day}.", date(2027, 3, 10))


@pytest.mark.parametrize(("now", "is_open"), [(DAY_OF_STOP - timedelta(seconds=1), False), (DAY_OF_STOP, True)])
def test_last_dose_is_asked_from_the_day_of_the_stop_as_the_engine_counts_it(now, is_open):
    question = asked(agreed("warfarin"), facts=WARFARIN, now=now)["hold:warfarin"]
    told = evidence(agreed("warfarin"), patient("hold:warfarin", {"last_dose_at": (STOP - HOUR).isoformat()}, now))
    stated_early = "dose_stated_early" in {r.code for r in finding("hold:warfarin", WARFARIN, told, now=now).reasons}
    assert (question.is_open, stated_early) == (is_open, not is_open)


def test_medicine_is_called_as_on_the_patients_list():
    question = asked(facts=taking("Eliquis 5 mg"))["hold:apixaban"]
    assert question.title.values["drug"] == "Eliquis 5 mg (apixaban)"


def test_dose_on_record_is_not_contradicted_while_somebody_decides():
    question = asked(patient("hold:warfarin", {"last_dose_on": "2027-03-01"}, START - HOUR), facts=WARFARIN)[
        "hold:warfarin"
    ]
    assert question.ask.msgid == "We have noted when you took {drug} last"


def said_in(question: Question) -> list[Text]:
    """All that is told, without what was answered earlier."""
    choices = [text for choice in question.choices for text in (choice.text, choice.then)]
    return [question.title, question.ask, question.why, *question.do, *choices]


def moments_in(question: Question) -> list[object]:
    return [value for text in said_in(question) for value in text.values.values() if isinstance(value, date)]


def test_no_medicine_waiting_for_its_prescriber_names_a_time_or_says_to_stop():
    """H4: over every state, with and without the agreement, the times follow the agreement alone."""
    locked = [q for q in every_question() if q.kind == "hold" and not q.opens_at]
    assert len({q.item for q in locked}) >= 5
    assert [moment for question in locked for moment in moments_in(question)] == []
    orders = {"Take {drug} as you do now, for the last time no later than {at}.", "When to stop {drug}"}
    orders |= {"Do not take {drug} on {day}.", "After that, take no more of it until we tell you."}
    orders |= {"Thank you. Take no more of it until we tell you."}
    assert {text.msgid for question in locked for text in said_in(question)} & orders == set()


def test_medicine_that_needs_its_prescriber_is_locked_in_every_history_without_agreement():
    reference = shipped("reference-asra")
    now = START - 30 * HOUR
    for drug in sorted({row.drug for row in reference.holds if row.prescriber_clearance}):
        facts = taking(drug)
        for word in ({"last_dose_on": "2027-03-01"}, {"answer": "not_sure"}, None):
            said = () if word is None else (patient(f"hold:{drug}", word, now),)
            found = asked(*said, facts=facts, protocol=reference, now=now)
            question = found.get(f"hold:{drug}")
            assert question is None or moments_in(question) == [], drug


# --- Food and drink ----------------------------------------------------------------------------------------------


def test_fasting_times_are_as_late_as_the_protocol_allows():
    question = asked(now=START - 20 * HOUR, protocol=shipped("reference-asra"))["fasting"]
    times = [text.values["at"] for text in question.do if "at" in text.values]
    assert times == [START - 8 * HOUR, START - 6 * HOUR, START - 2 * HOUR]


@pytest.mark.parametrize("seconds", [-1, 0])
def test_fasting_is_asked_from_the_moment_at_which_the_engine_believes_it(seconds):
    now = START - 8 * HOUR + timedelta(seconds=seconds)
    question = asked(now=now)["fasting"]
    said = evidence(patient("fasting", {"intakes": []}, now))
    early = "fasting_stated_early" in {reason.code for reason in finding("fasting", FACTS, said, now=now).reasons}
    assert (question.is_open, question.opens_at, early) == (seconds >= 0, START - 8 * HOUR, seconds < 0)
    assert ("nothing" in codes(question)) is (seconds >= 0)


def test_fasting_from_midnight_follows_the_sites_day():
    midnight = replace(PROTOCOL, fasting=replace(PROTOCOL.fasting, mode="midnight"))
    question = asked(protocol=midnight, facts=replace(FACTS, site=PHOENIX))["fasting"]
    assert (question.opens_at, question.do[0].values["day"]) == (at("2027-03-10 02:00"), date(2027, 3, 10))


# --- The ride and the signs of illness -----------------------------------------------------------------------------


def test_no_ride_is_as_near_as_a_ride():
    assert codes(asked()["ride"]) == ["yes", "no_ride", "for_hire", "not_sure", "call_me"]


def test_escort_is_asked_about_the_ride_only():
    found = asked(audience=ESCORT, facts=WARFARIN)
    assert {item: codes(question) for item, question in found.items()} == {
        "ride": ["yes", "no_ride", "not_sure", "call_me"]
    }


def test_another_yes_about_the_same_escort_keeps_the_contact():
    contact = {"available": True, "adult": True, "contact": "9b2f8a3e-0d7e-4a49-9a84-9f6f5d3f3f10"}
    question = asked(patient("ride", contact, START - 2 * HOUR))["ride"]
    assert value_of(question, Answer("yes")) == contact
    named = {"available": True, "adult": True, "escort_name": "Al Other"}
    assert value_of(question, Answer("yes", {"name": "Al Other"})) == named


def test_signs_are_those_that_the_protocol_asks_of_patients():
    reference = shipped("reference-asra")
    question = asked(protocol=reference)["infection_prescreen"]
    wanted = [
        q.key for q in reference.infection.questions if q.kind in ("question", "record") and "patient" in q.asked_of
    ]
    assert [option.code for option in signs_of(question)] == wanted


def test_question_that_a_practice_changed_is_read_as_it_was_changed():
    reference = shipped("reference-asra")
    chills = next(q for q in reference.infection.questions if q.key == "chills")
    ours = replace(chills, text="Chills in the last 72 hours?")
    changed = tuple(ours if q is chills else q for q in reference.infection.questions)
    protocol = replace(reference, infection=replace(reference.infection, questions=changed))
    texts = {option.code: option.text.msgid for option in signs_of(asked(protocol=protocol)["infection_prescreen"])}
    assert texts["chills"] == "Chills in the last 72 hours?"


def test_sign_may_be_told_before_none_may_be():
    early = asked(now=START - 49 * HOUR, protocol=shipped("reference-asra"))["infection_prescreen"]
    later = asked(now=START - 48 * HOUR, protocol=shipped("reference-asra"))["infection_prescreen"]
    assert (codes(early), codes(later)) == (["yes", "call_me"], ["no", "yes", "not_sure", "call_me"])
    assert value_of(early, Answer("yes", {"signs": ("chills",)})) == {"answers": {"chills": "yes"}}


# --- Answers -------------------------------------------------------------------------------------------------------


def details_of(choice: Choice, now: datetime) -> Iterator[dict[str, Any]]:
    """Every way of giving the details, each kind of value once."""
    ways = [[(detail.name, given) for given in given_of(detail, now)] for detail in choice.details]
    return ({name: given for name, given in way if given is not None} for way in itertools.product(*ways))


def given_of(detail: Detail, now: datetime) -> list[Any]:
    given: list[Any] = {
        "moment": [now - HOUR],
        "day_or_moment": [now - HOUR, (now - 30 * HOUR).date()],
        "text": ["Al Escort"],
        "phone": ["555-0100"],
        "one": [option.code for option in detail.options],
        "many": [(detail.options[0].code,), tuple(option.code for option in detail.options)] if detail.options else [],
    }[detail.kind]
    return given if detail.required else [*given, None]


def test_every_answer_of_every_question_becomes_a_value_that_its_item_takes():
    seen = set()
    for question in every_question():
        for choice in question.choices:
            for details in details_of(choice, START - HOUR):
                answer = Answer(choice.code, details)
                value = value_of(question, answer)
                stored = {k: v for k, v in (value or {}).items() if not k.startswith("escort_")}
                assert value is None or check_value(question.item, stored) == []
                seen.add((question.kind, choice.code))
                assert (value is None) is (choice.code == "call_me")
    assert len(seen) == 7 + 5 + 5 + 4


def test_every_choice_that_promises_a_call_makes_one_or_stops_the_procedure():
    """What is promised happens: by the choice itself, by a finding that fails, or by a not sure."""
    for question in every_question():
        for choice in question.choices:
            if "We will call you." in choice.then.msgid and not choice.calls:
                assert choice.code in ("not_sure", "yes"), (question.item, choice.code)


def test_call_me_ends_every_list_and_nothing_else_is_on_every_list():
    for question in every_question():
        assert codes(question)[-1] == "call_me"
        assert len(set(codes(question))) == len(question.choices)


LONG_AGO = "This is about a year ago. Check the year."
FUTURE = "This is in the future. Check the day and the time."
OPEN = asked(facts=taking("ibuprofen"))
NOW = START - HOUR


@pytest.mark.parametrize(
    ("item", "answer", "wrong"),
    [
        ("ride", Answer("maybe"), [("choice", "Choose one of the answers.")]),
        ("ride", Answer("yes"), [("name", "This is needed.")]),
        ("ride", Answer("yes", {"name": "x" * 121}), [("name", "Write one short line.")]),
        ("ride", Answer("yes", {"name": "A\nB"}), [("name", "Write one short line.")]),
        ("ride", Answer("yes", {"name": "Al", "phone": "55"}), [("phone", "This phone number is too short.")]),
        ("fasting", Answer("clear"), [("at", "This is needed.")]),
        ("fasting", Answer("clear", {"at": NOW.date()}), [("at", "Give the day and the time.")]),
        ("fasting", Answer("ate", {"what": "stone", "at": NOW}), [("what", "Choose one of the answers.")]),
        (
            "fasting",
            Answer("clear", {"at": NOW + HOUR}),
            [("at", FUTURE)],
        ),
        ("hold:ibuprofen", Answer("stopped"), [("last", "This is needed.")]),
        (
            "hold:ibuprofen",
            Answer("stopped", {"last": date(2027, 3, 11)}),
            [("last", FUTURE)],
        ),
        # A year mistyped: the day of a year ago in place of today's.
        ("hold:ibuprofen", Answer("stopped", {"last": NOW - timedelta(days=330)}), [("last", LONG_AGO)]),
        ("hold:ibuprofen", Answer("stopped", {"last": NOW - timedelta(days=329)}), []),
        ("hold:ibuprofen", Answer("stopped", {"last": date(2026, 3, 10)}), [("last", LONG_AGO)]),
        ("infection_prescreen", Answer("yes"), [("signs", "This is needed.")]),
        ("infection_prescreen", Answer("yes", {"signs": ("gout",)}), [("signs", "Choose one of the answers.")]),
    ],
)
def test_answer_that_cannot_be_recorded_names_what_is_wrong(item, answer, wrong):
    assert [(each.field, each.text.msgid) for each in problems_of(OPEN[item], answer, NOW)] == wrong


def test_today_is_the_sites_day():
    late = at("2027-03-09 23:30")
    question = asked(facts=taking("ibuprofen"), now=late)["hold:ibuprofen"]
    assert problems_of(question, Answer("stopped", {"last": date(2027, 3, 9)}), late) == ()
    assert problems_of(question, Answer("stopped", {"last": date(2027, 3, 10)}), late) != ()


# --- What was answered ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("item", "value", "choice", "done"),
    [
        ("ride", {"available": True, "adult": True}, "yes", True),
        ("ride", {"available": False}, "no_ride", True),
        ("ride", {"available": True, "adult": False, "transport": "taxi"}, "for_hire", True),
        ("ride", {"available": True}, None, False),
        ("ride", {"answer": "not_sure"}, "not_sure", False),
        ("fasting", {"intakes": []}, "nothing", True),
        ("fasting", {"intakes": [{"intake": "clear liquids", "at": (NOW - HOUR).isoformat()}]}, "clear", True),
        ("fasting", {"intakes": [{"intake": "light meal", "at": (NOW - HOUR).isoformat()}]}, "ate", True),
        ("hold:ibuprofen", {"last_dose_at": (NOW - 40 * HOUR).isoformat()}, "stopped", True),
        ("hold:ibuprofen", {"last_dose_on": "2027-03-07"}, "stopped", True),
        ("hold:ibuprofen", {"took_it": True, "last_dose_at": (NOW - HOUR).isoformat()}, "took_it", True),
        ("hold:ibuprofen", {"not_taking": True}, "not_taking", True),
        ("infection_prescreen", {"answers": {"cough_or_cold": "yes"}}, "yes", False),
        ("infection_prescreen", {"answers": {"cough_or_cold": "no"}}, "no", False),
    ],
)
def test_earlier_answer_is_shown_as_its_choice(item, value, choice, done):
    question = asked(patient(item, value, NOW - HOUR / 60), facts=taking("ibuprofen"))[item]
    assert question.answered is not None
    assert (question.answered.choice, question.answered.said_by, question.is_done) == (choice, "patient", done)


def test_moved_start_asks_again_what_no_longer_holds():
    said = (agreed("warfarin"), patient("hold:warfarin", {"last_dose_at": STOP.isoformat()}, START - 100 * HOUR))
    before = asked(*said, facts=WARFARIN)["hold:warfarin"]
    moved = START + 14 * 24 * HOUR
    after = asked(*said, facts=WARFARIN, start=moved, now=START)["hold:warfarin"]
    assert (before.is_done, after.is_done, after.opens_at) == (True, False, at("2027-03-19 00:00"))


def test_only_the_patients_own_no_is_replaceable():
    no = {"available": False}
    own = asked(patient("ride", no, NOW - HOUR))["ride"]
    nurses = asked(("ride", no, Authority.NURSE, NOW - HOUR))["ride"]
    assert (own.replaceable, own.on_hold, nurses.replaceable, nurses.on_hold) == ((1,), True, (), True)


def test_item_whose_rule_raised_asks_nothing():
    broken = evidence(("fasting", {"intakes": [{}]}, Authority.PATIENT, NOW - HOUR))
    assert finding("fasting", FACTS, broken).status is Status.FAILED
    assert "fasting" not in asked(("fasting", {"intakes": [{}]}, Authority.PATIENT, NOW - HOUR))
