"""Patient rows that may be one person: who, what a merge would mean, that they are one or two, and the way back."""

import uuid
from typing import Any

from rest_framework.request import Request

from scheduler import clock
from scheduler.access import Actor
from scheduler.api import persons
from scheduler.api.described import described
from scheduler.api.fields import shown
from scheduler.api.views import Read, Write
from scheduler.models import PatientMerge, ToldApart
from scheduler.rules.problems import Invalid, Reason
from scheduler.services import duplicates, merging, parting, telling_apart
from scheduler.services.patient_rows import check_other

NEWEST = 100


@described(name="list_duplicates", answers=persons.CandidatesOut, method="get")
class Duplicates(Read):
    """Pairs of patients that may be one person, with what makes them alike. Nothing is decided here."""

    def show(self, actor: Actor, request: Request, **ids: uuid.UUID) -> Any:
        return {"results": [persons.show_candidate(pair) for pair in duplicates.candidates(actor.practice.pk)]}


@described(name="preview_merge", answers=persons.MergePreviewOut, method="get", duplicate="the id of the other patient")
@described(name="merge_patients", takes=persons.MergeIn, answers=persons.MergeOut)
class MergePatients(Read, Write):
    # The patient of the address survives; the preview writes nothing.

    accepts = persons.MergeIn

    def show(self, actor: Actor, request: Request, **ids: uuid.UUID) -> Any:
        given = request.query_params.get("duplicate", "")
        try:
            other = uuid.UUID(given)
        except ValueError as error:
            remedy = f"'{shown(given)}': give the id of a patient."
            raise Invalid("Say who the other one is.", errors=(Reason("bad_id", remedy, field="duplicate"),)) from error
        practice_id = actor.practice.pk
        return persons.show_preview(
            duplicates.preview_merge(practice_id=practice_id, survivor_id=ids["patient_id"], duplicate_id=other)
        )

    def act(self, actor: Actor, data: dict[str, Any], **ids: uuid.UUID) -> Any:
        made = merging.merge_patients(
            practice_id=actor.practice.pk,
            survivor_id=ids["patient_id"],
            duplicate_id=data["duplicate"],
            seen_versions=(data["version"], data["duplicate_version"]),
            choice=persons.MergeIn.value(data),
            by=actor.by,
            now=clock.now(),
        )
        return persons.show_merge(made, actor.practice)


@described(name="list_merges", answers=persons.MergesOut, method="get")
class Merges(Read):
    """The newest merges, undone ones too."""

    def show(self, actor: Actor, request: Request, **ids: uuid.UUID) -> Any:
        rows = PatientMerge.objects.filter(practice=actor.practice).order_by("-merged_at", "-pk")[:NEWEST]
        return {"results": [persons.show_merge(merge, actor.practice) for merge in rows]}


@described(name="undo_merge", takes=persons.UndoIn, answers=persons.PartedOut)
class UndoMerge(Write):
    """Two patients again: what the merge moved goes back, and `since` names what came after it."""

    accepts = persons.UndoIn

    def act(self, actor: Actor, data: dict[str, Any], **ids: uuid.UUID) -> Any:
        parted = parting.undo_merge(
            practice_id=actor.practice.pk,
            merge_id=ids["merge_id"],
            reason=data["reason"],
            seen_version=data["version"],
            by=actor.by,
            now=clock.now(),
        )
        since = [persons.show_since(one, actor.practice) for one in parted.since]
        return {"merge": persons.show_merge(parted.merge, actor.practice), "since": since}


@described(name="tell_patients_apart", takes=persons.TellApartIn, answers=persons.ApartOut, status=201)
class TellApart(Write):
    """Two people who look like one: they are not listed again, nor merged, until that is taken back."""

    accepts, status = persons.TellApartIn, 201

    def act(self, actor: Actor, data: dict[str, Any], **ids: uuid.UUID) -> Any:
        practice_id, patient_ids = actor.practice.pk, (ids["patient_id"], data["other"])
        check_other(practice_id, *patient_ids, field="other")
        pair = telling_apart.tell_apart(
            practice_id=practice_id,
            patient_ids=patient_ids,
            reason=data["reason"],
            seen_versions=(data["version"], data["other_version"]),
            by=actor.by,
            now=clock.now(),
        )
        return persons.show_apart(pair, actor.practice)


@described(name="list_told_apart", answers=persons.ApartPairsOut, method="get")
class ApartPairs(Read):
    """The newest pairs of people who were told apart, those that were taken back too."""

    def show(self, actor: Actor, request: Request, **ids: uuid.UUID) -> Any:
        rows = ToldApart.objects.filter(practice=actor.practice).order_by("-told_at", "-pk")[:NEWEST]
        return {"results": [persons.show_apart(pair, actor.practice) for pair in rows]}


@described(name="take_back_told_apart", takes=persons.UndoIn, answers=persons.ApartOut)
class TakeBackApart(Write):
    """They may be one person after all, and are listed again."""

    accepts = persons.UndoIn

    def act(self, actor: Actor, data: dict[str, Any], **ids: uuid.UUID) -> Any:
        pair = telling_apart.take_back(
            practice_id=actor.practice.pk,
            apart_id=ids["apart_id"],
            reason=data["reason"],
            seen_version=data["version"],
            by=actor.by,
            now=clock.now(),
        )
        return persons.show_apart(pair, actor.practice)
