"""`manage.py assess`: exit codes and JSON, without a database."""

import json
import subprocess
import sys
from dataclasses import replace
from io import BytesIO, StringIO, TextIOWrapper

import pytest
from django.core.management import call_command

from checklists.rules.case_document import evidence_to_json, facts_to_json
from checklists.rules.case_lines import read_cases
from tests.checklists.rules.cases import FACTS, INSTANT, START, taking
from tests.checklists.rules.test_reference import REFERENCE, reference_notes
from tests.house.project import ROOT


def document(facts, evidence=()):
    return {"facts": facts_to_json(facts), "evidence": [evidence_to_json(e) for e in evidence]}


def run(tmp_path, facts, evidence, *options):
    case = tmp_path / "case.json"
    case.write_text(json.dumps(document(facts, evidence), indent=1))
    return command(str(case), *options)


READY, REVIEWED = document(FACTS, reference_notes().all), document(taking("mystery"), reference_notes().all)
BLOCKED = document(replace(FACTS, levels=("T11",)), reference_notes().all)


def run_lines(tmp_path, *lines, name="cases.jsonl", options=()):
    cases = tmp_path / name
    cases.write_bytes(
        b"".join(line if isinstance(line, bytes) else json.dumps(line).encode() + b"\n" for line in lines)
    )
    code, out, err = command(str(cases), *BOOKED, *options)
    verdicts = [json.loads(line) for line in out.splitlines()] if not options else out
    return code, verdicts, err.replace(str(tmp_path), "DIR").splitlines()


def command(*options):
    out, err = StringIO(), StringIO()
    with pytest.raises(SystemExit) as exited:
        call_command("assess", "--protocol", "reference-asra", *options, stdout=out, stderr=err)
    return exited.value.code, out.getvalue(), err.getvalue()


BOOKED = ("--start", START.isoformat(), "--now", (START - INSTANT).isoformat())


@pytest.mark.parametrize(
    ("facts", "options", "code", "state"),
    [
        (FACTS, BOOKED, 0, "ready"),
        (FACTS, ("--now", (START - INSTANT).isoformat()), 10, "pending"),
        (taking("mystery"), BOOKED, 11, "needs_review"),
        (replace(FACTS, levels=("T11",)), BOOKED, 12, "blocked"),
    ],
)
def test_exit_code_tells_the_state(tmp_path, facts, options, code, state):
    exit_code, out, _ = run(tmp_path, facts, reference_notes().all, *options)
    verdict = json.loads(out)
    assert (exit_code, verdict["state"], verdict["signed"]) == (code, state, False)
    assert set(verdict) == {"state", "findings", "earliest_safe_start", "next_change_at", "signed"}


def test_missing_now_is_the_real_clock(tmp_path):
    assert run(tmp_path, FACTS, ())[0] in (10, 11, 12)


def test_what_is_observed_after_now_is_refused_with_its_line(tmp_path):
    notes = reference_notes().all
    late = max(range(len(notes)), key=lambda place: notes[place].observed_at)
    moment = notes[late].observed_at
    told = f"evidence.{late}.observed_at: {moment.isoformat()} is after now, "
    code, out, err = run(tmp_path, FACTS, notes, "--start", START.isoformat(), "--now", (moment - INSTANT).isoformat())
    lines = (tmp_path / "case.json").read_text().splitlines()
    refused = [line for line in err.splitlines() if told in line]
    assert (code, out, bool(refused)) == (2, "", True)
    assert refused[0].endswith("Correct it, or judge at a later moment (--now).")
    at = int(refused[0].removeprefix(f"{tmp_path / 'case.json'}:").partition(":")[0])
    assert "observed_at" in lines[at - 1] and moment.isoformat() in lines[at - 1]
    options = ("--start", START.isoformat(), "--now", moment.isoformat())
    assert run(tmp_path, FACTS, notes, *options)[0] != 2
    code, _, err = run_lines(tmp_path, {**READY}, options=())
    assert (code, err) == (0, [])


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("nowhere.yaml",), "nowhere.yaml: cannot be read (No such file or directory). Give a readable file, or -.\n"),
        (("--start", "today", "-"), "--start: 'today' is not a time. Write date, time and offset, such as"),
    ],
)
def test_bad_input_exits_2_with_the_remedy(options, message):
    code, out, err = command(*options)
    assert (code, out, err[: len(message)]) == (2, "", message)


