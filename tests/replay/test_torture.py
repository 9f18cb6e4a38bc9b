"""The torture suite in small (`make proof-replay` has all of it): what it found, and one program of each kind."""

from __future__ import annotations

import sys
from pathlib import Path

from tests.proof.replaying import (
    PLAYHEAD,
    PROGRAMS,
    chosen,
    problems,
    problems_of_run,
    record,
    record_by_init,
    run,
    runs_of,
)


def test_a_run_that_leaves_a_task_in_the_background_is_over_when_its_last_step_is(tmp_path: Path) -> None:
    told = record_by_init(tmp_path, PROGRAMS / "workers.py", "shared_refresh", "16")
    assert [problems_of_run(told, run, 1) for run in chosen(runs_of(told), 3)] == [[], [], []]


def test_agents_in_processes_of_their_own_are_answers_of_the_recording(tmp_path: Path) -> None:
    told = record(tmp_path, PROGRAMS / "one_shot.py", "subagents")
    assert problems(told, 1) == []


_SURROUNDINGS = """
import glob, json, os, pathlib, shutil, signal, ssl, subprocess, sys, time
asked = [input("may it? "), sys.stdin.readline(), sys.stdin.buffer.read().decode(), sys.stdin.isatty()]
folder = [glob.glob("data/*"), sorted(os.walk("data")), [str(path) for path in pathlib.Path("data").glob("**/*")]]
folder += [os.access("data/first", os.R_OK), os.path.realpath("data/link"), os.path.expandvars("$WORD")]
system = [os.getloadavg(), os.times(), shutil.disk_usage("."), time.asctime(), dict(os.environ)["WORD"]]
drawn = [ssl.RAND_bytes(4).hex(), os.getrandom(4).hex()]
child = subprocess.Popen(["sleep", "60"])
os.kill(child.pid, signal.SIGTERM)
print(json.dumps([asked, folder, system, drawn, child.wait()]))
"""


def test_what_a_program_reads_of_its_surroundings_comes_back_in_others(tmp_path: Path) -> None:
    (tmp_path / "agent.py").write_text(_SURROUNDINGS)
    data = tmp_path / "data"
    data.mkdir()
    (data / "first").touch()
    (data / "link").symlink_to("first")
    words = (*PLAYHEAD, "record", "-q", "-o", "run.playhead", "--", sys.executable, "agent.py")
    before = run(tmp_path, *words, given="yes\nplease\nand more", WORD="first")
    assert before.code == 0, before.err
    (data / "first").rename(data / "second")
    again = run(tmp_path, *PLAYHEAD, "replay", "run.playhead", given="no\n", WORD="second")
    assert (again.code, again.out) == (0, before.out), again.err


def test_what_was_printed_is_compared_wherever_the_program_had_it_from(tmp_path: Path) -> None:
    """An address is no effect: no recording holds it."""
    (tmp_path / "agent.py").write_text("import sys\nprint(id(object()) if len(sys.argv) == 1 else 'the same')")
    words = (*PLAYHEAD, "record", "-q", "-o")
    run(tmp_path, *words, "same.playhead", "--", sys.executable, "agent.py", "x")
    run(tmp_path, *words, "other.playhead", "--", sys.executable, "agent.py")
    assert run(tmp_path, *PLAYHEAD, "replay", "same.playhead").code == 0
    again = run(tmp_path, *PLAYHEAD, "replay", "other.playhead")
    assert (again.code, "playhead.stdout.hash: recorded" in again.err) == (1, True), again.err
