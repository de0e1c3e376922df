"""The other cells of a referral list, one function for each way of writing. CellError carries the remedy."""

import re
import unicodedata
from collections.abc import Mapping

from checklists.rules.values import Medication
from scheduler.rules.referrals.complaints import CellError

LONGEST_NAME, LONGEST_NUMBER, LONGEST_ENTRY, MOST_ENTRIES = 100, 40, 200, 50
WEIGHTS = (20.0, 350.0)  # kg
NOTHING = frozenset({"-", "--", "?", "n/a", "na", "nil", "none", "unknown", "not known", "tbd", "pending"})
NO_ENTRY = frozenset({"-", "--", "n/a", "na", "nil", "none", "no", "nka", "nkda", "none known", "no known"})

SEXES = {"f": "female", "female": "female", "m": "male", "male": "male", "x": "other", "other": "other"}
PROCEDURES = {
    "kyphoplasty": "kyphoplasty",
    "balloon kyphoplasty": "kyphoplasty",
    "kypho": "kyphoplasty",
    "vertebroplasty": "vertebroplasty",
    "vertebro": "vertebroplasty",
}
CAUSES = {
    "osteoporosis": "osteoporosis",
    "osteoporotic": "osteoporosis",
    "malignancy": "malignancy",
    "malignant": "malignancy",
    "trauma": "trauma",
    "traumatic": "trauma",
    "haemangioma": "haemangioma",
    "hemangioma": "haemangioma",
    "steroid": "steroid",
    "steroids": "steroid",
}
ANESTHESIA = {
    "local": "local",
    "sedation": "sedation",
    "conscious sedation": "sedation",
    "moderate sedation": "sedation",
    "mac": "sedation",
    "general": "general",
    "ga": "general",
    "undecided": "",
}
# The conditions that rules of a protocol ask for; any other is kept as written.
CONDITIONS = {
    "diabetic": "diabetes",
    "diabetes_mellitus": "diabetes",
    "type_1_diabetes": "diabetes",
    "type_2_diabetes": "diabetes",
    "cirrhosis": "chronic_liver_disease",
    "liver_disease": "chronic_liver_disease",
    "no_mri": "mri_contraindicated",
}
ROUTES = frozenset({"oral", "topical", "ophthalmic", "subcutaneous", "intravenous", "inhaled", "patch", "gel", "cream"})
INTERVALS = {"daily": 1, "weekly": 7}
EVERY = re.compile(r"every (\d{1,2}) (day|week|month)s?")
DAYS = {"day": 1, "week": 7, "month": 30}
DAILY_MG = re.compile(r"(\d{1,5}(?:\.\d{1,3})?) ?mg (?:a|per) day")

NAME_SIGNS = " .'’‘ʼ`-‐,()\""
EMAIL = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@(?:[A-Za-z0-9-]{1,63}\.)+[A-Za-z]{2,63}")
SPREADSHEET_NUMBER = re.compile(r"\d(?:\.\d+)?E\+?\d+", re.IGNORECASE)
EXTENSION = re.compile(r"\s*(?:,|;)?\s*(?:x|ext\.?|extension)\s*(\d{1,6})$", re.IGNORECASE)
# A comma inside a number or between parentheses does not end an entry.
BETWEEN_ENTRIES = re.compile(r"[;\n]|,(?!\d)(?![^(]*\))")
IN_PARENTHESES = re.compile(r"\s*\(([^()]*)\)")
AS_TEXT = "A spreadsheet has shortened this number. Format the column as text and type it again."


def tidy(cell: str) -> str:
    """The cell without spaces around it, no-break spaces and tabs as spaces."""
    return cell.replace("\u00a0", " ").replace("\t", " ").strip(" ")


def check_signs(text: str, *, lines: bool = False) -> None:
    """Refuse signs that nobody sees: control characters, direction marks, and what stands for a lost sign."""
    for sign in text:
        if lines and sign in "\r\n":
            continue
        if sign == "\ufffd":
            raise CellError("A character was lost here. Type the text again.")
        if unicodedata.category(sign) in ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"):
            raise CellError(f"Holds the invisible character U+{ord(sign):04X}. Type the text again without it.")


def read_name(text: str) -> str:
    name = " ".join(unicodedata.normalize("NFC", text).split())
    if len(name) > LONGEST_NAME:
        raise CellError(f"A name has at most {LONGEST_NAME} characters. Shorten it.")
    if is_mojibake(name):
        raise CellError("The accents were lost when this list was saved. Type the name again.")
    unnamed = next((s for s in name if s not in NAME_SIGNS and unicodedata.category(s)[0] not in "LM"), "")
    if unnamed:
        raise CellError(f"A name does not hold '{unnamed}'. Write letters, spaces, hyphens and apostrophes.")
    if not re.match(r"['’‘ʼ`]?\w", name):
        raise CellError("A name begins with a letter. Remove what stands before it.")
    return name


def is_mojibake(text: str) -> bool:
    """Whether the text is UTF-8 that was read as Windows-1252 somewhere on its way: GarcÃ­a."""
    try:
        return text.encode("cp1252").decode("utf-8") != text
    except UnicodeError:
        return False


