"""How entries are compared, which of a drug's rows they choose, and which of these is the strictest."""

from dataclasses import replace
from fractions import Fraction
from itertools import pairwise

import pytest

from checklists.protocols.loader import load
from checklists.rules.compiled import once_for_protocol
from checklists.rules.drugs import (
    MOST_ENTRIES,
    by_route,
    by_tier,
    for_each_entry,
    in_band,
    key_of,
    match_medication,
    most_lenient,
    names_in,
    normalised,
    rows_by_code,
    rows_by_name,
    rows_named,
    strictest,
    tier_is,
)
from checklists.rules.values import Medication
from tests.checklists.rules.cases import PROTOCOL, hold

REFERENCE = load("reference-asra", signed=True)


def protocol_of(*rows):
    return replace(PROTOCOL, holds=rows)


def drugs(rows):
    return {row.drug for row in rows}


@pytest.mark.parametrize(
    ("written", "compared"),
    [
        ("  Eliquis®   5 MG ", "eliquis 5 mg"),
        ("Ｗarfarin", "warfarin"),  # full width, as pasted
        ("ASPIRIN (E.C.)", "aspirin e.c"),
        ("Hydrocodone/Acetaminophen", "hydrocodone/acetaminophen"),
        ("beta-blocker", "beta-blocker"),
        ("vitamin D + calcium", "vitamin d + calcium"),
        ("gel 1%", "gel 1%"),
        ("- warfarin /", "warfarin"),
        ("Straße", "strasse"),
    ],
)
def test_names_are_compared_in_one_form(written, compared):
    assert normalised(written) == compared


@pytest.mark.parametrize(
    ("written", "key"),
    [("  Blood PILL ", "blood pill"), ("???", "unnamed"), ("x" * 81, "x" * 80), ("x" * 79 + " y", "x" * 79)],
)
def test_entry_that_is_no_listed_drug_is_called_as_it_is_written_in_short(written, key):
    assert key_of(written) == key


WARFARIN, POTASSIUM = hold("warfarin", clear=120, names=("Coumadin",)), hold("potassium chloride", "no_action")
TOPICAL = hold("topical thrombin", "no_action")
FISH = hold("fish oil", clear=24, names=("omega-3 fatty acids",))
KNOWN = protocol_of(WARFARIN, POTASSIUM, TOPICAL, FISH)


@pytest.mark.parametrize(
    ("entry", "found"),
    [
        ("warfarin", "warfarin"),
        ("coumadin", "warfarin"),
        ("COUMADIN 5 mg daily", "warfarin"),
        ("warfarin sodium tablets", "warfarin"),
        ("coumadin warfarin", "warfarin"),
        ("warfarin/coumadin", "warfarin"),
        ("potassium chloride", "potassium chloride"),
        ("omega-3 fatty acids capsules", "fish oil"),
        ("fish oil omega-3 fatty acids", "fish oil"),
        ("warfarin fish oil", None),  # two drugs
        ("warfarin unheardof", None),  # a word that nobody knows
        ("sodium", None),
        ("fatty acids", None),
        ("", None),
    ],
)
def test_rows_are_those_of_the_one_drug_that_every_word_names(entry, found):
    assert drugs(rows_named(KNOWN, entry)) == ({found} if found else set())


def test_names_of_a_text_are_found_the_longest_first():
    index = rows_by_name(KNOWN)
    found, others = names_in(index, "omega-3 fatty acids and/or warfarin coumadin")
    assert [rows[0].drug for rows in found] == ["fish oil", "warfarin", "warfarin"]
    assert others == {"and", "or"}
    assert names_in(index, "") == ([], set())


def test_name_that_holds_a_slash_a_strength_or_the_word_of_a_form_is_found_whole():
    mixed, plain, low = (
        hold("insulin 70/30", clear=24),
        hold("insulin", clear=48),
        hold("low dose naltrexone", clear=72),
    )
    both = hold("sacubitril/valsartan", clear=12)
    protocol = protocol_of(mixed, plain, low, both)
    assert rows_named(protocol, "Insulin 70/30") == (mixed,)
    assert rows_named(protocol, "insulin 20 units") == (plain,)
    assert rows_named(protocol, "low dose naltrexone 4.5 mg") == (low,)
    assert names_in(rows_by_name(protocol), "sacubitril/valsartan insulin") == ([(both,), (plain,)], set())


