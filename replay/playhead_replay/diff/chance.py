"""How likely a difference between two groups is by chance alone: Fisher's exact test, right for few runs, too."""

from __future__ import annotations

from math import exp, lgamma


def by_chance(hits_a: int, of_a: int, hits_b: int, of_b: int) -> float:
    """The probability that shares at least as different come of groups that do not differ; 1 where one is empty."""
    hits, everything = hits_a + hits_b, of_a + of_b
    if not of_a or not of_b:
        return 1.0
    least, most = max(0, hits - of_b), min(hits, of_a)
    chances = [_chance(one, of_a, hits, everything) for one in range(least, most + 1)]
    seen = chances[hits_a - least]
    # Equally likely is as different; a rounding error must not decide it.
    return min(1.0, sum(chance for chance in chances if chance <= seen * (1 + 1e-7)))


def can_tell(hits: int, of_a: int, of_b: int, chance: float) -> bool:
    """Whether so many hits, all on one side as far as they can be, would be less likely than this: else why look."""
    in_a, in_b = min(hits, of_a), min(hits, of_b)
    return min(by_chance(in_a, of_a, hits - in_a, of_b), by_chance(hits - in_b, of_a, in_b, of_b)) < chance


def _chance(hits_a: int, of_a: int, hits: int, everything: int) -> float:
    return exp(_ways(of_a, hits_a) + _ways(everything - of_a, hits - hits_a) - _ways(everything, hits))


def _ways(of: int, chosen: int) -> float:
    """How many choices there are, as a logarithm."""
    return lgamma(of + 1) - lgamma(chosen + 1) - lgamma(of - chosen + 1)
