"""Nothing starts on a version that no clinician stands behind: neither a case nor a gate of a ready one."""

import uuid
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from checklists.models import Checklist, Evidence, GatePass, ProtocolVersion
from checklists.rules.values import Authority, Gate, State
from checklists.services.checklists import assess_checklist, open_checklist, write_facts
from checklists.services.gate import ask_gate
from checklists.services.protocols import NotInForce, adopt_protocol, typed_protocol, withdraw_version
from tests.checklists.rules.duties import with_every_duty_done
from tests.checklists.services.conftest import BY, FACTS, NOW, PRACTICE, START

HOUR = timedelta(hours=1)
BEFORE = (Gate.BOOKING, Gate.CHECK_IN, Gate.START)


@pytest.fixture
def ready(checklist: Checklist, version: ProtocolVersion, record: Callable[..., Evidence]) -> Checklist:
    facts = replace(FACTS, medications=(), arrived_at=START - HOUR)
    write_facts(checklist=checklist, facts=facts, by=BY, now=NOW)
    for entry in with_every_duty_done(typed_protocol(version), facts, (), START, NOW):
        value: dict[str, Any] = dict(entry.value)
        record(entry.item, value, now=START, authority=Authority.CLINICIAN)
    return checklist


def asked(checklist: Checklist) -> list[tuple[str, list[str]]]:
    """The answer of each gate before the procedure, with the codes of its refusals."""
    found = []
    for gate in BEFORE:
        answer = ask_gate(checklist=checklist, gate=gate, start=START, now=START, by=BY, has_booking=True)
        found.append((answer.decision.answer, [refusal.code for refusal in answer.decision.refusals]))
    return found


def test_ready_case_finds_every_gate_shut_from_the_withdrawal_on(ready: Checklist, version: ProtocolVersion) -> None:
    assert assess_checklist(checklist=ready, start=START, now=START).verdict.state is State.READY
    assert asked(ready) == [("open", [])] * 3
    withdraw_version(practice_id=PRACTICE, version_id=version.pk, reason="A number is wrong.", by=BY, now=START)
    assert asked(ready) == [("refused", ["protocol_withdrawn"])] * 3
    assert GatePass.objects.count() == 0


@pytest.mark.parametrize("sign", ["unsigned", "withdrawn"])
def test_no_case_opens_on_a_version_that_is_not_in_force(version: ProtocolVersion, document: Any, sign: str) -> None:
    wanted = version
    if sign == "withdrawn":
        withdraw_version(practice_id=PRACTICE, version_id=version.pk, reason="Wrong.", by=BY, now=NOW)
        wanted.refresh_from_db()
    else:
        changed = {**document, "title": "DEMONSTRATION, second draft"}
        wanted = adopt_protocol(practice_id=PRACTICE, name="spine", document=changed, by=BY, now=NOW)
    with pytest.raises(NotInForce):
        open_checklist(practice_id=PRACTICE, subject=uuid.uuid4(), version=wanted, facts=FACTS, by=BY, now=NOW)
    assert Checklist.objects.count() == 0