def test_bad_document_exits_2_with_its_lines(tmp_path):
    case = tmp_path / "case.yaml"
    case.write_text("facts:\n  levels: [T99]\n")
    code, _, err = command(str(case))
    assert (code, err.splitlines()[-1].startswith(f"{case}:2: facts.levels: entry 1: 'T99'")) == (2, True)


def test_unknown_protocol_exits_2(tmp_path):
    case = tmp_path / "case.yaml"
    case.write_text("facts: {}\n")
    out, err = StringIO(), StringIO()
    with pytest.raises(SystemExit) as exited:
        call_command("assess", "--protocol", "no-such-protocol", str(case), stdout=out, stderr=err)
    assert exited.value.code == 2
    assert "no-such-protocol" in err.getvalue()


@pytest.mark.parametrize(
    ("cases", "code"),
    [((READY,), 0), ((READY, REVIEWED), 11), ((READY, BLOCKED, REVIEWED), 12), ((REVIEWED, READY), 11)],
)
def test_lines_are_answered_line_by_line_with_the_worst_exit_code(tmp_path, cases, code):
    found, verdicts, err = run_lines(tmp_path, *cases)
    states = {json.dumps(READY): "ready", json.dumps(REVIEWED): "needs_review", json.dumps(BLOCKED): "blocked"}
    expected = [(line, states[json.dumps(case)]) for line, case in enumerate(cases, 1)]
    assert (found, [(v["line"], v["state"]) for v in verdicts], err) == (code, expected, [])


def test_bad_line_is_named_and_the_good_ones_are_judged(tmp_path):
    lines = (
        READY,
        b"\n",
        b'{"facts": {\n',
        b"\xff\n",
        {**READY, "facts": {**READY["facts"], "levels": ["T13"]}},
        BLOCKED,
    )
    code, verdicts, err = run_lines(tmp_path, *lines)
    assert (code, [(v["line"], v["state"]) for v in verdicts]) == (2, [(1, "ready"), (6, "blocked")])
    assert [line.partition(": ")[0] for line in err] == ["DIR/cases.jsonl:3", "DIR/cases.jsonl:4", "DIR/cases.jsonl:5"]
    assert err[1] == "DIR/cases.jsonl:4: document: is not UTF-8 text. Save it as UTF-8."
    assert err[2].startswith("DIR/cases.jsonl:5: facts.levels: entry 1: 'T13': use one of C1,")


@pytest.mark.parametrize(
    "lines", [(READY,), (b"{}\n", READY), (READY, b"[\n"), (b"\xef\xbb\xbf" + json.dumps(READY).encode(),)]
)
def test_lines_are_known_by_a_whole_case_on_the_first_or_second(tmp_path, lines):
    _, verdicts, _ = run_lines(tmp_path, *lines, name="cases.txt")
    assert [v["state"] for v in verdicts] == ["ready"]
    assert all("line" in v for v in verdicts)


def test_empty_file_of_lines_is_bad_input(tmp_path):
    assert run_lines(tmp_path, b"\n\n") == (
        2,
        [],
        ["DIR/cases.jsonl:1: document: is empty. Write one case in JSON on each line."],
    )


def test_lines_are_read_one_at_a_time():
    class Endless(BytesIO):
        """A reader that would be too slow to wait for."""

        reads = 0

        def readline(self, _size=-1):
            self.reads += 1
            return json.dumps(READY).encode() + b"\n"

    stream = Endless()
    cases = read_cases(stream, "-")
    assert [next(cases).line for _ in range(3)] == [1, 2, 3]
    assert stream.reads == 3


