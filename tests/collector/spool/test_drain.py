from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord
from tests.collector.database import StoreDatabase
from tests.collector.receive.messages import RUN, logs, span, traces
from tests.collector.spool.bodies import NOW, PROJECT, RememberingStore, append, body, copied

from playhead_collector.errors import StoreUnavailable
from playhead_collector.metrics import Metrics
from playhead_collector.receive.check import check
from playhead_collector.receive.signal import Signal
from playhead_collector.spool import drain as drains
from playhead_collector.spool.drain import Drain
from playhead_collector.spool.segment import Sealed
from playhead_collector.spool.spool import Spool
from playhead_collector.store.runs import recompute


@pytest.fixture(autouse=True)
def _no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(drains, "_PAUSES", (0.001,))


def filled(folder: Path, *groups: tuple[bytes, ...], signal: Signal = Signal.TRACES) -> Path:
    """A spool's folder with a segment of each group, as a collector that was stopped leaves it."""

    async def main() -> None:
        spool = Spool(folder, NOW)
        spool.start()
        for group in groups:
            await append(spool, *group, signal=signal)
            spool.flush()
        await spool.close()

    asyncio.run(main())
    return folder


@contextmanager
def opened(folder: Path) -> Iterator[Spool]:
    spool = Spool(folder, NOW)
    try:
        yield spool
    finally:
        asyncio.run(spool.close())


def drained(folder: Path, store: Any, **options: Any) -> Drain:
    with opened(folder) as spool:
        drain = Drain(spool, store, **options)
        drain.drain_now()
        assert spool.size == 0
        assert spool.segments == 0
    return drain


def test_what_is_in_the_spool_is_stored_in_order_and_its_runs_are_recomputed_once(tmp_path: Path) -> None:
    store = RememberingStore()
    stored: list[Sealed] = []
    drained(
        filled(tmp_path, (body(1), body(2)), (body(3),)), store, stored=lambda segment, seconds: stored.append(segment)
    )
    assert list(store.taken.values()) == [body(1) + body(2), body(3)]
    assert [segment.name for segment in stored] == list(store.taken)
    assert store.recomputed == [frozenset(body(number)[:16] for number in numbers) for numbers in ((1, 2), (3,))]


def test_the_next_segment_is_inserted_while_runs_are_computed(tmp_path: Path) -> None:
    store = RememberingStore()
    second = threading.Event()

    def called(what: str) -> None:
        if what == "insert" and store.taken:
            second.set()
        if what == "recompute":
            assert second.wait(120)

    store.on_call = called
    drained(filled(tmp_path, (body(1),), (body(2),)), store)
    assert store.recomputed == [frozenset({body(1)[:16]}), frozenset({body(2)[:16]})]


def test_what_passes_is_tried_again_and_seen_meanwhile(tmp_path: Path) -> None:
    seen: list[str | None] = []
    store = RememberingStore(raises=[StoreUnavailable("away"), OSError("reset"), StoreUnavailable("away")])
    with opened(filled(tmp_path, (body(1),))) as spool:
        drain = Drain(spool, store)
        store.on_call = lambda what: seen.append(drain.trouble)
        drain.drain_now()
        assert drain.trouble is None
    assert seen[:4] == [None, "StoreUnavailable: away", "OSError: reset", "StoreUnavailable: away"]
    assert store.bodies == [body(1)]


def test_a_store_that_takes_a_call_and_never_answers_is_trouble(tmp_path: Path) -> None:
    now = [100.0]
    asked, answer = threading.Event(), threading.Event()
    store = RememberingStore()

    def hang(what: str) -> None:
        asked.set()
        assert answer.wait(120)

    store.on_call = hang
    metrics = Metrics()
    with opened(filled(tmp_path, (body(1),))) as spool, ThreadPoolExecutor(1) as thread:
        drain = Drain(spool, store, clock=lambda: now[0])
        metrics.watch(spool, drain)
        storing = thread.submit(drain.drain_now)
        assert asked.wait(120)
        assert drain.trouble is None
        now[0] += 61
        assert drain.trouble == "the store was asked 61 s ago and has not answered"
        assert b"playhead_store_trouble 1.0" in metrics.text()
        answer.set()
        storing.result(30)
        assert drain.trouble is None
        assert b"playhead_store_trouble 0.0" in metrics.text()


