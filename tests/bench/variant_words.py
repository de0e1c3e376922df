"""What else can be said of the full case: its words, each changed in one way."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from checklists.rules.values import Authority, Evidence
from tests.bench.full_case import CLEARED, DRUGS, full_case
from tests.checklists.rules.cases import HOUR, SECOND, START
from tests.checklists.rules.notes import (
    ALLERGIES,
    AUTHORISED,
    CANDIDACY,
    CHECK,
    CONSENT,
    EVALUATION,
    MRI,
)
from tests.checklists.rules.test_reference import QUESTIONS

DAY = timedelta(days=1)
NOW = START - SECOND
AT_THE_BED = START - HOUR / 4
PATIENT, SCHEDULER, NURSE, CLINICIAN = Authority
FACTS, FULL = full_case()
NOT_SURE = {"answer": "not_sure"}
HOURS = dict(zip(DRUGS, (72, 120, 168, 48, 24, 96, 0, 144), strict=True))
Words = tuple[Evidence, ...]
Value = Mapping[str, Any]


def words() -> Iterator[tuple[str, Words]]:
    yield "full", FULL
    for change in (removed, doubted, said_by_others, dated_wrong, noes, results, doses, prescribers, meals, infections):
        yield from change()


def word(item: str, value: Value, observed_at: datetime = AT_THE_BED, authority: Authority = CLINICIAN) -> Evidence:
    return Evidence(0, item, observed_at, value, "staff", authority, "staff:1")


def also(*added: Evidence, to: Words = FULL) -> Words:
    """With these recorded last."""
    first = max((entry.id for entry in to), default=0) + 1
    return (*to, *(replace(entry, id=first + n) for n, entry in enumerate(added)))


def only(item: str, *said: Evidence) -> Words:
    """With these in place of all that was said of an item."""
    return also(*said, to=without(item))


def without(*items: str) -> Words:
    return tuple(entry for entry in FULL if entry.item not in items)


def changed(entry: Evidence, **fields: Any) -> Words:
    return tuple(replace(other, **fields) if other is entry else other for other in FULL)


def removed() -> Iterator[tuple[str, Words]]:
    yield "nothing", ()
    for entry in FULL:
        yield f"without {entry.item} {entry.id}", tuple(other for other in FULL if other is not entry)
    for item in ("labs", "infection_check", "infection_prescreen"):
        yield f"without {item}", without(item)
    yield "without prescribers", without(*(f"prescriber_clearance:{drug}" for drug in CLEARED))
    yield "without doses", without(*(f"hold:{drug}" for drug in DRUGS))
    holds = (f"hold:{drug}" for drug in DRUGS)
    yield "without drugs", without(*holds, *(f"prescriber_clearance:{drug}" for drug in CLEARED))


def doubted() -> Iterator[tuple[str, Words]]:
    for item in dict.fromkeys(entry.item for entry in FULL):
        yield f"{item} not sure", also(word(item, NOT_SURE, authority=PATIENT))
        yield f"{item} was not sure", also(word(item, NOT_SURE, START - 15 * DAY))
        yield f"{item} only not sure", only(item, word(item, NOT_SURE))
        yield f"{item} not sure after the start", also(word(item, NOT_SURE, START + HOUR))


def said_by_others() -> Iterator[tuple[str, Words]]:
    for entry in FULL:
        for authority in Authority:
            if authority is not entry.authority:
                yield f"{entry.item} {entry.id} by a {authority.name}", changed(entry, authority=authority)
        by_patient = changed(entry, authority=PATIENT)
        for looker in (SCHEDULER, NURSE, CLINICIAN):
            look = word(entry.item, entry.value, entry.observed_at, looker)
            yield f"{entry.item} {entry.id} by the patient, looked at by a {looker.name}", also(look, to=by_patient)
        early = word(entry.item, entry.value, entry.observed_at - SECOND, CLINICIAN)
        yield f"{entry.item} {entry.id} by the patient, looked at before", also(early, to=by_patient)
    results_by_patient = tuple(replace(e, authority=PATIENT) if e.item == "labs" else e for e in FULL)
    for stage in ("looked_at", "ordered"):
        yield f"labs by the patient, {stage}", also(word("labs", {"stage": stage}), to=results_by_patient)


def dated_wrong() -> Iterator[tuple[str, Words]]:
    for entry in FULL:
        for when, observed_at in (
            ("at the start", START),
            ("after the start", START + HOUR),
            ("ahead of now", START - SECOND / 2),
            ("the day before", START - DAY),
            ("before the fracture", START - 40 * DAY),
        ):
            yield f"{entry.item} {entry.id} dated {when}", changed(entry, observed_at=observed_at)


BY_PHONE = {"prescriber": "Dr. Ready", "how": "phone"}
NO_BY_ITEM: tuple[tuple[str, Value], ...] = (
    ("consult", {"outcome": "not_candidate"}),
    ("consult", {"outcome": "procedure", "levels": ["L2"]}),
    ("consult", {"outcome": "procedure"}),
    ("candidacy", {**CANDIDACY, "exclusions": ["active_infection", "retropulsion"]}),
    ("candidacy", {**CANDIDACY, "exclusions": ["vertebra_plana"], "can_lie_prone": False}),
    ("candidacy", {**CANDIDACY, "pain_matches_imaging": False, "indication": " "}),
    ("imaging", {**MRI, "stage": "ordered"}),
    ("imaging", {**MRI, "stage": "result"}),
    ("imaging", {**MRI, "levels": ["L1"]}),
    ("imaging", {**MRI, "oedema_levels": ["L1"]}),
    ("imaging", {**MRI, "fluid_sensitive": False}),
    ("imaging", {key: MRI[key] for key in MRI if key != "fluid_sensitive"}),
    ("imaging", {key: MRI[key] for key in MRI if key != "oedema_levels"}),
    ("ride", {"available": False}),
    ("ride", {"available": True, "adult": False, "transport": "car"}),
    ("ride", {"available": True, "transport": "taxi"}),
    ("ride", {"available": True, "transport": "car"}),
    ("ride", {"available": False, "exempt": True}),
    ("allergies", {**ALLERGIES, "cement": "known", "substances": ["bone cement"]}),
    ("allergies", {**ALLERGIES, "contrast": "known", "anesthetic": "known"}),
    ("allergies", {**ALLERGIES, "antibiotic": "known", "substances": ["Cefazolin (rash)"]}),
    ("allergies", {**ALLERGIES, "antibiotic": "known", "substances": ["penicillin"]}),
    ("allergies", {**ALLERGIES, "antibiotic": "unknown"}),
    ("allergies", {**ALLERGIES, "substances": ["contrast medium"]}),
    ("anesthesia_evaluation", {"outcome": "not_fit", "anesthesia": "sedation"}),
    ("anesthesia_evaluation", {**EVALUATION, "anesthesia": "local"}),
    ("anesthesia_evaluation", {**EVALUATION, "anesthesia": "general"}),
    ("antibiotic_plan", {"plan": "none"}),
    ("antibiotic_plan", {"plan": "antibiotic", "before_iv": "2 g", "after_prescription": "cefalexin"}),
    ("consent", {"refused": True}),
    ("consent", {**CONSENT, "procedure": "vertebroplasty"}),
    ("consent", {**CONSENT, "levels": ["T12"]}),
    ("authorisation", {"refused": True, "payer": "Payer"}),
    ("authorisation", {"answer": "asked", "payer": "Payer"}),
    ("authorisation", {"not_needed": True, "payer": "Payer"}),
    ("authorisation", {**AUTHORISED, "levels": ["T12"]}),
    ("authorisation", {**AUTHORISED, "valid_from": "2027-03-11"}),
    ("authorisation", {**AUTHORISED, "valid_from": "2027-03-10", "valid_until": "2027-03-10"}),
    ("authorisation", {**AUTHORISED, "valid_until": "2027-03-09"}),
    ("infection_prescreen", {"answers": {**QUESTIONS, "chills": "yes"}}),
    ("infection_prescreen", {"answers": {**QUESTIONS, "old_wound": "yes", "virus_just_over": "yes"}}),
    ("infection_check", {**CHECK, "answers": QUESTIONS, "outcome": "infection"}),
    ("infection_check", {**CHECK, "answers": QUESTIONS, "outcome": "infection", "over_on": "2027-03-20"}),
    *((f"prescriber_clearance:{drug}", {"answer": "refused", **BY_PHONE}) for drug in CLEARED),
)


def noes() -> Iterator[tuple[str, Words]]:
    """Each no as the last word, alone, said by a nurse, and answered by others with and without their right to."""
    for item, value in NO_BY_ITEM:
        name, good = f"{item} {value}", next(entry for entry in FULL if entry.item == item)
        spoken = word(item, value, AT_THE_BED, NURSE)
        yield f"{name}, last", also(spoken)
        yield f"{name}, alone", only(item, spoken)
        yield f"{name}, earlier", also(replace(spoken, observed_at=START - 16 * DAY))
        said = also(spoken)
        for looker in (PATIENT, NURSE, CLINICIAN):
            answer = replace(word(item, good.value, AT_THE_BED + SECOND, looker), supersedes=frozenset({said[-1].id}))
            yield f"{name}, superseded by a {looker.name}", also(answer, to=said)
        yield (
            f"{name}, superseded without a value",
            also(replace(word(item, NOT_SURE, AT_THE_BED + SECOND), supersedes=frozenset({said[-1].id})), to=said),
        )


RESULTS: tuple[tuple[str, str, tuple[float, ...]], ...] = (
    ("INR", "ratio", (1.2, 1.21, 1.5, 1.51, 1.8, 1.81)),
    ("platelets", "10^9/L", (49.9, 50, 99, 100)),
    ("platelets", "/uL", (100_000, 99_999, 49_000)),
    ("haemoglobin", "g/dL", (6.9, 7, 8.9, 9)),
    ("haemoglobin", "g/L", (70, 89, 90)),
    ("haemoglobin", "mmol/L", (5.5, 5.6, 4.3)),
    ("creatinine", "mg/dL", (1.3, 1.959, 1.96, 1.97, 3)),
    ("creatinine", "umol/L", (70, 173, 174, 250)),
    ("eGFR", "mL/min/1.73m2", (29.9, 30, 60)),
    ("WBC", "10^9/L", (3.9, 4, 11, 11.1)),
    ("CRP", "mg/L", (10, 10.1)),
    ("CRP", "mg/dL", (1, 1.1)),
    ("glucose", "mg/dL", (53, 54, 69, 70, 180, 181, 300, 301)),
    ("glucose", "mmol/L", (3.8, 3.9, 9.9, 10)),
    ("HbA1c", "%", (7.9, 8)),
    ("apixaban level", "ng/mL", (29, 30)),
    ("anti-Xa", "IU/mL", (0.1, 0.11)),
)
AGES = (SECOND, 4 * HOUR, 4 * HOUR + SECOND, 14 * DAY, 15 * DAY, 30 * DAY, 31 * DAY, 90 * DAY, 91 * DAY, DAY, 2 * DAY)


def result(analyte: str, value: float, unit: str, drawn_at: datetime = AT_THE_BED) -> Evidence:
    return word("labs", {"analyte": analyte, "value": value, "unit": unit}, drawn_at, NURSE)


def results() -> Iterator[tuple[str, Words]]:
    for analyte, unit, values in RESULTS:
        for value in values:
            yield f"{analyte} {value} {unit}", also(result(analyte, value, unit))
        last, worse = values[-1], values[0]
        yield f"{analyte} twice at once in {unit}", also(result(analyte, last, unit), result(analyte, worse, unit))
        others = tuple(e for e in FULL if e.value.get("analyte") != analyte)
        for age in AGES:
            drawn = result(analyte, values[-1], unit, START - age)
            yield f"{analyte} of {age} before, in {unit}", also(drawn, to=others)
    taken_at = datetime.fromisoformat(next(e.value["last_dose_at"] for e in FULL if e.item == "hold:warfarin"))
    dose = START - 5 * HOUR
    for name, after in (("before", -SECOND), ("at", 0 * SECOND), ("after", SECOND)):
        others = tuple(e for e in FULL if e.value.get("analyte") != "INR")
        yield f"INR {name} the last warfarin", also(result("INR", 1, "ratio", taken_at + after), to=others)
        late = word("hold:warfarin", {"last_dose_at": dose.isoformat()})
        yield f"INR {name} a late warfarin", also(late, result("INR", 1, "ratio", dose + after), to=others)
    low = also(result("creatinine", 3, "mg/dL"))
    levels = (("apixaban level", 29, "ng/mL"), ("anti-Xa", 0.2, "IU/mL"), ("eGFR", 31, "mL/min/1.73m2"))
    for analyte, value, unit in levels:
        yield f"low kidneys, {analyte} {value}", also(result(analyte, value, unit), to=low)
    short = word("hold:apixaban", {"last_dose_at": (START - 71 * HOUR).isoformat()})
    yield "low kidneys, apixaban too short", also(short, to=low)
    not_taken = word("hold:warfarin", {"not_taking": True})
    general = also(not_taken, to=without("hold:warfarin"))
    for value, age in ((1.5, HOUR), (1.6, HOUR), (1.9, 29 * DAY), (1, 31 * DAY)):
        yield f"no warfarin, INR {value} of {age} before", also(result("INR", value, "ratio", START - age), to=general)


def doses() -> Iterator[tuple[str, Words]]:
    for drug, hours in HOURS.items():
        item = f"hold:{drug}"
        wait = hours * HOUR
        for held in dict.fromkeys((wait, wait - SECOND, wait + SECOND, wait / 2, 2 * HOUR, 11 * HOUR)):
            dose = word(item, {"last_dose_at": (START - held).isoformat()}, START - min(held, HOUR))
            yield f"{drug} {held} before", only(item, dose)
        day = (START - wait).date()
        for on in dict.fromkeys(min(day - back * DAY, START.date()) for back in (-1, 0, 1)):
            yield f"{drug} on {on}", only(item, word(item, {"last_dose_on": on.isoformat()}))
        none, dose = word(item, {"not_taking": True}), word(item, {"last_dose_at": (START - 13 * DAY).isoformat()})
        yield f"{drug} not taken", only(item, none)
        yield f"{drug} not taken, said by the patient", only(item, replace(none, authority=PATIENT))
        yield f"{drug} not taken after all", also(none)
        yield f"{drug} taken after all", only(item, none, replace(dose, observed_at=AT_THE_BED + SECOND))
        yield (
            f"{drug} taken though not to be",
            also(word(item, {"took_it": True, "last_dose_at": (AT_THE_BED - HOUR).isoformat()}, authority=PATIENT)),
        )
        for early in (timedelta(0), 12 * HOUR, DAY, 2 * DAY):
            said_at = START - wait - early
            yield f"{drug} said {early} before its stop", only(item, replace(dose, observed_at=said_at))
            yield f"{drug} not taken, said {early} before its stop", only(item, replace(none, observed_at=said_at))
        for days, more in ((329, {}), (331, {}), (331, {"confirmed": True})):
            old = {"last_dose_at": (AT_THE_BED - days * DAY).isoformat(), **more}
            yield f"{drug} {days} days ago {more}", only(item, word(item, old))
        two = tuple(word(item, {"last_dose_at": (START - n * DAY).isoformat()}) for n in (2, 9))
        yield f"{drug} two doses at once", only(item, *two)


def prescribers() -> Iterator[tuple[str, Words]]:
    for drug in CLEARED:
        item, hours = f"prescriber_clearance:{drug}", HOURS[drug]
        stop = START - hours * HOUR

        def spoken(
            answer: str,
            when: datetime = START - 13 * DAY,
            by: Authority = NURSE,
            item: str = item,
            **more: Any,
        ) -> Evidence:
            return word(item, {"answer": answer, **BY_PHONE, **more}, when, by)

        yield f"{drug} to go on", only(item, spoken("continue"))
        yield f"{drug} to go on after all", also(spoken("continue", START - 3 * DAY))
        yield f"{drug} agreed and to go on at once", only(item, spoken("continue"), spoken("agreed"))
        for ago in (30 * DAY, 14 * DAY, 9 * DAY, 6 * DAY, 4 * DAY, 2 * DAY, 20 * HOUR):
            yield f"{drug} asked {ago} before", only(item, spoken("asked", START - ago))
            yield (
                f"{drug} asked {ago} before, and again",
                only(item, spoken("asked", START - ago - 3 * DAY), spoken("asked", START - ago, SCHEDULER)),
            )
        for more in (
            {"hold_hours": hours},
            {"hold_hours": hours + 24},
            {"last_dose_on": (stop - DAY).date().isoformat()},
            {"last_dose_on": stop.date().isoformat()},
            {"last_dose_on": (stop - DAY).date().isoformat(), "start_on": "2027-03-10"},
            {"last_dose_on": (stop - DAY).date().isoformat(), "start_on": "2027-03-12", "hold_hours": 1},
            {"bridging": "yes"},
            {"bridging": "no", "start_on": "2027-03-12"},
        ):
            yield f"{drug} agreed with {more}", only(item, spoken("agreed", **more))
        yield f"{drug} asked, then agreed", only(item, spoken("asked"), spoken("agreed", START - 10 * DAY, SCHEDULER))
        refused = also(spoken("refused", START - 12 * DAY))
        yield f"{drug} refused after all, no dose", tuple(e for e in refused if e.item != f"hold:{drug}")
        by_nobody = only(item, spoken("agreed", by=SCHEDULER))
        yield f"{drug} agreed, not verified, no dose", tuple(e for e in by_nobody if e.item != f"hold:{drug}")
        undone = tuple(e for e in FULL if e.item != f"hold:{drug}")
        for back in (-HOUR, 0 * HOUR, SECOND, DAY):
            when = stop + back
            yield f"{drug} to go on {back} from its stop, no dose", also(spoken("continue", when), to=undone)
            yield f"{drug} refused {back} from its stop, no dose", also(spoken("refused", when), to=undone)
            unsure = word(item, NOT_SURE, when)
            yield f"{drug} doubted {back} from its stop, no dose", also(unsure, to=undone)
            none = word(f"hold:{drug}", {"not_taking": True}, when)
            yield f"{drug} not taken, said {back} from its stop", also(none, to=undone)
            later = word(f"hold:{drug}", {"not_taking": True}, when + HOUR)
            yield f"{drug} not taken, said twice from {back} of its stop", also(none, later, to=undone)


def meals() -> Iterator[tuple[str, Words]]:
    def fasted(name: str, hours: float, said_at: datetime = AT_THE_BED) -> Words:
        taken_at = (START - hours * HOUR).isoformat()
        return only("fasting", word("fasting", {"intakes": [{"intake": name, "at": taken_at}]}, said_at))

    for name, hours in (
        ("water", 2),
        ("Black coffee", 2),
        ("breast milk", 4),
        ("latte", 6),
        ("light meal", 6),
        ("toast and tea", 6),
        ("burger", 8),
        ("soup of the day", 8),
        ("unknown", 8),
        ("chewing gum", 0),
        ("sip of water with medicines", 0),
        ("a small sip with my tablets", 0),
        ("sip of water with metformin", 0),
        ("sip with breakfast", 8),
    ):
        for short in (0.0, 1 / 3600, -1 / 3600):
            yield f"{name} {hours - short:g} hours before", fasted(name, hours - short)
    for said in (8 * HOUR, 8 * HOUR + SECOND, 12 * HOUR, 3 * DAY):
        yield f"fasting said {said} before", fasted("light meal", 100, START - said)
    several = [{"intake": name, "at": (START - 5 * HOUR).isoformat()} for name in ("water", "light meal", "burger")]
    yield "three intakes", only("fasting", word("fasting", {"intakes": several}))
    yield "no intakes", only("fasting", word("fasting", {"intakes": []}))
    for short in (0 * HOUR, SECOND, -SECOND, 2 * HOUR):
        since = {"intakes": [], "since": (START - 8 * HOUR + short).isoformat()}
        yield f"nothing since 8 hours less {short} before", only("fasting", word("fasting", since))


def infections() -> Iterator[tuple[str, Words]]:
    answers = [("all", QUESTIONS), ("none", {}), ("one", {"fever": "no"})]
    answers += [("what is not asked", {**QUESTIONS, "x": "yes"})]
    answers += [(f"{key} {given}", {**QUESTIONS, key: given}) for key in QUESTIONS for given in ("yes", "not_sure")]
    answers += [(f"without {key}", {k: QUESTIONS[k] for k in QUESTIONS if k != key}) for key in QUESTIONS]
    for name, given in answers:
        asked, looked = {"answers": given}, {**CHECK, "answers": given}
        yield f"prescreen, {name}", only("infection_prescreen", word("infection_prescreen", asked, START - 19 * HOUR))
        yield f"check, {name}", only("infection_check", word("infection_check", looked))
    full = {**CHECK, "answers": QUESTIONS}
    celsius, fahrenheit = (37.4, 37.5, 37.9, 38), (99.4, 99.5, 100.3, 100.4)
    for degrees, unit in (*((d, "C") for d in celsius), *((d, "F") for d in fahrenheit)):
        measured = {**full, "temperature": degrees, "unit": unit}
        yield f"{degrees} {unit}", only("infection_check", word("infection_check", measured))
    assessed = {**full, "skin": "not_clear", "outcome": "assessed_not_infection"}
    for by, more in ((CLINICIAN, {"reason": "a scar"}), (CLINICIAN, {}), (NURSE, {"reason": "a scar"})):
        decided = word("infection_check", {**assessed, **more}, authority=by)
        yield f"assessed by a {by.name} {more}", also(decided)
    yield "skin not clear", also(word("infection_check", {**full, "skin": "not_clear"}))
    for age in (12 * HOUR, 12 * HOUR + SECOND):
        yield f"check {age} old", only("infection_check", word("infection_check", full, START - age))
    for age in (HOUR, 9 * HOUR, 10 * HOUR, 11 * HOUR, 47 * HOUR, 49 * HOUR, 4 * DAY):
        said = word("infection_prescreen", {"answers": QUESTIONS}, START - age, PATIENT)
        yield f"prescreen {age} old", only("infection_prescreen", said)
