"""A prescriber who has to know of a stent: told by letter, link and telephone, and asked anew where nobody told."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.test import Client

from checklists.models import Evidence, Item
from checklists.rules.values import Authority
from checklists.services.checklists import current_facts, write_facts
from scheduler.models import Case, Task
from scheduler.services.evidence import record_evidence
from tests.conftest import NOW, START
from tests.scheduler.pages.my.test_prescriber import ask, enter
from tests.scheduler.pages.my.visiting import BY
from tests.scheduler.pages.test_clearance import address, words_of

pytestmark = pytest.mark.django_db
DRUG = "clopidogrel"
ITEM, HOLD = f"prescriber_clearance:{DRUG}", f"hold:{DRUG}"
KNOWN = "Please know: the patient has a stent."


@pytest.fixture
def case(tell: Callable[..., Case], at: object) -> Case:
    case = tell("tested", drugs=(DRUG,), start=START + timedelta(days=14))
    facts = replace(current_facts(case.checklist), conditions_denied=frozenset())
    write_facts(checklist=case.checklist, facts=facts, by=BY, now=NOW)
    return case


def version(case: Case, item: str = ITEM) -> int:
    return Item.objects.filter(checklist=case.checklist, key=item).values_list("version", flat=True).first() or 0


def stent(case: Case, now: datetime = NOW) -> None:
    record_evidence(
        practice_id=case.practice_id,
        case_id=case.pk,
        item=HOLD,
        value={"answers": {"stent": "yes"}},
        observed_at=now,
        said_by="staff",
        authority=Authority.NURSE,
        seen_version=version(case, HOLD),
        by=BY,
        now=now,
    )


def last(case: Case) -> dict[str, Any]:
    value: dict[str, Any] = Evidence.objects.filter(checklist=case.checklist, item=ITEM).order_by("pk").last().value
    return value


def finding(client: Client, case: Case, item: str = ITEM) -> Any:
    row = client.get(f"/desk/cases/{case.pk}/").context["row"]
    return next(f for f in row.verdict.findings if f.item == item)


def record(client: Client, case: Case, **answer: Any) -> Any:
    body = {"item": ITEM, "seen_version": version(case), "prescriber": "Dr. Cardio", "how": "phone", **answer}
    return client.post(address(case, "answer/"), body)


def send(phone: Client, case: Case, told: str) -> Any:
    body = {"prescriber": "Dr. Cardio", "drug0-version": version(case), "drug0-told": told}
    return phone.post("/my/clearance/", {**body, "drug0-answer": "agreed"})


def test_prescriber_who_agreed_before_the_stent_was_known_is_asked_anew(
    case: Case, signed_in: Callable[[str], Client], at: Callable[[datetime], None]
) -> None:
    nurse = signed_in("nurse")
    record(nurse, case, answer="agreed")
    assert finding(nurse, case).status == "satisfied"
    assert not Task.objects.filter(case=case, kind="clearance", key=ITEM, done_at=None).exists()
    later = NOW + timedelta(hours=1)
    at(later)
    stent(case, later)
    found = finding(nurse, case)
    assert (found.status, found.code, found.owner) == ("pending", "clearance_unaware", "scheduler")
    assert "Ask again, and tell them of it." in Task.objects.get(case=case, key=ITEM, done_at=None).sentence
    page = words_of(nurse.get(address(case)))
    assert KNOWN in page and "I verified this answer" not in page
    assert f'name="drugs" value="{ITEM}={version(case)}"' in nurse.get(address(case)).content.decode()
    ask(case, ITEM, now=later)
    assert (last(case)["told"], finding(nurse, case).code) == (["stent"], "clearance_asked")
    record(nurse, case, answer="agreed", told=["stent"])
    assert (last(case)["told"], finding(nurse, case).status) == (["stent"], "satisfied")


def test_letter_names_the_stent_and_asking_keeps_that_it_did(case: Case, signed_in: Callable[[str], Client]) -> None:
    stent(case)
    contact = ask(case, ITEM)
    assert last(case)["told"] == ["stent"]
    assert KNOWN in words_of(signed_in("scheduler").get(address(case, f"{contact.pk}/letter/")))


def test_case_without_a_stent_tells_nobody_of_one(case: Case, signed_in: Callable[[str], Client]) -> None:
    contact = ask(case, ITEM)
    assert "told" not in last(case)
    pages = (address(case, f"{contact.pk}/letter/"), address(case))
    assert all("Please know" not in words_of(signed_in("nurse").get(page)) for page in pages)
    record(signed_in("nurse"), case, answer="agreed")
    assert "told" not in last(case)


def test_answer_of_somebody_who_was_not_told_settles_nothing(case: Case, signed_in: Callable[[str], Client]) -> None:
    stent(case)
    nurse = signed_in("nurse")
    assert "They answered knowing that the patient has" in words_of(nurse.get(address(case)))
    record(nurse, case, answer="agreed")
    assert (last(case)["told"], finding(nurse, case).code) == ([], "clearance_unaware")
    assert "stent_to_clear" in {reason.code for reason in finding(nurse, case, HOLD).reasons}


def test_link_shows_the_stent_and_its_answer_says_so(case: Case, signed_in: Callable[[str], Client]) -> None:
    ask(case, ITEM)
    phone = enter(case)
    assert KNOWN not in words_of(phone.get("/my/"))
    stent(case)
    unseen = send(phone, case, told="")
    assert (unseen.status_code, KNOWN in words_of(unseen), last(case)["answer"]) == (409, True, "asked")
    assert 'name="drug0-told" value="stent"' in unseen.content.decode()
    assert send(phone, case, told="stent").status_code == 302
    assert (last(case)["answer"], last(case)["told"]) == ("agreed", ["stent"])
    assert finding(signed_in("nurse"), case).code == "awaiting_verification"
