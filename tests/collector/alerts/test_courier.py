"""One receiver told of what it is owed, where writing down what came of it fails."""

from __future__ import annotations

import queue
import threading
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from clickhouse_connect.driver.exceptions import DatabaseError
from tests.collector.database import StoreDatabase

from playhead_collector.alerts import courier as couriers
from playhead_collector.alerts.alert import Alert, State
from playhead_collector.alerts.changed import store_time
from playhead_collector.alerts.courier import TOGETHER, Courier
from playhead_collector.alerts.journal import Journal, Owed
from playhead_collector.alerts.receivers.message import Message, Undelivered

_PATIENCE_S = 60.0


class Slow:
    """A receiver that keeps its first message until it may go on."""

    def __init__(self) -> None:
        self.told: list[int] = []
        self.may_go_on = threading.Event()

    def send(self, message: Message) -> None:
        assert self.may_go_on.wait(_PATIENCE_S)
        self.told.append(message.event)


def owed(number: int, now: datetime) -> Owed:
    return Owed(
        Alert(f"{number:024x}", "r", "info", (), State.FIRING, now, now, now, now, 1.0, "it failed"), number, "chat"
    )


@pytest.mark.parametrize("error", [DatabaseError("the store is away"), ValueError("none that was foreseen")])
def test_what_a_receiver_took_and_could_not_be_written_down_is_not_sent_twice_when_other_messages_are(
    store_database: StoreDatabase, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    written: queue.Queue[int] = queue.Queue()
    receiver, calls = Slow(), iter(range(100))

    def told(journal: Journal, some: Sequence[Owed], *more: Any) -> None:
        if next(calls) == 1:
            raise error
        really_told(journal, some, *more)
        for one in some:
            written.put(one.event)

    really_told = Journal.told
    monkeypatch.setattr(Journal, "told", told)
    monkeypatch.setattr(couriers, "_TOGETHER_S", _PATIENCE_S)
    monkeypatch.setattr(couriers, "PAUSES", (0.01,))
    courier = Courier("chat", receiver, lambda: store_database.engine.connect(store_database.name), {}, "default")
    now, numbers = store_time(store_database.client), range(3 * TOGETHER)
    try:
        for number in numbers:
            courier.tell(owed(number, now))
        receiver.may_go_on.set()
        assert sorted(written.get(timeout=_PATIENCE_S) for _ in numbers) == list(numbers)
    finally:
        courier.stop(_PATIENCE_S)
    assert Counter(receiver.told) == Counter(numbers)


def test_what_is_told_only_when_a_silence_of_days_is_over_is_tried_again_for_a_day_like_all_else(
    store_database: StoreDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(couriers, "PAUSES", (0.01,))
    receiver, outcomes = Slow(), queue.Queue[str]()
    attempts = iter(range(100))

    def send(message: Message) -> None:
        if next(attempts) == 0:
            raise Undelivered("503")
        really_send(message)

    really_send = receiver.send
    monkeypatch.setattr(receiver, "send", send)
    receiver.may_go_on.set()
    courier = Courier(
        "chat", receiver, lambda: store_database.engine.connect(store_database.name), {}, "default",
        told=lambda receiver, outcome: outcomes.put(outcome),
    )  # fmt: skip
    now = store_time(store_database.client)
    fired = owed(1, now - timedelta(days=2))
    try:
        courier.tell(replace(fired, event=int(now.timestamp() * 1e6)))
        assert [outcomes.get(timeout=_PATIENCE_S) for _ in range(2)] == ["failed", "sent"]
        courier.tell(fired)
        attempts = iter(range(100))
        assert outcomes.get(timeout=_PATIENCE_S) == "given up"
    finally:
        courier.stop(_PATIENCE_S)
