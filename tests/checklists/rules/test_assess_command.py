"""`manage.py assess`: exit codes and JSON, without a database."""

import json
from dataclasses import replace
from io import StringIO

import pytest
from django.core.management import call_command

from checklists.rules.case_document import evidence_to_json, facts_to_json
from tests.checklists.rules.cases import FACTS, INSTANT, START, taking
from tests.checklists.rules.notes import ready_notes
from tests.checklists.rules.test_reference import reference_notes


def run(tmp_path, facts, evidence, *options):
    case = tmp_path / "case.json"
    case.write_text(json.dumps({"facts": facts_to_json(facts), "evidence": [evidence_to_json(e) for e in evidence]}))
    return command(str(case), *options)


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
    assert run(tmp_path, FACTS, ready_notes().all)[0] in (10, 11, 12)


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
