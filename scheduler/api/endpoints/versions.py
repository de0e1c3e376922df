"""Two versions of a protocol side by side."""

import uuid
from typing import Any

from rest_framework.request import Request

from checklists.protocols.differences import Difference, differences
from scheduler.access import Actor
from scheduler.api import outputs
from scheduler.api.described import described
from scheduler.api.fields import shown
from scheduler.api.show import show_version
from scheduler.api.views import Read
from scheduler.rules.problems import Invalid, Reason
from scheduler.services import signing


def _against(request: Request) -> uuid.UUID | None:
    given = request.query_params.get("against")
    try:
        return None if given is None else uuid.UUID(given)
    except ValueError as error:
        reason = Reason(
            "bad_id", f"'{shown(given)}': give the id of a version, as GET /protocols/ lists it.", "against"
        )
        raise Invalid("The version to compare with cannot be read.", errors=(reason,)) from error


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
        older = signing.against(version, _against(request))
        return {
            "version": show_version(version, tz),
            "against": show_version(older, tz),
            "differences": [_show(one) for one in differences(older.document, version.document)],
        }
