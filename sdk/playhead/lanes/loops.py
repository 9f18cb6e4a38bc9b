"""Event loops: the agent's handles run with the token, real I/O runs beside them, timers are completions.

A loop is idle when none of its ready handles is the agent's; it then parks, and is woken with exactly one completion.
The handles of real I/O carry `OUTSIDE` in their context and run whenever they are ready, without counting as a turn.
Written for `BaseEventLoop` of CPython 3.11 to 3.14; uvloop has no such seam, and is noticed.
"""

from __future__ import annotations

import asyncio
import heapq
from asyncio import base_events
from collections import deque
from collections.abc import Callable
from concurrent.futures import Executor, ThreadPoolExecutor
from time import monotonic
from typing import Any

from playhead.lanes.actor import OUTSIDE, Actor, actor_of, current_actor, thread_actor
from playhead.lanes.discipline import Discipline
from playhead.lanes.engine import Engine
from playhead.lanes.pending import Pending

LONGEST_SELECT = 3600.0
# Since this version of the recording a loop that was preempted comes back in line at one place of its turn only: which
# of two it came to was a matter of the moment.
ONE_WAY_BACK = 3
ThreadSafeHandle = getattr(asyncio.events, "_ThreadSafeHandle", asyncio.Handle)  # of CPython 3.14


class LaneTimer(asyncio.TimerHandle):
    """A timer of the agent's: fires when it is delivered, not when it is due."""

    __slots__ = ("ahead_s", "pending")
    pending: Pending
    ahead_s: float

    def when(self) -> float:
        """By the agent's clock; the loop goes by the real one."""
        return super().when() + self.ahead_s

    def cancel(self) -> None:
        self.pending.withdrawn = True
        super().cancel()


def install(engine: Engine) -> None:
    Loop = base_events.BaseEventLoop
    real_call_at, real_time, real_run_once = Loop.call_at, Loop.time, Loop._run_once  # type: ignore[attr-defined]
    real_threadsafe, real_in_executor = Loop.call_soon_threadsafe, Loop.run_in_executor
    discipline = engine.discipline
    outside_pool: list[ThreadPoolExecutor] = []

    def call_at(loop: Any, when: float, callback: Callable[..., Any], *args: Any, context: Any = None) -> Any:
        actor = current_actor()
        if actor is None:
            return real_call_at(loop, when, callback, *args, context=context)
        loop._check_closed()
        timer = LaneTimer(when - engine.ahead_s, callback, args, loop, context)
        timer.ahead_s = engine.ahead_s
        lane = engine.lane(actor)
        timer.pending = Pending(actor, lane.id, "timer", lane.occurrence("timer"), lambda: loop._ready.append(timer))
        timer.pending.due_ns = int(when * 1e9)
        timer.pending.loop = loop
        if engine.serving:
            discipline.expect(timer.pending)
        else:
            heapq.heappush(loop._scheduled, timer)
            timer._scheduled = True  # type: ignore[attr-defined]
        return timer

    def time(loop: Any) -> float:
        actor = current_actor()
        if actor is None:
            return real_time(loop)
        return float(engine.value(actor, "loop.time", "", lambda: real_time(loop)))

    def call_soon_threadsafe(loop: Any, callback: Callable[..., Any], *args: Any, context: Any = None) -> Any:
        actor = current_actor()
        if actor is None or discipline.dissolved:
            return real_threadsafe(loop, callback, *args, context=context)
        loop._check_closed()
        if loop._debug:
            loop._check_callback(callback, "call_soon_threadsafe")
        # A thread that has lost the token must not give a loop work before it is back in line.
        discipline.enter(actor)
        handle = ThreadSafeHandle(callback, args, loop, context)
        _give(loop, handle, engine)
        loop._write_to_self()
        _rouse(loop, discipline)
        discipline.settle(actor)
        return handle

    def run_in_executor(loop: Any, executor: Executor | None, function: Callable[..., Any], *args: Any) -> Any:
        if executor is None and OUTSIDE.get():
            # Real I/O (name look-ups) must not share the workers, whose order is the agent's.
            if not outside_pool:
                outside_pool.append(ThreadPoolExecutor(thread_name_prefix="playhead-io"))
            executor = outside_pool[0]
        return real_in_executor(loop, executor, function, *args)

    def run_once(loop: Any) -> None:
        actor = thread_actor()
        if actor is None or discipline.dissolved:
            real_run_once(loop)
        else:
            _run_once(loop, actor, engine)

    engine.run_once = run_once
    engine.patches.set(Loop, "run_in_executor", run_in_executor)
    if not engine.exact:
        return
    for name, ours in (
        ("call_at", call_at),
        ("time", time),
        ("call_soon_threadsafe", call_soon_threadsafe),
        ("_run_once", run_once),
    ):
        engine.patches.set(Loop, name, ours)


