"""A dossier is all that is recorded, on both engines to the letter."""

import uuid
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

from django.db import connection
from django.test.utils import CaptureQueriesContext

from checklists.models import Checklist, Evidence, ProtocolVersion, Review
from checklists.rules import values
from checklists.rules.dossier import Dossier
from checklists.services import checklists, recording
from checklists.services.dossiers import load_dossier, load_dossiers
from tests.checklists.services.conftest import BY, FACTS, NOW, PRACTICE, START

INSTANT = timedelta(microseconds=1)
ODD = {
    "text": 'a "quoted" \\ word, caf\u00e9, \U0001f600, \x1f, \u2028, a tab\t, </script>, %s, {}',
    "numbers": [1.0, 1, -0.0, 1e-9, 0.1 + 0.2, 1e22, 2**53 + 1, 10**20],
    "deep": [[[{"a": [None, True, False, {}]}]]],
    "": "",
}


def by_columns(checklist: Checklist) -> Dossier:
    """The same row by row, as Django reads it."""
    rows = list(Evidence.objects.filter(checklist=checklist).select_related("error").order_by("pk"))
    struck = [row for row in rows if hasattr(row, "error")]
    return Dossier(
        facts=checklists.current_facts(checklist),
        evidence=tuple(as_value(row) for row in rows if row not in struck),
        reviews=tuple(
            values.Review(row.item, row.inputs, row.start_from, row.start_until, row.by)
            for row in Review.objects.filter(checklist=checklist).order_by("at")
        ),
        last_evidence_id=rows[-1].pk if rows else 0,
        errors_counted=len(struck),
    )


def as_value(row: Evidence) -> values.Evidence:
    return values.Evidence(
        row.pk,
        row.item,
        row.observed_at,
        row.value,
        row.said_by,
        values.Authority(row.authority),
        row.recorded_by,
        frozenset(row.supersedes),
    )


def sign(checklist: Checklist, item: str, seconds: int) -> None:
    Review.objects.create(
        practice_id=PRACTICE,
        checklist=checklist,
        item=item,
        inputs="as shown",
        start_from=START - 120_000 * INSTANT,
        start_until=START + INSTANT,
        at=NOW + timedelta(seconds=seconds, microseconds=500_000 * (seconds % 2)),
        by=BY,
    )


def test_dossier_is_the_rows_to_the_letter(checklist: Checklist, record: Callable[..., Evidence]) -> None:
    assert load_dossier(checklist) == by_columns(checklist)
    no = record("ride", {"available": False}, observed_at=NOW - INSTANT)
    record("ride", {"available": True}, supersedes=[no.public_id], observed_at=NOW - 120_000 * INSTANT)
    odd = record('hold:\u00e9 "x" 100% {y} \'', ODD, authority=values.Authority.CLINICIAN)
    word = record("infection_prescreen", {}, said_by="patient", authority=values.Authority.PATIENT)
    record("labs", {"analyte": "INR", "value": 1.0, "unit": "ratio"})
    recording.mark_entered_in_error(evidence=word, reason="r", by=BY, now=NOW)
    for seconds, item in enumerate(("third", "first", "second")):
        sign(checklist, item, 3 - seconds)
    checklists.write_facts(checklist=checklist, facts=replace(FACTS, allergies=("\u00e9\u2028",)), by=BY, now=NOW)
    found = load_dossier(checklist)
    assert found == by_columns(checklist)
    assert repr(found) == repr(by_columns(checklist)), "1 is not 1.0 here"
    assert next(entry for entry in found.evidence if entry.id == odd.pk).value == ODD
    assert [review.item for review in found.reviews] == ["second", "first", "third"]
    assert (len(found.evidence), found.errors_counted, found.facts.number) == (4, 1, 2)


def test_dossier_of_one_checklist_has_nothing_of_another(
    checklist: Checklist, version: ProtocolVersion, record: Callable[..., Evidence]
) -> None:
    other = checklists.open_checklist(
        practice_id=PRACTICE, subject=uuid.uuid4(), version=version, facts=replace(FACTS, sex="male"), by=BY, now=NOW
    )
    record("ride", {"available": True})
    sign(checklist, "labs", 1)
    found = load_dossiers([other, checklist])
    assert found == {other.pk: by_columns(other), checklist.pk: by_columns(checklist)}
    assert (found[other.pk].evidence, found[other.pk].reviews, found[other.pk].facts.sex) == ((), (), "male")


def test_any_number_of_dossiers_is_one_query(checklist: Checklist, version: ProtocolVersion) -> None:
    for many in (0, 1, 3):
        opened = [
            checklists.open_checklist(
                practice_id=PRACTICE, subject=uuid.uuid4(), version=version, facts=FACTS, by=BY, now=NOW
            )
            for _ in range(many)
        ]
        with CaptureQueriesContext(connection) as captured:
            assert set(load_dossiers(opened)) == {each.pk for each in opened}
        assert len(captured) == min(many, 1)
