import pytest

from scheduler.rules.referrals.rejects import rejects_text, same_rows
from scheduler.rules.referrals.sheet import LARGEST_BYTES, MOST_ROWS, Sheet, UnreadableError, read_sheet

HEADING = "family_name,given_name,born_on,procedure,levels"
ROW = "Ng,Ann,1950-01-02,kyphoplasty,L1"


def lines_of(sheet: Sheet) -> list[int]:
    return [row.line for row in sheet.rows]


def names_of(data: bytes) -> list[str]:
    return [row.cells["family_name"] for row in read_sheet(data).rows]


def refusal(data: bytes) -> tuple[int | None, str]:
    with pytest.raises(UnreadableError) as error:
        read_sheet(data)
    return error.value.line, str(error.value)


def test_read_sheet_rows_know_their_lines() -> None:
    text = f'\n{HEADING},note\n{ROW},\n\n,,,,,\n{ROW},"two\nlines"\r\n{ROW},last\r{ROW},'
    assert lines_of(read_sheet(text.encode())) == [3, 6, 8, 9]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252"])
def test_read_sheet_encodings(encoding: str) -> None:
    assert names_of(f"{HEADING}\n{ROW.replace('Ng', 'Muñoz')}\n".encode(encoding)) == ["Muñoz"]


def test_read_sheet_windows_1252_is_said() -> None:
    notices = read_sheet(f"{HEADING}\n{ROW.replace('Ng', 'Muñoz')}\n".encode("cp1252")).notices
    assert [(line, str(notice)) for line, notice in notices] == [
        (1, "file: encoding: The file is not UTF-8 and was read as Windows-1252. Check names with accents.")
    ]


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_read_sheet_delimiters(delimiter: str) -> None:
    text = f"{HEADING}\n{ROW}\n".replace(",", delimiter)
    assert read_sheet(text.encode()).rows[0].cells == {
        "family_name": "Ng", "given_name": "Ann", "born_on": "1950-01-02", "procedure": "kyphoplasty", "levels": "L1",
    }  # fmt: skip


def test_read_sheet_heading_spellings() -> None:
    heading = 'Levels, "Family Name",given-name,BORN_ON, procedure '
    row = read_sheet(f"{heading}\nL1,Ng,Ann,1950-01-02,kyphoplasty\n".encode()).rows[0]
    assert (row.cells["family_name"], row.cells["given_name"], row.cells["levels"]) == ("Ng", "Ann", "L1")


def test_read_sheet_missing_columns_are_named() -> None:
    assert refusal(b"\nfamily_name,given_name,Birthday,procedure\nx,y,z,k\n") == (
        2,
        "born_on, levels: no column has this name. Name the columns as documented; found: family_name, given_name, "
        "Birthday, procedure.",
    )


def test_read_sheet_doubled_column_is_refused() -> None:
    line, sentence = refusal(f"{HEADING},Born On\n{ROW},1951-01-01\n".encode())
    assert (line, sentence) == (1, "born_on: more than one column has this name. Keep one of them.")


def test_read_sheet_unknown_column_is_ignored_with_a_notice() -> None:
    sheet = read_sheet(f"{HEADING},Insurer,note,referred_by,problem\n{ROW},Acme,x,y,z\n".encode())
    assert [(line, str(notice)) for line, notice in sheet.notices] == [
        (1, "Insurer: column: This column is not known here and is ignored.")
    ]
    assert "Insurer" not in sheet.rows[0].cells


def test_read_sheet_trailing_commas_do_no_harm() -> None:
    sheet = read_sheet(f"{HEADING},,\n{ROW},,,,\n".encode())
    assert (sheet.rows[0].complaints, sheet.notices) == ((), ())


@pytest.mark.parametrize("row", [f"{ROW},astray", f"{ROW},,astray", "Ng,MD,Ann,1950-01-02,kyphoplasty,L1"])
def test_read_sheet_value_under_no_heading_is_a_complaint(row: str) -> None:
    (complaint,) = read_sheet(f"{HEADING},\n{row}\n".encode()).rows[0].complaints
    assert (complaint.column, complaint.value) == ("row", row.rpartition(",")[2])


