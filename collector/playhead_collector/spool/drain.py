"""Feeds the store from the spool, one segment after the other, each exactly once.

A segment's name is its deduplication token. Inserting, recomputing the runs it touched and removing it can be cut short
anywhere and done again from the start with the same outcome. The runs of what is inserted are recomputed while the next
segment is being inserted, by one thread, so that of two recomputations the later one has seen all that the earlier saw.
While the store is away segments wait; a body that the
store refuses for good is set aside in `quarantine/`, alone, with the reason, and everything beside it is stored.
"""

from __future__ import annotations

import contextlib
import logging
import queue
import threading
import time
from collections.abc import Callable, Sequence, Set
from concurrent.futures import Future, wait
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Protocol, TypeVar

from playhead_collector.errors import StoreUnavailable, first_line
from playhead_collector.spool.segment import Sealed, sync_folder, write_synced
from playhead_collector.spool.spool import Spool

log = logging.getLogger(__name__)

T = TypeVar("T")

_PAUSES = (0.2, 0.5, 1.0, 2.0, 5.0, 10.0)


# The longest that an insert took on a busy machine was four seconds.
_SLOW_S = 20.0
# Segments that may wait for one recomputation of runs while the one before is under way: its cost is mostly fixed.
_TOGETHER = 4


class Target(Protocol):
    """What a drain needs of a store."""

    def insert(self, segment: Sealed) -> None:
        """Inserts a segment under its name, which the store takes once. Raises what the store raised."""
        ...

    def insert_body(self, segment: Sealed, number: int, body: Path) -> None:
        """Inserts one body of a segment, written to a file of its own."""
        ...

    def touched(self, segment: Sealed) -> frozenset[bytes]:
        """The runs that a segment holds something of."""
        ...

    def recompute(self, project: str, runs: Set[bytes]) -> None:
        """Brings the rows of runs up to date."""
        ...

    def is_transient(self, error: BaseException) -> bool:
        """Whether trying again later can help."""
        ...


@dataclass(frozen=True, slots=True)
class _Inserted:
    """A segment that the store has and whose runs it has yet to compute."""

    segment: Sealed
    began: float


