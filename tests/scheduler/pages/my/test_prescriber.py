"""The prescriber's link: the patient's date of birth first, then an answer about the named drugs and nothing else."""

import re
from collections.abc import Callable
from datetime import UTC, timedelta
from typing import Any

import pytest
from django.test import Client

from checklists.models import Evidence, Item
from checklists.rules.values import Authority
from notifications.models import Message
from scheduler.models import Case, Contact, Link, Task
from scheduler.rules.links import PRESCRIBER_LINK_LASTS, TRIES
from scheduler.rules.problems import Refused
from scheduler.services.people import NewContact, add_contact
from scheduler.services.prescribers import ask_prescriber
from tests.conftest import NOW, START
from tests.remembered import Once
from tests.scheduler.pages.my.test_links import WRONG, everything, everything_but_looks
from tests.scheduler.pages.my.visiting import BY, birth_date, follow, link_of, token
from tests.scheduler.services.steps import end_it

pytestmark = pytest.mark.django_db
APIXABAN, WARFARIN = "prescriber_clearance:apixaban", "prescriber_clearance:warfarin"
DRUG = {"answer": "", "last_dose_on": "", "bridging": "", "bridging_how": "", "reason": ""}
AGREED = {"answer": "agreed", "last_dose_on": "2027-03-11", "bridging": "no"}


def version(case: Case, item: str = APIXABAN) -> int:
    return Item.objects.filter(checklist=case.checklist, key=item).values_list("version", flat=True).first() or 0


def ask(case: Case, *items: str, contact: Contact | None = None, now: Any = NOW) -> Contact:
    new = NewContact("prescriber", "Dr. Cardio", "cardio@practice.example", "555-0180")
    contact = contact or add_contact(patient=case.patient, contact=new, by=BY, now=now)
    ask_prescriber(
        practice_id=case.practice_id,
        case_id=case.pk,
        whom=contact.pk,
        seen_versions={item: version(case, item) for item in items or (APIXABAN,)},
        how="link",
        authority=Authority.SCHEDULER,
        by=BY,
        now=now,
    )
    return contact


@pytest.fixture
def case(tell: Callable[..., Case], at: object, once: Once) -> Case:
    """Two drugs, of which the prescriber is asked about one."""
    case = tell("tested", drugs=("apixaban", "warfarin"), start=START + timedelta(days=14))
    once("asked", lambda: ask(case).pk)
    return Case.objects.get(pk=case.pk)


def enter(case: Case) -> Client:
    phone = follow(link_of(case, "prescriber"))
    assert phone.post("/my/", birth_date(case.patient.born_on))["Location"] == "/my/"
    return phone


def send(phone: Client, case: Case, *drugs: dict[str, str], **more: Any) -> Any:
    body = {"prescriber": "Dr. Cardio"}
    for number, drug in enumerate(drugs):
        filled = {**DRUG, "version": str(version(case)), **drug}
        body |= {f"drug{number}-{name}": value for name, value in filled.items()}
    return phone.post("/my/clearance/", {**body, **more})


def said(case: Case, item: str = APIXABAN) -> list[Evidence]:
    return list(Evidence.objects.filter(checklist=case.checklist, item=item, said_by="prescriber").order_by("pk"))


def test_scanner_that_opens_the_link_changes_nothing(case: Case) -> None:
    before = everything()
    for _ in range(3):
        Client().get(f"/my/{token(link_of(case, 'prescriber'))}/", follow=True)
        Client().head(f"/my/{token(link_of(case, 'prescriber'))}/", follow=True)
    phone = follow(link_of(case, "prescriber"))
    assert phone.get("/my/clearance/").status_code == 302
    assert everything() == before


def test_nothing_is_shown_before_the_date_of_birth(case: Case) -> None:
    phone = follow(link_of(case, "prescriber"))
    page = phone.get("/my/").content.decode()
    assert ("the patient’s date of birth" in page, "This is not me" in page, "?lang=" in page) == (True, True, False)
    shown = page.replace(case.practice.name, "").casefold()
    secret = [case.patient.family_name, "1950", "apixaban", "warfarin", "kyphoplasty", "cardio", "15"]
    assert [word for word in secret if re.search(rf"\b{word}\b", shown, re.IGNORECASE)] == []
    assert send(phone, case, AGREED)["Location"] == "/my/"
    assert said(case) == []


def test_page_asks_about_the_named_drug_alone(case: Case) -> None:
    page = enter(case).get("/my/").content.decode()
    assert (case.patient.family_name in page, "apixaban" in page, "warfarin" in page) == (True, True, False)
    assert "no dose for 72 hours (3 days) before the procedure" in page
    assert "Friday, March 12, 2027 at 9:00 AM" in page


