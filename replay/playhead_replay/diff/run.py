"""What differs between two runs: their steps side by side, where they part first, and what it made of their figures."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from playhead_collector.read.run import Node, Run, Step
from playhead_collector.read.runs import RunRow
from playhead_collector.read.value import of_attributes
from playhead_replay.diff.changes import Change, Shown, changes_answered, changes_asked
from playhead_replay.diff.content import Content, contents_of
from playhead_replay.diff.order import SideBySide, side_by_side

Verdict = Literal["equal", "handed on", "changed", "only a", "only b"]


@dataclass(frozen=True, slots=True)
class Pair:
    """A step of both runs, or of one of them."""

    a: Content | None
    b: Content | None
    asked: tuple[Change, ...] = ()
    answered: tuple[Change, ...] = ()
    number_a: int | None = None
    """Which step of its run, counted from 1 in the order in which `playhead show` has them."""
    number_b: int | None = None
    below: int = 0
    """How many of the pairs that follow belong below this step: what came of it, came after them."""
    out_of_order: bool = False
    """Whether the step went on beside others and has another place among them: no difference."""

    @property
    def verdict(self) -> Verdict:
        if self.a is None:
            return "only b"
        if self.b is None:
            return "only a"
        changes = (*self.asked, *self.answered)
        if not changes:
            return "equal"
        return "handed on" if all(change.handed_on for change in changes) else "changed"

    @property
    def content(self) -> Content:
        """Of B where it is there: the one that somebody asks about."""
        content = self.b or self.a
        assert content is not None
        return content


@dataclass(frozen=True, slots=True)
class Divergence:
    """Where the runs part first."""

    place: int
    """Among the pairs."""
    answered: bool
    """Whether both were asked the same, and what came of it differs."""


@dataclass(frozen=True, slots=True)
class Figure:
    """A sum over a run. None is unknown, never zero; `at_least` says that it lacks something unknown."""

    name: Literal["steps", "prompts", "tool calls", "errors", "input tokens", "output tokens", "cost", "time"]
    a: float | None
    b: float | None
    at_least_a: bool = False
    at_least_b: bool = False

    @property
    def delta(self) -> float | None:
        return None if self.a is None or self.b is None else self.b - self.a


@dataclass(frozen=True, slots=True)
class RunDiff:
    a: RunRow
    b: RunRow
    pairs: tuple[Pair, ...]
    first: Divergence | None
    """None where the runs are equal, and where nothing differs but what they were started with."""
    figures: tuple[Figure, ...]
    code: tuple[tuple[str, str, str], ...]
    """What the runs came from, where it differs: what, in A, in B. Empty is unknown. No difference of the runs."""
    not_captured: tuple[int, int]
    """Of either run, how many prompts and tool calls came without content: they are compared by their names alone."""

    @property
    def equal(self) -> bool:
        return all(pair.verdict == "equal" for pair in self.pairs)

    @property
    def started_differently(self) -> bool:
        """Whether the runs were started with something else, which is no divergence of theirs."""
        return bool(self.pairs and self.pairs[0].a and self.pairs[0].b and self.pairs[0].asked)


def diff_runs(a: Run, b: Run) -> RunDiff:
    """Equal are runs whose steps are equal in content; that one took longer, or cost more, is no difference."""
    found = side_by_side(contents_of(a.nodes), contents_of(b.nodes))
    pairs = tuple(_with_changes(list(_pairs(found, _numbers(a), _numbers(b)))))
    return RunDiff(
        a=a.row,
        b=b.row,
        pairs=pairs,
        first=_first(pairs),
        figures=tuple(_figures(a.row, b.row)),
        code=tuple(_code(a, b)),
        not_captured=(_without_content(found.a.contents), _without_content(found.b.contents)),
    )


def _numbers(run: Run) -> dict[str, int]:
    return {node.step.step_id: number for number, node in enumerate(run.nodes, 1)}


@dataclass(frozen=True, slots=True)
class Share:
    """What one pair of steps adds to the difference of a sum."""

    place: int
    delta: float


def shares(diff: RunDiff, figure: Figure) -> list[Share]:
    """Which steps make the difference of a sum, the largest share first: only those that say something of it.

    A step that has others below it contains them; its own time is not counted again.
    """
    value: Callable[[Step], float | None] | None = _OF_STEP.get(figure.name)
    if value is None or not figure.delta:
        return []
    found = []
    for place, pair in enumerate(diff.pairs):
        if pair.below and figure.name == "time":
            continue
        told = [value(content.step) for content in (pair.a, pair.b) if content is not None]
        if None in told:
            continue
        one, other = (0.0 if content is None else value(content.step) or 0.0 for content in (pair.a, pair.b))
        if (other - one) * figure.delta > 0.1 * figure.delta**2:
            found.append(Share(place, other - one))
    return sorted(found, key=lambda share: (-abs(share.delta), share.place))


_OF_STEP: dict[str, Callable[[Step], float | None]] = {
    "input tokens": lambda step: step.input_tokens if step.counted else None,
    "output tokens": lambda step: step.output_tokens if step.counted else None,
    "cost": lambda step: step.cost_usd if step.counted else None,
    "time": lambda step: step.seconds,
}


def _pairs(found: SideBySide, numbers_a: Mapping[str, int], numbers_b: Mapping[str, int]) -> Iterator[Pair]:
    """In the order of A; what only B has comes after what stands before it in B."""
    a, b = found.a, found.b
    partner, back = dict(found.pairs), {j: i for i, j in found.pairs}
    after: dict[int, list[int]] = {}
    last = -1
    for j in range(len(b.contents)):
        if j in back:
            last = back[j]
        else:
            after.setdefault(last, []).append(j)

    def only_b(i: int) -> Iterator[Pair]:
        for j in after.get(i, ()):
            content = b.contents[j]
            yield Pair(None, content, number_b=numbers_b[content.step.step_id])

    yield from only_b(-1)
    highest = -1
    waiting: list[Pair] = []
    for i, content in enumerate(a.contents):
        number_a = numbers_a[content.step.step_id]
        if i not in partner:
            yield Pair(content, None, number_a=number_a)
            continue
        # What only A has stands before what only B has in its place.
        yield from waiting
        waiting = list(only_b(i))
        j = partner[i]
        other = b.contents[j]
        yield Pair(
            content,
            other,
            number_a=number_a,
            number_b=numbers_b[other.step.step_id],
            out_of_order=j < highest,
        )
        highest = max(highest, j)
    yield from waiting


def _with_changes(listed: Sequence[Pair]) -> Iterator[Pair]:
    """Changes are found in the order in which they happened, so that what is handed on is known as such."""
    shown = Shown()
    below = _below(listed)
    asked: dict[int, tuple[Change, ...]] = {}
    answered: dict[int, tuple[Change, ...]] = {}
    for place, is_end in _moments(below):
        a, b = listed[place].a, listed[place].b
        if a is None or b is None:
            if not is_end:
                shown.add_step(listed[place].content, "a" if b is None else "b")
        elif a.key.exact != b.key.exact:
            changes = changes_answered(a, b) if is_end else changes_asked(a, b)
            (answered if is_end else asked)[place] = tuple(shown.marked(change) for change in changes)
            shown.add(changes)
    for place, pair in enumerate(listed):
        yield Pair(
            pair.a, pair.b, asked.get(place, ()), answered.get(place, ()), pair.number_a, pair.number_b,
            below[place], pair.out_of_order,
        )  # fmt: skip


def _below(pairs: Sequence[Pair]) -> list[int]:
    """How many of the next pairs reach up to the last that hangs below each, in the run that it is of (B before A)."""
    places: dict[tuple[str, str], int] = {}
    last = list(range(len(pairs)))
    parents: list[int | None] = []
    for place, pair in enumerate(pairs):
        step = pair.content.step
        parents.append(places.get((step.run_id, step.parent_id)))
        for content in (pair.a, pair.b):
            if content is not None:
                places[content.step.run_id, content.step.step_id] = place
    for place in range(len(pairs) - 1, -1, -1):
        parent = parents[place]
        if parent is not None:
            last[parent] = max(last[parent], last[place])
    return [end - place for place, end in enumerate(last)]


def _moments(below: Sequence[int]) -> Iterator[tuple[int, bool]]:
    """Each pair's beginning, and its end, after the ends of all below it."""
    open_steps: list[int] = []
    for place, inner in enumerate(below):
        for ended in [one for one in reversed(open_steps) if place > one + below[one]]:
            open_steps.remove(ended)
            yield ended, True
        yield place, False
        if inner:
            open_steps.append(place)
        else:
            yield place, True
    while open_steps:
        yield open_steps.pop(), True


