"""Facts and evidence as plain JSON and back, exactly; and what is wrong with such a document."""

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from checklists.rules.kinds import check_value
from checklists.rules.shapes import (
    BOOLEAN,
    INSTANT,
    KEY,
    LEVEL,
    OBJECT,
    TEXT,
    Field,
    Problem,
    Shape,
    check_shapes,
    choice,
    listed,
    nested,
    number,
    parse_date,
    parsed,
    shown,
    whole,
)
from checklists.rules.values import Authority, DateAbout, Evidence, Facts, Medication, Site

DAYS_OF_WEEK = 7
BIRTH_YEARS = range(1900, 2101)
AUTHORITIES = tuple(authority.name.lower() for authority in Authority)


def parse_zone(value: Any) -> ZoneInfo:
    try:
        return ZoneInfo(value)
    except (KeyError, ValueError, TypeError, OSError):
        raise ValueError(f"{shown(value)} is not a zone. Use an IANA name such as America/New_York.") from None


def parse_hours(value: Any) -> tuple[tuple[time, time] | None, ...]:
    """Opening hours Monday to Sunday as [["08:00", "17:00"], ..., null]; ValueError with the remedy."""
    remedy = 'Give seven entries, Monday to Sunday: ["08:00", "17:00"], or null for a closed day.'
    if isinstance(value, str) or not isinstance(value, Sequence) or len(value) != DAYS_OF_WEEK:
        raise ValueError(f"{shown(value)} is not a week. {remedy}")
    try:
        week = tuple(None if day is None else opening(day) for day in value)
    except (ValueError, TypeError):
        raise ValueError(f"{shown(value)} is not a week. {remedy}") from None
    if any(day is not None and day[0] >= day[1] for day in week):
        raise ValueError("a day closes before it opens. Write the opening time first.")
    return week


def opening(day: Any) -> tuple[time, time]:
    opens, closes = (time.fromisoformat(text) for text in day)
    if opens.tzinfo or closes.tzinfo:
        raise ValueError("opening hours are on the site's own clock")
    return opens, closes


def parse_about(value: Any) -> DateAbout:
    """A date, or `{earliest, latest}` where it is approximate; ValueError with the remedy."""
    if not isinstance(value, Mapping):
        day = parse_date(value)
        return DateAbout(day, day)
    if value.keys() != {"earliest", "latest"}:
        raise ValueError(f"{shown(dict(value))} is not a date. Write a date, or earliest and latest.")
    about = DateAbout(parse_date(value["earliest"]), parse_date(value["latest"]))
    if about.earliest > about.latest:
        raise ValueError("earliest is after latest. Exchange the two.")
    return about


def parse_key(value: Any) -> str:
    if not isinstance(value, str) or not KEY.fullmatch(value):
        raise ValueError(f"{shown(value)} is not a code. Use small letters and underscores, such as diabetes.")
    return value


def parse_rxcui(value: Any) -> str:
    if not isinstance(value, str) or not re.fullmatch("[0-9]{1,10}", value):
        raise ValueError(f"{shown(value)} is not an RxNorm code. Write its digits as text, such as 1364430.")
    return value


def nullable(kind: Field) -> Field:
    def complaint(value: Any) -> str | None:
        return None if value is None else kind.complaint(value)

    return Field(complaint, {"anyOf": [dict(kind.schema), {"type": "null"}]})


