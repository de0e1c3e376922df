"""A small protocol of the reference's numbers, and a case that is ready under it."""

import re
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from itertools import count
from typing import Any
from zoneinfo import ZoneInfo

from checklists.rules.assess import assess
from checklists.rules.protocol import (
    Bound,
    FastingRule,
    HoldRule,
    ImagingRule,
    InfectionQuestion,
    InfectionRule,
    IntakeRule,
    ItemRule,
    LabRule,
    LevelsRule,
    Moment,
    PregnancyRule,
    Protocol,
    Sourced,
    Statement,
    WindowRule,
)
from checklists.rules.values import (
    DateAbout,
    Evidence,
    Facts,
    Finding,
    Gate,
    Medication,
    OverrideClass,
    Site,
    Step,
    Verdict,
)

NEW_YORK = ZoneInfo("America/New_York")
SOURCED = Sourced("S1", "high")
ONE, TWO, NEVER = OverrideClass
WORKDAY = (time(8), time(17))
SITE = Site("America/New_York", (WORKDAY,) * 5 + (None, None))
PHOENIX = Site("America/Phoenix", SITE.hours)
HOUR = timedelta(hours=1)
SECOND = timedelta(seconds=1)
INSTANT = timedelta(microseconds=1)
CODE = re.compile(r"[^A-Z\s][^A-Z]*")
SENTENCE = re.compile(r"\S.* .*[.:?!]", re.DOTALL)


