"""The auditor's page: the record, who looked at whom, whether both were whole when they were last verified."""

import csv
import uuid
from datetime import date, datetime, time, timedelta
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET, require_POST

from scheduler import clock
from scheduler.access import Actor
from scheduler.models import Practice, User
from scheduler.pages.session import page
from scheduler.rules.problems import Invalid, Reason
from scheduler.services.auditing import Asked, export, found_in_access_log, found_in_record
from scheduler.services.checkpoints import last_verification

A_PAGE = 50
PERIOD = timedelta(days=30)
EARLIEST = date(2000, 1, 1)  # before every record, and a moment in every zone


class AuditForm(forms.Form):
    """Ids and codes only, so that they may stand in an address."""

    subject = forms.UUIDField(
        label="Patient or case (its id)",
        required=False,
        error_messages={"invalid": "Give the id, not a name: the case's page leads here with it."},
    )
    by = forms.ChoiceField(label="Person", required=False)
    action = forms.SlugField(label="Action, or page", required=False, max_length=60)
    since = forms.DateField(label="From", required=False, widget=forms.DateInput(attrs={"type": "date"}))
    until = forms.DateField(label="To", required=False, widget=forms.DateInput(attrs={"type": "date"}))

    def __init__(self, data: Any, *, practice: Practice) -> None:
        super().__init__(data)
        people = User.objects.filter(memberships__practice=practice).distinct().order_by("name")
        chosen = [("", "everybody"), ("system", "the clock"), *((user.by, user.name) for user in people)]
        self.fields["by"].choices = chosen  # type: ignore[attr-defined]

    def asked(self, practice: Practice, now: datetime) -> Asked:
        given, tz = self.cleaned_data, practice.site.tz
        today = now.astimezone(tz).date()
        since: date = max(given["since"] or today - PERIOD, EARLIEST)
        until: date = given["until"] or today
        begins, ends = (datetime.combine(day, time(), tz) for day in (since, min(until, today) + timedelta(days=1)))
        subject: uuid.UUID | None = given["subject"]
        return Asked(begins, ends, given["by"], given["action"], subject)


def _asked(form: AuditForm, actor: Actor, now: datetime) -> Asked:
    if not form.is_valid():
        fields = tuple(
            Reason("bad_filter", " ".join(map(str, told)), str(form[field].label))
            for field, told in form.errors.items()
        )
        raise Invalid("The search cannot be read.", errors=fields)
    return form.asked(actor.practice, now)


@require_GET
@page("record")
def record(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Both logs for one question: what was done, and who looked."""
    now, form = clock.now(), AuditForm(request.GET, practice=actor.practice)
    asked = _asked(form, actor, now)
    rows, looks = found_in_record(actor.practice, asked), found_in_access_log(actor.practice, asked)
    given, query = request.GET.get("page", "1"), request.GET.copy()
    number = max(1, int(given[:6])) if given.isascii() and given.isdecimal() else 1
    query.pop("page", None)
    part, counts = slice((number - 1) * A_PAGE, number * A_PAGE), (rows.count(), looks.count())
    context = {
        "actor": actor,
        "form": form,
        "rows": rows[part],
        "looks": looks[part],
        "counts": counts,
        "newer": number - 1,
        "older": number + 1 if max(counts) > number * A_PAGE else None,
        "names": {user.by: user.name for user in User.objects.filter(memberships__practice=actor.practice)},
        "verified": last_verification(actor.practice.pk),
        "query": query.urlencode(),
    }
    return render(request, "record/search.html", context)


@require_POST
@page("record-export")
def record_export(request: HttpRequest, actor: Actor) -> HttpResponse:
    now, what = clock.now(), "access" if request.POST.get("what") == "access" else "record"
    asked = _asked(AuditForm(request.POST, practice=actor.practice), actor, now)
    lines = export(practice=actor.practice, what=what, asked=asked, by=actor.by, now=now)
    response = HttpResponse(content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{what}.csv"'
    csv.writer(response).writerows(lines)
    return response
