"""After the procedure: what the patient reads at home, in both languages, and the mail that says it is there."""

import re
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.test import Client

from checklists.rules.values import Authority
from notifications.models import Message
from scheduler.models import Case
from scheduler.rules.downtime import PaperTimes
from scheduler.rules.links import Ended
from scheduler.services import transitions
from scheduler.services.demonstration import GOING_HOME
from scheduler.services.home import tell_at_home
from scheduler.services.links import revoke_links
from tests.conftest import NOW
from tests.scheduler.pages.my.visiting import BY, add, enter, link_of, token
from tests.scheduler.services.mailing import decoded, send_all
from tests.scheduler.services.on_paper import MINUTE
from tests.scheduler.services.on_paper import enter as enter_paper
from tests.scheduler.services.steps import end_it, record

pytestmark = pytest.mark.django_db
START = NOW - timedelta(hours=3)
TOLD = {"explained": ["driving", "lifting", "alcohol", "red_flags", "ice"]}
VISIT = {"arranged": ["visit", "bone_health", "call_24h", "call_72h"], "visit_on": "2027-03-12"}
WATCHED = {"observed_minutes": 90, "flat_minutes": 60, "vital_signs": "stable", "reactions": "none", "pain": 2}


@pytest.fixture
def case(tell: Callable[..., Case], at: object) -> Case:
    return tell("finished", start=START, drugs=("apixaban",))


def words(phone: Client) -> str:
    page = re.sub(r"<[^>]+>", " ", phone.get("/my/").content.decode())
    return re.sub(r"\s+", " ", page)


def decide(case: Case, decision: str, **more: str) -> None:
    record(case, "restart_decision:apixaban", {"decision": decision, **more}, now=NOW, role=Authority.CLINICIAN)


def go_home(case: Case) -> None:
    record(case, "after_care", TOLD, now=NOW)
    record(case, "recovery_observation", WATCHED, now=NOW)
    record(case, "responsible_adult", {"present": True}, now=NOW)
    decide(case, "restart", restart_on="2027-03-02")
    case.refresh_from_db()
    transitions.discharge(practice_id=case.practice_id, case_id=case.pk, seen_version=case.version, by=BY, now=NOW)
    case.refresh_from_db()


def mails(case: Case, kind: str = "home:patient") -> list[str]:
    rows = Message.objects.filter(subject=case.pk, kind=kind).exclude(state="superseded").order_by("created_at")
    return [decoded(row.payload) for row in rows]


def test_drug_is_not_taken_again_before_a_clinician_said_so(case: Case) -> None:
    page = words(enter(case))
    assert "Take no more of apixaban until we tell you. We will call you." in page
    assert "again from" not in page


@pytest.mark.parametrize(
    ("decision", "more", "told"),
    [
        ("restart", {"restart_on": "2027-03-02"}, "Take apixaban again from Tuesday, March 2 on."),
        ("restart", {}, "Take apixaban again, as we told you."),
        ("do_not_restart", {}, "Do not take apixaban again unless your doctor tells you to."),
        ("prescriber_decides", {}, "We ask your doctor about apixaban. Take no more of it until you hear from us."),
    ],
)
def test_decision_on_a_stopped_drug_is_what_the_patient_reads(
    decision: str, more: dict[str, str], told: str, case: Case
) -> None:
    decide(case, decision, **more)
    assert told in words(enter(case))


def test_patient_at_home_reads_what_was_explained_and_until_when(case: Case) -> None:
    record(case, "follow_up", VISIT, now=NOW)
    go_home(case)
    page = words(enter(case))
    assert "After the procedure" in page
    assert "Driving Do not drive for 24 hours after the sedation. Do not drive at all while you take an opioid." in page
    assert "Warning signs Call us at once for any of these. A fever of 100.4 F (38 C) or more." in page
    assert "Ice As we told you. Call us if you are not sure." in page
    assert "Work" not in page
    assert "We see you again on Friday, March 12." in page
    assert "You can read this page until Tuesday, March 2, 2027 at" in page
    assert "nothing more to do" not in page


def test_spanish_patient_reads_no_english(case: Case) -> None:
    record(case, "follow_up", VISIT, now=NOW)
    case.patient.language = "es"
    case.patient.save()
    go_home(case)
    page = words(enter(case))
    for told in (
        "Después del procedimiento",
        "Vuelva a tomar apixaban desde el martes 2 de marzo.",
        "Manejar No maneje en las 24 horas después de la sedación",
        "Señales de alarma Llámenos enseguida si tiene algo de esto. Fiebre de 100.4 F (38 C) o más.",
        "Hielo Como le explicamos. Llámenos si tiene dudas.",
        "Le vemos otra vez el viernes 12 de marzo.",
        "Puede leer esta página hasta el martes 2 de marzo de 2027 a las 8:00 a. m. (hora del Este).",
    ):
        assert told in page, page
    assert re.findall(r"\b(none|never|call|Take|again|until|you)\b", page.split("Después del procedimiento")[1]) == []
    (mail,) = mails(case)
    assert "Subject: Después de su cita - " in mail
    assert "El enlace sirve hasta el martes 2 de marzo de 2027" in mail


def test_before_anything_is_recorded_the_page_is_as_it_was(tell: Callable[..., Case], at: object) -> None:
    case = tell("finished", start=START)
    assert "After the procedure" not in words(enter(case))


def test_mail_says_only_that_there_is_something_to_read(case: Case) -> None:
    add(case, "caregiver")
    go_home(case)
    (mail,) = mails(case)
    assert (token(link_of(case)) in mail, "The link works until Tuesday, March 2, 2027 at" in mail) == (True, True)
    for secret in ("apixaban", "kyphoplasty", "opioid", "Driving"):
        assert secret.casefold() not in mail.casefold()
    assert case.patient.family_name not in mail
    (theirs,) = mails(case, "home:caregiver")
    assert (token(link_of(case, "caregiver")) in theirs, "After the appointment - " in theirs) == (True, True)
    tell_at_home(case=case, by=BY, now=NOW)
    assert len(mails(case)) == 1
    box, _ = send_all(NOW)
    assert "patient" in {row.kind.removeprefix("home:") for row in Message.objects.filter(state="sent")}
    assert box.received


def test_dead_link_is_not_mailed(case: Case) -> None:
    revoke_links(case=case, reason=Ended.NOT_ME, by=BY, now=NOW)
    go_home(case)
    assert mails(case) == []


def test_mail_that_waits_dies_with_the_patient(case: Case) -> None:
    go_home(case)
    end_it(case, "died", now=NOW)
    assert mails(case) == []


@pytest.mark.parametrize(("days", "told"), [(0, 1), (2, 0)])
def test_going_home_that_is_entered_from_paper_is_told_while_the_link_works(
    days: int, told: int, tell: Callable[..., Case], start: datetime
) -> None:
    case = tell("started", now=start)
    later = start + timedelta(hours=3, days=days)
    enter_paper(case, PaperTimes(finished_at=start + 35 * MINUTE), now=later)
    for item, value in GOING_HOME:
        record(case, item, value, now=later, observed_at=start + 125 * MINUTE)
    enter_paper(case, PaperTimes(discharged_at=start + 130 * MINUTE), now=later)
    assert (case.state, len(mails(case))) == ("discharged", told)