def at(text: str, zone: ZoneInfo = NEW_YORK) -> datetime:
    """`2027-03-01 10:00` on the wall clock of the zone, as UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=zone).astimezone(UTC)


START = at("2027-03-10 10:00")  # a Wednesday


def before(hours: float, anchor: str = "start", human: bool = True) -> Moment:
    return Moment(anchor, -timedelta(hours=hours), human)


def rule(
    kind: str,
    step: Step,
    owner: str,
    needed_by: Gate,
    due: Moment | None = None,
    deadline: Moment | None = None,
    word: str = "no",
    verified_by: str | None = None,
    override: OverrideClass = ONE,
) -> ItemRule:
    return ItemRule(kind, step, owner, needed_by, due, deadline, word, verified_by, override, (), SOURCED)


ITEMS = (
    rule("consult", Step.CONSULT, "scheduler", Gate.BOOKING, verified_by="clinician", override=TWO),
    rule("candidacy", Step.CONSULT, "clinician", Gate.BOOKING, verified_by="clinician", override=TWO),
    replace(
        rule("conservative_care", Step.CONSULT, "clinician", Gate.BOOKING, verified_by="clinician"), required=False
    ),
    replace(
        rule("diagnostic_injection", Step.CONSULT, "scheduler", Gate.BOOKING, verified_by="clinician"), required=False
    ),
    rule("imaging", Step.IMAGING, "scheduler", Gate.BOOKING, None, before(168), "no", "clinician", TWO),
    rule("labs", Step.LABS, "scheduler", Gate.CHECK_IN, before(120), before(48), "no", "nurse", TWO),
    rule(
        "prescriber_clearance",
        Step.MEDICATION,
        "scheduler",
        Gate.START,
        before(72, "stop_time"),
        Moment("stop_time"),
        "no",
        "nurse",
        TWO,
    ),
    rule(
        "hold",
        Step.MEDICATION,
        "patient",
        Gate.CHECK_IN,
        Moment("stop_time", human=False),
        before(-12, "stop_time", human=False),
        "no",
        "nurse",
        TWO,
    ),
    rule(
        "fasting",
        Step.FASTING,
        "patient",
        Gate.CHECK_IN,
        Moment("fast_start", human=False),
        Moment("start", human=False),
        "no",
        "nurse",
        TWO,
    ),
    rule("ride", Step.RIDE, "patient", Gate.CHECK_IN, before(72), before(24), "until_arrival", "nurse", ONE),
    rule("infection_prescreen", Step.INFECTION, "patient", Gate.CHECK_IN, before(24), before(12), "yes"),
    rule(
        "infection_check",
        Step.INFECTION,
        "nurse",
        Gate.START,
        Moment("arrival"),
        Moment("start"),
        "no",
        "nurse",
        NEVER,
    ),
    rule("allergies", Step.CONSULT, "nurse", Gate.CHECK_IN, before(168), Moment("start"), "no", "nurse", TWO),
    rule(
        "pregnancy",
        Step.LABS,
        "nurse",
        Gate.START,
        Moment("arrival", human=False),
        Moment("start", human=False),
        "no",
        "nurse",
        TWO,
    ),
    *(
        rule(kind, step, "clinician", Gate.START, before(due), Moment("start"), "no", "clinician", override)
        for kind, step, due, override in (
            ("anesthesia_evaluation", Step.CONSULT, 168, TWO),
            ("antibiotic_plan", Step.INFECTION, 72, ONE),
            ("consent", Step.CONSULT, 24, NEVER),
        )
    ),
    rule("restart_decision", Step.DISCHARGE, "clinician", Gate.DISCHARGE, verified_by="clinician"),
    rule("authorisation", Step.CONSULT, "scheduler", Gate.START, before(168), before(72), "no", "scheduler"),
    *(
        rule(kind, Step.DISCHARGE, owner, Gate.DISCHARGE, verified_by=owner)
        for kind, owner in (("recovery_observation", "nurse"), ("after_care", "nurse"), ("follow_up", "scheduler"))
    ),
    rule("responsible_adult", Step.DISCHARGE, "nurse", Gate.DISCHARGE, verified_by="nurse"),
)

ROW_NUMBERS = count(1)


def hold(
    drug: str,
    action: str = "timed_hold",
    clear: float | None = None,
    block: float | None = None,
    *,
    names: tuple[str, ...] = (),
    drug_class: str = "",
    tier: str | None = None,
    crcl: tuple[float | None, float | None] = (None, None),
    clearance: bool = False,
    **more: Any,
) -> HoldRule:
    """One row; without `block` its only threshold is `clear`."""
    clear_at = None if clear is None else timedelta(hours=clear)
    block_below = clear_at if block is None else timedelta(hours=block)
    return HoldRule(
        f"T{next(ROW_NUMBERS):03}",
        drug,
        names,
        drug_class,
        tier,
        (),
        *crcl,
        action,
        block_below,
        clear_at,
        "",
        "",
        clearance,
        SOURCED,
        **more,
    )


HOLDS = (
    hold("warfarin", clear=120, names=("coumadin",), clearance=True),
    hold("apixaban", clear=72, names=("eliquis",), tier="treatment dose", crcl=(50, None), clearance=True),
    hold("apixaban", clear=72, tier="treatment dose", crcl=(30, 50), clearance=True),
    hold("apixaban", block=72, tier="treatment dose", crcl=(None, 30), clearance=True),
    hold("dabigatran", clear=96, crcl=(50, None), clearance=True),
    hold("dabigatran", clear=144, crcl=(30, 50), clearance=True),
    hold("dabigatran", "avoid_without_level", block=144, crcl=(None, 30), clearance=True),
    hold("enoxaparin", clear=12, tier="prophylactic (40 mg daily)", clearance=True),
    hold("enoxaparin", clear=24, tier="therapeutic (1 mg/kg bid)", clearance=True),
    hold("aspirin", clear=144, tier="primary prevention or analgesic"),
    hold("aspirin", "clinician_decision", tier="secondary prevention (stent)", clearance=True),
    hold("ibuprofen", clear=24, names=("advil", "motrin"), drug_class="NSAID (non-selective)"),
    hold("diclofenac", clear=24, drug_class="NSAID (non-selective)"),
    hold("cilostazol", clear=48, block=0, clearance=True),
    hold("adalimumab", "cycle_based", names=("humira",), after_cycle=timedelta(days=7)),
    hold("metformin", "hold_day_of"),
    hold("sertraline", "class_review"),
    hold("celecoxib", "continue"),
    hold("acetaminophen", "no_action", names=("tylenol",)),
)


def lab(
    analyte: str,
    unit: str,
    passes: tuple[Bound, ...],
    reviews: tuple[Bound, ...] = (),
    fails: tuple[Bound, ...] = (),
    *,
    context: str = "general",
    required: str = "required",
    days: int | None = 30,
    within: timedelta | None = None,
    after: str | None = None,
) -> LabRule:
    row = f"{analyte}-{context}"
    return LabRule(row, analyte, context, required, unit, passes, reviews, fails, days, within, after, SOURCED)


LABS = (
    lab(
        "INR",
        "ratio",
        (Bound(high=1.5),),
        (Bound(low=1.5, high=1.8, low_open=True),),
        (Bound(low=1.8, low_open=True),),
    ),
    lab(
        "INR",
        "ratio",
        (Bound(high=1.2),),
        (Bound(low=1.2, high=1.5, low_open=True),),
        (Bound(low=1.5, low_open=True),),
        context="vka_held",
        days=1,
        after="warfarin",
    ),
    lab(
        "platelets",
        "10^9/L",
        (Bound(low=100),),
        (Bound(low=50, high=100, high_open=True),),
        (Bound(high=50, high_open=True),),
    ),
    lab("creatinine", "mg/dL", (Bound(low=0, low_open=True),), context="renal_function", required="conditional"),
    lab(
        "WBC",
        "10^9/L",
        (Bound(low=4, high=11),),
        (Bound(high=4, high_open=True), Bound(low=11)),
        required="optional",
    ),
    lab(
        "glucose",
        "mg/dL",
        (Bound(low=70, high=180),),
        context="glucose_on_arrival",
        required="conditional",
        days=None,
        within=timedelta(hours=4),
    ),
)


def question(
    key: str,
    action: str = "hard_stop",
    kind: str = "question",
    low: float | None = None,
    high: float | None = None,
    asked_of: tuple[str, ...] = ("patient", "nurse"),
) -> InfectionQuestion:
    return InfectionQuestion(f"IN-{key}", key, f"{key}?", kind, action, low, high, frozenset(asked_of), SOURCED)


PROTOCOL = Protocol(
    name="small",
    title="Small",
    document_hash="0" * 64,
    signed=True,
    procedures=("kyphoplasty", "vertebroplasty"),
    items=ITEMS,
    holds=HOLDS,
    labs=LABS,
    lab_review_ages=(65,),
    fasting=FastingRule(
        "elapsed",
        True,
        frozenset({"sedation", "general"}),
        tuple(
            IntakeRule(name, timedelta(hours=fast), frozenset({"sedation", "general"}), SOURCED)
            for name, fast in (("clear liquids", 2), ("light meal", 6), ("fatty meal", 8))
        ),
        SOURCED,
    ),
    window=WindowRule(("fractured", "onset"), 56, 84, None, True, frozenset({"malignancy"}), SOURCED),
    levels=LevelsRule(2, 3, True, "T1", "L5", SOURCED),
    imaging=ImagingRule(
        (frozenset({"mri"}), frozenset({"ct", "bone_scan"}), frozenset({"ct", "spect_ct"})),
        90,
        False,
        SOURCED,
    ),
    infection=InfectionRule(
        (
            question("temperature", kind="measured", low=38.0),
            question("temperature_raised", "clinician_review", "measured", 37.5, 38.0),
            question("cough_or_cold"),
            question("covid_contact", "clinician_review"),
            question("painkiller", "clinician_review", asked_of=("nurse",)),
            question("vaccine", "info"),
        ),
        timedelta(hours=12),
        SOURCED,
    ),
    minutes_per_level=60,
    turnover_minutes=20,
    recovery_minutes=60,
    opening_grace=timedelta(minutes=30),
    missing=(),
    pregnancy=PregnancyRule(12, 55, 1, SOURCED),
    after_care=tuple(Statement(topic, f"{topic}.", SOURCED) for topic in ("driving", "red_flags")),
    follow_up=tuple(Statement(topic, f"{topic}.", SOURCED) for topic in ("visit", "call_24h")),
)

FACTS = Facts(
    number=1,
    site=SITE,
    procedure="kyphoplasty",
    levels=("T12", "L1"),
    cause="osteoporosis",
    anesthesia="sedation",
    fractured=DateAbout(date(2027, 2, 10), date(2027, 2, 10)),
    born_on=date(1970, 1, 1),
    sex="female",
    weight_kg=60.0,
    conditions_denied=frozenset({"stent"}),
    arrived_at=START - HOUR,
)


def taking(*medications: Medication | str, facts: Facts = FACTS) -> Facts:
    named = tuple(Medication(m) if isinstance(m, str) else m for m in medications)
    return replace(facts, medications=named)


def judge(
    facts: Facts = FACTS,
    evidence: tuple[Evidence, ...] | list[Evidence] = (),
    start: datetime | None = START,
    now: datetime = START - 10 * SECOND,
    protocol: Protocol = PROTOCOL,
    **more: Any,
) -> Verdict:
    """The verdict; whatever is judged, everywhere, each reason has a code to branch on and a sentence to read."""
    verdict = assess(protocol, facts, tuple(evidence), start, now, **more)
    for said in (one for found in verdict.findings for one in (found, *found.reasons)):
        assert CODE.fullmatch(said.code), said.code
        assert SENTENCE.fullmatch(said.sentence), said.sentence
    return verdict


def finding(item: str, *arguments: Any, **named: Any) -> Finding:
    found = judge(*arguments, **named).finding(item)
    assert found is not None, f"no finding of {item}"
    return found


def outcome(item: str, *arguments: Any, **named: Any) -> tuple[str, str]:
    """Status and code of one finding."""
    found = finding(item, *arguments, **named)
    return found.status.value, found.code