def test_name_of_four_words_is_one_name():
    long = protocol_of(hold("a b c d", clear=24), hold("a", clear=48))
    found, others = names_in(rows_by_name(long), "x a b c d")
    assert ([rows[0].drug for rows in found], others) == (["a b c d"], {"x"})


def test_rows_of_a_name_are_all_those_that_have_it():
    tiers = (hold("heparin", clear=4, tier="low"), hold("heparin", clear=24, tier="high"), WARFARIN)
    assert rows_by_name(protocol_of(*tiers)) == {
        "heparin": tiers[:2],
        "warfarin": (WARFARIN,),
        "coumadin": (WARFARIN,),
    }


def test_confirmed_code_counts_over_a_candidate_and_the_first_of_two_candidates():
    sure = replace(WARFARIN, rxcui=("1", "2"))
    maybe = replace(FISH, rxcui_unverified=("2", "3"))
    later = replace(POTASSIUM, rxcui_unverified=("3", "4"))
    found = rows_by_code(protocol_of(maybe, sure, later))
    assert {code: (drugs(rows), confirmed) for code, (rows, confirmed) in found.items()} == {
        "1": ({"warfarin"}, True),
        "2": ({"warfarin"}, True),
        "3": ({"fish oil"}, False),
        "4": ({"potassium chloride"}, False),
    }


# ---- the route


GEL = hold("diclofenac", clear=24, drug_class="NSAID (non-selective)")
ORAL, NASAL = (
    replace(hold("ketorolac", clear=hours, drug_class="NSAID"), route=(route,))
    for hours, route in ((24, "Oral"), (12, "nasal"))
)
DROPS = replace(ORAL, route=("ophthalmic",))
EVERY_WAY = hold("ketorolac", clear=48, drug_class="NSAID")


@pytest.mark.parametrize(
    ("rows", "medication", "expected"),
    [
        ((GEL,), Medication("diclofenac"), ((GEL,), False)),
        ((GEL,), Medication("diclofenac", route="oral"), ((GEL,), False)),
        ((GEL,), Medication("diclofenac", route=" Topical "), ((), True)),
        ((GEL,), Medication("diclofenac gel"), ((), True)),
        ((GEL,), Medication("diclofenac gel", route="oral"), ((GEL,), False)),  # what is stated counts over the name
        ((WARFARIN,), Medication("warfarin", route="topical"), ((WARFARIN,), False)),
        ((GEL, WARFARIN), Medication("diclofenac gel"), ((GEL, WARFARIN), False)),
        ((), Medication("mystery gel"), ((), False)),
        ((DROPS,), Medication("ketorolac", route="ophthalmic"), ((DROPS,), False)),  # a row of its own for the drops
        ((ORAL, NASAL), Medication("ketorolac", route="ORAL"), ((ORAL,), False)),
        ((ORAL, NASAL), Medication("ketorolac", route="nasal"), ((NASAL,), False)),
        ((ORAL, NASAL), Medication("ketorolac"), ((ORAL, NASAL), False)),
        ((ORAL, NASAL), Medication("ketorolac", route="intravenous"), ((), False)),
        ((ORAL, EVERY_WAY), Medication("ketorolac", route="oral"), ((ORAL, EVERY_WAY), False)),
        ((ORAL, EVERY_WAY), Medication("ketorolac", route="intravenous"), ((EVERY_WAY,), False)),
    ],
)
def test_route_chooses_among_the_rows_and_takes_out_what_does_not_reach_the_blood(rows, medication, expected):
    assert by_route(rows, medication) == expected


def test_route_that_no_row_is_for_is_decided_by_a_clinician_with_all_rows_in_view():
    match = match_medication(protocol_of(ORAL, NASAL), Medication("ketorolac", route="intravenous"))
    told = "No row of the protocol holds for ketorolac by this route: a clinician decides."
    assert (match.drug, match.rows, match.doubts) == ("ketorolac", (ORAL, NASAL), (("route_unknown", told),))


# ---- the tier


LOW, HIGH = (
    hold("enoxaparin", clear=hours, tier=tier, tier_words=words)
    for hours, tier, words in (
        (12, "Prophylactic (40 mg daily)", ("prevention",)),
        (24, "therapeutic", ("clot", "deep vein thrombosis")),
    )
)
ANY, BARE = hold("enoxaparin", clear=6, tier="any"), hold("enoxaparin", clear=8)
DAILY, WEEKLY = hold("semaglutide", clear=24, tier="daily"), hold("semaglutide", clear=168, tier="weekly")
BOTH = (LOW, HIGH)