def test_line_beyond_all_sense_is_refused_without_being_kept(tmp_path):
    code, verdicts, err = run_lines(tmp_path, READY, b'{"facts": "' + b"x" * 9_000_000 + b'"}\n', READY)
    assert (code, [v["line"] for v in verdicts]) == (2, [1, 3])
    assert err == ["DIR/cases.jsonl:2: document: has more than 1,000,000 characters: shorten it to one case."]


def test_explanation_is_for_people(tmp_path):
    facts = taking("warfarin")
    code, out, err = run(tmp_path, facts, reference_notes().all, *BOOKED, "--explain")
    lines = [line.strip() for line in out.splitlines()]
    assert (code, err) == (12, "")
    assert lines[:4] == [
        "BLOCKED for a start on Wed 10 Mar 2027 10:00 EST, judged on Wed 10 Mar 2027 09:59 EST.",
        f"Protocol reference-asra (not signed), document {REFERENCE.document_hash[:12]}. Times are America/New_York.",
        "Earliest safe start: Mon 15 Mar 2027 10:59 EDT.",
        "Next change by itself: Wed 10 Mar 2027 10:00 EST.",
    ]
    assert "hold:warfarin: Last dose of warfarin: Fri 5 Mar 2027 10:00 EST at the latest. Where only its day is known: Thu 4 Mar 2027. That is 5 days before the start. Its prescriber has not agreed: until then the patient goes on taking it. NOT KEPT." in lines  # fmt: skip # noqa: E501
    row = next(line for line in lines if line.startswith("row MH001"))
    assert row.endswith("[S1,S2,S3; high]")


def test_explanation_of_lines_names_each_line(tmp_path):
    _, out, _ = run_lines(tmp_path, READY, BLOCKED, options=("--explain",))
    assert [line for line in out.splitlines() if line.startswith(("Line ", "READY", "BLOCKED"))] == [
        "Line 1",
        "READY for a start on Wed 10 Mar 2027 10:00 EST, judged on Wed 10 Mar 2027 09:59 EST.",
        "Line 2",
        "BLOCKED for a start on Wed 10 Mar 2027 10:00 EST, judged on Wed 10 Mar 2027 09:59 EST.",
    ]


def test_standard_input_is_read(monkeypatch):
    monkeypatch.setattr(sys, "stdin", TextIOWrapper(BytesIO(json.dumps(READY).encode())))
    code, out, _ = command("-", *BOOKED)
    assert (code, json.loads(out)["state"]) == (0, "ready")


def test_protocol_of_a_file_is_judged_unsigned(tmp_path):
    protocol = tmp_path / "mine.yaml"
    protocol.write_text("protocol: mine\ntitle: Mine\nextends: reference-asra\n")
    case = tmp_path / "case.json"
    case.write_text(json.dumps(READY))
    code, out, _ = command(str(case), *BOOKED, "--protocol", str(protocol))
    assert (code, json.loads(out)["signed"]) == (0, False)


def test_command_needs_neither_secrets_nor_database_and_ends_quietly_without_reader(tmp_path):
    cases = tmp_path / "cases.jsonl"
    cases.write_text("".join(json.dumps(READY) + "\n" for _ in range(200)))
    told = f"{sys.executable} {ROOT}/manage.py assess --protocol reference-asra {' '.join(BOOKED)} {cases} | head -1"
    ended = subprocess.run(
        ["bash", "-c", f"{told}; exit ${{PIPESTATUS[0]}}"],
        env={"DATA_DIR": str(tmp_path), "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (ended.returncode, ended.stderr) == (141, "")
    assert json.loads(ended.stdout)["state"] == "ready"
    assert {path.name for path in tmp_path.iterdir()} == {"cases.jsonl", "broker"}
