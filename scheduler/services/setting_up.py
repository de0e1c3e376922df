"""What a practice still lacks: before its first case, in the order in which one does it, and for what waits."""

from dataclasses import dataclass

from checklists.models import ProtocolVersion
from scheduler.models import Membership, Practice, Resource
from scheduler.services.reviewers import waits_for_nobody

NO_REVIEWER = "A clinician who had no part in what was entered from paper: nobody here may review it"


@dataclass(frozen=True, slots=True)
class Step:
    """`where`: the settings page on which it is done."""

    is_done: bool
    words: str
    where: str


def steps(practice: Practice) -> list[Step]:
    kinds = set(Resource.objects.filter(practice=practice, is_active=True).values_list("kind", flat=True))
    people = Membership.objects.filter(practice=practice, user__is_active=True)
    roles = set(people.values_list("role", flat=True))
    versions = ProtocolVersion.objects.filter(practice_id=practice.pk, withdrawn_at=None)
    signed = versions.filter(signed_at__isnull=False)
    stuck = [Step(False, NO_REVIEWER, "people")] if waits_for_nobody(practice.pk) else []
    return [
        Step(any(practice.hours), "Opening hours", "practice"),
        Step("room" in kinds, "A room to do the procedure in", "places"),
        Step("bay" in kinds, "A recovery bay", "places"),
        Step("clinician" in roles, "A clinician, who does procedures and signs", "people"),
        Step("scheduler" in roles, "A scheduler for the desk", "people"),
        Step("nurse" in roles, "A nurse for the ward", "people"),
        Step(versions.exists(), "A protocol adopted", "protocols"),
        Step(signed.exists(), "A protocol signed by a clinician", "protocols"),
        *stuck,
    ]
