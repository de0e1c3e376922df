"""The demonstration: its practice, and cases told up to any step through the same services as real work."""

from scheduler.services.demonstration.cases import make_demonstration
from scheduler.services.demonstration.practice import (
    PASSWORD,
    STAFF,
    demonstration_document,
    make_practice,
    resources_by_name,
    staff_by_role,
)
from scheduler.services.demonstration.story import GOING_HOME, STEPS, Person, Story

__all__ = [
    "GOING_HOME",
    "PASSWORD",
    "STAFF",
    "STEPS",
    "Person",
    "Story",
    "demonstration_document",
    "make_demonstration",
    "make_practice",
    "resources_by_name",
    "staff_by_role",
]
