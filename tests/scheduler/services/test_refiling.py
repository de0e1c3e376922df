"""What was filed to the wrong patient goes where it belongs: each side judged anew, everybody told, nothing lost."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from checklists.models import Evidence
from checklists.rules.values import Authority
from checklists.services.checklists import current_facts
from notifications.models import Message
from scheduler.models import Case, Claim, Contact, Link, Patient, Record, Task
from scheduler.rules.links import Ended, digest_of
from scheduler.rules.problems import Invalid, NotPermitted, Refused, Stale
from scheduler.services import transitions
from scheduler.services.links import open_link
from scheduler.services.people import NewContact, NewPatient, add_contact, add_patient
from scheduler.services.refiling import Refiled, refile_case, refile_evidence
from scheduler.services.verification import verify_chain
from tests.scheduler.pages.my.visiting import link_of, token
from tests.scheduler.services.mailing import invites_of, send_all
from tests.scheduler.services.steps import BY, record
from tests.scheduler.services.test_evidence import finding

pytestmark = pytest.mark.django_db
THEIRS = ("Room 2", "Sam Second", "Bay 2")
INR = {"analyte": "INR", "value": 1.0, "unit": "ratio"}
RIDE = {"available": True, "adult": True, "transport": "car"}


@pytest.fixture
def here(tell: Callable[..., Case], now: datetime) -> Case:
    return tell("booked", start=now + timedelta(days=6))


@pytest.fixture
def there(tell: Callable[..., Case], now: datetime, here: Case) -> Case:
    return tell("booked", start=now + timedelta(days=8), slot=THEIRS)


def refile(word: Evidence, to: Case, now: datetime, **changes: object) -> Refiled:
    common = {"seen_versions": (word.item_version, 0), "authority": Authority.NURSE, "reason": "two tubes swapped"}
    return refile_evidence(
        practice_id=to.practice_id, public_id=word.public_id, to_case_id=to.pk, by=BY, now=now, **{**common, **changes}
    )


def test_word_goes_where_it_belongs_with_its_moment_and_both_name_each_other(
    here: Case, there: Case, now: datetime
) -> None:
    no = {"analyte": "INR", "value": 3.9, "unit": "ratio"}
    word = record(here, "labs", no, now=now, observed_at=now - timedelta(hours=3)).evidence
    done = refile(word, there, now + timedelta(minutes=5))
    moved = done.recorded.evidence
    assert (moved.item, moved.value, moved.observed_at) == ("labs", no, word.observed_at)
    assert (moved.said_by, moved.authority, moved.recorded_by) == ("staff", Authority.NURSE, BY)
    word.refresh_from_db()
    assert (word.error.refiled_as, moved.refiled_from.evidence, word.error.reason) == (moved, word, "two tubes swapped")
    later = now + timedelta(minutes=5)
    assert finding(here, "labs", later)[0] == "pending"
    assert finding(there, "labs", later)[0] == "failed"
    subjects = set(Record.objects.filter(action="evidence_refiled").values_list("subject", flat=True))
    assert subjects == {str(here.pk), str(there.pk)}
    assert verify_chain(here.practice_id) == []


def test_word_of_an_escort_takes_the_contact_along_and_tells_both_drivers(
    here: Case, there: Case, now: datetime
) -> None:
    named = {"escort_name": "Ed Escort", "escort_phone": "555-0188", "escort_email": "ed@people.example"}
    word = record(here, "ride", {**RIDE, **named}, now=now).evidence
    assert Message.objects.filter(subject=here.pk, kind="pickup:escort").count() == 1
    send_all(now + timedelta(minutes=1))
    refile(word, there, now + timedelta(minutes=5))
    escort = Contact.objects.get(patient=there.patient_id, kind="escort")
    assert (escort.name, escort.phone, escort.email) == ("Ed Escort", "555-0188", "ed@people.example")
    told = Message.objects.filter(kind__startswith="pickup").values_list("subject", "kind")
    assert {(str(subject), kind) for subject, kind in told} == {
        (str(here.pk), "pickup:escort"),
        (str(here.pk), "pickup_cancelled:escort"),
        (str(there.pk), "pickup:escort"),
    }


def test_word_is_refiled_only_by_who_may_strike_it_and_saw_both_sides(here: Case, there: Case, now: datetime) -> None:
    word = record(here, "labs", INR, now=now).evidence
    with pytest.raises(NotPermitted):
        refile(word, there, now, authority=Authority.SCHEDULER)
    with pytest.raises(Stale):
        refile(word, there, now, seen_versions=(word.item_version + 1, 0))
    with pytest.raises(Stale):
        refile(word, there, now, seen_versions=(word.item_version, 1))
    with pytest.raises(Invalid):
        refile(word, here, now)
    assert not hasattr(Evidence.objects.get(pk=word.pk), "error")
    assert Evidence.objects.filter(checklist=there.checklist, item="labs").count() == 0
    refile(word, there, now)
    with pytest.raises(Refused):
        refile(word, there, now)


@pytest.fixture
def right(here: Case, now: datetime) -> Patient:
    new = NewPatient("Rightful", "Rita", here.patient.born_on - timedelta(days=400), "male")
    patient = add_patient(practice_id=here.practice_id, patient=new, by=BY, now=now)
    add_contact(patient=patient, contact=NewContact(email="rita@people.example", phone="555-0300"), by=BY, now=now)
    return patient


def move(case: Case, to: Patient, now: datetime, **changes: object) -> Case:
    case.refresh_from_db()
    common = {"seen_version": case.version, "reason": "names mixed up", "by": BY, "now": now}
    return refile_case(practice_id=case.practice_id, case_id=case.pk, to_patient_id=to.pk, **{**common, **changes})


def test_case_goes_to_the_right_patient_and_calendars_follow(here: Case, right: Patient, now: datetime) -> None:
    send_all(now)
    wrong, old = here.patient, link_of(here)
    case = move(here, right, now + timedelta(hours=1))
    assert (case.patient, case.booking_id, case.version > here.version) == (right, here.booking_id, True)
    assert list(Claim.objects.filter(booking=case.booking_id, patient__isnull=False).values_list("claimed")) == [
        (right.pk,)
    ]
    facts = current_facts(case.checklist)
    assert (facts.born_on, facts.sex) == (right.born_on, "male")
    told = {(i.to, i.method) for i in invites_of(case) if "demo" not in i.to}
    address = wrong.contacts.get().email
    assert told == {(address, "REQUEST"), (address, "CANCEL"), ("rita@people.example", "REQUEST")}
    old.refresh_from_db()
    assert (old.revoked_reason, open_link(digest=digest_of(token(old)), now=now)) == (Ended.REFILED, None)
    assert [link.contact.patient for link in Link.objects.filter(case=case, revoked_at=None)] == [right]
    queued = Message.objects.filter(subject=case.pk, state="queued").exclude(kind__startswith="cancel")
    assert {mail.recipient for mail in queued} & {address} == set()
    assert verify_chain(case.practice_id) == []


def test_what_the_wrong_patient_and_their_escort_said_goes_out_of_the_case(
    here: Case, right: Patient, now: datetime
) -> None:
    record(here, "ride", {**RIDE, "escort_name": "Ed", "escort_email": "ed@people.example"}, now=now)
    record(here, "ride", RIDE, now=now + timedelta(seconds=1), said_by="patient")
    record(here, "labs", INR, now=now)
    send_all(now + timedelta(minutes=1))
    case = move(here, right, now + timedelta(hours=1))
    left = set(Evidence.objects.filter(checklist=case.checklist, error=None).values_list("item", flat=True))
    assert ("ride" in left, "labs" in left, finding(case, "ride", now + timedelta(hours=1))[0]) == (
        False,
        True,
        "pending",
    )
    assert Message.objects.filter(subject=case.pk, kind="pickup_cancelled:escort").count() == 1
    assert Contact.objects.filter(patient=right, kind="escort").count() == 0


def test_case_of_somebody_booked_then_is_refused_and_nothing_moves(
    here: Case, tell: Callable[..., Case], now: datetime
) -> None:
    other = tell("booked", start=now + timedelta(days=6, minutes=10), slot=THEIRS)
    with pytest.raises(Refused) as refused:
        move(here, other.patient, now)
    assert refused.value.code == "bookings_overlap"
    here.refresh_from_db()
    assert (here.patient_id != other.patient_id, link_of(here).revoked_at) == (True, None)


def test_case_is_not_refiled_once_checked_in_started_or_stale(
    tell: Callable[..., Case], here: Case, right: Patient, now: datetime, start: datetime
) -> None:
    inside = tell("checked_in", now=start, slot=THEIRS)
    with pytest.raises(Refused) as refused:
        move(inside, right, start)
    assert refused.value.code == "wrong_state"
    begun = transitions.start(
        practice_id=inside.practice_id, case_id=inside.pk, seen_version=inside.version, by=BY, now=start
    ).case
    with pytest.raises(Refused) as refused:
        move(begun, right, start)
    assert refused.value.code == "had_started"
    with pytest.raises(Refused) as refused:
        move(here, here.patient, now)
    assert refused.value.code == "same_patient"
    with pytest.raises(Stale):
        move(here, right, now, seen_version=here.version + 1)


def test_drug_that_the_wrong_patient_may_have_stopped_is_decided_about(
    tell: Callable[..., Case], right: Patient, now: datetime
) -> None:
    held = tell("held", start=now + timedelta(hours=30), slot=THEIRS, drugs=("apixaban",))
    wrong = held.patient_id
    move(held, right, now)
    task = Task.objects.get(case=held, kind="restart_decision", key=f"refiled:{wrong}:apixaban")
    assert (task.queue, task.is_derived, task.done_at) == ("clinician", False, None)
