"""The limit of W5a: what somebody would write who judges this one kind of case under this one protocol, by hand.

Numbers stand in the code, nothing is asked of a protocol, nothing else than what the full case has is thought of: no
renal bands, no doubts, no superseded words, no next change, no earliest start. It makes the same findings with
sentences, due times, deadlines and digests, and the benchmark compares item, status, code and times with ours.
"""

import hashlib
import json
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from checklists.rules.values import Authority, Evidence, Facts

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
HOLD_HOURS = {"apixaban": 72, "warfarin": 120, "clopidogrel": 168, "cilostazol": 48, "ibuprofen": 24, "naproxen": 96,
              "aspirin": 144}  # fmt: skip
DAY_OF = ("metformin",)
CLEARED = ("apixaban", "warfarin", "clopidogrel", "cilostazol")
LABS = {"INR": (None, 1.2, 1), "platelets": (100, None, 30), "haemoglobin": (9, None, 30), "creatinine": (0, None, 30)}
FAST_HOURS = {"clear liquids": 2, "non-human milk": 6, "light meal": 6, "fatty or meat meal": 8}
# item: hours before the start at which it is due and at which it blocks; people's work keeps opening hours
PLAIN = {
    "allergies": (168, 0), "anesthesia_evaluation": (168, 0), "antibiotic_plan": (72, 0), "consent": (24, 0),
    "ride": (72, 24), "infection_prescreen": (24, 12), "authorisation": (168, 72), "consult": (None, None),
    "candidacy": (None, None), "imaging": (None, 168), "labs": (120, 48),
}  # fmt: skip
AFTER = {"recovery_observation": "recovery_missing", "after_care": "after_care_missing",
         "follow_up": "follow_up_missing", "responsible_adult": "responsible_adult_missing"}  # fmt: skip


@dataclass(slots=True)
class ByHand:
    item: str
    status: str
    code: str
    sentence: str
    due_at: datetime | None
    deadline_at: datetime | None
    inputs: str
    evidence: tuple[int, ...]


def by_hand(facts: Facts, evidence: Sequence[Evidence], start: datetime, now: datetime) -> list[ByHand]:
    said: dict[str, list[Evidence]] = defaultdict(list)
    for entry in evidence:
        said[entry.item].append(entry)
    found = [*plain(facts, said, start, now), *drugs(facts, said, start, now), *on_the_day(facts, said, start, now)]
    found += [finding(item, code, None, None, ()) for item, code in AFTER.items()]
    for item in ("conservative_care", "diagnostic_injection"):
        found.append(finding(item, "not_required", None, None, (), "not_applicable"))
    return found


def plain(facts: Facts, said: dict[str, list[Evidence]], start: datetime, now: datetime) -> Iterator[ByHand]:
    for item, (due, deadline) in PLAIN.items():
        entries = said[item]
        if item == "labs":
            code, used = labs_code(facts, entries, start), entries
        else:
            newest = max((entry.observed_at for entry in entries), default=None)
            used = [entry for entry in entries if entry.observed_at == newest]
            code = plain_code(item, facts, used, start) if used else f"{item}_missing"
        due_at = working(facts, start - due * HOUR) if due else None
        until = None if deadline is None else working(facts, start - deadline * HOUR) if deadline else start
        yield finding(item, code, due_at, until, used, now=now)


def plain_code(item: str, facts: Facts, used: list[Evidence], start: datetime) -> str:
    levels, value = set(facts.levels), used[0].value
    on = start.astimezone(facts.site.tz).date()
    bad = {
        "consult": lambda: value["outcome"] != "procedure" or set(value["levels"]) != levels,
        "candidacy": lambda: value["exclusions"] or not value["pain_matches_imaging"] or not value["can_lie_prone"]
        or (on - facts.fractured.earliest).days > 56,
        "imaging": lambda: not levels <= set(value["oedema_levels"]) or not value["fluid_sensitive"]
        or (on - used[0].observed_at.astimezone(facts.site.tz).date()).days > 90,
        "allergies": lambda: any(value[name] != "none" for name in ("cement", "contrast", "anesthetic", "antibiotic")),
        "anesthesia_evaluation": lambda: value["outcome"] != "fit" or value["anesthesia"] != facts.anesthesia,
        "antibiotic_plan": lambda: value["plan"] not in ("none", "antibiotic"),
        "consent": lambda: not value.get("signed") or set(value["levels"]) != levels,
        "ride": lambda: not value["available"] or not value.get("adult"),
        "infection_prescreen": lambda: any(answer != "no" for answer in value["answers"].values()),
        "authorisation": lambda: not date.fromisoformat(value["valid_from"]) <= on
        <= date.fromisoformat(value["valid_until"]),
    }  # fmt: skip
    return "failed" if bad[item]() else "satisfied"


