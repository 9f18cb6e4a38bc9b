"""Each test has an empty database, on the session's one engine."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.collector.database import Emptied, StoreDatabase, fresh_database

from playhead_collector.store.engine import Engine


@pytest.fixture(scope="session")
def _emptied(engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emptied]:
    emptied = Emptied(engine, tmp_path_factory.mktemp("emptied"))
    yield emptied
    emptied.close()


@pytest.fixture
def store_database(_emptied: Emptied) -> Iterator[StoreDatabase]:
    """A database with the schema and nothing in it."""
    with _emptied.database() as database:
        yield database


@pytest.fixture
def untouched_database(engine: Engine, tmp_path: Path) -> Iterator[StoreDatabase]:
    """One in which nothing ever was: no parts that are gone but not yet from disk, no merge that took what was old."""
    with fresh_database(engine, tmp_path) as database:
        yield database
