"""Who signs for what was done on paper: each by their own password, here and now."""

from collections.abc import Mapping
from datetime import datetime

from checklists.rules.values import Authority
from checklists.services.gate import Paper
from scheduler.access import Actor
from scheduler.models import Membership, Practice
from scheduler.rules.problems import Invalid, NotPermitted, Reason
from scheduler.rules.roles import CLINICIAN
from scheduler.services.signatures import authenticate_afresh, person_here

Credentials = Mapping[str, str]  # email and password


def signed_paper(
    actor: Actor,
    *,
    reference: str,
    reason: str,
    decided_by: str,
    password: str,
    clinician: Credentials | None,
    second: Credentials | None,
    subject: object,
    now: datetime,
) -> Paper:
    """The paper with all its names proved: the actor signs if they are a clinician, else the clinician beside them.

    `decided_by`: the e-mail of the clinician who let it begin. Raises Invalid, Unauthenticated, NotPermitted, TooMany.
    """
    decider = _clinician_of(actor.practice, decided_by)
    if clinician is None:
        authenticate_afresh(actor, password, subject=subject, now=now)
    signer = actor if clinician is None else person_here(actor, **clinician, subject=subject, now=now)
    if CLINICIAN not in signer.roles:
        raise NotPermitted(
            "A clinician confirms what is entered from paper. Ask one to sign in here (field 'clinician').",
            code="clinician_needed",
        )
    beside = _second(actor, signer, second, subject, now) if second else ""
    return Paper(reference, reason, decider, signer.by, beside)


def _clinician_of(practice: Practice, email: str) -> str:
    found = Membership.objects.filter(practice=practice, role=CLINICIAN, user__is_active=True)
    member = found.filter(user__email=email.strip().lower()).select_related("user").first()
    if member is None:
        told = "Give the e-mail of the clinician of this practice who decided that it begins."
        raise Invalid("Who decided?", errors=(Reason("clinician_unknown", told, field="decided_by"),))
    return member.user.by


def _second(actor: Actor, signer: Actor, second: Credentials, subject: object, now: datetime) -> str:
    other = person_here(actor, **second, subject=subject, now=now)
    if other.user == signer.user or (other.authority or Authority.PATIENT) < Authority.NURSE:
        raise NotPermitted(
            "The second person must be another clinician or nurse of this practice. Ask a colleague.",
            code="second_unfit",
        )
    return other.by
