"""The readers' seats: how many statements run at once, each on a thread of its own.

A seat is a thread because the engine blocks while it works (without Python's lock), and a daemon one
because a statement that the engine cannot interrupt must not keep the collector from stopping. A seat
whose client has gone is given back only when the engine has really let go of it: a stuck statement costs
its seat, never a neighbour's.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Callable
from concurrent.futures import Future
from queue import SimpleQueue
from typing import TypeVar

from playhead_collector.errors import TryLater
from playhead_collector.facade.limits import Limits

T = TypeVar("T")


class Seat:
    def __init__(self, number: int, begin: Callable[[], None]) -> None:
        self._work: SimpleQueue[Callable[[], None] | None] = SimpleQueue()
        self._work.put(begin)
        threading.Thread(target=self._serve, name=f"playhead-read-{number}", daemon=True).start()

    def run(self, task: Callable[[], T]) -> Future[T]:
        """Run `task` after everything that was given to this seat before."""
        future: Future[T] = Future()

        def step() -> None:
            try:
                future.set_result(task())
            except BaseException as error:  # noqa: BLE001 - whoever waits for the future gets it
                future.set_exception(error)

        self._work.put(step)
        return future

    def close(self) -> None:
        self._work.put(None)

    def _serve(self) -> None:
        while (step := self._work.get()) is not None:
            step()


class Seats:
    def __init__(self, limits: Limits, begin: Callable[[], None] = lambda: None) -> None:
        """`begin` is called in each seat's thread, before anything is done on it."""
        self._limits = limits
        self._begin = begin
        self._free: asyncio.LifoQueue[Seat] = asyncio.LifoQueue()
        self._all: list[Seat] = []
        self._waiting = 0

    @property
    def wanted(self) -> bool:
        """Whether somebody waits for a seat."""
        return self._waiting > 0 and self._free.empty()

    async def take(self) -> Seat:
        if self._free.empty() and len(self._all) < self._limits.concurrent:
            self._all.append(Seat(len(self._all), self._begin))
            return self._all[-1]
        if self._free.empty() and self._waiting >= self._limits.waiting:
            raise self._busy()
        self._waiting += 1
        try:
            async with asyncio.timeout(self._limits.waiting_seconds):
                return await self._free.get()
        except TimeoutError:
            raise self._busy() from None
        finally:
            self._waiting -= 1

    def give_back(self, seat: Seat, last: Callable[[], None]) -> None:
        """Hand the seat to whoever waits, once its thread has done `last`."""
        loop = asyncio.get_running_loop()

        def freed(_: Future[None]) -> None:
            # A statement may end after the collector has.
            with contextlib.suppress(RuntimeError):
                loop.call_soon_threadsafe(self._free.put_nowait, seat)

        seat.run(last).add_done_callback(freed)

    def close(self) -> None:
        for seat in self._all:
            seat.close()

    def _busy(self) -> TryLater:
        return TryLater(f"all {self._limits.concurrent} readers are busy with other statements; try again in a moment")
