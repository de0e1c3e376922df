"""From a medication as somebody wrote it to the protocol's rows for it."""

import re
import unicodedata
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import timedelta
from fractions import Fraction
from functools import lru_cache
from typing import TypeVar

from checklists.rules.compiled import once_for_protocol
from checklists.rules.lab_values import exact
from checklists.rules.protocol import HoldRule, Protocol
from checklists.rules.values import Medication

NOT_HELD = frozenset({"continue", "no_action"})
NOT_SYSTEMIC = frozenset(
    {"topical", "ophthalmic", "eye", "otic", "ear", "gel", "cream", "ointment", "patch", "eye drops"}
)
# Words of a local form in an entry: "diclofenac gel" says its route.
LOCAL_WORDS = frozenset({"topical", "ophthalmic", "otic", "gel", "cream", "ointment"})
# Classes whose local forms no row means. A steroid is breathed in without reaching the blood, an NSAID is not.
LOCAL_FORMS = {"nsaid": NOT_SYSTEMIC, "glucocorticoid": NOT_SYSTEMIC | {"inhaled", "nasal"}}
LONGEST_KEY = 80
# From the least to the most restrictive thing a row can ask.
STRICTNESS = (
    "no_action",
    "continue",
    "hold_day_of",
    "class_review",
    "timed_hold",
    "cycle_based",
    "clinician_decision",
    "avoid_without_level",
)


def words_of(text: str) -> frozenset[str]:
    return frozenset(text.split())


STRENGTH = re.compile(r"\s\d.*$", re.DOTALL)
# Salts, forms and frequencies after a name; none of them changes what is held. Routes are not among them.
FORMS = words_of(
    "sodium potassium calcium magnesium hydrochloride hcl bisulfate mesylate tosylate besylate maleate tartrate "
    "succinate fumarate acetate phosphate sulfate er xr xl sr dr cr ec la enteric coated chewable delayed extended "
    "release low dose tablet tablets tab tabs capsule capsules cap caps pill pills daily bid tid prn generic brand"
)
# A further ingredient: a word after a slash or plus, or before a second strength, that is no unit or direction.
INGREDIENT = re.compile(r"[/+]\s*([^\W\d]{4,})|([^\W\d][^\W\d-]{3,}) (?=\d[\d.,]*\s?(?:mg|mcg|g|units?|iu|meq)\b)")
DIRECTIONS = words_of(
    "take takes taking tablet tablets capsule capsules dose doses pill pills unit units daily hour hours week weekly "
    "month monthly actuation spray puff inhalation each every total maximum about then with oral inject weeks days "
    "strength reduced increased since from plus"
)
# Any other word after the strength that is no direction. A reason ("for nerve pain") is told in up to three words.
WORD = re.compile(r"[^\W\d]{5,}")
REASON = re.compile(r"\bfor (?:(?!(?:and|or|with|also|plus|then)\b)[^\W\d]+[ -]?){1,3}")
MANNERS = DIRECTIONS | words_of(
    "needed bedtime mouth breakfast dinner lunch supper meals water morning mornings evening evenings night "
    "nightly twice three times after before until pain blood-pressure applied apply directed prescribed usual "
    "usually always sometimes rarely other alternate alternating monday tuesday wednesday thursday friday "
    "saturday sunday weekdays first second third fourth started since years currently stopped still under tongue "
    "sublingual chewed swallow swallowed whole crushed mixed juice without empty stomach inhaler inhaled "
    "inhalations inhale nebulizer puffs sprays nasal nostril drops right affected patches transdermal topical "
    "topically ointment cream lotion injection injections injected injectable syringe subcutaneous subcutaneously "
    "intramuscular intravenous infusion infusions orally liquid solution suspension syrup powder packet packets "
    "sachet lozenge gummy gummies softgel softgels caplet caplets strip strips prefilled autoinjector flexpen "
    "kwikpen solostar sliding scale immediate sustained controlled disintegrating modified divided split equals "
    "percent minutes about around roughly maximum minimum least single double strong strength regular "
    "prescription counter"
)
SWALLOWED = words_of("tablet tablets tab tabs capsule capsules cap caps pill pills liquid oral orally mouth")
IN_MG = re.compile(r"\d ?mg\b(?! ?/)")  # a gel tells percent, or mg in each gram
LONGEST_NAME = 4  # words
WEEKLY_DAYS = 7
T = TypeVar("T")
Doubts = tuple[tuple[str, str], ...]  # (code, sentence)
NameIndex = dict[str, tuple[HoldRule, ...]]
CodeIndex = dict[str, tuple[tuple[HoldRule, ...], bool]]
MOST_ENTRIES = 4096  # medications as written, for each protocol


