"""A diff in the order in which it is read: what differs step by step, and what does not folded into one entry each."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from playhead_replay.diff.run import Divergence, Pair, Verdict

# Steps in a row that are on one side only, before their middle is folded.
_MOST_ALONE = 9


@dataclass(frozen=True, slots=True)
class Folded:
    """Pairs that follow each other and say nothing new."""

    verdict: Verdict
    places: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Begun:
    """A pair where its steps began."""

    place: int


@dataclass(frozen=True, slots=True)
class Ended:
    """What came of a pair that has others below it, where that differs: told after them."""

    place: int


Entry = Folded | Begun | Ended


def outline(pairs: Sequence[Pair], *, whole: bool = False) -> Iterator[Entry]:
    """`whole` folds nothing."""
    ends: list[tuple[int, int]] = []
    folded: list[tuple[Verdict, int]] = []
    hidden = frozenset[int]() if whole else _middles(pairs)
    for place, pair in enumerate(pairs):
        for end in [end for end in reversed(ends) if place > end[0]]:
            yield from _folds(folded)
            folded.clear()
            yield Ended(end[1])
            ends.remove(end)
        if pair.below and any(not change.handed_on for change in pair.answered):
            ends.append((place + pair.below, place))
        if place in hidden or (not whole and pair.verdict in ("equal", "handed on")):
            folded.append((pair.verdict, place))
            continue
        yield from _folds(folded)
        folded.clear()
        yield Begun(place)
    yield from _folds(folded)
    for _, place in reversed(ends):
        yield Ended(place)


def is_first(first: Divergence | None, pair: Pair, entry: Begun | Ended) -> bool:
    """Whether the runs part first here: where the step began, or in what came of it after all below it."""
    if first is None or first.place != entry.place:
        return False
    return isinstance(entry, Ended) == (first.answered and pair.below > 0)


def _folds(folded: Sequence[tuple[Verdict, int]]) -> Iterator[Folded]:
    places: list[int] = []
    for at, (verdict, place) in enumerate(folded):
        places.append(place)
        if at + 1 == len(folded) or folded[at + 1][0] != verdict:
            yield Folded(verdict, tuple(places))
            places.clear()


def _middles(pairs: Sequence[Pair]) -> frozenset[int]:
    """Of many steps in a row that are on one side only, all but the first and last few."""
    found: set[int] = set()
    for verdict, group in groupby(range(len(pairs)), lambda place: pairs[place].verdict):
        places = list(group)
        if verdict.startswith("only") and len(places) > _MOST_ALONE:
            found.update(places[_MOST_ALONE - 3 : -2])
    return frozenset(found)
