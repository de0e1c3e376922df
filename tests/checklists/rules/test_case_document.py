# ruff: noqa: E501  (tables of whole sentences)
"""CASE documents: round trips, and errors with file, line, field, value and remedy."""

import json
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from io import StringIO
from pathlib import Path

import jsonschema
import pytest
from django.core.management import call_command

from checklists.rules.case_document import (
    CaseDocumentError,
    case_schema,
    evidence_from_json,
    evidence_to_json,
    facts_from_json,
    facts_to_json,
    good_json,
    parse_case,
    plain_of,
    problems_at,
    read_text,
)
from checklists.rules.facts_json import facts_problems
from checklists.rules.kinds import KINDS
from checklists.rules.values import Authority, DateAbout, Medication
from tests.checklists.rules.cases import FACTS
from tests.checklists.rules.notes import ready_notes

SCHEMA = Path(__file__).parents[3] / "docs" / "case.schema.json"
FULL = replace(
    FACTS,
    onset=DateAbout(date(2027, 2, 1), date(2027, 2, 9)),
    allergies=("latex",),
    conditions=frozenset({"diabetes", "steroid"}),
    medications=(Medication("Eliquis", "treatment dose", "oral", "atrial fibrillation", 1), Medication("x")),
    not_happening=True,
)
CASE = """\
facts:
  site:
    zone: America/New_York
    hours: [["08:00", "17:00"], null, null, null, null, null, null]
  procedure: kyphoplasty
  levels: [T12]
  born_on: 1950-02-03
  medications:
    - name: Eliquis
      dose_tier: treatment dose
evidence:
  - item: hold:apixaban
    observed_at: 2027-03-01T09:00:00-05:00
    authority: nurse
    value: {last_dose_on: 2027-02-27}
"""


@pytest.mark.parametrize("facts", [FACTS, FULL])
def test_facts_survive_json_exactly(facts):
    document = json.loads(json.dumps(facts_to_json(facts)))
    assert (facts_from_json(document), facts_problems(document)) == (facts, [])


def test_evidence_survives_json_exactly():
    entries = ready_notes().all
    assert [evidence_from_json(json.loads(json.dumps(evidence_to_json(e)))) for e in entries] == entries


def test_case_document_is_read_as_yaml_and_as_json():
    facts, evidence = parse_case(CASE)
    assert (facts.born_on, facts.medications) == (date(1950, 2, 3), (Medication("Eliquis", "treatment dose"),))
    assert [(e.id, e.authority, e.value) for e in evidence] == [(1, Authority.NURSE, {"last_dose_on": "2027-02-27"})]
    document = {
        "facts": facts_to_json(FULL),
        "evidence": [evidence_to_json(entry) for entry in ready_notes().all],
    }
    assert parse_case(json.dumps(document)) == (FULL, tuple(ready_notes().all))


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("procedure: kyphoplasty", "procedure: surgery", "c.yaml:5: facts.procedure: 'surgery': use one of kyphoplasty, vertebroplasty."),
        ("zone: America/New_York", "zone: Mars/Base", "c.yaml:3: facts.site.zone: 'Mars/Base' is not a zone. Use an IANA name such as America/New_York."),
        ("levels: [T12]", "levels: [T13]", None),
        ("  procedure: kyphoplasty\n", "", "c.yaml:1: facts.procedure: is missing. Add 'procedure' to the value."),
        ("dose_tier: treatment dose", "dosetier: x", "c.yaml:10: facts.medications.0.dosetier: is not known here. Use name, dose_tier, route, indication, interval_days, rxcui, daily_mg."),
        ("T09:00:00-05:00", "T09:00:00", "c.yaml:13: evidence.0.observed_at: '2027-03-01T09:00:00' has no offset from UTC. Write date, time and offset, such as 2027-03-01T08:00:00-05:00."),
        ("last_dose_on: 2027-02-27", "last_dose_on: soon", "c.yaml:15: evidence.0.value.last_dose_on: 'soon' is not a date. Write the date as 2027-03-01."),
        ("  levels: [T12]", "  levels: [T12]\n  levels: [T11]", None),
        ("levels: [T12]", "levels: [T12", None),
        ("born_on: 1950-02-03", "weight_kg: .nan", "c.yaml:7: facts.weight_kg: nan is not a number. Write a number from 1 to 500."),
        ("born_on: 1950-02-03", f"weight_kg: 1{'0' * 400}", f"c.yaml:7: facts.weight_kg: 1{'0' * 56}... is out of reach. Write 1 to 500."),
        ("evidence:\n", "evidence: 3\nother:\n", None),
    ],
)  # fmt: skip
def test_bad_document_names_line_field_value_and_remedy(old, new, problem):
    assert CASE.count(old) == 1
    with pytest.raises(CaseDocumentError) as refused:
        parse_case(CASE.replace(old, new), "c.yaml")
    if problem is None:
        assert all(line.startswith("c.yaml:") for line in refused.value.problems)
    else:
        assert refused.value.problems == (problem,)


