"""The phone check: every question of the patient on one screen, with the words to read aloud."""

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import translation
from django.views.decorators.http import require_http_methods

from checklists.rules.questions import Question, Text
from checklists.rules.questions import script as lines
from checklists.rules.questions.asking import say
from scheduler import clock
from scheduler.access import Actor
from scheduler.models import Case, Contact, Practice
from scheduler.pages.answers import AnswerForm
from scheduler.pages.session import note, page
from scheduler.rules.problems import Invalid, NotPermitted, Problem, Reason
from scheduler.rules.roles import WARD
from scheduler.services import boards, cases
from scheduler.services.answers import Asked, Said, asked_of, caregivers
from scheduler.services.look_alikes import look_alikes
from scheduler.services.people import staff_names
from scheduler.services.phone import Speaker, Unreached, note_unreached, record_phone_check
from scheduler.spoken import LANGUAGES, language_of
from scheduler.spoken import say as aloud

PRESCREEN = "infection_prescreen"
NEEDS_NURSE = (PRESCREEN,)  # a sign that was told is weighed by a nurse or clinician


def _caregiver(contact: Contact) -> str:
    return f"Caregiver {contact.name or 'without a name'} (permission: {contact.permission})"


class SpeakerForm(forms.Form):
    """Who is on the line; nobody is chosen beforehand."""

    speaker = forms.ChoiceField(
        label="Who is speaking", widget=forms.RadioSelect, error_messages={"required": "Say who is speaking."}
    )
    identified = forms.BooleanField(
        label="They gave full name and date of birth",
        error_messages={"required": "Ask for the full name and the date of birth of the patient, then tick this."},
    )

    def __init__(self, data: Any, case: Case) -> None:
        super().__init__(data, prefix="who")
        field = self.fields["speaker"]
        assert isinstance(field, forms.ChoiceField)
        patient = case.patient
        field.choices = [
            ("patient", f"The patient, {patient.given_name} {patient.family_name}"),
            *(
                (str(c.pk), f"Caregiver {c.name or 'without a name'} (permission: {c.permission})")
                for c in caregivers(case)
            ),
        ]

    def speaking(self) -> Speaker:
        given = self.cleaned_data["speaker"]
        return Speaker("patient") if given == "patient" else Speaker("caregiver", uuid.UUID(given))


class UnreachedForm(forms.Form):
    outcome = forms.ChoiceField(
        choices=[(outcome.name, outcome.value) for outcome in Unreached],
        widget=forms.RadioSelect,
        error_messages={"required": "Say what happened."},
    )


@dataclass(frozen=True, slots=True)
class Entry:
    """One question on the screen: what is read aloud, what was said before, where the answer goes."""

    question: Question
    form: AnswerForm
    lines: list[str]
    earlier: str
    earlier_by: str
    may_replace: bool

    @property
    def is_touched(self) -> bool:
        """Whether something was typed here that must be seen again."""
        return bool(self.form.errors) or any(self.form[name].value() for name in self.form.fields if name != "version")

    @property
    def is_no(self) -> bool:
        return self.question.answered is not None and self.question.answered.is_no


@require_http_methods(["GET", "POST"])
@page("desk-phone")
def phone_check(request: HttpRequest, actor: Actor, case_id: uuid.UUID) -> HttpResponse:
    case = cases.case_of(actor.practice.pk, case_id)
    if request.method != "POST":
        return _show(request, actor, case)
    try:
        if request.POST.get("act") == "unreached":
            return _unreached(request, actor, case)
        return _save(request, actor, case)
    except Problem as problem:
        note(actor, problem, case.pk)
        case = cases.case_of(actor.practice.pk, case_id)
        return _show(request, actor, case, problem=problem, data=request.POST)


def _save(request: HttpRequest, actor: Actor, case: Case) -> HttpResponse:
    now = clock.now()
    who = SpeakerForm(request.POST, case)
    answers = _forms(case, actor.practice, now, request.POST)
    if not all([who.is_valid(), *(form.is_valid() for form in answers)]):
        return _show(request, actor, case, data=request.POST)
    said = [one for form in answers if (one := form.said()) is not None]
    if not said:
        reason = Reason("nothing_answered", "Choose at least one answer, or say below that nobody was reached.")
        raise Invalid("Nothing was answered, so nothing was saved.", errors=(reason,))
    _check_replacing(actor, said)
    saved = record_phone_check(
        practice_id=actor.practice.pk, case_id=case.pk, speaker=who.speaking(), said=said, by=actor.by, now=now
    )
    return _show(request, actor, cases.case_of(actor.practice.pk, case.pk), saved=saved)


def _check_replacing(actor: Actor, said: Sequence[Said]) -> None:
    if any(one.replaces and one.item in NEEDS_NURSE for one in said) and not actor.roles & WARD:
        raise NotPermitted(
            "A sign of illness was told before. Only a nurse or clinician puts another answer in its place.",
            errors=(
                Reason("needs_nurse", "Record the answer without replacing, and tell a nurse.", item=NEEDS_NURSE[0]),
            ),
        )


