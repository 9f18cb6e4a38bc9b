"""Executors: a lane for each job at `submit`, and futures whose sets are iterated in the order they were made.

The worker threads are ordinary threads of the agent; their queue must be one that gives up the token.
"""

from __future__ import annotations

import concurrent.futures
import concurrent.futures.thread
import queue
from collections.abc import Callable
from typing import Any

from playhead.lanes.actor import current_actor, thread_actor
from playhead.lanes.engine import Engine
from playhead.lanes.lane import Lane


def install(engine: Engine) -> None:
    from concurrent.futures import Future, ThreadPoolExecutor, _base

    real_submit = ThreadPoolExecutor.submit

    class SerialFuture(Future[Any]):
        """Hashes by its serial: `wait` and `as_completed` iterate sets of these."""

        def __init__(self) -> None:
            super().__init__()
            self._playhead_serial = next(engine.serials) if current_actor() is not None else id(self)

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

    patches = engine.patches
    patches.set(ThreadPoolExecutor, "submit", submit)
    patches.set(_base, "Future", SerialFuture)
    patches.set(concurrent.futures, "Future", SerialFuture)
    if engine.exact:
        patches.set(queue, "SimpleQueue", queue._PySimpleQueue)  # type: ignore[attr-defined]