ISO_DATE = {"type": "string", "format": "date"}
CLOCK_TIME = {"type": "string", "pattern": "^[0-9]{2}:[0-9]{2}(:[0-9]{2})?$"}
OPENING = {"type": "array", "items": CLOCK_TIME, "minItems": 2, "maxItems": 2}
WEEK = {"type": "array", "items": {"anyOf": [OPENING, {"type": "null"}]}, "minItems": 7, "maxItems": 7}
ABOUT_SCHEMA = {
    "anyOf": [
        ISO_DATE,
        {
            "type": "object",
            "properties": {"earliest": ISO_DATE, "latest": ISO_DATE},
            "required": ["earliest", "latest"],
            "additionalProperties": False,
        },
    ]
}
ABOUT = nullable(parsed(parse_about, ABOUT_SCHEMA))
CODES = listed(parsed(parse_key, {"type": "string", "pattern": f"^{KEY.pattern}$"}))
RXCUI = parsed(parse_rxcui, {"type": "string", "pattern": "^[0-9]{1,10}$"})
COUNT = whole(1, 2**53)
SITE = Shape({"zone": parsed(parse_zone, {"type": "string"}), "hours": parsed(parse_hours, WEEK)})
MEDICATION = Shape(
    {"name": TEXT},
    {
        "dose_tier": nullable(TEXT),
        "route": nullable(TEXT),
        "indication": nullable(TEXT),
        "interval_days": nullable(whole(0, 400)),
        "rxcui": nullable(RXCUI),
        "daily_mg": nullable(number(0.001, 100_000)),
    },
)
FACTS = Shape(
    {
        "site": nested(SITE),
        "procedure": choice("kyphoplasty", "vertebroplasty"),
        "levels": listed(LEVEL),
    },
    {
        "number": COUNT,
        "cause": nullable(choice("osteoporosis", "malignancy", "trauma", "haemangioma", "steroid")),
        "anesthesia": nullable(choice("local", "sedation", "general")),
        "fractured": ABOUT,
        "onset": ABOUT,
        "diagnosed": ABOUT,
        "worsened": ABOUT,
        "born_on": nullable(parsed(lambda value: parse_date(value, BIRTH_YEARS), ISO_DATE)),
        "sex": nullable(choice("female", "male", "other")),
        "weight_kg": nullable(number(1, 500)),
        "allergies": listed(TEXT),
        "conditions": CODES,
        "conditions_denied": CODES,
        "medications": listed(nested(MEDICATION)),
        "medications_known": BOOLEAN,
        "arrived_at": nullable(INSTANT),
        "not_happening": BOOLEAN,
        "put_off_at": nullable(INSTANT),
        "started_holds": listed(TEXT),
    },
)
EVIDENCE = Shape(
    {"item": TEXT, "observed_at": INSTANT, "value": OBJECT},
    {
        "id": COUNT,
        "said_by": choice("patient", "caregiver", "escort", "prescriber", "staff"),
        "authority": choice(*AUTHORITIES),
        "recorded_by": TEXT,
        "supersedes": listed(COUNT),
    },
)
ANY_MEDICATION = {"name": "any"}
Path = tuple[str | int, ...]


def facts_problems(document: Any) -> list[Problem]:
    """What is wrong with a facts document; empty when facts_from_json accepts it."""
    return [problem for _, problem in facts_problems_at(document)]


def facts_problems_at(document: Any) -> Iterator[tuple[Path, Problem]]:
    """Each problem with the path of the object that holds its field."""
    parts: list[tuple[Path, Shape, Any]] = []
    plain = document
    if isinstance(document, Mapping):
        # Parts are checked one by one, so that each problem names its own place.
        if isinstance(document.get("site"), Mapping):
            parts.append((("site",), SITE, document["site"]))
        if isinstance(medications := document.get("medications"), list):
            parts += [(("medications", n), MEDICATION, entry) for n, entry in enumerate(medications)]
            plain = {**document, "medications": [ANY_MEDICATION] * len(medications)}
        inner = {path[0] for path, _, _ in parts} - {"medications"}
        plain = {key: content for key, content in plain.items() if key not in inner}
        shape = Shape({k: f for k, f in FACTS.required.items() if k not in inner}, FACTS.optional)
    else:
        shape = FACTS
    yield from (((), problem) for problem in check_shapes((shape,), plain))
    for path, part_shape, content in parts:
        yield from ((path, problem) for problem in check_shapes((part_shape,), content))


