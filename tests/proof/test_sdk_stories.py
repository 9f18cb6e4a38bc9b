"""What the SDK promises, as stories: real processes, and what a real collector stored of them.

    make proof-sdk

Each program (sdk_programs.py) says what its own code counted; that is compared with the steps that were stored, whose
numbers must go from 0 to their last in each run of each process.
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from tests.e2e.running import Up, playhead_alone, up
from tests.proof.sdk_journals import told
from tests.sdk.engine.test_stress import PROGRAMS, came_to_its_end

from playhead_collector.demo.provider import FakeProvider

REPOSITORY = Path(__file__).resolve().parents[2]
EXITS = (
    "plain",
    "os._exit",
    "os._exit in a run",
    "sys.exit in a run",
    "exit in a thread",
    "an exception in a run",
    "SIGTERM in a run",
    "daemon threads",
    "atexit before",
    "atexit after",
)


@pytest.fixture(scope="module")
def collector(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Up]:
    with up(tmp_path_factory.mktemp("collector")) as collector:
        yield collector


def started(name: str, *arguments: str, journal: Path, **environment: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-W", "ignore", "-m", "tests.proof.sdk_programs", name, *arguments],
        cwd=REPOSITORY,
        env={**os.environ, "JOURNAL": str(journal), **environment},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def ran(name: str, *arguments: str, journal: Path, **environment: str) -> dict[str, Any]:
    """What the program said of itself."""
    with started(name, *arguments, journal=journal, **environment) as process:
        out, err = process.communicate(timeout=120)
    assert out, err[-3000:]
    said: dict[str, Any] = json.loads(out.splitlines()[0])
    return {**said, "status": process.returncode, "err": err}


def ship(collector: Up, journal: Path) -> None:
    """What processes left behind that had no time to send it."""
    said = playhead_alone(
        collector.folder, "ship", "--json", "--wait", "60", "--journal", str(journal), "--endpoint", collector.url
    )
    assert said.status == 0, said.err


class Steps:
    """The stored steps of one service, each once."""

    def __init__(self, collector: Up, service: str) -> None:
        collector.wait_until_stored()
        self.rows = collector.playhead(
            "sql",
            "--json",
            "SELECT run_id, step_id, parent_id, name, kind, status, start_time, end_time, attributes "
            f"FROM steps WHERE service = '{service}'",
        ).rows()

    def __len__(self) -> int:
        return len(self.rows)

    def having(self, attribute: str) -> list[dict[str, Any]]:
        return [row for row in self.rows if attribute in row["attributes"]]

    def numbers(self) -> dict[str, list[int]]:
        found: dict[str, list[int]] = {}
        for row in self.rows:
            found.setdefault(row["run_id"], []).append(int(row["attributes"]["playhead.sequence"]))
        return found

    def check(self, processes: int = 1) -> None:
        """No holes: as many processes as wrote a run, so often each number can be there."""
        assert self.rows
        for run, numbers in self.numbers().items():
            counted = Counter(numbers)
            assert set(counted) == set(range(max(counted) + 1)), (run, sorted(numbers))
            assert max(counted.values()) <= processes, (run, sorted(numbers))
        ids = {(row["run_id"], row["step_id"]) for row in self.rows}
        assert [row for row in self.rows if row["parent_id"] and (row["run_id"], row["parent_id"]) not in ids] == []


def story(
    name: str, *arguments: str, collector: Up, journal: Path, ships: bool = False, processes: int = 1
) -> tuple[dict[str, Any], Steps]:
    """What a program said of itself, and what was stored of it: as many steps, without holes."""
    said = ran(name, *arguments, journal=journal, COLLECTOR=collector.url)
    if ships:
        ship(collector, journal)
    steps = Steps(collector, name)
    steps.check(processes)
    assert len(steps) == said["steps"], said["err"]
    return said, steps


def test_threads_executors_loops_and_mixes_of_them_are_one_run_without_holes(collector: Up, tmp_path: Path) -> None:
    _, steps = story("threads_and_loops", collector=collector, journal=tmp_path)
    assert len(steps.numbers()) == 1
    assert {row["status"] for row in steps.rows} == {"ok"}
    print(f"    threads, executors, asyncio, anyio: {len(steps)} steps in one run, holes 0, open 0")


def test_forks_spawns_and_pools_keep_the_steps_of_each_process(collector: Up, tmp_path: Path) -> None:
    said, steps = story("forks_and_spawns", collector=collector, journal=tmp_path, ships=True, processes=7)
    assert len(steps.numbers()) == 1
    (root,) = [row for row in steps.rows if row["kind"] == "agent"]
    assert int(root["attributes"]["playhead.run.steps"]) == said["steps"]
    print(f"    fork, pool, spawn: {len(steps)} steps of 7 processes in one run, holes 0, twice 0")


def test_two_processes_write_one_run(collector: Up, tmp_path: Path) -> None:
    said, steps = story("two_processes", collector=collector, journal=tmp_path, ships=True, processes=2)
    assert list(steps.numbers()) == [said["run"]]
    print(f"    two processes, one run: {len(steps)} steps, holes 0, twice 0")


def test_generators_are_recorded_however_they_end(collector: Up, tmp_path: Path) -> None:
    said, steps = story("generators", collector=collector, journal=tmp_path)
    whole, cancelled = steps.having("gen_ai.tool.call.result"), steps.having("playhead.cancelled")
    failed = [row for row in steps.rows if row["status"] == "error"]
    assert (len(whole), len(cancelled), len(failed)) == (said["whole"], said["cancelled"], said["failed"])
    assert {row["attributes"]["playhead.cancelled"] for row in cancelled} <= {"GeneratorExit", "CancelledError"}
    assert all("playhead.yielded" in row["attributes"] for row in cancelled)
    assert [row["name"] for row in steps.rows if row["status"] == "open"] == []
    print(f"    generators: {len(whole)} read whole, {len(cancelled)} closed early, {len(failed)} failed, open 0")


def test_cancelled_tasks_are_steps_that_were_cancelled(collector: Up, tmp_path: Path) -> None:
    said, steps = story("cancellations", collector=collector, journal=tmp_path)
    cancelled = steps.having("playhead.cancelled")
    assert len(cancelled) == said["cancelled"], said["err"]
    assert {row["status"] for row in steps.rows} == {"ok"}
    print(f"    cancelled tasks: {len(cancelled)} of {said['cancelled']}, open 0")


def test_streams_that_nobody_read_to_their_end_are_prompts_all_the_same(collector: Up, tmp_path: Path) -> None:
    with FakeProvider() as provider:
        said = ran("streams", provider.url, journal=tmp_path, COLLECTOR=collector.url)
    ship(collector, tmp_path)
    steps = Steps(collector, "streams")
    steps.check()
    prompts = [row for row in steps.rows if row["kind"] == "prompt"]
    whole = [row for row in prompts if "gen_ai.response.finish_reasons" in row["attributes"]]
    assert (len(prompts), len(whole)) == (said["prompts"], said["whole"]), said["err"]
    still_open = sum(row["status"] == "open" for row in prompts)
    assert still_open <= 1, "only the stream that was left lying may not have ended"
    print(f"    streams: {len(whole)} read whole, {len(prompts) - len(whole)} not, {still_open} of them never let go")


@pytest.mark.parametrize("how", EXITS)
def test_a_process_that_ends_without_shutdown_loses_nothing(how: str, collector: Up, tmp_path: Path) -> None:
    before = len(Steps(collector, "exits")) if how != EXITS[0] else 0
    said = ran("exits", how, journal=tmp_path, COLLECTOR=collector.url)
    left = len(told(tmp_path).started)
    ship(collector, tmp_path)
    steps = Steps(collector, "exits")
    steps.check()
    there = len(steps) - before
    if how == "daemon threads":
        assert there >= said["steps"], said["err"]
    else:
        assert there == said["steps"], said["err"]
    assert [path.name for path in tmp_path.iterdir()] == []
    print(f"    {how}: {there} steps of {said['steps']}, {left} of them sent by the next process, lost 0")


def test_a_clock_that_goes_backwards_breaks_no_run(collector: Up, tmp_path: Path) -> None:
    _, steps = story("clock_backwards", collector=collector, journal=tmp_path)
    assert [row for row in steps.rows if row["end_time"] < row["start_time"]] == []
    ordered = sorted(steps.rows, key=lambda row: int(row["attributes"]["playhead.sequence"]))
    names = ["run", "work", "set_back", "work", "set_back", "work"]
    assert [row["name"].rpartition(" ")[2] for row in ordered] == names
    print(f"    clock set back an hour: {len(steps)} steps in their order, none that ends before it starts")


def test_a_collector_that_is_away_the_whole_time_gets_all_of_it_later(collector: Up, tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        nobody = f"http://127.0.0.1:{taken.getsockname()[1]}"
        said = ran("many", "5000", journal=tmp_path, COLLECTOR=nobody)
    kept = told(tmp_path)
    assert (len(kept.ended), said["lost"], said["in_memory"]) == (said["steps"], 0, 0), said["err"]
    assert said["err"].count("does not take traces") == 1
    ship(collector, tmp_path)
    steps = Steps(collector, "many")
    steps.check()
    assert len(steps) == said["steps"]
    assert list(tmp_path.iterdir()) == []
    print(f"    collector away, then back: {len(steps)} steps of {said['steps']}, lost 0, told once, journal removed")


@contextmanager
def small_disk(folder: Path, size: str, *, read_only: bool = False) -> Iterator[Path]:
    folder.mkdir()
    options = f"size={size}" + (",ro" if read_only else "")
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)], check=False)
    if mounted.returncode:
        pytest.skip("a small disk cannot be mounted here: it takes root")
    try:
        yield folder
    finally:
        subprocess.run(["umount", str(folder)], check=True)


@pytest.mark.parametrize("what", ["full", "read-only", "no folder"])
def test_a_disk_that_takes_nothing_costs_no_step_where_a_collector_is_there(
    what: str, collector: Up, tmp_path: Path
) -> None:
    before = len(Steps(collector, "many"))
    if what == "no folder":
        said = lingering(collector, Path("/proc/playhead/journal"))
    else:
        with small_disk(tmp_path / "disk", "512k", read_only=what == "read-only") as disk:
            said = lingering(collector, disk / "journal")
    steps = Steps(collector, "many")
    steps.check()
    assert (len(steps) - before, said["lost"]) == (said["steps"], said["lost_effects"]), said["err"]
    assert said["err"].count("cannot be written") == 1
    print(f"    disk {what}: {said['steps']} steps of {said['steps']} by way of memory, told once")


def lingering(collector: Up, journal: Path) -> dict[str, Any]:
    """Takes its steps, waits until all are acknowledged, and only then ends."""
    with started("many", "3000", journal=journal, COLLECTOR=collector.url, LINGER="1") as process:
        assert process.stdout is not None
        said = json.loads(process.stdout.readline())
        out, err = process.communicate("\n", timeout=120)
    after = json.loads(out)
    assert after["flushed"] is True, err
    return {**said, **after, "err": err, "lost_effects": after["lost"]}


def test_a_full_disk_without_a_collector_is_counted_and_said_on_the_run(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", "1m") as disk:
        said = ran("many", "60000", journal=disk / "journal")
        kept = told(disk / "journal")
    assert kept.holes == []
    records = len(kept.started) + len(kept.ended)
    assert records > 1000
    # Two records a step: in the file, in memory, or counted; and what a replay needs is counted, too.
    missing = 2 * said["steps"] - records - said["in_memory"]
    assert 0 < missing <= said["lost"] <= missing + 10, said
    assert said["err"].count("cannot be written") == 1
    print(f"    disk full, no collector: {records} records kept, {said['in_memory']} in memory, {said['lost']} lost")


def test_a_journal_at_its_limit_keeps_to_it_and_counts(collector: Up, tmp_path: Path) -> None:
    said = ran("many", "60000", journal=tmp_path, LIMIT="1000000")
    size = sum(path.stat().st_size for path in tmp_path.rglob("*.jsonl"))
    kept = told(tmp_path)
    assert size <= 1_000_000
    assert kept.holes == []
    missing = 2 * said["steps"] - len(kept.started) - len(kept.ended) - said["in_memory"]
    assert 0 < missing <= said["lost"] <= missing + 10, said
    ship(collector, tmp_path)
    print(f"    limit of 1 MB: {size} bytes, {said['in_memory']} records in memory, {said['lost']} counted lost")


def test_payloads_of_megabytes_are_kept_whole(collector: Up, tmp_path: Path) -> None:
    _, steps = story("payloads", collector=collector, journal=tmp_path)
    (large,) = [row for row in steps.rows if row["name"] == "execute_tool large"]
    run = collector.playhead("export", large["run_id"], "-o", str(tmp_path / "run.jsonl"))
    assert run.status == 0, run.err
    text = (tmp_path / "run.jsonl").read_text()
    # Once as an argument, once as a result, which is its reverse.
    for whole in ("ä" * 3_000_000 + "end", "dne" + "ä" * 3_000_000):
        assert text.count(whole) + text.count(json.dumps(whole)[1:-1]) >= 1
    assert text.count("é" * 2_000_000 + "end") + text.count(json.dumps("é" * 2_000_000 + "end")[1:-1]) >= 1
    print(f"    payloads: {len(text) / 1e6:.0f} MB of one run came back whole")


@pytest.mark.parametrize("program", PROGRAMS)
def test_the_default_level_hangs_no_program_in_five_tries(program: str, tmp_path: Path) -> None:
    reasons = [why for number in range(5) for why in came_to_its_end(program, tmp_path / f"{number}")]
    print(f"    {program}: 5 of 5 came to their end, the discipline was given up {len(reasons)} times")
    assert reasons == []