def labs_code(facts: Facts, entries: list[Evidence], start: datetime) -> str:
    tz = facts.site.tz
    on = start.astimezone(tz).date()
    newest: dict[str, Evidence] = {}
    for entry in entries:
        held = newest.get(entry.value["analyte"])
        if held is None or entry.observed_at > held.observed_at:
            newest[entry.value["analyte"]] = entry
    for analyte, (low, high, days) in LABS.items():
        entry = newest.get(analyte)
        if entry is None:
            return "lab_missing"
        if (on - entry.observed_at.astimezone(tz).date()).days > days:
            return "lab_expired"
        value = entry.value["value"]
        if (low is not None and value < low) or (high is not None and value > high):
            return "lab_out_of_range"
    glucose = newest["glucose"]
    return "satisfied" if start - glucose.observed_at <= 4 * HOUR else "lab_expired"


def drugs(facts: Facts, said: dict[str, list[Evidence]], start: datetime, now: datetime) -> Iterator[ByHand]:
    midnight = start.astimezone(facts.site.tz).replace(hour=0, minute=0, second=0, microsecond=0).astimezone(UTC)
    for medication in facts.medications:
        drug = medication.name.casefold().split()[0]
        stop = midnight if drug in DAY_OF else start - HOLD_HOURS[drug] * HOUR
        doses = said[f"hold:{drug}"]
        taken = datetime.fromisoformat(doses[-1].value["last_dose_at"]) if doses else None
        code = "last_dose_unknown" if taken is None else "satisfied" if taken <= stop else "hold_too_short"
        yield finding(f"hold:{drug}", code, stop, min(stop + 12 * HOUR, start), doses, now=now)
        if drug in CLEARED:
            answers = said[f"prescriber_clearance:{drug}"]
            agreed = bool(answers) and answers[-1].value["answer"] == "agreed"
            due, until = working(facts, stop - 72 * HOUR), working(facts, stop)
            key, code = f"prescriber_clearance:{drug}", "satisfied" if agreed else "clearance_missing"
            yield finding(key, code, due, until, answers, now=now)
        yield finding(f"restart_decision:{drug}", "restart_undecided", None, None, ())


def on_the_day(facts: Facts, said: dict[str, list[Evidence]], start: datetime, now: datetime) -> Iterator[ByHand]:
    stated, late = said["fasting"], False
    for intake in stated[-1].value["intakes"] if stated else ():
        late |= datetime.fromisoformat(intake["at"]) > start - FAST_HOURS.get(intake["intake"], 8) * HOUR
    code = "fasting_missing" if not stated else "fast_too_short" if late else "satisfied"
    yield finding("fasting", code, start - 8 * HOUR, start, stated, now=now)
    newest = max((entry.observed_at for entry in said["infection_check"]), default=None)
    checks = [entry for entry in said["infection_check"] if entry.observed_at == newest]
    code = "check_missing"
    if checks:
        value = checks[0].value
        ill = value["temperature"] >= 37.5 or any(answer != "no" for answer in value["answers"].values())
        clear = value["outcome"] == "clear" and value["skin"] == "clear" and not ill
        fresh = start - checks[0].observed_at <= 12 * HOUR
        code = "satisfied" if clear and fresh and checks[0].authority >= Authority.NURSE else "failed"
    yield finding("infection_check", code, facts.arrived_at, start, checks, now=now)
    years = (start.astimezone(facts.site.tz).date() - facts.born_on).days // 365.25
    asked = facts.sex != "male" and 12 <= years <= 55
    code, status = ("pregnancy_unknown", "") if asked else ("pregnancy_not_in_question", "not_applicable")
    yield finding("pregnancy", code, facts.arrived_at, start, (), status, now)


def finding(
    item: str,
    code: str,
    due_at: datetime | None,
    deadline_at: datetime | None,
    used: Sequence[Evidence],
    status: str = "",
    now: datetime | None = None,
) -> ByHand:
    if not status:
        status = "satisfied" if code == "satisfied" else "pending"
    if status == "pending" and now is not None and deadline_at is not None and now >= deadline_at:
        status = "overdue"
    sentence = f"{item} is done." if status == "satisfied" else f"{item}: {code.replace('_', ' ')}."
    inputs = digest(item, [entry.value for entry in used], code)
    return ByHand(item, status, code, sentence, due_at, deadline_at, inputs, tuple(entry.id for entry in used))


def digest(*parts: Any) -> str:
    return hashlib.sha256(json.dumps(parts, sort_keys=True, separators=(",", ":")).encode()).hexdigest()[:24]


def working(facts: Facts, instant: datetime) -> datetime:
    """Rolled back to the last working hour."""
    tz = facts.site.tz
    day = instant.astimezone(tz).date()
    while True:
        hours = facts.site.hours[day.weekday()]
        if hours is not None:
            opens, closes = (datetime.combine(day, at, tz).astimezone(UTC) for at in hours)
            if opens <= instant:
                return min(instant, closes)
        day -= DAY
