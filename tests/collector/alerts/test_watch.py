"""When rules are asked: once something was stored, and again and again where nobody says so."""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from clickhouse_connect.driver.client import Client
from clickhouse_connect.driver.exceptions import DatabaseError
from tests.collector.alerts.asking import MadeRun, shipped, store
from tests.collector.database import StoreDatabase

from playhead_collector.alerts import watch as watches
from playhead_collector.alerts.evaluator import Look
from playhead_collector.alerts.receivers.message import Message, Undelivered
from playhead_collector.alerts.ruling import Ruling
from playhead_collector.alerts.watch import Watch

_PATIENCE_S = 60.0


@contextmanager
def watching(database: StoreDatabase) -> Iterator[tuple[Watch, queue.Queue[Look]]]:
    """A watch over one rule, and what its looks came to."""
    looks: queue.Queue[Look] = queue.Queue()

    def connect(project: str) -> Client:
        return database.engine.connect(database.name)

    watch = Watch(
        connect,
        ["default"],
        [Ruling(shipped("repeated_call"), {"repeats": "2"})],
        {},
        alone=True,
        looked=lambda project, look, evaluator: looks.put(look),
    )
    watch.start()
    try:
        yield watch, looks
    finally:
        watch.stop(_PATIENCE_S)
        assert "alerts" not in {thread.name for thread in threading.enumerate()}


def _looping(number: int) -> MadeRun:
    return MadeRun(number).root().tool("get_order", "{}").tool("get_order", "{}")


def test_what_was_stored_is_looked_at_as_soon_as_somebody_says_so(
    store_database: StoreDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watches, "PAUSE_S", 3600.0)
    monkeypatch.setattr(watches, "BUSY_PAUSE_S", 3600.0)
    with watching(store_database) as (watch, looks):
        assert looks.get(timeout=_PATIENCE_S).runs == 0
        for number in (1, 2):
            store(store_database, _looping(number))
            watch.stored()
            look = looks.get(timeout=_PATIENCE_S)
            assert [event.alert.runs for event in look.events] == [[MadeRun(number).run_id]]


def test_what_others_stored_is_looked_at_after_a_pause(
    store_database: StoreDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watches, "PAUSE_S", 0.01)
    with watching(store_database) as (_, looks):
        assert looks.get(timeout=_PATIENCE_S).runs == 0
        store(store_database, _looping(1))
        while not (look := looks.get(timeout=_PATIENCE_S)).events:
            assert look.runs == 0


def test_a_project_that_fails_keeps_no_other_waiting_and_is_looked_at_again_when_it_is_back(
    store_database: StoreDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watches, "PAUSE_S", 0.01)
    monkeypatch.setattr(watches, "_AWAY_S", 0.05)
    looks: queue.Queue[str] = queue.Queue()
    is_back = threading.Event()

    def connect(project: str) -> Client:
        if project == "acme" and not is_back.is_set():
            raise DatabaseError("database acme is not there")
        return store_database.engine.connect(store_database.name)

    watch = Watch(
        connect,
        ["acme", "default"],
        [Ruling(shipped("repeated_call"))],
        {},
        alone=True,
        looked=lambda project, look, evaluator: looks.put(project),
    )
    watch.start()
    try:
        assert [looks.get(timeout=_PATIENCE_S) for _ in range(3)] == ["default"] * 3
        is_back.set()
        while looks.get(timeout=_PATIENCE_S) != "acme":
            pass
    finally:
        watch.stop(_PATIENCE_S)


class Away:
    """A receiver that takes nothing until it is there."""

    def __init__(self) -> None:
        self.is_there = threading.Event()
        self.told: list[str] = []

    def send(self, message: Message) -> None:
        if not self.is_there.is_set():
            raise Undelivered("it is away")
        self.told.append(message.once)


def test_what_waits_to_be_told_when_the_turn_is_lost_is_left_to_whose_turn_it_is_and_told_when_it_is_back(
    store_database: StoreDatabase,
) -> None:
    receiver, turns = Away(), queue.Queue[bool]()
    outcomes: queue.Queue[str] = queue.Queue()
    watch = Watch(
        lambda project: store_database.engine.connect(store_database.name),
        ["default"],
        [Ruling(shipped("repeated_call"), {"repeats": "2"}, ("default",))],
        {"default": receiver},
        alone=False,
        looked=lambda project, look, evaluator: turns.put(evaluator.has_turn),
        told=lambda receiver, outcome: outcomes.put(outcome),
    )

    def another(began_at: str) -> None:
        """It lives, and began so long ago."""
        store_database.client.command(
            "INSERT INTO alert_evaluators (holder, began_at, alive_at, judged_until) "
            f"VALUES ('another', '{began_at}', now64(3) + INTERVAL 1 MINUTE, 0)"
        )

    def wait_for_turn(mine: bool) -> None:
        while turns.get(timeout=_PATIENCE_S) is not mine:
            pass

    store(store_database, _looping(1))
    watch.start()
    try:
        assert outcomes.get(timeout=_PATIENCE_S) == "failed"
        another("2000-01-01 00:00:00")
        wait_for_turn(mine=False)
        assert watch.watched["default"].couriers["default"].waiting == 0
        receiver.is_there.set()
        another("2100-01-01 00:00:00")
        wait_for_turn(mine=True)
        while outcomes.get(timeout=_PATIENCE_S) != "sent":
            pass
    finally:
        watch.stop(_PATIENCE_S)
    assert len(receiver.told) == 1


class Broken:
    """A receiver that fails at first in a way that nobody thought of."""

    def __init__(self) -> None:
        self.asked = 0

    def send(self, message: Message) -> None:
        self.asked += 1
        if self.asked == 1:
            raise UnicodeEncodeError("latin-1", "Bearer s3cret\u2013", 13, 14, "no such character")


def test_a_receiver_that_fails_in_an_unforeseen_way_is_told_again(
    store_database: StoreDatabase, caplog: pytest.LogCaptureFixture
) -> None:
    outcomes: queue.Queue[str] = queue.Queue()
    watch = Watch(
        lambda project: store_database.engine.connect(store_database.name),
        ["default"],
        [Ruling(shipped("repeated_call"), {"repeats": "2"}, ("default",))],
        {"default": Broken()},
        alone=True,
        told=lambda receiver, outcome: outcomes.put(outcome),
    )
    store(store_database, _looping(1))
    watch.start()
    try:
        assert [outcomes.get(timeout=_PATIENCE_S) for _ in range(2)] == ["failed", "sent"]
    finally:
        watch.stop(_PATIENCE_S)
    assert "UnicodeEncodeError" in caplog.text
    assert "s3cret" not in caplog.text
