"""Each type of value: what it takes, what it says of the rest, and the schema that says the same."""

from datetime import UTC, date, datetime
from functools import partial

import jsonschema
import pytest

from checklists.rules.shapes import (
    ANSWERS,
    BOOLEAN,
    DATE,
    DATES,
    TEXT,
    UUID,
    Problem,
    Shape,
    always,
    check_shapes,
    choice,
    listed,
    nested,
    number,
    parse_date,
    parse_instant,
    parsed,
    shown,
    text_complaint,
    whole,
    words,
)

TIME, DAY = "2027-03-01T08:00:00-05:00", "2027-03-01"
TIME_REMEDY = "Write date, time and offset, such as 2027-03-01T08:00:00-05:00."
NOT_A_DATE = "is not a date. Write the date as 2027-03-01."
NO_YEAR = "is not in the years 2000 to 2100. Correct the year."
NOT_A_KEY = "is not a question key. Use the keys of the protocol's infection questions."
NOT_A_DATED_KEY = "is not a key of a date. Use those of the protocol's infection questions."
NOT_A_CONTACT = "is not the id of a contact. Send the id that the contact list gives."
KEYS = {f"k{n}": n for n in range(51)}
# Made anew for each test, so that what makes them is under test too.
FIELDS = {
    "choice": partial(choice, "yes", "no"),
    "always": partial(always, True),
    "never": partial(always, False),
    "boolean": lambda: BOOLEAN,
    "text": lambda: TEXT,
    "number": partial(number, 0.5, 1000),
    "whole": partial(whole, 0, 10),
    "instant": partial(parsed, parse_instant, {"type": "string", "format": "date-time"}),
    "date": partial(parsed, parse_date, {"type": "string", "format": "date"}),
    "uuid": lambda: UUID,
    "list": lambda: listed(choice("a", "b"), 1, 2),
    "any list": lambda: listed(BOOLEAN),
    "nested": lambda: nested(Shape({"at": DATE}, {"note": TEXT})),
    "answers": lambda: ANSWERS,
    "dates": lambda: DATES,
}


@pytest.mark.parametrize(
    ("field", "values"),
    [
        ("choice", ["yes", "no"]),
        ("always", [True]),
        ("never", [False]),
        ("boolean", [True, False]),
        ("text", ["x", "two words", "a\nb\tc", "é", "x" * 500]),
        ("number", [0.5, 1, 1000, 999.9]),
        ("whole", [0, 10]),
        ("instant", [TIME, "2027-03-01T08:00Z", "2000-01-01T00:00:00Z", "2100-12-31T23:59:59Z"]),
        ("date", [DAY, "2000-01-01", "2100-12-31"]),
        ("uuid", ["6f9619ff-8b86-d011-b42d-00c04fc964ff"]),
        ("list", [["a"], ["a", "b"]]),
        ("any list", [[], [True] * 50]),
        ("nested", [{"at": DAY}, {"at": DAY, "note": "x"}]),
        ("answers", [{}, {"cough_or_cold": "yes", "k2": "no", "a": "not_sure"}, dict.fromkeys(list(KEYS)[:50], "no")]),
        ("dates", [{}, {"positive_covid_test": DAY}, dict.fromkeys(list(KEYS)[:50], DAY)]),
    ],
)
def test_field_takes_these_and_so_does_its_schema(field, values):
    kind = FIELDS[field]()
    for value in values:
        assert kind.complaint(value) is None
        jsonschema.validate(value, dict(kind.schema), format_checker=jsonschema.FormatChecker())


