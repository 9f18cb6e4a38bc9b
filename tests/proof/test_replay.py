"""The torture suite: programs that race, recorded live against a provider that never answers twice alike, and replayed
twenty times with the provider and the network gone: `make proof-replay` (PROOF_TIMES=3 for a look)."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from tests.proof.replaying import (
    PLAYHEAD,
    PROGRAMS,
    TIMES,
    Told,
    chosen,
    path_of_project,
    problems,
    problems_of_run,
    record,
    record_by_init,
    runs_of,
)
from tests.replay.agents import environment_of
from tests.sdk.engine.provider import provider
from tests.sdk.engine.test_programs import PROGRAMS as ENGINE

ONE_SHOT = (*ENGINE, "polls_and_pages", "subagents", "long_run")
WORKERS = (
    "shared_client",
    "shared_cache",
    "shared_counter",
    "shared_semaphore",
    "shared_random",
    "shared_history",
    "shared_breaker",
    "shared_limit",
    "shared_refresh",
    "shared_memo",
    "thread_each",
)
RUNS = 40


@pytest.mark.parametrize("program", ONE_SHOT)
def test_a_program_is_identical_every_time(program: str, tmp_path: Path) -> None:
    told = record(tmp_path, PROGRAMS / "one_shot.py", program)
    assert (told.code, bool(told.out)) == (0, True)
    found = problems(told, TIMES)
    print(f"    {program:24} {TIMES - len(found):3} of {TIMES}")
    assert found == []


def test_a_killed_run_is_identical_up_to_where_it_was_cut(tmp_path: Path) -> None:
    file = tmp_path / "run.playhead"
    words = [*PLAYHEAD, "record", "-q", "-o", str(file), "--", sys.executable, str(PROGRAMS / "one_shot.py"), "killed"]
    with provider() as url:
        environment = {**environment_of(tmp_path), "PYTHONPATH": path_of_project(), "PROVIDER": url}
        with subprocess.Popen(words, env=environment, cwd=tmp_path, stdout=subprocess.PIPE, text=True) as recorder:
            assert recorder.stdout is not None
            lines = [recorder.stdout.readline() for _ in range(300)]
            (child,) = Path(f"/proc/{recorder.pid}/task/{recorder.pid}/children").read_text().split()
            os.kill(int(child), signal.SIGKILL)
            lines += recorder.stdout.readlines()
    told = Told(tmp_path, file, "".join(lines), -9)
    found = problems(told, TIMES)
    print(f"    {'killed':24} {TIMES - len(found):3} of {TIMES}")
    assert found == []


@pytest.mark.parametrize("program", WORKERS)
def test_a_run_of_a_process_that_lives_long_is_identical_every_time(program: str, tmp_path: Path) -> None:
    told = record_by_init(tmp_path, PROGRAMS / "workers.py", program, str(RUNS))
    runs = chosen(runs_of(told), min(5, TIMES))
    assert len(set(runs)) == min(5, TIMES)
    found = [problem for run in runs for problem in problems_of_run(told, run, TIMES // len(runs))]
    total = TIMES // len(runs) * len(runs)
    print(f"    {program:24} {total - len(found):3} of {total}")
    assert found == []
