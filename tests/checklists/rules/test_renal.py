"""The clearance that bands of a drug are read by: exact, the lowest of what may be true, or why it is not known."""

from dataclasses import replace
from datetime import date, timedelta
from fractions import Fraction

import pytest

from checklists.rules.assess import context_of
from checklists.rules.clock import Clock, Start
from checklists.rules.renal import Renal, cockcroft_gault, renal_function
from tests.checklists.rules.cases import FACTS, LABS, PROTOCOL, START
from tests.checklists.rules.notes import Notes

DAY = timedelta(days=1)
MAN = replace(FACTS, born_on=date(1967, 3, 10), sex="male", weight_kg=72.0)  # 60 years old on the day of the start


def kidneys(facts, *creatinines, protocol=PROTOCOL):
    """From creatinines as (value, unit, drawn days before the start)."""
    notes = Notes()
    for value, unit, days in creatinines:
        notes.add("labs", {"analyte": "creatinine", "value": value, "unit": unit}, START - days * DAY)
    return renal_function(context_of(protocol, facts, notes.all, Start(START, Clock(START - DAY))))


def test_clearance_by_cockcroft_and_gault_is_exact():
    assert cockcroft_gault(60, Fraction(72), Fraction(1), female=False) == 80
    assert cockcroft_gault(60, Fraction(72), Fraction(1), female=True) == 68
    assert cockcroft_gault(80, Fraction(60), Fraction(2), female=False) == 25


@pytest.mark.parametrize(
    ("facts", "creatinines", "clearance"),
    [
        (MAN, [(1.0, "mg/dL", 5)], 80),
        (MAN, [(2.0, "mg/dL", 5)], 40),
        (MAN, [(88.42, "umol/L", 5)], 80),
        (replace(MAN, sex="female"), [(1.0, "mg/dL", 5)], 68),
        (replace(MAN, sex="other"), [(1.0, "mg/dL", 5)], 68),
        (replace(MAN, born_on=date(1967, 3, 11)), [(1.0, "mg/dL", 5)], 81),
        (replace(MAN, weight_kg=0.9), [(1.0, "mg/dL", 5)], 1),
        # The last one drawn counts, of two drawn at once the one of the weaker kidney.
        (MAN, [(1.0, "mg/dL", 5), (2.0, "mg/dL", 6)], 80),
        (MAN, [(1.0, "mg/dL", 5), (2.0, "mg/dL", 5)], 40),
        (MAN, [(2.0, "mg/dL", 5), (1.0, "mg/dL", 5)], 40),
    ],
)
def test_clearance_is_that_of_the_day_of_the_start(facts, creatinines, clearance):
    assert kidneys(facts, *creatinines) == Renal(Fraction(clearance), grounds=(str(clearance),))


@pytest.mark.parametrize(
    ("facts", "creatinines", "missing"),
    [
        (MAN, [], "creatinine"),
        (replace(MAN, born_on=None), [(1.0, "mg/dL", 5)], "date of birth"),
        (replace(MAN, weight_kg=None), [(1.0, "mg/dL", 5)], "weight"),
        (replace(MAN, weight_kg=0.0), [(1.0, "mg/dL", 5)], "weight"),
        (replace(MAN, sex=None), [(1.0, "mg/dL", 5)], "sex"),
        (replace(MAN, born_on=None, weight_kg=None, sex=None), [], "creatinine, date of birth, weight, sex"),
    ],
)
def test_kidney_function_that_is_not_known_says_what_to_record(facts, creatinines, missing):
    told = f"Kidney function is not known: record {missing}."
    assert kidneys(facts, *creatinines) == Renal(None, "renal_function_missing", told)


OUT_OF_DATE = Renal(
    None, "renal_function_expired", "Kidney function is out of date at the start: draw a new creatinine."
)


def test_creatinine_counts_for_as_long_as_the_protocol_says():
    assert kidneys(MAN, (1.0, "mg/dL", 30)).clearance == 80
    assert kidneys(MAN, (1.0, "mg/dL", 31)) == OUT_OF_DATE


def test_clearance_is_the_same_where_the_protocol_gives_its_row_in_another_unit():
    rows = tuple(replace(row, unit="umol/L") if row.analyte == "creatinine" else row for row in LABS)
    for value, unit in ((1.0, "mg/dL"), (88.42, "umol/L")):
        assert kidneys(MAN, (value, unit, 5), protocol=replace(PROTOCOL, labs=rows)).clearance == 80


def test_creatinine_of_a_protocol_without_a_row_for_it_is_never_in_date():
    rowless = replace(PROTOCOL, labs=tuple(row for row in LABS if row.analyte != "creatinine"))
    assert kidneys(MAN, (88.42, "umol/L", 1), protocol=rowless) == OUT_OF_DATE
    assert kidneys(MAN, protocol=rowless).code == "renal_function_missing"
