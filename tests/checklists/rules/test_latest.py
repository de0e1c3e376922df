# ruff: noqa: E501  (tables of whole sentences)
"""The limits that a planned start sets are those that the verdict judges by, to the second."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checklists.protocols.loader import load
from checklists.rules.kinds import KINDS
from checklists.rules.latest import LIMITS, Limit, latest_times
from checklists.rules.latest.limits import RECORDED_BY
from checklists.rules.sitetime import day_begins, day_ends
from checklists.rules.values import Evidence, Medication, Site
from tests.checklists.rules.cases import FACTS, HOUR, SECOND, SITE, START, at, judge, taking
from tests.checklists.rules.notes import AUTHORISED, CHECK, MRI, Notes, ready_notes
from tests.checklists.rules.random_cases import examples
from tests.checklists.rules.test_reference import reference_notes

REFERENCE = load("reference-asra")
TWO = load("reference-two-threshold")
MIDNIGHT = load("one-tree-health")
DAY = timedelta(days=1)
CREATININE = {"analyte": "creatinine", "value": 0.8, "unit": "mg/dL"}
PROTOCOLS = {"asra": REFERENCE, "two thresholds": TWO, "after midnight": MIDNIGHT}
ZONES = ("America/New_York", "America/Phoenix", "Australia/Lord_Howe", "Europe/London")


def limits(facts=FACTS, evidence=(), start=START, now=START - 30 * DAY, protocol=REFERENCE, what=None, item=None):
    found = latest_times(protocol, facts, tuple(evidence), start, now)
    return [limit for limit in found if what in (None, limit.what) and item in (None, limit.item)]


def only(*arguments, **named):
    (found,) = limits(*arguments, **named)
    return found


def with_creatinine(drawn_at=START - 3 * DAY):
    notes = Notes()
    notes.add("labs", CREATININE, drawn_at)
    return notes


def test_last_dose_says_time_day_and_why():
    found = only(taking("Eliquis 5 mg"), with_creatinine().all, what="last_dose")
    assert (found.item, found.limit, found.at, found.on) == (
        "hold:apixaban",
        Limit.LATEST,
        at("2027-03-07 10:00"),
        date(2027, 3, 6),
    )
    assert found.sentence == (
        "Last dose of apixaban: Sun 7 Mar 2027 10:00 EST at the latest. Where only its day is known: Sat 6 Mar 2027."
        " That is 3 days before the start. Its prescriber has not agreed: until then the patient goes on taking it."
    )  # fmt: skip


def test_last_dose_with_unknown_kidneys_is_that_of_the_longest_hold_and_says_so():
    known = only(taking("dabigatran"), with_creatinine().all, what="last_dose")
    unknown = only(taking("dabigatran"), what="last_dose")
    assert (known.at, unknown.at) == (START - 96 * HOUR, START - 144 * HOUR)
    fondaparinux = only(taking("fondaparinux"), protocol=TWO, what="last_dose")
    assert fondaparinux.at == START - 120 * HOUR
    assert (
        "Kidney function is not known: record creatinine. Until then the longest hold counts." in fondaparinux.sentence
    )


@pytest.mark.parametrize(
    ("medication", "sentence"),
    [
        (Medication("Humira"), "Record how many days apart the doses of adalimumab are; the time of the last one follows from that."),
        (Medication("insulin glargine"), "A clinician decides whether insulin is stopped, and when."),
        (Medication("unheard-of"), "The protocol has no row for unheard-of here: a clinician decides when it is last taken."),
    ],
)  # fmt: skip
def test_drug_without_a_time_is_named_with_the_reason(medication, sentence):
    found = only(taking(medication), what="last_dose")
    assert (found.limit, found.at, found.on) == (Limit.NONE, None, None)
    assert found.sentence == sentence


@pytest.mark.parametrize("name", ["lisinopril", "Tylenol", "diclofenac gel"])
def test_drug_that_is_not_held_sets_no_limit(name):
    route = "gel" if name.endswith("gel") else None
    assert limits(taking(Medication(name.removesuffix(" gel"), route=route)), what="last_dose") == []


def test_drug_not_taken_any_more_sets_no_limit():
    notes = Notes()
    notes.add("hold:apixaban", {"not_taking": True})
    assert limits(taking("apixaban"), notes.all, item="hold:apixaban") == []


def test_last_dose_is_missed_by_a_later_dose_and_by_the_clock():
    notes = with_creatinine()
    assert not only(taking("apixaban"), notes.all, now=START - 72 * HOUR, what="last_dose").missed
    assert only(taking("apixaban"), notes.all, now=START - 72 * HOUR + SECOND, what="last_dose").missed
    notes.add("hold:apixaban", {"last_dose_at": (START - 80 * HOUR).isoformat()})
    assert not only(taking("apixaban"), notes.all, now=START - HOUR, what="last_dose").missed
    notes.add("hold:apixaban", {"last_dose_at": (START - 71 * HOUR).isoformat()}, START)
    assert only(taking("apixaban"), notes.all, now=START - HOUR, what="last_dose").missed


def test_intakes_are_listed_by_their_hours():
    found = [(limit.sentence.partition(":")[0], limit.at) for limit in limits(what="last_intake")]
    assert found == [
        ("Fatty or meat meal, anything else", START - 8 * HOUR),
        ("Infant formula, non-human milk, light meal", START - 6 * HOUR),
        ("Breast milk", START - 4 * HOUR),
        ("Clear liquids, carbohydrate clear liquid", START - 2 * HOUR),
        ("Chewing gum", START),
    ]
    assert only(what="sip_with_medicines").at == START


SLOW = replace(taking(Medication("Ozempic", interval_days=7)), conditions=frozenset({"gastroparesis"}))


def test_slow_stomach_has_a_day_of_liquids_and_the_drug_that_goes_on_no_last_dose():
    found = {limit.sentence.partition(":")[0]: limit.at for limit in limits(SLOW, what="last_intake")}
    assert found["Light meal, fatty or meat meal, solid food, anything else"] == START - 24 * HOUR
    assert limits(SLOW, what="last_dose") == []


def test_fasting_after_midnight_is_a_day_and_local_anesthesia_needs_none():
    found = only(protocol=MIDNIGHT, what="last_intake")
    assert (found.on, found.at) == (date(2027, 3, 9), None)
    assert found.sentence == "Food and drink: Tue 9 Mar 2027 at the latest. Nothing from midnight on."
    assert limits(replace(FACTS, anesthesia="local"), item="fasting") == []
    sip = replace(REFERENCE, fasting=replace(REFERENCE.fasting, sip_with_medicines=False))
    counted = only(protocol=sip, what="sip_with_medicines")
    assert (counted.item, counted.limit) == ("fasting", Limit.NONE)
    assert counted.sentence == "A sip of water with medicines counts as a drink."


def test_what_is_owed_has_its_deadline_and_what_is_recorded_has_none():
    owed = {limit.item: limit.sentence for limit in limits(taking("warfarin"), what="recorded_by")}
    assert owed == {
        "imaging": "The imaging result is recorded: Wed 3 Mar 2027 10:00 EST at the latest.",
        "labs": "The results of the blood tests are recorded: Mon 8 Mar 2027 10:00 EST at the latest.",
        "prescriber_clearance:warfarin": "The prescriber of warfarin has answered: Fri 5 Mar 2027 10:00 EST at the latest.",
        "hold:warfarin": "When warfarin was last taken is recorded: Fri 5 Mar 2027 22:00 EST at the latest.",
        "ride": "Who takes the patient home is named: Tue 9 Mar 2027 10:00 EST at the latest.",
        "infection_prescreen": "The patient has answered the infection questions: Tue 9 Mar 2027 17:00 EST at the latest.",
        "authorisation": "The payer's authorisation is recorded: Fri 5 Mar 2027 17:00 EST at the latest.",
    }
    recorded = {limit.item for limit in limits(evidence=reference_notes().all, what="recorded_by")}
    assert recorded == set()


def test_deadlines_are_those_of_the_findings():
    facts = taking("warfarin", "apixaban", "ibuprofen")
    findings = {
        f.item: f.deadline_at for f in judge(facts, start=START, now=START - 30 * DAY, protocol=REFERENCE).findings
    }
    listed = limits(facts, what="recorded_by")
    assert {limit.item: limit.at for limit in listed} == {limit.item: findings[limit.item] for limit in listed}


def test_window_authorisation_and_imaging_name_days():
    assert [limit.on for limit in limits(item="candidacy")] == [date(2027, 4, 7), date(2027, 5, 5)]
    assert [limit.missed for limit in limits(start=at("2027-04-08 10:00"), item="candidacy")] == [True, False]
    assert limits(replace(FACTS, cause="malignancy"), item="candidacy") == []
    assert only(what="authorisation_covers").on == date(2027, 3, 10)
    assert only(what="imaging_done").on == date(2027, 2, 10)  # the fracture, later than 90 days before
    assert only(facts=replace(FACTS, fractured=None), what="xray_done", protocol=MIDNIGHT).on == date(2027, 2, 8)
    assert limits(what="xray_done") == []  # no proof under the reference
    assert only(what="prescreen_opens").at == at("2027-03-08 10:00")


@pytest.mark.parametrize(
    ("days", "months", "last"),
    [(56, None, date(2027, 4, 7)), (None, 1, date(2027, 3, 10)), (56, 1, date(2027, 3, 10)), (None, None, None)],
)
def test_window_ends_with_the_earlier_of_its_days_and_its_months(days, months, last):
    window = replace(REFERENCE.window, pass_days=days, pass_months=months, review_days=None)
    found = limits(protocol=replace(REFERENCE, window=window), what="window_ends")
    assert [limit.on for limit in found] == ([last] if last else [])


def test_sample_is_drawn_by_the_row_that_counts_for_the_shortest_time():
    chemotherapy = replace(FACTS, conditions=frozenset({"chemotherapy"}))
    for facts, day in ((FACTS, "Mon 8 Feb"), (chemotherapy, "Wed 3 Mar")):
        found = [limit.sentence for limit in limits(facts, what="blood_drawn") if "platelets" in limit.sentence]
        assert found == [f"A result of platelets counts if drawn: {day} 2027 or later."]


def test_inr_after_warfarin_counts_from_the_last_dose():
    notes = Notes()
    unknown = [limit for limit in limits(taking("warfarin"), what="blood_drawn") if "INR" in limit.sentence]
    assert [limit.sentence for limit in unknown] == [
        "A result of INR counts if drawn: Tue 9 Mar 2027 or later. It must be after the last dose of warfarin, which is not recorded."
    ]
    notes.add("hold:warfarin", {"last_dose_at": at("2027-03-09 06:00").isoformat()})
    late = [limit for limit in limits(taking("warfarin"), notes.all, what="blood_drawn") if "INR" in limit.sentence]
    assert [limit.at for limit in late] == [at("2027-03-09 06:00") + SECOND]


def test_rule_that_raises_is_said_and_nothing_else_is_lost():
    broken = replace(FACTS, site=Site("No/Where", SITE.hours))
    assert {limit.what for limit in limits(broken)} == {"rule_error"}
    unvalid = replace(REFERENCE, pregnancy=None)
    found = limits(protocol=unvalid)
    assert [(limit.item, limit.sentence) for limit in found if limit.what == "rule_error"] == [
        ("pregnancy", "No time can be given: the rule for pregnancy could not be evaluated (LookupError).")
    ]


def test_every_deadline_of_the_reference_has_its_sentence():
    assert set(LIMITS) | set(RECORDED_BY) <= set(KINDS)
    assert {rule.kind for rule in REFERENCE.items if rule.deadline} <= set(RECORDED_BY)


def test_nothing_of_the_discharge_is_listed():
    items = {limit.item.partition(":")[0] for limit in limits(taking("warfarin"), with_creatinine().all)}
    assert items & {"restart_decision", "recovery_observation", "after_care", "follow_up", "responsible_adult"} == set()


zones = st.sampled_from(ZONES)
starts = st.builds(
    lambda day, clock, zone: (datetime.combine(day, clock, ZoneInfo(zone)).astimezone(UTC), Site(zone, SITE.hours)),
    st.dates(date(2027, 2, 20), date(2027, 12, 31)) | st.sampled_from([date(2027, 3, 14), date(2027, 3, 15), date(2027, 11, 7), date(2027, 11, 8)]),
    st.times(time(4), time(20)).map(lambda t: t.replace(second=0, microsecond=0)),
    zones,
)  # fmt: skip
OFTEN = examples(40)


def status(item, facts, notes, start, protocol):
    verdict = judge(facts, notes, start, start - SECOND, protocol)
    return verdict.finding(item)


def told(item, value, observed_at):
    return Evidence(99, item, observed_at, value, "staff", FULL, "staff:1")


FULL = ready_notes().all[0].authority
DRUGS = ("apixaban", "warfarin", "Plavix", "ibuprofen", "cilostazol", "Jardiance", "aspirin/dipyridamole", "metformin")


@OFTEN
@given(starts, st.sampled_from(DRUGS), st.sampled_from(sorted(PROTOCOLS)))
def test_dose_at_the_listed_time_is_in_time_and_one_second_later_is_not(planned, drug, name):
    (start, site), protocol = planned, PROTOCOLS[name]
    facts = taking(Medication(drug, interval_days=None), facts=replace(FACTS, site=site, arrived_at=None))
    known = with_creatinine(start - 3 * DAY).all
    limit = only(facts, known, start, start - 30 * DAY, protocol, what="last_dose")
    allowed = limit.at or day_ends(limit.on, site.tz) - SECOND
    codes = {}
    for taken in (allowed, allowed + SECOND):
        entry = told(limit.item, {"last_dose_at": taken.isoformat()}, start - SECOND)
        found = status(limit.item, facts, (*known, entry), start, protocol)
        codes[taken] = {reason.code for reason in found.reasons}
    late = codes[allowed + SECOND] - codes[allowed]
    assert codes[allowed] <= {"awaiting_verification", "dose_tier_unknown", "hold_needs_decision"}
    assert late & {"hold_too_short", "hold_between_thresholds", "taken_on_the_day"}


@OFTEN
@given(starts, st.sampled_from(DRUGS))
def test_dose_known_by_its_day_counts_up_to_the_listed_day(planned, drug):
    start, site = planned
    facts = taking(drug, facts=replace(FACTS, site=site, arrived_at=None))
    known = with_creatinine(start - 3 * DAY).all
    limit = only(facts, known, start, start - 30 * DAY, what="last_dose")
    passes = []
    for day in (limit.on, limit.on + DAY):
        entry = told(limit.item, {"last_dose_on": day.isoformat()}, start - SECOND)
        found = status(limit.item, facts, (*known, entry), start, REFERENCE)
        passes.append(not {r.code for r in found.reasons} & {"hold_too_short", "taken_on_the_day"})
    assert passes == [True, False]


@OFTEN
@given(
    starts,
    st.sampled_from(["light meal", "fatty or meat meal", "clear liquids", "non-human milk", "haggis"]),
    st.sampled_from([FACTS, SLOW]),
)
def test_intake_at_the_listed_time_is_in_time_and_one_second_later_is_not(planned, name, case):
    start, site = planned
    facts = replace(case, site=site, arrived_at=None)
    row = "anything else" if name == "haggis" else name
    for protocol in (REFERENCE, MIDNIGHT):
        found = limits(facts, (), start, start - 30 * DAY, protocol, what="last_intake")
        limit = next(one for one in found if one.on or row in one.sentence.partition(":")[0].casefold())
        allowed = limit.at or day_ends(limit.on, site.tz) - SECOND
        entries = [
            told("fasting", {"intakes": [{"intake": name, "at": t.isoformat()}]}, start - SECOND)
            for t in (allowed, allowed + SECOND)
        ]
        assert [status("fasting", facts, (e,), start, protocol).passes for e in entries] == [True, False]


@OFTEN
@given(starts, st.sampled_from(["labs", "imaging", "infection_check", "pregnancy", "fasting", "authorisation"]))
def test_earliest_time_counts_and_one_second_earlier_does_not(planned, kind):
    start, site = planned
    facts = replace(FACTS, site=site, arrived_at=None, fractured=None, onset=None, born_on=None)
    value, stale = {
        "labs": ({"analyte": "platelets", "value": 200, "unit": "10^9/L"}, "lab_expired"),
        "imaging": (MRI, "imaging_expired"),
        "infection_check": (CHECK, "check_expired"),
        "pregnancy": ({"result": "negative"}, "pregnancy_test_expired"),
        "fasting": ({"intakes": []}, "fasting_stated_early"),
        "authorisation": (AUTHORISED, None),
    }[kind]
    found = limits(facts, (), start, start - 30 * DAY, item=kind)
    if kind == "authorisation":
        day = next(limit.on for limit in found if limit.limit is Limit.ON)
        covering = {**value, "valid_from": day.isoformat(), "valid_until": day.isoformat()}
        assert status(kind, facts, (told(kind, covering, start - DAY),), start, REFERENCE).passes
        return
    limit = next(
        one for one in found if one.limit is Limit.EARLIEST and (kind != "labs" or "platelets" in one.sentence)
    )
    first = limit.at or day_begins(limit.on, site.tz)
    for moment, expected in ((first, False), (first - SECOND, True)):
        reasons = {r.code for r in status(kind, facts, (told(kind, value, moment),), start, REFERENCE).reasons}
        assert (stale in reasons) is expected
