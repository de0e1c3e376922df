"""The machine that walks: each rule is one step, and after each the promises are looked at."""

import random
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.db import transaction
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from checklists.rules.values import Authority, Gate
from notifications.models import Message
from scheduler.models import Case, Practice, Task
from scheduler.rules.transitions import ENDINGS
from scheduler.services import bookings, transitions
from tests.conftest import NOW, ZONE
from tests.scheduler.walks import truths
from tests.scheduler.walks.doings import Doings
from tests.scheduler.walks.life import ROLES

# The clock changes in the nights after these mornings.
MORNINGS = [datetime(2027, 3, 12, 8, tzinfo=ZoneInfo(ZONE)), datetime(2027, 11, 5, 8, tzinfo=ZoneInfo(ZONE)), NOW]
case, few, some, yes = st.integers(0, 3), st.integers(0, 2), st.integers(0, 23), st.booleans()
BEFORE_START = (Gate.BOOKING, Gate.CHECK_IN, Gate.START)


class Walk(RuleBasedStateMachine):
    practice: Practice
    chance: random.Random

    def __init__(self) -> None:
        super().__init__()
        self.chance.seed(1)
        self.undo = transaction.atomic()
        self.undo._from_testcase = True  # type: ignore[attr-defined]  # the post refuses other transactions
        self.undo.__enter__()
        self.owed: dict[Any, set[str]] = {}

    def teardown(self) -> None:
        try:
            if hasattr(self, "life"):
                truths.record_is_whole(self.life)
        finally:
            transaction.set_rollback(True)
            self.undo.__exit__(None, None, None)

    @initialize(morning=st.sampled_from(MORNINGS), drugs=few, mail=yes, days=st.integers(0, 5))
    def begins(self, morning: datetime, drugs: int, mail: bool, days: int) -> None:
        """With one case: booked and ready in so many days, 0: just referred."""
        self.life = Doings(self.practice, morning)
        self.life.open(0, drugs, mail)
        if days:
            self.book_ready(0, days, 10, 1)

    def look(self) -> None:
        truths.nobody_is_claimed_twice(self.life)
        truths.no_stop_before_agreement(self.life)
        truths.boards_show_what_is(self.life)
        truths.starts_had_passes(self.life)
        self.restarts_are_owed()

    # Cases and plans

    @rule(person=case, drugs=few, mail=yes)
    def open(self, person: int, drugs: int, mail: bool) -> None:
        if len(self.life.cases) < 4:
            self.life.open(person, drugs, mail)
        self.look()

    @rule(of=case, drugs=few, levels=few, fell=yes)
    def change_plan(self, of: int, drugs: int, levels: int, fell: bool) -> None:
        self.life.change_plan(self.life.case(of), drugs, levels, fell)
        self.look()

    # Words

    @rule(of=case, item=some, word=few, role=st.integers(0, 3), hours=st.sampled_from([0, 0, 3, 50, 900]), noes=yes)
    def say(self, of: int, item: int, word: int, role: int, hours: int, noes: bool) -> None:
        chosen = self.life.case(of)
        before = self.noes_of(chosen)
        self.life.say(chosen, item, word, role, hours, noes)
        self.noes_stand(chosen, before, ROLES[role])
        self.look()

    @rule(of=case, gates=st.sampled_from([BEFORE_START, BEFORE_START[:1], (Gate.DISCHARGE,)]), but=st.integers(-1, 5))
    def make_ready(self, of: int, gates: tuple[Gate, ...], but: int) -> None:
        self.life.make_ready(self.life.case(of), gates, but)
        self.look()

    @rule(of=case, word=some, role=st.integers(1, 3))
    def strike(self, of: int, word: int, role: int) -> None:
        chosen = self.life.case(of)
        self.life.strike(chosen, word, role)
        self.look()

    @rule(of=case, question=few, choice=few, replaces=yes, whose=st.sampled_from(["patient", "caregiver", "escort"]))
    def answer(self, of: int, question: int, choice: int, replaces: bool, whose: str) -> None:
        chosen = self.life.case(of)
        before = self.noes_of(chosen)
        self.life.answer(chosen, question, choice, replaces, whose)
        self.noes_stand(chosen, before, Authority.PATIENT)
        self.look()

    @rule(of=case, question=few, choice=few)
    def phone(self, of: int, question: int, choice: int) -> None:
        chosen = self.life.case(of)
        before = self.noes_of(chosen)
        self.life.phone(chosen, question, choice)
        self.noes_stand(chosen, before, Authority.PATIENT)
        self.look()

    @rule(of=case, how=st.sampled_from(["link", "phone"]))
    def ask_prescriber(self, of: int, how: str) -> None:
        self.life.ask_prescriber(self.life.case(of), how)
        self.look()

    @rule(of=case, answer=st.sampled_from(["agreed", "refused", "continue", "call_me"]))
    def prescriber_answers(self, of: int, answer: str) -> None:
        chosen = self.life.case(of)
        before = self.noes_of(chosen)
        self.life.prescriber_answers(chosen, answer)
        self.noes_stand(chosen, before, Authority.PATIENT)
        self.look()

    # Bookings and the day

    @rule(of=case, days=st.integers(0, 9), hour=st.integers(8, 15), room=st.integers(1, 2))
    def book(self, of: int, days: int, hour: int, room: int) -> None:
        self.life.book(self.life.case(of), self.life.slot(days, hour, room))
        self.look()

    @rule(of=case, days=st.integers(1, 5), hour=st.integers(8, 15), room=st.integers(1, 2))
    def book_ready(self, of: int, days: int, hour: int, room: int) -> None:
        """What most cases live through before anything goes wrong."""
        self.life.make_ready(self.life.case(of), BEFORE_START)
        self.life.book(self.life.case(of), self.life.slot(days, hour, room))
        self.look()

    @rule(of=case, but=st.integers(-3, 3))
    def come_and_be_checked_in(self, of: int, but: int) -> None:
        booking = self.life.case(of).booking
        if booking is not None:
            self.life.now = max(self.life.now, booking.starts_at - timedelta(minutes=20))
        self.life.arrive(self.life.case(of))
        self.life.make_ready(self.life.case(of), BEFORE_START, but)
        self.life.on(transitions.check_in, self.life.case(of))
        self.look()

    @rule(of=case, days=st.integers(0, 9), hour=st.integers(8, 15), room=st.integers(1, 2))
    def move(self, of: int, days: int, hour: int, room: int) -> None:
        self.life.of_booking(bookings.move_booking, self.life.case(of), slot=self.life.slot(days, hour, room))
        self.look()

    @rule(of=case)
    def release(self, of: int) -> None:
        chosen = self.life.case(of)
        with self.puts_off(chosen):
            self.life.of_booking(bookings.release_booking, chosen, reason="room closed")
        self.look()

    @rule(of=case)
    def arrive(self, of: int) -> None:
        self.life.arrive(self.life.case(of))
        self.look()

    @rule(of=case, act=st.sampled_from(["check_in", "finish", "discharge", "reopen"]))
    def go(self, of: int, act: str) -> None:
        self.life.on(getattr(transitions, act), self.life.case(of))
        self.look()

    @rule(of=case)
    def start(self, of: int) -> None:
        chosen = self.life.case(of)
        may, was = truths.may_start(chosen, self.life.now), chosen.state
        began = self.life.on(transitions.start, chosen) is not None
        if was == "checked_in":
            assert began == may, f"began: {began}, though by what is written: {may} ({self.life.last_refusal})"
        else:
            assert not began
        self.look()

    @rule(of=case)
    def close(self, of: int) -> None:
        chosen = self.life.case(of)
        if self.life.on(transitions.close, chosen) is not None:
            assert not self.owed.get(chosen.pk), f"closed while the restart is owed of {self.owed[chosen.pk]}"
        self.look()

    @rule(of=case, ending=st.sampled_from(["cancelled", "no_show", "withdrew", "aborted", "cancelled", "died"]))
    def end(self, of: int, ending: str) -> None:
        chosen = self.life.case(of)
        with self.puts_off(chosen):
            self.life.end(chosen, ending)
        self.look()

    @rule(of=case)
    def send_home(self, of: int) -> None:
        chosen = self.life.case(of)
        with self.puts_off(chosen):
            self.life.send_home(chosen)
        self.look()

    @rule(of=case, number=few)
    def review(self, of: int, number: int) -> None:
        self.life.review(self.life.case(of), number)
        self.look()

    @rule(of=case, number=few, second=yes)
    def override(self, of: int, number: int, second: bool) -> None:
        self.life.override(self.life.case(of), number, second)
        self.look()

    @rule(of=case, number=few)
    def ask_override(self, of: int, number: int) -> None:
        self.life.ask_override(self.life.case(of), number)
        self.look()

    @rule(number=some, role=st.sampled_from(["scheduler", "nurse", "clinician"]))
    def finish_task(self, number: int, role: str) -> None:
        task = self.life.finish_task(number, role)
        if task is not None and task.kind == "restart_decision" and task.case_id in self.owed:
            self.owed[task.case_id].discard(task.key.rpartition(":")[2])
        self.look()

    # Contacts, links and patients mixed up

    @rule(of=case, kind=st.sampled_from(["patient", "caregiver", "escort"]), number=few)
    def add_contact(self, of: int, kind: str, number: int) -> None:
        self.life.add_contact(self.life.case(of), kind, number)
        self.look()

    @rule(of=case, number=few, address=few)
    def replace_contact(self, of: int, number: int, address: int) -> None:
        self.life.replace_contact(self.life.case(of), number, address)
        self.look()

    @rule(of=case, number=few)
    def end_contact(self, of: int, number: int) -> None:
        self.life.end_contact(self.life.case(of), number)
        self.look()

    @rule(of=case, language=st.sampled_from(["es", "en"]))
    def change_language(self, of: int, language: str) -> None:
        self.life.change_language(self.life.case(of), language)
        self.look()

    @rule(of=case, number=few)
    def send_link(self, of: int, number: int) -> None:
        self.life.send_link(self.life.case(of), number)
        self.look()

    @rule(of=case, number=few)
    def not_me(self, of: int, number: int) -> None:
        self.life.not_me(self.life.case(of), number)
        self.look()

    @rule(one=case, other=case, side=st.sampled_from(["survivor", "duplicate", "both"]))
    def merge(self, one: int, other: int, side: str) -> None:
        self.life.merge(self.life.case(one), self.life.case(other), side)
        self.look()

    @rule()
    def part(self) -> None:
        self.life.part()
        self.look()

    @rule(of=case, other=case)
    def refile_case(self, of: int, other: int) -> None:
        self.life.refile_case(self.life.case(of), self.life.case(other))
        self.look()

    @rule(of=case, other=case, word=some)
    def refile_evidence(self, of: int, other: int, word: int) -> None:
        self.life.refile_evidence(self.life.case(of), self.life.case(other), word)
        self.look()

    # Papers and protocols

    @rule(of=case, hours=st.integers(1, 40), until=few, room=few)
    def enter_from_paper(self, of: int, hours: int, until: int, room: int) -> None:
        self.life.enter_from_paper(self.life.case(of), hours, until, room)
        self.look()

    @precondition(lambda self: len(self.life.versions()) < 3)
    @rule()
    def adopt_version(self) -> None:
        self.life.adopt_version()
        self.look()

    @rule(number=few)
    def withdraw_version(self, number: int) -> None:
        self.life.withdraw_version(number)
        self.look()

    @rule(number=few)
    def move_cases(self, number: int) -> None:
        self.life.move_cases(number)
        self.look()

    # The clock

    @rule(minutes=st.sampled_from([1, 20, 55]))
    def wait_minutes(self, minutes: int) -> None:
        self.life.wait(minutes=minutes)
        self.look()

    @rule(hours=st.sampled_from([1, 3, 12, 24, 72, 24 * 40]))
    def wait_hours(self, hours: int) -> None:
        self.life.wait(hours=hours)
        self.look()

    @rule(of=case, minutes=st.sampled_from([-70, -20, -1, 0, 30]))
    def wait_for_the_booking(self, of: int, minutes: int) -> None:
        booking = self.life.case(of).booking
        if booking is not None:
            self.life.now = max(self.life.now, booking.starts_at + timedelta(minutes=minutes))
        self.look()

    @rule()
    def sweep(self) -> None:
        self.life.sweep()
        truths.every_block_is_owed(self.life)
        self.look()

    @rule(answer=st.sampled_from(["taken", "taken", "taken", "later", "lost", "never"]))
    def send(self, answer: str) -> None:
        before = set(Message.objects.filter(state="sent").values_list("pk", flat=True))
        post = self.life.send(answer)
        for recipient, payload in post.taken:
            self.life.calendars.receive(recipient, payload)
        truths.mail_was_due(self.life, before)
        truths.calendars_agree(self.life, self.life.calendars)

    # What a walk remembers

    def noes_of(self, of: Case) -> dict[str, int]:
        """By item: the highest role whose recorded no stands."""
        anew = truths.judged(of, truths.begins(of, self.life.now), self.life.now)
        said = {row.pk: row.authority for row in truths.Evidence.objects.filter(checklist=of.checklist_id)}
        noes = [f for f in anew.findings if f.recorded and f.status.value == "failed" and f.evidence]
        return {finding.item: said[finding.evidence[0]] for finding in noes}

    def noes_stand(self, of: Case, before: dict[str, int], role: Authority) -> None:
        again = self.life.case(self.life.cases.index(of.pk))
        anew = truths.judged(again, truths.begins(again, self.life.now), self.life.now)
        now_passing = {finding.item for finding in anew.findings if finding.status.value in ("satisfied", "waived")}
        cleared = {item for item, said_by in before.items() if said_by > role and item in now_passing}
        assert not cleared, f"{role.name} cleared the word of somebody above: {cleared}"

    def puts_off(self, of: Case) -> "PutOff":
        return PutOff(self, of)

    def restarts_are_owed(self) -> None:
        for of in truths.all_cases(self.life):
            decided = truths.Evidence.objects.filter(checklist=of.checklist_id, item__startswith="restart_decision:")
            for word in decided.filter(recorded_at=self.life.now):
                self.owed.get(of.pk, set()).discard(word.item.partition(":")[2])
            if of.state == "closed":
                continue
            tasks = Task.objects.filter(case=of, kind="restart_decision", done_at=None, queue="clinician")
            asked = {task.key.rpartition(":")[2] for task in tasks}
            missing = self.owed.get(of.pk, set()) - asked
            assert not missing, f"{of.state}: nobody is asked about restarting {missing}"


class PutOff:
    """Whoever stopped a drug for a procedure that does not happen now is owed a decision."""

    def __init__(self, walk: Walk, of: Case) -> None:
        self.walk, self.of = walk, of

    def __enter__(self) -> None:
        now = self.walk.life.now
        anew = truths.judged(self.of, truths.begins(self.of, now), now)
        restarts = [f for f in anew.findings if f.kind == "restart_decision" and f.status.value not in truths.PASSING]
        self.started = {finding.item.partition(":")[2] for finding in restarts}

    def __exit__(self, *_: object) -> None:
        state = Case.objects.values_list("state", flat=True).get(pk=self.of.pk)
        if state != self.of.state and state in ("referred", *ENDINGS):
            self.walk.owed.setdefault(self.of.pk, set()).update(self.started)
