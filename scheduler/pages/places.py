"""Where people go: the navigation's places in its order, and where each role begins."""

from dataclasses import dataclass

from django.conf import settings
from django.urls import reverse

from scheduler.access import Actor, allowed
from scheduler.rules.roles import ADMINISTRATOR, AUDITOR, CLINICIAN, NURSE, SCHEDULER

PLACES = (
    ("desk-pathway", "Pathway"),
    ("desk-day", "Day"),
    ("desk-tasks", "Tasks"),
    ("desk-new", "New case"),
    ("desk-duplicates", "Duplicates"),
    ("ward-board", "Ward"),
    ("sign-list", "To sign"),
    ("record", "Record"),
    ("settings", "Settings"),
    ("desk-mailbox", "Mailbox"),
)
ONLY_IN_DEMO = ("desk-mailbox",)
BEGINS = (
    (SCHEDULER, "desk-pathway"),
    (NURSE, "ward-board"),
    (CLINICIAN, "sign-list"),
    (ADMINISTRATOR, "settings"),
    (AUDITOR, "desk-pathway"),
)


@dataclass(frozen=True, slots=True)
class Place:
    address: str
    name: str
    is_here: bool


def places(actor: Actor, here: str) -> list[Place]:
    """The places that one of the actor's roles may open; `here` is the route of the page that is shown."""
    return [
        Place(reverse(route), name, route == here)
        for route, name in PLACES
        if allowed(route, "GET", actor.roles, demo=settings.DEMO)
        and (actor.practice.is_demo or route not in ONLY_IN_DEMO)
    ]


def first_place(actor: Actor) -> str:
    """The address where the person's work begins: the desk before the ward for somebody who does both."""
    mine = (route for role, route in BEGINS if role in actor.roles and allowed(route, "GET", actor.roles, demo=False))
    return reverse(next(mine, "desk-pathway"))
