"""Which steps tell of one and the same call.

Beyond ancestry, which calls.py looks at, there are three signs: one response id at one time, an answer logged after
its request, and two emitters side by side. Each is a function from steps, in order of time, to pairs of steps.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

# JavaScript emitters round times to the millisecond.
_SLACK_NS = 2_000_000
# Of the calls of one model in one place. Frameworks and instrumentations are a handful; who names hundreds names
# something else by it, and each would have to be held against each.
_MOST_EMITTERS = 64

Pair = tuple["Told", "Told"]


@dataclass(frozen=True, slots=True)
class Told:
    """A step, as far as counting calls goes."""

    run_id: str
    step_id: str
    parent_id: str = ""
    kind: str = "prompt"
    """The step's kind; a retrieval that names no model is `other` here."""
    response_id: str = ""
    start_ns: int = 0
    end_ns: int = 0
    usage: int = 0
    """How much it knows of tokens: 0 nothing, else the more the better."""
    tokens: tuple[int | None, int | None] = (None, None)
    """Its input and output."""
    has_content: bool = False
    failed: bool = False
    is_answer_log: bool = False
    service: str = ""
    scope: str = ""
    model: str = ""
    tool: str = ""
    input_hash: int = 0
    lone: bool = False

    @property
    def key(self) -> str:
        return self.run_id + self.step_id

    @property
    def end(self) -> int:
        return max(self.end_ns, self.start_ns)

    @property
    def length(self) -> int:
        return self.end - self.start_ns

    @property
    def in_time(self) -> tuple[int, int, str]:
        """Sorts what wraps before what is wrapped, and the same way whatever order steps came in."""
        return (self.start_ns, -self.end, self.key)

    def overlaps(self, other: Told) -> bool:
        """Two tellings of one call overlap; an equal id at another time is a cache's or a test double's answer."""
        return self.start_ns <= other.end and other.start_ns <= self.end


def tellings(told: Sequence[Told]) -> list[list[Told]]:
    """The steps (of one run and kind, in order of time) in groups, each of which tells of one call."""
    return grouped(told, [*_same_answers(told), *_logged_answers(told), *_told_by_two(told)])


def grouped(told: Sequence[Told], pairs: Sequence[Pair]) -> list[list[Told]]:
    """Steps in groups, so that the two of each pair are in one."""
    group = {step.step_id: [step] for step in told}
    for one, other in pairs:
        into, of = group[one.step_id], group[other.step_id]
        if into is of:
            continue
        if len(into) < len(of):
            into, of = of, into
        into += of
        for step in of:
            group[step.step_id] = into
    groups = {id(steps): steps for steps in group.values()}.values()
    return sorted((sorted(steps, key=_in_time) for steps in groups), key=lambda steps: steps[0].in_time)


def nearest_above(
    by_id: Mapping[str, Told], told: Sequence[Told], through: frozenset[str] | None = None
) -> dict[str, str]:
    """For each told step the nearest told one above it, at any depth; only kinds named in `through` may lie between."""
    wanted = {step.step_id for step in told}
    known: dict[str, str | None] = {}
    for step in told:
        path: dict[str, None] = {}
        at = step.parent_id
        answer: str | None = None
        while at in by_id and at not in path and at != step.step_id:
            if at in wanted:
                answer = at
            elif at in known:
                answer = known[at]
            elif through is None or by_id[at].kind in through:
                path[at] = None
                at = by_id[at].parent_id
                continue
            break
        for one in (step.step_id, *path):
            known[one] = answer
    return {step: above for step in wanted if (above := known[step]) is not None}


def _in_time(step: Told) -> tuple[int, int, str]:
    return step.in_time


def _same_answers(told: Sequence[Told]) -> Iterator[Pair]:
    """Steps with one response id at one time."""
    last: dict[str, tuple[Told, int]] = {}
    for step in told:
        if not step.response_id:
            continue
        before, end = last.get(step.response_id, (step, step.end))
        if before is not step and step.start_ns <= end:
            yield before, step
            end = max(end, step.end)
        else:
            end = step.end
        last[step.response_id] = (step, end)


def _logged_answers(told: Sequence[Told]) -> Iterator[Pair]:
    """Requests without an answer, whose answer was logged as a step of its own, after it, with the same input."""
    waiting: dict[tuple[str, int], list[Told]] = defaultdict(list)
    for step in sorted(told, key=lambda step: (step.start_ns, step.is_answer_log, step.key)):
        place = (step.parent_id, step.input_hash)
        if step.is_answer_log and waiting[place]:
            yield waiting[place].pop(0), step
        elif not step.is_answer_log and not step.usage and not step.failed:
            waiting[place].append(step)


def _told_by_two(told: Sequence[Told]) -> Iterator[Pair]:
    """Siblings of one model by two emitters, one within the other's time, of which at least one names no response."""
    places: dict[tuple[str, str], list[Told]] = defaultdict(list)
    for step in told:
        if not step.is_answer_log:
            places[(step.parent_id, step.model)].append(step)
    for steps in places.values():
        emitters = len({step.scope for step in steps})
        if 1 < emitters <= _MOST_EMITTERS:
            yield from _twins(steps, emitters)


def _twins(steps: Sequence[Told], emitters: int) -> Iterator[Pair]:
    """The shortest that has another's step within it first. A step has one twin of each other emitter.

    Thousands of calls may go on at once, and emitters are as many as a sender likes: a step is held against those of
    its own time alone, and no more when it has all its twins.
    """
    alone = list(steps)
    twins: dict[str, set[str]] = {step.step_id: set() for step in steps}
    for outer in sorted(steps, key=_in_length):
        has, begun, latest = twins[outer.step_id], len(twins[outer.step_id]), outer.end + _SLACK_NS
        whole: list[Told] = []
        for place in range(bisect_left(alone, outer.start_ns - _SLACK_NS, key=_start), len(alone)):
            inner = alone[place]
            if inner.start_ns > latest or len(has) == emitters - 1:
                break
            if inner.scope == outer.scope or inner.end_ns > latest or (inner.response_id and outer.response_id):
                continue
            of_inner = twins[inner.step_id]
            if inner.scope not in has and outer.scope not in of_inner and _in_length(inner) < _in_length(outer):
                has.add(inner.scope)
                of_inner.add(outer.scope)
                if len(of_inner) == emitters - 1:
                    whole.append(inner)
                yield outer, inner
        if begun < len(has) == emitters - 1:
            whole.append(outer)
        for step in whole:
            del alone[bisect_left(alone, step.in_time, key=_in_time)]


def _start(step: Told) -> int:
    return step.start_ns


def _in_length(step: Told) -> tuple[int, int, int, str]:
    return (step.length, *step.in_time)