@pytest.mark.parametrize(
    ("field", "value", "complaint"),
    [
        ("choice", "maybe", "'maybe': use one of yes, no."),
        ("choice", None, "None: use one of yes, no."),
        ("always", False, "False: write true or leave it out."),
        ("always", 1, "1: write true or leave it out."),
        ("never", True, "True: write false or leave it out."),
        ("boolean", 1, "1 is not true or false. Write true or false."),
        ("text", "  ", "'  ' is not a text. Write a few words."),
        ("text", 7, "7 is not a text. Write a few words."),
        ("text", "x" * 501, "has 501 characters. Shorten it to 500."),
        ("text", "a\x07b", "has control characters. Type it again without them."),
        ("number", 0.49, "0.49 is out of reach. Write 0.5 to 1,000."),
        ("number", 1000.1, "1000.1 is out of reach. Write 0.5 to 1,000."),
        ("number", True, "True is not a number. Write a number from 0.5 to 1,000."),
        ("number", "1", "'1' is not a number. Write a number from 0.5 to 1,000."),
        ("number", float("nan"), "nan is not a number. Write a number from 0.5 to 1,000."),
        ("number", float("-inf"), "-inf is not a number. Write a number from 0.5 to 1,000."),
        ("whole", 1.0, "1.0 is not a whole number. Write a number without a point."),
        ("whole", 11, "11 is out of reach. Write 0 to 10."),
        ("whole", -1, "-1 is out of reach. Write 0 to 10."),
        ("instant", DAY, f"'2027-03-01' is not a time. {TIME_REMEDY}"),
        ("instant", "2027-03-01T25:00:00Z", f"'2027-03-01T25:00:00Z' is not a time. {TIME_REMEDY}"),
        ("instant", "2027-03-01 08:00:00Z", f"'2027-03-01 08:00:00Z' is not a time. {TIME_REMEDY}"),
        ("instant", 5, f"5 is not a time. {TIME_REMEDY}"),
        ("instant", "2027-03-01T08:00", f"'2027-03-01T08:00' has no offset from UTC. {TIME_REMEDY}"),
        ("instant", "1999-12-31T23:59:59Z", f"'1999-12-31T23:59:59Z' {NO_YEAR}"),
        ("instant", "2101-01-01T00:00:00Z", f"'2101-01-01T00:00:00Z' {NO_YEAR}"),
        ("date", "2027-02-30", f"'2027-02-30' {NOT_A_DATE}"),
        ("date", "2027-W09-1", f"'2027-W09-1' {NOT_A_DATE}"),
        ("date", "20270301", f"'20270301' {NOT_A_DATE}"),
        ("date", TIME, f"'{TIME}' {NOT_A_DATE}"),
        ("date", "1999-12-31", "'1999-12-31' is not in the years 2000 to 2100. Correct the year."),
        ("date", "2101-01-01", "'2101-01-01' is not in the years 2000 to 2100. Correct the year."),
        ("uuid", "7", f"'7' {NOT_A_CONTACT}"),
        ("uuid", 7, f"7 {NOT_A_CONTACT}"),
        ("uuid", None, f"None {NOT_A_CONTACT}"),
        ("list", "a", "'a' is not a list. Write a list in square brackets."),
        ("list", {"a": 1}, "{'a': 1} is not a list. Write a list in square brackets."),
        ("list", [], "has 0 entries. Give 1 to 2."),
        ("list", ["a", "b", "a"], "has 3 entries. Give 1 to 2."),
        ("list", ["a", "c"], "entry 2: 'c': use one of a, b."),
        ("any list", [True] * 51, "has 51 entries. Give 0 to 50."),
        ("nested", {"note": "x"}, "at: is missing. Add 'at' to the value."),
        ("nested", {"at": DAY, "hat": 1}, "hat: is not known here. Use at, note."),
        ("nested", [], "value: [] is not an object. Send an object such as {...}."),
        ("answers", [], "[] is not an object. Write question keys with yes, no or not_sure."),
        ("answers", KEYS, "has 51 answers. Give at most 50."),
        ("answers", {"Cough": "no"}, f"'Cough' {NOT_A_KEY}"),
        ("answers", {"9a": "no"}, f"'9a' {NOT_A_KEY}"),
        ("answers", {"a" * 65: "no"}, f"'{'a' * 56}... {NOT_A_KEY}"),
        ("answers", {5: "no"}, f"5 {NOT_A_KEY}"),
        ("answers", {"a": "no", "b": "No"}, "b: 'No': use one of yes, no, not_sure."),
        ("answers", {"a": ["no"]}, "a: ['no']: use one of yes, no, not_sure."),
        ("dates", [], "[] is not an object. Write keys of the protocol's dated signs with a date each."),
        ("dates", KEYS, "has 51 dates. Give at most 50."),
        ("dates", {"Covid": DAY}, f"'Covid' {NOT_A_DATED_KEY}"),
        ("dates", {5: DAY}, f"5 {NOT_A_DATED_KEY}"),
        ("dates", {"a": DAY, "b": "soon"}, f"b: 'soon' {NOT_A_DATE}"),
    ],
)  # fmt: skip
def test_field_refuses_these_with_the_remedy(field, value, complaint):
    assert FIELDS[field]().complaint(value) == complaint


