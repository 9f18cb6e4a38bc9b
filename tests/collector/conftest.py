"""The embedded store, opened once a session: a process may have one chDB engine. Each test has its own database."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.collector.database import StoreDatabase, fresh_database

from playhead_collector.store.address import parse_address
from playhead_collector.store.engine import Engine
from playhead_collector.store.migrations import check_suitable


@pytest.fixture(scope="session")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """The one engine, on a folder that goes with the session."""
    engine = Engine(parse_address(f"chdb://{tmp_path_factory.mktemp('engine') / 'store'}"))
    check_suitable(engine.connect())
    yield engine
    engine.close()


@pytest.fixture
def store_database(engine: Engine, tmp_path: Path) -> Iterator[StoreDatabase]:
    """A database with the schema and nothing in it."""
    with fresh_database(engine, tmp_path) as database:
        yield database
