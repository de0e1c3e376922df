"""Supervisor with three habits: lines name their process, no orphans, one that fails for good ends all."""

import os
import signal
import sys
from contextlib import suppress
from pathlib import Path

from supervisor import events
from supervisor.medusa import asyncore_25 as asyncore
from supervisor.options import ServerOptions
from supervisor.states import SupervisorStates
from supervisor.supervisord import Supervisor


class ProcessGroup(Supervisor):  # type: ignore[misc]
    """The processes of one run, from the first start to the last stop."""

    gave_up = False

    def runforever(self) -> None:
        # Not earlier: supervisor clears all subscriptions before it gets here.
        events.subscribe(events.ProcessLogEvent, print_lines)
        events.subscribe(events.ProcessStateExitedEvent, end_descendants)
        events.subscribe(events.ProcessStateBackoffEvent, end_descendants)
        events.subscribe(events.ProcessStateStoppedEvent, end_descendants)
        events.subscribe(events.ProcessStateFatalEvent, self.stop_everything)
        super().runforever()

    def stop_everything(self, event: events.ProcessStateFatalEvent) -> None:
        if self.options.mood > SupervisorStates.SHUTDOWN:
            sys.stderr.write(f"{event.process.config.name} keeps failing (its lines are above); stopping everything.\n")
            self.gave_up = True
            self.options.mood = SupervisorStates.SHUTDOWN


def print_lines(event: events.ProcessLogEvent) -> None:
    name = event.process.config.name
    for line in event.data.decode(errors="replace").splitlines():
        sys.stdout.write(f"{name:<6} | {line}\n")
    sys.stdout.flush()


def end_descendants(event: events.ProcessStateEvent) -> None:
    """End what a killed process leaves behind: a worker's pool would go on working beside its successor."""
    with suppress(ProcessLookupError):
        os.killpg(event.process.pid, signal.SIGKILL)


def supervise(conf: Path) -> int:
    """Run the processes of `conf` until a signal; 0 after a clean stop, 1 when one of them kept failing."""
    options = ServerOptions()
    options.realize(["-n", "-c", str(conf)])
    options.first, options.test = True, False
    group = ProcessGroup(options)
    with suppress(asyncore.ExitNow):
        group.main()
    options.close_httpservers()
    return 1 if group.gave_up else 0
