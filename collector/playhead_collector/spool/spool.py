"""Takes request bodies, makes them durable in groups, and hands out sealed segments to be stored.

A body is acknowledged when it and its index record are synced. Bodies that arrive while a sync is running share the
next one. At its limit, or on a disk that is full, the spool answers "retry later"; it never drops, and it never forgets
a segment before the store has it.
"""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import logging
import threading
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO

from playhead.errors import UsageError
from playhead_collector.errors import TryLater
from playhead_collector.receive.signal import Signal
from playhead_collector.spool.segment import (
    OpenSegment,
    Sealed,
    body_hash,
    new_name,
    read_index,
    recover,
    sequence_of,
    sync_folder,
)
from playhead_collector.spool.window import Window

log = logging.getLogger(__name__)

Key = tuple[str, Signal]

_IDLE_S = 5.0


@dataclass(frozen=True, slots=True)
class SpoolLimits:
    total_bytes: int = 8 * 1024**3
    segment_bytes: int = 40 * 1024**2
    linger_s: float = 0.3
    """How long a segment waits for company while the store is idle."""
    runs_held: int = 500_000
    """Of waiting segments, in memory, 80 bytes each; reading them from a segment again takes as long as the check."""
    repeats_s: float = 900.0
    """How long a stored body's hash is kept to answer repeats of it."""


@dataclass(slots=True)
class _Waiting:
    key: Key
    digest: bytes
    body: bytes
    runs: frozenset[bytes]
    done: asyncio.Future[None]
    error: TryLater | None = None
    """Why it was not written; set by the disk thread."""


