"""One database for all runs that are compared here: they have ids of their own, and tests only read what they told."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from tests.collector.database import StoreDatabase, fresh_database

from playhead_collector.store.engine import Engine


@pytest.fixture(scope="session")
def runs(engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> Iterator[StoreDatabase]:
    with fresh_database(engine, tmp_path_factory.mktemp("runs")) as database:
        yield database
