"""The field of every text that a form takes."""

from django import forms
from django.core.exceptions import ValidationError

from scheduler.rules.texts import unseen


def refuse_unseen(text: str) -> None:
    """A browser ends the lines of a form with CR LF."""
    if (sign := unseen(text, kept="\r\n\t")) is not None:
        raise ValidationError(f"It has a character that nobody sees (U+{ord(sign):04X}). Type it again.")


class TextField(forms.CharField):
    """Text without anything that is there and is not seen; for all but passwords."""

    default_validators = [refuse_unseen]
