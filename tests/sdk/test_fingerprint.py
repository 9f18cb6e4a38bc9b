"""What a run came from, held against git itself."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.sdk.collector import FakeCollector, attributes

from playhead.fingerprint.code import Changes, Repository, repository_of
from playhead.fingerprint.git_index import entries_of, tree_of
from playhead.fingerprint.packages import installed
from playhead.journal.recording import merged


def git(folder: Path, *words: str) -> str:
    own = {"GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_SYSTEM": "/dev/null"}
    said = ("-c", "user.name=t", "-c", "user.email=t@example.com", "-c", "init.defaultBranch=trunk")
    done = subprocess.run(
        ["git", *said, *words], cwd=folder, env={**os.environ, **own}, capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


@pytest.fixture
def code(tmp_path: Path) -> Path:
    """A repository with names that sort differently as files and as folders."""
    root = tmp_path / "code"
    root.mkdir()
    git(root, "init", "-q")
    for name in ("agent.py", "a/b.py", "a.b", "a-b", "a0", "deep/er/still/x.py", "naïve file.txt"):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(f"# {name}\n")
    (root / "link").symlink_to("agent.py")
    (root / "run.sh").write_text("#!/bin/sh\n")
    (root / "run.sh").chmod(0o755)
    git(root, "add", "-A")
    git(root, "commit", "-q", "-m", "first")
    return root


def seen(folder: Path) -> tuple[Repository, Changes]:
    repository = repository_of([folder])
    assert repository is not None
    there = repository.code()
    assert there is not None
    assert there.commit == git(folder, "rev-parse", "HEAD")
    return repository, repository.changes(there.commit)


def test_a_commit_and_its_branch_are_read_without_git(code: Path, tmp_path: Path) -> None:
    repository, changes = seen(code / "deep" / "er")
    there = repository.code()
    assert there is not None
    assert (there.branch, there.root, changes) == ("trunk", str(code), Changes(False))
    git(code, "checkout", "-q", "--detach")
    there = seen(code)[0].code()
    assert there is not None and there.branch == ""
    git(code, "worktree", "add", "-q", "-b", "other", str(tmp_path / "beside"))
    repository, changes = seen(tmp_path / "beside")
    there = repository.code()
    assert there is not None
    assert (there.branch, changes) == ("other", Changes(False))


def _touch(code: Path) -> None:
    os.utime(code / "agent.py", ns=(1, 1))


def _stage(code: Path) -> None:
    (code / "agent.py").write_text("# another\n")
    git(code, "add", "agent.py")


def _take_back(code: Path) -> None:
    _stage(code)
    git(code, "reset", "-q", "--hard")


def _relink(code: Path) -> None:
    (code / "link").unlink()
    (code / "link").symlink_to("a0")


def _same_size_at_once(code: Path) -> None:
    """Nothing but the content tells: size and time are as they were."""
    before = (code / "agent.py").stat()
    (code / "agent.py").write_text("# AGENT.py\n")
    os.utime(code / "agent.py", ns=(before.st_atime_ns, before.st_mtime_ns))


def _commit_in_part(code: Path) -> None:
    _stage(code)
    git(code, "commit", "-q", "-m", "second")


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (_touch, Changes(False)),
        (_take_back, Changes(False)),
        (_commit_in_part, Changes(False)),
        (lambda code: (code / "new.py").touch(), Changes(False)),
        (lambda code: git(code, "gc", "-q", "--prune=now"), Changes(False)),
        (lambda code: git(code, "pack-refs", "--all"), Changes(False)),
        (lambda code: git(code, "update-index", "--index-version", "4"), Changes(False)),
        (_stage, Changes(True)),
        (lambda code: git(code, "rm", "-q", "--cached", "a0"), Changes(True)),
        (lambda code: git(code, "mv", "a0", "a1"), Changes(True)),
        (lambda code: (code / "a" / "b.py").write_text("x"), Changes(True, ("a/b.py",))),
        (lambda code: (code / "naïve file.txt").unlink(), Changes(True, ("naïve file.txt",))),
        (lambda code: (code / "agent.py").chmod(0o755), Changes(True, ("agent.py",))),
        (_relink, Changes(True, ("link",))),
        (_same_size_at_once, Changes(True, ("agent.py",))),
        (lambda code: git(code, "update-index", "--split-index"), Changes(None)),
    ],
)
def test_changes_are_seen_as_git_sees_them(code: Path, change: Callable[[Path], object], expected: Changes) -> None:
    change(code)
    assert seen(code)[1] == expected
    if expected.dirty is not None:
        of_git = git(code, "--no-optional-locks", "status", "--porcelain", "-uno")
        assert bool(of_git) is expected.dirty
        assert tree_of(entries_of(code / ".git" / "index")) == git(code, "write-tree")


def test_where_there_is_no_commit_nothing_is_claimed(tmp_path: Path) -> None:
    assert repository_of([tmp_path]) is None
    git(tmp_path, "init", "-q")
    repository = repository_of([tmp_path])
    assert repository is not None and repository.code() is None


def test_versions_are_those_that_the_installer_lists() -> None:
    listing = "import importlib.metadata as m; print(*(f'{d.name}=={d.version}' for d in m.distributions()))"
    listed = subprocess.run(
        [sys.executable, "-c", listing],
        capture_output=True, text=True, check=True, env={**os.environ, "PYTHONPATH": ""},
    )  # fmt: skip
    known = {line.lower().replace("_", "-").replace(".", "-") for line in listed.stdout.split()}
    found = {line.replace(".", "-") for line in installed(sys.path)}
    assert len(known) > 20
    assert known <= found


_PROGRAM = """
import os
import playhead
playhead.init(service="t", endpoint=os.environ["COLLECTOR"], journal=os.environ["JOURNAL"])

