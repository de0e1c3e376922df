"""From the mail to the door: the address loses its token, then the date of birth is asked before anything is shown."""

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from scheduler import clock
from scheduler.pages.my.clearance import clearance_page
from scheduler.pages.my.door import READERS, Seen, Visit, dead_page, my_page, remember, seen_by, show, wait_page
from scheduler.pages.my.forms import BirthDateForm
from scheduler.pages.my.overview import overview
from scheduler.pages.my.pickup import pickup_page
from scheduler.rules.links import TRIES, digest_of
from scheduler.rules.problems import TooMany
from scheduler.services.gates import note_refusal
from scheduler.services.link_visits import answer_birth_date, not_me
from scheduler.services.links import PRESCRIBER


@require_safe
def link(request: HttpRequest, token: str) -> HttpResponse:
    """Changes nothing, reads nothing: mail scanners open links. The token stays behind in this one address."""
    now, digest = clock.now(), digest_of(token)
    seen = seen_by(request, now)
    response = HttpResponseRedirect("/my/")
    remember(response, seen if seen is not None and seen.digest == digest else Seen(digest, proven=False), now)
    return response


@require_http_methods(["GET", "HEAD", "POST"])
@my_page("my-home", of=(*READERS, "escort", PRESCRIBER), proven=False)
def home(request: HttpRequest, visit: Visit) -> HttpResponse:
    """The escort's pick-up; the date of birth; or, behind it, the overview or what a prescriber is asked."""
    if visit.who == "escort":
        return pickup_page(request, visit)
    if visit.proven:
        return clearance_page(request, visit) if visit.who == PRESCRIBER else overview(request, visit)
    form = BirthDateForm(request.POST if request.method == "POST" else None)
    if not form.is_valid():
        return _ask(request, visit, form)
    try:
        is_right = answer_birth_date(link=visit.link, born_on=form.cleaned_data["born_on"], now=visit.now)
    except TooMany as problem:
        note_refusal(problem=problem, practice_id=visit.practice.pk, subject=visit.case.pk, by=visit.by, now=visit.now)
        return wait_page(request)
    if is_right:
        response = redirect("/my/")
        remember(response, Seen(visit.link.digest, proven=True), visit.now)
        return response
    left = TRIES - visit.link.wrong_answers
    return _ask(request, visit, form, left) if left > 0 else dead_page(request)


def _ask(request: HttpRequest, visit: Visit, form: BirthDateForm, left: int | None = None) -> HttpResponse:
    wrong = request.method == "POST"
    return show(request, visit, "my/birth_date.html", 400 if wrong else 200, form=form, left=left)


@require_POST
@my_page("my-not-me", of=(*READERS, "escort", PRESCRIBER), proven=False)
def wrong_person(request: HttpRequest, visit: Visit) -> HttpResponse:
    not_me(link=visit.link, now=visit.now)
    return show(request, visit, "my/thanks.html")
