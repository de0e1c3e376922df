"""The words of a question to the patient: what is asked, what may be answered, what was answered."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Union

from checklists.rules.context import Context
from checklists.rules.values import Evidence, Finding, Step

PATIENT, ESCORT = "patient", "escort"
LONGEST_LINE = 120
FEWEST_DIGITS = 7


@dataclass(frozen=True, slots=True)
class Text:
    """A sentence to be translated: a page looks up `msgid`, then writes the values into its placeholders."""

    msgid: str
    values: Mapping[str, Union[str, int, datetime, date, "Text"]] = field(default_factory=dict)


def say(msgid: str, /, **values: str | int | datetime | date | Text) -> Text:
    """The texts of this package are collected for translation by this name."""
    return Text(msgid, values)


@dataclass(frozen=True, slots=True)
class Option:
    code: str
    text: Text


@dataclass(frozen=True, slots=True)
class Detail:
    """What a choice asks further. kind: moment | day_or_moment | text | phone | one | many."""

    name: str
    kind: str
    label: Text
    required: bool = True
    options: tuple[Option, ...] = ()


@dataclass(frozen=True, slots=True)
class Choice:
    """`then` is said after it was chosen; `calls`: it makes a call that nothing else would make."""

    code: str
    text: Text
    then: Text
    details: tuple[Detail, ...] = ()
    calls: bool = False


@dataclass(frozen=True, slots=True)
class Answered:
    """The last word recorded on an item; `choice` None where no choice of ours says the same."""

    choice: str | None
    said: tuple[Text, ...]
    at: datetime
    said_by: str
    recorded_by: str
    is_no: bool


@dataclass(frozen=True, slots=True)
class Question:
    """One item as it is put to the patient.

    is_open False: an answer would say nothing yet, so this is an instruction, and `choices` holds only what may be
    said at any time. is_done: nothing is wanted from the patient now.
    """

    item: str
    kind: str
    step: Step
    zone: str
    title: Text
    ask: Text
    why: Text
    do: tuple[Text, ...]
    choices: tuple[Choice, ...]
    opens_at: datetime | None = None
    is_open: bool = True
    is_done: bool = False
    on_hold: bool = False
    answered: Answered | None = None
    due_at: datetime | None = None
    replaceable: tuple[int, ...] = ()  # evidence: a no of the patient's own that a later word may name
    known: Mapping[str, str] = field(default_factory=dict)  # of an earlier answer, kept when not given anew

    def choice(self, code: str) -> Choice | None:
        return next((choice for choice in self.choices if choice.code == code), None)


@dataclass(frozen=True, slots=True)
class Answer:
    """moment: aware datetime; day_or_moment: that or a date; text, phone, one: str; many: codes."""

    choice: str
    details: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Wrong:
    """What is wrong with an answer: `field` is "choice" or the name of a detail."""

    field: str
    text: Text


Words = tuple[str | None, tuple[Text, ...]]


@dataclass(frozen=True, slots=True)
class Asking:
    """How a kind of item is asked. `wanted`: reasons of a finding that only the person's answer settles."""

    wanted: frozenset[str]
    ask: Callable[[Context, Finding, str], Question | None]
    value: Callable[[Question, Answer], dict[str, Any]]
    words: Callable[[Question, Mapping[str, Any]], Words]


CALL_ME = Choice("call_me", say("Please call me"), say("We will call you."), calls=True)
NOT_SURE = Choice("not_sure", say("I am not sure"), say("That is fine. We will call you."))
ENDING = (NOT_SURE, CALL_ME)


def last_word(context: Context, item: str) -> Evidence | None:
    """The entry that was observed last, the later recorded of two."""
    entries = context.ledger.entries(item)
    return max(entries, key=lambda entry: (entry.observed_at, entry.id), default=None)
