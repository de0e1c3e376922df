# ruff: noqa: E501  (tables of whole sentences)
"""The whole sheet of what a planned start asks of the calendar, as staff read it."""

import time
from dataclasses import replace
from datetime import date, timedelta

import pytest

from checklists.protocols.loader import load
from checklists.rules.latest import latest_times
from checklists.rules.values import Medication
from tests.checklists.rules.cases import FACTS, NEW_YORK, PROTOCOL, SECOND, START, at, before, hold, taking
from tests.checklists.rules.notes import Notes

REFERENCE = load("reference-asra")
MIDNIGHT = load("one-tree-health")
DAY = timedelta(days=1)
EVENING = at("2027-03-10 21:30")  # 11 March in UTC


def sheet(facts=FACTS, evidence=(), start=START, protocol=REFERENCE, item=""):
    """Item, what, limit, the time and the day on the site's clock, and the sentence, of each limit."""
    found = latest_times(protocol, facts, tuple(evidence), start, START - 30 * DAY)
    return [
        (limit.item, limit.what, limit.limit.value, when(limit), limit.sentence)
        for limit in found
        if limit.item.startswith(item)
    ]


def when(limit):
    at = f"{limit.at.astimezone(NEW_YORK):%m-%d %H:%M}" if limit.at else ""
    on = f"{limit.on:%m-%d}" if limit.on else ""
    return f"{at} {on}".strip() or "-"


def test_sheet_of_a_patient_without_medicines():
    assert sheet() == [
        ("candidacy", "window_ends", "latest", "04-07", "The treatment window ends with Wed 7 Apr 2027."),
        ("candidacy", "window_review_ends", "latest", "05-05", "With marrow oedema on MRI a clinician may decide for a start up to Wed 5 May 2027."),
        ("imaging", "imaging_done", "earliest", "02-10", "Imaging counts if done: Wed 10 Feb 2027 or later."),
        ("imaging", "recorded_by", "latest", "03-03 10:00", "The imaging result is recorded: Wed 3 Mar 2027 10:00 EST at the latest."),
        ("labs", "blood_drawn", "earliest", "02-08", "A result of INR counts if drawn: Mon 8 Feb 2027 or later."),
        ("labs", "blood_drawn", "earliest", "02-08", "A result of platelets counts if drawn: Mon 8 Feb 2027 or later."),
        ("labs", "blood_drawn", "earliest", "02-08", "A result of haemoglobin counts if drawn: Mon 8 Feb 2027 or later."),
        ("labs", "recorded_by", "latest", "03-08 10:00", "The results of the blood tests are recorded: Mon 8 Mar 2027 10:00 EST at the latest."),
        ("fasting", "last_intake", "latest", "03-10 02:00", "Fatty or meat meal, anything else: Wed 10 Mar 2027 02:00 EST at the latest. That is 8 hours before the start."),
        ("fasting", "last_intake", "latest", "03-10 04:00", "Infant formula, non-human milk, light meal: Wed 10 Mar 2027 04:00 EST at the latest. That is 6 hours before the start."),
        ("fasting", "last_intake", "latest", "03-10 06:00", "Breast milk: Wed 10 Mar 2027 06:00 EST at the latest. That is 4 hours before the start."),
        ("fasting", "last_intake", "latest", "03-10 08:00", "Clear liquids, carbohydrate clear liquid: Wed 10 Mar 2027 08:00 EST at the latest. That is 2 hours before the start."),
        ("fasting", "last_intake", "latest", "03-10 10:00", "Chewing gum: Wed 10 Mar 2027 10:00 EST at the latest."),
        ("fasting", "sip_with_medicines", "latest", "03-10 10:00", "A sip of water with medicines is allowed until the start, Wed 10 Mar 2027 10:00 EST."),
        ("fasting", "fasting_asked", "earliest", "03-10 02:00", "What was eaten and drunk last counts if said: Wed 10 Mar 2027 02:00 EST or later."),
        ("ride", "recorded_by", "latest", "03-09 10:00", "Who takes the patient home is named: Tue 9 Mar 2027 10:00 EST at the latest."),
        ("infection_prescreen", "prescreen_opens", "earliest", "03-08 10:00", "The patient's answers about infection count if given: Mon 8 Mar 2027 10:00 EST or later."),
        ("infection_prescreen", "recorded_by", "latest", "03-09 17:00", "The patient has answered the infection questions: Tue 9 Mar 2027 17:00 EST at the latest."),
        ("infection_check", "infection_check", "earliest", "03-09 22:00", "The nurse's infection check counts for 12 hours if done: Tue 9 Mar 2027 22:00 EST or later."),
        ("authorisation", "authorisation_covers", "on", "03-10", "The payer's authorisation must cover Wed 10 Mar 2027."),
        ("authorisation", "recorded_by", "latest", "03-05 17:00", "The payer's authorisation is recorded: Fri 5 Mar 2027 17:00 EST at the latest."),
    ]  # fmt: skip


