from scheduler.models.calendar import Booking, Claim, Resource
from scheduler.models.cases import Case
from scheduler.models.erasures import Erasure
from scheduler.models.merges import PatientMerge, ToldApart
from scheduler.models.people import Contact, Link, Patient
from scheduler.models.practice import ApiToken, Membership, Practice, User
from scheduler.models.record import IdempotencyKey, Reading, Record, RecordHead
from scheduler.models.work import Task

__all__ = [
    "ApiToken",
    "Booking",
    "Case",
    "Claim",
    "Contact",
    "Erasure",
    "IdempotencyKey",
    "Link",
    "Membership",
    "Patient",
    "PatientMerge",
    "Practice",
    "Reading",
    "Record",
    "RecordHead",
    "Resource",
    "Task",
    "ToldApart",
    "User",
]