def facts_to_json(facts: Facts) -> dict[str, Any]:
    """Facts in plain JSON types; facts_from_json gives the same facts back."""
    return {
        "number": facts.number,
        "site": {
            "zone": facts.site.zone,
            "hours": [day and [at.isoformat() for at in day] for day in facts.site.hours],
        },
        "procedure": facts.procedure,
        "levels": list(facts.levels),
        "cause": facts.cause,
        "anesthesia": facts.anesthesia,
        "fractured": about_to_json(facts.fractured),
        "onset": about_to_json(facts.onset),
        "diagnosed": about_to_json(facts.diagnosed),
        "worsened": about_to_json(facts.worsened),
        "born_on": facts.born_on and facts.born_on.isoformat(),
        "sex": facts.sex,
        "weight_kg": facts.weight_kg,
        "allergies": list(facts.allergies),
        "conditions": sorted(facts.conditions),
        "conditions_denied": sorted(facts.conditions_denied),
        "medications": [medication_to_json(medication) for medication in facts.medications],
        "medications_known": facts.medications_known,
        "arrived_at": facts.arrived_at and facts.arrived_at.isoformat(),
        "not_happening": facts.not_happening,
        "put_off_at": facts.put_off_at and facts.put_off_at.isoformat(),
        "started_holds": list(facts.started_holds),
    }


def about_to_json(about: DateAbout | None) -> dict[str, str] | None:
    return None if about is None else {"earliest": about.earliest.isoformat(), "latest": about.latest.isoformat()}


def medication_to_json(medication: Medication) -> dict[str, Any]:
    return {
        "name": medication.name,
        "dose_tier": medication.dose_tier,
        "route": medication.route,
        "indication": medication.indication,
        "interval_days": medication.interval_days,
        "rxcui": medication.rxcui,
        "daily_mg": medication.daily_mg,
    }


def facts_from_json(document: Mapping[str, Any]) -> Facts:
    """Facts from their document; ValueError, KeyError or TypeError where facts_problems finds something."""
    site = document["site"]
    arrived_at, born_on = document.get("arrived_at"), document.get("born_on")
    put_off_at = document.get("put_off_at")
    return Facts(
        number=document.get("number", 1),
        site=Site(site["zone"], parse_hours(site["hours"])),
        procedure=document["procedure"],
        levels=tuple(document["levels"]),
        cause=document.get("cause"),
        anesthesia=document.get("anesthesia"),
        fractured=about_from_json(document.get("fractured")),
        onset=about_from_json(document.get("onset")),
        diagnosed=about_from_json(document.get("diagnosed")),
        worsened=about_from_json(document.get("worsened")),
        born_on=born_on and date.fromisoformat(born_on),
        sex=document.get("sex"),
        weight_kg=document.get("weight_kg"),
        allergies=tuple(document.get("allergies", ())),
        conditions=frozenset(document.get("conditions", ())),
        conditions_denied=frozenset(document.get("conditions_denied", ())),
        medications=tuple(Medication(**entry) for entry in document.get("medications", ())),
        medications_known=document.get("medications_known", "medications" in document),
        arrived_at=arrived_at and datetime.fromisoformat(arrived_at),
        not_happening=document.get("not_happening", False),
        put_off_at=put_off_at and datetime.fromisoformat(put_off_at),
        started_holds=tuple(document.get("started_holds", ())),
    )


def about_from_json(value: Any) -> DateAbout | None:
    return None if value is None else parse_about(value)


def evidence_problems(document: Any) -> list[Problem]:
    """What is wrong with one entry of evidence, its value included."""
    problems = check_shapes((EVIDENCE,), document)
    if problems:
        return problems
    return [
        problem if problem.field == "item" else Problem(f"value.{problem.field}", problem.sentence)
        for problem in check_value(document["item"], document["value"])
    ]


def evidence_from_json(document: Mapping[str, Any], number: int = 1) -> Evidence:
    """One entry of evidence; where the document gives none, `number` is its id and a patient its authority."""
    return Evidence(
        id=document.get("id", number),
        item=document["item"],
        observed_at=datetime.fromisoformat(document["observed_at"]),
        value=document["value"],
        said_by=document.get("said_by", "staff"),
        authority=Authority[document.get("authority", "patient").upper()],
        recorded_by=document.get("recorded_by", "document"),
        supersedes=frozenset(document.get("supersedes", ())),
    )


def evidence_to_json(entry: Evidence) -> dict[str, Any]:
    return {
        "id": entry.id,
        "item": entry.item,
        "observed_at": entry.observed_at.isoformat(),
        "value": dict(entry.value),
        "said_by": entry.said_by,
        "authority": entry.authority.name.lower(),
        "recorded_by": entry.recorded_by,
        "supersedes": sorted(entry.supersedes),
    }
