"""A nurse at the bedside: signed in, and with two identifiers matched."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from checklists.models import Item
from scheduler.models import Case

BOTH = {"matched": ["name", "birth_date"]}


class Bedside:
    """What one nurse does to one case through its pages."""

    def __init__(self, client: Client, case: Case) -> None:
        self.client, self.case = client, case

    def look(self, path: str = "") -> Any:
        return self.client.get(f"/ward/cases/{self.case.pk}/{path}")

    def send(self, path: str, **body: Any) -> Any:
        return self.client.post(f"/ward/cases/{self.case.pk}/{path}/", body)

    def move(self, path: str, **body: Any) -> Any:
        self.case.refresh_from_db()
        return self.send(path, version=self.case.version, **body)

    def lines(self) -> dict[str, Any]:
        shown = self.look().context
        return {line.finding.item: line for line in (*shown["open_lines"], *shown["done_lines"])}

    def version(self, item: str) -> int:
        """What the page's form carries (test_verify.py), without drawing the page."""
        row = Item.objects.filter(checklist=self.case.checklist_id, key=item).first()
        return row.version if row else 0

    def verify(self, item: str) -> Any:
        return self.send("verify", item=item, seen_version=self.version(item))

    def record(self, item: str, **body: Any) -> Any:
        return self.send("record", item=item, **{"seen_version": self.version(item), **body})


@pytest.fixture
def bedside(signed_in: Callable[[str], Client]) -> Callable[..., Bedside]:
    """`bedside(case)`: a nurse, or whom `role` names, who has matched two identifiers of the case."""

    def make(case: Case, role: str = "nurse", identified: bool = True) -> Bedside:
        place = Bedside(signed_in(role), case)
        if identified:
            answer = place.send("identity", **BOTH)
            assert answer.status_code == 302, answer.content.decode()
        return place

    return make
