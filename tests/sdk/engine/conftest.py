"""Engines of a test's own, taken out of the process at its end."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from playhead.lanes.engine import Engine


@pytest.fixture
def uninstalls() -> Iterator[list[Engine]]:
    """Those that are put into it."""
    engines: list[Engine] = []
    yield engines
    for engine in engines:
        engine.uninstall()
