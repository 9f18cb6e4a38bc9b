"""The store, opened once a session: a process may have one chDB engine. And what no test may depend on."""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Iterator

import pytest
from tests import properties

from playhead_collector.store.address import parse_address
from playhead_collector.store.engine import Engine
from playhead_collector.store.migrations import check_suitable

# What pytest makes of tests as it loads them, half of the time in which each of its workers collects them, is kept also
# where PYTHONDONTWRITEBYTECODE is set; what tests themselves load is not.
_WRITES_NONE = sys.dont_write_bytecode


def pytest_configure() -> None:
    """Of the terminal's size no test is told: `readline`, once imported, hands COLUMNS to pytest-xdist's workers."""
    for name in ("COLUMNS", "LINES"):
        os.environ.pop(name, None)
    properties.load()
    sys.dont_write_bytecode = False


def pytest_collection_finish() -> None:
    sys.dont_write_bytecode = _WRITES_NONE
    # All that was loaded stays: looking through it for garbage took a seventh of the time of tests of the terminal.
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)


def pytest_make_parametrize_id(val: object, argname: str) -> str | None:
    """Bytes have no part in a test's id: gzip's hold the time, and workers beside each other must agree on every id."""
    return argname if isinstance(val, bytes) else None


@pytest.fixture(scope="session")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """The one engine, on a folder that goes with the session; or the server that PLAYHEAD_TEST_CLICKHOUSE names."""
    named = os.environ.get("PLAYHEAD_TEST_CLICKHOUSE")
    engine = Engine(parse_address(named or f"chdb://{tmp_path_factory.mktemp('engine') / 'store'}"))
    check_suitable(engine.connect())
    yield engine
    engine.close()
