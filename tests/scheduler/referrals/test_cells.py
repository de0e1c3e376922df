import pytest

from checklists.rules.values import Medication
from scheduler.rules.referrals import cells
from scheduler.rules.referrals.complaints import CellError


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("García", "García"),
        ("Garci\u0301a", "García"),
        ("O'Shaughnessy", "O'Shaughnessy"),
        ("'t Hooft", "'t Hooft"),
        ("van  der   Meer", "van der Meer"),
        ("Smith-Jones, Jr.", "Smith-Jones, Jr."),
        ('William "Bill"', 'William "Bill"'),
        ("李", "李"),
    ],
)
def test_read_name_takes_names(text: str, expected: str) -> None:
    assert cells.read_name(text) == expected


@pytest.mark.parametrize(
    ("text", "remedy"),
    [
        ("=cmd", "does not hold '='"),
        ("+Ann", "does not hold"),
        ("@Ann", "does not hold"),
        ("-Ann", "begins with a letter"),
        ("<b>Ann", "does not hold '<'"),
        ("Ann 3", "does not hold '3'"),
        (".", "begins with a letter"),
        ("A" * 101, "at most 100"),
        ("GarcÃ\u00ada", "accents were lost"),
        ("MÃ¼ller", "accents were lost"),
    ],
)
def test_read_name_refuses_what_is_no_name(text: str, remedy: str) -> None:
    with pytest.raises(CellError, match=remedy):
        cells.read_name(text)


@pytest.mark.parametrize(
    ("sign", "code"),
    [("\r", "000D"), ("\n", "000A"), ("\0", "0000"), ("\u200f", "200F"), ("\u202e", "202E"), ("\u200b", "200B"),
     ("\x1b", "001B"), ("\x85", "0085"), ("\u2028", "2028"), ("\ue000", "E000")],
)  # fmt: skip
def test_check_signs_names_the_invisible_character(sign: str, code: str) -> None:
    with pytest.raises(CellError, match=rf"U\+{code}"):
        cells.check_signs(f"Ann{sign}Lee")


def test_check_signs_lets_lists_have_lines() -> None:
    cells.check_signs("aspirin\r\nibuprofen", lines=True)


def test_check_signs_refuses_a_lost_character() -> None:
    with pytest.raises(CellError, match="was lost"):
        cells.check_signs("Garc\ufffda")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("602-555-0101", "+16025550101"),
        ("(602) 555-0101", "+16025550101"),
        ("602.555.0101", "+16025550101"),
        ("1 602 555 0101", "+16025550101"),
        ("+1 (602) 555-0101", "+16025550101"),
        ("+44 20 7946 0018", "+442079460018"),
        ("602-555-0101 ext. 12", "+16025550101 x12"),
        ("6025550101x7", "+16025550101 x7"),
    ],
)
def test_read_phone_spellings(text: str, expected: str) -> None:
    assert cells.read_phone(text) == expected


@pytest.mark.parametrize(
    "text", ["555-0101", "602-555-010", "002-555-0101", "call her son", "602555010100", "٦٠٢٥٥٥٠١٠١"]
)
def test_read_phone_refuses_what_cannot_be_dialled(text: str) -> None:
    with pytest.raises(CellError, match="602-555-0123"):
        cells.read_phone(text)


def test_numbers_shortened_by_a_spreadsheet_are_refused() -> None:
    for read in (cells.read_phone, cells.read_record_number):
        with pytest.raises(CellError, match="A spreadsheet has shortened"):
            read("6.02555E+09")


def test_read_record_number_noughts_are_none() -> None:
    assert [cells.read_record_number(text) for text in ("000", "0012", "MR-7")] == ["", "0012", "MR-7"]


@pytest.mark.parametrize(
    "text", ["ann@example", "ann", "a b@example.org", "ann@example..org", "a@b.org, c@d.org", "ann@exämple.org"]
)
def test_read_email_refuses(text: str) -> None:
    with pytest.raises(CellError, match="no e-mail address"):
        cells.read_email(text)


