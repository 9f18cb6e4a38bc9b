"""Feeds the store from the spool, one segment after the other, each exactly once.

A segment's name is its deduplication token. Inserting, recomputing the runs it touched and removing it can be cut short
anywhere and done again from the start with the same outcome. While the store is away segments wait; a body that the
store refuses for good is set aside in `quarantine/`, alone, with the reason, and everything beside it is stored.
"""

from __future__ import annotations

import contextlib
import logging
import queue
import threading
import time
from collections.abc import Callable, Set
from concurrent.futures import Future
from functools import partial
from pathlib import Path
from typing import Protocol, TypeVar

from playhead_collector.spool.segment import Sealed, sync_folder
from playhead_collector.spool.spool import Spool

log = logging.getLogger(__name__)

T = TypeVar("T")

_PAUSES = (0.2, 0.5, 1.0, 2.0, 5.0, 10.0)


# Segments that one recomputation of runs serves, when they are waiting anyway: its cost is mostly fixed.
_TOGETHER = 4


class Target(Protocol):
    """What a drain needs of a store."""

    def insert(self, segment: Sealed) -> frozenset[bytes]:
        """Inserts a segment under its name; returns the runs it touched. Raises what the store raised."""
        ...

    def insert_body(self, segment: Sealed, number: int, body: Path) -> None:
        """Inserts one body of a segment, written to a file of its own."""
        ...

    def recompute(self, project: str, runs: Set[bytes]) -> None:
        """Brings the rows of runs up to date."""
        ...

    def is_transient(self, error: BaseException) -> bool:
        """Whether trying again later can help."""
        ...


class Drain:
    """A thread that stores segments. Stopping it is safe before start, and twice."""

    def __init__(self, spool: Spool, target: Target, stored: Callable[[Sealed, float], None] | None = None) -> None:
        self._spool = spool
        self._target = target
        self._stored = stored or (lambda segment, seconds: None)
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self._work: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        self.trouble: str | None = None
        """Why nothing is being stored at the moment; None while all is well."""
        self.quarantined = 0

    def start(self) -> None:
        self._thread = threading.Thread(target=self._run, name="drain", daemon=True)
        self._thread.start()

    def stop(self, timeout: float = 30.0) -> None:
        """Finishes the segments at hand; what is left waits in the spool for the next start."""
        self._stop.set()
        self._spool.flush()
        if self._thread is not None:
            self._thread.join(timeout)
            self._thread = None

    def finish(self, grace: float) -> None:
        """Stores what is left for as long as there is grace and the store takes it, then stops."""
        deadline = time.monotonic() + grace
        self._spool.flush()
        while self._spool.segments and self.trouble is None and time.monotonic() < deadline:
            time.sleep(0.05)
        self.stop()

    def exclusively(self, action: Callable[[], T]) -> Future[T]:
        """Runs something in the storing thread when all that is in the spool is stored, with no insert beside it."""
        future: Future[T] = Future()

        def work() -> None:
            self._spool.flush()
            while self._store_some():
                pass
            if future.set_running_or_notify_cancel():
                try:
                    future.set_result(action())
                except BaseException as error:  # noqa: BLE001 - it is the caller's
                    future.set_exception(error)

        self._work.put(work)
        self._spool.nudge()
        return future

    def drain_now(self) -> None:
        """Stores everything that is in the spool, in this thread; for tools and tests that need it stored."""
        self._spool.flush()
        while self._store_some():
            pass

    def _run(self) -> None:
        while not self._stop.is_set():
            with contextlib.suppress(queue.Empty):
                self._work.get_nowait()()
            if not self._store_some():
                self._spool.wait(self._spool.limits.linger_s / 2)

    def _store_some(self) -> bool:
        began = time.monotonic()
        inserted: list[Sealed] = []
        touched: dict[str, set[bytes]] = {}
        while len(inserted) < _TOGETHER and not self._stop.is_set() and (segment := self._spool.take()) is not None:
            runs = self._insert(segment)
            if runs is None:
                break
            inserted.append(segment)
            touched.setdefault(segment.project, set()).update(runs)
        for project, project_runs in touched.items():
            if not self._again_until_done(partial(self._target.recompute, project, project_runs), "recompute"):
                for segment in reversed(inserted):
                    self._spool.put_back(segment)
                return False
        for segment in inserted:
            self._spool.done(segment)
            self._stored(segment, time.monotonic() - began)
        return bool(inserted)

    def _insert(self, segment: Sealed) -> frozenset[bytes] | None:
        """The runs that the segment touched; None when it went back because the collector stops."""
        found: list[frozenset[bytes]] = []

        def insert() -> None:
            found.append(self._target.insert(segment))

        if self._again_until_done(insert, f"segment {segment.name}", refused=lambda: self._one_by_one(segment)):
            return found[0] if found else segment.runs or frozenset()
        self._spool.put_back(segment)
        return None

    def _again_until_done(
        self, action: Callable[[], object], what: str, refused: Callable[[], object] | None = None
    ) -> bool:
        """Tries until it works; False when told to stop. What is refused twice for good is left to `refused`."""
        attempt = refusals = 0
        while True:
            try:
                action()
            except Exception as error:  # noqa: BLE001 - whatever the store raises, the segment must not be lost
                first_line = (str(error).strip().splitlines() or [""])[0]
                self.trouble = f"{type(error).__name__}: {first_line[:300]}"
                if refused is not None and not self._target.is_transient(error):
                    refusals += 1
                    if refusals >= 2 and self._again_until_done(refused, what):
                        return True
                pause = _PAUSES[min(attempt, len(_PAUSES) - 1)]
                attempt += 1
                log.warning("%s not stored, again in %.1f s: %s", what, pause, self.trouble)
                if self._stop.wait(pause):
                    return False
            else:
                self.trouble = None
                return True

    def _one_by_one(self, segment: Sealed) -> None:
        """Something in the segment is refused for good: its bodies are stored alone, those refused again set aside."""
        for number, body in enumerate(segment.bodies()):
            alone = segment.path.with_suffix(f".body{number}")
            alone.write_bytes(body)
            try:
                self._target.insert_body(segment, number, alone)
            except Exception as error:
                if self._target.is_transient(error):
                    raise
                self._set_aside(segment, number, body, error)
            finally:
                alone.unlink(missing_ok=True)

    def _set_aside(self, segment: Sealed, number: int, body: bytes, error: Exception) -> None:
        folder = segment.path.parent / "quarantine"
        folder.mkdir(exist_ok=True, mode=0o700)
        kept = folder / f"{segment.name}-{number}.otlp"
        kept.write_bytes(body)
        kept.with_suffix(".reason").write_text(str(error), encoding="utf-8")
        sync_folder(folder)
        self.quarantined += 1
        log.error("the store refused a body; it is kept in %s: %s", kept, str(error).strip()[:500])
