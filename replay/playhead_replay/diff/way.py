"""The way that a run took, and the common way of many: what groups of runs are compared by.

Runs of a group were asked different things, so their steps are told apart by what they are and how they ended, not by
their arguments.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from playhead_collector.read.remarks import says_failure
from playhead_collector.read.run import Node
from playhead_collector.read.signs import SIGNS
from playhead_collector.read.value import Data, as_text
from playhead_replay.diff.align import Key, align
from playhead_replay.diff.content import Content, contents_of, general_name, machine_of
from playhead_replay.diff.order import in_order

ANSWERED_WITH_ERROR = "answered with an error"


@dataclass(frozen=True, slots=True)
class Passed:
    """A step on the way, as all runs have it that took it."""

    kind: str
    name: str
    outcome: str = ""
    """How it ended, where that is more than well: `✗`, a state, what was decided."""
    ended: bool = False
    """Whether this is the end of a step that had others below it."""

    @property
    def key(self) -> Key:
        what = f"{self.kind}\x1f{self.name}\x1f{self.ended}"
        return Key(f"{what}\x1f{self.outcome}", "", what)


@dataclass(frozen=True, slots=True)
class Setup:
    """What an agent's model is told beside the conversation, at its first prompt in a run."""

    agent: str
    model: str
    system: str
    tools: tuple[str, ...]
    parameters: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Way:
    run_id: str
    passed: tuple[Passed, ...]
    setups: tuple[Setup, ...]
    """One for each agent that prompted."""


@dataclass(frozen=True, slots=True)
class Alternative:
    """Where a common way is no single one: its steps from `one` to `other` are the one way on, those from `other` to
    `end` the other. Either may be empty; no run need have taken both.
    """

    one: int
    other: int
    end: int


@dataclass(frozen=True, slots=True)
class Common:
    passed: tuple[Passed, ...]
    alternatives: tuple[Alternative, ...]


def way_of(run_id: str, nodes: Sequence[Node]) -> Way:
    contents = in_order(contents_of(nodes), by_content=True).contents
    setups: dict[str, Setup] = {}
    for content in contents:
        if content.step.kind == "prompt" and content.agent not in setups and content.conversation.captured:
            setups[content.agent] = _setup(content)
    return Way(run_id, tuple(_passed(contents)), tuple(setups.values()))


def _passed(contents: Sequence[Content]) -> Iterator[Passed]:
    """Each step where it began. How one ended that has others below it, is told after them, where it is news."""
    above: list[tuple[int, Passed]] = []
    parents = {content.step.parent_id for content in contents}
    for content in contents:
        step, outcome = content.step, _outcome(content)
        while above and above[-1][0] >= content.node.depth:
            yield above.pop()[1]
        name = {"prompt": "", "state": machine_of(step)}.get(step.kind, general_name(step))
        if step.step_id in parents and outcome:
            above.append((content.node.depth, Passed(step.kind, name, outcome, ended=True)))
            outcome = ""
        yield Passed(step.kind, name, outcome)
    while above:
        yield above.pop()[1]


def _outcome(content: Content) -> str:
    step, told = content.step, content.conversation
    if step.status != "ok":
        return SIGNS[step.status][0]
    if step.kind == "tool" and told.result is not None and says_failure(told.result.text):
        return ANSWERED_WITH_ERROR
    if step.kind == "state":
        return step.name.partition(": ")[2]
    return _word(content.answered.get({"decision": "chosen", "approval": "verdict"}.get(step.kind, "")))


def _word(value: Data) -> str:
    return as_text(value).strip('"')[:40]


def _setup(content: Content) -> Setup:
    told = content.conversation
    parameters = tuple(sorted((name, as_text(value)) for name, value in content.asked.items()))
    return Setup(content.agent, content.step.model, told.system, told.tools, parameters)


def common_way(a: Sequence[Way], b: Sequence[Way]) -> Common:
    """The way of either group that is most like the others of its group, both laid side by side."""
    return _joined(_typical(a), _typical(b))


def _typical(ways: Sequence[Way]) -> tuple[Passed, ...]:
    """By the steps that follow each other: aligning all with all would take as long as everything else."""
    bags = {way.passed: Counter(zip(way.passed, (*way.passed[1:], None), strict=True)) for way in ways}
    often = Counter(way.passed for way in ways)

    def unlike(passed: tuple[Passed, ...]) -> tuple[int, int, str]:
        mine = bags[passed]
        apart = sum(
            number * ((mine - bags[other]).total() + (bags[other] - mine).total()) for other, number in often.items()
        )
        return apart, -often[passed], str(passed)

    return min(bags, key=unlike, default=())


def _joined(one: tuple[Passed, ...], other: tuple[Passed, ...]) -> Common:
    joined: list[Passed] = []
    alternatives: list[Alternative] = []
    i = j = 0
    for next_i, next_j in [*align(_keys(one), _keys(other)), (len(one), len(other))]:
        first, second = len(joined), len(joined) + next_i - i
        joined += one[i:next_i] + other[j:next_j]
        if len(joined) > first:
            alternatives.append(Alternative(first, second, len(joined)))
        joined += one[next_i : next_i + 1]
        i, j = next_i + 1, next_j + 1
    return Common(tuple(joined), tuple(alternatives))


def places(way: Way, common: Sequence[Passed]) -> list[int | None]:
    """Where each step of a way stands on the common one; None beside it."""
    found: list[int | None] = [None] * len(way.passed)
    for i, j in align(_keys(way.passed), _keys(common)):
        found[i] = j
    return found


def _keys(passed: Sequence[Passed]) -> list[Key]:
    return [one.key for one in passed]
