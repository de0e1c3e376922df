"""What the clinical tables ask of every case that is ready, read plainly and without the engine.

Necessary and not enough: each function names what stands against a start. No drug is looked up by its name; whoever
writes the case says which rows of the table its drugs are.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import NamedTuple

from checklists.rules.values import Authority, Evidence, Facts
from tests.bench.by_hand.finding import keys
from tests.checklists.protocols.published import HOLDS

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
PATIENT, SCHEDULER, NURSE, CLINICIAN = Authority
ARIZONA, BAY, TREE, PRO = "pain-experts-of-arizona", "bay-area-spine", "one-tree-health", "pro-spine-pain"
SIR = "reference-sir"
SPINE = [*(f"T{n}" for n in range(1, 13)), *(f"L{n}" for n in range(1, 6))]
ROWS = {row[0]: row for row in HOLDS}
# Where SIR gives an hour also below a clearance of 30, from 15 on.
SIR_BELOW_30 = {"MH004": 72, "MH006": 72, "MH012": 96}
# The classes that a clinic holds for as long as it was filled in for.
THINNERS = {f"MH{n:03}" for n in (*range(1, 14), *range(24, 28), *range(29, 34), 37)}
NSAIDS = {f"MH{n:03}" for n in range(38, 50)}
CLASSES = {ARIZONA: (THINNERS | NSAIDS | {"MH066", "MH067", "MH068"}), TREE: THINNERS, PRO: THINNERS | NSAIDS}
CLASS_HOURS = 72
FASTS = {
    "water": 2, "black coffee": 2, "latte": 6, "light meal": 6, "burger": 8, "chewing gum": 0, "unknown": 8, "beer": 8,
}  # fmt: skip
FOOD_HOURS = 6  # of the two clinics that name hours without a number, as filled in
HARD_SIGNS = keys(
    "fever chills cough_or_cold covid_two_weeks flu_or_virus urinary_infection taking_antibiotic infection_elsewhere "
    "deep_infection vomiting_or_diarrhoea new_deficit"
)
SIGNS_TO_WEIGH = keys(
    "fever_masked covid_seven_weeks covid_symptoms virus_just_over bacteria_in_urine antibiotic_for_prevention "
    "antibiotic_finished old_wound immunosuppressed unexplained_lab household_contact"
)


class Drug(NamedTuple):
    """What a line of the list means: the drug as its items call it, the rows of the table, the dosing interval."""

    name: str
    rows: tuple[str, ...]
    interval_days: int | None = None


@dataclass(frozen=True)
class Case:
    protocol: str
    facts: Facts
    drugs: tuple[Drug, ...]
    said: tuple[Evidence, ...]
    start: datetime

    @property
    def on(self) -> date:
        return self.day(self.start)

    def day(self, instant: datetime) -> date:
        return instant.astimezone(self.facts.site.tz).date()

    def days_since(self, day: date) -> int:
        return (self.on - day).days

    def latest(self, item: str, **having: object) -> list[Evidence]:
        """The last observed by the start of those with these values; several of one instant."""
        found = [word for word in self.said if word.item == item and word.observed_at <= self.start]
        found = [word for word in found if not (is_no(word) and any(clears(other, word) for other in self.said))]
        found = [word for word in found if all(word.value.get(key) == value for key, value in having.items())]
        newest = max((word.observed_at for word in found), default=None)
        return [word for word in found if word.observed_at == newest]


def against(case: Case) -> list[str]:
    """What stands against the start."""
    return [said for rule in RULES for said in rule(case)]


def settled(case: Case) -> Iterator[str]:
    """What people decide: by whom, about this plan, and no recorded no."""
    facts, levels = case.facts, set(case.facts.levels)
    plan = ["local", "sedation", "general"].index(facts.anesthesia or "general")
    wanted = (
        ("consult", CLINICIAN, lambda v: v["outcome"] == "procedure" and set(v.get("levels", levels)) == levels),
        ("candidacy", CLINICIAN, lambda v: v["pain_matches_imaging"] and v["can_lie_prone"] and not v["exclusions"]),
        ("allergies", NURSE, lambda v: v["cement"] == "none" and "unknown" not in v.values()),
        (
            "anesthesia_evaluation",
            CLINICIAN,
            lambda v: v["outcome"] == "fit" and ["local", "sedation", "general"].index(v["anesthesia"]) >= plan,
        ),
        ("antibiotic_plan", CLINICIAN, lambda v: "plan" in v),
        ("consent", CLINICIAN, lambda v: v.get("procedure") == facts.procedure and set(v["levels"]) == levels),
        ("authorisation", SCHEDULER, lambda v: "not_needed" in v or covers(case, v)),
        ("ride", NURSE if facts.arrived_at else PATIENT, lambda v: v["available"] and v.get("adult") is True),
    )
    for item, role, is_good in wanted:
        words = [word for word in case.said if word.item == item]
        if not any(word.authority >= role for word in words):
            yield f"{item}: nobody of the role"
        last = case.latest(item)
        if not last or not all(word.value.get("answer") is None and is_good(word.value) for word in last):
            yield f"{item}: not as wanted"
    for word in case.said:
        if is_no(word) and not any(clears(other, word) for other in case.said):
            yield f"{word.item}: a no stands"


def covers(case: Case, value: dict) -> bool:
    first, last = (date.fromisoformat(value.get(key, "2000-01-01")) for key in ("valid_from", "valid_until"))
    return first <= case.on <= last and set(case.facts.levels) <= set(value["levels"])


def is_no(word: Evidence) -> bool:
    value = word.value
    return (
        value.get("outcome") in ("not_candidate", "not_fit", "infection")
        or value.get("available") is False
        or value.get("refused") is True
        or value.get("cement") == "known"
        or value.get("result") == "positive"
        or (
            word.item == "infection_prescreen"
            and any(value.get("answers", {}).get(sign) == "yes" for sign in HARD_SIGNS)
        )
    )


def clears(later: Evidence, no: Evidence) -> bool:
    return no.id in later.supersedes and later.id > no.id and later.authority >= no.authority


def planned(case: Case) -> Iterator[str]:
    """Cause, procedure, levels and the window, with what single clinics add."""
    facts, anchor = case.facts, window_anchor(case)
    places = sorted(SPINE.index(level) for level in facts.levels if level in SPINE)
    if not places or len(places) != len(facts.levels) or places[-1] - places[0] != len(places) - 1 or len(places) > 2:
        yield "levels"
    if facts.cause is None:
        yield "no cause"
    if case.protocol == ARIZONA and (facts.cause == "trauma" or "severe_osteoporosis" in facts.conditions):
        yield "excluded by the pathway"
    if facts.procedure == "vertebroplasty" and case.protocol not in (BAY, PRO) and "reference" not in case.protocol:
        yield "procedure not covered"
    if facts.cause != "malignancy":
        if anchor is None or anchor.earliest != anchor.latest or anchor.earliest > case.on:
            yield "no date to count from"
        elif case.on > window_end(case, anchor.earliest):
            yield "window"
    if case.protocol in (BAY, PRO) and not all(
        word.value.get("outcome") == "not_enough" for word in case.latest("conservative_care") or [Evidence(*NOTHING)]
    ):
        yield "no conservative care"


NOTHING = (0, "", datetime.min.replace(tzinfo=UTC), {}, "", PATIENT, "")


def window_anchor(case: Case):
    facts = case.facts
    if case.protocol == BAY:
        return facts.diagnosed
    return facts.fractured or (None if case.protocol in (ARIZONA, TREE) else facts.onset)


def window_end(case: Case, day: date) -> date:
    """Eight weeks, or the same day two calendar months later; the cases here have no day beyond the 28th."""
    if case.protocol != BAY:
        return day + 56 * DAY
    return day.replace(year=day.year + (day.month > 10), month=(day.month + 1) % 12 + 1)


def imaged(case: Case) -> Iterator[str]:
    levels = set(case.facts.levels)

    def proves(modality: str, shows: str | None, days: int) -> bool:
        found = [w for w in case.latest("imaging", modality=modality, stage="reviewed") if w.authority >= CLINICIAN]
        return bool(found) and all(
            levels <= set(word.value["levels"])
            and (shows is None or levels <= set(word.value.get(shows, ())))
            and case.days_since(case.day(word.observed_at)) <= days
            for word in found
        )

    mri = proves("mri", "oedema_levels", 90) and "mri_contraindicated" not in case.facts.conditions
    tracer = proves("bone_scan", "uptake_levels", 90) or proves("spect_ct", "uptake_levels", 90)
    xray = case.protocol in (BAY, TREE, PRO) and proves("xray", None, 30)
    if not (mri or xray or (proves("ct", None, 90) and tracer)):
        yield "imaging"
    biopsies = case.latest("imaging", modality="biopsy")
    if case.facts.cause == "malignancy" and not any(case.days_since(case.day(w.observed_at)) <= 30 for w in biopsies):
        yield "no biopsy of these days; no MRI of the cases here has contrast"


def number(case: Case, analyte: str, *, days: int | None = None, hours: int | None = None, after=None) -> list[float]:
    """The values drawn last, where they count at the start; all cases here use the unit of the table."""
    found = case.latest("labs", analyte=analyte)
    if not found:
        return []
    drawn = found[0].observed_at
    is_old = days is not None and case.days_since(case.day(drawn)) > days
    is_old |= hours is not None and case.start - drawn > hours * HOUR
    return [] if is_old or (after is not None and drawn <= after) else [word.value["value"] for word in found]


def measured(case: Case) -> Iterator[str]:
    liver, names = "chronic_liver_disease" in case.facts.conditions, {drug.name for drug in case.drugs}
    warfarin = "warfarin" in names and last_dose(case, "warfarin") != NEVER
    if warfarin:
        dose, most = last_dose(case, "warfarin"), 1.8 if case.protocol == SIR else 1.2
        inr = number(case, "INR", days=1, after=dose or case.start)
        is_in_range = all(value <= most for value in inr)
    else:
        inr = number(case, "INR", days=30)
        is_in_range = all(value < 2.5 if liver else value <= 1.5 for value in inr)
    if not inr or not is_in_range:
        yield "INR"
    low = 30.01 if liver else 50 if case.protocol == SIR else 100
    wanted = [("platelets", low), ("haemoglobin", 9)] + ([("fibrinogen", 100.01)] if liver else [])
    for analyte, least in wanted:
        falls = analyte == "platelets" and "heparin" in names and last_dose(case, "heparin") != NEVER
        found = number(case, analyte, days=7 if falls else 30)
        if not found or min(found) < least:
            yield analyte
    if "diabetes" in case.facts.conditions or "insulin" in names or "metformin" in names:
        glucose = number(case, "glucose", hours=4)
        if not glucose or not all(70 <= value <= 180 for value in glucose):
            yield "glucose"


NEVER = datetime.min.replace(tzinfo=UTC)


def last_dose(case: Case, drug: str) -> datetime | None:
    """The last dose as last stated; NEVER where it is not taken, None where nobody knows."""
    stated = [word for word in case.said if word.item == f"hold:{drug}" and "answers" not in word.value]
    stated = [word for word in stated if "decision" not in word.value]
    newest = max((word.observed_at for word in stated), default=None)
    doses = [dose_of(case, word) for word in stated if word.observed_at == newest]
    return None if None in doses else max(doses, default=None)


def dose_of(case: Case, word: Evidence) -> datetime | None:
    if "last_dose_at" in word.value:
        return datetime.fromisoformat(word.value["last_dose_at"]).astimezone(UTC)
    if "last_dose_on" in word.value:
        day = date.fromisoformat(word.value["last_dose_on"])
        return datetime.combine(day, time(23, 59), case.facts.site.tz).astimezone(UTC)
    return NEVER if "not_taking" in word.value else None


def clearance(case: Case) -> float | None:
    facts, creatinine = case.facts, number(case, "creatinine", days=30)
    if not creatinine or facts.born_on is None or facts.weight_kg is None or facts.sex is None:
        return None
    born, on = facts.born_on, case.on
    age = on.year - born.year - ((on.month, on.day) < (born.month, born.day))
    return (140 - age) * facts.weight_kg / (72 * max(creatinine)) * (1 if facts.sex == "male" else 0.85)


def stopped(case: Case) -> Iterator[str]:
    """Each drug's row: time since the last dose by kidneys, whose agreement, whose decision."""
    kidneys = clearance(case)
    for drug in case.drugs:
        rows = [ROWS[name] for name in drug.rows]
        if any(row[1] or row[2] for row in rows):
            if kidneys is None:
                yield f"{drug.name}: kidney function"
                continue
            rows = [row for row in rows if (row[1] or 0) <= kidneys < (row[2] or 10_000)]
        for row in rows:
            yield from judged(case, drug, row, kidneys)


