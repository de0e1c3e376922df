"""The roles of a practice's staff, and the sets of them that the tables name."""

SCHEDULER, NURSE, CLINICIAN, ADMINISTRATOR, AUDITOR = "scheduler", "nurse", "clinician", "administrator", "auditor"
ROLES = (SCHEDULER, NURSE, CLINICIAN, ADMINISTRATOR, AUDITOR)

CARE = frozenset({SCHEDULER, NURSE, CLINICIAN})
STAFF = CARE | {ADMINISTRATOR}
EVERY_ROLE = frozenset(ROLES)
WARD = frozenset({NURSE, CLINICIAN})
DESK = frozenset({SCHEDULER, CLINICIAN})
NURSES = frozenset({NURSE})
CLINICIANS = frozenset({CLINICIAN})
OFFICE = frozenset({ADMINISTRATOR})
REGISTRARS = DESK | OFFICE  # who may say that two rows are one person, or a case another's
SIGNERS = frozenset({CLINICIAN, ADMINISTRATOR})
