"""pytest's fixture. An installed Playhead brings it along; nothing is loaded until a test asks for it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from playhead.testing.recording import Recorded


@pytest.fixture
def playhead_recorder() -> Iterator[Recorded]:
    """What the test's agent records, in memory, with the same ids, times and random numbers every time."""
    from playhead.testing.recording import recording

    with recording() as recorded:
        yield recorded
