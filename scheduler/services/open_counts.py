"""How many open cases are in which state, however many there are; only those that may have changed are judged."""

from collections import Counter
from datetime import datetime

from django.db.models import Case as Choose
from django.db.models import Count, F, Q, Value, When

from checklists.rules.values import State
from checklists.services.protocols import typed_protocol
from checklists.services.stored import state_holds
from scheduler.models import Practice
from scheduler.rules.transitions import BEFORE_PROCEDURE
from scheduler.services.boards import open_cases, rows
from scheduler.services.both_versions import CHUNK, Versions, in_chunks

# Before the booked start boards judge by it, and the next change of a booked case is at the latest that start.
SAME_START = Q(checklist__judged_start=F("booking__starts_at")) | Q(booking=None, checklist__judged_start=None)


def count_open(practice: Practice, now: datetime) -> Counter[str]:
    """Open cases by what the pathway board lists them as. Of a chunk of cases at a time the memory is enough."""
    holding = state_holds(now) & SAME_START & Q(state__in=BEFORE_PROCEDURE)
    # One or the other, also where a comparison is with nothing: each case is counted exactly once.
    cases = open_cases(practice).alias(holds=Choose(When(holding, then=Value(True)), default=Value(False)))
    stored = cases.filter(holds=True).values_list("checklist__protocol_version", "checklist__state").order_by()
    counted, versions = Counter[str](), Versions()
    for version, state, number in stored.annotate(number=Count("pk")):
        # A version withdrawn since, or altered, blocks whatever was found under it.
        counted[state if typed_protocol(versions[version]).signed else State.BLOCKED.value] += number
    for chunk in in_chunks(cases.filter(holds=False), CHUNK):
        counted.update(row.listed_as for row in rows(chunk, now))
    return counted
