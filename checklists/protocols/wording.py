"""One rule of a resolved document in words a nurse reads: which rule, which part of it, which value."""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from checklists.protocols.blocks import MISSING
from checklists.protocols.problems import Where
from checklists.rules.codes import code_in_words

# What a rule is about first of all: said without naming the part.
PRIMARY = {
    ("holds",): "clear_at_h",
    ("hold_classes",): "clear_at_h",
    ("fasting", "intakes"): "hours",
    ("minutes",): "value",
    ("after_care",): "says",
    ("follow_up",): "says",
    ("stated",): "says",
}
# What the name of a rule says already.
CODE = re.compile(r"[a-z_]+\Z")
NAMING = {"row", "kind", "drug", "tier", "routes", "crcl", "intake", "analyte", "context", "topic", "text"}
PARTS = {
    "protocol": "name",
    "clear_at_h": "held for",
    "block_below_h": "no procedure below",
    "action": "what is done",
    "clearance": "the prescriber must agree",
    "gate": "also asked",
    "restart": "restarted",
    "class": "class of drugs",
    "drug_classes": "drugs held together",
    "crcl": "kidney clearance",
    "names": "other names",
    "rxcui": "RxNorm code",
    "pass": "passes",
    "review": "goes to review",
    "fail": "fails",
    "valid_days": "counts for",
    "valid_h": "counts for",
    "validity_days": "counts for",
    "valid_within_h": "counts for",
    "xray_validity_days": "an X-ray counts for",
    "after_last_dose_of": "drawn after the last dose of",
    "chase_after_days": "asked again after",
    "asked_of": "asked of",
    "low": "at least",
    "high": "below",
    "pass_days": "passes to",
    "pass_months": "passes to",
    "review_days": "review to",
    "strict": "later it fails",
    "off_for": "not asked for",
    "anchors": "counted from",
    "max_pass": "most without review",
    "max_review": "most with review",
    "adjacent_only": "only beside each other",
    "first": "highest level",
    "last": "lowest level",
    "acceptable": "proved by",
    "repeat_after_worsening": "again after a new fall, new pain or new deficit",
    "younger_than": "younger than",
    "hospital_from": "from a score in hospital of",
    "home_from": "from a score at home of",
    "signs": "signs where it does not get worse",
    "xray_proves_acuity": "an X-ray alone is proof",
    "sip_with_medicines": "a sip with medicines is allowed",
    "applies_to": "asked for",
    "mode": "counted",
    "hours": "fast of",
    "needed_by": "needed by",
    "patient_word": "the patient's word is enough",
    "verified_by": "verified by",
    "override": "may be overridden by",
    "reminders_h": "reminders before it is due",
    "required": "required",
    "from": "from age",
    "until": "until age",
    "says": "says",
    "note": "note",
}
RULES = {
    ("window",): "treatment window",
    ("levels",): "levels treated at once",
    ("imaging",): "proof by imaging",
    ("imaging", "suspicion"): "suspected malignancy or infection",
    ("pain",): "pain of a candidate",
    ("pregnancy",): "pregnancy test",
    ("pathway",): "way to a booking",
    ("renal_age",): "creatinine by age",
    ("fasting",): "fasting",
    ("infection",): "infection check",
    ("minutes", "per_level"): "minutes for each level",
    ("minutes", "turnover"): "minutes between two procedures",
    ("minutes", "recovery"): "minutes in recovery",
    ("minutes", "flat"): "minutes lying flat",
    ("minutes", "opening_grace"): "minutes after opening",
}
UNITS = {"younger_than": "years", "hours": "h", "chase_after_days": "working days", "from": "years", "until": "years"}
ENDINGS = (("_h", "h"), ("_days", "days"), ("_months", "months"))


