"""Two versions of a protocol side by side, and open cases moved from one to the other."""

import uuid
from typing import Any

from rest_framework.request import Request

from checklists.protocols.differences import Difference, differences
from scheduler import clock
from scheduler.access import Actor
from scheduler.api import inputs, outputs
from scheduler.api.described import described
from scheduler.api.fields import shown
from scheduler.api.show import moment, show_case_row, show_version
from scheduler.api.views import Read, Write
from scheduler.reads import looked_at
from scheduler.rules.problems import Invalid, Reason
from scheduler.services import case_moves, signatures, signing
from scheduler.services.both_versions import BothSides, Word


def _asked(request: Request, name: str) -> uuid.UUID | None:
    given = request.query_params.get(name)
    try:
        return None if given is None else uuid.UUID(given)
    except ValueError as error:
        remedy = f"'{shown(given)}': give the id of a version, as GET /protocols/ lists it."
        raise Invalid("The other version cannot be read.", errors=(Reason("bad_id", remedy, field=name),)) from error


def _show(one: Difference) -> dict[str, Any]:
    (old_source, old_confidence), (new_source, new_confidence) = one.old_cited, one.new_cited
    return {
        "path": one.path,
        "rule": one.rule,
        "part": one.part,
        "old": one.old,
        "new": one.new,
        "old_source": old_source,
        "old_confidence": old_confidence,
        "new_source": new_source,
        "new_confidence": new_confidence,
        "sentence": one.sentence,
    }


@described(
    name="compare_protocols",
    answers=outputs.ProtocolDiffOut,
    method="get",
    against="the id of the older version; the one before this if left out",
)
class DiffProtocol(Read):
    """What this version changes in another one, in words, each value with its source and confidence."""

    def show(self, actor: Actor, request: Request, **ids: uuid.UUID) -> Any:
        tz = actor.practice.site.tz
        version = signing.version_of(actor.practice.pk, ids["version_id"])
        older = signing.against(version, _asked(request, "against"))
        return {
            "version": show_version(version, tz),
            "against": show_version(older, tz),
            "differences": [_show(one) for one in differences(older.document, version.document)],
        }


def _word(word: Word | None) -> dict[str, str] | None:
    return None if word is None else {"status": str(word.status), "code": word.code, "sentence": word.sentence}


def _show_move(one: BothSides) -> dict[str, Any]:
    tz = one.case.practice.site.tz
    return {
        "case": show_case_row(one.case),
        "seen": one.seen,
        "changes": one.changes,
        "blocks_a_booking": one.blocks_a_booking,
        "state_before": one.before.state,
        "state_after": one.after.state,
        "earliest_before": moment(one.before.earliest, tz),
        "earliest_after": moment(one.after.earliest, tz),
        "items": [{"item": i.item, "before": _word(i.before), "after": _word(i.after)} for i in one.items],
    }


@described(
    name="preview_moving_cases",
    answers=outputs.MovePreviewOut,
    method="get",
    to="the id of the version in force to move to; the newest of the same protocol if left out",
)
@described(name="move_cases_to_version", takes=inputs.MoveCasesIn, answers=outputs.CasesMovedOut)
class MoveCases(Read, Write):
    # The preview writes nothing; a case is moved with the `seen` of its preview, and left where that is no longer true.

    accepts = inputs.MoveCasesIn

    def show(self, actor: Actor, request: Request, **ids: uuid.UUID) -> Any:
        version = signing.version_of(actor.practice.pk, ids["version_id"])
        target = case_moves.target_of(version, _asked(request, "to"))
        preview = case_moves.preview_move(version=version, target=target, now=clock.now())
        tz = actor.practice.site.tz
        return {
            "version": show_version(version, tz),
            "to": show_version(target, tz),
            "total": preview.total,
            "cases": [_show_move(one) for one in preview.rows],
            "unreadable": [str(one.case.pk) for one in preview.unjudged],
        }

    def act(self, actor: Actor, data: dict[str, Any], **ids: uuid.UUID) -> Any:
        now = clock.now()
        signatures.authenticate_afresh(actor, data["password"], subject=ids["version_id"], now=now)
        version = signing.version_of(actor.practice.pk, ids["version_id"])
        target = case_moves.target_of(version, data["to"])
        chosen = {one["case"]: one["seen"] for one in data["cases"]}
        done = case_moves.move_cases_to_version(version=version, target=target, chosen=chosen, by=actor.by, now=now)
        looked_at(*done.moved, *(one.case_id for one in done.left))
        left = [{"case": str(one.case_id), "code": one.code, "detail": one.sentence} for one in done.left]
        return {"moved": [str(pk) for pk in done.moved], "left": left}
