"""A run as its screen needs it, with all that can be worked out from it before anybody looks.

A large one comes twice: its figures, which are all that the tree and the times show, and then whole.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass

from clickhouse_connect.driver.client import Client

from playhead_collector.read.conversation import Conversation
from playhead_collector.read.feedback import Said, feedback_of
from playhead_collector.read.messages import conversation
from playhead_collector.read.run import Node, Run, find_run, read_figures, read_run
from playhead_collector.read.so_far import Meter
from playhead_collector.read.timeline import Timeline, timeline_of
from playhead_tui.garbage import kept_out


@dataclass(frozen=True, slots=True)
class OpenedRun:
    run: Run
    timeline: Timeline
    meter: Meter
    said: list[Said]
    """From outside of it, the earliest first."""
    equal_calls: dict[str, list[int]]
    """By step the places of all calls of its tool with its arguments, where there are several."""
    children: list[int]
    """Of each node how many lines lie below it."""
    lasts: list[bool]
    """Of each node whether it is its parent's last."""
    is_whole: bool
    """Whether what its steps said is there, too."""

    @property
    def nodes(self) -> list[Node]:
        return self.run.nodes

    def place_of(self, step_id: str) -> int | None:
        return next((place for place, node in enumerate(self.nodes) if node.step.step_id == step_id), None)


def open_run(client: Client, prefix: str) -> OpenedRun:
    """Raises UsageError where there is no such run."""
    with kept_out():
        return _opened(read_run(client, find_run(client, prefix) if len(prefix) < 32 else prefix), is_whole=True)


def open_figures(client: Client, run_id: str) -> OpenedRun:
    """What can be shown at once of a large run."""
    with kept_out():
        return _opened(read_figures(client, run_id), is_whole=False)


def _opened(run: Run, *, is_whole: bool) -> OpenedRun:
    below, lasts = _shape(run.nodes)
    return OpenedRun(
        run, timeline_of(run), Meter(run), feedback_of(run.nodes), _equal_calls(run.nodes), below, lasts, is_whole
    )


def told_by(node: Node) -> Conversation | None:
    """What a step said and was told; nothing where its attributes are not here. Five megabytes take their time."""
    return conversation(node.stored.span, node.records) if node.stored is not None else None


def _equal_calls(nodes: list[Node]) -> dict[str, list[int]]:
    places: dict[tuple[str, int], list[int]] = defaultdict(list)
    for place, node in enumerate(nodes):
        if node.step.kind == "tool" and node.step.arguments_hash:
            places[node.step.tool, node.step.arguments_hash].append(place)
    return {nodes[place].step.step_id: same for same in places.values() if len(same) > 1 for place in same}


def _shape(nodes: list[Node]) -> tuple[list[int], list[bool]]:
    """From the end: how many lines are below each node, and whether a sibling follows it."""
    below: list[int] = [0] * len(nodes)
    lasts: list[bool] = [True] * len(nodes)
    counts: Counter[int] = Counter()
    seen: set[int] = set()
    for place in range(len(nodes) - 1, -1, -1):
        depth = nodes[place].depth
        below[place] = counts.pop(depth + 1, 0)
        counts[depth] += 1 + below[place]
        lasts[place] = depth not in seen
        seen.add(depth)
        seen -= {deeper for deeper in seen if deeper > depth}
    return below, lasts
