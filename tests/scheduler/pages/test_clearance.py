"""The desk and the prescriber: asking, chasing, the letter, writing the answer down, verifying it."""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from checklists.models import Evidence, Item
from notifications.models import Message
from scheduler.models import Case, Contact, Link, Record, Task
from scheduler.services import bookings
from scheduler.services.people import NewContact, add_contact
from scheduler.services.sweeps import sweep_due_cases
from tests.conftest import NOW, START
from tests.scheduler.pages.my.visiting import BY
from tests.scheduler.pages.signing.acts import entries, sign

pytestmark = pytest.mark.django_db
ITEM = "prescriber_clearance:apixaban"
NEW = {"prescriber": "new", "name": "Dr. Cardio", "email": "", "phone": "555-0180", "address": "2 Heart St"}


@pytest.fixture
def case(tell: Callable[..., Case], at: object) -> Case:
    return tell("tested", drugs=("apixaban",), start=START + timedelta(days=14))


def address(case: Case, more: str = "") -> str:
    return f"/desk/cases/{case.pk}/clearance/{more}"


def version(case: Case) -> int:
    return Item.objects.filter(checklist=case.checklist, key=ITEM).values_list("version", flat=True).first() or 0


def ask(client: Client, case: Case, how: str = "letter", **more: Any) -> Any:
    return client.post(address(case), {**NEW, "drugs": f"{ITEM}={version(case)}", "how": how, **more})


def said(case: Case) -> list[Evidence]:
    return list(Evidence.objects.filter(checklist=case.checklist, item=ITEM).order_by("pk"))


def finding(client: Client, case: Case) -> Any:
    row = client.get(f"/desk/cases/{case.pk}/").context["row"]
    return next(f for f in row.verdict.findings if f.item == ITEM)


def words_of(page: Any) -> str:
    return " ".join(re.sub(r"<[^>]*>", " ", page.content.decode()).split())


def test_letter_is_asking_and_says_who_asked(case: Case, signed_in: Callable[[str], Client], staff: Any) -> None:
    answer = ask(signed_in("scheduler"), case)
    contact = Contact.objects.get(patient=case.patient, kind="prescriber")
    assert (answer.status_code, answer["Location"]) == (302, address(case, f"{contact.pk}/letter/"))
    (entry,) = said(case)
    expected = {"answer": "asked", "prescriber": "Dr. Cardio", "how": "letter", "contact": str(contact.pk)}
    assert (entry.value, entry.recorded_by, entry.said_by) == (expected, staff["scheduler"].by, "staff")
    task = Task.objects.get(case=case, kind="clearance", done_at=None)
    chase = NOW.replace(day=3, hour=7)  # the opening of the second working day
    assert (task.queue, task.key, task.due_at) == ("scheduler", ITEM, chase)


def test_letter_says_what_a_prescriber_needs_and_is_marked_as_demonstration(
    case: Case, signed_in: Callable[[str], Client]
) -> None:
    client = signed_in("scheduler")
    page = words_of(client.get(ask(client, case)["Location"]))
    patient = case.patient
    for text in (
        "DEMONSTRATION - not for the care of patients",
        "To Dr. Cardio 2 Heart St",
        f"{patient.family_name.upper()}, {patient.given_name}, born 2 January 1950",
        "Kyphoplasty L1",
        "Mon 15 Mar 2027 10:00",
        "no dose for 72 hours (3 days) before the procedure",
        "source S1,S2,S3,S6",
        "no later than Fri 12 Mar 2027 09:00",  # 72 elapsed hours, over the spring night
        "It must go on",
        "Bridging",
        "Signature",
        "answer by phone: 555-0199 , or by fax: 555-0198",
    ):
        assert text in page, text


def test_looking_at_the_letter_again_records_nothing(case: Case, signed_in: Callable[[str], Client]) -> None:
    client = signed_in("scheduler")
    letter = ask(client, case)["Location"]
    before = Record.objects.count()
    assert (client.get(letter).status_code, client.get(letter).status_code) == (200, 200)
    assert (len(said(case)), Record.objects.count()) == (1, before)


def test_prescriber_who_was_not_asked_has_no_letter(case: Case, signed_in: Callable[[str], Client]) -> None:
    contact = add_contact(patient=case.patient, contact=NewContact("prescriber", "Dr. No"), by=BY, now=NOW)
    assert signed_in("scheduler").get(address(case, f"{contact.pk}/letter/")).status_code == 404