@pytest.mark.parametrize(
    "day", [["08:00", "17:00+05:00"], ["08:00Z", "17:00Z"], ["17:00", "08:00"], ["08:00"], [8, 17]]
)
def test_opening_hours_are_two_times_of_the_sites_own_clock(day):
    document = facts_to_json(FACTS)
    document["site"]["hours"][0] = day
    assert [problem.field for problem in facts_problems(document)] == ["hours"]


@pytest.mark.parametrize("text", ["", "[]", "3", "facts: 1", "\x00", "[" * 300, "a: &a [*a]", "x" * 1_000_001])
def test_document_that_is_no_case_is_refused(text):
    with pytest.raises(CaseDocumentError):
        parse_case(text)


def test_two_entries_with_one_id_are_refused():
    entry = evidence_to_json(ready_notes().all[0])
    with pytest.raises(CaseDocumentError, match=r"evidence.1.id: 1 is used before"):
        parse_case(json.dumps({"facts": facts_to_json(FACTS), "evidence": [entry, entry]}))


def test_published_schema_is_what_the_command_prints():
    out = StringIO()
    call_command("case_schema", stdout=out)
    assert SCHEMA.read_text() == out.getvalue()
    assert json.loads(out.getvalue()) == case_schema()


@pytest.mark.parametrize("kind", KINDS)
def test_command_prints_the_schema_of_one_kind(kind):
    out = StringIO()
    call_command("case_schema", kind, stdout=out)
    schema = json.loads(out.getvalue())
    jsonschema.Draft202012Validator.check_schema(schema)
    assert schema == {"$schema": case_schema()["$schema"], **case_schema()["$defs"][kind]}
    assert jsonschema.Draft202012Validator(schema).is_valid({"answer": "not_sure"})


def test_number_beyond_every_float_is_refused_with_its_line():
    with pytest.raises(CaseDocumentError) as refused:
        parse_case(CASE.replace("born_on: 1950-02-03", f"weight_kg: 1{'0' * 400}"), "c.yaml")
    assert refused.value.problems[0].startswith("c.yaml:7: facts.weight_kg: 1000")


@pytest.mark.parametrize(("name", "most"), [("evidence", 1000), ("medications", 50)])
def test_list_is_refused_from_the_length_that_the_schema_states(name, most):
    entry = evidence_to_json(ready_notes().all[0])
    facts = facts_to_json(FACTS)
    properties = case_schema()["properties"]
    stated = properties["evidence"] if name == "evidence" else properties["facts"]["properties"]["medications"]
    assert stated["maxItems"] == most
    found = {}
    for length in (most, most + 1):
        case = {"facts": facts, "evidence": [{**entry, "id": n + 1} for n in range(length)]}
        if name == "medications":
            case = {"facts": {**facts, "medications": [{"name": "x"}] * length}}
        found[length] = [problem.field for _, problem in problems_at(case)]
    assert found == {most: [], most + 1: ["evidence" if name == "evidence" else "facts.medications"]}


