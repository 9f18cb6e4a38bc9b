"""Recordings in a folder as regression tests: one line of a test file, run by a pytest of its own."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from tests.replay.agents import Ran, playhead, ran, recorded
from tests.replay.programs import PLAIN
from tests.sdk.engine.provider import provider

ONE_LINE = """
from playhead_replay.pytest import recordings

test_recordings = recordings("tests/recordings")
"""


@pytest.fixture(scope="module")
def recorded_here(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository with an agent, two recordings of it (one of a failure) and the line that makes tests of them."""
    root = tmp_path_factory.mktemp("recorded") / "shop"
    kept = root / "tests" / "recordings"
    kept.mkdir(parents=True)
    for words in (("init", "-q"), ("commit", "-q", "--allow-empty", "-m", "an agent")):
        git(root, *words)
    for name, status in (("well", "0"), ("failed", "4")):
        file, _ = recorded(root, PLAIN, status)
        file.rename(kept / f"{name}.playhead")
    (root / "tests" / "test_recordings.py").write_text(ONE_LINE)
    return root


@pytest.fixture
def clone(recorded_here: Path, tmp_path: Path) -> Path:
    """The same at another place, where it was not recorded."""
    return shutil.copytree(recorded_here, tmp_path / "clone")


def git(folder: Path, *words: str) -> None:
    who = ("-c", "user.name=A", "-c", "user.email=a@example.com")
    subprocess.run(["git", *who, *words], cwd=folder, check=True)


def pytest_in(root: Path, *words: str, **more: str) -> Ran:
    plugins = ("-p", "playhead_replay.plugin", "-p", "no:cacheprovider")
    return ran(root, sys.executable, "-m", "pytest", "-q", *plugins, *words, **more)


def test_each_recording_is_a_test_that_passes_in_any_clone_where_the_replay_is_identical(clone: Path) -> None:
    done = pytest_in(clone, "-vv", HOME=str(clone))  # somebody else's
    assert done.code == 0, done.out
    assert "test_recordings[failed] PASSED" in done.out and "test_recordings[well] PASSED" in done.out


def test_a_recording_of_another_machine_is_executed_from_the_repository_around_us(
    clone: Path, recorded_here: Path
) -> None:
    file = clone / "theirs.playhead"
    kept = clone / "tests" / "recordings" / "well.playhead"
    file.write_text(kept.read_text().replace(str(recorded_here), "/srv/theirs/shop"))
    done = playhead(clone, "replay", "theirs.playhead")
    assert done.code == 0, done.err


def test_a_changed_agent_fails_with_the_step_the_place_and_what_differs(clone: Path) -> None:
    agent = clone / "agent.py"
    agent.write_text(PLAIN.replace("after {last}", "behind {last}"))
    done = pytest_in(clone, "-k", "well")
    assert done.code == 1
    assert "diverged at step 2 of 5" in done.out
    assert f"at {agent}:6" in done.out
    assert "turn 0 after start" in done.out and "turn 0 behind start" in done.out
    assert "Traceback" not in done.out


def test_recorded_again_the_new_file_takes_the_place_of_the_old_one(clone: Path) -> None:
    (clone / "agent.py").write_text(PLAIN.replace("after {last}", "behind {last}"))
    with provider() as url:
        done = pytest_in(clone, "--playhead-rerecord", "-k", "well", PROVIDER=url)
    assert done.code == 0, done.out
    assert "behind" in (clone / "tests" / "recordings" / "well.playhead").read_text()
    assert pytest_in(clone, "-k", "well").code == 0
    marked = "import pytest\n" + ONE_LINE + "test_recordings = pytest.mark.playhead_rerecord(test_recordings)\n"
    (clone / "tests" / "test_recordings.py").write_text(marked)
    away = pytest_in(clone, "-k", "well")
    assert away.code == 0, away.out  # it was recorded with its provider away: a failure, and identical
    assert "ConnectionError" in (clone / "tests" / "recordings" / "well.playhead").read_text()


def test_a_folder_without_recordings_is_an_error_and_no_test_that_cannot_fail(clone: Path) -> None:
    shutil.rmtree(clone / "tests" / "recordings")
    done = pytest_in(clone)
    assert done.code == 2
    assert "tests/recordings holds no recording; make one: playhead export RUN -o tests/recordings/" in done.out


def test_pytest_starts_without_anything_of_replay_but_an_option() -> None:
    code = "import sys, playhead_replay.plugin; print(*sorted(name for name in sys.modules if 'playhead' in name))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "playhead_replay playhead_replay.plugin"
