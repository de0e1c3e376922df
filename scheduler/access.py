"""Who may what: one table from route and method to roles. A route that is not here answers nobody.

What is done to a case is named by its act, whose roles and states are in scheduler/rules/transitions.py.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from checklists.rules.values import Authority
from scheduler.models import Practice, User
from scheduler.rules.problems import NotPermitted
from scheduler.rules.roles import (
    AUDITOR,
    CARE,
    CLINICIAN,
    CLINICIANS,
    DESK,
    EVERY_ROLE,
    NURSE,
    OFFICE,
    REGISTRARS,
    SCHEDULER,
    SIGNERS,
    STAFF,
    WARD,
)
from scheduler.rules.transitions import TRANSITIONS, Act

ANYONE = "anyone"  # also without signing in
ANYONE_IN_DEMO = "anyone in the demo"  # elsewhere every role

Allowed = frozenset[str] | str


def who(*acts: Act) -> frozenset[str]:
    """The roles that may do one of these acts."""
    return frozenset().union(*(TRANSITIONS[act].who for act in acts))


def post(*acts: Act) -> Mapping[str, Allowed]:
    return {"POST": who(*acts)}


def form(*acts: Act) -> Mapping[str, Allowed]:
    """A page with a form of its own."""
    return {"GET": who(*acts), "POST": who(*acts)}


ENDS = (Act.END, Act.DIE, Act.ABORT)

ACCESS: Mapping[str, Mapping[str, Allowed]] = {
    "health": {"GET": ANYONE},
    "login": {"GET": ANYONE, "POST": ANYONE},
    "logout": {"POST": ANYONE},
    "home": {"GET": EVERY_ROLE},
    "desk-pathway": {"GET": EVERY_ROLE},
    "desk-pathway-rows": {"GET": EVERY_ROLE},
    "desk-day": {"GET": EVERY_ROLE},
    "desk-day-rows": {"GET": EVERY_ROLE},
    "desk-case": {"GET": EVERY_ROLE},
    "desk-tasks": {"GET": EVERY_ROLE},
    "desk-task-done": {"POST": STAFF},
    "desk-new": {"GET": DESK, "POST": DESK},
    "desk-known": {"GET": DESK, "POST": DESK},
    "desk-new-known": {"GET": DESK, "POST": DESK},
    "desk-book": form(Act.BOOK, Act.MOVE),
    "desk-end": post(*ENDS, Act.RELEASE),
    "desk-arrive": post(Act.ARRIVE),
    "desk-close": post(Act.CLOSE),
    "desk-reopen": post(Act.REOPEN),
    "desk-case-refile": {"GET": REGISTRARS, "POST": REGISTRARS},
    "desk-evidence-error": {"GET": CARE, "POST": CARE},
    "desk-duplicates": {"GET": STAFF, "POST": STAFF},
    "desk-merge": {"GET": REGISTRARS, "POST": REGISTRARS},
    "desk-merge-undo": {"POST": REGISTRARS},
    "desk-tell-apart": {"POST": REGISTRARS},
    "desk-tell-apart-undo": {"POST": REGISTRARS},
    "desk-plan": form(Act.PLAN),
    "ward-board": {"GET": EVERY_ROLE},
    "ward-board-rows": {"GET": EVERY_ROLE},
    "ward-case": {"GET": EVERY_ROLE},
    "ward-identity": {"POST": WARD},
    "ward-verify": {"POST": WARD},
    "ward-record": {"POST": WARD},
    "ward-infection": {"GET": WARD, "POST": WARD},
    "ward-prescreen": {"POST": WARD},
    "ward-arrive": {"POST": WARD},
    "ward-check-in": post(Act.CHECK_IN),
    "ward-start": post(Act.START),
    "ward-finish": post(Act.FINISH),
    "ward-discharge": post(Act.DISCHARGE),
    "ward-send-home": post(Act.SEND_HOME),
    "ward-ask-override": post(Act.ASK_OVERRIDE),
    "desk-record": form(Act.RECORD),
    "desk-phone": form(Act.PHONE),
    "desk-clearance": form(Act.ASK_PRESCRIBER),
    "desk-clearance-answer": post(Act.RECORD),
    "ward-print": {"GET": EVERY_ROLE},
    "ward-paper": form(Act.FROM_PAPER),
    "ward-paper-record": {"GET": WARD, "POST": WARD},
    "desk-clearance-verify": {"POST": WARD},
    "desk-clearance-letter": {"GET": CARE},
    "desk-link-send": post(Act.SEND_LINK),
    "desk-contact-add": {"GET": DESK, "POST": DESK},
    "desk-contact-change": {"GET": DESK, "POST": DESK},
    "desk-contact-end": {"GET": DESK, "POST": DESK},
    "desk-language": {"GET": DESK, "POST": DESK},
    # A link's cookie is asked for in place of a login: scheduler/pages/my/door.py.
    "my-link": {"GET": ANYONE},
    "my-home": {"GET": ANYONE, "POST": ANYONE},
    "my-not-me": {"POST": ANYONE},
    "my-question": {"GET": ANYONE, "POST": ANYONE},
    "my-check": {"GET": ANYONE},
    "my-done": {"GET": ANYONE},
    "my-calendar": {"GET": ANYONE},
    "my-pick-up": {"GET": ANYONE, "POST": ANYONE},
    "my-clearance": {"GET": ANYONE, "POST": ANYONE},
    "desk-mailbox": {"GET": EVERY_ROLE},
    "desk-mail": {"GET": EVERY_ROLE},
    "desk-invite": {"GET": EVERY_ROLE},
    "sign-list": {"GET": CLINICIANS},
    "sign-review": post(Act.REVIEW),
    "sign-restart": {"POST": CLINICIANS},
    "sign-override": post(Act.OVERRIDE),
    "sign-decline": {"POST": CLINICIANS},
    "sign-paper": {"POST": CLINICIANS},
    "record": {"GET": frozenset({AUDITOR})},
    "record-export": {"POST": frozenset({AUDITOR})},
    "settings": {"GET": SIGNERS},
    "settings-practice": {"GET": OFFICE, "POST": OFFICE},
    "settings-places": {"GET": OFFICE, "POST": OFFICE},
    "settings-place": {"POST": OFFICE},
    "settings-people": {"GET": OFFICE, "POST": OFFICE},
    "settings-person": {"GET": OFFICE, "POST": OFFICE},
    "settings-person-close": {"POST": OFFICE},
    "settings-texts": {"GET": OFFICE, "POST": OFFICE},
    "settings-patients": {"GET": OFFICE, "POST": OFFICE},
    "settings-patient": {"GET": OFFICE, "POST": OFFICE},
    "settings-patient-erase": {"GET": OFFICE, "POST": OFFICE},
    "settings-protocols": {"GET": SIGNERS, "POST": SIGNERS},
    "settings-protocol": {"GET": SIGNERS},
    "settings-protocol-diff": {"GET": SIGNERS},
    "settings-protocol-fill": {"GET": SIGNERS, "POST": SIGNERS},
    "settings-protocol-move": {"GET": SIGNERS, "POST": CLINICIANS},
    "settings-protocol-sign": {"POST": CLINICIANS},
    "settings-protocol-withdraw": {"POST": CLINICIANS},
    "schema": {"GET": ANYONE_IN_DEMO},
    "docs": {"GET": ANYONE_IN_DEMO},
    "practice": {"GET": EVERY_ROLE},
    "resources": {"GET": EVERY_ROLE},
    "patients": {"POST": DESK},
    "patient-search": {"POST": STAFF},
    "patient-contacts": {"GET": STAFF, "POST": DESK},
    "patient-language": {"POST": DESK},
    "contact-end": {"POST": DESK},
    "patient-duplicates": {"GET": STAFF},
    "patient-merge": {"GET": REGISTRARS, "POST": REGISTRARS},
    "patient-tell-apart": {"POST": REGISTRARS},
    "told-apart": {"GET": REGISTRARS},
    "told-apart-undo": {"POST": REGISTRARS},
    "merges": {"GET": REGISTRARS},
    "merge-undo": {"POST": REGISTRARS},
    "cases": {"GET": EVERY_ROLE, "POST": DESK},
    "case": {"GET": EVERY_ROLE},
    "case-evidence": post(Act.RECORD),
    "case-latest-times": {"GET": EVERY_ROLE},
    "case-clearance": post(Act.ASK_PRESCRIBER),
    "case-plan": post(Act.PLAN),
    "case-bookings": post(Act.BOOK),
    "case-arrive": post(Act.ARRIVE),
    "case-check-in": post(Act.CHECK_IN),
    "case-start": post(Act.START),
    "case-finish": post(Act.FINISH),
    "case-discharge": post(Act.DISCHARGE),
    "case-close": post(Act.CLOSE),
    "case-cancel": post(*ENDS),
    "case-reopen": post(Act.REOPEN),
    "case-reviews": post(Act.REVIEW),
    "case-overrides": post(Act.OVERRIDE),
    "case-downtime": post(Act.FROM_PAPER),
    "evidence-error": {"POST": CARE},
    "booking-move": post(Act.MOVE),
    "booking-cancel": post(Act.RELEASE),
    "evidence-refile": {"POST": CARE},
    "case-refile": {"POST": REGISTRARS},
    "board": {"GET": EVERY_ROLE},
    "tasks": {"GET": EVERY_ROLE},
    "task-done": {"POST": STAFF},
    "protocols": {"GET": EVERY_ROLE, "POST": SIGNERS},
    "protocol": {"GET": EVERY_ROLE},
    "protocol-diff": {"GET": EVERY_ROLE},
    "protocol-move": {"GET": SIGNERS, "POST": CLINICIANS},
    "protocol-sign": {"POST": CLINICIANS},
    "protocol-withdraw": {"POST": CLINICIANS},
}

AUTHORITIES = {SCHEDULER: Authority.SCHEDULER, NURSE: Authority.NURSE, CLINICIAN: Authority.CLINICIAN}


@dataclass(frozen=True, slots=True)
class Actor:
    """Who asks, for which practice, with which roles. Everything a view needs to know about its caller."""

    user: User
    practice: Practice
    roles: frozenset[str]

    @property
    def by(self) -> str:
        return self.user.by

    @property
    def authority(self) -> Authority | None:
        """The weight of this person's own word: the highest of their roles; None when none carries any."""
        return max((AUTHORITIES[role] for role in self.roles if role in AUTHORITIES), default=None)


def answers(route: str, method: str) -> bool:
    """Whether anybody may call the route with this method. HEAD is as GET."""
    return ("GET" if method == "HEAD" else method) in ACCESS.get(route, {})


def allowed(route: str, method: str, roles: frozenset[str], *, demo: bool) -> bool:
    """Whether one of the roles (none = not signed in) may call the route. HEAD is as GET."""
    who = ACCESS.get(route, {}).get("GET" if method == "HEAD" else method)
    if who is None:
        return False
    if who == ANYONE or (who == ANYONE_IN_DEMO and demo):
        return True
    return bool(roles & (EVERY_ROLE if who == ANYONE_IN_DEMO else frozenset(who)))


def authority_of(said_by: str, actor: Actor) -> Authority | None:
    """Staff speak with their own authority; what they record for others is the others' word."""
    return actor.authority if said_by == "staff" else Authority.PATIENT


def permit(actor: Actor, act: Act) -> None:
    """For a route that takes several acts. Raises NotPermitted where none of the actor's roles may do this one."""
    if actor.roles.isdisjoint(TRANSITIONS[act].who):
        raise NotPermitted(f"Your roles may not {act.value.replace('_', ' ')}. Ask a {' or '.join(sorted(who(act)))}.")
