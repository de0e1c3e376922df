"""Each way of asking as it is read: wordings.txt holds it whole, by the state of the case.

A changed wording is changed there too, so that somebody reads what a patient will read.
"""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from checklists.rules.questions import ESCORT, Answer, Question, problems_of, value_of
from checklists.rules.values import Authority, Medication
from tests.checklists.rules.cases import FACTS, HOUR, PROTOCOL, START, at, taking
from tests.checklists.rules.questions.reading import line, lines
from tests.checklists.rules.questions.states import agreed, asked, patient, shipped

WORDINGS = (Path(__file__).parent / "wordings.txt").read_text()
EXPECTED = {part.split("\n", 1)[0]: part.strip().splitlines()[1:] for part in WORDINGS.split("===== ")[1:]}
NOW = START - HOUR
WARFARIN, METFORMIN = taking("warfarin"), taking("metformin")
WEEKLY = taking(Medication("Ozempic", interval_days=7))
CONTACT = {"available": True, "adult": True, "contact": "9b2f8a3e"}
ONE_ROW = tuple(row for row in PROTOCOL.fasting.intakes if row.intake == "fatty meal")


def fasting(**changed):
    return replace(PROTOCOL, fasting=replace(PROTOCOL.fasting, **changed))


REFERENCE = {"protocol": shipped("reference-asra")}
STATES = {
    "ride, nothing known": ("ride", (), {}),
    "ride, the same adult as before": ("ride", (patient("ride", CONTACT, NOW),), {}),
    "ride, none so far": ("ride", (patient("ride", {"available": False}, NOW),), {}),
    "ride, asked of the escort": ("ride", (), {"audience": ESCORT}),
    "ride, asked of an escort who is known": ("ride", (patient("ride", CONTACT, NOW),), {"audience": ESCORT}),
    "fasting, to come": ("fasting", (), {"now": START - 20 * HOUR, **REFERENCE}),
    "fasting, begun": ("fasting", (), REFERENCE),
    "fasting, from midnight": ("fasting", (), {"protocol": fasting(mode="midnight", sip_with_medicines=False)}),
    "fasting, one time for all": ("fasting", (), {"now": START - 20 * HOUR, "protocol": fasting(intakes=ONE_ROW)}),
    "fasting, a slow stomach": ("fasting", (), {"now": START - 40 * HOUR, "facts": WEEKLY, **REFERENCE}),
    "illness, to come": ("infection_prescreen", (), {"now": START - 49 * HOUR, **REFERENCE}),
    "illness, asked": ("infection_prescreen", (), {}),
    "medicine, nobody has decided": ("hold:warfarin", (), {"facts": WARFARIN}),
    "medicine, a dose noted": (
        "hold:warfarin",
        (patient("hold:warfarin", {"last_dose_on": "2027-03-01"}, NOW),),
        {"facts": WARFARIN},
    ),
    "medicine, not taken": (
        "hold:warfarin",
        (patient("hold:warfarin", {"not_taking": True}, NOW),),
        {"facts": WARFARIN},
    ),
    "medicine, the stop to come": (
        "hold:warfarin",
        (agreed("warfarin"),),
        {"facts": WARFARIN, "now": START - 200 * HOUR},
    ),
    "medicine, the last dose": ("hold:warfarin", (agreed("warfarin"),), {"facts": WARFARIN}),
    "medicine, left out on the day, to come": (
        "hold:metformin",
        (),
        {"facts": METFORMIN, "now": START - 30 * HOUR},
    ),
    "medicine, left out on the day": ("hold:metformin", (), {"facts": METFORMIN}),
    "medicine, asked how it is": ("hold:liraglutide", (), {"facts": taking("liraglutide"), **REFERENCE}),
    "medicine, goes on": ("hold:semaglutide", (), {"facts": WEEKLY, "now": START - 30 * HOUR, **REFERENCE}),
}


def question(state: str) -> Question:
    item, said, more = STATES[state]
    return asked(*said, **more)[item]


def test_every_wording_belongs_to_a_state():
    assert list(EXPECTED) == list(STATES)


@pytest.mark.parametrize("state", STATES)
def test_question_is_read_as_it_is_written_down(state):
    assert lines(question(state)) == EXPECTED[state]


