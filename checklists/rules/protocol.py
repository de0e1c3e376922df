"""A protocol, resolved and typed: what checklists/protocols/loader.py makes of a YAML document.

Every number carries `source` and `confidence`; a number that a document names but does not give is `missing`,
and a protocol with anything missing cannot be signed.
"""

from dataclasses import dataclass
from datetime import timedelta

from checklists.rules.values import Gate, OverrideClass, Shut, Step


@dataclass(frozen=True, slots=True)
class Sourced:
    source: str  # source ids of the clinical tables, e.g. "S1,S2"
    confidence: str  # high | medium | low


@dataclass(frozen=True, slots=True)
class Moment:
    """A point in time relative to the case, e.g. 48 h before the start.

    anchor: start | stop_time | fast_start | arrival; the instant is `anchor + offset` (negative = before).
    human: work that people do, so a deadline outside opening hours rolls back to the last working hour;
    clocks of drugs, fasting and validity never move.
    """

    anchor: str
    offset: timedelta = timedelta(0)
    human: bool = True


@dataclass(frozen=True, slots=True)
class ItemRule:
    """One row of `items`: whose it is, when it is needed, whose word is enough."""

    kind: str
    step: Step
    owner: str  # scheduler | patient | nurse | clinician
    needed_by: Gate
    due: Moment | None
    deadline: Moment | None
    patient_word: str  # no | until_arrival | yes
    verified_by: str | None  # scheduler | nurse | clinician
    override: OverrideClass
    reminders_before_due: tuple[timedelta, ...]
    sourced: Sourced
    required: bool = True  # False: judged only where somebody recorded something of it
    chase_after_days: int | None = None  # working days after which whoever was asked is asked again


@dataclass(frozen=True, slots=True)
class ReviewIf:
    """When a clinician looks at a drug; any one is enough. What is asked and not answered is owed, never a no."""

    with_classes: frozenset[str] = frozenset()  # another drug of the case is of one of these classes
    platelets_below: float | None = None  # 10^9/L
    egfr_below: float | None = None  # mL/min/1.73m2, or the creatinine clearance where no eGFR is recorded
    daily_mg_from: float | None = None
    indications: frozenset[str] = frozenset()  # words in the reason for which it is taken
    recorded: frozenset[str] = frozenset()  # conditions of the case; one that nobody recorded is not there
    asked: frozenset[str] = frozenset()  # conditions that are asked of everybody who takes the drug
    on_the_day: frozenset[str] = frozenset()  # the same, asked on the day of the procedure
    cleared: frozenset[str] = (
        frozenset()
    )  # asked of everybody; where one is there, its prescriber's agreement settles it


@dataclass(frozen=True, slots=True)
class DrugLevel:
    """Laboratory rows that measure what is left of a drug. then: clear | review, where the value passes."""

    labs: frozenset[str]
    then: str
    needed: bool  # True: a signature without the measurement is not enough


@dataclass(frozen=True, slots=True)
class HoldRule:
    """One drug x dose tier x renal band. Hours since the last dose; clearance in mL/min, band [min, max)."""

    row: str  # e.g. MH002
    drug: str  # normalised name
    names: tuple[str, ...]  # synonyms and brands, normalised
    drug_class: str
    dose_tier: str | None
    route: tuple[str, ...]  # routes the row holds for; () = any systemic route
    crcl_min: float | None
    crcl_max: float | None
    action: (
        str  # timed_hold clinician_decision avoid_without_level continue class_review cycle_based hold_day_of no_action
    )
    block_below: timedelta | None
    clear_at: timedelta | None  # None: time alone never clears
    extra_gate: str
    restart_after: str
    prescriber_clearance: bool
    sourced: Sourced
    rxcui: tuple[str, ...] = ()  # RxNorm ingredient codes that match without a name
    rxcui_unverified: tuple[str, ...] = ()  # candidates: they can contradict a name, never replace one
    tier_words: tuple[str, ...] = ()  # words in a dose or reason that mean this tier
    review_if: ReviewIf | None = None  # None with class_review: everybody
    under_local: str | None = None  # local anesthesia without a fast: not_applicable | review (too short is no block)
    settled_by: frozenset[str] = frozenset()  # recorded decisions that settle a clinician_decision
    level: DrugLevel | None = None
    after_cycle: timedelta | None = None  # cycle_based: beyond the dosing interval
    slow_stomach: frozenset[str] | None = None  # conditions that call for liquids only; empty = the drug alone does
    bridges: frozenset[str] = frozenset()  # classes of drugs during whose hold this one may be started