def test_sheet_of_an_evening_where_nothing_is_taken_from_midnight_on():
    assert sheet(start=EVENING, protocol=MIDNIGHT) == [
        ("candidacy", "window_ends", "latest", "04-07", "The treatment window ends with Wed 7 Apr 2027."),
        ("imaging", "imaging_done", "earliest", "02-10", "Imaging counts if done: Wed 10 Feb 2027 or later."),
        ("imaging", "xray_done", "earliest", "02-10", "An X-ray counts if done: Wed 10 Feb 2027 or later."),
        ("imaging", "recorded_by", "latest", "03-03 17:00", "The imaging result is recorded: Wed 3 Mar 2027 17:00 EST at the latest."),
        ("labs", "blood_drawn", "earliest", "02-08", "A result of INR counts if drawn: Mon 8 Feb 2027 or later."),
        ("labs", "blood_drawn", "earliest", "02-08", "A result of platelets counts if drawn: Mon 8 Feb 2027 or later."),
        ("labs", "blood_drawn", "earliest", "02-08", "A result of haemoglobin counts if drawn: Mon 8 Feb 2027 or later."),
        ("labs", "recorded_by", "latest", "03-08 17:00", "The results of the blood tests are recorded: Mon 8 Mar 2027 17:00 EST at the latest."),
        ("fasting", "last_intake", "latest", "03-09", "Food and drink: Tue 9 Mar 2027 at the latest. Nothing from midnight on."),
        ("fasting", "sip_with_medicines", "latest", "03-10 21:30", "A sip of water with medicines is allowed until the start, Wed 10 Mar 2027 21:30 EST."),
        ("fasting", "fasting_asked", "earliest", "03-10 00:00", "What was eaten and drunk last counts if said: Wed 10 Mar 2027 00:00 EST or later."),
        ("ride", "recorded_by", "latest", "03-09 17:00", "Who takes the patient home is named: Tue 9 Mar 2027 17:00 EST at the latest."),
        ("infection_prescreen", "prescreen_opens", "earliest", "03-08 17:00", "The patient's answers about infection count if given: Mon 8 Mar 2027 17:00 EST or later."),
        ("infection_prescreen", "recorded_by", "latest", "03-10 09:30", "The patient has answered the infection questions: Wed 10 Mar 2027 09:30 EST at the latest."),
        ("infection_check", "infection_check", "earliest", "03-10 09:30", "The nurse's infection check counts for 12 hours if done: Wed 10 Mar 2027 09:30 EST or later."),
        ("allergies", "recorded_by", "latest", "03-10 17:00", "Allergies are recorded: Wed 10 Mar 2027 17:00 EST at the latest."),
        ("anesthesia_evaluation", "recorded_by", "latest", "03-10 17:00", "The anesthesia evaluation is recorded: Wed 10 Mar 2027 17:00 EST at the latest."),
        ("antibiotic_plan", "recorded_by", "latest", "03-10 17:00", "The antibiotic plan is recorded: Wed 10 Mar 2027 17:00 EST at the latest."),
        ("consent", "recorded_by", "latest", "03-10 17:00", "Consent is recorded: Wed 10 Mar 2027 17:00 EST at the latest."),
        ("authorisation", "authorisation_covers", "on", "03-10", "The payer's authorisation must cover Wed 10 Mar 2027."),
        ("authorisation", "recorded_by", "latest", "03-05 17:00", "The payer's authorisation is recorded: Fri 5 Mar 2027 17:00 EST at the latest."),
    ]  # fmt: skip