def test_chase_is_asking_again_and_shows_on_the_case(
    case: Case, signed_in: Callable[[str], Client], at: Callable[[Any], None]
) -> None:
    client = signed_in("scheduler")
    ask(client, case)
    at(NOW + timedelta(days=2))
    assert finding(client, case).code == "clearance_chase"
    contact = Contact.objects.get(patient=case.patient, kind="prescriber")
    ask(client, case, "phone", prescriber=str(contact.pk))
    page = words_of(client.get(f"/desk/cases/{case.pk}/"))
    assert "Asked: Mon 1 Mar 2027 08:00, Dr. Cardio by letter (Dana Desk)" in page
    assert "Chased: Wed 3 Mar 2027 08:00, Dr. Cardio by phone (Dana Desk)" in page
    assert "Answered: not yet Verified: not yet" in page


def test_silence_goes_to_the_clinician_on_the_set_day(
    case: Case, signed_in: Callable[[str], Client], at: Callable[[Any], None]
) -> None:
    ask(signed_in("scheduler"), case)
    set_day = NOW.replace(day=9, hour=9)  # 72 h before the stop time on Friday the 12th
    at(set_day)
    sweep_due_cases(clock=lambda: set_day)
    task = Task.objects.get(case=case, kind="clearance", done_at=None)
    assert (task.queue, "has not answered by the day that was set" in task.sentence) == ("clinician", True)
    board = words_of(signed_in("scheduler").get("/desk/"))
    assert "has not answered by the day that was set" in board
    assert "apixaban" in words_of(signed_in("clinician").get("/desk/tasks/?queue=clinician"))


def record(client: Client, case: Case, **answer: Any) -> Any:
    body = {"item": ITEM, "seen_version": version(case), "prescriber": "Dr. Cardio", "how": "phone", **answer}
    return client.post(address(case, "answer/"), body)


def test_answer_is_written_down_and_verified_by_a_nurse(case: Case, signed_in: Callable[[str], Client]) -> None:
    desk, nurse = signed_in("scheduler"), signed_in("nurse")
    ask(desk, case)
    answer = record(
        desk, case, answer="agreed", last_dose_on="2027-03-11", bridging="yes", bridging_how="enoxaparin to the 13th"
    )
    assert (answer.status_code, answer["Location"]) == (302, address(case, "?saved=1"))
    assert (finding(desk, case).code, finding(desk, case).owner) == ("bridge_unlisted", "scheduler")
    assert Task.objects.get(case=case, kind="clearance", done_at=None).queue == "scheduler"
    assert "I verified this answer" not in words_of(desk.get(address(case)))
    assert "I verified this answer" in words_of(nurse.get(address(case)))
    done = nurse.post(address(case, "verify/"), {"item": ITEM, "seen_version": version(case)})
    assert (done.status_code, finding(nurse, case).code) == (302, "bridge_unlisted")
    page = words_of(nurse.get(f"/desk/cases/{case.pk}/"))
    told = "agreed by Dr. Cardio, phone, Mon 1 Mar 2027 08:00 · last dose Thu 11 Mar 2027"
    told += " · bridging: yes, enoxaparin to the 13th"
    assert f"Answered: {told} (written down by Dana Desk) Verified: Nadia Nurse, Mon 1 Mar 2027 08:00" in page
    assert "add the bridging drug" in Task.objects.get(case=case, kind="clearance", done_at=None).sentence


def test_desk_does_not_verify(case: Case, signed_in: Callable[[str], Client]) -> None:
    desk = signed_in("scheduler")
    record(desk, case, answer="agreed")
    refused = desk.post(address(case, "verify/"), {"item": ITEM, "seen_version": version(case)})
    assert (refused.status_code, len(said(case))) == (403, 1)


def test_answer_that_changed_meanwhile_is_not_verified(case: Case, signed_in: Callable[[str], Client]) -> None:
    record(signed_in("scheduler"), case, answer="agreed")
    seen = version(case)
    record(signed_in("scheduler"), case, answer="refused")
    refused = signed_in("nurse").post(address(case, "verify/"), {"item": ITEM, "seen_version": seen})
    assert (refused.status_code, len(said(case))) == (409, 2)


