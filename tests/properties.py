"""How property tests look for counterexamples: the same few in every run of the suite, many new ones on demand.

Neither depends on the machine: an example may take its time, and a suite that passed passes again.

    make proof-properties     each with its many, other ones every time
"""

from __future__ import annotations

import os

from hypothesis import HealthCheck, Phase, settings

SEARCHING = os.environ.get("PLAYHEAD_SEARCH") == "1"
_FEW, _MANY = 40, 1000
# They look at the clock, or at how examples are made, which is no matter of what is tested.
_SUPPRESSED = (HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.large_base_example)


def load() -> None:
    """For all that say nothing of their own."""
    settings.register_profile("playhead", examples(_FEW, _MANY))
    settings.load_profile("playhead")


def examples(few: int, many: int, *more: HealthCheck, shrink: bool = True) -> settings:
    """How many in the suite, and how many where they are looked for."""
    without = () if shrink else (Phase.shrink, Phase.reuse, Phase.explain, Phase.target)
    return settings(
        max_examples=many if SEARCHING else few,
        derandomize=not SEARCHING,
        database=None,
        deadline=None,
        suppress_health_check=[*_SUPPRESSED, *more],
        phases=[phase for phase in Phase if phase not in without],
    )
