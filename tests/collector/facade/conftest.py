from __future__ import annotations

from collections.abc import Iterator

import pytest
from tests.collector.database import folder_of
from tests.collector.facade.port import Port, serving

from playhead_collector.facade import ChdbEngine
from playhead_collector.store.engine import Engine as StoreEngine

_TABLES = """
CREATE TABLE {db}.steps
    (run_id String, n UInt64, url String, file String, tags Array(String), start DateTime64(3))
    ENGINE = MergeTree ORDER BY (run_id, n);
CREATE TABLE {db}.runs (run_id String, agent String) ENGINE = MergeTree ORDER BY run_id;
CREATE VIEW {db}.long_steps AS SELECT run_id, n FROM {db}.steps WHERE n >= 5;
INSERT INTO {db}.steps SELECT
    'run' || toString(number % 2), number, 'http://' || toString(number), 'f', ['a', 'b'],
    toDateTime64('2026-01-01 00:00:00', 3) + number FROM numbers(10);
INSERT INTO {db}.runs VALUES ('run0', '{db}-agent'), ('run1', '{db}-agent');
"""


@pytest.fixture(scope="session")
def reading_engine(engine: StoreEngine) -> Iterator[ChdbEngine]:
    """The facade's way into the one engine of this process, which the store opened before it."""
    store = engine.connect()
    for database in ("acme", "other"):
        store.command(f"CREATE DATABASE {database}")
        for statement in _TABLES.format(db=database).split(";\n"):
            if statement.strip():
                store.command(statement)
    store.command("CREATE TABLE other.secrets (s String) ENGINE = MergeTree ORDER BY s")
    store.command("INSERT INTO other.secrets VALUES ('hush')")
    yield ChdbEngine(str(folder_of(engine)))
    for database in ("acme", "other"):
        store.command(f"DROP DATABASE {database}")


@pytest.fixture(scope="module")
def port(reading_engine: ChdbEngine) -> Iterator[Port]:
    with serving(reading_engine) as port:
        yield port