def judged(case: Case, drug: Drug, row: tuple, kidneys: float | None) -> Iterator[str]:
    name, action, clear = row[0], row[3], row[5]
    dose = last_dose(case, drug.name)
    if dose == NEVER or (action == "continue" and name not in CLASSES.get(case.protocol, ())):
        return
    if case.protocol == SIR and (name == "MH033" or (name in NSAIDS and action == "timed_hold")):
        return  # SIR holds none of these
    answers = [word for word in case.said if word.item == f"prescriber_clearance:{drug.name}"]
    if any(word.value["answer"] == "refused" and not any(clears(other, word) for other in answers) for word in answers):
        yield f"{drug.name}: its prescriber refuses"
    if action == "clinician_decision":
        yield f"{drug.name}: for a clinician"
    elif dose is None:
        yield f"{drug.name}: no last dose"
    elif action == "hold_day_of":
        if case.day(dose) >= case.on:
            yield f"{drug.name}: taken on the day"
    elif action == "cycle_based":
        if drug.interval_days is None or case.start - dose < (drug.interval_days + 7) * DAY:
            yield f"{drug.name}: cycle"
    else:
        if case.protocol == SIR and name in SIR_BELOW_30 and kidneys is not None and kidneys >= 15:
            clear = SIR_BELOW_30[name]
        elif case.protocol == SIR and clear is not None:
            clear = clear if row[7] is None else row[7]
        if name in CLASSES.get(case.protocol, ()) and clear is not None:
            clear = max(clear, CLASS_HOURS)
        if clear is None or case.start - dose < clear * HOUR:
            yield f"{drug.name}: not held long enough"
    if row[6]:
        given = [word for word in answers if word.value["answer"] in ("agreed", "continue")]
        last = [word for word in given if word.observed_at == max(other.observed_at for other in given)]
        if not last or any(w.value["answer"] != "agreed" for w in last) or all(w.authority < NURSE for w in given):
            yield f"{drug.name}: its prescriber has not agreed"