def test_other_pages_of_a_link_do_not_open_for_a_prescriber(case: Case) -> None:
    phone = enter(case)
    for path in ("check/", "done/", "appointment.ics", "pick-up/"):
        assert phone.get(f"/my/{path}")["Location"] == "/my/"


def test_patient_does_not_open_the_prescribers_page(case: Case) -> None:
    phone = follow(link_of(case))
    phone.post("/my/", birth_date(case.patient.born_on))
    assert send(phone, case, AGREED)["Location"] == "/my/"
    assert said(case) == []


def test_agreement_is_the_prescribers_word_and_waits_for_the_nurse(
    case: Case, signed_in: Callable[[str], Client]
) -> None:
    answer = send(enter(case), case, AGREED)
    assert (answer.status_code, answer["Location"]) == (302, "/my/?saved=1")
    (entry,) = said(case)
    contact = link_of(case, "prescriber").contact_id
    assert entry.value == {
        "answer": "agreed",
        "prescriber": "Dr. Cardio",
        "how": "link",
        "contact": str(contact),
        "last_dose_on": "2027-03-11",
        "start_on": "2027-03-15",
        "bridging": "no",
    }
    assert (entry.get_authority_display(), entry.recorded_by) == ("patient", f"link:{link_of(case, 'prescriber').pk}")
    task = Task.objects.get(case=case, kind="clearance", key=APIXABAN, done_at=None)
    assert (task.queue, "verif" in task.sentence) == ("nurse", True)
    nurse = signed_in("nurse")
    where = f"/desk/cases/{case.pk}/clearance/"
    page = nurse.get(where).content.decode()
    assert ("written down by the prescriber" in page, "link sent" in page) == (True, True)
    nurse.post(f"{where}verify/", {"item": APIXABAN, "seen_version": version(case)})
    assert not Task.objects.filter(case=case, kind="clearance", key=APIXABAN, done_at=None).exists()


@pytest.mark.parametrize(("answer", "code"), [("continue", "clearance_continue"), ("refused", "clearance_refused")])
def test_no_and_must_go_on_are_the_clinicians(
    answer: str, code: str, case: Case, signed_in: Callable[[str], Client]
) -> None:
    assert send(enter(case), case, {"answer": answer, "reason": "stent in January"}).status_code == 302
    row = signed_in("nurse").get(f"/desk/cases/{case.pk}/").context["row"]
    found = next(f for f in row.verdict.findings if f.item == APIXABAN)
    assert (found.code, found.owner) == (code, "clinician")
    page = signed_in("clinician").get("/sign/").content.decode()
    assert ("apixaban" in page, str(link_of(case, "prescriber").pk) in page) == (True, False)


def test_prescriber_changes_their_mind_and_a_nurse_still_verifies(
    case: Case, signed_in: Callable[[str], Client]
) -> None:
    phone = enter(case)
    send(phone, case, {"answer": "refused", "reason": "stent"})
    assert (
        "We have noted: I do not agree to a stop for this procedure, reason stent<br>"
        in phone.get("/my/").content.decode()
    )
    assert send(phone, case, AGREED).status_code == 302
    row = signed_in("nurse").get(f"/desk/cases/{case.pk}/").context["row"]
    assert next(f for f in row.verdict.findings if f.item == APIXABAN).code == "awaiting_verification"


def test_prescriber_does_not_lift_a_refusal_that_a_nurse_wrote_down(
    case: Case, signed_in: Callable[[str], Client]
) -> None:
    nurse = signed_in("nurse")
    refusal = {"item": APIXABAN, "seen_version": version(case), "answer": "refused", "prescriber": "X", "how": "phone"}
    nurse.post(f"/desk/cases/{case.pk}/clearance/answer/", refusal)
    send(enter(case), case, AGREED)
    row = nurse.get(f"/desk/cases/{case.pk}/").context["row"]
    assert next(f for f in row.verdict.findings if f.item == APIXABAN).code == "clearance_refused"


def test_call_me_is_a_clinicians_task_and_ends_with_the_answer(case: Case) -> None:
    phone = enter(case)
    assert send(phone, case, {"answer": "call_me"}).status_code == 302
    assert said(case) == []
    task = Task.objects.get(case=case, kind="call", done_at=None)
    assert (task.queue, task.sentence) == (
        "clinician",
        "Call Dr. Cardio about apixaban: they asked for a call.",
    )
    send(phone, case, AGREED)
    task.refresh_from_db()
    assert task.outcome == "the prescriber has answered"


