"""The columns of a referral list: which must be there, which may, which are left aside without a word."""

REQUIRED = ("family_name", "given_name", "born_on", "procedure", "levels")
OPTIONAL = (
    "sex",
    "record_number",
    "email",
    "phone",
    "received_on",
    "cause",
    "fractured_on",
    "onset_on",
    "diagnosed_on",
    "anesthesia",
    "weight_kg",
    "allergies",
    "conditions",
    "medications",
)
READ = (*REQUIRED, *OPTIONAL)
PROBLEM = "problem"  # the first column of a file of rejected rows
LEFT_ASIDE = (PROBLEM, "referred_by", "note")
KNOWN = frozenset((*READ, *LEFT_ASIDE))


def column_name(heading: str) -> str:
    """The heading as the table knows it: `Family Name` and `family-name` are `family_name`."""
    return "_".join(heading.replace("-", " ").replace("_", " ").casefold().split())
