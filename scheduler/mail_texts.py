"""What a mail says to a patient, a caregiver or an escort, in the patient's language; staff are written to in English.

The same facts in each language: practice, weekday, date, time, zone, place, telephone number, link.
"""

from datetime import datetime

from django.utils.translation import gettext as _
from django.utils.translation import override

from scheduler import spoken
from scheduler.models import Practice
from scheduler.rules import texts

STAFF = ""  # in place of a language


def staff_when(moment: datetime, practice: Practice) -> str:
    """Weekday, date, time and zone as staff read them: no message says today, tonight or tomorrow."""
    local = moment.astimezone(practice.site.tz)
    return f"{local:%A}, {local.day} {local:%B %Y} at {local:%H:%M} ({local:%Z}, {practice.zone})"


def _when(moment: datetime, practice: Practice, language: str) -> str:
    return staff_when(moment, practice) if language == STAFF else spoken.when_in_words(moment, practice)


def _in(language: str) -> override:
    return override(spoken.language_of(language))


def _where(practice: Practice) -> str:
    return _("Where: {address}").format(address=practice.address)


def _questions(practice: Practice) -> str:
    return _("Questions? Call {phone}.").format(phone=practice.phone)


def _asks(link: str) -> str:
    """The paragraph that carries the link; nothing without one."""
    return "\n{}\n{}\n".format(_("Please answer a few questions before you come:"), link) if link else ""


def _line_of_practice(practice: Practice, kind: str, language: str) -> str:
    """What the practice itself adds to this kind of message, as a paragraph."""
    line = texts.line_of(practice.texts, kind, language)
    return f"\n{line}\n" if line else ""


def appointment_summary(practice: Practice, language: str) -> str:
    """The title of the calendar entry."""
    with _in(language):
        return _("Appointment - {practice}").format(practice=practice.name)


def appointment_title(practice: Practice, moment: datetime, *, cancelled: bool, language: str) -> str:
    with _in(language):
        said = _("cancelled") if cancelled else _when(moment, practice, language)
        return _("Appointment - {practice}").format(practice=practice.name) + f": {said}"


def appointment_text(practice: Practice, kind: str, moment: datetime, *, link: str = "", language: str = STAFF) -> str:
    """Of an invitation, a new time or a cancellation; the practice's own line in the same language."""
    with _in(language):
        said = {
            "invite": _("You have an appointment with {practice} on {when}."),
            "moved": _("The appointment with {practice} is now on {when}."),
            "cancelled": _("The appointment with {practice} on {when} is cancelled."),
        }[kind].format(practice=practice.name, when=_when(moment, practice, language))
        added = _line_of_practice(practice, kind, language)
        return f"{said}\n\n{_where(practice)}\n{_asks(link)}{added}\n{_questions(practice)}\n"


def reminder_title(practice: Practice, *, is_patients: bool, language: str) -> str:
    with _in(language):
        said = _("Before your appointment - {practice}") if is_patients else _("Before the appointment - {practice}")
        return said.format(practice=practice.name)


def reminder_text(
    practice: Practice, moment: datetime, *, is_patients: bool = True, link: str = "", language: str
) -> str:
    with _in(language):
        said = (
            _("Your appointment with {practice} is on {when}.")
            if is_patients
            else _("The appointment with {practice} is on {when}.")
        ).format(practice=practice.name, when=_when(moment, practice, language))
        added = _line_of_practice(practice, "reminder", language)
        if link:
            step = _("One step before it is still open:")
            return f"{said}\n\n{step}\n{link}\n{added}\n{_questions(practice)}\n"
        step = _("One step before it is still open. Please call {phone}.").format(phone=practice.phone)
        return f"{said}\n\n{step}\n{added}"


def correction(practice: Practice, moment: datetime, *, language: str) -> tuple[str, str]:
    """Title and text where a reminder spoke of a step that was not open."""
    with _in(language):
        said = _(
            "We wrote to you that a step before the appointment on {when} was still open. That was our mistake: it is "
            "not open. The appointment stands."
        ).format(when=_when(moment, practice, language))
        title = _("Correction - {practice}").format(practice=practice.name)
        return title, f"{said}\n\n{_questions(practice)}\n"


def link_title(practice: Practice, *, language: str) -> str:
    with _in(language):
        return _("Your link - {practice}").format(practice=practice.name)


def link_text(practice: Practice, link: str, *, language: str) -> str:
    with _in(language):
        said = _("This is your link from {practice}. It takes the place of any link we sent before.")
        return f"{said.format(practice=practice.name)}\n{_asks(link)}\n{_questions(practice)}\n"


def home_title(practice: Practice, *, is_patients: bool, language: str) -> str:
    with _in(language):
        said = _("After your appointment - {practice}") if is_patients else _("After the appointment - {practice}")
        return said.format(practice=practice.name)


def home_text(practice: Practice, until: datetime, link: str, *, language: str) -> str:
    """Only that there is something to read, and until when."""
    with _in(language):
        said = _("{practice} wrote down what to do at home.").format(practice=practice.name)
        read = _("Please read it here. The link works until {when}:").format(when=_when(until, practice, language))
        return f"{said}\n\n{read}\n{link}\n\n{_questions(practice)}\n"


def pickup_title(practice: Practice, *, cancelled: bool, language: str) -> str:
    with _in(language):
        said = _("Pick-up cancelled - {practice}") if cancelled else _("Pick-up - {practice}")
        return said.format(practice=practice.name)


def pickup_text(practice: Practice, moment: datetime, link: str, *, language: str) -> str:
    """When, where and the link: nothing about the patient."""
    with _in(language):
        named = _("You were named to take somebody home from {practice}.").format(practice=practice.name)
        when = _("Pick-up: about {when}").format(when=_when(moment, practice, language))
        asked = "\n{}\n{}\n".format(_("Please tell us whether you can come:"), link) if link else ""
        return f"{named}\n\n{when}\n{_where(practice)}\n{asked}\n{_questions(practice)}\n"


def pickup_cancelled_text(practice: Practice, *, language: str) -> str:
    with _in(language):
        said = _("You need not come to {practice}: the pick-up is cancelled.").format(practice=practice.name)
        return f"{said}\n\n{_questions(practice)}\n"
