"""Which step of the one run is which step of the other.

Steps are told apart by what they are and what was asked of them, never by their place or time: a step put in, taken
out or changed moves nothing else. Where several alignments are possible, the one with the most in common is taken;
of equals, the one that holds together longest from the start, so that the first difference is as late as it can be.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from operator import attrgetter

from playhead_replay.diff.sequence import Match, matches

# Cells of a region that is looked through for the best of all alignments: 500 by 500 steps take 0.1 s.
_BEST_OF_ALL = 250_000
# What a pair is worth. Equal in what was asked: more than two pairs that are merely alike, so that a call which moved
# past two others keeps its partner; past three, it gives way to them.
_EXACT, _ASKED, _ALIKE, _LOOSE = 22, 20, 8, 2
# More, where both ended alike: of a call and its retries, the one that worked is the other run's call.
_ENDED = 1


@dataclass(frozen=True, slots=True)
class Key:
    """What a step is known by, from all of it to hardly anything. A level that says nothing is empty."""

    exact: str
    """All that it says: what was asked, what came of it."""
    asked: str
    """What it is, and what was asked of it."""
    shape: str
    """What it is: its kind and name."""
    loose: str = ""
    """What may stand in for it: a prompt for a prompt, whichever model or agent."""
    status: str = ""


def align(a: Sequence[Key], b: Sequence[Key]) -> list[Match]:
    """Places of steps that are each other's, in order. Turned around it is the same: `(j, i)` for each `(i, j)`."""
    if _weight(b) < _weight(a):
        return [(i, j) for j, i in _align(b, a)]
    return _align(a, b)


def _weight(keys: Sequence[Key]) -> tuple[int, list[tuple[str, str, str, str]]]:
    return len(keys), [(key.exact, key.asked, key.shape, key.loose) for key in keys]


def _align(a: Sequence[Key], b: Sequence[Key]) -> list[Match]:
    found: list[Match] = []
    regions = [(0, len(a), 0, len(b))]
    # Regions too large for the best of all alignments are divided by what is equal, the most telling first.
    for level in _LEVELS:
        rest: list[tuple[int, int, int, int]] = []
        for a_from, a_to, b_from, b_to in regions:
            part_a, part_b = a[a_from:a_to], b[b_from:b_to]
            if len(part_a) * len(part_b) <= _BEST_OF_ALL:
                found += _moved(_best(part_a, part_b), a_from, b_from)
                continue
            i, j = a_from, b_from
            fixed = matches([level(key) for key in part_a], [level(key) for key in part_b])
            for next_i, next_j in [*_moved(fixed, a_from, b_from), (a_to, b_to)]:
                if next_i < a_to and level(a[next_i]):
                    found.append((next_i, next_j))
                elif next_i < a_to:
                    continue
                rest.append((i, next_i, j, next_j))
                i, j = next_i + 1, next_j + 1
        regions = rest
    for a_from, a_to, b_from, b_to in regions:
        found += _moved(_in_strips(a[a_from:a_to], b[b_from:b_to]), a_from, b_from)
    return sorted(found)


_LEVELS: tuple[Callable[[Key], str], ...] = (attrgetter("exact"), attrgetter("asked"), attrgetter("shape"))


def _moved(pairs: Iterable[Match], i: int, j: int) -> list[Match]:
    return [(i + more_i, j + more_j) for more_i, more_j in pairs]


def _in_strips(a: Sequence[Key], b: Sequence[Key]) -> list[Match]:
    """Nothing equal to hold on to: strip after strip, each small enough."""
    found: list[Match] = []
    strips = -(-max(len(a), len(b)) // int(_BEST_OF_ALL**0.5))
    for strip in range(strips):
        i, next_i = (len(a) * at // strips for at in (strip, strip + 1))
        j, next_j = (len(b) * at // strips for at in (strip, strip + 1))
        found += _moved(_best(a[i:next_i], b[j:next_j]), i, j)
    return found


def _best(a: Sequence[Key], b: Sequence[Key]) -> list[Match]:
    """Of all alignments the one that is worth most."""
    found: list[Match] = []
    # What is equal from the start needs no search.
    first = 0
    while first < min(len(a), len(b)) and a[first].exact == b[first].exact:
        found.append((first, first))
        first += 1
    a, b = a[first:], b[first:]
    if not _anything_common(a, b):
        return found
    # best[i][j]: what can be had from the i-th step of the one on, and the j-th of the other.
    best = [array("i", bytes(4 * (len(b) + 1))) for _ in range(len(a) + 1)]
    exact, asked, shape, loose, status = ([getattr(key, level) for key in b] for level in Key.__slots__)
    for i in range(len(a) - 1, -1, -1):
        below, row, key = best[i + 1], best[i], a[i]
        right = 0
        for j in range(len(b) - 1, -1, -1):
            # As `worth` has it; called for each cell it takes three times as long.
            if key.shape == shape[j]:
                pair = _EXACT if key.exact == exact[j] else _ASKED if key.asked and key.asked == asked[j] else _ALIKE
            elif key.asked and key.asked == asked[j]:
                pair = _ASKED
            elif key.loose and key.loose == loose[j]:
                pair = _LOOSE
            else:
                pair = 0
            value = below[j + 1] + pair + (_ENDED if key.status == status[j] else 0) if pair else 0
            right = max(value, right, below[j])
            row[j] = right
    i = j = 0
    while i < len(a) and j < len(b):
        pair = worth(a[i], b[j])
        if pair and best[i][j] == best[i + 1][j + 1] + pair:
            found.append((first + i, first + j))
            i, j = i + 1, j + 1
        elif best[i][j] == best[i + 1][j]:
            i += 1
        else:
            j += 1
    return found


def _anything_common(a: Sequence[Key], b: Sequence[Key]) -> bool:
    return any(
        {getattr(key, level) for key in a} & {getattr(key, level) for key in b} - {""}
        for level in ("shape", "asked", "loose")
    )


def worth(a: Key, b: Key) -> int:
    """What it is worth to take these two for each other; 0 where they cannot be."""
    if a.shape == b.shape:
        pair = _EXACT if a.exact == b.exact else _ASKED if a.asked and a.asked == b.asked else _ALIKE
    elif a.asked and a.asked == b.asked:
        pair = _ASKED
    else:
        pair = _LOOSE if a.loose and a.loose == b.loose else 0
    return pair + _ENDED if pair and a.status == b.status else pair
