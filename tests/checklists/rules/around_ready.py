"""Cases on which all is done, under every shipped protocol, and what can be changed on them: mostly to a boundary."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from random import Random
from zoneinfo import ZoneInfo

from checklists.protocols.loader import load
from checklists.rules.values import Authority, DateAbout, Evidence, Facts, Medication, Site
from tests.checklists.protocols.test_clinics import CLINICS, filled
from tests.checklists.rules.cases import HOUR, SECOND, SITE
from tests.checklists.rules.necessary import (
    BAY,
    CLASS_HOURS,
    FASTS,
    HARD_SIGNS,
    PRO,
    ROWS,
    SIGNS_TO_WEIGH,
    Case,
    Drug,
)
from tests.checklists.rules.notes import ALLERGIES, CANDIDACY, MRI, PLAN

DAY = timedelta(days=1)
PATIENT, SCHEDULER, NURSE, CLINICIAN = Authority
REFERENCES = ("reference-asra", "reference-sir", "reference-two-threshold")
PROTOCOLS = {name: load(name, signed=True) for name in REFERENCES} | {name: filled(name) for name in CLINICS}
ZONES = ("America/New_York", "America/Phoenix", "America/Los_Angeles", "Europe/Berlin")
# Ordinary days, the two nights on which American clocks change with the days after, and a leap day.
DAYS = [
    date(2027, 3, 10),
    date(2027, 3, 14),
    date(2027, 3, 16),
    date(2027, 11, 7),
    date(2027, 11, 9),
    date(2028, 2, 29),
]
BANDED = ("MH002", "MH003", "MH004")
LIST: tuple[tuple[Medication, Drug], ...] = (
    *((Medication(name), Drug("warfarin", ("MH001",))) for name in ("warfarin", "Coumadin 5 mg")),
    (Medication("Eliquis 5 mg BID"), Drug("apixaban", BANDED)),
    (Medication("rivaroxaban 20 mg"), Drug("rivaroxaban", ("MH005", "MH006", "MH007"))),
    (Medication("edoxaban"), Drug("edoxaban", ("MH008", "MH009"))),
    (Medication("Pradaxa"), Drug("dabigatran etexilate", ("MH010", "MH011", "MH012"))),
    (Medication("heparin", dose_tier="sc prophylaxis"), Drug("heparin", ("MH015",))),
    (Medication("Lovenox", dose_tier="prophylactic"), Drug("enoxaparin", ("MH016", "MH018"))),
    (Medication("enoxaparin", dose_tier="therapeutic"), Drug("enoxaparin", ("MH017", "MH018"))),
    (Medication("fondaparinux"), Drug("fondaparinux", ("MH020", "MH021"))),
    (Medication("Aspirin 81 mg", indication="primary prevention"), Drug("aspirin", ("MH029",))),
    (Medication("Humira", interval_days=14), Drug("adalimumab", ("MH055",), 14)),
    (Medication("Enbrel", interval_days=7), Drug("etanercept", ("MH056",), 7)),
    (Medication("Rituxan"), Drug("rituximab", ("MH060",))),
    *(
        (Medication(written), Drug(name, (row,)))
        for written, name, row in (
            ("dalteparin", "dalteparin", "MH019"),
            ("Plavix 75 mg", "clopidogrel", "MH024"),
            ("prasugrel", "prasugrel", "MH025"),
            ("Brilinta", "ticagrelor", "MH026"),
            ("dipyridamole", "dipyridamole", "MH031"),
            ("Aggrenox", "aspirin/dipyridamole", "MH032"),
            ("Pletal", "cilostazol", "MH033"),
            ("tirofiban", "tirofiban", "MH035"),
            ("pentoxifylline", "pentoxifylline", "MH037"),
            ("Advil 200 mg", "ibuprofen", "MH038"),
            ("etodolac", "etodolac", "MH041"),
            ("Aleve", "naproxen", "MH043"),
            ("nabumetone", "nabumetone", "MH045"),
            ("piroxicam", "piroxicam", "MH047"),
            ("Celebrex", "celecoxib", "MH048"),
            ("sulindac", "sulindac", "MH049"),
            ("Xeljanz", "tofacitinib", "MH066"),
            ("tacrolimus", "tacrolimus", "MH072"),
            ("metformin", "metformin", "MH091"),
            ("glipizide", "glipizide", "MH092"),
        )
    ),
)


def done(random: Random) -> Case:
    """A case on which everything was done in time, with up to three drugs long stopped."""
    name, zone, day = random.choice(sorted(PROTOCOLS)), random.choice(ZONES), random.choice(DAYS)
    start = datetime.combine(day, time(random.choice((8, 10, 13, 16))), ZoneInfo(zone)).astimezone(UTC)
    taken = dict(random.choice(LIST) for _ in range(random.choice((0, 1, 1, 2, 3))))
    cause = random.choice(("osteoporosis", "steroid", "haemangioma", "malignancy"))
    broken_on = day - (120 if cause == "malignancy" else 28) * DAY
    broken = DateAbout(broken_on, broken_on)
    facts = Facts(
        number=1,
        site=Site(zone, SITE.hours),
        procedure="kyphoplasty",
        levels=("T12", "L1"),
        cause=cause,
        anesthesia=random.choice(("local", "sedation", "sedation", "general")),
        fractured=broken,
        onset=broken,
        diagnosed=broken,
        born_on=random.choice((date(1950, 6, 1), date(1970, 3, 10))),
        sex=random.choice(("female", "male")),
        weight_kg=random.choice((52.5, 75.0)),
        conditions_denied=frozenset({"stent", "severe_osteoporosis"}),
        medications=tuple(taken),
        arrived_at=start - HOUR,
    )
    case = Case(name, facts, tuple(taken.values()), (), start)
    for item, value, ago, authority in words(case):
        case = also(case, item, value, start - ago, authority)
    return case


def words(case: Case):
    """Item, value, how long before the start, and whose word."""
    levels, start = list(case.facts.levels), case.start
    no_signs = {"answers": dict.fromkeys((*HARD_SIGNS, *SIGNS_TO_WEIGH), "no")}
    span = {"valid_from": str(case.on - 20 * DAY), "valid_until": str(case.on + 20 * DAY)}
    yield "consult", {"outcome": "procedure", "levels": levels}, 14 * DAY, CLINICIAN
    yield "candidacy", CANDIDACY, 14 * DAY, CLINICIAN
    yield "imaging", MRI, 14 * DAY, CLINICIAN
    if case.facts.cause == "malignancy":
        biopsy = {"modality": "biopsy", "stage": "reviewed", "levels": ["T12"], "shows": "malignancy"}
        yield "imaging", biopsy, 13 * DAY, CLINICIAN
    if case.protocol in (BAY, PRO):
        care = [{"measure": "bracing", "from": str(case.on - 27 * DAY), "until": str(case.on - 15 * DAY)}]
        yield "conservative_care", {"measures": care, "outcome": "not_enough"}, 14 * DAY, CLINICIAN
    for analyte, value, unit, ago in (
        ("platelets", 200, "10^9/L", 5 * DAY),
        ("haemoglobin", 12.5, "g/dL", 5 * DAY),
        ("creatinine", 0.8, "mg/dL", 5 * DAY),
        ("fibrinogen", 300, "mg/dL", 5 * DAY),
        ("INR", 1.0, "ratio", 5 * HOUR),
        ("glucose", 120, "mg/dL", HOUR),
    ):
        yield "labs", {"analyte": analyte, "value": value, "unit": unit}, ago, NURSE
    yield "fasting", {"intakes": [{"intake": "burger", "at": (start - 25 * HOUR).isoformat()}]}, HOUR, NURSE
    yield "ride", {"available": True, "adult": True, "transport": "car"}, HOUR, NURSE
    yield "infection_prescreen", no_signs, 20 * HOUR, PATIENT
    check = {"temperature": 36.8, "unit": "C", "skin": "clear", "outcome": "clear", **no_signs}
    yield "infection_check", check, HOUR / 2, NURSE
    yield "allergies", ALLERGIES, 8 * DAY, NURSE
    yield "pregnancy", {"result": "negative"}, HOUR, NURSE
    evaluated = {"outcome": "fit", "anesthesia": case.facts.anesthesia}
    yield "anesthesia_evaluation", evaluated, 8 * DAY, CLINICIAN
    yield "antibiotic_plan", PLAN, 8 * DAY, CLINICIAN
    yield "consent", {"signed": True, "procedure": "kyphoplasty", "levels": levels}, 2 * DAY, CLINICIAN
    yield "authorisation", {"payer": "P", "number": "7", "levels": levels, **span}, 8 * DAY, SCHEDULER
    for drug in dict.fromkeys(drug.name for drug in case.drugs):
        yield f"hold:{drug}", {"last_dose_at": (start - 25 * DAY).isoformat()}, HOUR, NURSE
        agreed = {"answer": "agreed", "prescriber": "Dr A", "how": "phone"}
        yield f"prescriber_clearance:{drug}", agreed, 27 * DAY, CLINICIAN


def also(case: Case, item: str, value, at: datetime, authority: Authority, supersedes=()) -> Case:
    number = max((word.id for word in case.said), default=0) + 1
    word = Evidence(number, item, at, value, "staff", authority, "staff:1", frozenset(supersedes))
    return replace(case, said=(*case.said, word))


def instead(case: Case, word: Evidence, **fields) -> Case:
    return replace(case, said=tuple(replace(other, **fields) if other is word else other for other in case.said))


def edge(random: Random, instant: datetime) -> datetime:
    return instant + random.choice((-SECOND, timedelta(0), SECOND))


def midnight(case: Case, days: int) -> datetime:
    return datetime.combine(case.on - days * DAY, time(), case.facts.site.tz).astimezone(UTC)


def edges_of(case: Case, word: Evidence) -> list[datetime]:
    """From when on such a word counts for this start, and until when."""
    days = {"labs": (1, 7, 30), "imaging": (30, 90), "pregnancy": (1,)}.get(word.item, ())
    hours = {"labs": (4,), "infection_check": (12,)}.get(word.item, ())
    return [case.start, *(midnight(case, n) for n in days), *(case.start - n * HOUR for n in hours)]


def word_dated(random: Random, case: Case) -> Case:
    dated = [word for word in case.said if len(edges_of(case, word)) > 1 or random.random() < 0.2]
    if not dated:
        return case
    word = random.choice(dated)
    return instead(case, word, observed_at=edge(random, random.choice(edges_of(case, word))))


def word_of_another(random: Random, case: Case) -> Case:
    return instead(case, random.choice(case.said), authority=random.choice(list(Authority)))


def word_missing(random: Random, case: Case) -> Case:
    lost = random.choice(case.said)
    return replace(case, said=tuple(word for word in case.said if word is not lost))


def word_unsure(random: Random, case: Case) -> Case:
    word = random.choice([word for word in case.said if word.item != "labs"])
    at = random.choice((word.observed_at, case.start - HOUR / 4))
    return also(case, word.item, {"answer": "not_sure"}, at, random.choice(list(Authority)))


VALUES = {
    "INR": (1.2, 1.21, 1.5, 1.51, 1.8, 1.81, 2.49, 2.5),
    "platelets": (30, 31, 49.9, 50, 99.9, 100),
    "haemoglobin": (8.9, 9),
    "creatinine": (0.8, 1.5, 2, 3, 9),
    "fibrinogen": (100, 101),
    "glucose": (69, 70, 180, 181),
}


def result(random: Random, case: Case) -> Case:
    word = random.choice([word for word in case.said if word.item == "labs"])
    value = {**word.value, "value": random.choice(VALUES[word.value["analyte"]])}
    if random.random() < 0.5:
        return instead(case, word, value=value)
    at = edge(random, word.observed_at)
    return also(case, "labs", value, at, NURSE)


def hours_of(case: Case, name: str) -> list[float]:
    """The hours that any source gives for the drug, those of its dosing interval, and those of a clinic."""
    drugs = [drug for drug in case.drugs if drug.name == name]
    found = {ROWS[row][column] for drug in drugs for row in drug.rows for column in (4, 5, 7, 8)}
    cycles = {(drug.interval_days + 7) * 24 for drug in drugs if drug.interval_days}
    return sorted({hours for hours in found if hours is not None} | cycles | {0, CLASS_HOURS})


def dose(random: Random, case: Case) -> Case:
    told = [word for word in case.said if word.item.startswith("hold:")]
    if not told:
        return case
    word = random.choice(told)
    hours = random.choice(hours_of(case, word.item.partition(":")[2]))
    taken = edge(random, case.start - hours * HOUR)
    value = random.choice(
        (
            {"last_dose_at": taken.isoformat()},
            {"last_dose_at": taken.isoformat()},
            {"took_it": True, "last_dose_at": taken.isoformat()},
            {"last_dose_on": str(case.day(taken))},
            {"not_taking": True},
        )
    )
    if random.random() < 0.5:
        return instead(case, word, value=value)
    at = edge(random, word.observed_at)
    return also(case, word.item, value, at, random.choice(list(Authority)))


def prescriber(random: Random, case: Case) -> Case:
    if not case.drugs:
        return case
    value = {"answer": random.choice(("asked", "agreed", "refused", "continue")), "prescriber": "Dr A", "how": "fax"}
    at = case.start - random.choice((26, 27, 28)) * DAY
    return also(
        case, f"prescriber_clearance:{random.choice(case.drugs).name}", value, at, random.choice(list(Authority))
    )


def intake(random: Random, case: Case) -> Case:
    word = next((word for word in case.said if "intakes" in word.value), None)
    if word is None:
        return case
    taken = edge(random, random.choice((midnight(case, 0), *(case.start - h * HOUR for h in (0, 2, 6, 8)))))
    more = {"intake": random.choice(sorted(FASTS)), "at": taken.isoformat()}
    return instead(case, word, value={"intakes": [*word.value["intakes"], more]})


def sign(random: Random, case: Case) -> Case:
    screens = [word for word in case.said if word.item.startswith("infection") and "answers" in word.value]
    if not screens:
        return case
    word = random.choice(screens)
    yes = {random.choice((*HARD_SIGNS, *SIGNS_TO_WEIGH)): random.choice(("yes", "no", "not_sure"))}
    value = {**word.value, "answers": {**word.value["answers"], **yes}}
    if word.item == "infection_check":
        measured, unit = random.choice(((37.4, "C"), (37.5, "C"), (38.0, "C"), (99.4, "F"), (99.5, "F"), (100.4, "F")))
        outcome = random.choice(("clear", "clear", "infection"))
        value |= {"temperature": measured, "unit": unit, "outcome": outcome}
    return instead(case, word, value=value)


NOES = (
    ("consult", {"outcome": "not_candidate"}),
    ("ride", {"available": False}),
    ("consent", {"refused": True}),
    ("authorisation", {"refused": True, "payer": "P"}),
    ("allergies", {**ALLERGIES, "cement": "known", "substances": ["cement"]}),
    ("anesthesia_evaluation", {"outcome": "not_fit", "anesthesia": "general"}),
    ("pregnancy", {"result": "positive"}),
)


def no(random: Random, case: Case) -> Case:
    """Recorded, and half of the time answered by somebody, sometimes too low or too early."""
    item, value = random.choice(NOES)
    good = [word for word in case.said if word.item == item]
    case = also(case, item, value, case.start - random.choice((HOUR, DAY)), random.choice(list(Authority)))
    if not good or random.random() < 0.5:
        return case
    at = case.start - random.choice((HOUR / 4, HOUR, 2 * DAY))
    return also(case, item, good[0].value, at, random.choice(list(Authority)), (case.said[-1].id,))


def plan(random: Random, case: Case) -> Case:
    """The facts changed after all was recorded."""
    on = case.on

    def about(days: int, until: int | None = None) -> DateAbout:
        return DateAbout(on - days * DAY, on - (days if until is None else until) * DAY)

    dates = [{"fractured": about(days)} for days in (13, 56, 57, 85)] + [{"fractured": about(50, 20)}]
    dates += [{"fractured": None}, {"fractured": None, "onset": None}, {"diagnosed": None}]
    dates += [{"diagnosed": about(days)} for days in (58, 59, 61, 62)]
    changes = [
        *(change for change in dates if all(each is None or each.earliest.day <= 28 for each in change.values())),
        *({"cause": cause} for cause in (None, "malignancy", "trauma")),
        *({"anesthesia": anesthesia} for anesthesia in (None, "local", "sedation", "general")),
        *({"levels": levels} for levels in (("T12",), ("T12", "L2"), ("T12", "L1", "L2"), ("L5", "S1"), ())),
        *({"conditions": frozenset({name})} for name in ("diabetes", "chronic_liver_disease", "mri_contraindicated")),
        {"conditions": frozenset({"severe_osteoporosis"})},
        *({"sex": sex} for sex in (None, "other", "female")),
        *({"born_on": born} for born in (None, date(on.year - 56, 1, 1), date(on.year - 80, 1, 1))),
        {"weight_kg": None},
        {"procedure": "vertebroplasty"},
        {"medications_known": False},
        {"arrived_at": None},
    ]
    return replace(case, facts=replace(case.facts, **random.choice(changes)))


def later(random: Random, case: Case) -> Case:
    """The start moved, and everything judged anew by it."""
    return replace(case, start=case.start + random.choice((SECOND, 4 * HOUR, 12 * HOUR, DAY, 27 * DAY)))


CHANGES: tuple[Callable[[Random, Case], Case], ...] = (
    word_dated, word_of_another, word_missing, word_unsure, result, dose, dose, prescriber, intake, sign, no, plan,
    plan, later,
)  # fmt: skip
