"""Two rows of one person become one patient, and two again: everything moves, nothing is lost, everybody is told."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest

from checklists.services.checklists import current_facts
from notifications.models import Message
from scheduler.models import Case, Claim, Contact, Link, Patient, PatientMerge, Record, Task
from scheduler.rules.links import Ended, digest_of
from scheduler.rules.problems import Invalid, NotFound, Refused, Stale
from scheduler.services.duplicates import candidates, preview_merge
from scheduler.services.links import open_link
from scheduler.services.merging import Choice, merge_patients
from scheduler.services.parting import Parted, undo_merge
from scheduler.services.people import NewContact, NewPatient, add_contact, add_patient, find_patients
from scheduler.services.verification import verify_chain
from tests.scheduler.pages.my.visiting import enter, link_of, token
from tests.scheduler.services.mailing import invites_of, send_all
from tests.scheduler.services.steps import BY, end_it, record

pytestmark = pytest.mark.django_db
THEIRS = ("Room 2", "Sam Second", "Bay 2")
CHOICE = Choice(take=(), contacts="survivor", identifiers=("name", "photo_id"), reason="Showed her card.")


@pytest.fixture
def kept(tell: Callable[..., Case], now: datetime) -> Case:
    return tell("booked", start=now + timedelta(days=6))


@pytest.fixture
def twin(tell: Callable[..., Case], now: datetime, kept: Case) -> Case:
    """The same person under another row, booked on another day for another level."""
    return tell("booked", start=now + timedelta(days=8), slot=THEIRS, levels=("T12",))


def merge(kept: Case, twin: Case, now: datetime, **changes: object) -> PatientMerge:
    for case in (kept, twin):
        case.patient.refresh_from_db()
    return merge_patients(
        practice_id=kept.practice_id,
        survivor_id=kept.patient_id,
        duplicate_id=twin.patient_id,
        seen_versions=(kept.patient.version, twin.patient.version),
        choice=replace(CHOICE, **changes),  # type: ignore[arg-type]
        by=BY,
        now=now,
    )


def part(made: PatientMerge, now: datetime) -> Parted:
    return undo_merge(
        practice_id=made.practice_id,
        merge_id=made.pk,
        reason="They are sisters.",
        seen_version=made.version,
        by=BY,
        now=now,
    )


def holdings() -> dict[str, list[object]]:
    """Who holds what, and who is called what: all that a merge may change and parting must restore."""
    columns = ("pk", "family_name", "given_name", "born_on", "sex", "record_number", "record_number_hash")
    return {
        "patients": list(Patient.objects.order_by("pk").values_list(*columns, "merged_into")),
        "cases": list(Case.objects.order_by("pk").values_list("pk", "patient", "state", "booking")),
        "contacts": list(Contact.objects.order_by("pk").values_list("pk", "patient", "ended_at")),
        "claims": list(Claim.objects.order_by("pk").values_list("pk", "patient", "claimed", "is_active")),
    }


def test_merge_moves_cases_contacts_and_claims_to_the_survivor(kept: Case, twin: Case, now: datetime) -> None:
    made = merge(kept, twin, now, contacts="both")
    patient, other = kept.patient_id, twin.patient_id
    for model in (Case, Contact, Claim):
        assert model._default_manager.filter(patient=other).count() == 0, model
    assert list(Case.objects.filter(patient=patient).order_by("opened_at", "pk")) == sorted(
        [kept, twin], key=lambda case: (case.opened_at, case.pk)
    )
    assert set(Claim.objects.filter(claimed=patient).values_list("booking", flat=True)) == {
        kept.booking_id,
        twin.booking_id,
    }
    assert Patient.objects.get(pk=other).merged_into_id == patient
    assert {name: len(ids) for name, ids in made.moved.items()} == {"cases": 1, "contacts": 1, "claims": 1}
    assert Case.objects.get(pk=twin.pk).version == twin.version + 1


def test_merge_takes_what_a_person_chose_and_keeps_what_lost_in_the_other_row(
    kept: Case, twin: Case, now: datetime
) -> None:
    mine, theirs = kept.patient, twin.patient
    merge(kept, twin, now, take=("record_number", "born_on"))
    survivor, duplicate = Patient.objects.get(pk=mine.pk), Patient.objects.get(pk=theirs.pk)
    taken = (survivor.record_number, survivor.record_number_hash, survivor.born_on, survivor.family_name)
    assert taken == (theirs.record_number, theirs.record_number_hash, theirs.born_on, mine.family_name)
    left = (duplicate.record_number, duplicate.record_number_hash, duplicate.born_on, duplicate.family_name)
    assert left == (mine.record_number, mine.record_number_hash, mine.born_on, theirs.family_name)
    born = {current_facts(case.checklist).born_on for case in Case.objects.filter(patient=survivor)}
    assert born == {theirs.born_on}


def test_search_finds_the_survivor_by_either_name_and_either_number(kept: Case, twin: Case, now: datetime) -> None:
    merge(kept, twin, now)
    asked = (kept.patient.family_name, twin.patient.family_name, kept.patient.record_number, twin.patient.record_number)
    found = [[p.pk for p in find_patients(practice_id=kept.practice_id, text=text)] for text in asked]
    assert found == [[kept.patient_id]] * 4
    by_birth = find_patients(practice_id=kept.practice_id, born_on=twin.patient.born_on)
    assert [p.pk for p in by_birth] == [kept.patient_id]


def test_address_that_lost_hears_a_cancel_and_the_one_that_won_a_request(kept: Case, twin: Case, now: datetime) -> None:
    send_all(now)
    lost = twin.patient.contacts.get().email
    won = kept.patient.contacts.get().email
    merge(kept, twin, now)
    told = {(invite.to, invite.method) for invite in invites_of(twin) if invite.to in (lost, won)}
    assert told == {(lost, "REQUEST"), (lost, "CANCEL"), (won, "REQUEST")}
    box, _ = send_all(now + timedelta(minutes=1))
    assert set(box.to) == {lost, won}
    assert {invite.to for invite in invites_of(kept)} & {lost} == set()


def test_merge_kills_the_links_of_what_moved_at_once_lnk_06(kept: Case, twin: Case, now: datetime) -> None:
    stays, dies = link_of(kept), link_of(twin)
    merge(kept, twin, now, contacts="both")
    assert open_link(digest=digest_of(token(dies)), now=now) is None
    assert open_link(digest=digest_of(token(stays)), now=now) is not None
    anew = Link.objects.get(case=twin, revoked_at=None, contact=dies.contact)
    assert open_link(digest=digest_of(token(anew)), now=now) is not None
    mails = Message.objects.filter(subject=twin.pk, kind="link:patient", state="queued")
    assert [mail.recipient for mail in mails] == [dies.contact.email]


def test_merge_ends_an_open_session_with_its_next_request_lnk_06(
    kept: Case, twin: Case, at: Callable[[datetime], None], now: datetime
) -> None:
    at(now)
    phone, stays = enter(twin), enter(kept)
    assert phone.get("/my/").status_code == 200
    merge(kept, twin, now, contacts="both")
    assert (phone.get("/my/").status_code, stays.get("/my/").status_code) == (404, 200)


def test_other_birth_date_kills_the_survivors_links_too_lnk_06(kept: Case, twin: Case, now: datetime) -> None:
    before = link_of(kept)
    merge(kept, twin, now, take=("born_on",))
    before.refresh_from_db()
    assert before.revoked_reason == Ended.MERGED
    assert Link.objects.filter(case=kept, revoked_at=None).count() == 1


def test_two_open_cases_for_the_same_are_named_and_become_somebodys_work(
    kept: Case, tell: Callable[..., Case], now: datetime
) -> None:
    again = tell("opened")
    seen = preview_merge(practice_id=kept.practice_id, survivor_id=kept.patient_id, duplicate_id=again.patient_id)
    assert seen.twice == ((kept, again),)
    merge(kept, again, now)
    task = Task.objects.get(case=again, kind="mend", key=f"twice:{kept.pk}")
    assert (task.queue, task.done_at) == ("scheduler", None)
    made = PatientMerge.objects.get()
    part(made, now + timedelta(hours=1))
    assert Task.objects.get(pk=task.pk).outcome == "the merge was undone"


def test_overlapping_bookings_are_refused_by_the_database_and_both_named(
    kept: Case, tell: Callable[..., Case], now: datetime
) -> None:
    same_time = tell("booked", start=now + timedelta(days=6, minutes=10), slot=THEIRS)
    before = holdings()
    with pytest.raises(Refused) as refused:
        merge(kept, same_time, now)
    (reason,) = refused.value.errors
    assert (refused.value.code, reason.code) == ("bookings_overlap", "bookings_overlap")
    assert str(kept.booking_id) in reason.detail and str(same_time.booking_id) in reason.detail
    assert holdings() == before and PatientMerge.objects.count() == 0


def test_parting_restores_exactly_what_the_merge_moved(kept: Case, twin: Case, now: datetime) -> None:
    before = holdings()
    made = merge(kept, twin, now, take=("record_number", "born_on", "family_name"), contacts="duplicate")
    assert holdings() != before
    parted = part(made, now + timedelta(hours=1))
    assert holdings() == before
    assert parted.since == ()
    assert (parted.merge.undone_by, parted.merge.version) == (BY, 2)
    born = {case.pk: current_facts(case.checklist).born_on for case in Case.objects.all()}
    assert born == {kept.pk: kept.patient.born_on, twin.pk: twin.patient.born_on}


def test_parting_tells_both_addresses_again_and_kills_the_links_between(kept: Case, twin: Case, now: datetime) -> None:
    lost, won = twin.patient.contacts.get(), kept.patient.contacts.get()
    made = merge(kept, twin, now)
    between = Link.objects.get(case=twin, contact=won, revoked_at=None)
    send_all(now + timedelta(minutes=1))
    part(made, now + timedelta(hours=1))
    box, _ = send_all(now + timedelta(hours=1, minutes=1))
    assert {won.email, lost.email} <= set(box.to)
    told = {(i.to, i.sequence, i.method) for i in invites_of(twin)}
    assert {(lost.email, 1, "REQUEST"), (won.email, 1, "CANCEL")} <= told
    assert open_link(digest=digest_of(token(between)), now=now) is None
    live = Link.objects.filter(case=twin, revoked_at=None)
    assert [link.contact_id for link in live] == [lost.pk]


def test_parting_names_what_came_since_and_what_follows_its_case(
    kept: Case, twin: Case, tell: Callable[..., Case], now: datetime
) -> None:
    made = merge(kept, twin, now)
    later = now + timedelta(hours=1)
    own = add_contact(patient=kept.patient, contact=NewContact("caregiver", phone="555-0177"), by=BY, now=later)
    ride = {"available": True, "adult": True, "escort_name": "Ed", "escort_phone": "555-0188"}
    said = record(Case.objects.get(pk=twin.pk), "ride", ride, now=later).evidence
    escort = Contact.objects.get(kind="escort")
    parted = part(made, later + timedelta(hours=1))
    assert {(one.kind, one.id, one.stays) for one in parted.since} == {
        ("contact", str(own.pk), True),
        ("contact", str(escort.pk), False),
        ("evidence", str(said.public_id), False),
    }
    patients = dict(Contact.objects.filter(pk__in=(own.pk, escort.pk)).values_list("pk", "patient"))
    assert patients == {own.pk: kept.patient_id, escort.pk: twin.patient_id}


def test_merges_are_undone_the_newest_first(kept: Case, twin: Case, tell: Callable[..., Case], now: datetime) -> None:
    first = merge(kept, twin, now)
    third = tell("opened")
    second = merge(kept, third, now + timedelta(hours=1))
    with pytest.raises(Refused) as refused:
        part(first, now + timedelta(hours=2))
    assert (refused.value.code, str(second.pk) in refused.value.errors[0].detail) == ("merged_since", True)
    part(second, now + timedelta(hours=2))
    part(first, now + timedelta(hours=3))
    assert Patient.objects.exclude(merged_into=None).count() == 0


def test_merged_row_takes_nothing_and_is_not_merged_again(kept: Case, twin: Case, now: datetime) -> None:
    made = merge(kept, twin, now)
    twin.patient.refresh_from_db()
    with pytest.raises(Refused) as refused:
        add_contact(patient=twin.patient, contact=NewContact(phone="555-0199"), by=BY, now=now)
    assert refused.value.code == "patient_merged"
    with pytest.raises(Refused) as again:
        merge(kept, twin, now)
    assert again.value.errors[0].code == "patient_merged"
    part(made, now + timedelta(hours=1))
    made.refresh_from_db()
    with pytest.raises(Refused) as undone:
        part(made, now + timedelta(hours=2))
    assert undone.value.code == "merge_undone"


def test_nobody_is_merged_while_their_procedure_goes_on(
    tell: Callable[..., Case], kept: Case, start: datetime, now: datetime
) -> None:
    under_way = tell("started", now=start, slot=THEIRS)
    with pytest.raises(Refused) as refused:
        merge(kept, under_way, start)
    assert [reason.code for reason in refused.value.errors] == ["case_under_way"]


WRONG: list[tuple[dict[str, object], set[str]]] = [
    ({"identifiers": ("name",)}, {"identity_incomplete"}),
    ({"identifiers": ("name", "name")}, {"identity_incomplete"}),
    ({"identifiers": ("name", "face")}, {"bad_identifier"}),
    ({"take": ("state",)}, {"bad_column"}),
    ({"contacts": "nobody", "reason": "  "}, {"bad_side", "no_reason"}),
]


@pytest.mark.parametrize(("changes", "codes"), WRONG)
def test_incomplete_decision_is_refused_with_every_reason(
    kept: Case, tell: Callable[..., Case], now: datetime, changes: dict[str, object], codes: set[str]
) -> None:
    other = tell("opened")
    with pytest.raises(Invalid) as refused:
        merge(kept, other, now, **changes)
    assert {reason.code for reason in refused.value.errors} == codes
    assert PatientMerge.objects.count() == 0


def test_merge_of_what_somebody_changed_since_is_stale(kept: Case, tell: Callable[..., Case], now: datetime) -> None:
    other = tell("opened")
    common = {"practice_id": kept.practice_id, "choice": CHOICE, "by": BY, "now": now}
    ids = {"survivor_id": kept.patient_id, "duplicate_id": other.patient_id}
    for versions in ((2, 1), (1, 2)):
        with pytest.raises(Stale):
            merge_patients(seen_versions=versions, **ids, **common)
    made = merge(kept, other, now)
    with pytest.raises(Stale):
        undo_merge(practice_id=kept.practice_id, merge_id=made.pk, reason="r", seen_version=7, by=BY, now=now)
    with pytest.raises(NotFound):
        undo_merge(practice_id=kept.practice_id, merge_id=kept.pk, reason="r", seen_version=1, by=BY, now=now)


def test_who_died_under_one_row_is_written_to_under_neither(
    kept: Case, tell: Callable[..., Case], now: datetime
) -> None:
    gone = tell("booked", start=now + timedelta(days=9), slot=THEIRS)
    end_it(gone, "died", now=now)
    merge(kept, gone, now + timedelta(hours=1))
    assert Link.objects.filter(case__patient=kept.patient_id, revoked_at=None).count() == 0
    to_them = Message.objects.filter(subject=kept.pk, state="queued").exclude(kind__endswith=":staff")
    assert to_them.count() == 0
    assert Task.objects.filter(case=kept, key=f"died:{gone.pk}", done_at=None).count() == 1


def test_merge_and_parting_are_in_the_record_of_both_and_of_each_case(kept: Case, twin: Case, now: datetime) -> None:
    made = merge(kept, twin, now)
    part(made, now + timedelta(hours=1))
    subjects = {
        action: set(Record.objects.filter(action=action, by=BY).values_list("subject", flat=True))
        for action in ("patients_merged", "merge_undone", "case_moved_by_merge", "case_moved_back")
    }
    both, moved = {str(kept.patient_id), str(twin.patient_id)}, {str(twin.pk)}
    assert list(subjects.values()) == [both, both, moved, moved]
    assert verify_chain(kept.practice_id) == []


def test_candidates_are_alike_by_birth_date_and_name_or_by_phone(kept: Case, now: datetime) -> None:
    practice = kept.practice_id

    def patient(family: str, given: str, born: date, number: str = "", phone: str = "") -> Patient:
        new = NewPatient(family, given, born, record_number=number)
        made = add_patient(practice_id=practice, patient=new, by=BY, now=now)
        if phone:
            add_contact(patient=made, contact=NewContact(phone=phone), by=BY, now=now)
        return made

    day, other_day = date(1940, 5, 6), date(1940, 6, 5)
    ana = patient("García", "Ana María", day, "A-17 4", "555-0501")
    anna = patient("Garcia", "Anna Maria", day)
    number = patient("Wholly", "Different", day, "a174")
    wife = patient("Smith", "Eve", other_day, phone="555-0502")
    husband = patient("Jones", "Bob", day, phone="555-0502")
    turned = patient("Ana Maria", "Garcia", other_day, phone="555-0501")
    found = {frozenset((pair.one.pk, pair.other.pk)): pair.why for pair in candidates(practice)}
    assert set(found) == {frozenset(p.pk for p in pair) for pair in ((ana, anna), (ana, number), (ana, turned))}
    assert found[frozenset((ana.pk, anna.pk))] == (
        "similar name",
        "same family name and birth year",
        "same birth date",
    )
    assert "same phone" in found[frozenset((ana.pk, turned.pk))]
    assert {wife.pk, husband.pk} not in [set(pair) for pair in found]
