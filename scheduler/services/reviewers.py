"""Who may settle a task that leaves out those who answer for what it is about; a practice may have nobody."""

import uuid
from collections.abc import Iterable, Mapping

from scheduler.models import Membership, Task
from scheduler.rules.duties import DOWNTIME_REVIEW
from scheduler.rules.roles import CLINICIAN

NOBODY = (
    "Every clinician of the practice decided, signed or entered it: nobody here may review it. An administrator "
    "adds a clinician who had no part in it (Settings, People); it stays owed until that one has reviewed it."
)


def told_who(tasks: Iterable[Task]) -> Mapping[uuid.UUID, str]:
    """By task, of those that leave somebody out: a sentence that names who may settle it. One query for all."""
    limited = [task for task in tasks if task.not_by]
    if not limited:
        return {}
    places = {task.practice_id for task in limited}
    found = Membership.objects.filter(practice__in=places, role=CLINICIAN, user__is_active=True).select_related("user")
    clinicians = [(member.practice_id, member.user) for member in found.order_by("user__name")]
    return {
        task.pk: _told(
            [user.name for place, user in clinicians if place == task.practice_id and user.by not in task.not_by]
        )
        for task in limited
    }


def _told(names: list[str]) -> str:
    return f"{' or '.join(names)} may review it." if names else NOBODY


def waits_for_nobody(practice_id: uuid.UUID) -> bool:
    """Whether something is owed that no clinician of the practice may settle."""
    owed = Task.objects.filter(practice_id=practice_id, done_at=None, key__startswith=DOWNTIME_REVIEW)
    return NOBODY in told_who(owed).values()