def _give(loop: Any, handle: asyncio.Handle, engine: Engine) -> None:
    """To run in its next turn. Where the loop runs beside the others, behind what it has put in line itself by then."""
    discipline = engine.discipline
    turns_it = actor_of(loop._thread_id) if engine.orders(loop) else None
    with discipline.mutex:
        if turns_it is not None and turns_it.detached and not discipline.dissolved:
            turns_it.given.append(handle)
        else:
            loop._ready.append(handle)


def _rouse(loop: Any, discipline: Discipline) -> None:
    """The agent's code in another thread gave this loop something to run: it queues now, not when it notices."""
    for actor in tuple(discipline.actors):
        if actor.loop is loop:
            discipline.unpark(actor)


def _run_once(loop: Any, actor: Actor, engine: Engine) -> None:  # noqa: PLR0912 - one turn, in one sitting
    discipline = engine.discipline
    if actor.detached and engine.direction.version < ONE_WAY_BACK:
        discipline.enter(actor)
        discipline.settle(actor)
    ready = loop._ready
    outside = _take_outside(ready, discipline)
    actor.loop = loop
    if _any_agents(ready) or loop._stopping:
        discipline.unpark(actor)
    else:
        discipline.park(actor)
    at_once = outside or discipline.holds(actor) or actor.detached or discipline.failure is not None
    if _poll(loop, 0 if at_once else _until_due(loop), discipline):
        outside += _take_outside(ready, discipline)
    for handle in outside:
        if not handle._cancelled:  # by one before it
            handle._run()
    discipline.stop(actor)
    if not discipline.holds(actor) and not actor.detached:
        return
    actor.loop = None
    pending = discipline.take(actor)
    # Once a turn, and only with the token: what the loop had done by when that came is a matter of the threads' speed.
    discipline.enter(actor)
    if pending is not None and pending.deliver is not None:
        pending.deliver()
    discipline.settle(actor)
    turned = False
    for _ in range(len(ready)):
        handle = ready.popleft()
        # Real I/O may have left more to do just now; a replay has none of it, and must take the same turns.
        turned = turned or _is_agents(handle)
        if not handle._cancelled:
            handle._run()
    if turned and not loop._stopping and discipline.holds(actor):
        actor.loop = loop
        pending = discipline.turn(actor)
        if discipline.holds(actor):
            actor.loop = None
        if pending is not None and pending.deliver is not None:
            pending.deliver()


def _take_outside(ready: deque[Any], discipline: Discipline) -> list[Any]:
    """Takes the handles of real I/O out of what is ready; the agent's stay, in their order.

    Once around, and never by a copy: threads outside append meanwhile, and a handle that is lost is a loop that hangs.
    With the mutex, since the agent's threads append, too: what came in the middle of this would come before the rest.
    """
    outside: list[Any] = []
    if all(map(_is_agents, tuple(ready))):
        return outside
    with discipline.mutex:
        for _ in range(len(ready)):
            handle = ready.popleft()
            if _is_agents(handle):
                ready.append(handle)
            else:
                outside.append(handle)
    return outside


def _any_agents(ready: deque[Any]) -> bool:
    # A copy in one step of the interpreter's: other threads append.
    return any(map(_is_agents, tuple(ready)))


def _is_agents(handle: Any) -> bool:
    return not handle._cancelled and not handle._context.get(OUTSIDE)


def _until_due(loop: Any) -> float | None:
    scheduled = loop._scheduled
    while scheduled and scheduled[0]._cancelled:
        heapq.heappop(scheduled)._scheduled = False
        loop._timer_cancelled_count = max(0, loop._timer_cancelled_count - 1)
    if not scheduled:
        return None
    return min(max(0.0, float(scheduled[0]._when) - monotonic()), LONGEST_SELECT)


def _poll(loop: Any, timeout: float | None, discipline: Discipline) -> bool:
    """Waits for the world: sockets, wake-ups from other threads, and timers that are due. Whether something is new."""
    events = loop._selector.select(timeout)
    woken = loop._ssock.fileno()
    if any(key.fd == woken for key, _ in events):
        # What only wakes the loop is read at once. As a handle it would be the agent's, in whose course the loop was
        # made, and a turn for itself: how often it comes is a matter of the threads' speed.
        events = [event for event in events if event[0].fd != woken]
        loop._read_from_self()
    if events:
        loop._process_events(events)
    scheduled = loop._scheduled
    if not scheduled:
        return bool(events) or timeout != 0
    end = monotonic() + loop._clock_resolution
    while scheduled and (scheduled[0]._when < end or scheduled[0]._cancelled):
        handle = heapq.heappop(scheduled)
        handle._scheduled = False
        if handle._cancelled:
            continue
        if isinstance(handle, LaneTimer):
            discipline.arrive(handle.pending)
        else:
            loop._ready.append(handle)
    return True
