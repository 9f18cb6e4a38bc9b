"""Keeps the pace of the recording: an answer, a timer, a piece of a stream comes as long after the start as then.

Who waits here holds up the whole replay, as the world held up the run. A wait that is late already is none.
"""

from __future__ import annotations

# The real ones, held before they are replaced: while serving, clocks and sleeps are the recording's.
from time import monotonic_ns, sleep


class Pace:
    def __init__(self, began_ns: int) -> None:
        """`began_ns`: the recording's clock where recording began."""
        self._ahead_ns = monotonic_ns() - began_ns

    def until(self, recorded_ns: int) -> None:
        left = recorded_ns + self._ahead_ns - monotonic_ns()
        if left > 0:
            sleep(left / 1e9)
