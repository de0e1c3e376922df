"""The practice's own line in a message: what it may say, and the reason where it may not."""

import pytest

from scheduler.rules.texts import LONGEST, complaints, line_of

DRUGS = frozenset({"apixaban", "eliquis", "fish oil", "vitamin b12", "ms contin"})


def codes(text: str) -> list[str]:
    return [complaint.code for complaint in complaints(text, DRUGS)]


@pytest.mark.parametrize(
    "text",
    [
        "Park behind the building and ring at door B.",
        "Bring your insurance card. Call us back if the time does not fit.",
        "Lleve su tarjeta del seguro. La entrada está en la calle Mayor, puerta 2.",
        "Doors open at 9.30 a.m. We close at 5 p.m.",
        "We look forward to seeing you at 1 Main Street, Springfield.",
        "",
        "x" * LONGEST,
    ],
)
def test_line_about_place_and_paper_is_sent(text: str) -> None:
    assert codes(text) == []


@pytest.mark.parametrize(
    "text",
    [
        "Your kyphoplasty is soon.",
        "VERTEBROPLASTY ward, second floor",
        "Su cirugía será por la mañana.",
        "Questions about your fracture?",
        "Our osteoporosis service",
        "Bring the MRI disc.",
        "Bring your x-ray.",
        "Análisis de sangre antes de venir.",
        "Stop your blood thinner.",
        "Leave your meds at home.",
        "No breakfast, please.",
        "Nothing by mouth.",
        "Ask the surgeon.",
        "No tome sus medicinas.",
        "Do not eat after midnight.",
        "Venga en ayunas.",
        "Stop Eliquis three days before.",
        "No fish oil.",
        "no FISH-OIL please",
        "Stop vitamin B12",
        "Spine center, entrance 2",
        "Ｋｙｐｈｏｐｌａｓｔｙ",
        "Your ane\u0301sthesia talk",
    ],
)
def test_line_with_a_clinical_word_is_refused(text: str) -> None:
    assert "clinical_word" in codes(text)


def test_refusal_names_the_word_what_it_tells_and_where_it_belongs() -> None:
    (complaint,) = complaints("Stop Eliquis today", DRUGS)
    assert complaint.sentence.startswith("'eliquis' tells of a drug. Others may read a message")
    assert "behind the link or by telephone" in complaint.sentence


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("x" * (LONGEST + 1), "too_long"),
        ("one\ntwo", "control_characters"),
        ("one\r\nBcc: all@clinic.example", "control_characters"),
        ("left\u202eright", "control_characters"),
        ("zero\u200bwidth", "control_characters"),
        ("line\u2028separator", "control_characters"),
        ("nul\x00", "control_characters"),
        ("See https://clinic.example/map", "foreign_link"),
        ("See www.clinic.test", "foreign_link"),
        ("See clinic.com/map", "foreign_link"),
        ("See parking.io/map", "foreign_link"),
        ("See our-clinic.de", "foreign_link"),
    ],
)
def test_line_that_could_break_or_mislead_is_refused(text: str, code: str) -> None:
    assert code in codes(text)


def test_every_complaint_is_given_at_once() -> None:
    assert sorted(set(codes("Stop Eliquis\nsee www.clinic.example " + "x" * LONGEST))) == [
        "clinical_word",
        "control_characters",
        "foreign_link",
        "too_long",
    ]


def test_line_is_of_exactly_this_language_and_kind() -> None:
    texts = {"invite": {"en": "Park behind."}, "reminder": {"es": "Traiga su tarjeta."}}
    said = [line_of(texts, kind, language) for kind in ("invite", "reminder", "moved") for language in ("en", "es", "")]
    assert said == ["Park behind.", "", "", "", "Traiga su tarjeta.", "", "", "", ""]