@dataclass(frozen=True, slots=True)
class HoldClass:
    """Drugs that are held together for at least this long; what a drug's own row asks beyond it stands."""

    name: str  # e.g. blood_thinner
    drug_classes: frozenset[str]  # as in the rows of holds
    clear_at: timedelta | None  # None: the number is missing
    sourced: Sourced


@dataclass(frozen=True, slots=True)
class Bound:
    """A half line of numbers: low <= value <= high, each end open or closed; None = unbounded."""

    low: float | None = None
    high: float | None = None
    low_open: bool = False
    high_open: bool = False


@dataclass(frozen=True, slots=True)
class LabRule:
    """One analyte in one context. A value is in the first band that holds it; in none of them: review."""

    row: str
    analyte: str  # INR, platelets, haemoglobin, creatinine, eGFR, WBC, CRP, glucose, HbA1c, ...
    context: str  # general | vka_held | chronic_liver_disease | ...
    required: str  # required | conditional | optional
    unit: str
    passes: tuple[Bound, ...]
    reviews: tuple[Bound, ...]
    fails: tuple[Bound, ...]
    validity_days: int | None  # calendar days in the site's dates
    validity_within: timedelta | None  # elapsed, where shorter than a day
    after_last_dose_of: str | None  # drug that must have been stopped before the sample
    sourced: Sourced
    lab_range: bool = False  # up to the upper limit that the laboratory printed with the result passes, above fails


@dataclass(frozen=True, slots=True)
class IntakeRule:
    intake: str  # clear liquids, light meal, ...
    min_fast: timedelta
    anesthesia: frozenset[str]  # local, sedation, general
    sourced: Sourced
    slow_stomach: bool = False  # only where a drug of the case slows the stomach
    examples: tuple[str, ...] = ()  # black coffee, toast and tea, ...: other words for this intake


@dataclass(frozen=True, slots=True)
class FastingRule:
    mode: str  # elapsed | midnight
    sip_with_medicines: bool  # a sip of water with allowed medicines is not intake
    applies_to: frozenset[str]  # anesthesia plans that need fasting
    intakes: tuple[IntakeRule, ...]
    sourced: Sourced


@dataclass(frozen=True, slots=True)
class WindowRule:
    """Calendar days from the anchor; the last day is inside."""

    anchors: tuple[str, ...]  # in order of preference: fractured, onset, diagnosed
    pass_days: int | None
    review_days: int | None  # up to here review where MRI oedema is documented, above it fails
    pass_months: int | None
    strict: bool
    off_for: frozenset[str]  # causes, e.g. malignancy
    sourced: Sourced


@dataclass(frozen=True, slots=True)
class ExclusionRule:
    """Whom one pathway excludes (fail) or is not meant for (review): by cause, recorded condition, or age."""

    row: str
    says: str
    action: str  # fail | review
    causes: frozenset[str]
    conditions: frozenset[str]
    younger_than: int | None  # years at the start
    sourced: Sourced


@dataclass(frozen=True, slots=True)
class LevelsRule:
    max_pass: int
    max_review: int
    adjacent_only: bool
    first: str  # T1
    last: str  # L5
    sourced: Sourced


@dataclass(frozen=True, slots=True)
class SuspicionRule:
    """Where malignancy or infection is suspected: an MRI with contrast or a biopsy, for so many calendar days."""

    causes: frozenset[str]
    conditions: frozenset[str]
    validity_days: int
    sourced: Sourced


