"""Every mistake an author can make is refused at its line, with what is wrong and how to mend it."""

import pytest

from tests.checklists.protocols.documents import CHILD, REFERENCE, problems, replaced

pytestmark = pytest.mark.matrix

TURNOVER = "turnover: {value: 15, source: design, confidence: low}"

# what stands in the reference, what is written instead, and the problem without file and line
MISTAKES = [
    (
        "title: ",
        "titel: ",
        "titel: is not a known key: did you mean 'title'?",
    ),
    (
        TURNOVER,
        "turnover: {value: -5, source: design, confidence: low}",
        "minutes.turnover.value: -5 is below 0: write a number from 0 upwards",
    ),
    (
        TURNOVER,
        "turnover: {value: quarter, source: design, confidence: low}",
        "minutes.turnover.value: 'quarter' is not a number: "
        "write digits, or `missing` where the number is still to be given",
    ),
    (
        TURNOVER,
        "turnover: {value: true, source: design, confidence: low}",
        "minutes.turnover.value: True is not a number: "
        "write digits, or `missing` where the number is still to be given",
    ),
    (
        TURNOVER,
        "turnover: {value: 1.5, source: design, confidence: low}",
        "minutes.turnover.value: 1.5 is not a whole number: write a whole number",
    ),
    (
        TURNOVER,
        "turnover: {value: 9000, source: design, confidence: low}",
        "minutes.turnover.value: 9000 is more than 1440: check the unit that the key names",
    ),
    (
        TURNOVER,
        "turnover: {value: 15, confidence: low}",
        "minutes.turnover.source: is not given: no number stands without saying where it comes from: "
        "add `source: S1`",
    ),
    (
        TURNOVER,
        "turnover: {value: 15, source: design}",
        "minutes.turnover.confidence: is not given: no number stands without saying where it comes from: "
        "add `confidence: low`",
    ),
    (
        TURNOVER,
        "turnover: {value: 15, source: design, confidence: sure}",
        "minutes.turnover.confidence: 'sure' is not known: use one of high, medium, low",
    ),
    (
        TURNOVER,
        "turnover: {value: 15, source: S99, confidence: low}",
        "minutes.turnover.source: 'S99' is not one of the document's sources: "
        "add `S99: what it is` under sources, or correct it",
    ),
    (
        TURNOVER,
        "turnover: 15",
        "minutes.turnover: 15 is not a mapping: write `key: value` pairs here",
    ),
    (
        "procedures: [kyphoplasty, vertebroplasty]",
        "procedures: [kyphoplasty, biopsy]",
        "procedures: 'biopsy' is not known: use only kyphoplasty, vertebroplasty",
    ),
    (
        "procedures: [kyphoplasty, vertebroplasty]",
        "procedures: kyphoplasty",
        "procedures: 'kyphoplasty' is not a list: write it in brackets: [a, b]",
    ),
    (
        "procedures: [kyphoplasty, vertebroplasty]",
        "procedures: []",
        "procedures: the list is empty: name at least one",
    ),
    (
        "procedures: [kyphoplasty, vertebroplasty]",
        "procedures: 2026-01-05",
        "procedures: '2026-01-05' is not a plain word, number, true or false: "
        "put words that look like dates or codes in quotes",
    ),
    (
        "xray_proves_acuity: false",
        "xray_proves_acuity: no",
        "imaging.xray_proves_acuity: 'no' is neither true nor false: write true or false",
    ),
    (
        "acceptable: [[mri], [ct, bone_scan], [ct, spect_ct]]",
        "acceptable: [[mri], [ct, pet]]",
        "imaging.acceptable.1: 'pet' is not known: use only mri, ct, bone_scan, spect_ct, xray",
    ),
    (
        "review_days: 84",
        "review_days: 28",
        "window.review_days: review would end before the window does: make it at least pass_days",
    ),
    (
        "pass_days: 56",
        "pass_days: .inf",
        "window.pass_days: '.inf' is not a plain word, number, true or false: "
        "put words that look like dates or codes in quotes",
    ),
    (
        "mode: elapsed",
        "mode: sunset",
        "fasting.mode: 'sunset' is not known: use one of elapsed, midnight",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new", "said"), MISTAKES, ids=[said.split(":")[0] for *_, said in MISTAKES])
def test_mistake_is_refused_at_its_line(old: str, new: str, said: str) -> None:
    text, line = replaced(old, new)
    assert f"ours.yaml:{line}: {said}" in problems(text)


# A child's fourth line is the mistake.
CHANGES = [
    (
        "holds: [{row: MH002, clear_at_h: -1, source: S1, confidence: low}]",
        "holds.MH002.clear_at_h: -1 is below 0: write a number from 0 upwards",
    ),
    (
        "holds: [{row: MH002, clear_at_h: 96}]",
        "holds.MH002.clear_at_h: the value is changed but still carries the source of the inherited one: "
        "add this row's own `source` and `confidence`",
    ),
    (
        "minutes: {turnover: {value: 20}}",
        "minutes.turnover.value: the value is changed but still carries the source of the inherited one: "
        "add this row's own `source` and `confidence`",
    ),
    (
        "holds: [{row: MH002, action: pause, source: S1, confidence: low}]",
        "holds.MH002.action: 'pause' is not known: use one of timed_hold, clinician_decision, avoid_without_level, "
        "continue, class_review, cycle_based, hold_day_of, no_action",
    ),
    (
        "holds: [{row: MH003, crcl: [40, 50], source: S1, confidence: low}]",
        "holds.MH003.crcl: no row covers a creatinine clearance from 30 up to 40: "
        "begin this band at 30, where MH004 ends",
    ),
    (
        "holds: [{row: MH003, crcl: [20, 50], source: S1, confidence: low}]",
        "holds.MH003.crcl: the band overlaps that of MH004: a clearance of 20 would be in both: "
        "let one band end where the next begins, or name different dose tiers",
    ),
    (
        "holds: [{row: MH002, crcl: [50, 120], source: S1, confidence: low}]",
        "holds.MH002.crcl: no row covers a creatinine clearance of 120 and above: "
        "end the highest band with null, or add a row",
    ),
    (
        "holds: [{row: MH004, crcl: [10, 30], source: S1, confidence: low}]",
        "holds.MH004.crcl: no row covers a creatinine clearance below 10: "
        "begin the lowest band with null, or add a row",
    ),
    (
        "holds: [{row: MH003, crcl: [50, 30], source: S1, confidence: low}]",
        "holds.MH003.crcl: the band from 50 to 30 holds no clearance: exchange the two ends",
    ),
    (
        "holds: [{row: MH002, block_below_h: 100, source: S1, confidence: low}]",
        "holds.MH002.block_below_h: the procedure would be blocked after the drug is clear: "
        "make it at most clear_at_h",
    ),
    (
        "holds: [{row: MH002, clear_at_h: null, source: S1, confidence: low}]",
        "holds.MH002.clear_at_h: a timed hold names no hours: add `clear_at_h: 72`, or `missing`",
    ),
    (
        "holds: [{row: MH002, clear_at_h: 100000, source: S1, confidence: low}]",
        "holds.MH002.clear_at_h: 100000 is more than 8784: check the unit that the key names",
    ),
    (
        "holds: [{drug: apixaban}]",
        "holds: a row does not say its `row`: begin it with `row: ...`",
    ),
    (
        "names: {warfarin: [Eliquis]}",
        "names.warfarin: the name 'eliquis' also belongs to apixaban: give each name to one drug",
    ),
    (
        "names: {warfarn: [Marevan]}",
        "names.warfarn: no row of holds is about this drug: correct the drug or add its row",
    ),
    (
        'labs: [{row: LB01, pass: ["about 1"], source: S1, confidence: low}]',
        "labs.LB01.pass: 'about 1' is not a band: write it like \"<= 1.5\", \"> 1.5 and <= 1.8\" or \"any\"",
    ),
    (
        'labs: [{row: LB01, pass: ["<= 1.6"], source: S1, confidence: low}]',
        "labs.LB01.review: a value would both pass and review: let one band begin where the other ends",
    ),
    (
        "labs: [{row: LB01, valid_h: 6, source: S1, confidence: low}]",
        "labs.LB01.valid_days: a result must say how long it counts, in one unit: give valid_days or valid_h",
    ),
    (
        "labs: [{row: LB09, analyte: INR, source: S1, confidence: low}]",
        "labs.LB09: INR in the context 'general' is already judged by LB01: "
        "change the context, or keep one of the two rows",
    ),
    (
        "items: [{kind: labs, step: bloods, source: design, confidence: low}]",
        "items.labs.step: 'bloods' is not known: "
        "use one of consult, imaging, labs, medication, fasting, ride, infection, discharge",
    ),
    (
        "remove: [ride]",
        "items.ride: is not given: what no row demands would never be asked for: add a row `kind: ride`",
    ),
    (
        "remove: [MH999]",
        "remove: no inherited row is called 'MH999': name rows such as MH013",
    ),
    (
        "infection: {questions: [{row: IN05, key: chills}]}",
        "infection.questions.IN05.key: the value is changed but still carries the source of the inherited one: "
        "add this row's own `source` and `confidence`",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("change", "said"), CHANGES, ids=[change for change, _ in CHANGES])
def test_change_to_a_parent_is_refused_at_the_line_of_the_child(change: str, said: str) -> None:
    assert f"ours.yaml:4: {said}" in problems(f"{CHILD}{change}\n")


def test_moment_with_two_directions_is_refused() -> None:
    change = "items: [{kind: labs, deadline: {after: start, hours: 3}, source: design, confidence: low}]"
    said = "does not say exactly one of before, after, at: write e.g. {before: start, hours: 48}"
    assert problems(f"{CHILD}{change}\n") == [f"ours.yaml:4: items.labs.deadline: {said}"]


def test_key_given_twice_is_refused_with_both_lines() -> None:
    said = "title: the key is given twice, first on line 2: keep one of the two"
    assert problems(f"{CHILD}title: Again\n") == [f"ours.yaml:4: {said}"]


def test_row_given_twice_is_refused_with_both_lines() -> None:
    text = f"{CHILD}holds:\n  - {{row: MH013, note: a}}\n  - {{row: MH013, note: b}}\n"
    said = "holds.MH013: the row is given twice, first on line 5: keep one of the two"
    assert problems(text) == [f"ours.yaml:6: {said}"]


def test_unknown_parent_is_refused() -> None:
    said = "extends: there is no protocol 'nowhere': see `manage.py protocols list` for the names"
    assert problems(CHILD.replace("reference-asra", "nowhere")) == [f"ours.yaml:3: {said}"]


def test_parent_named_by_a_path_is_refused() -> None:
    said = "is not a protocol's name: use small letters, digits and hyphens, as in reference-asra"
    assert problems(CHILD.replace("reference-asra", "../secret")) == [f"ours.yaml:3: extends: '../secret' {said}"]


def test_title_is_not_inherited() -> None:
    said = "title: is not given: state it in this file; it is not inherited"
    assert problems("protocol: ours\nextends: reference-asra\n") == [f"ours.yaml:1: {said}"]


@pytest.mark.parametrize("key", ["title", "procedures", "fasting", "window", "minutes", "holds", "infection"])
def test_section_that_is_not_there_is_named(key: str) -> None:
    lines = REFERENCE.splitlines()
    first = next(number for number, line in enumerate(lines) if line.startswith(f"{key}:"))
    after = [number for number, line in enumerate(lines) if number > first and line and line[0].isalpha()]
    text = "\n".join(lines[:first] + lines[min(after, default=len(lines)) :])
    assert any(f": {key}" in line for line in problems(text))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "ours.yaml:1: document: the document is not a mapping: begin with `protocol: <name>`"),
        ("- a\n", "ours.yaml:1: document: the document is not a mapping: begin with `protocol: <name>`"),
        (
            "a: [1\nb: 2\n",
            "ours.yaml:2: document: this is not YAML (expected ',' or ']', but got ':'): "
            "correct the line or the one before",
        ),
        (
            "a: &x 1\nb: *x\n",
            "ours.yaml:2: b: an alias or very deep nesting stands here: write the value out",
        ),
        ("? [a, b]\n: 1\n", "ours.yaml:1: document: a key is not a plain word: write `key: value`"),
    ],
)
def test_text_that_is_no_protocol_is_refused(text: str, said: str) -> None:
    assert problems(text) == [said]


@pytest.mark.parametrize(
    "text",
    [
        "[" * 5000,
        "a: " * 5000,
        "x" * 250_001,
        "\x00",
        "a: !!python/object:os.system 1",
        "a: 0x1F\n",
        "a: 1\n---\nb: 2\n",
    ],
    ids=["brackets", "colons", "long", "nul", "tag", "hexadecimal", "two documents"],
)
def test_hostile_text_is_refused_without_a_crash(text: str) -> None:
    assert problems(text) != []


def test_all_problems_are_told_at_once_in_the_order_of_the_lines() -> None:
    text = REFERENCE.replace("mode: elapsed", "mode: sunset").replace(TURNOVER, TURNOVER.replace("15", "-5"))
    assert [line.split(": ")[1] for line in problems(text)] == ["fasting.mode", "minutes.turnover.value"]
