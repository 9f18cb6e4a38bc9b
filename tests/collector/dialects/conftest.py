"""One database for all tests of dialects: each test's spans are in traces of their own."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from tests.collector.database import StoreDatabase, fresh_database

from playhead_collector.store.engine import Engine


@pytest.fixture(scope="session")
def database(engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> Iterator[StoreDatabase]:
    with fresh_database(engine, tmp_path_factory.mktemp("rules")) as database:
        yield database