@dataclass(frozen=True, slots=True, eq=False)
class Match:
    """The rows that may hold for one medication; more than one where tier, route or kidneys leave it open.

    doubts: why the strictest row was taken and a clinician must look, as (code, sentence).
    """

    drug: str
    medication: Medication
    rows: tuple[HoldRule, ...]
    doubts: Doubts = ()
    not_applicable: bool = False
    needs_renal_function: bool = False

    @property
    def known(self) -> bool:
        return bool(self.rows) or self.not_applicable


@lru_cache(maxsize=4096)
def normalised(name: str) -> str:
    """Lower case, one space, no trade marks: the form in which names are compared."""
    plain = unicodedata.normalize("NFKC", name).casefold()
    plain = re.sub(r"[^\w/+.%-]+", " ", plain)
    return " ".join(plain.split()).strip(" .-/")


def key_of(name: str) -> str:
    """How an entry that is no listed drug is called in the keys of its items."""
    return normalised(name)[:LONGEST_KEY].strip() or "unnamed"


def rows_named(protocol: Protocol, name: str) -> tuple[HoldRule, ...]:
    """Rows whose drug or one of whose names is this one, with strength, salt, form and frequency left out."""
    index = name_index(protocol)
    full = normalised(name)
    head = STRENGTH.sub("", full)
    return index.get(full) or index.get(head) or rows_of_words(index, head)


def rows_of_words(index: NameIndex, head: str) -> tuple[HoldRule, ...]:
    """Rows of the one drug that every word names: "warfarin sodium", "eliquis apixaban"."""
    words = head.split()
    # The salt of one drug is the name of another: "losartan potassium", but "potassium chloride".
    told = FORMS | LOCAL_WORDS
    telling = [word for n, word in enumerate(words) if word not in told or (n == 0 and word in index)]
    found, others = names_in(index, " ".join(telling))
    drugs = {row.drug for rows in found for row in rows}
    return found[0] if len(drugs) == 1 and not others else ()


def names_in(index: NameIndex, text: str) -> tuple[list[tuple[HoldRule, ...]], set[str]]:
    """The rows of each name in a text, the longest names first, and the words that name nothing."""
    words = [word for part in text.split() for word in ([part] if part in index else re.split(r"[/+]", part)) if word]
    found, others, place = [], set[str](), 0
    while place < len(words):
        lengths = range(LONGEST_NAME, 0, -1)
        length = next((n for n in lengths if " ".join(words[place : place + n]) in index), 0)
        if length:
            found.append(index[" ".join(words[place : place + length])])
        else:
            others.add(words[place])
        place += length or 1
    return found, others


def names_more(protocol: Protocol, name: str, rows: tuple[HoldRule, ...]) -> bool:
    """Whether an entry with this drug's rows seems to name another drug too, one that may be held."""
    index, full = name_index(protocol), normalised(name)
    if full in index:
        return False
    drugs = {row.drug for row in rows}
    found, _ = names_in(index, full)
    if any(row.drug not in drugs and not is_idle(row) for named in found for row in named):
        return True
    tail = full[len(STRENGTH.sub("", full)) :]
    further = {word for match in INGREDIENT.finditer(tail) for word in match.groups() if word}
    if any(word not in index and word not in FORMS and word not in DIRECTIONS for word in further):
        return True
    # A reason ends with its comma, which the compared form has lost.
    written = unicodedata.normalize("NFKC", name).casefold()
    others = WORD.findall(REASON.sub(" ", written[len(STRENGTH.sub("", written)) :]))
    return any(word not in index and word not in FORMS and word not in MANNERS for word in others)


def name_index(protocol: Protocol) -> NameIndex:
    return once_for_protocol(protocol, "rows_by_name", rows_by_name)


