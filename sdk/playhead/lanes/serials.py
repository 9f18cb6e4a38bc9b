"""Serials: what tasks, futures and scopes hash by, so that a set of them is iterated in the same order in a replay.

Each thread counts its own, since two of them may run side by side: in one row, who came first would be a matter of
their speed.
"""

from __future__ import annotations

from itertools import count

from playhead.lanes.actor import Actor

# Before this version of the recording all threads counted in one row.
BY_THREAD = 3


class Serials:
    def __init__(self, version: int) -> None:
        self._in_one_row = count(1) if version < BY_THREAD else None

    def of(self, actor: Actor) -> int:
        """The next one."""
        return next(actor.serials if self._in_one_row is None else self._in_one_row)