WRONG = [
    ({"answer": "refused", "last_dose_on": "2027-03-11"}, "This belongs to an agreement."),
    ({"answer": "agreed", "bridging": "yes"}, "Say with what, and until when."),
    ({"answer": "agreed", "bridging_how": "heparin"}, "Say yes to bridging"),
    ({"answer": "agreed", "last_dose_on": "2027-03-11", "hold_hours": "72"}, "not both"),
    ({"answer": "agreed", "answered_on": "2027-03-02"}, "lies ahead"),
    ({"answer": "perhaps"}, "perhaps"),
]


def test_answer_that_does_not_fit_is_said(case: Case, signed_in: Callable[[str], Client]) -> None:
    client = signed_in("scheduler")
    for sent, told in WRONG:
        answer = record(client, case, **sent)
        assert (sent, answer.status_code, told in words_of(answer), said(case)) == (sent, 400, True, [])


def test_refusal_blocks_and_is_the_clinicians_task(case: Case, signed_in: Callable[[str], Client]) -> None:
    client = signed_in("scheduler")
    record(client, case, answer="refused", reason="stent in January")
    assert (finding(client, case).status, finding(client, case).owner) == ("failed", "clinician")
    assert Task.objects.get(case=case, kind="mend", key=ITEM, done_at=None).queue == "clinician"
    assert client.get(f"/desk/cases/{case.pk}/").context["row"].is_blocked


@pytest.mark.parametrize(
    ("answer", "code"),
    [({"answer": "continue"}, "clearance_continue"), ({"answer": "agreed", "hold_hours": "48"}, "clearance_conflicts")],
)
def test_clinician_signs_what_the_protocol_did_not_foresee(
    answer: dict[str, str], code: str, case: Case, signed_in: Callable[[str], Client]
) -> None:
    nurse, clinician = signed_in("nurse"), signed_in("clinician")
    record(nurse, case, **answer)
    found = finding(nurse, case)
    assert (found.status, found.code) == ("review", code)
    (entry,) = entries(clinician.get("/sign/"))
    assert (entry.item, entry.sentence) == (ITEM, found.sentence)
    signed = sign(clinician, entry, day_from="2027-03-15", day_until="2027-03-15")
    assert (signed.status_code, finding(nurse, case).status) == (302, "satisfied")
    telling = Task.objects.filter(case=case, kind="call", key=f"answer:{ITEM}", done_at=None)
    assert [task.queue for task in telling] == (["nurse"] if code == "clearance_conflicts" else [])


def test_nurse_tells_the_patient_the_time_on_which_prescriber_and_protocol_differ(
    case: Case, signed_in: Callable[[str], Client]
) -> None:
    nurse, clinician = signed_in("nurse"), signed_in("clinician")
    record(nurse, case, answer="agreed", last_dose_on="2027-03-13")
    (entry,) = entries(clinician.get("/sign/"))
    sign(clinician, entry, day_from="2027-03-15", day_until="2027-03-15", note="12 March in the evening")
    told = Task.objects.get(case=case, kind="call", key=f"answer:{ITEM}", done_at=None).sentence
    assert told.startswith("Tell the patient when to take apixaban for the last time: their page says no time")
    assert told.endswith("a clinician decides. The clinician noted: 12 March in the evening")
    record(nurse, case, answer="agreed", last_dose_on="2027-03-11")
    assert not Task.objects.filter(case=case, key=f"answer:{ITEM}", done_at=None).exists()


ASKED_WRONG = [
    ({"name": ""}, "Give the prescriber"),
    ({"how": "link"}, "A link goes to an e-mail address."),
    ({"drugs": ""}, "not one of the available choices"),
    ({"drugs": "ride=0"}, "ride"),
    ({"prescriber": "00000000-0000-4000-8000-000000000000"}, "not one of the available choices"),
]


@pytest.mark.parametrize(("sent", "told"), ASKED_WRONG)
def test_asking_that_does_not_fit_writes_nothing(
    sent: dict[str, str], told: str, case: Case, signed_in: Callable[[str], Client]
) -> None:
    answer = ask(signed_in("scheduler"), case, **sent)
    assert (answer.status_code, told in words_of(answer)) == (400, True)
    assert (said(case), Contact.objects.filter(kind="prescriber").count()) == ([], 0)


