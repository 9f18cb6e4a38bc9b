"""One database for all tests of alerts, emptied after each: making one takes seconds."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from tests.collector.alerts.clock import Clock
from tests.collector.database import StoreDatabase, fresh_database

from playhead_collector.alerts import evaluator as evaluators
from playhead_collector.store.engine import Engine

_WRITTEN = ("step_rows", "run_rows", "message_rows", "scope_rows", "responses", "log_rows", "erased")
_OF_ALERTS = ("alert_events", "alert_notices", "alert_marks", "alert_evaluators")


@pytest.fixture(scope="session")
def shared_database(engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> Iterator[StoreDatabase]:
    with fresh_database(engine, tmp_path_factory.mktemp("alerts")) as database:
        yield database


@pytest.fixture
def store_database(shared_database: StoreDatabase) -> Iterator[StoreDatabase]:
    yield shared_database
    for table in (*_WRITTEN, *_OF_ALERTS):
        shared_database.client.command(f"TRUNCATE TABLE {table}")


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(evaluators, "store_time", clock)
    return clock
