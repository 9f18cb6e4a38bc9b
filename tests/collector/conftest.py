"""Each test has a database of its own, on the session's one engine."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.collector.database import StoreDatabase, fresh_database

from playhead_collector.store.engine import Engine


@pytest.fixture
def store_database(engine: Engine, tmp_path: Path) -> Iterator[StoreDatabase]:
    """A database with the schema and nothing in it."""
    with fresh_database(engine, tmp_path) as database:
        yield database
