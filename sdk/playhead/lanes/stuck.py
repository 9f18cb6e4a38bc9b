"""How long who has the token may keep it from the others: not long where it is stuck, longer where it waits to compute.

To take the token from who waits for a processor, or for the interpreter's lock, helps nobody: the next would wait for
the same. And it costs order, since two threads then run side by side wherever the one happened to be: between a look
at a counter and its change. With a load of 18 on two processors most preemptions of a server were of this kind.

Stuck is who has computed for long since it got the token; and who does nothing at all, since it waits in C code or for
a lock of somebody else. Who waits for a processor is runnable, as the operating system says. Who waits for the
interpreter's lock asks for it every 5 ms, and its clock shows that; but so does one that polls something in C, so it
gets less time. Where none of this is to be had (macOS, Windows), whoever has had the token for long is stuck.
"""

from __future__ import annotations

import time
from pathlib import Path

from playhead.lanes.actor import Actor

STUCK_NS = 20_000_000
ASKS_NS = 100_000_000
# Not even one that waits for a processor, or is in the middle of a step of ours, may keep it for this long: a signal's
# handler may wait in there.
LONGEST_NS = 1_000_000_000
# Of its own time, between looks that are STUCK_NS apart.
COMPUTED_NS = 15_000_000
_clock = getattr(time, "clock_gettime_ns", None)


class Looks:
    """What the watch saw of who had the token, each time that it looked."""

    def __init__(self) -> None:
        self._grant = -1
        self._at_first = 0
        self._at_last = 0

    def patience_ns(self, holder: Actor, grant: int) -> int:
        if holder.clock is None or _clock is None:
            return LONGEST_NS if holder.ident == 0 else STUCK_NS  # one that has not begun yet is on its way
        try:
            spent = int(_clock(holder.clock))
        except OSError:
            return LONGEST_NS  # it has just ended
        if grant != self._grant:
            self._grant, self._at_first, self._at_last = grant, spent, spent
            return LONGEST_NS
        rests, self._at_last = spent == self._at_last, spent
        if spent - self._at_first >= COMPUTED_NS:
            return STUCK_NS
        if _is_runnable(holder.native_id):
            return LONGEST_NS
        return STUCK_NS if rests else ASKS_NS


def _is_runnable(native_id: int) -> bool:
    try:
        told = Path(f"/proc/self/task/{native_id}/stat").read_bytes()
    except OSError:
        return False
    return told.rpartition(b")")[2].split()[:1] == [b"R"]
