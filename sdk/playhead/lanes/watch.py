"""The watch: a thread of ours beside a recording, which sees to it that the discipline never costs an agent its life.

It takes the token from a holder that is stuck, and where the token comes to nobody although somebody could run, it
gives the discipline up: that would be a defect of ours, or of a library that turns the interpreter in its own way.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from time import sleep

from playhead.lanes.discipline import Discipline
from playhead.lanes.stuck import LONGEST_NS, STUCK_NS, Looks

# In ticks, and not by a clock: a process that was stopped for an hour has not stood still of itself.
STALLED_TICKS = 250
_ALONE_S = 0.25

Give = Callable[[str], None]


def start(discipline: Discipline, give_up: Give) -> None:
    threading.Thread(target=_watch, args=(discipline, give_up), name="playhead-watch", daemon=True).start()


def _watch(discipline: Discipline, give_up: Give) -> None:
    moves, still, looks = -1, 0, Looks()
    while not discipline.dissolved and discipline.failure is None:
        # One actor has nobody to take the token from: its process is left to sleep.
        alone = len(discipline.actors) < 2
        sleep(_ALONE_S if alone else STUCK_NS / 1e9)
        grant = discipline.moves
        if (holder := discipline.holder) is not None:
            discipline.preempt(grant, looks.patience_ns(holder, grant), LONGEST_NS)
        if discipline.moves != moves or not discipline.somebody_could_run():
            moves, still = discipline.moves, 0
            continue
        still += 12 if alone else 1
        if still > STALLED_TICKS:
            give_up("nobody ran for five seconds although somebody could")
            return