def test_sheet_of_the_medicines_says_each_last_dose_and_what_else_decides():
    medicines = (
        *("warfarin", "dabigatran", "cilostazol", "metformin", Medication("humira", interval_days=14), "adalimumab"),
        *("aspirin", "sertraline", "enoxaparin", "unheard-of"),
    )
    notes = Notes()
    notes.add("labs", {"analyte": "creatinine", "value": 3.5, "unit": "mg/dL"}, START - 3 * DAY)
    assert sheet(taking(*medicines), notes.all, EVENING, PROTOCOL, "hold:") == [
        ("hold:warfarin", "last_dose", "latest", "03-05 21:30 03-04", "Last dose of warfarin: Fri 5 Mar 2027 21:30 EST at the latest. Where only its day is known: Thu 4 Mar 2027. That is 5 days before the start. Its prescriber has not agreed: until then the patient goes on taking it."),
        ("hold:warfarin", "recorded_by", "latest", "03-06 09:30", "When warfarin was last taken is recorded: Sat 6 Mar 2027 09:30 EST at the latest."),
        ("hold:dabigatran", "last_dose", "latest", "03-04 21:30 03-03", "Last dose of dabigatran: Thu 4 Mar 2027 21:30 EST at the latest. Where only its day is known: Wed 3 Mar 2027. That is 6 days before the start. Even then it needs: a decision by a clinician. Its prescriber has not agreed: until then the patient goes on taking it."),
        ("hold:dabigatran", "recorded_by", "latest", "03-05 09:30", "When dabigatran was last taken is recorded: Fri 5 Mar 2027 09:30 EST at the latest."),
        ("hold:cilostazol", "last_dose", "latest", "03-08 21:30 03-07", "Last dose of cilostazol: Mon 8 Mar 2027 21:30 EST at the latest. Where only its day is known: Sun 7 Mar 2027. That is 48 hours before the start. After that and up to Wed 10 Mar 2027 21:30 EST a clinician decides. Its prescriber has not agreed: until then the patient goes on taking it."),
        ("hold:cilostazol", "recorded_by", "latest", "03-09 09:30", "When cilostazol was last taken is recorded: Tue 9 Mar 2027 09:30 EST at the latest."),
        ("hold:metformin", "last_dose", "latest", "03-09", "Last dose of metformin: Tue 9 Mar 2027 at the latest."),
        ("hold:metformin", "recorded_by", "latest", "03-10 12:00", "When metformin was last taken is recorded: Wed 10 Mar 2027 12:00 EST at the latest."),
        ("hold:adalimumab", "last_dose", "latest", "02-17 21:30 02-16", "Last dose of adalimumab: Wed 17 Feb 2027 21:30 EST at the latest. Where only its day is known: Tue 16 Feb 2027. That is 21 days before the start."),
        ("hold:adalimumab", "last_dose", "none", "-", "Record how many days apart the doses of adalimumab are; the time of the last one follows from that."),
        ("hold:adalimumab", "recorded_by", "latest", "02-18 09:30", "When adalimumab was last taken is recorded: Thu 18 Feb 2027 09:30 EST at the latest."),
        ("hold:aspirin", "last_dose", "none", "-", "A clinician decides whether aspirin is stopped, and when."),
        ("hold:sertraline", "last_dose", "none", "-", "A clinician decides whether sertraline is stopped, and when."),
        ("hold:enoxaparin", "last_dose", "latest", "03-09 21:30 03-08", "Last dose of enoxaparin: Tue 9 Mar 2027 21:30 EST at the latest. Where only its day is known: Mon 8 Mar 2027. That is 24 hours before the start. Which row of the protocol holds is in doubt, so the longest hold counts. Its prescriber has not agreed: until then the patient goes on taking it."),
        ("hold:enoxaparin", "recorded_by", "latest", "03-10 09:30", "When enoxaparin was last taken is recorded: Wed 10 Mar 2027 09:30 EST at the latest."),
        ("hold:unheard-of", "last_dose", "none", "-", "The protocol has no row for unheard-of here: a clinician decides when it is last taken."),
    ]  # fmt: skip


# ---- what is drawn, tested and taken


def drawn(*doses, protocol=PROTOCOL, conditions=frozenset(), start=START):
    """When each result counts for a patient on warfarin, in the words of the sheet."""
    notes = Notes()
    for dose in doses:
        notes.add("hold:warfarin", {"last_dose_at": dose.isoformat()})
    facts = replace(taking("warfarin"), conditions=conditions)
    return [line[3:] for line in sheet(facts, notes.all, start, protocol, "labs") if line[1] == "blood_drawn"]


PLATELETS = ("02-08", "A result of platelets counts if drawn: Mon 8 Feb 2027 or later.")
INR_COUNTS = "A result of INR counts if drawn"


