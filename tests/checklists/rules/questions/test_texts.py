"""The texts that patients read or hear: translated, plain, and never an order to stop before somebody decided."""

import ast
import gettext
import re
import string
from pathlib import Path

import pytest
from babel.messages import mofile, pofile

import checklists
from checklists.protocols import loader
from checklists.rules.questions import script
from checklists.rules.questions.signs import PLAIN
from tests.checklists.rules.cases import PROTOCOL
from tests.checklists.rules.questions.states import every_question, questions_for, shipped, texts_of

HOME = Path(checklists.__file__).parent
CATALOGUE = HOME / "locale/es/LC_MESSAGES"
# A practice's own questions are read as the practice wrote them.
OWN = {question.text for question in PROTOCOL.infection.questions}


def marked(files: str = "*.py") -> list[str]:
    """Every literal that the package marks as a text."""
    found = []
    for path in sorted((HOME / "rules/questions").glob(files)):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "say" and node.args:
                assert isinstance(node.args[0], ast.Constant), f"{path.name}:{node.lineno}: say() wants a literal"
                found.append(str(node.args[0].value))
    return found


def spanish() -> gettext.GNUTranslations:
    with (CATALOGUE / "django.mo").open("rb") as compiled:
        return gettext.GNUTranslations(compiled)


def placeholders(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


def test_every_text_has_a_spanish_one_with_the_same_placeholders():
    catalogue = spanish()._catalog
    texts = set(marked())
    assert [text for text in sorted(texts) if not catalogue.get(text)] == []
    assert [text for text in sorted(texts) if placeholders(text) != placeholders(catalogue[text])] == []
    assert set(catalogue) - texts - {""} == set(), "the catalogue holds texts that nobody says any more"


LONG_AGO = "This is about a year ago. Check the year."


def test_every_question_that_can_arise_says_only_marked_texts():
    said = {text.msgid for question in every_question() for text in texts_of(question)}
    assert said - OWN - set(marked()) == set()
    around = {text.msgid for text in vars(script).values() if hasattr(text, "msgid")}
    around |= set(marked("afterwards.py"))  # no question: tests/scheduler/pages/my/test_home.py
    unsaid = set(marked()) - said - around - {"This is needed.", "Write one short line.", LONG_AGO}
    assert {text for text in unsaid if "future" not in text and "number is too short" not in text} == set()


def test_compiled_catalogue_is_that_of_the_written_one():
    with (CATALOGUE / "django.po").open("rb") as written, (CATALOGUE / "django.mo").open("rb") as compiled:
        texts = {message.id: message.string for message in pofile.read_po(written) if message.id}
        assert {m.id: m.string for m in mofile.read_mo(compiled) if m.id} == texts


@pytest.mark.parametrize("name", loader.shipped())
def test_every_infection_question_of_a_shipped_protocol_has_plain_words(name):
    asked = [question.text for question in questions_for(shipped(name))]
    assert asked
    assert [text for text in asked if text not in PLAIN] == []


def spoken(text: str) -> str:
    """A text with plain words in its placeholders."""
    return re.sub(r"\{(\w+)\}", lambda hole: {"drug": "aspirin"}.get(hole[1], "Monday"), text)


def sentences_and_words(texts: list[str]) -> tuple[int, list[str]]:
    sentences = sum(max(1, len(re.findall(r"[.!?:](?:\s|$)", text))) for text in texts)
    return sentences, [word for text in texts for word in re.findall(r"[^\W\d_]+", text)]


def syllables(word: str, vowels: str) -> int:
    return max(1, len(re.findall(f"[{vowels}]+", word.lower())))


def english_syllables(word: str) -> int:
    silent = len(word) > 3 and re.search(r"[^aeiouyl]e$|[^aeiouytd]ed$", word.lower()) is not None
    return max(1, syllables(word, "aeiouy") - silent)


def reading_grade(texts: list[str]) -> float:
    """Flesch-Kincaid."""
    sentences, words = sentences_and_words([spoken(text) for text in texts])
    return 0.39 * len(words) / sentences + 11.8 * sum(map(english_syllables, words)) / len(words) - 15.59


def readability(texts: list[str]) -> float:
    """Fernandez-Huerta; 70 and above is easy."""
    sentences, words = sentences_and_words([spoken(text) for text in texts])
    counted = sum(
        syllables(re.sub(r"[ií](?=[aeoáéó])|u(?=[aeoiáéíó])", "", word.lower()), "aeiouáéíóúü") for word in words
    )
    return 206.84 - 60 * counted / len(words) - 1.02 * len(words) / sentences


def test_reading_grade_knows_hard_from_easy():
    assert reading_grade(["We will call you."]) < 2
    assert (
        reading_grade(["Discontinue anticoagulant medication preoperatively according to individual recommendation."])
        > 12
    )


def test_english_is_read_by_a_sixth_grader():
    texts = sorted(set(marked()))
    assert reading_grade(texts) <= 6
    hard = {text: round(reading_grade([text]), 1) for text in texts if len(spoken(text).split()) >= 8}
    assert {text: grade for text, grade in hard.items() if grade > 9} == {}


def test_spanish_is_easy():
    catalogue = spanish()._catalog
    assert readability([catalogue[text] for text in sorted(set(marked()))]) >= 70


@pytest.mark.parametrize("text", sorted(set(marked())))
def test_text_names_nobody_as_blocked_and_no_relative_day(text):
    said = f"{text} {spanish().gettext(text)}".casefold()
    words = set(re.findall(r"\w+", said))
    assert words & {"blocked", "bloqueado", "bloqueada", "tonight", "tomorrow", "mañana", "tú", "tienes"} == set()