def rows_by_name(protocol: Protocol) -> NameIndex:
    index: NameIndex = {}
    for row in protocol.holds:
        for name in {normalised(name) for name in (row.drug, *row.names)}:
            index[name] = (*index.get(name, ()), row)
    return index


def rows_by_code(protocol: Protocol) -> CodeIndex:
    """The rows of each RxNorm code, and whether it was confirmed."""
    holds = protocol.holds
    drugs: dict[str, tuple[str, bool]] = {}
    for row in holds:
        drugs |= {code: (row.drug, False) for code in row.rxcui_unverified if code not in drugs}
    for row in holds:
        drugs |= dict.fromkeys(row.rxcui, (row.drug, True))
    return {code: (tuple(r for r in holds if r.drug == drug), sure) for code, (drug, sure) in drugs.items()}


def is_idle(row: HoldRule) -> bool:
    """A row that asks for nothing, whatever else is true of the case."""
    return row.action in NOT_HELD and row.review_if is None


def rows_meant(protocol: Protocol, medication: Medication) -> tuple[tuple[HoldRule, ...], Doubts]:
    """The rows of the name, else of its code where that was confirmed; and where the two do not agree."""
    return for_each_entry(protocol, "rows_meant", medication, _rows_meant)


def _rows_meant(protocol: Protocol, medication: Medication) -> tuple[tuple[HoldRule, ...], Doubts]:
    rows = rows_named(protocol, medication.name)
    codes = once_for_protocol(protocol, "rows_by_code", rows_by_code)
    coded, confirmed = codes.get(medication.rxcui or "", ((), False))
    if not coded or coded[0].drug in {row.drug for row in rows}:
        return rows, ()
    shown, drug = f"'{medication.name.strip()[:LONGEST_KEY]}'", coded[0].drug
    if rows:
        other = f"The code {medication.rxcui} of {shown} is that of {drug}. Find out which of the two is taken."
        return rows, (("code_contradicts_name", other),)
    if confirmed:
        return coded, ()
    unsure = f"No row knows {shown}; its code {medication.rxcui} may be {drug}, which nobody has confirmed."
    return (), (("code_unverified", f"{unsure} A clinician decides what it is."),)


def match_medication(protocol: Protocol, medication: Medication) -> Match | None:
    """The rows for one medication; None where the protocol lets it be taken as usual."""
    found = for_each_entry(protocol, "matches", medication, _match_medication)
    # With this entry, not the equal one of another case: 81 and 81.0 mg differ to the letter in what is signed.
    if found is None:
        return None
    return Match(found.drug, medication, found.rows, found.doubts, found.not_applicable, found.needs_renal_function)


def for_each_entry(
    protocol: Protocol, name: str, medication: Medication, derive: Callable[[Protocol, Medication], T]
) -> T:
    """What a protocol makes of a medication as written; patients write the same few."""
    kept: dict[Medication, T] = once_for_protocol(protocol, name, lambda _: {})
    if medication not in kept:
        if len(kept) >= MOST_ENTRIES:
            kept.clear()
        kept[medication] = derive(protocol, medication)
    return kept[medication]


def _match_medication(protocol: Protocol, medication: Medication) -> Match | None:
    rows, doubts = rows_meant(protocol, medication)
    drugs = {row.drug for row in rows}
    drug = drugs.pop() if len(drugs) == 1 else key_of(medication.name)
    if rows and names_more(protocol, medication.name, rows):
        doubts = (*doubts, *several_drugs(medication))
    if rows and all(is_idle(row) for row in rows):
        return Match(key_of(medication.name), medication, (), doubts) if doubts else None
    routed, not_applicable = by_route(rows, medication)
    if not_applicable:
        doubts = (*doubts, *swallowed_after_all(medication))
    if not_applicable and not doubts:
        return Match(drug, medication, (), not_applicable=True)
    tiered, unsure = by_tier(routed, medication)
    if rows and not routed:
        unsure = (("route_unknown", f"No row of the protocol holds for {drug} by this route: a clinician decides."),)
        tiered = rows
    if tiered and all(is_idle(row) for row in tiered) and not (unsure or doubts):
        return None
    return Match(
        drug, medication, tiered, (*unsure, *doubts), needs_renal_function=any(has_band(row) for row in tiered)
    )


