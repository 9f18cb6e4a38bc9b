"""A run as its screen needs it, with all that can be worked out from it before anybody looks.

A large one, or one of which nobody knows yet how large it is, comes twice: its figures, which are all that the tree and
the times show, beside what the step said that is looked at first, and then whole. Until it is, what another step said
is asked for where somebody looks at it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from clickhouse_connect.driver.client import Client

from playhead_collector.read.conversation import Conversation
from playhead_collector.read.feedback import Said, feedback_of
from playhead_collector.read.messages import conversation
from playhead_collector.read.run import Node, Run, Words, find_run, read_figures, read_first_said, read_run, read_said
from playhead_collector.read.so_far import Meter
from playhead_collector.read.timeline import Timeline, timeline_of
from playhead_collector.read.together import side_by_side
from playhead_tui.garbage import kept_out

LARGE = 1_000
"""From so many steps on a run's figures are shown first: they are there in a quarter of the time."""


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


def open_first(client: Client, prefix: str, step_id: str | None, steps: int | None) -> OpenedRun:
    """As a run is opened: at a step, where one is named; `steps` is how many there are, where that is known."""
    if steps is not None and steps < LARGE:
        return open_run(client, prefix)
    return open_figures(client, prefix, step_id)


def open_run(client: Client, prefix: str) -> OpenedRun:
    """Raises UsageError where there is no such run."""
    with kept_out():
        return _opened(read_run(client, _run_id(client, prefix)), is_whole=True)


def open_figures(client: Client, prefix: str, step_id: str | None = None) -> OpenedRun:
    """What can be shown at once; raises as `open_run`."""
    with kept_out():
        run_id = _run_id(client, prefix)
        run, words = side_by_side(
            client,
            lambda: read_figures(client, run_id),
            lambda: read_said(client, run_id, step_id) if step_id else read_first_said(client, run_id),
        )
        opened = _opened(run, is_whole=False)
        place = opened.place_of(words.step_id) if words is not None else None
        if words is not None and place is not None:
            _put(opened.nodes[place], words)
        return opened


def hear_said(client: Client, opened: OpenedRun, places: Iterable[int]) -> None:
    """What these steps said, of a run that is not whole."""
    for node in (opened.nodes[place] for place in places):
        if node.stored is None:
            _put(node, read_said(client, node.step.run_id, node.step.step_id))


def _put(node: Node, words: Words) -> None:
    node.stored, node.records = words.stored, words.records


def _run_id(client: Client, prefix: str) -> str:
    return find_run(client, prefix) if len(prefix) < 32 else prefix


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
    below = [0] * len(nodes)
    lasts = [True] * len(nodes)
    # By depth how many lines follow that hang from the same node.
    following: list[int] = []
    for place in range(len(nodes) - 1, -1, -1):
        depth = nodes[place].depth
        following += [0] * (depth + 2 - len(following))
        below[place] = following[depth + 1]
        lasts[place] = not following[depth]
        del following[depth + 1 :]
        following[depth] += 1 + below[place]
    return below, lasts
