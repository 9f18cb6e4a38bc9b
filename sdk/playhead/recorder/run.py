"""One run as its own process sees it: its count of steps, and where its machines stand.

A run is a trace. All spans of a trace share one `Run`; it is forgotten some time after its root has ended, so that
steps which end late are still numbered.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from contextvars import ContextVar
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from playhead.recorder.tally import Tally

KIND = "playhead.kind"
SEQUENCE = "playhead.sequence"
LANE = "playhead.lane"
_MOST_REMEMBERED = 10_000


@dataclass(slots=True, eq=False)
class Run:
    trace: int
    hex: str
    tally: Tally | None = None
    """Where the steps of this process are counted, of a run that another began."""
    is_ours: bool = True
    """This process began it."""
    told: bool = False
    """A step of it says what this process came from."""
    states: dict[str, str] = field(default_factory=dict)
    """The state of each machine, by its name."""
    _begun: int = 0
    _said: int = 0

    @property
    def begun(self) -> int:
        """How many steps have begun: the number of the next."""
        return self._begun

    def next_number(self) -> int:
        """The step's place in its run. Who asks holds a lock until the number is in the journal: no run has holes."""
        number = self._begun
        self._begun = number + 1
        if self.tally is not None:
            self.tally.add()
        return number

    def newly_begun(self, elsewhere: int) -> int:
        """Steps begun since this was last asked, here and in the processes that this one started.

        A process may have several first steps of one run, such as requests of one caller: their counts add up.
        """
        total = self._begun + elsewhere
        before, self._said = self._said, total
        return total - before


class Runs:
    """The runs that this process is in."""

    def __init__(self) -> None:
        self._by_trace: OrderedDict[int, Run] = OrderedDict()

    def get(self, trace: int) -> Run | None:
        return self._by_trace.get(trace)

    def begin(self, trace: int) -> Run:
        run = self._by_trace.get(trace)
        if run is None:
            run = self._by_trace[trace] = Run(trace, f"{trace:032x}")
            if len(self._by_trace) > _MOST_REMEMBERED:
                self._by_trace.popitem(last=False)
        return run

    def join(self, trace: int, folder: Path | None, process: str) -> Run:
        """A run that another process began; `folder` holds its tallies."""
        run = self._by_trace.get(trace)
        if run is None:
            run = self.begin(trace)
            run.tally = Tally(folder, run.hex, process) if folder is not None else None
            run.is_ours = False
        return run

    def after_fork(self, folder: Path | None, process: str) -> None:
        """In the child: the runs of its parent are there, and none of them was begun here."""
        before, self._by_trace = self._by_trace, OrderedDict()
        for trace, run in before.items():
            joined = self.join(trace, folder if run.tally is None else run.tally.folder, process)
            joined.states.update(run.states)


# What every step begun in this context carries: session, user, tags.
about: ContextVar[Mapping[str, Any]] = ContextVar("playhead_about", default={})  # noqa: B039 - never written to
