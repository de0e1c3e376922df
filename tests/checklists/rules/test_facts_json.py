# ruff: noqa: E501  (tables of whole sentences)
"""Facts and evidence as documents: every field there and back, what may be left out, and what is refused."""

from datetime import UTC, date, datetime, time

import pytest

from checklists.rules.facts_json import (
    evidence_from_json,
    evidence_problems,
    evidence_to_json,
    facts_from_json,
    facts_problems,
    facts_problems_at,
    facts_to_json,
    nullable,
    parse_about,
    parse_hours,
    parse_key,
    parse_rxcui,
    parse_zone,
)
from checklists.rules.shapes import BOOLEAN, Problem
from checklists.rules.values import Authority, DateAbout, Evidence, Facts, Medication, Site
from tests.checklists.rules.cases import NEW_YORK

CLOSED = [None] * 6
SEVEN = 'Give seven entries, Monday to Sunday: ["08:00", "17:00"], or null for a closed day.'
FACTS = Facts(
    number=3,
    site=Site("America/New_York", ((time(8), time(17, 30)), *CLOSED)),
    procedure="vertebroplasty",
    levels=("T12", "L1"),
    cause="trauma",
    anesthesia="local",
    fractured=DateAbout(date(2027, 2, 1), date(2027, 2, 2)),
    onset=DateAbout(date(2027, 2, 3), date(2027, 2, 3)),
    diagnosed=DateAbout(date(2027, 2, 4), date(2027, 2, 4)),
    worsened=DateAbout(date(2027, 2, 5), date(2027, 2, 5)),
    born_on=date(1950, 2, 3),
    sex="male",
    weight_kg=71.5,
    allergies=("latex", "iodine"),
    conditions=frozenset({"stent", "diabetes"}),
    conditions_denied=frozenset({"steroid", "gastroparesis"}),
    medications=(Medication("Aspirin", "secondary prevention", "oral", "stent", 1, "1191", 81.0), Medication("x")),
    medications_known=False,
    arrived_at=datetime(2027, 3, 10, 14, tzinfo=UTC),
    not_happening=True,
    put_off_at=datetime(2027, 3, 9, 14, tzinfo=UTC),
    started_holds=("warfarin",),
)
UNSTATED = dict.fromkeys(("dose_tier", "route", "indication", "interval_days", "rxcui", "daily_mg"))
DOCUMENT = {
    "number": 3,
    "site": {"zone": "America/New_York", "hours": [["08:00:00", "17:30:00"], *CLOSED]},
    "procedure": "vertebroplasty",
    "levels": ["T12", "L1"],
    "cause": "trauma",
    "anesthesia": "local",
    "fractured": {"earliest": "2027-02-01", "latest": "2027-02-02"},
    "onset": {"earliest": "2027-02-03", "latest": "2027-02-03"},
    "diagnosed": {"earliest": "2027-02-04", "latest": "2027-02-04"},
    "worsened": {"earliest": "2027-02-05", "latest": "2027-02-05"},
    "born_on": "1950-02-03",
    "sex": "male",
    "weight_kg": 71.5,
    "allergies": ["latex", "iodine"],
    "conditions": ["diabetes", "stent"],
    "conditions_denied": ["gastroparesis", "steroid"],
    "medications": [
        {
            "name": "Aspirin",
            "dose_tier": "secondary prevention",
            "route": "oral",
            "indication": "stent",
            "interval_days": 1,
            "rxcui": "1191",
            "daily_mg": 81.0,
        },
        {"name": "x", **UNSTATED},
    ],
    "medications_known": False,
    "arrived_at": "2027-03-10T14:00:00+00:00",
    "not_happening": True,
    "put_off_at": "2027-03-09T14:00:00+00:00",
    "started_holds": ["warfarin"],
}
LEAST = {"site": DOCUMENT["site"], "procedure": "kyphoplasty", "levels": ["L1"]}


