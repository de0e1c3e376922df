"""Who may what: one table from route and method to roles. A route that is not here answers nobody."""

from collections.abc import Mapping
from dataclasses import dataclass

from checklists.rules.values import Authority
from scheduler.models import Practice, User

SCHEDULER, NURSE, CLINICIAN, ADMINISTRATOR, AUDITOR = "scheduler", "nurse", "clinician", "administrator", "auditor"
ROLES = (SCHEDULER, NURSE, CLINICIAN, ADMINISTRATOR, AUDITOR)
ANYONE = "anyone"  # also without signing in
ANYONE_IN_DEMO = "anyone in the demo"  # elsewhere every role

CARE = frozenset({SCHEDULER, NURSE, CLINICIAN})
STAFF = CARE | {ADMINISTRATOR}
EVERY_ROLE = frozenset(ROLES)
WARD = frozenset({NURSE, CLINICIAN})
DESK = frozenset({SCHEDULER, CLINICIAN})

OFFICE = frozenset({ADMINISTRATOR})
REGISTRARS = DESK | OFFICE  # who may say that two rows are one person, or a case another's
SIGNERS = frozenset({CLINICIAN, ADMINISTRATOR})

Allowed = frozenset[str] | str

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
    "desk-task-done": {"POST": CARE},
    "desk-new": {"GET": DESK, "POST": DESK},
    "desk-book": {"GET": DESK, "POST": DESK},
    "desk-end": {"POST": DESK},
    "desk-case-refile": {"GET": REGISTRARS, "POST": REGISTRARS},
    "desk-evidence-error": {"GET": CARE, "POST": CARE},
    "desk-duplicates": {"GET": STAFF, "POST": STAFF},
    "desk-merge": {"GET": REGISTRARS, "POST": REGISTRARS},
    "desk-merge-undo": {"POST": REGISTRARS},
    "desk-plan": {"GET": DESK, "POST": DESK},
    "ward-board": {"GET": EVERY_ROLE},
    "ward-board-rows": {"GET": EVERY_ROLE},
    "ward-case": {"GET": EVERY_ROLE},
    "ward-identity": {"POST": WARD},
    "ward-verify": {"POST": WARD},
    "ward-record": {"POST": WARD},
    "ward-infection": {"GET": WARD, "POST": WARD},
    "ward-prescreen": {"POST": WARD},
    "ward-arrive": {"POST": WARD},
    "ward-check-in": {"POST": WARD},
    "ward-start": {"POST": WARD},
    "ward-finish": {"POST": WARD},
    "ward-discharge": {"POST": WARD},
    "ward-send-home": {"POST": WARD},
    "ward-print": {"GET": EVERY_ROLE},
    "ward-paper": {"GET": WARD, "POST": WARD},
    "ward-ask-override": {"POST": WARD},
    "desk-record": {"GET": CARE, "POST": CARE},
    "desk-phone": {"GET": CARE, "POST": CARE},
    "desk-clearance": {"GET": CARE, "POST": CARE},
    "desk-clearance-answer": {"POST": CARE},
    "desk-clearance-verify": {"POST": WARD},
    "desk-clearance-letter": {"GET": CARE},
    "desk-link-send": {"POST": DESK},
    "desk-contact-change": {"GET": DESK, "POST": DESK},
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
    "sign-list": {"GET": frozenset({CLINICIAN})},
    "sign-review": {"POST": frozenset({CLINICIAN})},
    "sign-restart": {"POST": frozenset({CLINICIAN})},
    "sign-override": {"POST": frozenset({CLINICIAN})},
    "sign-decline": {"POST": frozenset({CLINICIAN})},
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
    "settings-protocols": {"GET": SIGNERS, "POST": SIGNERS},
    "settings-protocol": {"GET": SIGNERS},
    "settings-protocol-diff": {"GET": SIGNERS},
    "settings-protocol-fill": {"GET": SIGNERS, "POST": SIGNERS},
    "settings-protocol-move": {"GET": SIGNERS, "POST": frozenset({CLINICIAN})},
    "settings-protocol-sign": {"POST": frozenset({CLINICIAN})},
    "settings-protocol-withdraw": {"POST": frozenset({CLINICIAN})},
    "schema": {"GET": ANYONE_IN_DEMO},
    "docs": {"GET": ANYONE_IN_DEMO},
    "practice": {"GET": EVERY_ROLE},
    "resources": {"GET": EVERY_ROLE},
    "patients": {"POST": DESK},
    "patient-search": {"POST": STAFF},
    "patient-contacts": {"POST": DESK},
    "patient-duplicates": {"GET": STAFF},
    "patient-merge": {"GET": REGISTRARS, "POST": REGISTRARS},
    "merges": {"GET": REGISTRARS},
    "merge-undo": {"POST": REGISTRARS},
    "cases": {"GET": EVERY_ROLE, "POST": DESK},
    "case": {"GET": EVERY_ROLE},
    "case-evidence": {"POST": CARE},
    "case-latest-times": {"GET": EVERY_ROLE},
    "case-clearance": {"POST": CARE},
    "case-plan": {"POST": DESK},
    "case-bookings": {"POST": DESK},
    "case-arrive": {"POST": CARE},
    "case-check-in": {"POST": WARD},
    "case-start": {"POST": WARD},
    "case-finish": {"POST": WARD},
    "case-discharge": {"POST": WARD},
    "case-downtime": {"POST": WARD},
    "case-close": {"POST": CARE},
    "case-cancel": {"POST": CARE},
    "case-reopen": {"POST": DESK},
    "case-reviews": {"POST": frozenset({CLINICIAN})},
    "case-overrides": {"POST": frozenset({CLINICIAN})},
    "evidence-error": {"POST": CARE},
    "evidence-refile": {"POST": CARE},
    "case-refile": {"POST": REGISTRARS},
    "booking-move": {"POST": DESK},
    "booking-cancel": {"POST": DESK},
    "board": {"GET": EVERY_ROLE},
    "tasks": {"GET": EVERY_ROLE},
    "task-done": {"POST": CARE},
    "protocols": {"GET": EVERY_ROLE, "POST": frozenset({CLINICIAN, ADMINISTRATOR})},
    "protocol": {"GET": EVERY_ROLE},
    "protocol-diff": {"GET": EVERY_ROLE},
    "protocol-move": {"GET": SIGNERS, "POST": frozenset({CLINICIAN})},
    "protocol-sign": {"POST": frozenset({CLINICIAN})},
    "protocol-withdraw": {"POST": frozenset({CLINICIAN})},
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
