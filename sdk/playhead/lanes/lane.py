"""A lane: the lineage of a task, thread or executor job, given when that is created, never at its first I/O.

A lane's id says how it came to be: `0/2/1` is the first thing created by the second thing the main thread created.
It depends on the agent's own code alone, so it is the same in a replay. A lane counts its effects by kind; nothing
here may depend on time, addresses or arrival.
"""

from __future__ import annotations

import hashlib
from contextvars import ContextVar
from random import Random

# A task that creates a task that creates a task … would otherwise write ids that grow with its depth.
LONGEST_ID = 80

# Set around the start of a subprocess: the lane that it becomes, where it records.
LANE_OF_CHILD: ContextVar[str | None] = ContextVar("playhead_lane_of_child", default=None)


class Lane:
    """Used by one thread at a time, so it needs no lock."""

    __slots__ = ("__weakref__", "_children", "_occurrences", "id", "random")

    def __init__(self, lane_id: str) -> None:
        self.id = lane_id
        self.random: Random | None = None  # this lane's own draws, seeded at the first of them
        self._children = 0
        self._occurrences: dict[str, int] = {}

    def child(self) -> Lane:
        self._children += 1
        lane_id = f"{self.id}/{self._children}"
        if len(lane_id) > LONGEST_ID:
            lane_id = "~" + hashlib.blake2b(lane_id.encode(), digest_size=12).hexdigest()
        return Lane(lane_id)

    def occurrence(self, kind: str) -> int:
        """How many effects of this kind this lane had before; counts this one."""
        count = self._occurrences.get(kind, 0)
        self._occurrences[kind] = count + 1
        return count

    def __repr__(self) -> str:
        return f"<lane {self.id}>"