def test_a_body_that_is_refused_for_good_is_set_aside_alone_with_the_reason(tmp_path: Path) -> None:
    store = RememberingStore()
    folder = filled(tmp_path, (body(1), b"POISON and its bytes", body(2)), (body(3),))
    drain = drained(folder, store)
    assert store.bodies == [body(1), body(2), body(3)]
    assert frozenset().union(*store.recomputed) >= {body(number)[:16] for number in (1, 2, 3)}
    [kept] = (folder / PROJECT / "quarantine").glob("*.otlp")
    assert kept.read_bytes() == b"POISON and its bytes"
    assert "Cannot parse" in kept.with_suffix(".reason").read_text()
    assert (drain.quarantined, drain.trouble) == (1, None)
    assert not list(folder.glob(f"{PROJECT}/*.body*"))


def test_a_store_that_goes_away_while_bodies_are_tried_alone_sets_nothing_good_aside(tmp_path: Path) -> None:
    away = StoreUnavailable("away")
    # The segment is refused twice, its first body goes in; then the store is away for a while.
    store = RememberingStore(raises=[None, None, None, None, away, None, away])
    folder = filled(tmp_path, (body(1), b"POISON", body(2)))
    drain = drained(folder, store)
    assert store.bodies == [body(1), body(2)]
    assert drain.quarantined == 1


def test_a_run_that_cannot_be_computed_holds_up_nothing_else(tmp_path: Path) -> None:
    store = RememberingStore(bad_run=body(3)[:16])
    drain = drained(filled(tmp_path, tuple(body(number) for number in range(6)), (body(7),)), store)
    assert drain.uncomputed == 1
    assert frozenset().union(*store.recomputed) == {body(number)[:16] for number in (0, 1, 2, 4, 5, 7)}


class _Killed(BaseException):
    """As a kill would, it ends everything on the way."""


@pytest.mark.parametrize("poisoned", [False, True])
def test_cut_short_at_any_step_and_started_again_each_body_is_stored_once(tmp_path: Path, poisoned: bool) -> None:
    middle = b"POISON" if poisoned else body(2)
    start = filled(tmp_path / "start", (body(1), middle, body(3)), (body(4),))
    expected = sorted(set(drained_store(copied(start, tmp_path / "undisturbed")).bodies))
    for calls in range(1, 40):
        store = RememberingStore()
        left = [calls]

        def die(what: str, left: list[int] = left) -> None:
            left[0] -= 1
            if left[0] == 0:
                raise _Killed

        store.on_call = die
        folder = copied(start, tmp_path / f"killed{calls}")
        with opened(folder) as spool:
            try:
                Drain(spool, store).drain_now()
            except _Killed:
                pass
            else:
                break
            after = copied(folder, tmp_path / f"again{calls}")
        store.on_call = lambda what: None
        drained(after, store)
        assert store.bodies == expected
        assert store.recomputed, "the runs are brought up to date, whoever inserted"
    else:
        pytest.fail("it never came to its end undisturbed")
    assert calls > 5


def drained_store(folder: Path) -> RememberingStore:
    store = RememberingStore()
    drained(folder, store)
    return store


def test_a_failing_disk_under_the_spool_does_not_end_the_storing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = RememberingStore()
    fails = [OSError("Input/output error")] * 3
    with opened(filled(tmp_path, (body(1),), (body(2),))) as spool:
        done = spool.done

        def failing(segment: Sealed) -> None:
            if fails:
                raise fails.pop()
            done(segment)

        monkeypatch.setattr(spool, "done", failing)
        finished = threading.Event()
        drain = Drain(spool, store, stored=lambda segment, seconds: None if spool.segments else finished.set())
        drain.start()
        assert finished.wait(120)
        drain.stop()
        assert spool.size == 0
    assert fails == []
    assert store.bodies == [body(1), body(2)]


def test_stopping_leaves_what_the_store_does_not_take_in_the_spool(tmp_path: Path) -> None:
    store = RememberingStore(raises=[StoreUnavailable("away")] * 100_000)
    asked = threading.Event()
    store.on_call = lambda what: asked.set()
    folder = filled(tmp_path, (body(1),))
    with opened(folder) as spool:
        drain = Drain(spool, store)
        drain.stop()
        drain = Drain(spool, store)
        drain.start()
        assert asked.wait(120)
        erased = drain.exclusively(lambda: "erased")
        drain.stop()
        drain.stop()
        assert spool.segments == 1
        assert not erased.done() or isinstance(erased.exception(), StoreUnavailable)
    assert drained_store(folder).bodies == [body(1)]


