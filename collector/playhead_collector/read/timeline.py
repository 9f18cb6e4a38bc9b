"""When a run's steps happened beside each other: in which lanes they are drawn, and which of them made it take so long.

From their times alone: what an emitter says of tasks and threads is not looked at, so this works for any trace.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime

from playhead_collector.read.run import Node, Run

# Starts are told to the microsecond here and ends to the nanosecond: what follows at once does not overlap.
_AT_ONCE = 2e-6


@dataclass(frozen=True, slots=True)
class Timeline:
    began: datetime
    seconds: float
    """From the first step's start to the last one's end; where some have not ended, to the last that is known."""
    starts: list[float]
    """Of each node, in the run's order, in seconds from the beginning."""
    ends: list[float]
    lanes: list[int]
    """Steps that overlap are in different lanes, unless one is within the other."""
    critical: frozenset[int]
    """Nodes of the critical path: had one of them been shorter, the run would have been."""
    critical_seconds: float
    """What the innermost of them took."""

    @property
    def lane_count(self) -> int:
        return max(self.lanes, default=0) + 1


def timeline_of(run: Run) -> Timeline:
    nodes = run.nodes
    steps = [node.step for node in nodes]
    began = min((step.start_time for step in steps if not step.from_outside), default=run.row.start_time)
    starts = [(step.start_time - began).total_seconds() for step in steps]
    told = list(zip(starts, steps, strict=True))
    known = max((start + (step.seconds or 0.0) for start, step in told if not step.from_outside), default=0.0)
    # What was said of the run days later stands at its end.
    starts = [min(start, known) if step.from_outside else start for start, step in told]
    ends = [known if step.seconds is None else start + step.seconds for start, step in zip(starts, steps, strict=True)]
    parents = _parents(nodes)
    critical = _critical(parents, starts, ends)
    inner = critical - {parents[place] for place in critical}
    return Timeline(
        began,
        max(ends, default=0.0),
        starts,
        ends,
        _lanes(parents, starts, ends),
        critical,
        sum(ends[place] - starts[place] for place in inner),
    )


def _parents(nodes: list[Node]) -> list[int]:
    """Of each node the place of the one above it; -1 for none. Nodes are depth first."""
    above: list[int] = []
    parents: list[int] = []
    for place, node in enumerate(nodes):
        del above[node.depth :]
        parents.append(above[-1] if above else -1)
        above.append(place)
    return parents


def _lanes(parents: list[int], starts: list[float], ends: list[float]) -> list[int]:
    lanes = [0] * len(parents)
    # In each lane what goes on, the innermost last.
    going_on: list[list[int]] = []
    for place in sorted(range(len(parents)), key=starts.__getitem__):
        for lane in going_on:
            while lane and ends[lane[-1]] <= starts[place] + _AT_ONCE:
                lane.pop()
        own = lanes[parents[place]] if parents[place] >= 0 else 0
        for number in (own, *range(len(going_on) + 1)):
            if number == len(going_on):
                going_on.append([])
            lane = going_on[number]
            if not lane or _is_within(place, lane[-1], parents):
                lane.append(place)
                lanes[place] = number
                break
    return lanes


def _is_within(place: int, other: int, parents: list[int]) -> bool:
    while place > other:
        place = parents[place]
    return place == other


def _critical(parents: list[int], starts: list[float], ends: list[float]) -> frozenset[int]:
    """Back from the end: what ended last before the moment one has come to, and so on to the beginning."""
    children: dict[int, list[int]] = defaultdict(list)
    for place, parent in enumerate(parents):
        children[parent].append(place)
    found: set[int] = set()
    pending = [(-1, max(ends, default=0.0))]
    while pending:
        parent, moment = pending.pop()
        for place in sorted(children[parent], key=ends.__getitem__, reverse=True):
            if ends[place] <= moment + _AT_ONCE and (ends[place] > starts[place] or not children[place]):
                found.add(place)
                pending.append((place, ends[place]))
                moment = starts[place]
    return frozenset(found)