def test_every_fact_has_its_place_in_the_document():
    assert facts_to_json(FACTS) == DOCUMENT
    assert facts_from_json(DOCUMENT) == FACTS
    assert facts_problems(DOCUMENT) == []


def test_document_of_the_least_says_that_nobody_asked_about_medicines():
    facts = facts_from_json(LEAST)
    assert facts == Facts(1, FACTS.site, "kyphoplasty", ("L1",), medications_known=False)
    assert facts_problems(LEAST) == []
    assert facts_from_json({**LEAST, "medications": []}).medications_known
    assert facts_from_json(facts_to_json(facts)) == facts


ENTRY = Evidence(
    7,
    "ride",
    datetime(2027, 3, 9, 14, tzinfo=UTC),
    {"available": False},
    "escort",
    Authority.SCHEDULER,
    "staff:4",
    frozenset({5, 2}),
)
WRITTEN = {
    "id": 7,
    "item": "ride",
    "observed_at": "2027-03-09T14:00:00+00:00",
    "value": {"available": False},
    "said_by": "escort",
    "authority": "scheduler",
    "recorded_by": "staff:4",
    "supersedes": [2, 5],
}


def test_evidence_has_its_place_in_the_document():
    assert evidence_to_json(ENTRY) == WRITTEN
    assert evidence_from_json(WRITTEN) == ENTRY
    assert evidence_problems(WRITTEN) == []


def test_evidence_that_names_nobody_is_the_word_of_a_patient():
    least = {name: WRITTEN[name] for name in ("item", "observed_at", "value")}
    read = evidence_from_json(least, 4)
    assert (read.id, read.said_by, read.authority, read.recorded_by, read.supersedes) == (
        4,
        "staff",
        Authority.PATIENT,
        "document",
        frozenset(),
    )
    assert evidence_from_json(least).id == 1


# ---- what is refused


@pytest.mark.parametrize(
    ("parse", "value", "read"),
    [
        (parse_zone, "America/New_York", NEW_YORK),
        (parse_hours, [["08:00", "17:00"], *CLOSED], ((time(8), time(17)), *CLOSED)),
        (parse_hours, [None] * 7, (None,) * 7),
        (parse_about, "2027-02-01", DateAbout(date(2027, 2, 1), date(2027, 2, 1))),
        (parse_about, {"earliest": "2027-02-01", "latest": "2027-02-01"}, DateAbout(date(2027, 2, 1), date(2027, 2, 1))),
        (parse_key, "mri_contraindicated", "mri_contraindicated"),
        (parse_rxcui, "1364430", "1364430"),
        (parse_rxcui, "1234567890", "1234567890"),
    ],
)  # fmt: skip
def test_part_of_a_document_is_read(parse, value, read):
    assert parse(value) == read


