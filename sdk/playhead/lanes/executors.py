"""Executors: a lane for each job at `submit`, and futures whose sets are iterated in the order they were made.

The worker threads are ordinary threads of the agent; their queue must be one that gives up the token. Those of anyio,
in which web frameworks run what is not asynchronous, serve one request after the other, so each job has its lane, too.
"""

from __future__ import annotations

import concurrent.futures
import concurrent.futures.thread
import queue
import sys
from collections.abc import Callable
from types import ModuleType
from typing import Any

from playhead.lanes.actor import current_actor, thread_actor
from playhead.lanes.engine import Engine
from playhead.lanes.lane import Lane
from playhead.lanes.locks import Lock

# Since this version of the recording Python's one lock for all submits gives up the token, too. It is made before any
# patch, and held while a worker is started, which waits: whoever submitted meanwhile was stuck, and lost the token.
IN_ORDER_AT_SUBMIT = 3
_OF_ANYIOS_POOL = frozenset({"run_sync_in_worker_thread", "_report_result", "__init__"})


def install(engine: Engine) -> None:
    from concurrent.futures import Future, ThreadPoolExecutor, _base

    real_submit = ThreadPoolExecutor.submit

    class SerialFuture(Future[Any]):
        """Hashes by its serial: `wait` and `as_completed` iterate sets of these."""

        def __init__(self) -> None:
            super().__init__()
            actor = current_actor()
            self._playhead_serial = id(self) if actor is None else engine.serials.of(actor)

        def __hash__(self) -> int:
            return self._playhead_serial

    class Job:
        """A submitted function with its lane."""

        def __init__(self, lane: Lane, function: Callable[..., Any]) -> None:
            self.lane = lane
            self.function = function
            self.carried = engine.carry()
            self.__name__ = getattr(function, "__name__", "job")

        def __call__(self, *args: Any, **kwargs: Any) -> Any:
            actor = thread_actor()
            if actor is None:
                with self.carried():
                    return self.function(*args, **kwargs)
            before, actor.lane = actor.lane, self.lane
            try:
                with self.carried():
                    return self.function(*args, **kwargs)
            finally:
                actor.lane = before

    def submit(self: ThreadPoolExecutor, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        actor = current_actor()
        if actor is not None:
            if engine.exact:
                engine.discipline.enter(actor)
                engine.discipline.settle(actor)
            fn = Job(engine.new_lane(engine.lane(actor), "job", getattr(fn, "__name__", "job")), fn)
        return real_submit(self, fn, *args, **kwargs)

    def anyio_backend(module: ModuleType) -> None:
        backend: Any = module.AsyncIOBackend
        real_run = vars(backend)["run_sync_in_worker_thread"].__func__

        async def run_sync(cls: Any, func: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
            actor = current_actor()
            if actor is not None:
                func = Job(engine.new_lane(engine.lane(actor), "job", getattr(func, "__name__", "job")), func)
            return await real_run(cls, func, *args, **kwargs)

        def current_time(_: Any) -> float:
            # It ends workers that nobody needed for ten seconds: who is there would depend on time, and on strangers.
            return 0.0 if sys._getframe(1).f_code.co_name in _OF_ANYIOS_POOL else float(real_time())

        real_time = backend.current_time
        patches.set(backend, "run_sync_in_worker_thread", classmethod(run_sync))
        if engine.exact:
            patches.set(backend, "current_time", classmethod(current_time))

    patches = engine.patches
    patches.when_imported("anyio._backends._asyncio", anyio_backend)
    patches.set(ThreadPoolExecutor, "submit", submit)
    patches.set(_base, "Future", SerialFuture)
    patches.set(concurrent.futures, "Future", SerialFuture)
    if engine.exact and engine.direction.version >= IN_ORDER_AT_SUBMIT:
        patches.set(concurrent.futures.thread, "_global_shutdown_lock", Lock())
    if engine.exact:
        patches.set(queue, "SimpleQueue", queue._PySimpleQueue)  # type: ignore[attr-defined]
