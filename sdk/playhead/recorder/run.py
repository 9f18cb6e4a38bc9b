"""One run as its own process sees it: its count of steps, and where its machines stand.

A run is a trace. All spans of a trace share one `Run`; it is forgotten some time after its root has ended, so that
steps which end late are still numbered.
"""

from __future__ import annotations

import itertools
from collections import OrderedDict
from collections.abc import Mapping
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any

KIND = "playhead.kind"
SEQUENCE = "playhead.sequence"
_MOST_REMEMBERED = 10_000


@dataclass(slots=True, eq=False)
class Run:
    trace: int
    hex: str
    states: dict[str, str] = field(default_factory=dict)
    """The state of each machine, by its name."""
    _numbers: itertools.count[int] = field(default_factory=itertools.count)
    _begun: int = 0

    def next_number(self) -> int:
        """The step's place in its run. Counting and remembering need not be one act: both only grow."""
        number = next(self._numbers)
        self._begun = number + 1
        return number

    @property
    def steps(self) -> int:
        return self._begun


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


# What every step begun in this context carries: session, user, tags.
about: ContextVar[Mapping[str, Any]] = ContextVar("playhead_about", default={})  # noqa: B039 - never written to