def rule_words(where: Where, rule: Mapping[str, Any]) -> str:
    """The rule at this place, e.g. "apixaban (treatment dose), kidney clearance 50 and over"."""
    if where in RULES:
        return RULES[where]
    match where:
        case ("holds", _):
            return hold_words(rule)
        case ("hold_classes", name):
            return f"drugs held together: {plain(name)}"
        case ("labs", _):
            context = plain(rule.get("context", ""))
            return f"{rule.get('analyte')}, {context}" if context != "general" else str(rule.get("analyte"))
        case ("fasting", "intakes", _):
            return f"fast after {rule.get('intake')}"
        case ("infection", "questions", _):
            return f"infection check: {rule.get('text')}"
        case ("exclusions", _):
            return f"excluded by this pathway: {rule.get('says')}"
        case ("items", kind):
            return f"item {plain(kind)}"
        case ("stated", topic):
            return f"said by the source on {plain(topic)}"
        case ("names", drug):
            return f"other names of {drug}"
        case ("sources", name):
            return f"source {name}"
    return ": ".join(plain(key) for key in where)


def hold_words(rule: Mapping[str, Any]) -> str:
    routes = rule.get("routes")
    limits = [rule.get("tier"), *(routes if isinstance(routes, list) else [])]
    drug = str(rule.get("drug"))
    named = [str(limit) for limit in limits if limit]
    head = f"{drug} ({', '.join(named)})" if named else drug
    band = rule.get("crcl")
    return f"{head}, kidney clearance {band_words(band)}" if band else head


def band_words(band: Any) -> str:
    if not isinstance(band, list) or len(band) != 2:
        return plain(band)
    low, high = band
    if high is None:
        return f"{low} and over"
    return f"under {high}" if low is None else f"{low} to under {high}"


def part_words(where: Where, key: str) -> str:
    """Which part of the rule; nothing where it is what the rule is about."""
    return "" if PRIMARY.get(where[:-1]) == key else PARTS.get(key, plain(key))


def value_words(where: Where, key: str, value: Any) -> str:
    """The value with its unit, e.g. "72 h", "yes", "<= 1.5"."""
    if value == MISSING:
        return "a number still missing"
    if key == "crcl":
        return band_words(value)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return listed(value)
    return f"{value:g} {unit_words(where, key)}".rstrip()


def unit_words(where: Where, key: str) -> str:
    if where[:1] == ("minutes",):
        return "minutes"
    return UNITS.get(key) or next((unit for ending, unit in ENDINGS if key.endswith(ending)), "")


def listed(value: Any) -> str:
    """Plain words for what is no number: lists, moments, yes and no."""
    if isinstance(value, bool) or value is None:
        return {True: "yes", False: "no", None: "none"}[value]
    if isinstance(value, dict):
        return moment_words(value)
    if isinstance(value, list):
        if any(isinstance(inner, list) for inner in value):
            return " or ".join(" with ".join(map(plain, way)) if isinstance(way, list) else plain(way) for way in value)
        return ", ".join(map(plain, value)) or "none"
    return plain(value)


def moment_words(value: Mapping[str, Any]) -> str:
    """A due time or deadline, e.g. "48 hours before start, working hours"."""
    direction = next((name for name in ("before", "after", "at") if value.get(name)), None)
    if direction is None or not value.keys() <= {direction, "hours", "clock"}:
        return "; ".join(f"{plain(key)} {listed(inner)}" for key, inner in value.items())
    hours = "a number still missing of" if value.get("hours") == MISSING else value.get("hours")
    far = "" if direction == "at" else f"{hours} h "
    clock = f", by the clock of {plain(value['clock'])}" if value.get("clock") else ""
    return f"{far}{direction} {plain(value[direction])}{clock}"


def plain(value: Any) -> str:
    """A code word such as timed_hold with its spaces; what people wrote stays as it is."""
    text = f"{value:g}" if isinstance(value, float) else str(value)
    return code_in_words(text) if CODE.match(text) else text


def row_words(where: Where, rule: Mapping[str, Any], cited: Iterable[str]) -> str:
    """The whole rule, for one that is new or gone."""
    shown = [key for key in rule if key not in {*NAMING, *cited} and rule[key] is not None]
    shown.sort(key=lambda key: part_words(where, key) != "")
    if where[0] == "hold_classes":
        shown = [key for key in shown if key != "class"]
    parts = ((part_words(where, key), value_words(where, key, rule[key])) for key in shown)
    return "; ".join(" ".join(part for part in pair if part) for pair in parts) or "no more than its name"