def test_json_is_read_as_the_slower_reader_reads_it():
    document = {"facts": facts_to_json(FULL), "evidence": [evidence_to_json(e) for e in ready_notes().all]}
    text = json.dumps(document)
    assert good_json(text) == document
    slowly = plain_of(read_text(text, "-", 1))
    assert slowly == document


@pytest.mark.parametrize("text", ['{"facts": 1, "facts": 2}', '{"facts": NaN}', '{"facts"', '{"facts": {}}'])
def test_faulty_json_is_left_to_the_reader_that_knows_lines(text):
    assert good_json(text) is None
    with pytest.raises(CaseDocumentError):
        parse_case(text)


def test_schema_agrees_on_good_and_bad_documents():
    schema = json.loads(SCHEMA.read_text())
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(schema)
    good = {"facts": facts_to_json(FULL), "evidence": [evidence_to_json(e) for e in ready_notes().all]}
    assert validator.is_valid(good)
    bad_value = {**good["evidence"][0], "value": {"outcome": "maybe"}}
    bad_item = {**good["evidence"][0], "item": "horoscope"}
    for entry in (bad_value, bad_item):
        assert not validator.is_valid({**good, "evidence": [entry]})
    assert not validator.is_valid({**good, "facts": {**good["facts"], "levels": ["T13"]}})


# ---- entries of evidence


TWO = (
    CASE
    + """\
  - id: 1
    item: ride
    observed_at: 2027-03-01T09:30:00-05:00
    value: {available: true}
"""
)


def problems_of(text, **more):
    with pytest.raises(CaseDocumentError) as refused:
        parse_case(text, "c.yaml", **more)
    return list(refused.value.problems)


def test_entry_without_an_id_has_that_of_its_place_and_no_other_may_have_it():
    assert problems_of(TWO) == ["c.yaml:16: evidence.1.id: 1 is used before. Give each entry its own id."]
    assert [entry.id for entry in parse_case(TWO.replace("id: 1", "id: 7"))[1]] == [1, 7]
    last = TWO.replace("- id: 1\n    item", "- item") + "    id: 1\n"
    assert problems_of(last) == ["c.yaml:19: evidence.1.id: 1 is used before. Give each entry its own id."]


def test_entry_that_is_no_object_is_told_with_its_line():
    told = "value: 5 is not an object. Send an object such as {...}."
    assert problems_of(CASE + "  - 5\n") == [f"c.yaml:16: evidence.1.{told}"]


def test_nothing_in_a_document_is_observed_after_now():
    now = datetime(2027, 3, 1, 14, tzinfo=UTC)  # 9:00 in New York
    late = "2027-03-01T09:30:00-05:00 is after now, 2027-03-01T14:00:00+00:00."
    remedy = "Correct it, or judge at a later moment (--now)."
    later = TWO.replace("id: 1", "id: 7")
    assert problems_of(later, now=now) == [f"c.yaml:18: evidence.1.observed_at: {late} {remedy}"]
    assert len(parse_case(later, now=now + timedelta(minutes=30))[1]) == 2
    assert len(parse_case(later)[1]) == 2
    written = json.dumps(plain_of(read_text(later, "-", 1)))
    assert good_json(written, now) is None
    assert good_json(written, now + timedelta(minutes=30)) == good_json(written) == json.loads(written)


def test_document_of_the_greatest_length_is_read():
    written = json.dumps(plain_of(read_text(CASE, "-", 1)))
    longest = written + " " * (1_000_000 - len(written))
    assert (good_json(longest) is not None, good_json(longest + " ")) == (True, None)
    assert read_text(longest, "-", 1) == json.loads(written)
    assert problems_of(longest + " ") == [
        "c.yaml:1: document: has more than 1,000,000 characters: shorten it to one case."
    ]
