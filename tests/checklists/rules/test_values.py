"""What every kind of item is given of a case: digests, the rules of a kind, what the protocol says of a study."""

from dataclasses import replace
from datetime import date

import pytest

from checklists.rules.asked import code_unknown, codes_wanted, condition_named
from checklists.rules.context import pending, review, said
from checklists.rules.values import Status, digest
from checklists.rules.verdict_json import verdict_to_json
from tests.checklists.rules.cases import HOUR, NEW_YORK, PROTOCOL, SITE, START, finding, judge, taking
from tests.checklists.rules.notes import ready_notes


def test_digest_is_the_same_for_the_same_values_in_whatever_order_they_were_written():
    one = digest("labs", {"unit": "ratio", "value": 1.0}, [date(2027, 3, 1)])
    assert one == digest("labs", {"value": 1.0, "unit": "ratio"}, ["2027-03-01"])
    assert one != digest("labs", {"value": 1.1, "unit": "ratio"}, ["2027-03-01"])
    assert (len(one), digest()) == (24, "4f53cda18c2baa0c0354bb5f")  # SHA-256 of "[]": kept signatures stay valid


def test_finding_is_found_by_its_item():
    verdict = judge(evidence=ready_notes().all)
    assert [verdict.finding(f.item) for f in verdict.findings] == list(verdict.findings)
    assert verdict.finding("horoscope") is None


def test_rule_of_a_kind_is_found_by_its_kind():
    assert PROTOCOL.item("ride").kind == "ride"
    with pytest.raises(StopIteration):
        PROTOCOL.item("horoscope")


@pytest.mark.parametrize(
    ("modality", "for_xray", "days"), [("mri", 14, 90), ("ct", None, 90), ("xray", 14, 14), ("xray", None, 90)]
)
def test_xray_counts_for_as_long_as_the_protocol_says_of_it_else_as_the_others(modality, for_xray, days):
    assert replace(PROTOCOL.imaging, xray_validity_days=for_xray).valid_for(modality) == days


def test_conditions_are_wanted_in_the_order_in_which_they_are_asked():
    assert code_unknown("stent") == "stent_unknown"
    assert codes_wanted(("stent_unknown", "last_dose_unknown", "stomach_symptoms_unknown")) == (
        "stomach_symptoms",
        "stent",
    )
    assert codes_wanted(()) == ()


def test_condition_is_named_by_its_first_words():
    assert [condition_named(code) for code in ("stent", "stomach_symptoms")] == ["a stent", "nausea"]


def test_verdict_is_written_in_plain_types():
    verdict = judge(taking("ibuprofen"), (), None, START - 30 * 24 * HOUR)
    written = verdict_to_json(replace(verdict, next_change_at=None, signed=False))
    assert {name: written[name] for name in written if name != "findings"} == {
        "state": "blocked",
        "earliest_safe_start": "2027-02-09T15:00:00+00:00",
        "next_change_at": None,
        "signed": False,
    }
    assert [found["item"] for found in written["findings"]] == [found.item for found in verdict.findings]


def test_check_names_whose_next_step_it_is_and_whether_a_person_recorded_it():
    made = [review("a", "b", owner="nurse"), said("a", "b", owner="nurse"), pending("a", "b", owner="nurse")]
    assert [(check.status, check.recorded, check.owner) for check in made] == [
        (Status.REVIEW, False, "nurse"),
        (Status.FAILED, True, "nurse"),
        (Status.PENDING, False, "nurse"),
    ]
    assert {check.owner for check in (review("a", "b"), said("a", "b"), pending("a", "b"))} == {""}


def test_moments_are_written_with_their_offset():
    waiting = finding("ride")._replace(clear_at=START)
    written = verdict_to_json(replace(judge(), next_change_at=START, findings=(waiting,)))
    assert (written["next_change_at"], written["findings"][0]["clear_at"]) == ("2027-03-10T15:00:00+00:00",) * 2


def test_site_has_its_zone():
    assert SITE.tz is NEW_YORK


def test_reasons_of_a_finding_are_written_with_their_status():
    written = verdict_to_json(judge())["findings"]
    ride = next(found for found in written if found["item"] == "ride")
    assert ride["reasons"] == [
        {"code": "ride_missing", "sentence": finding("ride").sentence, "status": "overdue"},
    ]
