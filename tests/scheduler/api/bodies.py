"""What the calls send: bodies that are taken as they are, of a case as it stands."""

from datetime import timedelta
from typing import Any

from scheduler.models import Case
from scheduler.services.demonstration import PASSWORD
from tests.conftest import NOW, START
from tests.scheduler.world import finding_of, item_version

Body = dict[str, Any]

PATIENT: Body = {"family_name": "Newcomer", "given_name": "Nina", "born_on": "1951-02-03", "sex": "female"}
PLAN: Body = {
    "procedure": "kyphoplasty",
    "levels": ["L1"],
    "cause": "osteoporosis",
    "anesthesia": "sedation",
    "fractured": {"on": "2027-02-08"},
}


def consult(case: Case) -> Body:
    """A good consult: what a nurse, a clinician or the desk can write down."""
    return {
        "item": "consult",
        "value": {"outcome": "procedure", "levels": ["L1"]},
        "observed_at": NOW.isoformat(),
        "said_by": "staff",
        "version": item_version(case, "consult"),
    }


def override(case: Case, item: str = "ride", **more: Any) -> Body:
    body = {
        "item": item,
        "inputs": finding_of(case, item).inputs,
        "reason": "The ward keeps the patient overnight.",
        "version": case.version,
        "password": PASSWORD,
    }
    return {**body, **more}


def review(case: Case, item: str = "ride", **more: Any) -> Body:
    body = {
        "item": item,
        "inputs": finding_of(case, item).inputs,
        "start_from": (START - timedelta(hours=1)).isoformat(),
        "start_until": (START + timedelta(hours=6)).isoformat(),
        "note": "Exempt: stays on the ward.",
        "version": case.version,
    }
    return {**body, **more}


def on_paper(case: Case, **more: Any) -> Body:
    """A procedure done by the sheet within the hour after its booked start, which a clinician signs who enters it."""
    body = {
        "paper": "P-0301-1",
        "reason": "No power on the ward.",
        "decided_by": "",
        "password": PASSWORD,
        "started_at": START.isoformat(),
        "finished_at": (START + timedelta(minutes=40)).isoformat(),
        "version": case.version,
    }
    return {**body, **more}
