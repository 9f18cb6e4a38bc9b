"""Programs that race are recorded live, and then run again with the provider gone: identical, every time.

Two replays each here; `make proof-lanes` does twenty.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.sdk.engine.replays import Replays, child, record_and_replay

from playhead.lanes.sink import read_records

PROGRAMS = (
    "sequential",
    "sequential_httpx",
    "gather_50",
    "races",
    "identical_prompts",
    "threads",
    "executor",
    "anyio_group",
    "streams",
    "retries",
    "timeouts",
    "a_tool_that_raises",
    "queues",
    "threads_and_loop",
    "spinning",
    "clocks_and_draws",
    "sets_of_strings",
    "preempted",
    "files",
    "processes",
    "async_processes",
)
# A loop that loses the token, at another place in each recording.
PREEMPTED_LOOPS = ("busy_loop", "busy_and_given", "woken_from_outside")


@pytest.fixture(scope="module")
def replays(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Replays]:
    return record_and_replay([*PROGRAMS, "killed_half_way"], tmp_path_factory.mktemp("recordings"), times=2)


@pytest.fixture(scope="module")
def preempted(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Replays]:
    return record_and_replay(PREEMPTED_LOOPS, tmp_path_factory.mktemp("recordings"), times=2)


@pytest.mark.parametrize("program", PROGRAMS)
def test_a_program_that_races_is_replayed_identically(program: str, replays: dict[str, Replays]) -> None:
    seen = replays[program]
    assert seen.recorded is not None
    assert seen.identical() == 2, seen.replayed


@pytest.mark.parametrize("program", PREEMPTED_LOOPS)
def test_a_loop_that_loses_the_token_is_replayed_identically(program: str, preempted: dict[str, Replays]) -> None:
    seen = preempted[program]
    assert seen.recorded is not None
    assert seen.identical() == 2, seen.replayed


def test_what_threads_give_to_a_loop_that_computes_runs_behind_what_it_gave_itself(
    preempted: dict[str, Replays],
) -> None:
    seen = preempted["busy_and_given"].recorded
    assert seen is not None
    assert seen["returned"] == ["before", "after", [0, "from a thread"], [1, "from a thread"]]


def test_a_wire_recording_replays_what_does_not_depend_on_close_races(tmp_path: Path) -> None:
    programs = ("sequential", "identical_prompts", "clocks_and_draws")
    for program, seen in record_and_replay(programs, tmp_path, times=2, level="wire").items():
        assert seen.recorded is not None, program
        assert seen.identical() == 2, seen.replayed


def test_a_run_killed_half_way_is_replayed_up_to_the_cut(replays: dict[str, Replays]) -> None:
    seen = replays["killed_half_way"]
    assert seen.recorded is None
    assert len(seen.replayed) == 2
    for replay in seen.replayed:
        assert replay["status"] == "ended"
        # The sixtieth answer was delivered, and the process killed before it asked for more.
        assert len(replay["returned"]) == 60
        assert replay == seen.replayed[0]


def test_a_changed_answer_is_a_divergence_that_names_the_field(replays: dict[str, Replays], tmp_path: Path) -> None:
    records = read_records(replays["sequential"].file)
    answers = [record for record in records if record[0] == "c"]
    body = answers[4][4][1][4]
    body[0] = body[0].replace('{"answer": ', '{"answer": -', 1).replace(', "n": ', ',"n":', 1) + " "
    (tmp_path / "sequential.jsonl").write_text("".join(json.dumps(record) + "\n" for record in records))
    url = next(record[6]["url"] for record in records if record[0] == "b")
    (replay,) = child("serve", ["sequential"], tmp_path, url.rstrip("/"))
    assert replay["status"] == "diverged"
    assert "http #5 of lane 0 is not what was recorded" in replay["why"]
    assert "body.prompt: recorded" in replay["why"]