@pytest.mark.parametrize(
    ("dose", "inr"),
    [
        (at("2027-03-08 23:59"), ("03-09", f"{INR_COUNTS}: Tue 9 Mar 2027 or later.")),
        (at("2027-03-09 00:00"), ("03-09 00:00", f"{INR_COUNTS} after the last dose of warfarin, Tue 9 Mar 2027 00:00 EST.")),
        (at("2027-03-09 21:00"), ("03-09 21:00", f"{INR_COUNTS} after the last dose of warfarin, Tue 9 Mar 2027 21:00 EST.")),
    ],
)  # fmt: skip
def test_inr_counts_from_its_first_day_or_from_the_dose_before_it(dose, inr):
    assert drawn(dose) == [inr, PLATELETS]


def test_result_that_counts_for_hours_is_drawn_within_them():
    glucose = ("03-10 06:00", "A result of glucose counts if drawn: Wed 10 Mar 2027 06:00 EST or later.")
    assert glucose in drawn(conditions=frozenset({"glucose_on_arrival"}))


def test_result_counts_by_the_days_of_the_site_where_the_start_is_in_the_evening():
    assert drawn(at("2027-03-01 12:00"), start=EVENING)[-1] == PLATELETS


def test_protocol_that_does_not_say_how_long_a_result_counts_is_named():
    labs = tuple(replace(rule, validity_days=None, validity_within=None) for rule in PROTOCOL.labs)
    found = sheet(protocol=replace(PROTOCOL, labs=labs), item="labs")
    unsaid = [
        ("labs", "blood_drawn", "none", "-", f"The protocol does not say how long {name} counts.")
        for name in ("INR", "platelets")
    ]
    assert found[:2] == unsaid  # fmt: skip


def test_pregnancy_test_counts_on_its_day_and_the_next():
    young = replace(FACTS, born_on=date(1990, 6, 1))
    tested = (
        "pregnancy",
        "pregnancy_test",
        "earliest",
        "03-09",
        "A negative pregnancy test counts if done: Tue 9 Mar 2027 or later.",
    )
    for start in (START, EVENING):
        assert sheet(young, start=start, item="pregnancy") == [tested]  # fmt: skip


def test_oldest_study_is_counted_from_the_day_of_the_site():
    undated = replace(FACTS, fractured=None)
    assert [sheet(undated, start=start, item="imaging")[0][3] for start in (START, EVENING)] == ["12-10", "12-10"]


def test_xray_is_named_only_where_it_counts_for_a_shorter_time():
    imaging = replace(MIDNIGHT.imaging, validity_days=MIDNIGHT.imaging.valid_for("xray"))
    assert [line[1] for line in sheet(protocol=MIDNIGHT, item="imaging")][1] == "xray_done"
    alike = sheet(protocol=replace(MIDNIGHT, imaging=imaging), item="imaging")
    assert [line[1] for line in alike] == ["imaging_done", "recorded_by"]


def test_dose_at_the_last_minute_of_a_day_counts_where_only_the_day_is_known():
    (found,) = (one for one in sheet(taking("ibuprofen"), start=at("2027-03-10 23:59")) if one[1] == "last_dose")
    assert found[3] == "03-09 23:59 03-09"


def test_prescriber_who_agreed_is_not_waited_for():
    notes = Notes()
    notes.add(
        "prescriber_clearance:warfarin", {"answer": "agreed", "prescriber": "Dr A", "how": "phone"}, START - 20 * DAY
    )
    agreed = sheet(taking("warfarin"), notes.all, protocol=PROTOCOL, item="hold:warfarin")[0]
    assert agreed[4].endswith("That is 5 days before the start.")


@pytest.mark.parametrize(
    ("gate", "sentence"),
    [
        ("", "Time alone does not clear warfarin. It needs: a decision by a clinician."),
        ("a normal level", "Time alone does not clear warfarin. It needs: a normal level."),
    ],
)
def test_drug_that_no_time_clears_says_what_does(gate, sentence):
    protocol = replace(PROTOCOL, holds=(replace(hold("warfarin", "avoid_without_level"), extra_gate=gate),))
    assert sheet(taking("warfarin"), protocol=protocol, item="hold:")[0][4] == sentence


@pytest.mark.parametrize(
    ("row", "said"),
    [
        (
            hold("warfarin", clear=72, block=24),
            " After that and up to Tue 9 Mar 2027 10:00 EST a clinician decides.",
        ),
        (replace(hold("warfarin", clear=72), block_below=None), ""),
    ],
)
def test_time_between_two_limits_is_named_where_the_protocol_has_two(row, said):
    last_dose = sheet(taking("warfarin"), protocol=replace(PROTOCOL, holds=(row,)), item="hold:")[0]
    assert last_dose[4].endswith(f"That is 3 days before the start.{said}")


