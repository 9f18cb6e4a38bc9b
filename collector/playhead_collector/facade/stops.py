"""Stopping statements that nobody waits for any more.

Asking once is not enough: a client can go before the engine has begun, and then there is nothing to stop
yet, and the statement would run to its end for nobody. So it is asked again until the work is over. Must
never be waited for by an answer: some statements cannot be interrupted.
"""

from __future__ import annotations

import asyncio
import logging
from typing import Any

from playhead.errors import PlayheadError
from playhead_collector.facade.engine import Engine

logger = logging.getLogger(__name__)
AGAIN_SECONDS = 0.25


class Stops:
    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._tasks: set[asyncio.Task[None]] = set()

    def until_done(self, query_id: str, work: asyncio.Future[Any]) -> None:
        task = asyncio.get_running_loop().create_task(self._stop(query_id, work))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def settle(self, seconds: float) -> None:
        """Give what is being stopped a last chance, and leave the rest to the end of the process."""
        if self._tasks:
            _, running = await asyncio.wait(self._tasks, timeout=seconds)
            for task in running:
                task.cancel()
            if running:
                logger.warning("%d statements cannot be interrupted and are left running", len(running))

    async def _stop(self, query_id: str, work: asyncio.Future[Any]) -> None:
        while not work.done():
            try:
                await asyncio.to_thread(self._engine.stop, query_id)
            except PlayheadError as error:
                logger.warning("query %s could not be stopped: %s", query_id, error)
            await asyncio.wait({work}, timeout=AGAIN_SECONDS)
        if not work.cancelled():
            # Nobody else looks at what came of it.
            work.exception()
