"""What two sequences of texts have in common, in order: exact for small ones, near enough and quick for large ones.

Used for steps, messages, lines and words alike. It must stay quick whatever it is given: a diff that is a little longer
than it need be is still a diff, one that never comes is none.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Sequence

Match = tuple[int, int]
"""A place in the one sequence, and the equal one in the other."""

# Edits that are followed before a large region is cut where it got furthest: the work grows with their square.
_MOST_EDITS = 400


def matches(a: Sequence[str], b: Sequence[str]) -> list[Match]:
    """Equal places in order, as many as can be found. Turned around it is the same: `(j, i)` for each `(i, j)`."""
    if (len(b), list(b)) < (len(a), list(a)):
        return [(i, j) for j, i in _matches(b, a)]
    return _matches(a, b)


def _matches(a: Sequence[str], b: Sequence[str]) -> list[Match]:
    found: list[Match] = []
    # Regions still to be looked at, the first of them last.
    regions = [(0, len(a), 0, len(b))]
    while regions:
        a_from, a_to, b_from, b_to = regions.pop()
        while a_from < a_to and b_from < b_to and a[a_from] == b[b_from]:
            found.append((a_from, b_from))
            a_from, b_from = a_from + 1, b_from + 1
        while a_from < a_to and b_from < b_to and a[a_to - 1] == b[b_to - 1]:
            a_to, b_to = a_to - 1, b_to - 1
            found.append((a_to, b_to))
        if a_from == a_to or b_from == b_to:
            continue
        anchors = _anchors(a[a_from:a_to], b[b_from:b_to])
        if not anchors:
            found += [(a_from + i, b_from + j) for i, j in _snakes(a[a_from:a_to], b[b_from:b_to])]
            continue
        for i, j in [(a_from + i, b_from + j) for i, j in anchors]:
            found.append((i, j))
            regions.append((a_from, i, b_from, j))
            a_from, b_from = i + 1, j + 1
        regions.append((a_from, a_to, b_from, b_to))
    return sorted(found)


def _anchors(a: Sequence[str], b: Sequence[str]) -> list[Match]:
    """What is there once on either side, in the longest order that both agree on (as patience sorting finds it)."""
    in_a, in_b = Counter(a), Counter(b)
    where = {text: j for j, text in enumerate(b) if in_b[text] == 1}
    return _increasing([(i, where[text]) for i, text in enumerate(a) if in_a[text] == 1 and text in where])


def _increasing(pairs: Sequence[Match]) -> list[Match]:
    """The longest choice of pairs, given in the order of their first places, whose second places rise, too."""
    tops: list[int] = []
    top_pairs: list[int] = []
    before: list[int] = []
    for number, (_, j) in enumerate(pairs):
        pile = bisect_left(tops, j)
        before.append(top_pairs[pile - 1] if pile else -1)
        tops[pile : pile + 1] = [j]
        top_pairs[pile : pile + 1] = [number]
    chosen: list[Match] = []
    at = top_pairs[-1] if top_pairs else -1
    while at >= 0:
        chosen.append(pairs[at])
        at = before[at]
    return chosen[::-1]


def _snakes(a: Sequence[str], b: Sequence[str]) -> list[Match]:
    """Myers' greedy walk. After too many edits it keeps the furthest that it came, and starts anew from there."""
    found: list[Match] = []
    in_a, in_b = set(a), set(b)
    # What the other side has not at all is no step of the walk: it would only make it longer.
    places_a = [place for place, text in enumerate(a) if text in in_b]
    places_b = [place for place, text in enumerate(b) if text in in_a]
    i = j = 0
    while i < len(places_a) and j < len(places_b):
        (next_i, next_j), more = _walk([a[place] for place in places_a[i:]], [b[place] for place in places_b[j:]])
        found += [(places_a[i + more_i], places_b[j + more_j]) for more_i, more_j in more]
        i, j = i + next_i, j + next_j
    return found


# What lies before any place.
_NOWHERE = -1


def _walk(a: Sequence[str], b: Sequence[str]) -> tuple[Match, list[Match]]:
    """How far it came, and the matches on the way there."""
    trace: list[dict[int, int]] = []
    best = (0, 0)
    for edits in range(min(_MOST_EDITS, len(a) + len(b)) + 1):
        furthest = trace[-1] if trace else {}
        reached: dict[int, int] = {}
        best_sum = -1
        for diagonal in range(-edits, edits + 1, 2):
            start = _start(furthest, diagonal) if edits else 0
            if start is None:
                continue
            i, j = start, start - diagonal
            if i > len(a) or j > len(b):
                continue
            while i < len(a) and j < len(b) and a[i] == b[j]:
                i, j = i + 1, j + 1
            reached[diagonal] = i
            if i + j > best_sum:
                best, best_sum = (i, j), i + j
        trace.append(reached)
        if best == (len(a), len(b)):
            break
    return best, _back(trace, best[0] - best[1])


def _start(furthest: dict[int, int], diagonal: int) -> int | None:
    """Where a diagonal is entered, from the better of its neighbours."""
    down, right = furthest.get(diagonal + 1, _NOWHERE), furthest.get(diagonal - 1, _NOWHERE)
    if down == right == _NOWHERE:
        return None
    return down if right < down else right + 1


def _back(trace: list[dict[int, int]], diagonal: int) -> list[Match]:
    """The matches on the way to where the last of the trace ended on this diagonal."""
    found: list[Match] = []
    for edits in range(len(trace) - 1, -1, -1):
        i = trace[edits][diagonal]
        furthest = trace[edits - 1] if edits else {}
        start = (_start(furthest, diagonal) or 0) if edits else 0
        while i > start:
            i -= 1
            found.append((i, i - diagonal))
        if edits:
            diagonal += 1 if start == furthest.get(diagonal + 1, _NOWHERE) else -1
    return found[::-1]