def _unreached(request: HttpRequest, actor: Actor, case: Case) -> HttpResponse:
    form = UnreachedForm(request.POST)
    if not form.is_valid():
        raise Invalid("Nothing was saved.", errors=(Reason("no_outcome", "Say what happened.", field="outcome"),))
    task = note_unreached(
        practice_id=actor.practice.pk,
        case_id=case.pk,
        outcome=Unreached[form.cleaned_data["outcome"]],
        by=actor.by,
        now=clock.now(),
    )
    return _show(request, actor, cases.case_of(actor.practice.pk, case.pk), noted=task.sentence)


def _forms(
    case: Case, practice: Practice, now: datetime, data: Any, language: str = "", asked: Iterable[Asked] | None = None
) -> list[AnswerForm]:
    return [
        AnswerForm(data, asked=each, practice=practice, now=now, needed=False, aloud=language)
        for each in (asked_of(case, now) if asked is None else asked)
    ]


def _show(
    request: HttpRequest,
    actor: Actor,
    case: Case,
    *,
    problem: Problem | None = None,
    data: Any = None,
    saved: Sequence[str] = (),
    noted: str = "",
) -> HttpResponse:
    now, practice = clock.now(), actor.practice
    language = language_of(request.GET.get("language") or case.patient.language)
    asked = asked_of(case, now)
    answers = _forms(case, practice, now, data, "" if language == "en" else language, asked)
    who = SpeakerForm(data, case)
    wrong = _wrongs(who, answers) if data is not None and request.POST.get("act") != "unreached" else []
    row = boards.rows([case], now)[0]
    entries = _entries(actor, answers, language, now)
    context = {
        "actor": actor,
        "here": "phone",
        "case": case,
        "row": row,
        "now": now,
        "language": language,
        "languages": LANGUAGES,
        "look_alikes": look_alikes(case, now),
        "look_alike_day": case.booking.starts_at.astimezone(practice.site.tz).date() if case.booking else None,
        "script": _script(case, practice, language),
        "who": who,
        "ask_now": [entry for entry in entries if entry.question.is_open],
        "tell_only": [entry for entry in entries if not entry.question.is_open],
        "done": sum(entry.question.is_done for entry in entries if entry.question.is_open),
        "outcomes": list(Unreached),
        "problem": problem,
        "wrong": wrong,
        "saved": [entry.question.title for entry in entries if entry.question.item in saved],
        "noted": noted,
        "blocks": [finding for finding in row.verdict.findings if finding.blocks],
        "calls": case.tasks.filter(kind="call", done_at=None).order_by("due_at", "created_at"),
        "contacts": [c for c in case.patient.contacts.filter(ended_at=None).order_by("created_at") if c.phone],
    }
    status = problem.status if problem else 400 if wrong else 200
    return render(request, "desk/phone.html", context, status=status)


def _wrongs(who: SpeakerForm, answers: Sequence[AnswerForm]) -> list[dict[str, str]]:
    who_ids = {"speaker": "id_who-speaker_0", "identified": "id_who-identified"}
    found = [
        {"id": who_ids[name], "about": "The call", "text": str(error)}
        for name, errors in who.errors.items()
        for error in errors
    ]
    return found + [
        {"id": id_, "about": aloud(form.question.title, form.tz), "text": words}
        for form in answers
        for id_, words in form.wrongs
    ]


def _script(case: Case, practice: Practice, language: str) -> dict[str, str]:
    """What is said around the questions, in the language of the call."""
    at = case.booking.starts_at if case.booking else clock.now()
    words = {
        "greeting": say(lines.GREETING.msgid, practice=practice.name, at=at),
        "identity": lines.IDENTITY,
        "caregiver": lines.CAREGIVER,
        "introduction": lines.INTRODUCTION,
        "farewell": say(lines.FAREWELL.msgid, phone=practice.phone),
    }
    with translation.override(language):
        return {name: aloud(text, practice.site.tz) for name, text in words.items()}


def _entries(actor: Actor, answers: Sequence[AnswerForm], language: str, now: datetime) -> list[Entry]:
    given = (form.question.answered for form in answers)
    names = staff_names(answered.recorded_by for answered in given if answered is not None)
    return [_entry(actor, form, language, names, now) for form in answers]


def _entry(actor: Actor, form: AnswerForm, language: str, names: dict[str, str], now: datetime) -> Entry:
    question, answered, tz = form.question, form.question.answered, form.tz
    with translation.override(language):
        spoken = [aloud(text, tz) for text in _aloud(question, now)]
    earlier = "; ".join(aloud(text, tz) for text in answered.said) if answered else ""
    by = names.get(answered.recorded_by, "the patient's own page") if answered else ""
    may = bool(question.replaceable) and (question.item not in NEEDS_NURSE or bool(actor.roles & WARD))
    return Entry(question, form, spoken, earlier, by, may)


def _aloud(question: Question, now: datetime) -> list[Text]:
    """The instruction first, then the question: what must be known is heard before it is asked."""
    has_list = any(detail.kind == "many" for choice in question.choices for detail in choice.details)
    spoken = [*question.do, question.ask] if question.is_open else [question.ask, *question.do]
    if has_list and question.is_open:
        spoken.append(lines.READ_LIST)
    if not question.is_open and question.opens_at is not None and question.opens_at > now:
        spoken.append(say(lines.NOT_YET.msgid, at=question.opens_at))
    return spoken
