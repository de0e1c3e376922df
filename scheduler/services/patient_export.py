"""Everything that is held about one patient, in a form for machines and a page for people, in one zip."""

import email
import io
import json
import re
import uuid
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from email.policy import default
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder
from django.db import models, transaction
from django.template.loader import render_to_string

from notifications.models import Message
from scheduler.models import Patient, Practice, User
from scheduler.rules.problems import NotFound
from scheduler.services.of_others import of_somebody_else
from scheduler.services.patient_data import HIDDEN, Holding, Whose, holdings
from scheduler.services.record import append_record

FORMAT = "cleared-patient-export/1"
# A link's token opens the patient's pages: it is no part of what is handed over.
TOKEN = re.compile(r"/my/[\w-]{20,}")
Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Section:
    """One table of the export."""

    table: str
    heading: str
    rows: list[Row]


@transaction.atomic
def export_patient(*, practice: Practice, patient_id: uuid.UUID, by: str, now: datetime) -> bytes:
    """A zip with `patient.json` and `patient.html`; that it was made stands in the record. Raises NotFound."""
    if not Patient.objects.filter(practice=practice, pk=patient_id).exists():
        raise NotFound("This patient does not exist.")
    append_record(practice_id=practice.pk, by=by, action="patient_exported", subject=patient_id, now=now)
    sections = list(sections_of(Whose(practice.pk, patient_id)))
    return _zipped(practice, patient_id, sections, now)


def sections_of(whose: Whose) -> Iterator[Section]:
    for holding in holdings():
        rows = [_row(holding, row, whose) for row in holding.rows(whose)]
        yield Section(holding.model._meta.db_table, holding.heading, rows)


def _row(holding: Holding, row: models.Model, whose: Whose) -> Row:
    """The columns by their names; of a message also its text, of a line about several patients only this one's ids."""
    left_out = HIDDEN | holding.hidden
    told = {f.attname: getattr(row, f.attname) for f in row._meta.concrete_fields if not {f.name, f.attname} & left_out}
    if isinstance(row, Message):
        told["payload"] = text_of(bytes(row.payload))
    told |= of_somebody_else(row, whose)
    if "subjects" in told:
        ours = {each.hex for each in whose.subjects}
        told["subjects"] = [each for each in str(told["subjects"]).split() if each in ours]
    return told


def text_of(payload: bytes) -> str:
    """What a message's readers see of its bytes, without the tokens of links; empty once the bytes are wiped."""
    if not payload:
        return ""
    message = email.message_from_bytes(payload, policy=default)
    texts = [f"{name}: {message[name]}" for name in ("From", "To", "Subject", "Date") if message[name]]
    for part in message.walk():
        if part.get_content_type() in ("text/plain", "text/calendar"):
            texts.append(_decoded(part.get_payload(decode=True)))
    return TOKEN.sub("/my/***", "\n\n".join(texts))


def _decoded(part: object) -> str:
    return part.decode("utf-8", "replace") if isinstance(part, bytes) else str(part)


def _zipped(practice: Practice, patient_id: uuid.UUID, sections: list[Section], now: datetime) -> bytes:
    about = {
        "format": FORMAT,
        "practice": {"id": practice.pk, "name": practice.name, "zone": practice.zone},
        "patient": patient_id,
        "exported_at": now,
        "people": {user.by: user.name for user in User.objects.filter(memberships__practice=practice)},
    }
    document = {**about, "tables": {section.table: section.rows for section in sections}}
    page = render_to_string("export.html", {**about, "practice": practice, "sections": _readable(sections)})
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("patient.json", json.dumps(document, cls=DjangoJSONEncoder, ensure_ascii=False, indent=1))
        archive.writestr("patient.html", page)
    return buffer.getvalue()


def _readable(sections: list[Section]) -> list[tuple[str, list[list[tuple[str, str]]]]]:
    """Headings with their rows; each row the names and values that are not empty."""
    return [
        (
            section.heading,
            [
                [(name.replace("_", " "), _said(value)) for name, value in row.items() if value not in ("", None, [])]
                for row in section.rows
            ],
        )
        for section in sections
    ]


def _said(value: Any) -> str:
    if isinstance(value, (dict, list)):
        return json.dumps(value, cls=DjangoJSONEncoder, ensure_ascii=False, indent=1)
    return value.isoformat(" ") if isinstance(value, datetime) else str(value)
