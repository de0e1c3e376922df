"""Everybody does their duty: the evidence that readies a case for a start under any complete protocol."""

from checklists.protocols.loader import load
from checklists.rules.asked import codes_wanted
from checklists.rules.values import PASSING, Authority, Evidence, Review
from tests.checklists.rules.cases import PROTOCOL, judge
from tests.checklists.rules.notes import ALLERGIES, CANDIDACY, EVALUATION

NAMES = (
    "reference-asra",
    "reference-sir",
    "reference-two-threshold",
    "demonstration",
    "interventional-pain-center",
)
PROTOCOLS = {"small": PROTOCOL, **{name: load(name) for name in NAMES}}
IN_RANGE = {
    "INR": (1.0, "ratio"),
    "platelets": (200, "10^9/L"),
    "haemoglobin": (13, "g/dL"),
    "creatinine": (0.8, "mg/dL"),
    "glucose": (120, "mg/dL"),
    "fibrinogen": (300, "mg/dL"),
}


def recorded(entries, start, *more):
    """The entries with more of them, by a clinician, at the start."""
    first = max((entry.id for entry in entries), default=0) + 1
    return (
        *entries,
        *(
            Evidence(number, item, start, value, "staff", Authority.CLINICIAN, "staff:1")
            for number, (item, value) in enumerate(more, first)
        ),
    )


def duties(protocol, facts):
    """One value for each kind that a person can always do, whatever has been recorded before."""
    levels = list(facts.levels)
    screen = {q.key: "no" for q in protocol.infection.questions if q.kind in ("question", "record")}
    checked = {"temperature": 36.6, "unit": "C", "answers": screen, "skin": "clear", "outcome": "clear"}
    seen = {"levels": levels, "oedema_levels": levels}
    return [
        ("consult", {"outcome": "procedure", "levels": levels}),
        ("candidacy", CANDIDACY),
        ("imaging", {"modality": "mri", "stage": "reviewed", "fluid_sensitive": True, **seen}),
        *(("labs", {"analyte": name, "value": value, "unit": unit}) for name, (value, unit) in IN_RANGE.items()),
        ("ride", {"available": True, "adult": True, "transport": "car"}),
        ("infection_check", checked),
        ("allergies", ALLERGIES),
        ("pregnancy", {"result": "negative"}),
        ("anesthesia_evaluation", {**EVALUATION, "anesthesia": facts.anesthesia or "sedation"}),
        ("antibiotic_plan", {"plan": "none"}),
        ("consent", {"signed": True, "procedure": facts.procedure, "levels": levels}),
    ]


def with_every_duty_done(protocol, facts, entries, start, stopped_at):
    """The evidence at `start`; what was said of doses, intakes, payers and signs is said again as it was.

    A drug whose last dose nobody stated was last taken at `stopped_at`.
    """
    screen = {q.key: "no" for q in protocol.infection.questions if q.kind in ("question", "record")}
    said = {entry.item: entry.value for entry in entries}
    again = [(item, value) for item, value in said.items() if item.partition(":")[0] in AS_IT_WAS]
    usual = {
        "fasting": {"intakes": []},
        "authorisation": {"not_needed": True, "payer": "Payer"},
        "infection_prescreen": {"answers": screen},
    }
    again += [(item, value) for item, value in usual.items() if item not in said]
    for finding in judge(facts, entries, start, start, protocol).findings:
        item, asked = finding.item, codes_wanted(tuple(reason.code for reason in finding.reasons))
        if finding.kind == "hold" and item not in said:
            again.append((item, {"last_dose_at": stopped_at.isoformat()}))
        if asked:
            again.append((item, {"answers": dict.fromkeys(asked, "no")}))
        if finding.kind == "prescriber_clearance":
            again.append((item, {"answer": "agreed", "prescriber": "Dr A", "how": "phone"}))
    return recorded(entries, start, *duties(protocol, facts), *again)


AS_IT_WAS = ("hold", "fasting", "authorisation", "infection_prescreen")


def signatures(verdict, start):
    """A clinician signs every review for this start."""
    return [Review(f.item, f.inputs, start, start, "clinician:1") for f in verdict.findings if f.status == "review"]


def left(verdict):
    """What still stands in the way of the start."""
    return [(f.item, f.code) for f in verdict.findings if f.status not in PASSING and f.needed_by != "discharge"]