def test_read_sheet_row_that_ends_early_is_a_complaint() -> None:
    (complaint,) = read_sheet(f"{HEADING},medications,note\n{ROW}\n".encode()).rows[0].complaints
    assert str(complaint) == (
        "row: 5 of 7 cells: The row ends before the column 'medications'. Add its missing cells, empty if need be."
    )


@pytest.mark.parametrize("bad", ['"Ng"x,Ann', '"Ng,Ann'])
def test_read_sheet_broken_quotes_name_the_line(bad: str) -> None:
    line, sentence = refusal(f"{HEADING}\n{ROW}\n{bad},1950-01-02,kyphoplasty,L1\n{ROW}\n".encode())
    assert (line, sentence.partition(" (")[0]) == (3, "From here on the quotation marks do not match")


@pytest.mark.parametrize(
    ("data", "line", "sentence"),
    [
        (b"", 1, "The file is empty."),
        (b"\r\n ,, \r\n", 1, "The file is empty."),
        (b"PK\x03\x04rest", None, "This is a workbook"),
        ("a,b".encode("utf-16"), None, "The file is UTF-16 text."),
        (b"family_name\nx\n\x81\n", 3, "The file is neither UTF-8 nor Windows-1252."),
        (b"x" * (LARGEST_BYTES + 1), None, "The file is larger than 5,000,000 bytes."),
    ],
)
def test_read_sheet_refuses_what_is_no_list(data: bytes, line: int | None, sentence: str) -> None:
    found = refusal(data)
    assert (found[0], found[1][: len(sentence)]) == (line, sentence)


def test_read_sheet_row_cap_both_sides() -> None:
    rows = f"{HEADING}\n" + f"{ROW}\n" * MOST_ROWS
    assert len(read_sheet(rows.encode()).rows) == MOST_ROWS
    assert refusal(f"{rows}{ROW}\n".encode())[1].startswith("The file has more than 10,000 rows.")


def test_rejects_text_is_read_back_as_it_was() -> None:
    awkward = '=cmd|x,+1 602 555 0101,-5,@here,"say ""hi"", twice"\n'
    sheet = read_sheet(f"{HEADING}\n{awkward}".encode())
    text = rejects_text(sheet.heading, [(row, ()) for row in sheet.rows])
    assert text == (
        f"problem,{HEADING}\r\n"
        "line 2: ,'=cmd|x,'+1 602 555 0101,'-5,'@here,\"say \"\"hi\"\", twice\"\r\n"
    )  # fmt: skip
    again = read_sheet(text.encode())
    assert again.rows[0].cells == sheet.rows[0].cells
    assert rejects_text(again.heading, [(row, ()) for row in again.rows]) == text


def test_rejects_text_keeps_ignored_and_surplus_cells() -> None:
    sheet = read_sheet(f"{HEADING},Insurer\n{ROW},Acme,astray\n".encode())
    text = rejects_text(sheet.heading, [(row, row.complaints) for row in sheet.rows])
    heading, row = text.splitlines()
    assert (heading, row.rpartition('.",')[2]) == (f"problem,{HEADING},Insurer", f"{ROW},Acme,astray")


def test_rejects_text_has_no_invisible_signs() -> None:
    sheet = read_sheet(f"{HEADING}\nN\u202eg,A\0nn,1950-01-02,kyphoplasty,L1\n".encode())
    text = rejects_text(sheet.heading, [(row, ()) for row in sheet.rows])
    assert read_sheet(text.encode()).rows[0].written[1:3] == ("N\ufffdg", "A\ufffdnn")


def test_same_rows_looks_past_the_problem() -> None:
    assert same_rows("problem,a\r\nline 2: x,1\r\n", "problem,a\nline 9: y,1\n")
    assert not same_rows("problem,a\r\nline 2: x,1\r\n", "problem,a\r\nline 2: x,2\r\n")
