"""What the patient of a referral waits for already, and what is said of it."""

from collections.abc import Iterable
from dataclasses import dataclass

from checklists.rules.values import Facts
from scheduler.rules.referrals.complaints import Complaint
from scheduler.rules.referrals.rows import Referral


@dataclass(frozen=True, slots=True)
class EarlierCase:
    """A case of the patient, from the database or from an earlier row of the same file (`line`)."""

    import_key: str
    procedure: str
    levels: tuple[str, ...]
    is_over: bool
    listed: frozenset[tuple[str, str]]  # (column, entry) of its medications, allergies and conditions
    where: str
    is_in_file: bool = False


def listed(of: Referral | Facts) -> frozenset[tuple[str, str]]:
    """Column and entry of everything that a clinician must not miss, in lower case."""
    columns = {
        "medications": [medication.name for medication in of.medications],
        "allergies": of.allergies,
        "conditions": of.conditions,
    }
    return frozenset((column, entry.casefold()) for column, entries in columns.items() for entry in entries)


def already(referral: Referral, case: EarlierCase) -> Iterable[Complaint]:
    """Worth a word inside one file, or when that case is over; else a second run has nothing to say."""
    name = f"{referral.family_name}, {referral.given_name}"
    if case.is_in_file:
        yield Complaint("family_name", name, f"The same referral as {case.where}. It was taken once.")
    if case.is_over:
        remedy = f"This referral became {case.where}, which is over. Reopen it, or open another, if it is wanted again."
        yield Complaint("family_name", name, remedy)


def not_in_case(referral: Referral, case: EarlierCase) -> Iterable[Complaint]:
    """A list sent again may name a drug or an allergy for the first time; that is never passed over in silence."""
    for column, entry in sorted(listed(referral) - case.listed):
        remedy = f"The referral is unchanged but for this, which {case.where} lacks. Add it there if it is true."
        yield Complaint(column, entry, remedy)


def double(referral: Referral, case: EarlierCase) -> Complaint:
    """Why a second case for the same procedure and levels is not opened."""
    remedy = (
        f"This patient waits for the same already ({case.where}), with other dates. Delete this row if it is the "
        "same referral; for a new fracture, end or finish that case first."
    )
    return Complaint("levels", "+".join(referral.levels), remedy)


def other_case(referral: Referral, case: EarlierCase) -> Complaint:
    """What is said when a patient waits for something else besides."""
    remedy = (
        f"This patient also waits for {case.procedure} {'+'.join(case.levels)} ({case.where}). "
        "Check that these are two referrals."
    )
    return Complaint("levels", "+".join(referral.levels), remedy)
