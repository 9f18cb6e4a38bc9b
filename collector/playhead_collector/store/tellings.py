"""Which steps tell of one and the same call.

Beyond ancestry, which calls.py looks at, there are three signs: one response id at one time, an answer logged after
its request, and two emitters side by side. Each is a function from steps, in order of time, to pairs of steps.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

# JavaScript emitters round times to the millisecond.
_SLACK_NS = 2_000_000

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

    def contains(self, other: Told) -> bool:
        return self.start_ns <= other.start_ns + _SLACK_NS and other.end <= self.end + _SLACK_NS


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
        found: list[Pair] = []
        open_now: list[Told] = []
        for step in steps:
            open_now = [one for one in open_now if one.end + _SLACK_NS >= step.start_ns]
            for one in open_now:
                inner, outer = sorted((one, step), key=lambda step: (step.length, *step.in_time))
                both_name = inner.response_id and outer.response_id
                if inner.scope != outer.scope and not both_name and outer.contains(inner):
                    found.append((outer, inner))
            open_now.append(step)
        taken: set[tuple[str, str]] = set()
        for outer, inner in sorted(found, key=lambda pair: (pair[0].length, pair[0].in_time, pair[1].in_time)):
            # A step has one twin of each other emitter.
            ends = {(outer.step_id, inner.scope), (inner.step_id, outer.scope)}
            if not ends & taken:
                taken |= ends
                yield outer, inner
