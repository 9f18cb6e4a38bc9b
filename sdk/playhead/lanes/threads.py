"""Threads: a lane at `start`, the token to run, and joins, sleeps and locks that give it up.

Only threads that the agent's own code starts become actors. One started by OpenTelemetry, by us, or within real I/O
stays outside.
"""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable
from contextlib import nullcontext, suppress
from typing import Any

from playhead.lanes.actor import OUTSIDE, Actor, current_actor, thread_actor
from playhead.lanes.engine import Engine
from playhead.lanes.locks import ON_THE_WAY_OUT_S, Lock, RLock
from playhead.lanes.pending import Pending
from playhead.lanes.who import is_machinery, is_ours

real_sleep = time.sleep


def install(engine: Engine) -> None:  # noqa: PLR0915 - the patches of one module, side by side
    Thread = threading.Thread
    real_start, real_bootstrap = Thread.start, Thread._bootstrap  # type: ignore[attr-defined]
    real_join, real_is_alive, real_shutdown = Thread.join, Thread.is_alive, threading._shutdown  # type: ignore[attr-defined]

    def start(thread: threading.Thread) -> None:
        parent = current_actor()
        if parent is None or is_ours(_what_it_runs(thread)):
            # What it gives to an event loop is not the agent's either.
            thread._playhead_outside = OUTSIDE.get() or parent is not None  # type: ignore[attr-defined]
            token = OUTSIDE.set(True)
            try:
                real_start(thread)
            finally:
                OUTSIDE.reset(token)
            return
        if engine.exact:
            engine.discipline.enter(parent)
        works = _what_it_runs(thread)
        is_worker = is_machinery(works) or works.startswith("anyio.")
        lane = engine.new_lane(engine.lane(parent), "worker" if is_worker else "thread", thread.name)
        child = Actor(engine, lane)
        thread._playhead_actor = child  # type: ignore[attr-defined]
        if engine.serving:
            thread._invoke_excepthook = _once(engine, thread._invoke_excepthook)  # type: ignore[attr-defined]
        # Not into a pool's workers: they outlive the run that happened to make them, and each job brings its own.
        if not is_worker:
            thread._playhead_carried = engine.carry()  # type: ignore[attr-defined]
        if engine.exact:
            engine.discipline.admit(child)
            engine.discipline.settle(parent)
        try:
            real_start(thread)
        except Exception:  # no more threads to be had
            engine.discipline.dismiss(child)
            raise

    def bootstrap(thread: Any) -> None:
        actor: Actor | None = getattr(thread, "_playhead_actor", None)
        if actor is None:
            OUTSIDE.set(getattr(thread, "_playhead_outside", False))
            real_bootstrap(thread)
            return
        actor.bind()
        try:
            if engine.exact:
                engine.discipline.await_turn(actor)
            with getattr(thread, "_playhead_carried", nullcontext)():
                real_bootstrap(thread)
        except BaseException:
            if engine.discipline.failure is None:
                raise
        finally:
            if engine.exact:
                with suppress(BaseException):  # the replay has ended; its first failure is reported
                    engine.discipline.finish(actor)
            actor.unbind()

    def join(thread: threading.Thread, timeout: float | None = None) -> None:
        actor, child = current_actor(), getattr(thread, "_playhead_actor", None)
        if actor is not None and actor.stopped:
            # The replay has ended for whoever joins, and as soon as it takes a step for whoever is joined.
            real_join(thread, ON_THE_WAY_OUT_S if timeout is None else min(timeout, ON_THE_WAY_OUT_S))
            return
        if actor is not None and child is not None and child is not actor and engine.exact:
            if wait_for(engine, actor, child, timeout):
                timeout = None
            elif engine.exact:
                return
        real_join(thread, timeout)

    def is_alive(thread: threading.Thread) -> bool:
        child = getattr(thread, "_playhead_actor", None)
        if child is not None and child.finished:
            # It has run its course; the moment its operating system thread goes away depends on nothing recorded.
            real_join(thread)
            return False
        return real_is_alive(thread)

    def shutdown() -> None:
        """Python's own end: joins the threads of the agent in the discipline, then lets the rest happen."""
        actor = thread_actor()
        if actor is not None and engine.exact and engine.discipline.failure is None:
            # What must run before threads are joined (executors put their workers to rest) runs with the token.
            exits = threading._threading_atexits  # type: ignore[attr-defined]
            while exits:
                exits.pop()()
            for thread in threading.enumerate():
                child = getattr(thread, "_playhead_actor", None)
                if child is not None and child is not actor and not thread.daemon:
                    wait_for(engine, actor, child, None)
            engine.discipline.main_finished = True
        real_shutdown()

    def sleep(*given: Any) -> None:
        actor = current_actor()
        if actor is None or len(given) != 1:  # gevent's takes none, too
            real_sleep(*given)
            return
        seconds = given[0]
        if seconds < 0:
            raise ValueError("sleep length must be non-negative")
        engine.perform("sleep", lambda: real_sleep(seconds), _nothing, _nothing_of, delay=seconds)

    patches = engine.patches
    patches.set(Thread, "start", start)
    patches.set(Thread, "_bootstrap", bootstrap)
    if not engine.exact:
        return
    patches.set(Thread, "join", join)
    patches.set(Thread, "is_alive", is_alive)
    patches.set(threading, "_shutdown", shutdown)
    patches.function(time, "sleep", sleep)
    patches.set(threading, "_allocate_lock", Lock)
    patches.set(threading, "Lock", _new(Lock, threading.Lock))
    patches.set(threading, "RLock", _new(RLock, threading.RLock))


def _once(engine: Engine, hook: Callable[[threading.Thread], None]) -> Callable[[threading.Thread], None]:
    """Why a replay ended is told where it ended, and not once more for each thread that it takes with it."""

    def tell(thread: threading.Thread) -> None:
        if sys.exc_info()[1] is not engine.discipline.failure:
            hook(thread)

    return tell


def _new(ours: Callable[[], Any], real: Callable[[], Any]) -> Callable[[], Any]:
    """Locks of OpenTelemetry and of Playhead stay real: no steps of the agent, and there is one in every span."""

    known: dict[str, Callable[[], Any]] = {}

    def allocate() -> Any:
        module = sys._getframe(1).f_globals.get("__name__", "")
        make = known.get(module)
        if make is None:
            make = known[module] = real if is_ours(module) else ours
        return make()

    return allocate


def wait_for(engine: Engine, actor: Actor, child: Actor, timeout: float | None) -> bool:
    """Waits in the discipline until `child` has finished; whether it has."""
    discipline = engine.discipline
    if timeout is not None and timeout > threading.TIMEOUT_MAX:
        raise OverflowError("timeout value is too large")
    discipline.enter(actor)
    if child.finished:
        discipline.settle(actor)
        return True
    pending = Pending(actor, actor.lane.id, "join", actor.lane.occurrence("join"))
    pending.delay = timeout
    pending.is_there = lambda: child.finished
    child.joiners.append(pending)
    try:
        discipline.leave(actor, pending)
        discipline.await_turn(actor, None if engine.serving else timeout, pending)
    finally:
        pending.withdrawn = True
        with suppress(ValueError):
            child.joiners.remove(pending)
    return child.finished


def _what_it_runs(thread: threading.Thread) -> str:
    target = getattr(thread, "_target", None)
    if target is not None:
        owner = getattr(target, "__self__", None)
        return str(getattr(owner if owner is not None else target, "__module__", "") or "")
    return type(thread).__module__


def _nothing(_: None) -> None:
    return None


def _nothing_of(_: Any, __: None) -> None:
    return None
