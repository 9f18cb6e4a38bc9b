"""Who goes first where there is more to do than cores: readers, and agents that send; then storing; then merging.

A thread that steps back has a higher nice value: it takes what the others leave, and all there is where nobody reads.
Anybody may raise a nice value, and only an administrator lower it again. So this is for threads that do only that all
their life: the engine's own for merges, the one that inserts, and those that it starts. Never for a thread of the
engine's pool, which serves a reader next (the engine's setting `os_thread_priority` would do that, and cannot take it
back without that right). A pool that grows during an insert grows by threads like the one that inserts, which is why
that one steps back less far than merges do: beside such a thread a reader is no worse off than without all this.

On Linux alone, where a thread has a nice value of its own; elsewhere nothing happens.
"""

from __future__ import annotations

import os
import sys
import threading
from contextlib import suppress
from pathlib import Path

STORING, MERGING = 5, 10
# As the engine calls its threads that merge, which are there as soon as it is.
_MERGES = "MergeMutate"


def step_back() -> None:
    """The calling thread stores from now on, and does nothing else."""
    if sys.platform == "linux":
        _set_back(threading.get_native_id(), STORING)


def merges_step_back() -> None:
    """Those of the engine that is embedded in this process."""
    if sys.platform == "linux":
        for thread in Path("/proc/self/task").iterdir():
            with suppress(OSError):
                if (thread / "comm").read_text().strip() == _MERGES:
                    _set_back(int(thread.name), MERGING)


def _set_back(thread: int, nice: int) -> None:
    # A process that was started with a higher one keeps it. What is not let is no reason not to store.
    with suppress(OSError):
        os.setpriority(os.PRIO_PROCESS, thread, max(nice, os.getpriority(os.PRIO_PROCESS, thread)))
