"""The line that a practice may add to its messages, and why a line is refused.

A message is read by whoever holds the telephone or shares the mailbox: it says the practice, weekday, date, time,
telephone number and link, and nothing of the case. What to stop, eat or bring for a test stands behind the link.
"""

import re
import unicodedata
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

KINDS = {"invite": "Invitation", "moved": "New time", "cancelled": "Cancellation", "reminder": "Reminder"}
LANGUAGES = {"en": "English", "es": "Spanish"}
LONGEST = 300
# Text that turns the reading direction can make one name look like another.
BIDI = frozenset("\u061c\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f")
BREAKS = ("Zl", "Zp")  # Unicode's line and paragraph separators

# English and Spanish, without accents. A hyphen at the end stands for any ending; several words for a phrase.
CLINICAL: Mapping[str, tuple[str, ...]] = {
    "the procedure": (
        "kyphoplast-", "vertebroplast-", "cifoplast-", "procedure-", "procedimient-", "surger-", "surgic-", "surgeon-",
        "cirugi-", "operation-", "operacion-", "injection-", "inyeccion-", "anesthe-", "anaesthe-", "anestes-",
        "sedat-", "sedacion", "biops-", "cement", "cemento", "implant-",
    ),
    "a diagnosis": (
        "fractur-", "osteopor-", "cancer-", "metasta-", "tumor-", "tumour-", "myeloma-", "mieloma-", "infect-",
        "infecc-", "fever-", "fiebre", "covid-", "diabet-", "diagnos-", "disease-", "enfermedad-", "back pain",
        "dolor de espalda", "hemangiom-", "haemangiom-", "malignan-",
    ),
    "a part of the body": (
        "spine", "spinal", "vertebra-", "lumbar-", "thorac-", "torac-", "columna", "espalda", "backbone",
    ),
    "a test": (
        "mri", "mris", "x ray", "x rays", "xray-", "scan", "scans", "radiograf-", "resonancia", "blood", "sangre",
        "lab", "labs", "laborator-", "urine", "orina",
    ),
    "a medicine": (
        "medicine-", "medication-", "meds", "medicina", "medicinas", "medicament-", "drug", "drugs", "pill", "pills",
        "pastilla-", "tablet", "tablets", "tableta-", "dose", "doses", "dosis", "anticoag-", "insulin-", "thinner-",
        "steroid-", "antibiotic-",
    ),
    "eating, drinking or fasting": (
        "fast", "fasting", "ayun-", "eat", "eating", "food", "comer", "coma", "comida-", "drink", "drinking",
        "beber", "beba", "bebida-", "npo", "empty stomach", "by mouth", "breakfast-",
        "desayun-", "meal", "meals",
    ),
}  # fmt: skip
# Mail programs make a link of any name with a dot and two or more letters after it.
LINK = re.compile(r"(?i:https?:|www\.|\b[\w-]+\.(?:com|org|net|info|health|example|us|ly)\b)|[\w-]\.[a-z]{2,}")


@dataclass(frozen=True, slots=True)
class Complaint:
    """Why a line cannot be sent, with what to do instead."""

    code: str
    sentence: str


def line_of(texts: Mapping[str, Mapping[str, str]], kind: str, language: str) -> str:
    """The practice's line for this kind of message in exactly this language, or nothing."""
    return texts.get(kind, {}).get(language, "")


def complaints(text: str, drugs: Collection[str] = ()) -> Iterator[Complaint]:
    """Everything that forbids this line; `drugs` are the names in the protocols' tables."""
    if len(text) > LONGEST:
        yield Complaint("too_long", f"It has {len(text)} characters. Shorten it to {LONGEST}.")
    if not is_one_line(text):
        yield Complaint("control_characters", "It has line breaks or invisible characters. Type it as one line.")
    if LINK.search(text):
        sentence = "It has an address of the web. The message carries the patient's own link; leave others out."
        yield Complaint("foreign_link", sentence)
    words = f" {' '.join(_words(text))} "
    for about, stems in {**CLINICAL, "a drug": tuple(sorted(drugs))}.items():
        if found := next((stem for stem in stems if _says(words, stem)), ""):
            yield Complaint(
                "clinical_word",
                f"'{found.removesuffix('-')}' tells of {about}. Others may read a message, so it says only the "
                "practice, weekday, date, time, telephone and link; say this behind the link or by telephone.",
            )


def unseen(text: str, kept: str = "\n\t") -> str | None:
    """The first character that nobody sees and that no text needs: a control, half a surrogate, a turned direction."""
    for sign in text:
        if sign in BIDI or (unicodedata.category(sign) in ("Cc", "Cs") and sign not in kept):
            return sign
    return None


def is_one_line(text: str) -> bool:
    """No line break and nothing that nobody sees."""
    return not any(unicodedata.category(sign).startswith("C") or unicodedata.category(sign) in BREAKS for sign in text)


def _words(text: str) -> list[str]:
    """In lower case, without accents, look-alike forms made plain."""
    plain = unicodedata.normalize("NFKD", text).casefold()
    return re.findall(r"[a-z0-9]+", "".join(sign for sign in plain if not unicodedata.combining(sign)))


def _says(words: str, stem: str) -> bool:
    named = " ".join(_words(stem))
    return bool(named) and (f" {named}" if stem.endswith("-") else f" {named} ") in words
