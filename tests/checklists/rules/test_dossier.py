"""What is read from the text of a case is the case, however an engine writes it."""

import json
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checklists.rules.dossier import Dossier, Written, dossier_from
from checklists.rules.values import Review
from tests.checklists.rules.cases import FACTS, HOUR, INSTANT, SECOND, START
from tests.checklists.rules.notes import ready_notes
from tests.checklists.rules.random_cases import evidence, examples, facts
from tests.checklists.rules.writing import iso, written, zoneless

REVIEWS = tuple(Review(item, "inputs", START, START + HOUR, "clinician:7") for item in ("labs", "imaging", "hold:x"))
ENGINES = pytest.mark.parametrize("text", [iso, zoneless])


@ENGINES
@examples(10)
@given(facts, evidence(with_junk=False), st.sets(st.integers(0, 11)), st.randoms())
def test_dossier_is_what_was_written_in_any_order(text, case, entries, struck, chance):
    errors = tuple(entry for place, entry in enumerate(entries) if place in struck)
    counted = tuple(entry for entry in entries if entry not in errors)
    told = written(case, counted, REVIEWS, struck=errors, text=text)
    shuffled = Written(told.facts, *(mixed(rows, chance) for rows in told[1:]))
    last = max((entry.id for entry in entries), default=0)
    assert dossier_from(told) == dossier_from(shuffled) == Dossier(case, counted, REVIEWS, last, len(errors))


def mixed(rows, chance):
    found = json.loads(rows)
    chance.shuffle(found)
    return json.dumps(found)


def test_dossier_of_rows_in_another_order_is_that_of_their_ids_and_times():
    first, second, struck, last = (
        replace(ready_notes().all[0], id=number, supersedes=frozenset(named))
        for number, named in ((3, ()), (12, (3,)), (20, ()), (101, ()))
    )
    told = written(FACTS, [first, second, last], REVIEWS, struck=[struck])
    backwards = [json.dumps(json.loads(rows)[::-1]) for rows in told[1:]]
    dossier = Dossier(FACTS, (first, second, last), REVIEWS, 101, 1)
    assert dossier_from(told) == dossier_from(Written(told.facts, *backwards)) == dossier
    assert dossier_from(Written(told.facts, "[]", "[]")).last_evidence_id == 0


def test_reviews_are_in_the_order_of_their_times_however_these_are_written():
    signed = (("2027-03-01T05:00:00-03:00", "later"), ("2027-03-01T07:00:00+00:00", "earlier"))
    told = [[at, item, "inputs", iso(START), iso(START), "clinician:7"] for at, item in signed]
    dossier = dossier_from(written(FACTS, [], [])._replace(reviews=json.dumps(told)))
    assert [review.item for review in dossier.reviews] == ["earlier", "later"]


@ENGINES
@pytest.mark.parametrize("step", [INSTANT, 120_000 * INSTANT, SECOND, timedelta(0)], ids=str)
def test_instants_are_exact_and_in_utc(text, step):
    entry, review = (
        replace(ready_notes().all[0], observed_at=START + step),
        replace(REVIEWS[0], start_from=START - step),
    )
    dossier = dossier_from(written(FACTS, [entry], [review], text=text))
    assert (dossier.evidence, dossier.reviews) == ((entry,), (review,))
    assert {str(moment.tzinfo) for moment in (dossier.evidence[0].observed_at, dossier.reviews[0].start_from)} == {
        "UTC"
    }
    elsewhere = written(
        FACTS, [entry], [review], text=lambda moment: (moment - HOUR).isoformat().replace("+00:", "-01:")
    )
    assert dossier_from(elsewhere) == dossier


@pytest.mark.parametrize("value", [[], "text", 7, None, True])
def test_value_that_is_no_object_is_no_answer(value):
    entry = ready_notes().all[0]
    assert dossier_from(written(FACTS, [replace(entry, value=value)])).evidence == (replace(entry, value={}),)


def test_case_of_which_nothing_is_recorded():
    assert dossier_from(written(FACTS)) == Dossier(FACTS, (), (), 0, 0)


@pytest.mark.parametrize("facts", ["", "null", "{}", "[", "[]"])
def test_facts_that_cannot_be_read_are_no_dossier(facts):
    with pytest.raises((ValueError, KeyError, TypeError)):
        dossier_from(written(FACTS)._replace(facts=facts))