@playhead.agent
def run(): return 1

run()
from playhead.recorder.recorder import current; current().fingerprint.wait(30)
run()
"""


def test_every_run_says_what_it_came_from_and_the_recording_says_it_whole(
    code: Path, collector: FakeCollector, tmp_path: Path
) -> None:
    (code / "agent.py").write_text(_PROGRAM)
    environment = {
        "COLLECTOR": collector.url,
        "JOURNAL": str(tmp_path / "journal"),
        "PYTHONHASHSEED": "7",
        "TZ": "UTC",
        "PLAYHEAD_ENVIRONMENT": "SHOP, SHOP_PASSWORD",
        "SHOP": "north",
        "SHOP_PASSWORD": "quite a secret",
    }
    words = [sys.executable, "-X", "utf8", "agent.py", "--shop", "north"]
    subprocess.run(words, cwd=code, env={**os.environ, **environment}, check=True, timeout=120)
    first, second = (attributes(span) for span in collector.named("invoke_agent run"))
    commit = git(code, "rev-parse", "HEAD")
    for said in (first, second):
        assert said["process.command_args"] == words
        assert said["vcs.ref.head.revision"] == commit
        assert said["playhead.hash_seed"] == "7"
    assert (second["playhead.code.dirty"], second["playhead.code.modified"]) == (True, ["agent.py"])
    records = list(merged(record.body.bytes_value for record in collector.recordings))
    *_, whole = [record[1] for record in records if record[0] == "v"]
    assert whole["code"] == {
        "root": str(code), "commit": commit, "branch": "trunk", "dirty": True, "modified": ["agent.py"]
    }  # fmt: skip
    assert (whole["arguments"], whole["entry"]) == (["agent.py", "--shop", "north"], str(code / "agent.py"))
    assert whole["python"]["flags"]["utf8_mode"] == 1
    assert whole["environment"]["SHOP"] == "north"
    assert "quite a secret" not in json.dumps(records)
    assert any(line.startswith("opentelemetry-sdk==") for line in whole["packages"])
