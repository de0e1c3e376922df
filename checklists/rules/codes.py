"""Codes as people read them: abbreviations in their capitals."""

import re
from collections.abc import Mapping

SPELT: Mapping[str, str] = {
    "covid": "COVID",
    "ct": "CT",
    "doac": "DOAC",
    "ecg": "ECG",
    "inr": "INR",
    "mri": "MRI",
    "mrsa": "MRSA",
    "pt": "PT",
    "spect": "SPECT",
    "vka": "VKA",
    "xray": "X-ray",
}
WORD = re.compile(r"[a-z]+")


def code_in_words(code: str) -> str:
    """`mri_contraindicated` as "MRI contraindicated"."""
    return WORD.sub(lambda word: SPELT.get(word[0], word[0]), code.replace("_", " "))


def code_as_label(code: str) -> str:
    """The same at the beginning of a sentence."""
    words = code_in_words(code)
    return words[:1].upper() + words[1:]
