"""A canary patient is taken through the whole story, and none of its words turns up where it may not be.

MSG-01, AUD-06, TEN-07.
"""

import json
from collections import defaultdict
from collections.abc import Callable
from datetime import datetime
from functools import partial

import pytest
from django.test import Client
from django.urls import reverse

from notifications.models import Message
from scheduler.api.urls import urlpatterns as calls
from scheduler.isolation import within
from scheduler.models import Contact, Practice, Task
from scheduler.pages.urls import urlpatterns as pages
from scheduler.services.demonstration import staff_by_role
from tests.conftest import NOW
from tests.scheduler.canary.telling import Teller, Told
from tests.scheduler.canary.words import SEALED, WORDS, dump, found

pytestmark = [pytest.mark.django_db, pytest.mark.matrix]


def lines(*of: list[str], without: tuple[str, ...] = ()) -> list[tuple[str, list[str]]]:
    return [(line[:300], names) for each in of for line in each if (names := found(line, *without))]


def test_no_log_line_says_a_word(told: Told) -> None:
    """AUD-06"""
    assert any("GET /desk/" in line or "django" in line for line in told.heard.lines), "nothing was heard"
    assert lines(told.heard.lines) == []


def test_no_address_header_cookie_or_title_says_a_word(told: Told) -> None:
    """AUD-06: of addresses neither those that were called nor those that the pages offer; of titles the patient's."""
    assert {200, 201, 302, 400, 409} <= told.traffic.statuses
    assert len(told.traffic.addresses) > 500
    assert lines(told.traffic.addresses, told.traffic.headers, told.traffic.titles) == []


def test_no_message_or_calendar_says_a_word(told: Told) -> None:
    """MSG-01: a message names its recipient's own address, and nothing else."""
    assert len(told.mails) >= 5
    said = [(to, text.casefold().replace(to.casefold(), "")) for to, text in told.mails]
    assert [(to, names) for to, text in said if (names := found(text))] == []
    rows = [f"{row.summary} {row.reason} {row.occasion} {row.message_id}" for row in Message.objects.all()]
    assert lines(rows) == []


def test_no_ring_at_the_broker_says_a_word(told: Told) -> None:
    assert told.rings
    assert lines(told.rings) == []


# Where a readable word may stand in the database; the record, sessions and the outbox are not among these places.
FACTS, SAID = "checklists_facts.document", "checklists_evidence.value"
OF_ITEMS = {"checklists_block.item", "checklists_evidence.item", "checklists_item.key", "scheduler_task.key"}
SENTENCES = {"checklists_block.sentence", "checklists_decision.verdict", "scheduler_task.sentence"}
PLACES: dict[str, set[str]] = {
    "family name": {"scheduler_patient.family_name"},
    "given name": {"scheduler_patient.given_name"},
    "born on": {"scheduler_patient.born_on", FACTS},
    "drug": {FACTS, "scheduler_link.items", *OF_ITEMS, *SENTENCES},
    "why the drug": {FACTS, SAID},
    "allergy": {FACTS, SAID, "checklists_decision.verdict", "scheduler_task.sentence"},
    "indication": {SAID},
    "caregiver": {"scheduler_contact.name"},
    "permission": {"scheduler_contact.permission"},
    "escort": {"scheduler_contact.name"},
    "prescriber": {"scheduler_contact.name", SAID},
    "strike": {"checklists_evidenceerror.reason"},
    "release": {"scheduler_booking.release_reason", "scheduler_task.sentence"},
    "outcome": {"scheduler_task.outcome"},
    "override": {"scheduler_task.sentence"},
    "ending": {"scheduler_booking.release_reason", "scheduler_case.ending_reason"},
    "cause": {FACTS},
    "procedure": {FACTS, SAID, "scheduler_case.procedure"},
}


def test_database_holds_each_word_in_its_columns_only(told: Told) -> None:
    """LNK-02, AUD-06: what is sealed stands nowhere; the record, sessions and the outbox hold no word at all."""
    where: dict[str, set[str]] = defaultdict(set)
    for place, text in dump():
        if not place.startswith("checklists_protocolversion"):
            for name in found(text):
                where[name].add(place)
    assert {name: sorted(places) for name, places in where.items()} == {
        name: sorted(places) for name, places in PLACES.items()
    }


def test_another_practice_is_told_no_word(
    told: Told, other_practice: Practice, api: Callable[..., Client], at: Callable[[datetime], None]
) -> None:
    """TEN-07: searches, boards, tasks, the case's own addresses, and the errors about them."""
    at(NOW)
    case, heard = told.case, list[str]()
    ids = {"case_id": case.pk, "task_id": Task.objects.filter(case=case).values_list("pk", flat=True)[0]}
    ids |= {"contact_id": Contact.objects.filter(patient=case.patient).values_list("pk", flat=True)[0]}
    with within(other_practice.pk):
        people = {role: staff_by_role(other_practice)[role] for role in ("scheduler", "clinician", "administrator")}
    for role, user in people.items():
        teller = Teller(other_practice, people, partial(api, of=other_practice))
        page, client = teller.page(role, other_practice, user), api(role, of=other_practice)
        for pattern in (*pages, *calls):
            taken = {name: ids[name] for name in pattern.pattern.converters if name in ids}
            if set(taken) != set(pattern.pattern.converters) or pattern.name in ("schema", "docs"):
                continue
            asked = client if pattern in calls else page
            heard.append(asked.get(reverse(pattern.name, kwargs=taken)).content.decode())
        for text in (WORDS["family name"], SEALED["record number"], WORDS["given name"]):
            body = json.dumps({"text": text})
            answer = client.post(reverse("patient-search"), body, content_type="application/json")
            assert answer.json()["results"] == []
            heard.append(answer.content.decode())
    assert len(heard) > 60
    # What a practice's own protocol says of drugs and procedures is its own.
    assert lines(heard, without=("drug", "procedure", "cause")) == []
    assert [text for text in heard if str(case.pk) in text.replace(f"cases/{case.pk}", "")] == []
