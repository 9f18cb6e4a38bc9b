"""A run's steps in an order that does not depend on who was quicker, and the partners that this order hides.

A run is a tree, read depth first. Children that went on one after the other stay so; those that overlapped in time are
a crowd, made of strands, each a lane of the SDK's, or where lanes are not known a step with all below it. Which strand
of a crowd began first is chance: lanes are put in the order in which the agent created them. Without lanes there is no
such order; then two are tried, that of their beginnings and that of what they are, and the one in which the runs have
more in common is taken. (A crowd of one run may have been quick enough to go one after the other in the other run.)
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from playhead_replay.diff.align import align, worth
from playhead_replay.diff.content import Content
from playhead_replay.diff.sequence import Match

Strand = tuple[range, ...]
"""Subtrees one after the other, each a range of places in the order."""


@dataclass(frozen=True, slots=True)
class Ordered:
    contents: tuple[Content, ...]
    crowds: tuple[tuple[Strand, ...], ...]
    """The outer ones first."""


class _Branch:
    """A step with all below it."""

    __slots__ = ("children", "content", "end", "parent", "size", "start")

    def __init__(self, content: Content, parent: _Branch | None) -> None:
        step = content.step
        self.content = content
        self.parent = parent
        self.children: list[_Branch] = []
        self.size = 1
        self.start: datetime = step.start_time
        self.end: datetime = step.start_time + timedelta(seconds=max(0.0, step.seconds or 0.0))


@dataclass(frozen=True, slots=True)
class SideBySide:
    a: Ordered
    b: Ordered
    pairs: tuple[Match, ...]
    """Places that are each other's, in the order of A; those out of order began in another one in B."""


def side_by_side(a: Sequence[Content], b: Sequence[Content]) -> SideBySide:
    """Of contents depth first, as runs have them."""
    by_start = _paired(in_order(a, by_content=False), in_order(b, by_content=False))
    if not by_start.a.crowds or not by_start.b.crowds:
        return by_start
    by_content = _paired(in_order(a, by_content=True), in_order(b, by_content=True))
    return max(by_start, by_content, key=_in_common)


def _in_common(found: SideBySide) -> int:
    return sum(worth(found.a.contents[i].key, found.b.contents[j].key) for i, j in found.pairs)


def _paired(a: Ordered, b: Ordered) -> SideBySide:
    return SideBySide(a, b, tuple(_partners(a, b)))


def in_order(contents: Sequence[Content], *, by_content: bool) -> Ordered:
    """Of contents depth first, as a run has them. `by_content` is for strands without lanes."""
    ordered: list[Content] = []
    crowds: list[tuple[Strand, ...]] = []
    pending = [_placed(_roots(contents), "", by_content)]
    while pending:
        branch = next(pending[-1], None)
        if branch is None:
            pending.pop()
        elif isinstance(branch, _Branch):
            ordered.append(branch.content)
            pending.append(_placed(branch.children, branch.content.lane, by_content))
        else:
            # A crowd is told of before its steps come: its ranges begin here.
            crowds.append(_ranges(branch, len(ordered)))
    return Ordered(tuple(ordered), tuple(crowds))


def _roots(contents: Sequence[Content]) -> list[_Branch]:
    roots: list[_Branch] = []
    path: list[_Branch] = []
    everything: list[_Branch] = []
    for content in contents:
        del path[content.node.depth :]
        branch = _Branch(content, path[-1] if path else None)
        (path[-1].children if path else roots).append(branch)
        path.append(branch)
        everything.append(branch)
    for branch in reversed(everything):
        if branch.parent is not None:
            branch.parent.size += branch.size
            branch.parent.end = max(branch.parent.end, branch.end)
    return roots


_Crowd = list[list[_Branch]]


def _placed(siblings: list[_Branch], own_lane: str, by_content: bool) -> Iterator[_Branch | _Crowd]:
    """Siblings in order; before those of a crowd, the crowd itself."""
    for together in _overlapping(siblings, own_lane):
        if len(together) == 1:
            yield from together[0]
            continue
        strands = sorted(together, key=lambda strand: _rank(strand, own_lane, by_content))
        yield strands
        for strand in strands:
            yield from strand


def _overlapping(siblings: list[_Branch], own_lane: str) -> Iterator[_Crowd]:
    """What overlaps, directly or through others, together; the strands of each."""
    lanes: dict[str, list[_Branch]] = defaultdict(list)
    units: list[list[_Branch]] = []
    for branch in sorted(siblings, key=lambda branch: (branch.start, branch.content.sequence)):
        lane = branch.content.lane
        if not lane or lane == own_lane:
            units.append([branch])
            continue
        # A lane that is another's goes on between its steps, too.
        if lane not in lanes:
            units.append(lanes[lane])
        lanes[lane].append(branch)
    at = 0
    while at < len(units):
        start, end = units[at][0].start, max(branch.end for branch in units[at])
        last = at + 1
        while last < len(units) and (units[last][0].start < end or units[last][0].start == start):
            end = max(end, *(branch.end for branch in units[last]))
            last += 1
        yield _strands(units[at:last], own_lane)
        at = last


