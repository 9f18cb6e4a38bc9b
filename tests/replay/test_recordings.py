"""Recordings that were made once, beside their programs, replay forever: whatever becomes of the engine."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import pytest

from playhead_replay.launch import aside
from playhead_replay.recording.find import from_file
from playhead_replay.recording.recording import Recording, alone
from playhead_replay.replay import replay
from playhead_replay.told import told

ROOT = Path(__file__).parents[2]
FOLDER = Path(__file__).parent / "recordings"
PROGRAMS = (
    "clients", "desk", "gather", "hostile", "preempted", "sequential", "server", "stream", "tasks", "threads",
)  # fmt: skip


@pytest.fixture(autouse=True)
def as_installed_then(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without what a client would import now and could not then."""
    known = os.environ.get("PYTHONPATH")
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(FOLDER / "absent"), *([known] if known else [])]))


def replayed(recording: Recording) -> None:
    with tempfile.TemporaryFile() as output:
        certificate, verdict = replay(recording, checkout=ROOT, run=aside(output))
    assert verdict.status == "identical", "\n".join(told(certificate, verdict))


@pytest.mark.parametrize("program", PROGRAMS)
def test_what_was_recorded_once_replays_forever(program: str) -> None:
    replayed(from_file(FOLDER / f"{program}.playhead"))


def last_asked(file: Path, counted: str) -> Recording:
    runs = [from_file(file, run) for run in from_file(file).runs]
    return [one for one in runs if one.root is not None and counted in str(one.root.attributes["input.value"])][-1]


def test_the_last_run_out_of_a_server_that_was_recorded_once_replays_forever_with_its_process_and_alone() -> None:
    file = FOLDER / "server.playhead"
    counted, by_itself = (last_asked(file, way) for way in ("true", "false"))
    replayed(counted)
    replayed(alone(by_itself))


def test_the_kept_recordings_hold_what_is_hard_to_keep() -> None:
    """Of engine version 3: threads that lost the token, tasks, streams, and runs out of a server."""
    for program in ("preempted", "server"):
        recording = from_file(FOLDER / f"{program}.playhead")
        assert (recording.header["engine"], any(record[0] == "x" for record in recording.records)) == (3, True)
    assert from_file(FOLDER / "tasks.playhead").header["engine"] == 3
    assert len(from_file(FOLDER / "server.playhead").runs) == 12


def test_every_program_that_is_kept_is_replayed() -> None:
    kept = {file.stem for file in FOLDER.glob("*.playhead")}
    assert kept == {file.stem for file in FOLDER.glob("*.py")} - {"__main__"} == set(PROGRAMS)
