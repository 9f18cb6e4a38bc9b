"""Tasks and futures of asyncio: a lane at creation, and a serial for a hash.

`asyncio.wait`, `TaskGroup` and anyio iterate sets of tasks; by address, their order would be another one in every
process. Tasks of real I/O are left plain, and unknown to `all_tasks`: the agent must not see, await or cancel them.
"""

from __future__ import annotations

import asyncio
import contextvars
from asyncio import base_events
from collections.abc import Coroutine
from types import ModuleType
from typing import Any

from playhead.lanes.actor import OUTSIDE, current_actor, thread_actor
from playhead.lanes.engine import Engine
from playhead.lanes.lane import Lane

Context = contextvars.Context


class LaneTask(asyncio.Task[Any]):
    lane: Lane
    serial: int

    def __hash__(self) -> int:
        return self.serial


class SerialFuture(asyncio.Future[Any]):
    serial: int

    def __hash__(self) -> int:
        return self.serial


def task_in_lane(
    engine: Engine, loop: asyncio.AbstractEventLoop, coro: Coroutine[Any, Any, Any], lane: Lane, **more: Any
) -> LaneTask:
    task = LaneTask.__new__(LaneTask)
    task.lane = lane
    actor = thread_actor()
    task.serial = id(task) if actor is None else engine.serials.of(actor)
    task.__init__(coro, loop=loop, **more)  # type: ignore[misc]
    return task


def install(engine: Engine) -> None:
    Loop = base_events.BaseEventLoop
    real_create_task, real_create_future = Loop.create_task, Loop.create_future
    real_as_completed = asyncio.as_completed

    def create_task(
        loop: Any, coro: Coroutine[Any, Any, Any], *, name: Any = None, context: Context | None = None, **more: Any
    ) -> asyncio.Task[Any]:
        actor = current_actor()
        if actor is None:
            # Named, so that the counter behind default names moves for the agent's own tasks only.
            task = real_create_task(loop, coro, name=name or "outside", context=context, **more)
            if OUTSIDE.get() and engine.exact:
                asyncio.tasks._unregister_task(task)
                task._log_destroy_pending = False  # type: ignore[attr-defined]
            return task
        lane = engine.new_lane(engine.lane(actor), "task", name or getattr(coro, "__qualname__", ""))
        if loop.get_task_factory() is not None:
            task = real_create_task(loop, coro, name=name, context=context, **more)
            if isinstance(task, LaneTask):
                task.lane = lane
            return task
        loop._check_closed()
        return task_in_lane(engine, loop, coro, lane, name=name, context=context, **more)

    def create_future(loop: Any) -> asyncio.Future[Any]:
        actor = current_actor()
        if actor is None:
            return real_create_future(loop)
        future = SerialFuture.__new__(SerialFuture)
        future.serial = engine.serials.of(actor)
        future.__init__(loop=loop)  # type: ignore[misc]
        return future

    def as_completed(fs: Any, **how: Any) -> Any:
        # It makes a set of bare coroutines, and tasks in that set's order: by address, and with it the lanes.
        if current_actor() is not None and not asyncio.isfuture(fs) and not asyncio.iscoroutine(fs):
            fs = [asyncio.ensure_future(one) for one in dict.fromkeys(fs)]
        completed: Any = real_as_completed
        return completed(fs, **how)

    def anyio_backend(module: ModuleType) -> None:
        """Cancel scopes keep their children in a set, and cancel them in its order."""
        scope = module.CancelScope

        class SerialScope(scope):  # type: ignore[valid-type, misc]
            __slots__ = ("_playhead_serial",)

            def __new__(cls, *args: Any, **kwargs: Any) -> Any:
                made = super().__new__(cls, *args, **kwargs)
                actor = current_actor()
                made._playhead_serial = id(made) if actor is None else engine.serials.of(actor)
                return made

            def __hash__(self) -> int:
                return int(self._playhead_serial)

        SerialScope.__name__ = SerialScope.__qualname__ = "CancelScope"
        SerialScope.__module__ = module.__name__
        engine.patches.set(module, "CancelScope", SerialScope)

    engine.patches.set(Loop, "create_task", create_task)
    engine.patches.set(Loop, "create_future", create_future)
    for module in (asyncio, asyncio.tasks):
        engine.patches.function(module, "as_completed", as_completed)
    engine.patches.when_imported("anyio._backends._asyncio", anyio_backend)