def test_asking_about_what_changed_meanwhile_adds_nobody(case: Case, signed_in: Callable[[str], Client]) -> None:
    client = signed_in("scheduler")
    record(client, case, answer="agreed")
    answer = client.post(address(case), {**NEW, "drugs": f"{ITEM}=0", "how": "letter"})
    assert (answer.status_code, Contact.objects.filter(kind="prescriber").count()) == (400, 0)


def test_link_is_mailed_with_nothing_about_the_patient(case: Case, signed_in: Callable[[str], Client]) -> None:
    answer = ask(signed_in("scheduler"), case, "link", email="cardio@practice.example")
    assert answer["Location"] == address(case, "?saved=1")
    link = Link.objects.get(contact__kind="prescriber")
    assert link.items == [ITEM]
    mail = Message.objects.get(kind="link:prescriber")
    text = f"{mail.recipient} {bytes(mail.payload).decode()}"
    assert "/my/" in text and "cardio@practice.example" in text
    patient = case.patient
    secret = [patient.family_name, patient.given_name, "apixaban", "kyphoplasty", "1950", "L1", "March", "D-500102"]
    told = text.replace(case.practice.name, "")
    assert [word for word in secret if re.search(rf"\b{word}\b", told, re.IGNORECASE)] == []


def test_one_letter_asks_about_all_drugs_of_a_prescriber(
    tell: Callable[..., Case], signed_in: Callable[[str], Client], at: object
) -> None:
    case = tell("tested", drugs=("apixaban", "warfarin"), start=START + timedelta(days=14))
    client = signed_in("scheduler")
    items = [f"prescriber_clearance:{drug}=0" for drug in ("apixaban", "warfarin")]
    answer = client.post(address(case), {**NEW, "drugs": items, "how": "letter"})
    page = client.get(answer["Location"]).content.decode()
    assert re.findall(r"<h2>(.*?)</h2>", page) == ["apixaban", "warfarin"]
    assert "no dose for 120 hours (5 days) before the procedure" in words_of(client.get(answer["Location"]))


def test_clinicians_list_names_whoever_is_silent(
    case: Case, signed_in: Callable[[str], Client], at: Callable[[Any], None]
) -> None:
    ask(signed_in("scheduler"), case)
    assert "Also yours" not in words_of(signed_in("clinician").get("/sign/"))
    set_day = NOW.replace(day=9, hour=9)
    at(set_day)
    sweep_due_cases(clock=lambda: set_day)
    page = words_of(signed_in("clinician").get("/sign/"))
    assert f"Also yours {case.patient.family_name.upper()}, Given : The prescriber of apixaban was asked" in page


def test_agreement_for_a_date_that_moved_is_asked_again(
    case: Case, signed_in: Callable[[str], Client], staff: Any, resources: Any
) -> None:
    nurse = signed_in("nurse")
    record(nurse, case, answer="agreed", last_dose_on="2027-03-11")
    assert (finding(nurse, case).status, said(case)[0].value["start_on"]) == ("satisfied", "2027-03-15")
    case.refresh_from_db()
    room, proceduralist, bay = (resources[name].pk for name in ("Room 1", "Chris Clinician", "Bay 1"))
    bookings.move_booking(
        practice_id=case.practice_id,
        booking_id=case.booking_id,
        slot=bookings.Slot(START + timedelta(days=15), room, proceduralist, bay),
        seen_version=case.version,
        by=staff["scheduler"].by,
        now=NOW,
    )
    found = finding(nurse, case)
    assert (found.code, found.owner) == ("clearance_other_date", "scheduler")
    assert found.sentence.startswith("The prescriber answered for a procedure on Mon 15 Mar 2027")


def test_prescriber_at_another_address_is_asked_anew_and_has_no_letter_yet(
    case: Case, signed_in: Callable[[str], Client]
) -> None:
    client = signed_in("scheduler")
    ask(client, case, "link", email="cardio@practice.example")
    old = Contact.objects.get(kind="prescriber")
    assert f"{old.pk}/letter/" in client.get(address(case)).content.decode()
    moved = {"name": "Dr. Cardio", "email": "heart@practice.example", "phone": ""}
    assert client.post(f"/desk/cases/{case.pk}/contacts/{old.pk}/", moved).status_code == 302
    page = client.get(address(case)).content.decode()
    assert ("heart@practice.example" in page, "/letter/" in page) == (True, False)
    assert Link.objects.get(contact=old).revoked_reason == "contact_ended"