def swallowed_after_all(medication: Medication) -> Doubts:
    """A tablet with the route of a gel, or a liquid gel of 200 mg: one of the two is wrong, and a gel is not held."""
    name, route = normalised(medication.name), medication.route
    if not SWALLOWED & set(name.split()) and (route or not IN_MG.search(name)):
        return ()
    other = (
        f"swallowed by its name and {route} by its route"
        if route
        else f"by its words both swallowed and a {local_form(name)}"
    )
    written = f"'{medication.name.strip()[:LONGEST_KEY]}' is {other}"
    return (("route_contradicts_name", f"{written}. Find out which is true."),)


def several_drugs(medication: Medication) -> Doubts:
    listed = f"'{medication.name.strip()[:LONGEST_KEY]}' seems to name more than one drug. List each on its own line."
    return (("several_drugs", listed),)


def by_route(rows: tuple[HoldRule, ...], medication: Medication) -> tuple[tuple[HoldRule, ...], bool]:
    """Rows for the route, and whether the route takes an NSAID out of the rules (gels, eye drops)."""
    route = normalised(medication.route or "") or local_form(medication.name)
    if not route:
        return rows, False
    fitting = tuple(row for row in rows if not row.route or route in {normalised(r) for r in row.route})
    named = tuple(row for row in fitting if row.route)
    if not named and rows and all(is_local(row, route) for row in rows):
        return (), True
    return fitting, False


def local_form(name: str) -> str:
    return next((word for word in normalised(name).split() if word in LOCAL_WORDS), "")


def is_local(row: HoldRule, route: str) -> bool:
    return any(word in row.drug_class.casefold() and route in routes for word, routes in LOCAL_FORMS.items())


def by_tier(rows: tuple[HoldRule, ...], medication: Medication) -> tuple[tuple[HoldRule, ...], Doubts]:
    """Rows of the stated dose tier; all of them, in doubt, where it is not stated among several."""
    tiers = {row.dose_tier for row in rows if row.dose_tier and normalised(row.dose_tier) != "any"}
    stated = stated_tiers(medication)
    for tier in stated:
        fitting = tuple(row for row in rows if row.dose_tier is None or tier_is(tier, row))
        if any(row.dose_tier and normalised(row.dose_tier) != "any" for row in fitting):
            return fitting, ()
    if len(tiers) <= 1 and medication.dose_tier is None:
        return rows, ()
    if not tiers:
        return rows, ()
    listed = "; ".join(sorted(tiers))
    sentence = f"The protocol treats {medication.name} by dose or reason ({listed}). Record which of these it is."
    return rows, (("dose_tier_unknown", sentence),)


def stated_tiers(medication: Medication) -> Iterable[str]:
    """What is said of the tier, the plainest first: the tier itself, the interval, the reason."""
    interval = medication.interval_days
    by_interval = (
        None if interval is None else "daily" if interval <= 1 else "weekly" if interval == WEEKLY_DAYS else None
    )
    stated = (medication.dose_tier, by_interval, medication.indication)
    return tuple(normalised(one) for one in stated if one)


def tier_is(stated: str, row: HoldRule) -> bool:
    written = normalised(row.dose_tier or "")
    if written == "any" or written == stated or written.startswith(f"{stated} "):
        return True
    return any(f" {normalised(words)} " in f" {stated} " for words in (written, *row.tier_words))


def has_band(row: HoldRule) -> bool:
    return row.crcl_min is not None or row.crcl_max is not None


def in_band(row: HoldRule, clearance: Fraction) -> bool:
    """Half open: the lower bound is inside, the upper is not."""
    low, high = row.crcl_min, row.crcl_max
    return (low is None or clearance >= exact(low)) and (high is None or clearance < exact(high))


def strictness(row: HoldRule) -> tuple[int, bool, timedelta]:
    wait = row.clear_at if row.clear_at is not None else row.block_below
    return STRICTNESS.index(row.action), row.clear_at is None, wait or timedelta(0)


def strictest(rows: Iterable[HoldRule]) -> HoldRule:
    return max(rows, key=strictness)


def most_lenient(rows: Iterable[HoldRule]) -> HoldRule:
    return min(rows, key=strictness)
