"""The torture suite in small (`make proof-replay` has all of it): what it found, and one program of each kind."""

from __future__ import annotations

from pathlib import Path

from tests.proof.replaying import PROGRAMS, chosen, problems, problems_of_run, record, record_by_init, runs_of


def test_a_run_that_leaves_a_task_in_the_background_is_over_when_its_last_step_is(tmp_path: Path) -> None:
    told = record_by_init(tmp_path, PROGRAMS / "workers.py", "shared_refresh", "16")
    assert [problems_of_run(told, run, 1) for run in chosen(runs_of(told), 3)] == [[], [], []]


def test_agents_in_processes_of_their_own_are_answers_of_the_recording(tmp_path: Path) -> None:
    told = record(tmp_path, PROGRAMS / "one_shot.py", "subagents")
    assert problems(told, 1) == []