def _strands(units: _Crowd, own_lane: str) -> _Crowd:
    own = [branch for unit in units for branch in unit if own_lane and unit[0].content.lane == own_lane]
    others = [unit for unit in units if not own_lane or unit[0].content.lane != own_lane]
    return [own, *others] if own else others


def _rank(strand: list[_Branch], own_lane: str, by_content: bool) -> tuple[int, list[int], str, str, datetime]:
    first = strand[0].content
    if first.lane and own_lane and first.lane == own_lane:
        return 0, [], "", "", strand[0].start
    if re.fullmatch(r"\d+(/\d+)*", first.lane):
        return 1, [int(number) for number in first.lane.split("/")], "", "", strand[0].start
    shape, asked = (first.key.shape, first.key.asked) if by_content else ("", "")
    return 2, [], shape, asked, strand[0].start


def _ranges(crowd: _Crowd, at: int) -> tuple[Strand, ...]:
    found = []
    for strand in crowd:
        places = []
        for branch in strand:
            places.append(range(at, at + branch.size))
            at += branch.size
        found.append(tuple(places))
    return tuple(found)


def _partners(a: Ordered, b: Ordered) -> list[Match]:
    pairs = dict(align([content.key for content in a.contents], [content.key for content in b.contents]))
    for crowd_a, crowd_b in list(_corresponding(a, b, pairs)):
        pairs.update(_left_over(crowd_a, crowd_b, a, b, pairs))
    return sorted(pairs.items())


def _corresponding(
    a: Ordered, b: Ordered, pairs: Mapping[int, int]
) -> Iterator[tuple[tuple[Strand, ...], tuple[Strand, ...]]]:
    """Crowds of the one and the other run that share steps."""
    inside: dict[int, list[int]] = defaultdict(list)
    for number, crowd in enumerate(b.crowds):
        for place in _places(crowd):
            inside[place].append(number)
    for crowd in a.crowds:
        shared = Counter(number for i in _places(crowd) if i in pairs for number in inside[pairs[i]])
        if shared:
            # Of equals the outermost, which comes first.
            best = min(shared, key=lambda number: (-shared[number], number))
            yield crowd, b.crowds[best]


def _places(crowd: tuple[Strand, ...]) -> Iterator[int]:
    return (place for strand in crowd for subtree in strand for place in subtree)


def _left_over(
    strands_a: Sequence[Strand], strands_b: Sequence[Strand], a: Ordered, b: Ordered, pairs: Mapping[int, int]
) -> list[Match]:
    """Partners among what found none: whole strands first, then what moved from one strand into another."""
    taken_a, taken_b = set(pairs), set(pairs.values())
    found: list[Match] = []

    def join(groups_a: list[list[int]], groups_b: list[list[int]], level: str) -> None:
        waiting: dict[str, list[list[int]]] = defaultdict(list)
        for places in _free(groups_b, taken_b):
            waiting[_name(b, places, level)].append(places)
        for places in _free(groups_a, taken_a):
            others = waiting.get(_name(a, places, level))
            if not others:
                continue
            other = others.pop(0)
            taken_a.update(places)
            taken_b.update(other)
            inner = align([a.contents[i].key for i in places], [b.contents[j].key for j in other])
            found.extend((places[i], other[j]) for i, j in inner)

    whole_a, whole_b = _whole(strands_a), _whole(strands_b)
    for level in ("exact", "asked", "shape"):
        join(whole_a, whole_b, level)
    join(_subtrees(strands_a), _subtrees(strands_b), "asked")
    return found


def _whole(crowd: Sequence[Strand]) -> list[list[int]]:
    return [[place for subtree in strand for place in subtree] for strand in crowd]


def _subtrees(crowd: Sequence[Strand]) -> list[list[int]]:
    return [list(subtree) for strand in crowd for subtree in strand]


def _free(groups: list[list[int]], taken: set[int]) -> list[list[int]]:
    return [places for places in groups if taken.isdisjoint(places)]


def _name(ordered: Ordered, places: list[int], level: str) -> str:
    """What a strand is known by: at its most exact by all of its steps, else by its first."""
    if level == "exact":
        return " ".join(ordered.contents[place].key.exact for place in places)
    return str(getattr(ordered.contents[places[0]].key, level))