@pytest.mark.parametrize(
    ("parse", "value", "complaint"),
    [
        (parse_zone, "Mars/Base", "'Mars/Base' is not a zone. Use an IANA name such as America/New_York."),
        (parse_zone, "/etc/passwd", "'/etc/passwd' is not a zone. Use an IANA name such as America/New_York."),
        (parse_zone, 5, "5 is not a zone. Use an IANA name such as America/New_York."),
        (parse_zone, "", "'' is not a zone. Use an IANA name such as America/New_York."),
        (parse_hours, "weekday", f"'weekday' is not a week. {SEVEN}"),
        (parse_hours, [None] * 6, f"[None, None, None, None, None, None] is not a week. {SEVEN}"),
        (parse_hours, 7, f"7 is not a week. {SEVEN}"),
        (parse_hours, [8, *CLOSED], f"[8, None, None, None, None, None, None] is not a week. {SEVEN}"),
        (parse_hours, ["0800", *CLOSED], f"['0800', None, None, None, None, None, None] is not a week. {SEVEN}"),
        (parse_hours, [["08:00", "09:00Z"], *CLOSED], f"[['08:00', '09:00Z'], None, None, None, None, None, None] is not a week. {SEVEN}"),
        (parse_hours, [["08:00Z", "09:00"], *CLOSED], f"[['08:00Z', '09:00'], None, None, None, None, None, None] is not a week. {SEVEN}"),
        (parse_hours, [["09:00", "08:00"], *CLOSED], "a day closes before it opens. Write the opening time first."),
        (parse_hours, [["09:00", "09:00"], *CLOSED], "a day closes before it opens. Write the opening time first."),
        (parse_about, "soon", "'soon' is not a date. Write the date as 2027-03-01."),
        (parse_about, {"earliest": "2027-02-01"}, "{'earliest': '2027-02-01'} is not a date. Write a date, or earliest and latest."),
        (parse_about, {"earliest": "2027-02-02", "latest": "2027-02-01"}, "earliest is after latest. Exchange the two."),
        (parse_key, "Diabetes", "'Diabetes' is not a code. Use small letters and underscores, such as diabetes."),
        (parse_key, 5, "5 is not a code. Use small letters and underscores, such as diabetes."),
        (parse_rxcui, "12345678901", "'12345678901' is not an RxNorm code. Write its digits as text, such as 1364430."),
        (parse_rxcui, "x", "'x' is not an RxNorm code. Write its digits as text, such as 1364430."),
        (parse_rxcui, 1364430, "1364430 is not an RxNorm code. Write its digits as text, such as 1364430."),
    ],
)  # fmt: skip
def test_part_that_cannot_be_read_is_refused_with_the_remedy(parse, value, complaint):
    with pytest.raises(ValueError, match=r".") as refused:
        parse(value)
    assert str(refused.value) == complaint


def test_field_that_may_be_empty_takes_null_and_what_it_takes_otherwise():
    field = nullable(BOOLEAN)
    assert [field.complaint(value) for value in (None, True, 1)] == [None, None, BOOLEAN.complaint(1)]
    assert dict(field.schema) == {"anyOf": [{"type": "boolean"}, {"type": "null"}]}


@pytest.mark.parametrize(
    ("change", "problems"),
    [
        ({"site": {"zone": "Mars", "hours": [None] * 7}}, [(("site",), "zone")]),
        ({"site": "here"}, [((), "site")]),
        ({"levels": "T12", "site": {"hours": [None] * 7}}, [((), "levels"), (("site",), "zone")]),
        (
            {"medications": [{"name": "x"}, {"name": ""}, {"route": 5, "name": "y"}]},
            [(("medications", 1), "name"), (("medications", 2), "route")],
        ),
        ({"medications": "many"}, [((), "medications")]),
        ({"medications": [{"name": "x"}] * 51}, [((), "medications")]),
        ({"medications": ["x"]}, [(("medications", 0), "value")]),
        ({"hat": 1}, [((), "hat")]),
        ({"born_on": "1899-12-31"}, [((), "born_on")]),
        ({"born_on": "1900-01-01"}, []),
    ],
)
def test_problem_of_a_document_is_told_with_the_place_that_it_is_in(change, problems):
    found = list(facts_problems_at({**LEAST, **change}))
    assert [(path, problem.field) for path, problem in found] == problems
    assert facts_problems({**LEAST, **change}) == [problem for _, problem in found]


def test_document_that_is_no_object_says_so():
    told = Problem("value", "'x' is not an object. Send an object such as {...}.")
    assert (list(facts_problems_at("x")), evidence_problems("x")) == ([((), told)], [told])


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"authority": "boss"}, "authority"),
        ({"said_by": "neighbour"}, "said_by"),
        ({"observed_at": "2027-03-09"}, "observed_at"),
        ({"item": "horoscope"}, "item"),
        ({"value": {"available": "yes"}}, "value.available"),
        ({"value": []}, "value.value"),
        ({"id": 0}, "id"),
        ({"supersedes": [0]}, "supersedes"),
    ],
)
def test_problem_of_an_entry_names_its_field(change, field):
    assert [problem.field for problem in evidence_problems({**WRITTEN, **change})] == [field]