def fasted(case: Case) -> Iterator[str]:
    if case.facts.anesthesia == "local" and case.protocol not in (ARIZONA, PRO):
        return
    stated = case.latest("fasting")
    if not stated or any("intakes" not in word.value for word in stated):
        yield "fast not told"
        return
    for intake in (intake for word in stated for intake in word.value["intakes"]):
        taken, what = datetime.fromisoformat(intake["at"]).astimezone(UTC), intake["intake"]
        wait = FASTS[what]
        if (
            case.protocol == ARIZONA
            or (case.protocol == PRO and wait == 8)
            or (case.protocol == PRO and "meal" in what)
        ):
            wait = FOOD_HOURS
        if case.protocol == TREE:
            if case.day(taken) >= case.on:
                yield "eaten or drunk after midnight"
        elif case.start - taken < wait * HOUR:
            yield f"fast after {what}"


def well(case: Case) -> Iterator[str]:
    checks = case.latest("infection_check")
    if not checks or not any(word.item == "infection_check" and word.authority >= NURSE for word in case.said):
        yield "no infection check"
    for word in checks:
        value = word.value
        if case.start - word.observed_at > 12 * HOUR:
            yield "infection check too old"
        if value.get("outcome") == "assessed_not_infection" and word.authority >= CLINICIAN:
            continue
        if value.get("outcome") != "clear" or value["skin"] != "clear":
            yield "infection check not clear"
        elif (value["temperature"] if value["unit"] == "C" else (value["temperature"] - 32) * 5 / 9) >= 37.4999999:
            yield "temperature"
        elif any(value["answers"].get(sign) != "no" for sign in (*HARD_SIGNS, *SIGNS_TO_WEIGH)):
            yield "signs of infection"


def not_pregnant(case: Case) -> Iterator[str]:
    born, on = case.facts.born_on, case.on
    age = None if born is None else on.year - born.year - ((on.month, on.day) < (born.month, born.day))
    if case.facts.sex == "male" or (age is not None and not 12 <= age <= 55):
        return
    tests = case.latest("pregnancy")
    if not tests or any(
        w.value.get("result") != "negative" or case.days_since(case.day(w.observed_at)) > 1 for w in tests
    ):
        yield "pregnancy"


RULES = (settled, planned, imaged, measured, stopped, fasted, well, not_pregnant)
