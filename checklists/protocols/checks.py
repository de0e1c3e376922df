"""What no single row can show: bands that overlap or leave a gap, names and rows that collide."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from itertools import combinations, pairwise, permutations
from math import inf

from checklists.protocols.blocks import Reading
from checklists.protocols.bounds import overlap
from checklists.rules.protocol import FastingRule, HoldClass, HoldRule, InfectionQuestion, ItemRule, LabRule


def check_holds(reading: Reading, holds: Sequence[HoldRule]) -> None:
    groups = defaultdict(list)
    for hold in holds:
        groups[(hold.drug, hold.dose_tier, hold.route)].append(hold)
    for group in groups.values():
        check_bands(reading, group)
    check_names(reading, holds)
    check_codes(reading, holds)


def check_bands(reading: Reading, group: Sequence[HoldRule]) -> None:
    """The bands [min, max) of one drug and dose tier must cover every clearance exactly once."""
    bands = sorted((hold.crcl_min or 0.0, inf if hold.crcl_max is None else hold.crcl_max, hold.row) for hold in group)
    _, _, first = bands[0]
    if bands[0][0] > 0:
        wrong = f"no row covers a creatinine clearance below {bands[0][0]:g}"
        reading.refuse(("holds", first, "crcl"), wrong, "begin the lowest band with null, or add a row")
    for (_, high, row), (low, _, following) in pairwise(bands):
        where = ("holds", following, "crcl")
        if low < high:
            wrong = f"the band overlaps that of {row}: a clearance of {low:g} would be in both"
            reading.refuse(where, wrong, "let one band end where the next begins, or name different dose tiers")
        elif low > high:
            wrong = f"no row covers a creatinine clearance from {high:g} up to {low:g}"
            reading.refuse(where, wrong, f"begin this band at {high:g}, where {row} ends")
    _, highest, last = bands[-1]
    if highest != inf:
        wrong = f"no row covers a creatinine clearance of {highest:g} and above"
        reading.refuse(("holds", last, "crcl"), wrong, "end the highest band with null, or add a row")


def check_hold_classes(reading: Reading, classes: Sequence[HoldClass], holds: Sequence[HoldRule]) -> None:
    known = {hold.drug_class for hold in holds}
    owners: dict[str, str] = {}
    for one in classes:
        where = ("hold_classes", one.name, "drug_classes")
        for drug_class in sorted(one.drug_classes):
            if drug_class not in known:
                remedy = "write it as in the `class` of those rows"
                reading.refuse(where, f"no row of holds is of the class {drug_class!r}", remedy)
            elif owners.setdefault(drug_class, one.name) != one.name:
                wrong = f"the class {drug_class!r} already belongs to {owners[drug_class]}"
                reading.refuse(where, wrong, "name each class of drugs once")


def check_names(reading: Reading, holds: Sequence[HoldRule]) -> None:
    owners = defaultdict(set)
    for hold in holds:
        for name in (hold.drug, *hold.names):
            owners[name].add(hold.drug)
    for name, drugs in owners.items():
        for one, other in permutations(sorted(drugs), 2):
            wrong = f"the name {name!r} also belongs to {other}"
            reading.refuse(("names", one), wrong, "give each name to one drug")


def check_codes(reading: Reading, holds: Sequence[HoldRule]) -> None:
    """A code means one drug, and is either confirmed or a candidate."""
    owners: dict[str, tuple[str, bool]] = {}
    for hold in holds:
        for code, confirmed in (*((c, True) for c in hold.rxcui), *((c, False) for c in hold.rxcui_unverified)):
            if owners.setdefault(code, (hold.drug, confirmed)) != (hold.drug, confirmed):
                wrong = f"the code {code} is also given to {owners[code][0]}"
                where = ("holds", hold.row, "rxcui" if confirmed else "rxcui_unverified")
                reading.refuse(where, wrong, "give each code to one drug, confirmed or not")


def check_levels(reading: Reading, holds: Sequence[HoldRule], labs: Sequence[LabRule]) -> None:
    known = {lab.row for lab in labs}
    for hold in holds:
        for name in sorted(hold.level.labs - known if hold.level else ()):
            wrong = f"there is no laboratory row {name}"
            reading.refuse(("holds", hold.row, "level"), wrong, "name rows of labs, such as LB11a")


def check_row_ids(reading: Reading, rows: Iterable[tuple[str, str]]) -> None:
    """A row is spoken of by its id alone (`remove`, findings, the signing list), so ids never repeat."""
    seen: dict[str, str] = {}
    for section, row in rows:
        if seen.setdefault(row, section) != section:
            reading.refuse((*section.split("."), row), f"{seen[row]} has a row {row} too", "give it an id of its own")


def check_labs(reading: Reading, labs: Sequence[LabRule]) -> None:
    owners: dict[tuple[str, str], str] = {}
    for lab in labs:
        key = (lab.analyte, lab.context)
        if owners.setdefault(key, lab.row) != lab.row:
            wrong = f"{lab.analyte} in the context {lab.context!r} is already judged by {owners[key]}"
            reading.refuse(("labs", lab.row), wrong, "change the context, or keep one of the two rows")
        bands = (("pass", lab.passes), ("review", lab.reviews), ("fail", lab.fails))
        for (one, first), (other, second) in combinations(bands, 2):
            if any(overlap(a, b) for a in first for b in second):
                wrong = f"a value would both {one} and {other}"
                reading.refuse(("labs", lab.row, other), wrong, "let one band begin where the other ends")


def check_items(reading: Reading, items: Sequence[ItemRule], kinds: Sequence[str]) -> None:
    present = {item.kind for item in items}
    for kind in kinds:
        if kind not in present:
            wrong = "is not given: what no row demands would never be asked for"
            reading.refuse(("items", kind), wrong, f"add a row `kind: {kind}`")


def check_intakes(reading: Reading, fasting: FastingRule) -> None:
    seen = set()
    for rule in fasting.intakes:
        if rule.intake in seen:
            wrong = f"the intake {rule.intake!r} has two rows"
            reading.refuse(("fasting", "intakes"), wrong, "keep one of the two")
        seen.add(rule.intake)


def check_questions(reading: Reading, questions: Sequence[InfectionQuestion]) -> None:
    for one, other in combinations(questions, 2):
        if one.key != other.key:
            continue
        both_measured = one.kind == other.kind == "measured"
        if not both_measured:
            wrong = f"the key {one.key!r} is already used by {one.row}"
            reading.refuse(("infection", "questions", other.row, "key"), wrong, "give each question a key of its own")
        elif max(one.low or -inf, other.low or -inf) < min(one.high or inf, other.high or inf):
            wrong = f"the measured band overlaps that of {one.row}"
            reading.refuse(("infection", "questions", other.row), wrong, "let one end where the other begins")
