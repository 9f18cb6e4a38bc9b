"""A dataset's runs against the code that is here now: by itself, by pytest, and against last time."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import cast

import pytest
from clickhouse_connect.driver.client import Client
from opentelemetry.exporter.otlp.proto.common.trace_encoder import encode_spans
from tests.e2e.emitting import hex_id, spans
from tests.e2e.running import Said, Up, playhead_alone

from playhead_collector.read.recording_export import Written
from playhead_replay import evaluating
from playhead_replay.evaluating import Evaluated
from playhead_replay.recording.find import from_file

_AGENT = """
import time, playhead
playhead.init(service="evaluated", send=False)
@playhead.agent(name="evaluated")
def run():
    playhead.state("begun at " + str(int(time.time()) // 10**9))
    playhead.score("brief", 0.75)
run()
"""
_TESTS = 'import playhead_replay.pytest as p; test_recordings = p.recordings("recordings")\n'
_PYTEST = (sys.executable, "-m", "pytest", "-q", "-p", "playhead_replay.plugin", "-p", "no:cacheprovider")


@pytest.fixture
def tree(collector: Up, tmp_path: Path) -> Path:
    """A repository with an agent, of which a run is in a dataset of the store."""
    tree = tmp_path / "tree"
    tree.mkdir()
    for words in (
        ("init", "-q"),
        ("-c", "user.name=A", "-c", "user.email=a@b.c", "commit", "-q", "--allow-empty", "-m", "it"),
    ):
        subprocess.run(["git", *words], cwd=tree, check=True)
    (tree / "agent.py").write_text(_AGENT)
    (tree / "test_recordings.py").write_text(_TESTS)
    file = tmp_path / "run.playhead"
    said = playhead_alone(tmp_path, "record", "-q", "-o", str(file), "--", sys.executable, str(tree / "agent.py"))
    assert said.status == 0, said.err
    assert collector.playhead("import", str(file)).status == 0
    run = from_file(file).run
    assert collector.playhead("dataset", "create", tmp_path.name, f"run:{run}").status == 0
    return tree


def evaluated(collector: Up, tree: Path, *options: str, command: Sequence[str] = ()) -> Said:
    done = subprocess.run(
        [sys.executable, "-m", "playhead", "eval", "--store", collector.store, *options, tree.parent.name, *command],
        cwd=tree, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    return Said(done.returncode, done.stdout, done.stderr)


def test_the_same_code_is_identical_and_changed_code_is_worse_than_recorded_until_that_is_known(
    collector: Up, tree: Path
) -> None:
    same = evaluated(collector, tree, "--json")
    assert (same.status, [row["status"] for row in same.rows()]) == (0, ["identical"]), same.err
    (tree / "agent.py").write_text(_AGENT.replace("begun at", "started at"))
    other = evaluated(collector, tree, "--json")
    assert (other.status, [row["status"] for row in other.rows()]) == (1, ["diverged"]), other.err
    (tree.parent / "last.jsonl").write_text(other.out)
    again = evaluated(collector, tree, "--against", str(tree.parent / "last.jsonl"))
    assert again.status == 0 and "0 worse than last time" in again.err and "diverged" in again.out


def test_pytest_tries_the_datasets_recordings_in_place_of_its_own_and_live_its_figures_are_compared(
    collector: Up, tree: Path
) -> None:
    same = evaluated(collector, tree, "--json", command=["--", *_PYTEST])
    assert (same.status, [row["status"] for row in same.rows()]) == (0, ["identical"]), same.err
    (tree / "agent.py").write_text(_AGENT.replace("0.75", "0.5"))
    live = evaluated(collector, tree, command=["--", *_PYTEST, "--playhead-rerecord"])
    assert live.status == 1 and "brief 0.75 → 0.5" in live.out, live.err
    (tree / "agent.py").write_text(_AGENT.replace('playhead.score("brief", 0.75)', "pass"))
    gone = evaluated(collector, tree, command=["--", *_PYTEST, "--playhead-rerecord"])
    assert gone.status == 1 and "brief 0.75 → ?" in gone.out and "1 worse than recorded" in gone.err, gone.err
    none = evaluated(collector, tree, "--json", command=["--", sys.executable, "-c", "pass"])
    assert (none.status, [row["status"] for row in none.rows()]) == (2, ["not tried"])
    (tree.parent / "last.jsonl").write_text(none.out)
    against = ("--against", str(tree.parent / "last.jsonl"))
    still = evaluated(collector, tree, *against, command=["--", sys.executable, "-c", "pass"])
    assert still.status == 2 and "0 worse than last time" in still.err and "none of them could be tried" in still.err


def test_code_that_is_not_here_is_named_by_the_folder_that_it_is_in(collector: Up, tree: Path) -> None:
    elsewhere = tree.parent / "elsewhere"
    elsewhere.mkdir()
    away = evaluated(collector, elsewhere)
    assert away.status == 2 and "playhead eval DATASET --in FOLDER" in " ".join(away.out.split())
    assert "playhead replay" not in away.out and "0 worse than recorded, 1 could not be tried" in away.err
    there = evaluated(collector, elsewhere, "--in", str(tree))
    assert (there.status, "could not be tried" in there.err) == (0, False), there.err


def test_a_recording_that_cannot_be_read_stops_no_other(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As of a run whose first process sent none of its recording: it is exported, and holds no beginning."""
    good = tree.parent / "run.playhead"

    def exported(_: object, run: str, file: Path, *, into: bool) -> Written:
        assert not into
        file.write_bytes(good.read_bytes() if run == "good" else b"")
        return Written(file, 0, 0)

    monkeypatch.setattr(evaluating, "export_recording", exported)
    monkeypatch.chdir(tree)
    told: list[Evaluated] = []
    evaluating.evaluate(cast(Client, None), ["bad", "good"], [], tree, told.append)
    assert [(one.run_id, one.status) for one in told] == [("bad", "refused"), ("good", "identical")]
    assert "it is empty" in told[0].what


def test_runs_without_a_recording_are_left_out_of_a_folder_of_recordings(collector: Up, tree: Path) -> None:
    name, into = tree.parent.name, tree.parent / "recordings"
    (row,) = collector.playhead("dataset", "show", name, "--json").rows()
    others = [spans("unrecorded") for _ in range(2)]
    for one in others:
        collector.send(encode_spans(one))
    ids = [hex_id(one) for one in others]
    assert collector.playhead("dataset", "add", name, *ids).status == 0
    said = collector.playhead("dataset", "export", name, "-o", f"{into}/", "--json")
    (told,) = said.rows()
    assert (said.status, told["runs"], sorted(told["left_out"])) == (1, 1, sorted(ids))
    assert [from_file(Path(file)).run for file in told["files"]] == [row["run_id"]]
    assert "left out: 2 of 3 runs, which came without a recording" in said.err
    assert collector.playhead("dataset", "remove", name, row["run_id"]).status == 0
    none = collector.playhead("dataset", "export", name, "-o", f"{into}/")
    assert none.status == 2 and "none of these runs came with a recording" in none.err
