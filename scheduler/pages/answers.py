"""The form of one question: its choices as radio buttons, each with what it asks further."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import MAXYEAR, MINYEAR, date, datetime, time
from typing import Any

from django import forms
from django.forms import BoundField
from django.utils import translation

from checklists.rules.questions import Answer, Choice, Detail, Text, problems_of
from checklists.rules.questions.script import CHOOSE, DAY, SIGNS_LEFT, SKIPPED, TIME, TIME_LEFT, UNREADABLE
from checklists.rules.sitetime import wall_instant
from scheduler.models import Practice
from scheduler.services.answers import Asked, Said
from scheduler.spoken import say

UNTOLD = ("not_sure", "call_me")  # these leave open what happened, whatever else was filled in


def prefix_of(item: str) -> str:
    """The same for an item whatever else is asked: an answer never lands on another question."""
    return f"q{hashlib.sha256(item.encode()).hexdigest()[:10]}"


@dataclass(frozen=True, slots=True)
class Pick:
    """One radio button or box; `aloud` is its label in the second language."""

    id: str
    name: str
    code: str
    label: str
    aloud: str
    is_checked: bool


@dataclass(frozen=True, slots=True)
class DetailRow:
    kind: str
    label: str
    aloud: str
    fields: list[BoundField]
    picks: list[Pick]


@dataclass(frozen=True, slots=True)
class ChoiceRow:
    pick: Pick
    details: list[DetailRow]


class AnswerForm(forms.Form):
    """`needed` False: it may be left empty. Nothing is ever chosen beforehand.

    `aloud`: a second language, in which somebody reads the choices to the patient.
    """

    def __init__(
        self,
        data: Any = None,
        *,
        asked: Asked,
        practice: Practice,
        now: datetime,
        needed: bool = True,
        prefix: str = "",
        aloud: str = "",
    ) -> None:
        super().__init__(data, prefix=prefix or prefix_of(asked.question.item), initial={"version": asked.version})
        self.asked, self.practice, self.now, self.aloud = asked, practice, now, aloud
        self.question, self.tz = asked.question, practice.site.tz
        self.fields["version"] = forms.IntegerField(widget=forms.HiddenInput, min_value=0, required=False)
        offered = [(choice.code, self._say(choice.text)) for choice in self.question.choices]
        self.fields["choice"] = forms.ChoiceField(
            choices=offered,
            widget=forms.RadioSelect,
            required=needed,
            error_messages={"required": self._say(CHOOSE), "invalid_choice": self._say(CHOOSE)},
        )
        self.fields["replaces"] = forms.BooleanField(required=False)
        for choice, detail in self._details():
            self._add(f"{choice.code}-{detail.name}", detail)

    def _say(self, words: Text) -> str:
        return say(words, self.tz)

    def _details(self) -> Iterator[tuple[Choice, Detail]]:
        return ((choice, detail) for choice in self.question.choices for detail in choice.details)

    def _add(self, name: str, detail: Detail) -> None:
        options = [(option.code, self._say(option.text)) for option in detail.options]
        label = self._say(detail.label)
        if detail.kind in ("moment", "day_or_moment"):
            unreadable = {"invalid": self._say(UNREADABLE)}
            self.fields[f"{name}-day"] = forms.DateField(
                label=self._say(DAY),
                required=False,
                error_messages=unreadable,
                widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
            )
            self.fields[f"{name}-time"] = forms.TimeField(
                label=self._say(TIME),
                required=False,
                error_messages=unreadable,
                widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M"),
            )
        elif detail.kind == "many":
            self.fields[name] = forms.MultipleChoiceField(
                label=label, choices=options, required=False, widget=forms.CheckboxSelectMultiple
            )
        elif detail.kind == "one":
            self.fields[name] = forms.ChoiceField(
                label=label, choices=options, required=False, widget=forms.RadioSelect
            )
        else:
            kind = {"type": "tel"} if detail.kind == "phone" else {}
            self.fields[name] = forms.CharField(  # what it may hold is said by the rules, in both languages
                label=label,
                required=False,
                max_length=120,
                widget=forms.TextInput(attrs={**kind, "autocomplete": "off"}),
            )

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        chosen = self.question.choice(data.get("choice") or "")
        if chosen is None:
            if any(data.get(name) for name in self.fields if name not in ("version", "choice")):
                self._wrong("choice", self._say(CHOOSE))
            return data
        if any(data.get(f"{c.code}-{d.name}") for c, d in self._details() if d.kind == "many" and c != chosen):
            self._wrong("choice", self._say(SIGNS_LEFT))
        if chosen.code not in UNTOLD and any(self._has_time(data, c, d) for c, d in self._details() if c != chosen):
            self._wrong("choice", self._say(TIME_LEFT))
        if data.get("version") is None:  # it was not on the page that was sent
            self._wrong("choice", self._say(CHOOSE))
        given = {detail.name: self._given(chosen, detail, data) for detail in chosen.details}
        answer = Answer(chosen.code, {name: value for name, value in given.items() if value not in (None, "", ())})
        if not self.errors:
            for wrong in problems_of(self.question, answer, self.now):
                self._wrong(self._field(chosen, wrong.field), self._say(wrong.text))
        data["answer"] = answer
        return data

    def _has_time(self, data: dict[str, Any], choice: Choice, detail: Detail) -> bool:
        name = f"{choice.code}-{detail.name}"
        return any(data.get(f"{name}-{part}") is not None for part in ("day", "time"))

    def _given(self, choice: Choice, detail: Detail, data: dict[str, Any]) -> Any:
        name = f"{choice.code}-{detail.name}"
        if detail.kind == "many":
            return tuple(data.get(name) or ())
        if detail.kind not in ("moment", "day_or_moment"):
            return data.get(name)
        on: date | None = data.get(f"{name}-day")
        at: time | None = data.get(f"{name}-time")
        if on is None:
            if at is not None:
                self._wrong(f"{name}-day", self._say(UNREADABLE))
            return None
        if at is None:
            return on
        try:
            return wall_instant(on, at, self.tz)
        except ValueError:
            self._wrong(f"{name}-time", self._say(UNREADABLE if on.year in (MINYEAR, MAXYEAR) else SKIPPED))
            return None

    def _wrong(self, field: str, words: str) -> None:
        if field not in self.errors:
            self.add_error(field, words)

    def _field(self, choice: Choice, wrong: str) -> str:
        """The form's field of a detail: what a moment lacks is said at its day."""
        if wrong == "choice":
            return wrong
        name = f"{choice.code}-{wrong}"
        return name if name in self.fields else f"{name}-day"

    def answer(self) -> Answer | None:
        """What was answered; None where it was left empty."""
        return self.cleaned_data.get("answer")

    def said(self) -> Said | None:
        answer = self.answer()
        if answer is None:
            return None
        data = self.cleaned_data
        return Said(self.question.item, answer, data["version"], replaces=data["replaces"])

    @property
    def rows(self) -> list[ChoiceRow]:
        picks = self._picks("choice", [(choice.code, choice.text) for choice in self.question.choices])
        rows = zip(picks, self.question.choices, strict=True)
        return [ChoiceRow(pick, [self._row(choice, detail) for detail in choice.details]) for pick, choice in rows]

    def _row(self, choice: Choice, detail: Detail) -> DetailRow:
        name = f"{choice.code}-{detail.name}"
        names = [name] if name in self.fields else [f"{name}-day", f"{name}-time"]
        picks = self._picks(name, [(option.code, option.text) for option in detail.options]) if detail.options else []
        label = self._say(detail.label)
        return DetailRow(detail.kind, label, self._aloud(detail.label), [self[each] for each in names], picks)

    def _picks(self, name: str, offered: list[tuple[str, Text]]) -> list[Pick]:
        field = self[name]
        value = field.value() or ()
        chosen = value if isinstance(value, (list, tuple)) else (value,)
        return [
            Pick(f"{field.auto_id}_{n}", field.html_name, code, self._say(words), self._aloud(words), code in chosen)
            for n, (code, words) in enumerate(offered)
        ]

    def _aloud(self, words: Text) -> str:
        if not self.aloud:
            return ""
        with translation.override(self.aloud):
            return self._say(words)

    @property
    def wrongs(self) -> list[tuple[str, str]]:
        """Each error with the id of the element that it is about, for a summary that links."""
        return [(self._id(name), str(error)) for name, errors in self.errors.items() for error in errors]

    def _id(self, name: str) -> str:
        """A group is reached by its first button."""
        return f"{self[name].auto_id}{'_0' if isinstance(self.fields[name].widget, forms.RadioSelect) else ''}"
