"""Whoever opens a link proves the date of birth, or says that it is not theirs. Limits live in the database."""

from datetime import date, datetime

from django.db import transaction

from scheduler.models import Case, Link, Record
from scheduler.peer import peer
from scheduler.rules.duties import Duty
from scheduler.rules.links import MOST_LINKS_OF_ONE_PLACE, PLACE_WAITS, TRIES, Ended, Standing, place_of
from scheduler.rules.problems import TooMany
from scheduler.services.links import revoke_links, standing_of, withdraw_mails
from scheduler.services.readiness import locked_case, look_again
from scheduler.services.record import append_record
from scheduler.services.tasks import owe_task

WRONG = "link_wrong_answer"
LOCKED = (
    "Somebody gave five wrong dates of birth at the link of the {who}, so it is locked. "
    "Call the {who}, check the address, then send the link again."
)
NOT_ME = (
    "Somebody opened the link of the {who} and said that it is not theirs, so it is dead. "
    "Call the {who}, correct the address, then send the link again."
)


def link_by(link: Link) -> str:
    """Who recorded, in the record and in evidence."""
    return f"link:{link.pk}"


@transaction.atomic
def answer_birth_date(*, link: Link, born_on: date, now: datetime) -> bool:
    """Whether it is the patient's. The fifth wrong one locks the link for good; a dead link is right for nobody.

    Raises TooMany while others at the same address gave wrong ones at many links: also the right one waits then.
    """
    case, row = locked_link(link)
    if standing_of(row, now) != Standing.OPEN:
        return False
    if peer() and _links_tried_from(place_of(peer()), row, now) >= MOST_LINKS_OF_ONE_PLACE:
        raise TooMany("Wrong dates of birth were given at many links from this address.")
    if born_on == case.patient.born_on:
        _record(row, "link_opened", now)
        return True
    row.wrong_answers += 1
    row.save(update_fields=["wrong_answers"])
    link.wrong_answers = row.wrong_answers
    _record(row, WRONG, now)
    if row.wrong_answers >= TRIES:
        withdraw_mails(row, reason="the link is locked", now=now)
        _record(row, "link_locked", now)
        _owe_call(case, row, LOCKED, now)
        look_again(case=case, now=now, by=link_by(row))
    return False


@transaction.atomic
def not_me(*, link: Link, now: datetime) -> None:
    """The link reached somebody else: dead at once, and the desk's work."""
    case, row = locked_link(link)
    if standing_of(row, now) != Standing.OPEN:
        return
    revoke_links(reason=Ended.NOT_ME, by=link_by(row), now=now, case=case, contact=row.contact)
    _owe_call(case, row, NOT_ME, now)
    look_again(case=case, now=now, by=link_by(row))


def _links_tried_from(place: str, link: Link, now: datetime) -> int:
    """At how many other links of the practice a wrong date came from there lately; the record is what counts."""
    wrong = Record.objects.filter(practice_id=link.practice_id, action=WRONG, at__gt=now - PLACE_WAITS)
    tried = wrong.exclude(by=link_by(link)).exclude(peer="").values_list("by", "peer").distinct()
    return len({by for by, address in tried if place_of(address) == place})


def locked_link(link: Link) -> tuple[Case, Link]:
    """The case's lock first, as everywhere; then the link as it is now."""
    case = locked_case(link.practice_id, link.case_id)
    row = Link.objects.select_for_update(of=("self",)).select_related("contact").get(pk=link.pk)
    row.case = case
    return case, row


def _record(link: Link, action: str, now: datetime) -> None:
    append_record(
        practice_id=link.practice_id,
        by=link_by(link),
        action=action,
        subject=link.case_id,
        now=now,
        fields={"link": link.pk},
    )


def _owe_call(case: Case, link: Link, sentence: str, now: datetime) -> None:
    duty = Duty("call", f"link:{link.pk}", "scheduler", sentence.format(who=link.contact.kind), None)
    owe_task(case=case, duty=duty, by=link_by(link), now=now)
