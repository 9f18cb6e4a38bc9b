"""Recordings that were made once, beside their programs, replay forever: whatever becomes of the engine."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest

from playhead_replay.launch import aside
from playhead_replay.recording.find import from_file
from playhead_replay.replay import replay
from playhead_replay.told import told

ROOT = Path(__file__).parents[2]
FOLDER = Path(__file__).parent / "recordings"
PROGRAMS = ("clients", "desk", "gather", "hostile", "sequential", "stream", "threads")


@pytest.mark.parametrize("program", PROGRAMS)
def test_what_was_recorded_once_replays_forever(program: str) -> None:
    with tempfile.TemporaryFile() as output:
        certificate, verdict = replay(from_file(FOLDER / f"{program}.playhead"), checkout=ROOT, run=aside(output))
    assert verdict.status == "identical", "\n".join(told(certificate, verdict))


def test_every_program_that_is_kept_is_replayed() -> None:
    kept = {file.stem for file in FOLDER.glob("*.playhead")}
    assert kept == {file.stem for file in FOLDER.glob("*.py")} - {"__main__"} == set(PROGRAMS)
