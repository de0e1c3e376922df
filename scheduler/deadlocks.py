"""The order of locks, and what is done where two transactions met in another one all the same.

Every transaction takes its locks in this order, and whoever adds one keeps to it:

0. the account of whoever types a password afresh
1. the case (`locked_case`); several in the order of their ids; then their patients' rows (a new case comes after its
   patient's row)
2. rooms, people and bays, in the order of their ids (`_locked_resources`), then the claims on them
3. rows that hang on the case: links, tasks, items, blocks, the outbox; a sender that writes to the case locks it first
4. unsealed rows of the access log, skipping those that somebody else holds
5. the practice's chain head (`append_records`); what is written after it is new, or already locked by the case

PostgreSQL ends one of two that wait for each other; that one is tried again from its beginning, after a pause: the
other has yet to wake up and take the row it waited for. Who begins again at once takes it first, and they meet as
before.
"""

from collections.abc import Callable
from time import sleep
from typing import TypeVar

from django.db import OperationalError

PAUSES = (0.1, 0.2, 0.4)  # seconds, before each further try
DEADLOCK = "40P01"
Result = TypeVar("Result")


def is_deadlock(error: OperationalError) -> bool:
    return getattr(error.__cause__, "sqlstate", None) == DEADLOCK


def again_after_deadlock(act: Callable[[], Result]) -> Result:
    """The result of the first try that meets no deadlock; `act` begins and ends its transaction itself."""
    for pause in PAUSES:
        try:
            return act()
        except OperationalError as error:
            if not is_deadlock(error):
                raise
        sleep(pause)
    return act()
