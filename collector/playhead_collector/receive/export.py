"""The one way from a received message to its acknowledgement, behind both protocols.

Nothing is acknowledged before the spool says that it is durable; a spool without room, or a collector that
holds too much already, is TryLater, never a loss. What this needs from others is declared here: the `Spool`
that keeps, the `Gate` that says whose data it is.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, ParamSpec, Protocol, TypeVar

from playhead_collector.receive.check import Redacting, check
from playhead_collector.receive.limits import Limits, Room
from playhead_collector.receive.observer import Observer, Unobserved
from playhead_collector.receive.signal import Signal
from playhead_collector.receive.split import LARGEST_PART, split

P = ParamSpec("P")
T = TypeVar("T")


class Spool(Protocol):
    async def append(self, project: str, signal: Signal, body: bytes, runs: frozenset[bytes]) -> None:
        """Return only when the body is durable; raise TryLater when there is no room for it."""


class Gate(Protocol):
    def project_for(self, token: str | None) -> str:
        """The project that a token sends to; raises Unauthenticated or Forbidden."""
        ...


@dataclass(frozen=True, slots=True)
class Outcome:
    accepted: int
    rejected: int
    reason: str
    """Names what was rejected; empty when nothing was."""


class Exporter:
    def __init__(
        self,
        spool: Spool,
        limits: Limits | None = None,
        observer: Observer | None = None,
        redacting: Callable[[str], Redacting | None] = lambda project: None,
    ) -> None:
        self.limits = limits or Limits()
        self.observer: Observer = observer or Unobserved()
        self.room = Room(self.limits.in_flight)
        self._spool = spool
        self._redacting = redacting
        self._inflating = _Threads(self.limits.inflating)
        # Parsing holds the interpreter, so two at once would take as long, and twice the memory.
        self._parsing = _Threads(1)

    async def export(self, signal: Signal, message_bytes: bytes, project: str) -> Outcome:
        """Check a protobuf request and keep what is right of it. The caller holds a lease for its bytes."""
        # Before anything is kept: what is hidden was on no disk.
        redacting = self._redacting(project)
        checked = await self.parse(len(message_bytes), check, signal, message_bytes, self.limits.unfolded, redacting)
        del message_bytes  # what was made of it is as large, and the spool may take its time
        outcome, runs, parts = Outcome(checked.accepted, checked.rejected, checked.reason), checked.runs, [checked.body]
        del checked
        if outcome.accepted and signal is not Signal.METRICS:
            if len(parts[0]) > LARGEST_PART:
                parts = await self.parse(len(parts[0]), split, signal, parts.pop())
            while parts:
                await self._spool.append(project, signal, parts.pop(0), runs)
        return outcome

    async def parse(self, size: int, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run what unfolds a message of `size` bytes: at once when small, else in the one thread for that."""
        return await self._run(self._parsing, size, function, *args, **kwargs)

    async def inflate(self, size: int, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        return await self._run(self._inflating, size, function, *args, **kwargs)

    async def _run(
        self, threads: _Threads, size: int, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        if size <= self.limits.thread_above:
            return function(*args, **kwargs)
        return await threads.run(lambda: function(*args, **kwargs))

    def close(self) -> None:
        """Let the threads go; to be called when no request is left. Twice is once."""
        self._inflating.close()
        self._parsing.close()


class _Threads:
    def __init__(self, count: int) -> None:
        self._pool = ThreadPoolExecutor(count, thread_name_prefix="playhead-receive")
        # Waiting here, not in the pool's queue, lets a request that its client gave up go with its body.
        self._free = asyncio.Semaphore(count)

    async def run(self, function: Callable[[], T]) -> T:
        await self._free.acquire()
        running = asyncio.get_running_loop().run_in_executor(self._pool, function)
        running.add_done_callback(self._is_free)
        # Shielded: a thread cannot be stopped, and counts as busy until it has ended, even when nobody
        # waits for it.
        return await asyncio.shield(running)

    def close(self) -> None:
        self._pool.shutdown(wait=False)

    def _is_free(self, done: asyncio.Future[Any]) -> None:
        self._free.release()
        if not done.cancelled():
            done.exception()  # seen, also when nobody waits for it


def bearer(authorization: str | None, playhead_token: str | None) -> str | None:
    """The token of a request: `Authorization: Bearer X`, or else `x-playhead-token: X`."""
    if authorization:
        scheme, _, token = authorization.partition(" ")
        if scheme.lower() == "bearer" and token.strip():
            return token.strip()
    return playhead_token or None
