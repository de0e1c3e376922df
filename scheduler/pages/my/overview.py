"""What the patient or a caregiver sees first, and last: when, where, how much is done, one thing next."""

import uuid
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from checklists.rules.questions import Question, Text
from scheduler.pages.my.door import Visit, my_page, show
from scheduler.services.answers import Asked, asked_of
from scheduler.services.home import afterwards_of, read_until
from scheduler.services.moves import moved_from
from scheduler.spoken import when_in_words


@dataclass(frozen=True, slots=True)
class Step:
    """One question as a line of a list; `address` names neither item nor drug."""

    asked: Asked
    address: uuid.UUID

    @property
    def question(self) -> Question:
        return self.asked.question

    @property
    def is_next(self) -> bool:
        return self.question.is_open and not self.question.is_done and not self.question.on_hold

    @property
    def mark(self) -> str:
        """hold | open | done | later: how the step stands, for the list and the count alike."""
        question = self.question
        if question.on_hold:
            return "hold"
        if self.is_next:
            return "open"
        return "done" if question.is_done and (question.is_open or question.answered) else "later"

    @property
    def then(self) -> Text | None:
        """What was said would happen after the answer that stands."""
        answered = self.question.answered
        choice = self.question.choice(answered.choice) if answered and answered.choice else None
        return choice.then if choice else None


def steps_of(visit: Visit) -> list[Step]:
    asked = asked_of(visit.case, visit.now)
    return [Step(each, uuid.uuid5(visit.case.pk, each.question.item)) for each in asked]


def next_of(steps: list[Step]) -> Step | None:
    return next((step for step in steps if step.is_next), None)


def appointment(visit: Visit) -> dict[str, object]:
    """When it is, and when it was before it moved."""
    booking, before = visit.case.booking, moved_from(visit.link)
    return {
        "when": when_in_words(booking.starts_at, visit.practice) if booking else "",
        "before": when_in_words(before, visit.practice) if before else "",
    }


def overview(request: HttpRequest, visit: Visit) -> HttpResponse:
    steps, until = steps_of(visit), read_until(visit.case)
    context: dict[str, Any] = {
        **appointment(visit),
        "steps": steps,
        "done": sum(step.mark == "done" for step in steps),
        "next": next_of(steps),
        "on_hold": any(step.question.on_hold for step in steps),
        "after": after(request, steps),
        "will_call": "call" in request.GET,
        "home": afterwards_of(visit.case, visit.now),
        "until": when_in_words(until, visit.practice) if until else "",
    }
    return show(request, visit, "my/overview.html", **context)


def after(request: HttpRequest, steps: list[Step]) -> Step | None:
    """The step that was just answered, named in the address by its opaque id."""
    return next((step for step in steps if str(step.address) == request.GET.get("after")), None)


@require_safe
@my_page("my-check")
def check(request: HttpRequest, visit: Visit) -> HttpResponse:
    """All answers in one place, each with the way to change it."""
    steps = steps_of(visit)
    return show(request, visit, "my/check.html", steps=steps, after=after(request, steps), next=next_of(steps))


@require_safe
@my_page("my-done")
def done(request: HttpRequest, visit: Visit) -> HttpResponse:
    steps = steps_of(visit)
    context: dict[str, Any] = {
        **appointment(visit),
        "later": [step for step in steps if step.mark == "later"],
        "left": sum(step.is_next for step in steps),
        "on_hold": any(step.question.on_hold for step in steps),
    }
    return show(request, visit, "my/done.html", **context)
