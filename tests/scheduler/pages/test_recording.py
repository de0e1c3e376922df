"""Recording what is known of a case before its day, as the desk and the clinician do it."""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from checklists.models import Checklist, Evidence, Item
from scheduler.models import Case, Practice
from scheduler.services.demonstration import demonstration_document
from tests.conftest import NOW, START
from tests.scheduler.versions import second_version

pytestmark = pytest.mark.django_db
SEEN = {"seen_on": "2027-02-26", "seen_at": "10:30"}
FILLED: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "consult": ({"outcome": "procedure", "at_levels": "L 1", **SEEN}, {"outcome": "procedure", "levels": ["L1"]}),
    "candidacy": (
        {
            "indication": "painful fracture",
            "no_exclusion": "on",
            "pain_matches_imaging": "yes",
            "can_lie_prone": "yes",
            **SEEN,
        },
        {"indication": "painful fracture", "exclusions": [], "pain_matches_imaging": True, "can_lie_prone": True},
    ),
    "imaging": (
        {
            "modality": "mri",
            "stage": "reviewed",
            "at_levels": "T12-L1",
            "fluid_sensitive": "yes",
            "oedema_at": "L1",
            **SEEN,
        },
        {
            "modality": "mri",
            "stage": "reviewed",
            "levels": ["T12", "L1"],
            "fluid_sensitive": True,
            "oedema_levels": ["L1"],
        },
    ),
    "labs": (
        {"analyte": "INR", "result": "1.1", "unit": "ratio", "drawn_on": "2027-02-26", "drawn_at": "10:30"},
        {"analyte": "INR", "value": 1.1, "unit": "ratio"},
    ),
    "prescriber_clearance:apixaban": (
        {"answer": "agreed", "prescriber": "Dr. Prescriber", "how": "phone"},
        {"answer": "agreed", "prescriber": "Dr. Prescriber", "how": "phone"},
    ),
}


def address(case: Case) -> str:
    return f"/desk/cases/{case.pk}/record/"


def send(client: Client, case: Case, item: str, version: int = 0, **changed: Any) -> Any:
    return client.post(address(case), {"item": item, "seen_version": version, **FILLED[item][0], **changed})


def recorded(case: Case, item: str) -> list[dict[str, Any]]:
    return list(
        Evidence.objects.filter(checklist=case.checklist, item=item).order_by("pk").values_list("value", flat=True)
    )


@pytest.fixture
def opened(tell: Callable[..., Case]) -> Case:
    return tell("opened", drugs=("apixaban",), start=START + timedelta(days=7))


def test_form_records_the_value_that_it_says(opened: Case, signed_in: Callable[[str], Client]) -> None:
    client = signed_in("clinician")
    page = client.get(address(opened)).content.decode()
    for item, (_, value) in FILLED.items():
        assert f'name="item" value="{item}"' in page
        answer = send(client, opened, item)
        assert (item, answer.status_code, answer["Location"]) == (item, 302, address(opened) + "?saved=1")
        assert recorded(opened, item) == [value]
        entry = Evidence.objects.get(checklist=opened.checklist, item=item)
        assert (entry.said_by, entry.get_authority_display()) == ("staff", "clinician")
        if item not in ("prescriber_clearance:apixaban",):
            assert entry.observed_at == NOW.replace(month=2, day=26, hour=10, minute=30)
        page = client.get(answer["Location"]).content.decode()
        assert 'role="status"' in page


def test_case_becomes_bookable_through_pages_alone(opened: Case, signed_in: Callable[[str], Client]) -> None:
    client = signed_in("clinician")
    for item in ("consult", "candidacy", "imaging"):
        send(client, opened, item, **({"at_levels": "L1"} if item == "imaging" else {}))
    findings = {f.item: f.status for f in client.get(f"/desk/cases/{opened.pk}/").context["row"].verdict.findings}
    assert {findings[item] for item in ("consult", "candidacy", "imaging")} == {"satisfied"}


@pytest.fixture
def asking(opened: Case, practice: Practice) -> Case:
    """The case under a version of its protocol that asks for a score of pain."""
    pain = {"hospital_from": 8, "home_from": 5, "signs": 2, "source": "demonstration", "confidence": "low"}
    version = second_version(practice, {**demonstration_document(), "pain": pain})
    Checklist.objects.filter(pk=opened.checklist_id).update(protocol_version=version)
    return opened


PAIN = {"pain_score": "4", "pain_in_hospital": "no", "pain_worsening": "on", "pain_signs": ["height_loss"]}