def test_drug_left_out_on_the_day_waits_for_its_prescriber_too():
    row = hold("warfarin", "hold_day_of", clearance=True)
    waits = "Its prescriber has not agreed: until then the patient goes on taking it."
    last_dose = sheet(taking("warfarin"), protocol=replace(PROTOCOL, holds=(row,)), item="hold:")[0]
    assert last_dose[4] == f"Last dose of warfarin: Tue 9 Mar 2027 at the latest. {waits}"


@pytest.mark.parametrize(("gate", "needs"), [("", "a decision by a clinician"), ("a normal level", "a normal level")])
def test_drug_that_time_alone_does_not_clear_says_what_else_it_needs(gate, needs):
    protocol = replace(PROTOCOL, holds=(replace(hold("warfarin", block=72), extra_gate=gate),))
    assert f" Even then it needs: {needs}." in sheet(taking("warfarin"), protocol=protocol, item="hold:")[0][4]


# ---- what is missed, and what is not owed


def missed(facts=FACTS, evidence=(), start=START, now=START - 30 * DAY, protocol=PROTOCOL, what=""):
    return [one.missed for one in latest_times(protocol, facts, tuple(evidence), start, now) if one.what == what]


@pytest.mark.parametrize(
    ("start", "ends", "review_ends"),
    [("2027-04-07 23:30", False, False), ("2027-04-08 00:00", True, False), ("2027-05-05 23:30", True, False), ("2027-05-06 00:00", True, True)],
)  # fmt: skip
def test_window_is_missed_from_the_day_after_its_last(start, ends, review_ends):
    assert missed(start=at(start), what="window_ends") == [ends]
    assert missed(start=at(start), what="window_review_ends") == [review_ends]


@pytest.mark.parametrize(("dose", "late"), [("2027-03-09 23:30", False), ("2027-03-10 00:00", True)])
def test_dose_on_the_day_itself_is_missed(dose, late):
    notes = Notes()
    notes.add("hold:metformin", {"last_dose_at": at(dose).isoformat()})
    assert missed(taking("metformin"), notes.all, what="last_dose") == [late]
    assert missed(taking("metformin"), what="last_dose") == [False]


def test_nothing_is_missed_a_month_ahead():
    found = latest_times(REFERENCE, taking("warfarin"), (), START, START - 30 * DAY)
    assert [limit for limit in found if limit.missed] == []


def test_deadline_is_missed_once_it_has_come():
    ride = tuple(rule for rule in PROTOCOL.items if rule.kind == "ride")
    protocol, deadline = replace(PROTOCOL, items=ride), START - DAY
    assert missed(now=deadline - SECOND, protocol=protocol, what="recorded_by") == [False]
    assert missed(now=deadline, protocol=protocol, what="recorded_by") == [True]


def test_what_is_known_to_be_wrong_has_no_deadline_to_record_it():
    notes = Notes()
    notes.add("ride", {"available": False}, START - 2 * DAY)
    assert [line[1] for line in sheet(evidence=notes.all, item="ride")] == []


def test_item_without_words_of_its_own_is_named_by_its_kind():
    care = tuple(
        replace(rule, required=True, deadline=before(48, human=False))
        for rule in PROTOCOL.items
        if rule.kind == "conservative_care"
    )
    said = "What is owed of conservative care is recorded: Mon 8 Mar 2027 10:00 EST at the latest."
    assert [line[4] for line in sheet(protocol=replace(PROTOCOL, items=care))] == [said]


@pytest.fixture
def machine_in_apia(monkeypatch):
    monkeypatch.setenv("TZ", "Pacific/Apia")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


def test_times_come_in_utc_whatever_the_zone_of_the_machine(machine_in_apia):
    notes = Notes()
    notes.add("hold:warfarin", {"last_dose_at": at("2027-03-09 06:00").astimezone(NEW_YORK).isoformat()})
    asked = START.astimezone(NEW_YORK), (START - 30 * DAY).astimezone(NEW_YORK)
    found = latest_times(REFERENCE, taking("warfarin"), notes.all, *asked)
    assert {one.at.utcoffset() for one in found if one.at} == {timedelta(0)}
    assert found == latest_times(REFERENCE, taking("warfarin"), notes.all, START, START - 30 * DAY)