@dataclass(frozen=True, slots=True)
class ImagingRule:
    """Ways of proving the fracture: each alternative is a set of modalities that must all be there."""

    acceptable: tuple[frozenset[str], ...]  # ({mri}, {ct, bone_scan}, {ct, spect_ct})
    validity_days: int
    xray_proves_acuity: bool
    sourced: Sourced
    xray_validity_days: int | None = None  # None: as long as the others
    repeat_after_worsening: bool = True  # a new fall, new pain or new deficit asks for new images
    suspicion: SuspicionRule | None = None  # None: in a version from before it was asked

    def valid_for(self, modality: str) -> int:
        """For how many calendar days a study counts."""
        return (
            self.xray_validity_days
            if modality == "xray" and self.xray_validity_days is not None
            else self.validity_days
        )


@dataclass(frozen=True, slots=True)
class SignDays:
    """A sign that is there from one to another calendar day after a date, both inside."""

    after: str  # key of the date, e.g. positive_covid_test
    first: int
    last: int


@dataclass(frozen=True, slots=True)
class InfectionQuestion:
    """One row of the infection screen. action: hard_stop | clinician_review | info."""

    row: str
    key: str  # e.g. cough_or_cold
    text: str
    kind: str  # measured | question | inspection | record
    action: str
    low: float | None  # for the measured: action when low <= value < high
    high: float | None
    asked_of: frozenset[str]  # patient (pre-screen), nurse (arrival)
    sourced: Sourced
    days: SignDays | None = None  # where its date is recorded, the date answers it, counted to the start


@dataclass(frozen=True, slots=True)
class InfectionRule:
    questions: tuple[InfectionQuestion, ...]
    valid_within: timedelta  # a screen older than this at the start does not count
    sourced: Sourced


@dataclass(frozen=True, slots=True)
class PainRule:
    """From which score (0 to 10) pain speaks for the procedure, and how many signs where it does not get worse."""

    hospital_from: int
    home_from: int
    signs: int
    off_for: frozenset[str]  # causes whose pain is not measured
    sourced: Sourced


@dataclass(frozen=True, slots=True)
class PregnancyRule:
    """Whom pregnancy is asked of, in years at the start, and for how many calendar days a negative test counts."""

    from_age: int
    until_age: int
    validity_days: int
    sourced: Sourced


@dataclass(frozen=True, slots=True)
class PathwayRule:
    """When a case without a booking is somebody's work again: days without news, days left of the window."""

    stalled_after_days: int
    at_risk_days: int
    sourced: Sourced


@dataclass(frozen=True, slots=True)
class Statement:
    """What a source says on a topic, for people to read."""

    topic: str
    says: str
    sourced: Sourced


@dataclass(frozen=True, slots=True)
class Protocol:
    name: str
    title: str
    document_hash: str  # SHA-256 of the resolved document, canonical JSON
    signed: bool
    procedures: tuple[str, ...]
    items: tuple[ItemRule, ...]
    holds: tuple[HoldRule, ...]
    labs: tuple[LabRule, ...]
    lab_review_ages: tuple[int, ...]  # creatinine needed from this age
    fasting: FastingRule
    window: WindowRule
    levels: LevelsRule
    imaging: ImagingRule
    infection: InfectionRule
    minutes_per_level: int
    turnover_minutes: int
    recovery_minutes: int
    opening_grace: timedelta  # a deadline before opening becomes opening + grace, at most the start
    missing: tuple[str, ...]  # paths of numbers named but not given; empty when complete
    hold_classes: tuple[HoldClass, ...] = ()  # already counted in the hours of `holds`
    stated: tuple[Statement, ...] = ()  # beyond the rules: the signer reads it, no rule judges it
    after_care: tuple[Statement, ...] = ()  # what the patient must be told before going home
    follow_up: tuple[Statement, ...] = ()  # what must be arranged before going home
    pregnancy: PregnancyRule | None = None  # None: in a version from before it was asked
    pathway: PathwayRule | None = None  # None: in a version from before it was watched
    exclusions: tuple[ExclusionRule, ...] = ()  # of this pathway alone
    pain: PainRule | None = None  # None: the pathway asks for no score
    shut: Shut = Shut.UNSIGNED  # why no gate opens, where it is not signed
    flat_minutes: int = 0  # of the recovery, lying flat while the cement hardens

    def item(self, kind: str) -> ItemRule:
        return next(rule for rule in self.items if rule.kind == kind)