@pytest.mark.parametrize(
    ("rows", "medication", "expected"),
    [
        (BOTH, Medication("enoxaparin", dose_tier="therapeutic"), (HIGH,)),
        (BOTH, Medication("enoxaparin", dose_tier="prophylactic"), (LOW,)),
        (BOTH, Medication("enoxaparin", dose_tier="Prophylactic (40 mg daily)"), (LOW,)),
        (BOTH, Medication("enoxaparin", indication="for prevention"), (LOW,)),
        (BOTH, Medication("enoxaparin", indication="deep vein thrombosis"), (HIGH,)),
        (BOTH, Medication("enoxaparin", dose_tier="therapeutic", indication="prevention"), (HIGH,)),
        ((LOW, HIGH, BARE), Medication("enoxaparin", dose_tier="therapeutic"), (HIGH, BARE)),
        ((LOW, ANY), Medication("enoxaparin", dose_tier="prophylactic"), (LOW, ANY)),
        ((LOW,), Medication("enoxaparin"), (LOW,)),
        ((ANY,), Medication("enoxaparin", dose_tier="therapeutic"), (ANY,)),
        ((BARE,), Medication("enoxaparin", dose_tier="therapeutic"), (BARE,)),
        ((ANY, BARE), Medication("enoxaparin"), (ANY, BARE)),
        ((DAILY, WEEKLY), Medication("semaglutide", interval_days=1), (DAILY,)),
        ((DAILY, WEEKLY), Medication("semaglutide", interval_days=0), (DAILY,)),
        ((DAILY, WEEKLY), Medication("semaglutide", interval_days=7), (WEEKLY,)),
        ((DAILY, WEEKLY), Medication("semaglutide", dose_tier="weekly", interval_days=1), (WEEKLY,)),
    ],
)
def test_tier_interval_or_reason_chooses_the_row(rows, medication, expected):
    assert by_tier(rows, medication) == (expected, ())


@pytest.mark.parametrize(
    ("rows", "medication"),
    [
        (BOTH, Medication("enoxaparin")),
        (BOTH, Medication("enoxaparin", dose_tier="prophyl")),  # not a word of the tier
        (BOTH, Medication("enoxaparin", indication="clotting")),
        (BOTH, Medication("enoxaparin", interval_days=2)),
        ((LOW,), Medication("enoxaparin", dose_tier="therapeutic")),  # said, and not the one that the row is for
        ((LOW, ANY), Medication("enoxaparin", dose_tier="therapeutic")),
        ((DAILY, WEEKLY), Medication("enoxaparin", interval_days=2)),
        ((DAILY, WEEKLY), Medication("enoxaparin", interval_days=14)),  # every other week is not weekly
    ],
)
def test_tier_that_is_not_told_leaves_all_rows_in_doubt(rows, medication):
    listed = "; ".join(sorted(row.dose_tier for row in rows if row is not ANY))
    told = f"The protocol treats enoxaparin by dose or reason ({listed}). Record which of these it is."
    assert by_tier(rows, medication) == (rows, (("dose_tier_unknown", told),))


@pytest.mark.parametrize(
    ("stated", "row", "is_it"),
    [
        ("therapeutic", HIGH, True),
        ("ther", HIGH, False),
        ("a clot of the leg", HIGH, True),
        ("clots", HIGH, False),
        ("prophylactic", LOW, True),
        ("anything", ANY, True),
        ("anything", BARE, False),
    ],
)
def test_tier_is_told_by_its_first_words_or_by_a_whole_word_that_means_it(stated, row, is_it):
    assert tier_is(stated, row) is is_it


GOES_ON, HELD = hold("x", "continue", tier="low"), hold("x", clear=24, tier="high")


def test_tier_that_goes_on_needs_nothing_unless_something_contradicts_it():
    protocol = protocol_of(GOES_ON, HELD, replace(WARFARIN, rxcui=("1",)))
    low = Medication("x", dose_tier="low")
    assert match_medication(protocol, low) is None
    contradicted = match_medication(protocol, replace(low, rxcui="1"))
    assert (contradicted.rows, [code for code, _ in contradicted.doubts]) == ((GOES_ON,), ["code_contradicts_name"])


