"""For each shipped rule two small agents under the SDK: one that it is for, and one that only nearly has its failure.

`python -m tests.collector.alerts.pairs ENDPOINT JOURNAL PHASE [RULE …]`: first the phase `past`, so that rules which
hold an agent against its past have one, then `now`. Agents and tools are named after their rule, and end in `-fires`
or `-misses`.
"""

from __future__ import annotations

import os
import sys
from datetime import timedelta

from tests.collector.alerts import pairs_of_rates, pairs_of_runs
from tests.collector.alerts.acting import by_the_clock

import playhead

PAIRS = (*pairs_of_runs.PAIRS, *pairs_of_rates.PAIRS)
"""`service_silent` is about a whole process, and is not among them."""
PAST = timedelta(hours=6)
"""How long ago the past was, by the clocks of its agents: beyond what any rule takes for now."""
_PAST = (*pairs_of_runs.PAST, *pairs_of_rates.PAST)


def main(endpoint: str, journal: str, phase: str, *rules: str) -> None:
    by_the_clock(PAST if phase == "past" else timedelta())
    playhead.init("pairs", endpoint=endpoint, journal=journal, record="steps")
    if phase == "past":
        for usual in _PAST:
            rule = usual.__name__.removeprefix("past_of_")
            if not rules or rule in rules:
                usual(f"{rule}-fires")
                usual(f"{rule}-misses")
    else:
        for fires, misses in PAIRS:
            if not rules or fires.__name__ in rules:
                fires(f"{fires.__name__}-fires")
                misses(f"{fires.__name__}-misses")
    playhead.flush()
    # As a kill would: what is open stays open.
    os._exit(0)


if __name__ == "__main__":
    main(*sys.argv[1:])