class Drain:
    """A thread that stores segments. Stopping it is safe before start, and twice."""

    def __init__(
        self,
        spool: Spool,
        target: Target,
        stored: Callable[[Sealed, float], None] | None = None,
        clock: Callable[[], float] = time.monotonic,
        begin: Callable[[], None] = lambda: None,
    ) -> None:
        """`begin` is called in the thread that stores, before anything is stored in it."""
        self._spool = spool
        self._target = target
        self._stored = stored or (lambda segment, seconds: None)
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self._work: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        self._clock = clock
        self._begin = begin
        # By the thread's name: one inserts, one recomputes.
        self._errors: dict[str, str] = {}
        self._asked_at: dict[str, float] = {}
        self.quarantined = 0
        """Bodies that the store refused for good."""
        self.uncomputed = 0
        """Runs whose row could not be computed; their steps are stored."""

    @property
    def trouble(self) -> str | None:
        """Why nothing is being stored at the moment; None while all is well."""
        errors, asked_at = list(self._errors.values()), list(self._asked_at.values())
        if not errors and asked_at and (waited := self._clock() - min(asked_at)) > _SLOW_S:
            return f"the store was asked {waited:.0f} s ago and has not answered"
        return errors[0] if errors else None

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
        """Runs something in the storing thread when what is in the spool now is stored, with no insert beside it."""
        future: Future[T] = Future()

        def work() -> None:
            self._spool.flush()
            before = self._spool.sealed

            # Not until it is empty: where emitters never pause it never is.
            def all_stored() -> bool:
                return before.isdisjoint(self._spool.sealed)

            while not all_stored() and self._store_some(all_stored):
                pass
            if not future.set_running_or_notify_cancel():
                return
            try:
                if self._stop.is_set():
                    raise StoreUnavailable("the collector is stopping; ask again when it is back")
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
        self._begin()
        while not self._stop.is_set():
            try:
                with contextlib.suppress(queue.Empty):
                    self._work.get_nowait()()
                if not self._store_some(lambda: not self._work.empty()):
                    self._spool.wait()
            except Exception as error:
                # A failing disk, or a defect: what is in the spool stays there, and is tried again.
                self._errors[threading.current_thread().name] = f"{type(error).__name__}: {first_line(error)}"
                log.exception("storing failed, again in %.1f s", _PAUSES[-1])
                self._stop.wait(_PAUSES[-1])

    def _store_some(self, interrupted: Callable[[], bool] = lambda: False) -> bool:
        """Stores what waits until nothing does, or something else is to be done; whether there was any."""
        stored = False
        inserted: list[_Inserted] = []
        finishing: list[_Inserted] = []
        finished: Future[bool] | None = None
        try:
            while True:
                full = len(inserted) >= _TOGETHER or self._stop.is_set() or interrupted()
                segment = None if full else self._spool.take()
                if segment is not None:
                    inserted.append(_Inserted(segment, time.monotonic()))
                    refused = partial(self._one_by_one, segment)
                    if not self._again_until_done(partial(self._target.insert, segment), segment.name, refused):
                        return False
                    stored = True
                    if finished is not None and not finished.done():
                        continue
                if finished is not None and not finished.result():
                    return False
                if not inserted:
                    return stored
                finishing, inserted = inserted, []
                finished = _beside(partial(self._finish, finishing))
        finally:
            if finished is not None:
                wait([finished])
            # Not stored now: first in the line the next time. Inserting one again changes nothing.
            for one in reversed(finishing + inserted):
                self._spool.put_back(one.segment)

    def _finish(self, inserted: list[_Inserted]) -> bool:
        """Brings the runs of inserted segments up to date and lets go of the segments; False when told to stop."""
        touched: dict[str, set[bytes]] = {}
        for one in inserted:
            touched.setdefault(one.segment.project, set()).update(self._target.touched(one.segment))
        for project, runs in touched.items():
            if not self._recompute(project, sorted(runs)):
                return False
        while inserted:
            self._spool.done(inserted[0].segment)
            one = inserted.pop(0)
            self._stored(one.segment, time.monotonic() - one.began)
        return True

    def _recompute(self, project: str, runs: Sequence[bytes], refusals: int = 2) -> bool:
        """Where the store refuses for good, halves are tried, so that one run alone is left without its row."""

        me = threading.current_thread().name

        def refused() -> None:
            if len(runs) == 1:
                self.uncomputed += 1
                log.error(
                    "run %s: its steps are stored, its row cannot be computed: %s", runs[0].hex(), self._errors[me]
                )
                return
            for half in (runs[: len(runs) // 2], runs[len(runs) // 2 :]):
                if not self._recompute(project, half, refusals=1):
                    raise StoreUnavailable("the collector is stopping")

        if not runs:
            return True
        return self._again_until_done(partial(self._target.recompute, project, set(runs)), "runs", refused, refusals)

    def _again_until_done(
        self, action: Callable[[], object], what: str, refused: Callable[[], object], refusals: int = 2
    ) -> bool:
        """Tries until it works; False when told to stop. After some refusals for good it is left to `refused`."""
        me = threading.current_thread().name
        attempt = 0
        while True:
            try:
                self._asked_at[me] = self._clock()
                if refusals > 0:
                    action()
                else:
                    refused()
            except Exception as error:  # noqa: BLE001 - whatever the store raises, the segment must not be lost
                self._errors[me] = f"{type(error).__name__}: {first_line(error)}"
                for_good = refusals > 0 and not self._target.is_transient(error)
                refusals -= for_good
                if for_good and refusals == 0:
                    continue
                pause = _PAUSES[min(attempt, len(_PAUSES) - 1)]
                attempt += 1
                log.warning("%s not stored, again in %.1f s: %s", what, pause, self._errors[me])
                if self._stop.wait(pause):
                    return False
            else:
                self._errors.pop(me, None)
                return True
            finally:
                self._asked_at.pop(me, None)

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
        write_synced(kept, body)
        write_synced(kept.with_suffix(".reason"), str(error).encode())
        sync_folder(folder)
        self.quarantined += 1
        log.error("the store refused a body; it is kept in %s: %s", kept, str(error).strip()[:500])


def _beside(action: Callable[[], T]) -> Future[T]:
    """Runs something in a thread of its own, which a store that never answers does not keep the process from ending."""
    future: Future[T] = Future()

    def run() -> None:
        try:
            future.set_result(action())
        except BaseException as error:  # noqa: BLE001 - it is for whoever waits
            future.set_exception(error)

    threading.Thread(target=run, name="drain-runs", daemon=True).start()
    return future