def test_an_exclusive_action_comes_after_all_that_was_in_the_spool(tmp_path: Path) -> None:
    store = RememberingStore()
    with opened(filled(tmp_path, (body(1),), (body(2),))) as spool:
        drain = Drain(spool, store)
        drain.start()
        assert drain.exclusively(lambda: len(store.taken)).result(30) == 2
        with pytest.raises(ZeroDivisionError):
            drain.exclusively(lambda: 1 / 0).result(30)
        drain.stop()


def test_an_exclusive_action_does_not_wait_for_what_keeps_coming(tmp_path: Path) -> None:
    async def main() -> None:
        spool = Spool(tmp_path, NOW)
        spool.start()
        loop = asyncio.get_running_loop()

        class NeverEmpty(RememberingStore):
            def insert(self, segment: Sealed) -> None:
                super().insert(segment)
                more = append(spool, body(len(self.taken) + 1))
                asyncio.run_coroutine_threadsafe(more, loop).result(30)
                spool.flush()

        store = NeverEmpty()
        drain = Drain(spool, store)
        await append(spool, body(1))
        done = asyncio.wrap_future(drain.exclusively(lambda: len(store.taken)))
        drain.start()
        assert await asyncio.wait_for(done, 30) >= 1
        await loop.run_in_executor(None, drain.stop)
        await spool.close()

    asyncio.run(main())


class _RealStore:
    """The tests' database as a drain's target."""

    def __init__(self, database: StoreDatabase) -> None:
        self._database = database

    def insert(self, segment: Sealed) -> None:
        self._insert(segment, segment.path, segment.name)

    def insert_body(self, segment: Sealed, number: int, body: Path) -> None:
        self._insert(segment, body, f"{segment.name}-{number}")

    def touched(self, segment: Sealed) -> frozenset[bytes]:
        return frozenset({RUN})

    def recompute(self, project: str, runs: Any) -> None:
        recompute(self._database.client, [run.hex() for run in runs])

    def is_transient(self, error: BaseException) -> bool:
        return False

    def _insert(self, segment: Sealed, path: Path, token: str) -> None:
        table, message = {
            Signal.TRACES: ("otlp_traces", "ExportTraceServiceRequest"),
            Signal.LOGS: ("otlp_logs", "ExportLogsServiceRequest"),
        }[segment.signal]
        self._database.engine.insert_otlp(self._database.writer, table, message, path, token)


def test_a_segment_that_is_inserted_again_under_its_name_leaves_one_of_each_row_behind(
    tmp_path: Path, store_database: StoreDatabase
) -> None:
    """Not deduplicated when read, but not there twice: the tables' own rows are counted."""
    spans = [span(f"step {number}", span_id=bytes([1] * 7 + [number])) for number in range(1, 4)]
    bodies = [check(Signal.TRACES, traces(one).SerializeToString()).body for one in spans]
    folder = filled(tmp_path / "spool", tuple(bodies))
    for again in range(3):
        drained(copied(folder, tmp_path / f"again{again}"), _RealStore(store_database))
    [rows] = store_database.rows("SELECT count() AS steps, uniqExact(step_id) AS distinct FROM step_rows")
    assert (rows["steps"], rows["distinct"]) == (3, 3)
    [run] = store_database.rows("SELECT steps FROM runs")
    assert run["steps"] == 3


def test_a_body_that_the_engine_cannot_read_is_set_aside_and_its_neighbours_are_stored(
    tmp_path: Path, store_database: StoreDatabase
) -> None:
    good = [
        traces(span("step", span_id=bytes([2] * 7 + [number]))).SerializeToString(deterministic=True)
        for number in range(1, 3)
    ]
    folder = filled(tmp_path / "spool", (good[0], b"\x0a\x7fno such length", good[1]))
    drain = drained(folder, _RealStore(store_database))
    assert drain.quarantined == 1
    [rows] = store_database.rows("SELECT uniqExact(step_id) AS steps FROM step_rows")
    assert rows["steps"] == 2
    assert list((folder / PROJECT / "quarantine").glob("*.reason"))


def test_log_records_go_the_same_way(tmp_path: Path, store_database: StoreDatabase) -> None:
    request = logs(LogRecord(trace_id=RUN, time_unix_nano=5, event_name="note")).SerializeToString()
    folder = filled(tmp_path / "spool", (request,), signal=Signal.LOGS)
    for again in range(2):
        drained(copied(folder, tmp_path / f"again{again}"), _RealStore(store_database))
    assert [row["event_name"] for row in store_database.rows("SELECT event_name FROM log_rows")] == ["note"]
