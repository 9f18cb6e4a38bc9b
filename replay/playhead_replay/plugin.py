"""What pytest loads at every start: an option and a marker, and nothing else of Playhead.

test_recordings = playhead_replay.pytest.recordings("tests/recordings")
"""

from __future__ import annotations

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.getgroup("playhead").addoption(
        "--playhead-rerecord",
        action="store_true",
        help="run the recorded programs live, and replace their recordings (playhead_replay.pytest.recordings)",
    )


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "playhead_rerecord: run the recorded program live, and replace its recording")
