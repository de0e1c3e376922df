"""`manage.py protocols`, run in the process but without a database: pytest-django refuses one here."""

from pathlib import Path

import pytest

from checklists.protocols import loader
from tests.checklists.protocols.documents import CHILD
from tests.scheduler.protocols_command import run


def test_list_names_every_shipped_protocol() -> None:
    code, out, _ = run("list")
    assert (code, [line.split(":")[0] for line in out.splitlines()]) == (0, list(loader.shipped()))


def test_show_marks_low_confidence_and_cites_every_row() -> None:
    code, out, _ = run("show", "reference-asra")
    lines = out.splitlines()
    low = [line for line in lines if line.endswith("low]")]
    assert code == 0
    assert low == [line for line in lines if line.startswith("!")]
    assert "! turnover 15 minutes  [design; low]" in low
    naproxen = "  MH043 naproxen: timed hold; clear at 96 h; RxNorm 7258; restart 24 h after the procedure  "
    assert naproxen + "[S1,S2,SEED000,SEED004; high]" in lines


FEW = ("bay-area-spine", "reference-asra")  # with a number missing, and whole


@pytest.mark.parametrize(
    "name", [name if name in FEW else pytest.param(name, marks=pytest.mark.matrix) for name in loader.shipped()]
)
def test_show_and_check_of_every_shipped_protocol_agree_on_what_is_missing(name: str) -> None:
    missing = loader.load(name).missing
    shown, checked = run("show", name), run("check", name)
    told = [line for line in shown[1].splitlines() if line.startswith("  MISSING")]
    wanted = [f"  MISSING, to be given before signing: {', '.join(missing)}"] if missing else []
    assert (shown[0], told) == (0, wanted)
    said = [line.partition(":")[0] for line in checked[1].splitlines()] if missing else []
    assert (checked[0], said) == (bool(missing), list(missing))


def test_show_tells_the_page_beyond_the_rules_without_the_notes_of_rules() -> None:
    lines = run("show", "pain-experts-of-arizona")[1].splitlines()
    (place,) = (number for number, line in enumerate(lines) if line.startswith("  on infection: "))
    assert lines[place + 1] == "  on ride: the patient cannot drive afterwards  [SEED000; high]"


def test_show_says_what_follows_after_the_window() -> None:
    found = {
        name: [line for line in run("show", name)[1].splitlines() if line.startswith("  window: ")]
        for name in ("pain-experts-of-arizona", "bay-area-spine", "interventional-pain-center")
    }
    assert found == {
        "pain-experts-of-arizona": [
            "  window: 56 days from fractured, later it fails; not for malignancy  [SEED000; high]"
        ],
        "bay-area-spine": ["  window: 2 months from diagnosed, later to review; not for malignancy  [SEED001; high]"],
        "interventional-pain-center": [
            "  window: 56 days from fractured, else onset, review to 84 days; not for malignancy  "
            "[SEED000,SEED002,S15; medium]"
        ],
    }


def test_check_of_a_complete_protocol_succeeds() -> None:
    code, out, err = run("check", "demonstration")
    assert (code, err) == (0, "")
    assert out.startswith("demonstration is complete; ")


def test_check_names_what_is_missing(tmp_path: Path) -> None:
    file = tmp_path / "ours.yaml"
    file.write_text(CHILD + "holds: [{row: MH002, clear_at_h: missing, source: none, confidence: low}]\n")
    said = "holds.MH002.clear_at_h: the number is missing: a clinician enters it before the protocol is signed\n"
    assert run("check", str(file)) == (1, said, "")


def test_check_of_a_faulty_file_names_its_line(tmp_path: Path) -> None:
    file = tmp_path / "ours.yaml"
    file.write_text(CHILD + "minute: {}\n")
    said = f"{file}:4: minute: is not a known key: did you mean 'minutes'?\n"
    assert run("check", str(file)) == (2, "", said)


def test_show_of_an_unknown_name_says_which_there_are() -> None:
    said = "no-such: document: there is no shipped protocol of this name: "
    assert run("show", "no-such") == (
        2,
        "",
        f"{said}use one of {', '.join(loader.shipped())}, or a file's path\n",
    )


@pytest.mark.parametrize(("other", "code"), [("reference-asra", 0), ("demonstration", 1)])
def test_diff_tells_whether_two_protocols_differ(other: str, code: int) -> None:
    found, out, _ = run("diff", "reference-asra", other)
    assert (
        found,
        "minutes for each level: 60 minutes [SEED000,SEED003; high] becomes 45 minutes [demonstration; low]\n" in out,
    ) == (
        code,
        bool(code),
    )


def test_committed_table_is_the_one_the_command_prints() -> None:
    committed = (Path(__file__).parents[2] / "docs" / "protocols.md").read_text(encoding="utf-8")
    assert run("table") == (0, committed, ""), "run `manage.py protocols table > docs/protocols.md`"


def test_fill_writes_a_complete_file_and_check_agrees(tmp_path: Path) -> None:
    out = tmp_path / "ours.yaml"
    numbers = (
        "--set",
        "minutes.recovery.value=90:the practice's policy:medium",
        "--note",
        "minutes.recovery.value=lying",
    )
    code, said, _ = run("fill", "bay-area-spine", *numbers, "--out", str(out))
    assert (code, said.startswith(f"{out}: nothing is missing")) == (0, True)
    assert run("check", str(out))[0] == 0
    assert (
        "minutes in recovery: a number still missing [SEED001; high] becomes 90 minutes [SEED001,P1; medium]"
        in (run("diff", "bay-area-spine", str(out))[1])
    )


def test_fill_names_every_path_value_and_remedy_and_writes_nothing(tmp_path: Path) -> None:
    out = tmp_path / "ours.yaml"
    code, said, wrong = run(
        "fill", "pro-spine-pain", "--set", "hold_classes.nsaid.clear_at_h=x::sure", "--out", str(out)
    )
    assert (code, said, out.exists()) == (2, "", False)
    assert wrong.splitlines() == [
        "given: hold_classes.blood_thinner.clear_at_h: is still missing: give it too, with its source and confidence",
        "given: fasting.intakes.FA12.hours: is still missing: give it too, with its source and confidence",
        "given: hold_classes.nsaid.clear_at_h: 'x' is not a number: write digits, e.g. 48 or 1.5",
        "given: hold_classes.nsaid.clear_at_h.source: '' is no source: say on one line where the number comes from, "
        "or name the document's sources",
        "given: hold_classes.nsaid.clear_at_h.confidence: 'sure' is not known: use one of high, medium, low",
    ]