def read_choice(text: str, options: Mapping[str, str]) -> str:
    """The word that this spelling stands for."""
    plain = " ".join(text.casefold().split())
    if plain not in options:
        words = sorted({word for word in options.values() if word})
        raise CellError(f"Write {', '.join(words[:-1])} or {words[-1]}.")
    return options[plain]


def read_record_number(text: str) -> str:
    """The record number as written. Only noughts stand for none."""
    if SPREADSHEET_NUMBER.fullmatch(text):
        raise CellError(AS_TEXT)
    if len(text) > LONGEST_NUMBER:
        raise CellError(f"A record number has at most {LONGEST_NUMBER} characters. Shorten it.")
    return "" if not text.strip("0") else text


def read_email(text: str) -> str:
    if not EMAIL.fullmatch(text) or len(text) > 254 or ".." in text:
        raise CellError("This is no e-mail address. Write one, such as name@example.org, or leave it empty.")
    return text


def read_phone(text: str) -> str:
    """The number as +16025550123; ten digits are a number of the United States."""
    if SPREADSHEET_NUMBER.fullmatch(text):
        raise CellError(AS_TEXT)
    extension = EXTENSION.search(text)
    number = text[: extension.start()] if extension else text
    digits = re.sub(r"[\s().\-‐–/]", "", number)
    remedy = "Write ten digits such as 602-555-0123, or + and the country's code; or leave it empty."
    if not re.fullmatch(r"\+?[0-9]{10,15}", digits):
        raise CellError(remedy)
    if not digits.startswith("+"):
        national = digits.removeprefix("1") if len(digits) == 11 else digits
        if len(national) != 10 or national[0] in "01":
            raise CellError(remedy)
        digits = f"+1{national}"
    return f"{digits} x{extension[1]}" if extension else digits


def read_weight(text: str) -> float:
    """Kilograms."""
    found = re.fullmatch(r"(\d{1,3}(?:\.\d{1,3})?)\s*(?:kg|kgs|kilos)?", text.casefold())
    low, high = WEIGHTS
    if not found or not low <= float(found[1]) <= high:
        raise CellError(f"Write the weight in kilograms, from {low:g} to {high:g}, such as 72.5.")
    return float(found[1])


def read_entries(text: str) -> tuple[str, ...]:
    """What is listed, each once, as written. `none` and its like are nothing."""
    entries = [" ".join(entry.split()) for entry in BETWEEN_ENTRIES.split(text.replace("\r", "\n"))]
    kept = dict.fromkeys(entry for entry in entries if entry and entry.casefold() not in NO_ENTRY)
    if len(kept) > MOST_ENTRIES:
        raise CellError(f"{len(kept)} entries are more than {MOST_ENTRIES}. Shorten the list.")
    if long := next((entry for entry in kept if len(entry) > LONGEST_ENTRY), ""):
        raise CellError(f"'{long[:20]}...' has more than {LONGEST_ENTRY} characters. Divide entries by semicolons.")
    return tuple(kept)


def read_conditions(text: str) -> frozenset[str]:
    """Conditions as codes: `Type 2 diabetes` is `diabetes`, whatever has no rule is kept."""
    codes = {re.sub(r"[^a-z0-9]+", "_", entry.casefold()).strip("_")[:64] for entry in read_entries(text)}
    if wrong := next((code for code in sorted(codes) if not re.match("[a-z]", code)), None):
        raise CellError(f"'{wrong}' is no condition. Begin each with a letter, such as diabetes.")
    return frozenset(CONDITIONS.get(code, code) for code in codes)


def read_medications(text: str) -> tuple[Medication, ...]:
    """Each medication as written; `(weekly)`, `(every 8 weeks)`, `(topical)`, `(10 mg a day)`, `(dose: ...)`,
    `(for: ...)` and `(rxcui: ...)` are read as such.
    """
    return tuple(read_medication(entry) for entry in read_entries(text))


def read_medication(entry: str) -> Medication:
    """A parenthesis that is not understood stays in the name, so that a clinician sees it."""
    details: dict[str, str] = {}
    for group in IN_PARENTHESES.findall(entry):
        for word in group.casefold().split(","):
            kind, value = detail(word.strip())
            if not kind or kind in details:
                return Medication(entry)
            details[kind] = value
    name = IN_PARENTHESES.sub("", entry).strip()
    if not name or "(" in name or ")" in name:
        return Medication(entry)
    return Medication(
        name,
        dose_tier=details.get("dose"),
        route=details.get("route"),
        indication=details.get("for"),
        interval_days=int(details["interval"]) if "interval" in details else None,
        rxcui=details.get("rxcui"),
        daily_mg=float(details["daily_mg"]) if "daily_mg" in details else None,
    )


def detail(word: str) -> tuple[str, str]:
    """Which property of a medication the word states, and its value; ("", "") where it states none."""
    if word in ROUTES:
        return "route", word
    if word in INTERVALS:
        return "interval", str(INTERVALS[word])
    if found := EVERY.fullmatch(word):
        return "interval", str(int(found[1]) * DAYS[found[2]])
    if found := DAILY_MG.fullmatch(word):
        return "daily_mg", found[1]
    kind, colon, value = word.partition(":")
    if kind == "rxcui" and re.fullmatch("[0-9]{1,10}", value.strip()):
        return kind, value.strip()
    return (kind, value.strip()) if colon and kind in ("dose", "for") and value.strip() else ("", "")