def test_pain_is_asked_about_where_the_pathway_wants_a_score(asking: Case, signed_in: Callable[[str], Client]) -> None:
    client = signed_in("clinician")
    assert "Pain from 0 (none) to 10 (worst)" in client.get(address(asking)).content.decode()
    assert send(client, asking, "candidacy").status_code == 400
    assert send(client, asking, "candidacy", **PAIN, pain_despite_care="on").status_code == 302
    (value,) = recorded(asking, "candidacy")
    assert value["pain"] == {
        "score": 4,
        "in_hospital": False,
        "despite_care": True,
        "worsening": True,
        "signs": ["height_loss"],
    }
    row = client.get(f"/desk/cases/{asking.pk}/").context["row"]
    assert row.verdict.finding("candidacy").code == "pain_low"
    assert 'name="pain_score"' in client.get(address(asking)).content.decode()


def test_pain_is_not_asked_about_elsewhere(opened: Case, signed_in: Callable[[str], Client]) -> None:
    assert "pain_score" not in signed_in("clinician").get(address(opened)).content.decode()


WRONG = [
    ("consult", {"at_levels": ""}, "Name the levels that the consult decided for"),
    ("consult", {"at_levels": "Z9"}, "Z9"),
    ("consult", {"seen_on": "2027-03-02"}, "lies ahead. Give when it was."),
    ("consult", {"outcome": ""}, "This field is required."),
    ("candidacy", {"exclusions": ["discitis"]}, "one of both"),
    ("candidacy", {"no_exclusion": ""}, "one of both"),
    ("imaging", {"modality": "ultrasound"}, "ultrasound"),
    ("imaging", {"oedema_at": "L9"}, "L9"),
    ("labs", {"result": "much"}, "Enter a number."),
]


def test_form_that_does_not_fit_says_so_and_keeps_what_was_typed(
    opened: Case, signed_in: Callable[[str], Client]
) -> None:
    client = signed_in("clinician")
    for item, changed, said in WRONG:
        answer = send(client, opened, item, **changed)
        page = answer.content.decode()
        assert (changed, answer.status_code, said in page, recorded(opened, item)) == (changed, 400, True, [])
        assert "<details open>" in page


def test_second_writer_sees_what_the_first_recorded_and_saves_nothing(
    opened: Case, signed_in: Callable[[str], Client]
) -> None:
    first, second = signed_in("clinician"), signed_in("scheduler")
    assert send(first, opened, "consult", outcome="not_candidate").status_code == 302
    version = Item.objects.get(checklist=opened.checklist, key="consult").version
    answer = send(second, opened, "consult")
    assert (answer.status_code, len(recorded(opened, "consult"))) == (409, 1)
    assert "outcome not candidate" in answer.content.decode()
    assert version == 1


def test_item_of_the_ward_or_the_patient_is_not_recorded_here(
    tell: Callable[..., Case], signed_in: Callable[[str], Client]
) -> None:
    case = tell("booked", start=START + timedelta(days=2))
    client = signed_in("nurse")
    shown = client.get(address(case)).content.decode()
    for item in ("infection_check", "ride", "fasting"):
        assert f'value="{item}"' not in shown
        answer = client.post(address(case), {"item": item, "seen_version": 0, "answer": "none"})
        assert (answer.status_code, recorded(case, item)) == (409, [])


def test_word_of_the_desk_waits_for_the_clinician(opened: Case, signed_in: Callable[[str], Client]) -> None:
    send(signed_in("scheduler"), opened, "consult")
    findings = {
        f.item: f for f in signed_in("scheduler").get(f"/desk/cases/{opened.pk}/").context["row"].verdict.findings
    }
    assert not findings["consult"].passes
    send(signed_in("clinician"), opened, "consult", version=1)
    findings = {
        f.item: f for f in signed_in("scheduler").get(f"/desk/cases/{opened.pk}/").context["row"].verdict.findings
    }
    assert findings["consult"].passes


def test_date_of_what_is_old_is_never_filled_in_beforehand(opened: Case, signed_in: Callable[[str], Client]) -> None:
    client = signed_in("clinician")
    page = client.get(address(opened)).content.decode()
    dates = re.findall(r'<input[^>]*name="(?:seen|drawn)_(?:on|at)"[^>]*>', page)
    assert (len(dates), [tag for tag in dates if "value=" in tag]) == (12, [])
    for item, fields in (("imaging", ("seen_on", "seen_at")), ("labs", ("drawn_on", "drawn_at"))):
        refused = send(client, opened, item, **dict.fromkeys(fields, ""))
        assert (refused.status_code, recorded(opened, item)) == (400, [])
