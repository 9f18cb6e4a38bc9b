from __future__ import annotations

from collections.abc import Iterator

import chdb
import pytest
from tests.collector.facade.port import Port, serving

from playhead_collector.facade import ChdbEngine

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
def connection(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The one engine of this process, opened as the store opens it: before the facade does."""
    folder = str(tmp_path_factory.mktemp("store"))
    store = chdb.connect(folder)  # type: ignore[no-untyped-call]
    for database in ("acme", "other"):
        store.query(f"CREATE DATABASE {database}")
        for statement in _TABLES.format(db=database).split(";\n"):
            if statement.strip():
                store.query(statement)
    store.query("CREATE TABLE other.secrets (s String) ENGINE = MergeTree ORDER BY s")
    store.query("INSERT INTO other.secrets VALUES ('hush')")
    yield folder
    store.close()


@pytest.fixture(scope="session")
def engine(connection: str) -> ChdbEngine:
    return ChdbEngine(connection)


@pytest.fixture(scope="module")
def port(engine: ChdbEngine) -> Iterator[Port]:
    with serving(engine) as port:
        yield port
