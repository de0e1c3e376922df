"""Verdicts that still hold: from the same inputs a verdict is constant until it says that it changes."""

from collections.abc import Hashable
from dataclasses import dataclass
from datetime import datetime

from checklists.rules.assess import Judged, judged_case
from checklists.rules.protocol import Protocol
from checklists.rules.values import Evidence, Facts, Review, Verdict


@dataclass(frozen=True, slots=True)
class Inputs:
    """Everything that a verdict rests on but the moment."""

    facts: Facts
    evidence: tuple[Evidence, ...]
    start: datetime | None
    reviews: tuple[Review, ...]


class RecentVerdicts:
    """As `assess`, and a case that is looked at again is judged again only where something can have changed.

    The inputs are compared whole, each time; nothing is believed to be unchanged.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._kept: dict[Hashable, tuple[Protocol, Inputs, Judged]] = {}

    def assess(self, case: Hashable, protocol: Protocol, inputs: Inputs, now: datetime) -> Verdict:
        """The verdict of this moment; `case` names the case among those that are kept."""
        kept = self._kept.get(case)
        if kept is not None and kept[0] is protocol and kept[1] == inputs:
            verdict = kept[2].at(now)
            if verdict is not None:
                return verdict
        judged = judged_case(protocol, inputs.facts, inputs.evidence, inputs.start, now, inputs.reviews)
        if len(self._kept) >= self._most:
            self._kept.clear()
        self._kept[case] = (protocol, inputs, judged)
        return judged.verdict
