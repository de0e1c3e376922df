"""One row of every table, to be copied with one thing wrong."""

from datetime import timedelta
from typing import Any

from django.db import models

from checklists.models import (
    Block,
    Checklist,
    Decision,
    Evidence,
    EvidenceError,
    Facts,
    GatePass,
    Item,
    Override,
    Protocol,
    ProtocolVersion,
    Review,
)
from notifications.models import Attempt, Message, Suppression
from notifications.services.outbox import suppress
from scheduler.models import (
    ApiToken,
    Booking,
    Case,
    Claim,
    Contact,
    Erasure,
    IdempotencyKey,
    Link,
    Membership,
    Patient,
    PatientMerge,
    Practice,
    Reading,
    Record,
    Resource,
    Task,
    ToldApart,
    User,
)
from scheduler.rules.duties import Duty
from scheduler.services.tasks import owe_task
from scheduler.services.tokens import create_token

World = dict[type[models.Model], Any]


def world_of(case: Case, practice: Practice, user: User, now: Any) -> World:
    """The rows that a started case left, and the few that its way did not make."""
    evidence = Evidence.objects.filter(checklist=case.checklist).first()
    of_checklist = {"practice_id": practice.pk, "checklist": case.checklist, "at": now, "by": user.by}
    message = Message.objects.filter(subject=case.pk, method="REQUEST").first()
    create_token(user=user, practice=practice, label="t", lasts=timedelta(days=1), now=now)
    owe_task(case=case, duty=Duty("call", "k", "scheduler", "Call.", None), by="system", now=now)
    suppress(practice_id=practice.pk, channel="email", recipient="a@b.example", reason="r", now=now, by="system")
    other = Patient.objects.create(
        practice=practice, family_name="Other", given_name="Name", born_on=case.patient.born_on, created_at=now
    )
    pair = sorted((case.patient, other), key=lambda patient: patient.pk)
    contact = Contact.objects.filter(patient=case.patient).first()
    return {
        Practice: practice,
        User: user,
        Membership: Membership.objects.filter(practice=practice, role="scheduler").get(),
        ApiToken: ApiToken.objects.get(practice=practice),
        Patient: case.patient,
        PatientMerge: PatientMerge.objects.create(
            practice=practice, survivor=case.patient, duplicate=other, identifiers=[], reason="r", merged_at=now
        ),
        ToldApart: ToldApart.objects.create(
            practice=practice,
            reason="r",
            told_at=now,
            told_by=user.by,
            **dict(zip(("one", "other"), pair, strict=True)),
        ),
        Contact: contact,
        Erasure: Erasure.objects.create(
            practice=practice, patient=other, at=now + timedelta(days=1), by=user.by, why="mistaken", reason="r"
        ),
        Link: Link.objects.create(
            practice=practice, case=case, contact=contact, generation=7, digest=case.pk.hex * 2, created_at=now
        ),
        Resource: Resource.objects.filter(practice=practice, kind="room").first(),
        Case: case,
        Booking: case.booking,
        Claim: Claim.objects.filter(booking=case.booking, resource__kind="room").get(),
        Task: Task.objects.filter(case=case, key="k").get(),
        Record: Record.objects.filter(practice=practice).first(),
        Reading: Reading.objects.create(
            practice=practice, at=now, by=user.by, roles="nurse", route="ward-case", subjects=case.pk.hex, merged="m"
        ),
        IdempotencyKey: IdempotencyKey.objects.create(
            practice=practice, actor=user.by, route="r", key="k", body_digest="d", status=200, body="", created_at=now
        ),
        Protocol: case.checklist.protocol_version.protocol,
        ProtocolVersion: case.checklist.protocol_version,
        Checklist: case.checklist,
        Facts: Facts.objects.filter(checklist=case.checklist).first(),
        Item: Item.objects.filter(checklist=case.checklist).first(),
        Evidence: evidence,
        EvidenceError: EvidenceError.objects.create(
            evidence=evidence, practice_id=practice.pk, reason="typed twice", at=now, by=user.by
        ),
        Review: Review.objects.create(
            item="consult", inputs="i", start_from=now, start_until=now + timedelta(days=1), **of_checklist
        ),
        Override: Override.objects.create(item="ride", inputs="i", reason="known", second_by="staff:2", **of_checklist),
        Block: Block.objects.create(item="ride", code="c", sentence="s", owner="patient", **of_checklist),
        Decision: Decision.objects.filter(checklist=case.checklist, gate="start").get(),
        GatePass: GatePass.objects.get(subject=case.pk),
        Message: message,
        Attempt: Attempt.objects.create(
            practice_id=practice.pk, message=message, number=1, finished_at=now, outcome="transient", by="w"
        ),
        Suppression: Suppression.objects.get(practice_id=practice.pk),
    }