@pytest.mark.parametrize(
    ("text", "expected"), [("72", 72.0), ("72.5", 72.5), ("72 kg", 72.0), ("20", 20.0), ("350", 350.0)]
)
def test_read_weight(text: str, expected: float) -> None:
    assert cells.read_weight(text) == expected


@pytest.mark.parametrize("text", ["159 lb", "19.9", "350.1", "72,5", "nan", "-70", "1e2", "heavy"])
def test_read_weight_refuses(text: str) -> None:
    with pytest.raises(CellError, match="in kilograms, from 20 to 350"):
        cells.read_weight(text)


def test_read_choice_names_the_words() -> None:
    with pytest.raises(CellError, match=r"^Write general, local or sedation\.$"):
        cells.read_choice("asleep", cells.ANESTHESIA)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("aspirin; ibuprofen", ("aspirin", "ibuprofen")),
        ("aspirin, ibuprofen\nwarfarin", ("aspirin", "ibuprofen", "warfarin")),
        ("calcium 1,200 mg, aspirin", ("calcium 1,200 mg", "aspirin")),
        ("semaglutide (weekly, subcutaneous), aspirin", ("semaglutide (weekly, subcutaneous)", "aspirin")),
        ("aspirin; aspirin;; ", ("aspirin",)),
        ("=cmd|' /C calc'!A0", ("=cmd|' /C calc'!A0",)),
        ("none", ()),
        ("NKDA", ()),
        ("unknown", ("unknown",)),
    ],
)
def test_read_entries(text: str, expected: tuple[str, ...]) -> None:
    assert cells.read_entries(text) == expected


def test_read_entries_has_limits() -> None:
    with pytest.raises(CellError, match="51 entries are more than 50"):
        cells.read_entries(";".join(f"drug {n}" for n in range(51)))
    with pytest.raises(CellError, match="more than 200 characters"):
        cells.read_entries("x" * 201)


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        ("apixaban 5 mg", Medication("apixaban 5 mg")),
        ("adalimumab (every 2 weeks)", Medication("adalimumab", interval_days=14)),
        ("infliximab (every 56 days)", Medication("infliximab", interval_days=56)),
        ("prednisone (10 mg a day)", Medication("prednisone", daily_mg=10.0)),
        ("prednisone (7.5 mg per day, oral)", Medication("prednisone", route="oral", daily_mg=7.5)),
        ("blood pill (rxcui: 1364430)", Medication("blood pill", rxcui="1364430")),
        ("blood pill (rxcui: abc)", Medication("blood pill (rxcui: abc)")),
        ("semaglutide 1 mg (weekly)", Medication("semaglutide 1 mg", interval_days=7)),
        ("diclofenac (Topical)", Medication("diclofenac", route="topical")),
        ("enoxaparin (dose: therapeutic)", Medication("enoxaparin", dose_tier="therapeutic")),
        ("aspirin 81 mg (for: secondary prevention, daily)",
         Medication("aspirin 81 mg", indication="secondary prevention", interval_days=1)),
        ("aspirin (baby)", Medication("aspirin (baby)")),
        ("aspirin (weekly, baby)", Medication("aspirin (weekly, baby)")),
        ("aspirin (daily) (weekly)", Medication("aspirin (daily) (weekly)")),
        ("(weekly)", Medication("(weekly)")),
        ("warfarin (held", Medication("warfarin (held")),
    ],
)  # fmt: skip
def test_read_medication_leaves_in_the_name_what_it_does_not_understand(entry: str, expected: Medication) -> None:
    assert cells.read_medication(entry) == expected


def test_read_conditions_codes() -> None:
    text = "Type 2 diabetes; Cirrhosis; no MRI; atrial fibrillation"
    expected = frozenset({"diabetes", "chronic_liver_disease", "mri_contraindicated", "atrial_fibrillation"})
    assert cells.read_conditions(text) == expected


def test_read_conditions_refuses_what_is_no_code() -> None:
    with pytest.raises(CellError, match="'2_stents' is no condition"):
        cells.read_conditions("2 stents")
