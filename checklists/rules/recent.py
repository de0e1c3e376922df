"""Verdicts that still hold: from the same inputs a verdict is constant until it says that it changes."""

from collections import OrderedDict
from collections.abc import Hashable
from dataclasses import dataclass
from datetime import datetime

from checklists.rules.assess import Judged, judged_case
from checklists.rules.dossier import Dossier, Written, dossier_from
from checklists.rules.protocol import Protocol
from checklists.rules.values import Verdict


@dataclass(frozen=True, slots=True)
class Recent:
    """What was judged last of a case, with everything that its verdict rests on but the moment."""

    protocol: Protocol
    written: Written
    start: datetime | None
    dossier: Dossier
    judged: Judged


class RecentVerdicts:
    """As `assess`, and a case that is looked at again is judged again only where something can have changed.

    What is written of the case is compared whole, each time; nothing is believed to be unchanged. `most` cases are
    kept: whichever was not looked at for longest makes room.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._kept = OrderedDict[Hashable, Recent]()

    def assess(
        self, case: Hashable, protocol: Protocol, written: Written, start: datetime | None, now: datetime
    ) -> tuple[Dossier, Verdict]:
        """The verdict of this moment, and what it is on; `case` names the case among those that are kept."""
        kept = self._kept.pop(case, None)
        if kept is not None and kept.written != written:
            kept = None
        if kept is not None and kept.protocol is protocol and kept.start == start:
            verdict = kept.judged.at(now)
            if verdict is not None:
                self._kept[case] = kept
                return kept.dossier, verdict
        dossier = dossier_from(written) if kept is None else kept.dossier
        judged = judged_case(protocol, dossier.facts, dossier.evidence, start, now, dossier.reviews)
        while len(self._kept) >= self._most:
            self._kept.popitem(last=False)
        self._kept[case] = Recent(protocol, written, start, dossier, judged)
        return dossier, judged.verdict