class Spool:
    """One folder of segments, written by one process. Start it in the event loop that appends."""

    def __init__(
        self, folder: Path, limits: SpoolLimits | None = None, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.folder = folder
        self.limits = limits or SpoolLimits()
        self._clock = clock
        self._lock = threading.Lock()
        self._open: dict[Key, OpenSegment] = {}
        self._sealed: deque[Sealed] = deque()
        self._taken: set[str] = set()
        self._windows: dict[str, Window] = {}
        self._folder_lock = _lock_folder(folder)
        self._in_flight: dict[tuple[str, bytes], asyncio.Future[None]] = {}
        self._queue: list[_Waiting] = []
        self._queued_bytes = 0
        self._stored_bytes = 0
        self._sequence = 0
        self._wake = asyncio.Event()
        self._committer: asyncio.Task[None] | None = None
        self._disk = ThreadPoolExecutor(1, thread_name_prefix="spool")
        self._arrived = threading.Event()
        self._closed = False
        self._forget_next = 0.0
        self._recover()

    @property
    def size(self) -> int:
        """What lies in the spool, waiting for the store."""
        return self._stored_bytes + self._queued_bytes

    @property
    def segments(self) -> int:
        with self._lock:
            return len(self._sealed) + len(self._taken) + len(self._open)

    @property
    def sealed(self) -> frozenset[str]:
        """The segments that nobody took to store them yet, by name."""
        with self._lock:
            return frozenset(segment.name for segment in self._sealed)

    def oldest_age_s(self) -> float:
        """How long the oldest unstored body has been waiting: the lag of the store."""
        with self._lock:
            names = [segment.name for segment in self._sealed]
            names += [segment.path.stem for segment in self._open.values() if segment.size]
            names += list(self._taken)
        if not names:
            return 0.0
        return max(0.0, time.time() - min(int(name.split("-")[1]) for name in names) / 1e9)

    def start(self) -> None:
        self._committer = asyncio.get_running_loop().create_task(self._commit(), name="spool-committer")

    async def append(self, project: str, signal: Signal, body: bytes, runs: frozenset[bytes]) -> None:
        """Returns when the body is durable; a body that came before is answered from memory."""
        if not body:
            return
        digest = body_hash(body)
        if digest in self._window(project):
            return
        same = self._in_flight.get((project, digest))
        if same is not None:
            await asyncio.shield(same)
            return
        if self._closed:
            raise TryLater("the collector is shutting down; send this again to its successor")
        if self.size + len(body) > self.limits.total_bytes:
            raise TryLater(
                f"the spool is full ({self.size // 1024**2} MiB of {self.limits.total_bytes // 1024**2} MiB): "
                "the store is slower than what arrives, or away; nothing was dropped, send this again later",
                retry_after_s=5.0,
            )
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._in_flight[project, digest] = done
        self._queued_bytes += len(body)
        self._queue.append(_Waiting((project, signal), digest, body, runs, done))
        self._wake.set()
        await asyncio.shield(done)

    def take(self) -> Sealed | None:
        """The next segment to store, oldest first; None while there is nothing that has waited long enough."""
        with self._lock:
            if not self._sealed:
                self._seal_ripe()
            if not self._sealed:
                return None
            segment = self._sealed.popleft()
            self._taken.add(segment.name)
            return segment

    def wait(self) -> None:
        """Blocks a storing thread until a segment is ripe, something arrived, or a while has passed."""
        with self._lock:
            ripe = [segment.opened_at + self.limits.linger_s for segment in self._open.values() if segment.size]
        self._arrived.wait(max(0.0, min(ripe) - self._clock()) if ripe else _IDLE_S)
        self._arrived.clear()

    def done(self, segment: Sealed) -> None:
        """The store has it: the data goes, the index stays for repeats. Another call finishes what was cut short."""
        with contextlib.suppress(FileNotFoundError):
            segment.index_path.rename(segment.path.with_suffix(".done"))
        segment.path.unlink(missing_ok=True)
        sync_folder(segment.path.parent)
        with self._lock:
            self._taken.discard(segment.name)
            self._stored_bytes -= segment.size
        self._forget_old()

    def put_back(self, segment: Sealed) -> None:
        """The store could not take it now: it stays first in the line."""
        with self._lock:
            self._taken.discard(segment.name)
            self._sealed.appendleft(segment)

    def nudge(self) -> None:
        """Ends a wait early."""
        self._arrived.set()

    def flush(self) -> None:
        """Seals what is open, so that a drain takes it without waiting for company."""
        with self._lock:
            self._seal_ripe(everything=True)
        self._arrived.set()

    async def close(self) -> None:
        """Takes nothing new, finishes what is queued. Safe before start, and twice."""
        self._closed = True
        self._wake.set()
        if self._committer is not None:
            await self._committer
            self._committer = None
        with self._lock:
            self._seal_ripe(everything=True)
            for segment in self._open.values():
                segment.close()
            self._open.clear()
        self._disk.shutdown()
        self._folder_lock.close()
        self._arrived.set()

    def _window(self, project: str) -> Window:
        return self._windows.setdefault(project, Window())

    async def _commit(self) -> None:
        """One group after the other: whatever queued up during a sync is the next group."""
        loop = asyncio.get_running_loop()
        while True:
            await self._wake.wait()
            self._wake.clear()
            while self._queue:
                group, self._queue = self._queue, []
                await loop.run_in_executor(self._disk, self._write, group)
                for waiting in group:
                    self._queued_bytes -= len(waiting.body)
                    self._in_flight.pop((waiting.key[0], waiting.digest), None)
                    if waiting.error is None:
                        self._window(waiting.key[0]).add(waiting.digest)
                        waiting.done.set_result(None)
                    else:
                        waiting.done.set_exception(waiting.error)
                        # Whoever asked may have gone; an exception that nobody reads would be logged as lost.
                        waiting.done.exception()
                self._arrived.set()
            if self._closed:
                return

    def _write(self, group: list[_Waiting]) -> None:
        """Runs in the disk thread; says of each whether it failed."""
        by_key: dict[Key, list[_Waiting]] = {}
        for waiting in group:
            by_key.setdefault(waiting.key, []).append(waiting)
        for key, left in by_key.items():
            while left:
                with self._lock:
                    some = self._fitting(key, left)
                    try:
                        self._write_some(key, some)
                    except OSError as error:
                        log.error("spool: cannot write to %s: %s", self.folder, error)
                        _fail(some, error.strerror or repr(error))
                    except Exception as error:
                        # Whatever it is, those who wait must hear of it, and those who come next must be written.
                        log.exception("spool: cannot write to %s", self.folder)
                        _fail(some, repr(error))
                del left[: len(some)]

    def _fitting(self, key: Key, members: list[_Waiting]) -> list[_Waiting]:
        """The first of them that fit into the open segment; at least one, in a fresh segment if need be."""
        size = self._open[key].size if key in self._open else 0
        if size and size + len(members[0].body) > self.limits.segment_bytes:
            self._seal(key)
            size = 0
        count = 0
        for waiting in members:
            size += len(waiting.body)
            if count and size > self.limits.segment_bytes:
                break
            count += 1
        return members[:count]

    def _write_some(self, key: Key, members: list[_Waiting]) -> None:
        segment = self._segment_for(key)
        segment.write([(waiting.digest, waiting.body) for waiting in members])
        self._stored_bytes += sum(len(waiting.body) for waiting in members)
        for waiting in members:
            segment.runs.update(waiting.runs)
        if segment.size >= self.limits.segment_bytes:
            self._seal(key)

    def _segment_for(self, key: Key) -> OpenSegment:
        if key not in self._open:
            project, signal = key
            folder = self.folder / project
            if not folder.exists():
                folder.mkdir(parents=True, mode=0o700)
                sync_folder(self.folder)
            self._sequence += 1
            self._open[key] = OpenSegment.create(project, folder, new_name(self._sequence, signal), self._clock())
        return self._open[key]

    def _seal_ripe(self, everything: bool = False) -> None:
        now = self._clock()
        for key, segment in list(self._open.items()):
            if segment.size and (everything or now - segment.opened_at >= self.limits.linger_s):
                self._seal(key)

    def _seal(self, key: Key) -> None:
        """A segment that cannot be sealed now (a failing disk) stays open, and is tried again."""
        try:
            sealed = self._open[key].seal()
        except OSError as error:
            log.error("spool: cannot seal a segment in %s: %s", self.folder, error)
            return
        del self._open[key]
        if sum(len(waiting.runs or ()) for waiting in [*self._sealed, sealed]) > self.limits.runs_held:
            # While the store is away there can be hundreds; their runs are read from them again when it is back.
            sealed = replace(sealed, runs=None)
        self._sealed.append(sealed)

    def _recover(self) -> None:
        self._forget_old()
        found: list[Sealed] = []
        for folder in sorted(path for path in self.folder.iterdir() if path.is_dir()):
            project = folder.name
            window = self._window(project)
            for left in folder.glob("*.body*"):
                left.unlink()
            for kept in sorted([*folder.glob("*.done"), *folder.glob("*.index")]):
                self._sequence = max(self._sequence, sequence_of(kept.stem))
            for path in sorted([*folder.glob("*.open"), *folder.glob("*.seg")]):
                segment = recover(project, path)
                if segment is not None:
                    found.append(segment)
            for kept in sorted([*folder.glob("*.done"), *folder.glob("*.index")]):
                for _, digest in read_index(kept):
                    window.add(digest)
        found.sort(key=lambda segment: segment.name)
        self._sealed.extend(found)
        self._stored_bytes = sum(segment.size for segment in found)
        if found:
            log.info("spool: %d segments (%d bytes) from before are stored first", len(found), self._stored_bytes)

    def _forget_old(self) -> None:
        """Called after every segment, so it looks at the folders only now and then."""
        now = time.time()
        if now < self._forget_next:
            return
        self._forget_next = now + self.limits.repeats_s / 60
        oldest = now - self.limits.repeats_s
        for kept in self.folder.glob("*/*.done"):
            with contextlib.suppress(FileNotFoundError):
                if kept.stat().st_mtime < oldest:
                    kept.unlink()


def _fail(members: list[_Waiting], why: str) -> None:
    for waiting in members:
        waiting.error = TryLater(f"the spool cannot be written ({why}); send this again later", 5.0)


def _lock_folder(folder: Path) -> IO[str]:
    """Two collectors in one folder would each store, and remove, what the other acknowledged."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    lock = (folder / "lock").open("a", encoding="utf-8")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        lock.close()
        raise UsageError(
            f"the spool {folder} is used by another collector; stop that one, or name another folder with --spool. "
            "To erase while it runs, POST to its /admin/erase"
        ) from None
    return lock
