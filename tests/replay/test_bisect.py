"""`playhead bisect` and `playhead checkout`: a recording and the commits of the repository that its program is in."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from tests.e2e.running import wait_for
from tests.replay.agents import environment_of, playhead, recorded
from tests.replay.programs import PLAIN

# The agent over time; it diverges from the fourth commit on, and cannot be executed at the third.
HISTORY = (
    ("an agent", PLAIN),
    ("a remark", f"# An agent.\n{PLAIN}"),
    ("broken", f"import no_such_module\n{PLAIN}"),
    ("other words", PLAIN.replace("after {last}", "behind {last}")),
    ("a remark more", "# An agent.\n" + PLAIN.replace("after {last}", "behind {last}")),
)


def git(folder: Path, *words: str) -> str:
    who = ("-c", "user.name=A", "-c", "user.email=a@example.com", "-c", "init.defaultBranch=main")
    return subprocess.run(["git", *who, *words], cwd=folder, check=True, capture_output=True, text=True).stdout.strip()


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository with a history; its agent was recorded at the first commit into `run.playhead` beside it."""
    root = tmp_path_factory.mktemp("bisect") / "shop"
    root.mkdir()
    git(root, "init", "-q")
    for number, (subject, text) in enumerate(HISTORY):
        (root / "agent.py").write_text(text)
        git(root, "add", "agent.py")
        git(root, "commit", "-q", "-m", subject)
        if number == 0:
            file, _ = recorded(root, text, "0")
            file.rename(root.parent / "run.playhead")
    (root / "agent.py").write_text("my own work, not committed\n")
    return root


def untouched(root: Path) -> bool:
    return (
        (root / "agent.py").read_text() == "my own work, not committed\n"
        and git(root, "status", "--porcelain", "--untracked-files=no") == "M agent.py"
        and len(git(root, "worktree", "list").splitlines()) == 1
    )


def test_the_commit_at_which_it_diverges_is_found_past_one_that_cannot_be_executed(repository: Path) -> None:
    done = playhead(repository, "bisect", "../run.playhead", "--json")
    assert done.code == 0, done.err
    found = done.json
    assert found["first_bad"]["commit"]["subject"] == "other words"
    assert found["last_good"]["subject"] == "a remark"
    assert [tried["commit"]["subject"] for tried in found["between"]] == ["broken"]
    assert any("turn 0 behind start" in line for line in found["first_bad"]["verdict"]["differences"])
    assert untouched(repository)


def test_ends_that_are_not_what_they_are_called_are_refused(repository: Path) -> None:
    nothing = playhead(repository, "bisect", "../run.playhead", "--bad", "HEAD~3")
    assert nothing.code == 2 and "there is nothing to find" in nothing.err
    unknown = playhead(repository, "bisect", "../run.playhead", "--good=--output=x")
    assert unknown.code == 2 and "is no commit of" in unknown.err
    assert untouched(repository)


def test_interrupted_it_leaves_no_worktree(repository: Path) -> None:
    words = [sys.executable, "-m", "playhead", "bisect", "../run.playhead"]
    with subprocess.Popen(
        words, cwd=repository, env=environment_of(repository), stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stderr is not None
        assert "identical" in process.stderr.readline()  # the first one is done, the next is under way
        process.send_signal(signal.SIGTERM)
        assert process.wait(120) == 143
    assert untouched(repository)


def test_interrupted_while_git_checks_out_it_leaves_no_worktree(repository: Path) -> None:
    mark = repository.parent / "begun"
    git(repository, "config", "filter.slow.smudge", f"touch {mark}; sleep 60")
    attributes = repository / ".git" / "info" / "attributes"
    attributes.parent.mkdir(exist_ok=True)
    attributes.write_text("agent.py filter=slow\n")
    try:
        with subprocess.Popen(
            [sys.executable, "-m", "playhead", "bisect", "../run.playhead"],
            cwd=repository,
            env=environment_of(repository),
        ) as process:
            wait_for(mark.exists, "git began to check out")
            process.send_signal(signal.SIGTERM)
            assert process.wait(120) == 143
    finally:
        attributes.unlink()
        git(repository, "config", "--remove-section", "filter.slow")
    assert untouched(repository)


def wheel(folder: Path, name: str, version: str) -> None:
    """The smallest there is."""
    about = f"{name}-{version}.dist-info"
    with zipfile.ZipFile(folder / f"{name}-{version}-py3-none-any.whl", "w") as file:
        file.writestr(f"{name}.py", f"version = {version!r}\n")
        file.writestr(f"{about}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
        file.writestr(f"{about}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        file.writestr(f"{about}/RECORD", "")


def test_a_checkout_is_the_recorded_commit_with_the_recorded_versions(repository: Path, tmp_path: Path) -> None:
    wheel(tmp_path, "lamps", "1.2")
    wheel(tmp_path, "lamps", "1.3")
    lines = (repository.parent / "run.playhead").read_bytes().splitlines(keepends=True)
    few = tmp_path / "few.playhead"
    few.write_bytes(b"".join(with_packages(line, ["lamps==1.2", "gone==9.9"]) for line in lines))
    folder = tmp_path / "there"
    done = playhead(
        repository, "checkout", str(few), "-o", str(folder), "--json", PIP_NO_INDEX="1", PIP_FIND_LINKS=str(tmp_path)
    )
    assert done.code == 0, done.err
    assert (folder / "agent.py").read_text() == PLAIN
    assert done.json["missing"] == ["gone==9.9"]
    python = str(folder / ".venv" / "bin" / "python")
    assert subprocess.run(
        [python, "-c", "import lamps; print(lamps.version)"], capture_output=True, text=True, check=True
    ).stdout == "1.2\n"  # fmt: skip
    assert done.json["command"] == ["playhead", "replay", str(few), "--in", str(folder), "--python", python]
    # The interpreter of this test has Playhead; that environment has two packages.
    again = playhead(repository, "replay", str(few), "--in", str(folder))
    assert again.code == 0, again.err
    git(repository, "worktree", "remove", "--force", str(folder))


def with_packages(line: bytes, packages: list[str]) -> bytes:
    record = json.loads(line)
    if record[0] == "r" and record[2][0] == "v":
        record[2][1]["packages"] = packages
        return json.dumps(record, separators=(",", ":")).encode() + b"\n"
    return line


def test_the_code_alone_and_what_was_not_committed_is_said(repository: Path, tmp_path: Path) -> None:
    folder = tmp_path / "alone"
    done = playhead(repository, "checkout", "../run.playhead", "-o", str(folder), "--no-packages")
    assert done.code == 0, done.err
    assert done.out == f"playhead replay ../run.playhead --in {folder}\n"
    assert not (folder / ".venv").exists()
    taken = playhead(repository, "checkout", "../run.playhead", "-o", str(folder), "--no-packages")
    assert taken.code == 2 and "is there already" in taken.err
    git(repository, "worktree", "remove", "--force", str(folder))