def test_schema_of_a_field_says_the_same():
    made = ("choice", "always", "number", "whole", "list", "nested", "date")
    assert {name: dict(FIELDS[name]().schema) for name in made} == {
        "choice": {"enum": ["yes", "no"]},
        "always": {"const": True},
        "number": {"type": "number", "minimum": 0.5, "maximum": 1000},
        "whole": {"type": "integer", "minimum": 0, "maximum": 10},
        "list": {"type": "array", "items": {"enum": ["a", "b"]}, "minItems": 1, "maxItems": 2},
        "date": {"type": "string", "format": "date"},
        "nested": {
            "type": "object",
            "properties": {
                "at": {"type": "string", "format": "date"},
                "note": {"type": "string", "minLength": 1, "maxLength": 500},
            },
            "required": ["at"],
            "additionalProperties": False,
        },
    }


def test_instants_and_dates_that_were_read_already_are_taken():
    moment = datetime(2027, 3, 1, 13, tzinfo=UTC)
    assert (parse_instant(TIME), parse_instant(moment)) == (moment, moment)
    assert (parse_date(DAY), parse_date(date(2027, 3, 1))) == (date(2027, 3, 1), date(2027, 3, 1))
    with pytest.raises(ValueError, match=NOT_A_DATE):
        parse_date(moment)
    with pytest.raises(ValueError, match="has no offset from UTC"):
        parse_instant(moment.replace(tzinfo=None))


def test_date_is_in_the_years_that_were_asked_for():
    assert parse_date("1900-01-01", range(1900, 2030)) == date(1900, 1, 1)
    with pytest.raises(ValueError, match=r"'1899-12-31' is not in the years 1900 to 2029\. Correct the year\."):
        parse_date("1899-12-31", range(1900, 2030))


# ---- which shape is meant


A, B = Shape({"answer": choice("agreed"), "who": TEXT}, {"how": TEXT}), Shape({"answer": choice("not_sure")})


@pytest.mark.parametrize(
    ("value", "problems"),
    [
        ({"answer": "agreed", "who": "Dr. W"}, []),
        ({"answer": "not_sure"}, []),
        ({"answer": "maybe"}, [Problem("answer", "'maybe': use one of not_sure.")]),
        (
            {"answer": "maybe", "how": "fax"},
            [
                Problem("who", "is missing. Add 'who' to the value."),
                Problem("answer", "'maybe': use one of agreed."),
            ],
        ),
        ({"answer": "not_sure", "x" * 70: 1}, [Problem("x" * 64, "is not known here. Use answer.")]),
        ("agreed", [Problem("value", "'agreed' is not an object. Send an object such as {...}.")]),
    ],
)
def test_value_is_held_against_the_shape_that_it_shares_most_with(value, problems):
    for shapes in ((A, B), (B, A)):
        assert check_shapes(shapes, value) == problems


def test_problem_is_printed_with_its_field():
    assert str(Problem("who", "is missing.")) == "who: is missing."


# ---- words


def test_value_is_shown_in_at_most_sixty_letters():
    assert (shown("x" * 58), shown("x" * 59)) == (f"'{'x' * 58}'", f"'{'x' * 56}...")
    assert (len(shown("x" * 58)), len(shown("x" * 59)), words((1, "b"))) == (60, 60, "1, b")


@pytest.mark.parametrize("sign", ["\x00", "\x1b", "\ud83d", "\r"])
def test_text_without_a_place_in_a_database_is_refused(sign):
    assert text_complaint(f"a{sign}") == "has control characters. Type it again without them."
