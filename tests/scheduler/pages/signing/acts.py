"""What the tests of the signing list share: cases to decide about, and the list as it is shown."""

from datetime import timedelta
from typing import Any

from django.test import Client

from scheduler.models import Case, Practice, Task
from scheduler.rules.duties import Duty
from scheduler.services.tasks import owe_task
from tests.conftest import NOW, START

EXEMPT = {"available": False, "exempt": True}
NO_RIDE = {"available": False}
FEVER = {"temperature": 38.4, "unit": "C", "skin": "clear", "outcome": "clear", "answers": {}}
SOON = START + timedelta(days=1)
SECOND_ROOM = ("Room 2", "Sam Second", "Bay 2")


def fresh(case: Case) -> Case:
    related = ("practice", "patient", "booking", "checklist__protocol_version")
    return Case.objects.select_related(*related).get(pk=case.pk)


def entries(answer: Any) -> list[Any]:
    return [shown.entry for case in answer.context["cases"] for shown in case.entries]


def only(client: Client) -> Any:
    (entry,) = entries(client.get("/sign/"))
    return entry


def ask(case: Case, item: str, practice: Practice, staff: dict[str, Any]) -> Task:
    duty = Duty("override", item, "clinician", "The clinic bus takes her home.", None)
    return owe_task(case=fresh(case), duty=duty, by=staff["nurse"].by, now=NOW - timedelta(minutes=5))


def review_form(entry: Any, **change: Any) -> dict[str, Any]:
    form = {
        "entry": entry.slug,
        "item": entry.item,
        "inputs": entry.finding.inputs,
        "version": entry.case.version,
        "note": "daughter stays overnight",
        "day_from": "2027-03-02",
        "day_until": "2027-03-02",
    }
    return {**form, **change}


def sign(client: Client, entry: Any, **change: Any) -> Any:
    return client.post(f"/sign/cases/{entry.case.pk}/review/", review_form(entry, **change))
