"""What differs between two groups of runs: where they part, how often each branch is taken, and what it costs."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from statistics import median

from playhead_collector.read.runs import RunRow
from playhead_collector.read.signs import SIGNS
from playhead_replay.diff.chance import by_chance, can_tell
from playhead_replay.diff.structure import Difference
from playhead_replay.diff.way import ANSWERED_WITH_ERROR, Alternative, Passed, Setup, Way, common_way, places

# What chance does more seldom is a difference.
CLEAR = 0.05


@dataclass(frozen=True, slots=True)
class Spread:
    """A figure over runs. Where it is not known of any, its median is None; `unknown` counts the others."""

    median: float | None
    total: float | None
    unknown: int


@dataclass(frozen=True, slots=True)
class Outcome:
    """How some runs of a group went."""

    runs: int
    statuses: tuple[tuple[str, int], ...]
    steps: Spread
    tokens: Spread
    cost: Spread
    time: Spread
    example: str
    """The latest of the runs; empty where there is none."""

    @property
    def ok(self) -> int:
        return dict(self.statuses).get("ok", 0)


@dataclass(frozen=True, slots=True)
class Branch:
    """One way on from where groups part, and how the runs went that took it."""

    to: Passed | None
    """None: nothing more came."""
    a: Outcome
    b: Outcome
    by_chance: float
    """How likely shares so different are by chance."""
    corrected: float
    """The same, considering how many branches were looked at: of twenty, one is expected to look odd."""

    @property
    def clear(self) -> bool:
        return self.corrected < CLEAR


@dataclass(frozen=True, slots=True)
class Parting:
    """A place on the common way from which runs went on differently often."""

    place: int
    """On the common way; -1 is before its first step."""
    after: Passed | None
    a: int
    b: int
    """How many runs of either group came by."""
    branches: tuple[Branch, ...]

    @property
    def clear(self) -> bool:
        return any(branch.clear for branch in self.branches)

    def typical(self, of_a: bool) -> Branch:
        """The branch that the one group takes more often than the other, by the largest share."""
        sign = 1 if of_a else -1
        return max(self.branches, key=lambda one: sign * self._more_often_in_a(one))

    def pair(self, branch: Branch) -> tuple[str, str]:
        """Runs of A and B to compare: one that took the branch, on the side where it is the more frequent, and on the
        other side one that went as runs do there. Empty where nobody came by.
        """
        usual_a, usual_b = self.typical(of_a=True).a.example, self.typical(of_a=False).b.example
        if self._more_often_in_a(branch) < 0:
            return usual_a, branch.b.example
        return branch.a.example or usual_a, usual_b

    def _more_often_in_a(self, branch: Branch) -> float:
        return branch.a.runs / max(1, self.a) - branch.b.runs / max(1, self.b)


@dataclass(frozen=True, slots=True)
class SetupChange:
    """What an agent was told otherwise in most runs of the one group than in most of the other."""

    agent: str
    what: str
    difference: Difference
    a: tuple[int, int]
    b: tuple[int, int]
    """In how many runs of how many that the agent prompted in."""


@dataclass(frozen=True, slots=True)
class ToolUse:
    """How often a tool was called, and failed or answered with an error."""

    name: str
    runs: tuple[int, int]
    calls: tuple[int, int]
    failed: tuple[int, int]


@dataclass(frozen=True, slots=True)
class GroupDiff:
    a: Outcome
    b: Outcome
    in_both: int
    """Runs that are in either group."""
    common: tuple[Passed, ...]
    alternatives: tuple[Alternative, ...]
    """Of the common way, in order."""
    partings: tuple[Parting, ...]
    """In the order of the way; those of equal shares are left out."""
    setups: tuple[SetupChange, ...]
    tools: tuple[ToolUse, ...]
    success_by_chance: float

    @property
    def first(self) -> Parting | None:
        """Where they part first that chance does not explain."""
        return next((parting for parting in self.partings if parting.clear), None)

    @property
    def equal(self) -> bool:
        """Nothing differs that chance does not explain."""
        return self.first is None and not self.setups and self.success_by_chance >= CLEAR


@dataclass(frozen=True, slots=True)
class Member:
    row: RunRow
    way: Way


def diff_groups(a: Sequence[Member], b: Sequence[Member]) -> GroupDiff:
    """Neither may be empty."""
    common = common_way([one.way for one in a], [one.way for one in b])
    outcomes = outcome_of(a), outcome_of(b)
    return GroupDiff(
        a=outcomes[0],
        b=outcomes[1],
        in_both=len({one.row.run_id for one in a} & {one.row.run_id for one in b}),
        common=common.passed,
        alternatives=common.alternatives,
        partings=tuple(_partings(a, b, common.passed)),
        setups=tuple(_setups(a, b)),
        tools=tuple(_tools(a, b)),
        success_by_chance=by_chance(outcomes[0].ok, len(a), outcomes[1].ok, len(b)),
    )


def outcome_of(members: Sequence[Member]) -> Outcome:
    rows = [member.row for member in members]
    return Outcome(
        runs=len(rows),
        statuses=tuple((status, number) for status in SIGNS if (number := sum(row.status == status for row in rows))),
        steps=_spread(rows, lambda row: row.steps),
        tokens=_spread(rows, lambda row: None if row.calls_without_usage else row.tokens),
        cost=_spread(rows, lambda row: None if row.unpriced_calls else row.cost_usd),
        time=_spread(rows, lambda row: row.seconds),
        example=max(rows, key=lambda row: (row.start_time, row.run_id)).run_id if rows else "",
    )


def _spread(rows: Sequence[RunRow], value: Callable[[RunRow], float | None]) -> Spread:
    known = [number for number in map(value, rows) if number is not None]
    return Spread(median(known) if known else None, sum(known) if known else None, len(rows) - len(known))


def _partings(a: Sequence[Member], b: Sequence[Member], common: tuple[Passed, ...]) -> Iterator[Parting]:
    all_a, all_b = _went_on(a, common), _went_on(b, common)
    passed = sorted({*all_a, *all_b})
    sizes = {place: (_size(all_a[place]), _size(all_b[place])) for place in passed}
    # Of branches that hardly anybody took nothing can be told, and looking at them finds nothing by chance either.
    looked_at = sum(
        can_tell(len(all_a[place].get(to, [])) + len(all_b[place].get(to, [])), *sizes[place], CLEAR)
        for place in passed
        for to in {**all_a[place], **all_b[place]}
    )
    for place in passed:
        of_a, of_b = sizes[place]
        branches = []
        for to in {**all_a[place], **all_b[place]}:
            here_a, here_b = all_a[place].get(to, []), all_b[place].get(to, [])
            chance = by_chance(len(here_a), of_a, len(here_b), of_b)
            branches.append(Branch(to, outcome_of(here_a), outcome_of(here_b), chance, min(1.0, looked_at * chance)))
        if any(branch.a.runs * of_b != branch.b.runs * of_a for branch in branches):
            branches.sort(key=lambda branch: (-branch.a.runs - branch.b.runs, str(branch.to)))
            yield Parting(place, common[place] if place >= 0 else None, of_a, of_b, tuple(branches))


def _size(on: dict[Passed | None, list[Member]]) -> int:
    return sum(map(len, on.values()))


_On = dict[int, dict[Passed | None, list[Member]]]


def _went_on(members: Sequence[Member], common: tuple[Passed, ...]) -> _On:
    """By the place on the common way: who went on to what from there."""
    found: _On = defaultdict(lambda: defaultdict(list))
    for member in members:
        stood: int | None = -1
        for passed, place in zip(member.way.passed, places(member.way, common), strict=True):
            if stood is not None:
                found[stood][passed].append(member)
            stood = place
        if stood is not None:
            found[stood][None].append(member)
    return found


def _setups(a: Sequence[Member], b: Sequence[Member]) -> Iterator[SetupChange]:
    told: list[dict[str, list[Setup]]] = []
    for members in (a, b):
        by_agent: dict[str, list[Setup]] = defaultdict(list)
        for member in members:
            for setups in member.way.setups:
                by_agent[setups.agent].append(setups)
        told.append(by_agent)
    for agent in sorted(told[0].keys() & told[1].keys()):
        one, other = told[0][agent], told[1][agent]
        for what in ("model", "system", "tools", "parameters"):
            counted = [Counter(getattr(setups, what) for setups in listed) for listed in (one, other)]
            (usual_a, times_a), (usual_b, times_b) = (counts.most_common(1)[0] for counts in counted)
            # A text that is new in each run has the user's words in it, and is no setup.
            usual = times_a * 2 > len(one) and times_b * 2 > len(other)
            if usual_a != usual_b and usual:
                difference = Difference("", _plain(usual_a), _plain(usual_b))
                yield SetupChange(agent, what, difference, (times_a, len(one)), (times_b, len(other)))


def _plain(value: str | tuple[str, ...] | tuple[tuple[str, str], ...]) -> str:
    if isinstance(value, str):
        return value
    return ", ".join(one if isinstance(one, str) else f"{one[0]} {one[1]}" for one in value)


def _tools(a: Sequence[Member], b: Sequence[Member]) -> Iterator[ToolUse]:
    calls, failed, runs = Counter[tuple[str, int]](), Counter[tuple[str, int]](), Counter[tuple[str, int]]()
    for side, members in enumerate((a, b)):
        for member in members:
            tools = [passed for passed in member.way.passed if passed.kind == "tool"]
            calls.update((passed.name, side) for passed in tools if not passed.ended)
            failed.update((passed.name, side) for passed in tools if passed.outcome in ("✗", ANSWERED_WITH_ERROR))
            runs.update({(passed.name, side) for passed in tools})
    for name in sorted({name for name, _ in calls}):
        yield ToolUse(name, *((counts[name, 0], counts[name, 1]) for counts in (runs, calls, failed)))