# ---- bands and strictness


@pytest.mark.parametrize(
    ("band", "inside", "outside"),
    [
        ((30, 50), ("30", "49.99"), ("29.99", "50")),
        ((50, None), ("50", "200"), ("49.58",)),
        ((None, 30), ("0", "29.99"), ("30",)),
        ((None, None), ("0", "200"), ()),
    ],
)
def test_lower_bound_of_a_band_is_inside_and_the_upper_is_not(band, inside, outside):
    row = hold("apixaban", clear=72, crcl=band)
    assert [in_band(row, Fraction(value)) for value in (*inside, *outside)] == [True] * len(inside) + [False] * len(
        outside
    )


MILD_TO_STRICT = (
    hold("x", "no_action"),
    hold("x", "continue"),
    hold("x", "hold_day_of"),
    hold("x", "class_review"),
    hold("x", clear=24),
    hold("x", clear=48),
    hold("x", block=24),  # time alone never clears it
    hold("x", block=48),
    hold("x", "cycle_based"),
    hold("x", "clinician_decision"),
    hold("x", "clinician_decision", block=12),
    hold("x", "avoid_without_level", block=24),
)


def test_rows_are_ordered_by_what_they_ask_then_by_whether_time_clears_then_by_how_long():
    for mild, strict in pairwise(MILD_TO_STRICT):
        for pair in ((mild, strict), (strict, mild)):
            assert (most_lenient(pair), strictest(pair)) == (mild, strict)


def test_wait_of_a_row_is_its_longest():
    row, other = hold("x", clear=48, block=12), hold("x", clear=24, block=24)
    assert (strictest((row, other)), most_lenient((other, row))) == (row, other)


# ---- what is kept


def test_entry_is_read_once_and_the_most_are_kept():
    read = []

    def derive(_protocol, medication):
        read.append(medication)
        return medication.name

    protocol = replace(PROTOCOL)
    for _ in range(2):
        assert for_each_entry(protocol, "test", Medication("a"), derive) == "a"
    assert len(read) == 1
    for number in range(MOST_ENTRIES - 1):
        for_each_entry(protocol, "test", Medication(f"{number}"), derive)
    kept = once_for_protocol(protocol, "test", lambda _: {})
    assert len(kept) == MOST_ENTRIES
    for_each_entry(protocol, "test", Medication("one more"), derive)
    assert len(kept) == 1


# ---- what is told of a doubt


@pytest.mark.parametrize(
    ("medication", "doubts"),
    [
        (
            Medication(" warfarin ", rxcui="1364430"),
            {
                "code_contradicts_name": "The code 1364430 of 'warfarin' is that of apixaban. "
                "Find out which of the two is taken."
            },
        ),
        (
            Medication("blood pill", rxcui="1037042"),
            {
                "code_unverified": "No row knows 'blood pill'; its code 1037042 may be dabigatran etexilate, "
                "which nobody has confirmed. A clinician decides what it is."
            },
        ),
        (
            Medication("warfarin 5 mg, clopidogrel 75 mg"),
            {
                "several_drugs": "'warfarin 5 mg, clopidogrel 75 mg' seems to name more than one drug. "
                "List each on its own line."
            },
        ),
        (
            Medication("diclofenac tablets", route="gel"),
            {
                "route_unknown": "No row of the protocol holds for diclofenac by this route: a clinician decides.",
                "route_contradicts_name": "'diclofenac tablets' is swallowed by its name and gel by its route. "
                "Find out which is true.",
            },
        ),
        (
            Medication("Advil 200 mg liquid gel"),
            {
                "route_unknown": "No row of the protocol holds for ibuprofen by this route: a clinician decides.",
                "route_contradicts_name": "'Advil 200 mg liquid gel' is by its words both swallowed and a gel. "
                "Find out which is true.",
            },
        ),
    ],
)
def test_doubt_says_what_contradicts_what(medication, doubts):
    assert dict(match_medication(REFERENCE, medication).doubts) == doubts


def test_long_entry_is_repeated_in_short():
    entry = f"warfarin 5 mg, clopidogrel 75 mg, {'x' * 80}"
    (told,) = dict(match_medication(REFERENCE, Medication(entry)).doubts).values()
    assert told == f"'{entry[:80]}' seems to name more than one drug. List each on its own line."
