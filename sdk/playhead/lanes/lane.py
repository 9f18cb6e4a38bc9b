"""A lane: the lineage of a task, thread or executor job, given when that is created, never at its first I/O.

A lane's id says how it came to be: `0/2/1` is the first thing created by the second thing the main thread created.
It depends on the agent's own code alone, so it is the same in a replay. A lane counts its effects by kind; nothing
here may depend on time, addresses or arrival.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping
from contextvars import ContextVar
from random import Random

# A task that creates a task that creates a task … would otherwise write ids that grow with its depth.
LONGEST_ID = 80

# Set around the start of a subprocess: the lane that it becomes, where it records.
LANE_OF_CHILD: ContextVar[str | None] = ContextVar("playhead_lane_of_child", default=None)


# A pool's thread has the lane of whoever made it, and serves others later.
_WORKER = re.compile(r"/w\d")


class Lanes:
    """Some lanes and all beneath them, but for pools' threads."""

    def __init__(self, tops: Iterable[str] = ()) -> None:
        self.tops = set(tops)

    def within(self, lane: str) -> bool:
        if lane in self.tops:
            return True
        return any(lane[end] in "/#!+" and lane[:end] in self.tops for end in range(len(lane))) and not _WORKER.search(
            lane
        )


class Lane:
    """Used by one thread at a time, so it needs no lock."""

    __slots__ = ("__weakref__", "_children", "_occurrences", "_workers", "id", "random")

    def __init__(self, lane_id: str) -> None:
        self.id = lane_id
        self.random: Random | None = None  # this lane's own draws, seeded at the first of them
        self._children = 0
        self._workers = 0
        self._occurrences: dict[str, int] = {}

    @classmethod
    def going_on(cls, lane_id: str, children: int, workers: int, occurrences: Mapping[str, int]) -> Lane:
        """A lane as it was after it had made so many lanes, and had had so many effects of each kind."""
        lane = cls(lane_id)
        lane._children = children
        lane._workers = workers
        lane._occurrences = dict(occurrences)
        return lane

    def child(self) -> Lane:
        self._children += 1
        return Lane(self._below(f"{self._children}"))

    def worker(self) -> Lane:
        """Of a pool's thread: counted apart, since whether one is made depends on what others left idle."""
        self._workers += 1
        return Lane(self._below(f"w{self._workers}"))

    def _below(self, number: str) -> str:
        lane_id = f"{self.id}/{number}"
        if len(lane_id) > LONGEST_ID:
            lane_id = "~" + hashlib.blake2b(lane_id.encode(), digest_size=12).hexdigest()
        return lane_id

    def occurrence(self, kind: str) -> int:
        """How many effects of this kind this lane had before; counts this one."""
        count = self._occurrences.get(kind, 0)
        self._occurrences[kind] = count + 1
        return count

    def __repr__(self) -> str:
        return f"<lane {self.id}>"