def _first(pairs: Sequence[Pair]) -> Divergence | None:
    for place, is_end in _moments([pair.below for pair in pairs]):
        pair = pairs[place]
        if pair.a is None or pair.b is None:
            return Divergence(place, False)
        changes = pair.answered if is_end else pair.asked
        if (place or is_end) and not all(change.handed_on for change in changes):
            return Divergence(place, is_end)
    return None


def _figures(a: RunRow, b: RunRow) -> Iterator[Figure]:
    yield Figure("steps", a.steps, b.steps)
    yield Figure("prompts", a.prompts, b.prompts)
    yield Figure("tool calls", a.tool_calls, b.tool_calls)
    yield Figure("errors", a.errors, b.errors)
    silent_a, silent_b = a.calls_without_usage > 0, b.calls_without_usage > 0
    yield Figure("input tokens", a.input_tokens, b.input_tokens, silent_a, silent_b)
    yield Figure("output tokens", a.output_tokens, b.output_tokens, silent_a, silent_b)
    yield Figure("cost", a.cost_usd, b.cost_usd, a.unpriced_calls > 0, b.unpriced_calls > 0)
    yield Figure("time", a.seconds, b.seconds)


_CODE = {
    "commit": "vcs.ref.head.revision", "tracked files differ from it": "playhead.code.dirty",
    "Python": "process.runtime.version", "installed packages": "playhead.packages",
    "command": "process.command_args", "recorded as": "playhead.record",
}  # fmt: skip


def _code(a: Run, b: Run) -> Iterator[tuple[str, str, str]]:
    for what, one, other in (("agent", a.row.agent, b.row.agent), ("version", a.row.version, b.row.version)):
        if one != other:
            yield what, one, other
    said_a, said_b = _of_root(a.nodes), _of_root(b.nodes)
    for what, key in _CODE.items():
        if key in said_a and key in said_b and said_a[key] != said_b[key]:
            yield what, said_a[key], said_b[key]


def _of_root(nodes: Sequence[Node]) -> dict[str, str]:
    stored = nodes[0].stored if nodes else None
    attributes = of_attributes(stored.span.attributes) if stored is not None else {}
    return {
        key: " ".join(map(str, value)) if isinstance(value, list) else str(value)
        for key in _CODE.values()
        if (value := attributes.get(key)) is not None
    }


def _without_content(contents: Sequence[Content]) -> int:
    return sum(content.step.kind in ("prompt", "tool") and not content.conversation.captured for content in contents)