WRONG_ANSWERS = [
    ({}, "Choose an answer for at least one medicine."),
    ({"last_dose_on": "2027-03-11"}, "Choose an answer for what you wrote."),
    ({"answer": "refused"}, "Say why in a few words"),
    ({"answer": "continue"}, "Say why in a few words"),
    ({"answer": "refused", "reason": "x", "last_dose_on": "2027-03-11"}, "This belongs to a stop."),
    ({"answer": "agreed", "bridging": "yes"}, "Say with what"),
    ({"answer": "agreed", "last_dose_on": "soon"}, "Enter a valid date."),
    ({"answer": "asked"}, "asked"),
    ({"answer": "agreed", "version": "x"}, "look at what is marked"),
]


def test_answer_that_does_not_fit_is_said_and_writes_nothing(case: Case) -> None:
    phone, before = enter(case), everything_but_looks()
    for sent, told in WRONG_ANSWERS:
        answer = send(phone, case, sent)
        assert (sent, answer.status_code, told in answer.content.decode()) == (sent, 400, True)
        assert everything_but_looks() == before, sent


def test_answer_to_what_changed_meanwhile_is_asked_again(case: Case) -> None:
    phone = enter(case)
    answer = send(phone, case, {**AGREED, "version": "0"})
    page = answer.content.decode()
    assert (answer.status_code, "Nothing was saved: look again" in page, said(case)) == (409, True, [])
    assert (f'value="{version(case)}"' in page, 'value="2027-03-11"' in page) == (True, True)


def test_five_wrong_dates_lock_the_link(case: Case) -> None:
    phone = follow(link_of(case, "prescriber"))
    assert [phone.post("/my/", WRONG).status_code for _ in range(TRIES)] == [400] * (TRIES - 1) + [404]
    link = link_of(case, "prescriber")
    assert follow(link).post("/my/", birth_date(case.patient.born_on)).status_code == 404
    told = Task.objects.get(case=case, key=f"link:{link.pk}").sentence
    assert "at the link of the prescriber, so it is locked. Call the prescriber," in told


def test_link_dies_with_the_booking_and_its_mail_with_it(case: Case) -> None:
    phone = enter(case)
    mail = Message.objects.get(kind="link:prescriber")
    assert mail.state == "queued"
    end_it(case, "cancelled", now=NOW)
    mail.refresh_from_db()
    assert (phone.get("/my/").status_code, mail.state) == (404, "superseded")


def test_link_expires(case: Case, at: Callable[..., None]) -> None:
    link = link_of(case, "prescriber")
    for before, status in ((timedelta(seconds=1), 200), (timedelta(), 404)):
        at(NOW.astimezone(UTC) + PRESCRIBER_LINK_LASTS - before)
        assert follow(link).get("/my/").status_code == status


def test_link_ends_when_the_procedure_begins(case: Case) -> None:
    from scheduler.services.links import standing_of

    link = link_of(case, "prescriber")
    link.case.started_at = NOW + timedelta(hours=1)
    assert [standing_of(link, NOW + timedelta(hours=h)) for h in (0, 1)] == ["open", "expired"]


def test_asking_about_a_second_drug_keeps_the_first_and_kills_the_old_link(case: Case) -> None:
    old = link_of(case, "prescriber")
    ask(case, WARFARIN, contact=old.contact)
    new = link_of(case, "prescriber")
    assert (new.items, new.generation) == ([APIXABAN, WARFARIN], 2)
    assert follow(old).get("/my/").status_code == 404


def test_answered_drug_is_not_asked_again_by_a_later_link(case: Case) -> None:
    contact = link_of(case, "prescriber").contact
    send(enter(case), case, AGREED)
    ask(case, WARFARIN, contact=contact)
    assert link_of(case, "prescriber").items == [WARFARIN]


def test_link_needs_an_address(case: Case) -> None:
    nowhere = add_contact(patient=case.patient, contact=NewContact("prescriber", "Dr. Paper"), by=BY, now=NOW)
    with pytest.raises(Refused, match="no e-mail address"):
        ask(case, contact=nowhere)
    assert Link.objects.filter(contact=nowhere).count() == 0


def test_spanish_patients_prescriber_reads_english(case: Case) -> None:
    type(case.patient).objects.filter(pk=case.patient_id).update(language="es")
    page = follow(link_of(case, "prescriber")).get("/my/?lang=es").content.decode()
    assert ('lang="en"' in page, "Fecha de nacimiento" in page) == (True, False)
