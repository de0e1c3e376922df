"""The escort's page: when to pick up, where, and whether they can. Nothing about the patient.

An escort is not asked for a date of birth: they may not know it, and behind it there would be nothing more to see.
The page says what the mail with the link says - the practice, a time, a place - and no name.
"""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_http_methods

from scheduler.pages.answers import AnswerForm
from scheduler.pages.my.door import Visit, my_page, show
from scheduler.pages.my.questions import again, in_words, save
from scheduler.rules.problems import NotFound, Problem, Stale
from scheduler.services.answers import ESCORT, Asked, asked_of
from scheduler.services.pickups import pickup_at
from scheduler.spoken import when_in_words

UNDER_WAY = ("in_procedure", "recovering")  # nothing is asked any more, and somebody is on the way


def _asked(visit: Visit) -> Asked | None:
    return next(iter(asked_of(visit.case, visit.now, ESCORT)), None)


def pickup_page(
    request: HttpRequest, visit: Visit, form: AnswerForm | None = None, told: str = "", status: int = 200
) -> HttpResponse:
    asked, booking = _asked(visit), visit.case.booking
    if form is None and asked is not None:
        form = AnswerForm(asked=asked, practice=visit.practice, now=visit.now)
    comes = asked is not None or visit.case.state in UNDER_WAY
    when = when_in_words(pickup_at(booking), visit.practice) if booking and comes else ""
    said = asked.question.answered if asked else None
    mine = said if said is not None and said.recorded_by == visit.by else None
    context = {"asked": asked, "form": form, "told": told, "when": when, "mine": mine, "saved": "saved" in request.GET}
    return show(request, visit, "my/pick_up.html", status, **context)


@require_http_methods(["GET", "HEAD", "POST"])
@my_page("my-pick-up", of=("escort",), proven=False)
def pick_up(request: HttpRequest, visit: Visit) -> HttpResponse:
    if request.method != "POST":
        return redirect("/my/")
    asked = _asked(visit)
    if asked is None:
        raise NotFound("Nobody is picked up.")
    form, told = AnswerForm(request.POST, asked=asked, practice=visit.practice, now=visit.now), ""
    if form.is_valid():
        answer = form.answer()
        assert answer is not None
        try:
            save(visit, asked, answer, form.cleaned_data["version"], ESCORT)
            return redirect("/my/?saved=1")
        except Problem as problem:
            told = in_words(problem)
            form = again(request, form, asked, visit) if isinstance(problem, Stale) else form
    return pickup_page(request, visit, form, told, 400)
