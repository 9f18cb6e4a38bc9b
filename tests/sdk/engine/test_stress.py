"""Ordinary programs at the default level come to their end, whatever they wait for: the recorder holds up nobody.

Each runs in a process of its own, so that one that hangs is seen as such. `make proof-sdk` repeats them.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from playhead.journal.reader import read_journal

REPOSITORY = Path(__file__).resolve().parents[3]
PROGRAMS = (
    "locks",
    "conditions",
    "queues",
    "timers",
    "signals",
    "signals_in_a_loop",
    "loops_in_threads",
    "executors",
    "forks",
    "native_threads",
    "foreign_locks",
    "sockets",
    "asyncio_servers",
    "storms_of_garbage",
    "late",
    "in_a_thread",
    "exits",
    "cancellations",
    "runners",
    "server",
    "server_uvloop",
    "mixed",
)


def came_to_its_end(program: str, journal: Path) -> list[str]:
    """Runs it; the reasons for which the discipline was given up, which should be none."""
    words = [sys.executable, "-W", "ignore", "-m", "tests.sdk.engine.stress", str(journal), program]
    done = subprocess.run(words, cwd=REPOSITORY, capture_output=True, text=True, timeout=120, check=False)
    assert done.stdout == "done\n", done.stderr[-8000:]
    assert done.returncode == 0, done.stderr[-8000:]
    records = [record for folder in journal.iterdir() for record in read_journal(folder)]
    levels = [record[2][1]["level"] for record in records if record[0] == "r" and record[2][0] == "h"]
    assert "exact" in levels, f"{program} was not recorded at the level that is tried here"
    return [record[2][1] for record in records if record[0] == "r" and record[2][0] == "g"]


@pytest.mark.parametrize("program", PROGRAMS)
def test_a_program_that_waits_for_everything_comes_to_its_end(program: str, tmp_path: Path) -> None:
    assert came_to_its_end(program, tmp_path / "journal") == []
