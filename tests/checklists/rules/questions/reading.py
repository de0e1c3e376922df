"""A question as lines to read: what a page or a caller says, the codes behind it, and when it is asked."""

from collections.abc import Iterator
from datetime import date, datetime

from checklists.rules.questions import Choice, Detail, Question, Text
from tests.checklists.rules.cases import NEW_YORK


def line(text: Text) -> str:
    return text.msgid.format(**{name: value_in(value) for name, value in text.values.items()})


def value_in(value: object) -> str:
    if isinstance(value, Text):
        return line(value)
    if isinstance(value, datetime):
        return f"{value.astimezone(NEW_YORK):%a %d %H:%M}"
    return f"{value:%a %d}" if isinstance(value, date) else str(value)


def lines(question: Question) -> list[str]:
    return list(all_lines(question))


def all_lines(question: Question) -> Iterator[str]:
    yield f"{question.item} of {question.kind} ({question.step}), {question.zone}"
    yield from (f"= {line(question.title)}", f"? {line(question.ask)}", f"! {line(question.why)}")
    yield from (f"- {line(text)}" for text in question.do)
    for choice in question.choices:
        yield from choice_lines(choice)
    yield from (f"{name}: {value}" for name, value in when(question).items())


def choice_lines(choice: Choice) -> Iterator[str]:
    yield f"[{choice.code}] {line(choice.text)} > {line(choice.then)}{' (call)' * choice.calls}"
    for detail in choice.details:
        yield from detail_lines(detail)


def detail_lines(detail: Detail) -> Iterator[str]:
    yield f"  {detail.name} ({detail.kind}{'' if detail.required else ', may be left out'}): {line(detail.label)}"
    yield from (f"    [{option.code}] {line(option.text)}" for option in detail.options)


def when(question: Question) -> dict[str, str]:
    """What is not as of a question that is open and waits for an answer."""
    found = {
        "opens": question.opens_at and value_in(question.opens_at),
        "due": question.due_at and value_in(question.due_at),
        "state": ", ".join(
            word
            for word, is_so in (
                ("not open", not question.is_open),
                ("done", question.is_done),
                ("on hold", question.on_hold),
            )
            if is_so
        ),
        "replaceable": question.replaceable and str(question.replaceable),
        "known": question.known and str(dict(question.known)),
    }
    return {name: value for name, value in found.items() if value}