@pytest.mark.parametrize(
    ("item", "value", "words"),
    [
        ("ride", {"available": True, "adult": True}, ["Yes, an adult will take me home"]),
        ("ride", {"available": False}, ["I have no ride"]),
        ("ride", {"available": True, "adult": False}, ["Only a taxi or a ride app, with no adult"]),
        ("ride", {"available": True, "transport": "taxi"}, ["Only a taxi or a ride app, with no adult"]),
        ("ride", {"available": True}, ["There is a ride, but we do not know yet if it is with an adult."]),
        ("ride", {"available": True, "exempt": True}, ["A doctor noted that no adult has to come."]),
        ("ride", {"answer": "not_sure"}, ["I am not sure"]),
        ("fasting", {"intakes": []}, ["No food or drink since the fast began"]),
        (
            "fasting",
            {"intakes": [{"intake": name, "at": "2027-03-10T02:00:00-05:00"} for name in ("clear liquids", "stew")]},
            ["Clear drinks: Wed 10 02:00", "stew: Wed 10 02:00"],
        ),
        (
            "fasting",
            {"intakes": [{"intake": "light meal", "at": "2027-03-10T02:00:00-05:00"}]},
            ["A light meal, such as toast and tea: Wed 10 02:00"],
        ),
        ("hold:ibuprofen", {"last_dose_at": "2027-03-08T02:00:00-05:00"}, ["Taken last: Mon 08 02:00"]),
        ("hold:ibuprofen", {"last_dose_on": "2027-03-08"}, ["Taken last: Mon 08"]),
        ("hold:ibuprofen", {"not_taking": True}, ["I do not take it"]),
        ("hold:ibuprofen", {"decision": "continue"}, ["It is noted what was decided about it."]),
        (
            "hold:ibuprofen",
            {"answers": {"stent": "yes", "some_other_thing": "yes", "gastroparesis": "no"}},
            ["You have a stent (a small tube in a blood vessel)", "some other thing"],
        ),
        ("hold:ibuprofen", {"answers": {"stent": "not_sure"}}, ["I am not sure"]),
        ("hold:ibuprofen", {"answers": {"stent": "no"}}, ["None of these is true for me"]),
        (
            "infection_prescreen",
            {"answers": {"fever": "yes", "cough_or_cold": "yes", "new_rash": "yes", "vaccine": "no"}},
            ["A fever", "cough_or_cold?", "new rash"],
        ),
        ("infection_prescreen", {"answers": {"fever": "not_sure"}}, ["I am not sure"]),
        ("infection_prescreen", {"answers": {"fever": "no"}}, ["I have none of these"]),
    ],
)
def test_what_was_said_is_read_back(item, value, words):
    authority = Authority.PATIENT if "decision" not in value else Authority.CLINICIAN
    answered = asked((item, value, authority, NOW), facts=taking("ibuprofen"))[item].answered
    assert [line(text) for text in answered.said] == words
    assert (answered.choice == "not_sure") is (words == ["I am not sure"])
    assert (answered.at, answered.recorded_by) == (NOW, "staff:1")


AT = START - 3 * HOUR
SINCE = {"since": (START - 8 * HOUR).isoformat()}


@pytest.mark.parametrize(
    ("state", "answer", "value"),
    [
        ("ride, nothing known", Answer("no_ride"), {"available": False}),
        ("ride, nothing known", Answer("for_hire"), {"available": True, "adult": False, "transport": "taxi"}),
        (
            "ride, nothing known",
            Answer("yes", {"name": "Al", "phone": "555-0100"}),
            {"available": True, "adult": True, "escort_name": "Al", "escort_phone": "555-0100"},
        ),
        ("ride, the same adult as before", Answer("yes", {"name": ""}), CONTACT),
        ("ride, the same adult as before", Answer("yes", {"contact": "77"}), {**CONTACT, "contact": "77"}),
        ("fasting, begun", Answer("nothing"), {"intakes": [], **SINCE}),
        (
            "fasting, begun",
            Answer("clear", {"at": AT}),
            {"intakes": [{"intake": "clear liquids", "at": AT.isoformat()}], **SINCE},
        ),
        (
            "fasting, begun",
            Answer("ate", {"what": "light meal", "at": AT, "drink_at": None}),
            {"intakes": [{"intake": "light meal", "at": AT.isoformat()}]},
        ),
        (
            "fasting, begun",
            Answer("ate", {"what": "light meal", "at": AT, "drink_at": AT + HOUR}),
            {
                "intakes": [
                    {"intake": "light meal", "at": AT.isoformat()},
                    {"intake": "clear liquids", "at": (AT + HOUR).isoformat()},
                ]
            },
        ),
        ("medicine, the last dose", Answer("stopped", {"last": AT}), {"last_dose_at": AT.isoformat()}),
        ("medicine, the last dose", Answer("stopped", {"last": AT.date()}), {"last_dose_on": "2027-03-10"}),
        (
            "medicine, the last dose",
            Answer("took_it", {"last": AT}),
            {"took_it": True, "last_dose_at": AT.isoformat()},
        ),
        ("medicine, the last dose", Answer("not_taking"), {"not_taking": True}),
        ("medicine, the last dose", Answer("not_sure"), {"answer": "not_sure"}),
        ("medicine, the last dose", Answer("call_me"), None),
        (
            "illness, asked",
            Answer("yes", {"signs": ("fever",)}),
            {"answers": {"fever": "yes", "cough_or_cold": "no", "covid_contact": "no", "vaccine": "no"}},
        ),
        (
            "illness, asked",
            Answer("no", {"signs": ("fever",)}),
            {"answers": dict.fromkeys(("fever", "cough_or_cold", "covid_contact", "vaccine"), "no")},
        ),
        ("illness, to come", Answer("yes", {"signs": ("chills",)}), {"answers": {"chills": "yes"}}),
        (
            "medicine, asked how it is",
            Answer("none", {"listed": ("gastroparesis",)}),
            {"answers": dict.fromkeys(("stomach_symptoms", "dose_escalation", "gastroparesis"), "no")},
        ),
    ],
)
def test_answer_becomes_the_evidence_of_its_item(state, answer, value):
    assert value_of(question(state), answer) == value


