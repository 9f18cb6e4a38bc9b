"""An actor: a thread that runs the agent's own code, and therefore needs the token to run.

Threads that the agent did not start (an exporter's, a debugger's, ours) are not actors and are left alone. A stretch of
code under `OUTSIDE` (real I/O, in whichever thread or task) is not the agent's either: every hook passes it through.
"""

from __future__ import annotations

import _thread
import time
from asyncio import AbstractEventLoop, Handle
from collections.abc import Callable
from contextvars import ContextVar
from itertools import count
from types import BuiltinFunctionType
from typing import Any, TypeVar
from zlib import crc32

from playhead.lanes.lane import Lane
from playhead.lanes.pending import Pending

# Set around real I/O. Tasks, callbacks and futures created there inherit it with their context.
OUTSIDE: ContextVar[bool] = ContextVar("playhead_outside", default=False)
# Set around finalisers, in the context of theirs (garbage.py).
FINALISES: ContextVar[bool] = ContextVar("playhead_finalises", default=False)

allocate_lock = _thread.allocate_lock  # the real one, whatever is patched later
get_ident = _thread.get_ident
clock_of: Callable[[int], int] | None = getattr(time, "pthread_getcpuclockid", None)

T = TypeVar("T")
_actors: dict[int, Actor] = {}


class Actor:
    """What the discipline knows of one thread. Its fields change under the discipline's mutex only."""

    __slots__ = (
        "clock",
        "detached",
        "engine",
        "finished",
        "fresh",
        "gate",
        "given",
        "granted_ns",
        "home",
        "ident",
        "inside",
        "joiners",
        "lane",
        "loop",
        "native_id",
        "parked",
        "queued",
        "serials",
        "stopped",
        "ticks",
        "waiting_for",
        "woken_by",
    )

    def __init__(self, engine: Any, lane: Lane) -> None:
        self.engine = engine
        self.home = lane  # of the thread
        self.lane = lane  # of the thread, or of the executor job it runs now
        self.ident = 0
        self.native_id = 0  # the operating system's
        self.clock: int | None = None  # of the processor's time that it has used
        self.gate = allocate_lock()  # acquired: opens when the token is granted
        self.gate.acquire()
        self.waiting_for: Pending | None = None  # the completion this thread is blocked for
        self.woken_by: Pending | None = None  # the completion that came with the token
        self.queued = False  # in line for the token, once
        self.parked = False  # idle in its event loop's select
        self.loop: AbstractEventLoop | None = None  # the loop it is parked in
        self.detached = False  # was preempted and runs without the token
        self.given: list[Handle] = []  # by others to its loop meanwhile
        self.finished = False
        self.fresh = False  # has the token, and has not done anything with it
        self.stopped = False  # the replay has ended, and this thread was told: it unwinds
        self.inside = False  # in a short step of the engine's, where it is not preempted
        self.joiners: list[Any] = []
        self.serials = count(crc32(lane.id.partition("/")[2].encode()))  # serials.py; the first's from 0
        self.ticks = 0  # how often it entered the engine or got the token: places a preemption in its course
        self.granted_ns = 0

    def bind(self) -> None:
        self.ident = get_ident()
        self.native_id = _thread.get_native_id()
        # gevent's numbers are those of greenlets: C would take them for addresses of threads.
        real = isinstance(get_ident, BuiltinFunctionType)
        self.clock = clock_of(self.ident) if clock_of is not None and real else None
        _actors[self.ident] = self

    def takes_given(self) -> None:
        """Behind what it has put in line itself, whoever of the two was faster. With the discipline's mutex held."""
        for handle in self.given:
            handle._loop._ready.append(handle)  # type: ignore[attr-defined]
        self.given.clear()

    def unbind(self) -> None:
        if _actors.get(self.ident) is self:
            del _actors[self.ident]


def thread_actor() -> Actor | None:
    """The actor of this thread, whatever it does at the moment."""
    return _actors.get(get_ident())


def actor_of(ident: int | None) -> Actor | None:
    """The actor of that thread."""
    return None if ident is None else _actors.get(ident)


def current_actor() -> Actor | None:
    """The actor of this thread while it runs the agent's own code; None for everyone and everything else."""
    actor = _actors.get(get_ident())
    if actor is None or OUTSIDE.get():
        return None
    return actor


def outside(call: Callable[[], T]) -> T:
    """Runs machinery that must not be taken for the agent's own code."""
    token = OUTSIDE.set(True)
    try:
        return call()
    finally:
        OUTSIDE.reset(token)


def forget_all_actors() -> None:
    _actors.clear()
