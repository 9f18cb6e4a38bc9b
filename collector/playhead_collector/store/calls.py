"""Counts each model call and each tool execution once, however often it was told of.

Real traces tell of one call twice: the provider's own package and an instrumentation each emit a span (as parent and
child, as siblings, or in two traces), a framework wraps a prompt in a prompt, a streamed answer is logged as a second
span. This module decides, from ids, times and how much each telling knows, which steps count. It must never look at
payloads, and the order in which steps come must never matter.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from playhead_collector.store.tellings import Told, grouped, nearest_above, tellings

# What may lie between a framework's tool step and the protocol's: not another agent or prompt, which may call it again.
_BETWEEN_TOOLS = frozenset({"other", "effect"})


@dataclass(frozen=True, slots=True)
class Verdict:
    """The keys of steps that are no calls of their own."""

    uncounted: frozenset[str] = frozenset()
    """Another step counts what they tell of."""
    usage_only: frozenset[str] = frozenset()
    """Of these the usage still counts: they alone know that of several calls inside."""
    covered: frozenset[str] = frozenset()
    """Calls whose usage is known by one of those."""


def judge(steps: Iterable[Told]) -> Verdict:
    """Which steps, of whole runs, tell of a call that another step of the same run counts."""
    runs: dict[str, dict[str, Told]] = defaultdict(dict)
    for step in steps:
        runs[step.run_id][step.step_id] = step
    uncounted: set[str] = set()
    usage_only: set[str] = set()
    covered: set[str] = set()
    for by_id in runs.values():
        for kind in ("prompt", "retrieval"):
            told = _of_kind(by_id, kind)
            if len(told) > 1:
                count = _Count(by_id, told)
                uncounted |= {step.key for step in told} - count.calls
                usage_only |= count.usage_only
                covered |= count.covered
        uncounted |= _nested_tools(by_id)
    return Verdict(frozenset(uncounted), frozenset(usage_only), frozenset(covered))


def uncounted_across_runs(shared: Iterable[Told]) -> set[str]:
    """Of prompts of several runs that carry the same response ids: the keys of those that are not counted."""
    by_response: dict[tuple[str, str], list[Told]] = defaultdict(list)
    for step in shared:
        by_response[(step.service, step.response_id)].append(step)
    uncounted: set[str] = set()
    for told in by_response.values():
        # The one that says most first; the rest of the order only makes the choice the same every time.
        told.sort(key=lambda step: (not step.usage, step.lone, not step.has_content, step.start_ns, step.key))
        counted: list[Told] = []
        for step in told:
            rivals = [one for one in counted if one.run_id != step.run_id and one.overlaps(step)]
            if any(step.lone or one.lone for one in rivals):
                uncounted.add(step.key)
            else:
                counted.append(step)
    return uncounted


def _of_kind(by_id: Mapping[str, Told], kind: str) -> list[Told]:
    return sorted((step for step in by_id.values() if step.kind == kind), key=lambda step: step.in_time)


@dataclass(slots=True)
class _Call:
    """What one or several steps tell of one call, or a wrapper of several."""

    steps: list[Told]
    wrapper: _Call | None = None
    inner: list[_Call] = field(default_factory=list)

    @property
    def usage(self) -> int:
        return max(step.usage for step in self.steps)

    def leave_wrapper(self) -> None:
        if self.wrapper is not None:
            self.wrapper.inner = [one for one in self.wrapper.inner if one is not self]
            self.wrapper = None


def _all_within(top: _Call) -> list[_Call]:
    """A call and all inside it, wrappers first."""
    order = [top]
    for call in order:
        order += call.inner
    return order


def _circle(call: _Call) -> list[_Call]:
    path: list[_Call] = []
    places: dict[int, int] = {}
    while id(call) not in places:
        places[id(call)] = len(path)
        path.append(call)
        assert call.wrapper is not None, "only a circle is out of reach of all tops"
        call = call.wrapper
    return path[places[id(call)] :]


@dataclass(slots=True)
class _Found:
    """The calls at the bottom of a nest, and whether anything in it knows their usage."""

    calls: list[_Call]
    knows_usage: bool


class _Count:
    """The calls of one run, of one kind, by their keys."""

    def __init__(self, by_id: Mapping[str, Told], told: Sequence[Told]) -> None:
        self._above = nearest_above(by_id, told)
        self._depths: dict[str, int] = {}
        self.usage_only: set[str] = set()
        self.covered: set[str] = set()
        self.calls: set[str] = set()
        for top in self._nest([_Call(steps) for steps in tellings(told)]):
            self.calls |= {self._best(call) for call in self._resolve(top).calls}

    def _nest(self, calls: list[_Call]) -> list[_Call]:
        """Puts calls into the calls that wrap them; returns those that nothing wraps."""
        of_step = {step.step_id: call for call in calls for step in call.steps}
        for call in calls:
            above = (of_step[up] for step in call.steps if (up := self._above.get(step.step_id)) is not None)
            call.wrapper = next((one for one in above if one is not call), None)
            if call.wrapper is not None:
                call.wrapper.inner.append(call)
        tops = [call for call in calls if call.wrapper is None]
        reached = {id(call) for top in tops for call in _all_within(top)}
        for call in calls:
            if id(call) not in reached:
                # Parents that form a circle have no top: the earliest of the circle is taken for one.
                top = min(_circle(call), key=lambda call: call.steps[0].in_time)
                top.leave_wrapper()
                tops.append(top)
                reached |= {id(one) for one in _all_within(top)}
        return tops

    def _resolve(self, top: _Call) -> _Found:
        """Without recursion: how deep a trace nests is its sender's choice."""
        found: dict[int, _Found] = {}
        for call in reversed(_all_within(top)):
            inner = [found.pop(id(below)) for below in call.inner]
            calls = [one for below in inner for one in below.calls]
            knows = any(below.knows_usage for below in inner)
            if len(calls) < 2:
                # A wrapper of one call tells of that call.
                calls = [_Call([*call.steps, *(step for one in calls for step in one.steps)])]
            elif call.usage and not knows:
                self.usage_only.add(self._best(call))
                self.covered |= {self._best(one) for one in calls}
            found[id(call)] = _Found(calls, knows or call.usage > 0)
        return found[id(top)]

    def _best(self, call: _Call) -> str:
        """The telling that knows most of tokens; of several the one nearest to the wire, where nobody added up.

        Where that one has no content, and another says the same of tokens, it is the other.
        """
        best = min(
            call.steps,
            key=lambda step: (
                -step.usage,
                not step.failed,
                step.is_answer_log,
                -self._depth(step.step_id),
                step.length,
                not step.has_content,
                step.in_time,
            ),
        )
        if best.has_content or not (best.usage or best.failed):
            return best.key
        # Tokens may be equal where one said none at all, so that usage is known has to be equal, too.
        known = (best.failed, best.tokens, best.usage > 0)
        same = [step for step in call.steps if (step.failed, step.tokens, step.usage > 0) == known]
        return min((step for step in same if step.has_content), key=lambda step: step.in_time, default=best).key

    def _depth(self, step_id: str) -> int:
        """How many prompts are around a step."""
        path: dict[str, None] = {}
        at: str | None = step_id
        while at is not None and at not in self._depths and at not in path:
            path[at] = None
            at = self._above.get(at)
        depth = self._depths.get(at, -1) if at is not None else -1
        for one in reversed(path):
            depth += 1
            self._depths[one] = depth
        return self._depths[step_id]


def _nested_tools(by_id: Mapping[str, Told]) -> set[str]:
    """Of one execution told by a framework, a protocol's client and its server, one inside the other: all but one."""
    tools = _of_kind(by_id, "tool")
    above = nearest_above(by_id, tools, through=_BETWEEN_TOOLS)
    pairs = [(by_id[up], step) for step in tools if (up := above.get(step.step_id)) and by_id[up].tool == step.tool]
    uncounted: set[str] = set()
    for steps in grouped(tools, pairs) if pairs else []:
        best = min(steps, key=lambda step: (not step.failed, not step.has_content, step.in_time))
        uncounted |= {step.key for step in steps} - {best.key}
    return uncounted