def test_medicine_is_called_by_the_first_name_on_the_list_and_by_its_own_where_the_list_has_none():
    twice = taking(Medication(" Coumadin ", "a"), Medication("warfarin", "b"), facts=FACTS)
    assert line(asked(facts=twice)["hold:warfarin"].title) == "Your medicine: Coumadin (warfarin)"
    gone = asked(patient("hold:ibuprofen", {"last_dose_at": AT.isoformat()}, NOW))
    assert line(gone["hold:ibuprofen"].title) == "Your medicine: ibuprofen"


def test_some_of_a_list_of_which_none_was_chosen_is_none_of_it():
    for state, choice in (("illness, asked", "yes"), ("medicine, asked how it is", "some")):
        assert set(value_of(question(state), Answer(choice))["answers"].values()) == {"no"}


def test_fast_of_clear_drinks_alone_names_one_time():
    clear = tuple(row for row in PROTOCOL.fasting.intakes if row.intake == "clear liquids")
    told = [line(text) for text in asked(protocol=fasting(intakes=clear))["fasting"].do]
    assert told[:2] == ["You may eat as usual until Wed 10 08:00.", "After that, eat and drink nothing."]


def test_day_of_an_evening_start_is_the_sites():
    """At eight in the evening of the 9th it is the 10th by UTC."""
    evening = {"start": at("2027-03-09 20:00"), "now": at("2027-03-09 18:00")}
    fast = asked(protocol=fasting(mode="midnight"), **evening)["fasting"]
    read = "\n".join(lines(fast))
    assert "the midnight at which Tue 09 begins" in read
    assert "I have had no food or drink on Tue 09" in read
    medicine = asked(facts=METFORMIN, **evening)["hold:metformin"]
    assert line(medicine.do[0]) == "Do not take metformin on Tue 09."
    weekly = asked(facts=WEEKLY, **REFERENCE, start=evening["start"], now=at("2027-03-08 18:00"))["hold:semaglutide"]
    assert weekly.opens_at == at("2027-03-09 00:00")
    warfarin = asked(agreed("warfarin"), facts=WARFARIN, start=at("2027-03-10 20:00"), now=START)["hold:warfarin"]
    assert warfarin.opens_at == at("2027-03-05 00:00")


def test_drug_that_goes_on_without_a_question_of_the_day_promises_none():
    goes_on = asked(facts=taking("sertraline"), **REFERENCE)["hold:sertraline"]
    assert [line(text) for text in goes_on.do] == ["Do not stop it unless we tell you."]
    assert goes_on.opens_at is None


@pytest.mark.parametrize(("first", "second", "choice"), [(2, 1, "yes"), (1, 2, "no_ride"), (1, 1, "yes")])
def test_last_word_is_what_was_observed_last_and_of_two_what_was_recorded_later(first, second, choice):
    said = (patient("ride", {"available": False}, NOW - first * HOUR), patient("ride", CONTACT, NOW - second * HOUR))
    assert asked(*said)["ride"].answered.choice == choice


def test_no_of_a_patient_is_shown_as_one():
    for value, is_no in (({"available": False}, True), (CONTACT, False)):
        assert asked(patient("ride", value, NOW))["ride"].answered.is_no is is_no


IBUPROFEN = {"facts": taking("ibuprofen")}


@pytest.mark.parametrize(
    ("item", "answer", "wrong"),
    [
        ("ride", Answer("yes", {"name": ""}), ["This is needed."]),
        ("ride", Answer("yes", {"name": "x" * 120, "phone": "555-0100"}), []),
        ("ride", Answer("yes", {"name": "Al", "phone": "555-010"}), ["This phone number is too short."]),
        ("fasting", Answer("ate", {"what": "light meal", "at": NOW}), []),
        ("infection_prescreen", Answer("yes", {"signs": ("fever", "vaccine")}), []),
        ("infection_prescreen", Answer("yes", {"signs": ("fever", "gout")}), ["Choose one of the answers."]),
        ("hold:ibuprofen", Answer("stopped", {"last": NOW.date() - timedelta(days=329)}), []),
        (
            "hold:ibuprofen",
            Answer("stopped", {"last": NOW.date() - timedelta(days=330)}),
            ["This is about a year ago. Check the year."],
        ),
    ],
)
def test_answer_at_the_edge_of_what_can_be_recorded(item, answer, wrong):
    assert [line(each.text) for each in problems_of(asked(**IBUPROFEN)[item], answer, NOW)] == wrong
