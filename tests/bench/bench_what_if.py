"""What-if: every case of a practice under another version, told with its reasons."""

from collections import Counter
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import connection

from checklists.models import Checklist
from checklists.protocols import loader
from checklists.services.checklists import assess_as
from checklists.services.dossiers import load_dossiers
from checklists.services.protocols import typed_protocol
from scheduler.models import Case, Practice
from scheduler.services.both_versions import BothSides
from scheduler.services.what_if import what_if
from tests.bench.rounds import measured
from tests.conftest import NOW, START

pytestmark = [pytest.mark.django_db, pytest.mark.timeout(600)]
CASES = 40


def test_what_if(
    tell: Callable[..., Case], practice: Practice, report: Callable[..., None], say: Callable[[str], None]
) -> None:
    for number in range(CASES):
        tell("prepared", start=START + timedelta(hours=3 * number))
    other = loader.load("reference-sir")
    checklists = list(Checklist.objects.select_related("protocol_version"))
    dossiers = load_dossiers(checklists)

    def judge_twice() -> None:
        for checklist in checklists:
            for protocol in (typed_protocol(checklist.protocol_version), other):
                assess_as(protocol, dossiers[checklist.pk], START, NOW)

    def ask() -> Counter[bool]:
        told = what_if(practice=practice, protocol=other, now=NOW, open_only=True)
        return Counter(one.changes for one in told if isinstance(one, BothSides))

    assert ask() == {True: CASES}
    found = measured(judge_twice, ask)
    name = f"what-if of {CASES} cases, limit judging them twice ({connection.vendor}), per case"
    report(name, found, per=CASES, at_least=0.5)
    assert found.ours is not None
    say(f"what-if: {CASES / found.ours:,.0f} cases a second.")
