"""What began to wait while the recording was served, and waits on when a fork goes on: its time is real from there.

One raw thread, since the moments are all known when it starts; nothing here is the agent's.
"""

from __future__ import annotations

import _thread
from collections.abc import Iterable
from time import monotonic, sleep

from playhead.lanes.discipline import Discipline
from playhead.lanes.pending import Pending


def set_alarms(discipline: Discipline, due: Iterable[tuple[float, Pending]]) -> None:
    """`due`: in how many seconds each arrives by itself."""
    began = monotonic()
    at = sorted(((began + max(0.0, seconds), pending) for seconds, pending in due), key=lambda one: one[0])
    if at:
        _thread.start_new_thread(_ring, (discipline, at))


def _ring(discipline: Discipline, at: list[tuple[float, Pending]]) -> None:
    for moment, pending in at:
        sleep(max(0.0, moment - monotonic()))
        if not pending.withdrawn:
            discipline.arrive(pending)
