"""One question on one page."""

import uuid

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from checklists.rules.questions import Answer
from scheduler.pages.answers import AnswerForm
from scheduler.pages.my.door import Visit, my_page, show
from scheduler.pages.my.overview import Step, after, next_of, steps_of
from scheduler.rules.problems import NotFound, Problem, Stale
from scheduler.services.answers import Asked, record_answer


@require_http_methods(["GET", "HEAD", "POST"])
@my_page("my-question")
def question(request: HttpRequest, visit: Visit, question_id: uuid.UUID) -> HttpResponse:
    """Recorded as this person's word against the version that was shown; it never lifts anybody's no."""
    steps = steps_of(visit)
    step = next((step for step in steps if step.address == question_id), None)
    if step is None:
        raise NotFound("There is no such question in this case.")
    form, told = AnswerForm(request.POST or None, asked=step.asked, practice=visit.practice, now=visit.now), ""
    if request.method == "POST" and form.is_valid():
        answer = form.answer()
        assert answer is not None
        try:
            save(visit, step.asked, answer, form.cleaned_data["version"])
            return _onward(visit, step, answer)
        except Problem as problem:
            told = in_words(problem)
            form = again(request, form, step.asked, visit) if isinstance(problem, Stale) else form
    wrong = request.method == "POST"
    context = {"step": step, "form": form, "told": told, "after": after(request, steps)}
    return show(request, visit, "my/question.html", 400 if wrong else 200, **context)


def save(visit: Visit, asked: Asked, answer: Answer, seen_version: int, audience: str = "patient") -> None:
    record_answer(
        practice_id=visit.link.practice_id,
        case_id=visit.case.pk,
        item=asked.question.item,
        answer=answer,
        said_by=visit.who,
        seen_version=seen_version,
        by=visit.by,
        now=visit.now,
        audience=audience,
    )


def in_words(problem: Problem) -> str:
    """A refusal without the words of the desk."""
    if isinstance(problem, Stale):
        return _("Nothing was saved. This changed while you were here. Please look, then answer again.")
    return _("Your answer was not saved. Please call us.")


def again(request: HttpRequest, form: AnswerForm, asked: Asked, visit: Visit) -> AnswerForm:
    """What was typed, against the version that is shown now."""
    typed = request.POST.copy()
    typed[form.add_prefix("version")] = str(asked.version)
    return AnswerForm(typed, asked=asked, practice=visit.practice, now=visit.now)


def _onward(visit: Visit, step: Step, answer: Answer) -> HttpResponse:
    """The next question; the overview when a person will call; all answers when nothing is left."""
    steps = steps_of(visit)
    if answer.choice == "call_me":
        return redirect("/my/?call=1")
    held = any(other.question.on_hold for other in steps if other.address == step.address)
    following = None if held else next_of(steps)
    if following is not None and following.address != step.address:
        return redirect(f"/my/questions/{following.address}/?after={step.address}")
    return redirect(f"/my/?after={step.address}" if held or following else f"/my/check/?after={step.address}")
