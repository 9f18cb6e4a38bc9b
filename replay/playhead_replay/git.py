"""git, as bisect and checkout need it: commits in order, and worktrees that are gone afterwards.

The user's own tree, index and branches are never touched: a worktree is a folder elsewhere with no branch. Nothing of
the repository is executed (no hooks), and what a user typed reaches git only as a revision that was looked up before.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from playhead.errors import UsageError
from playhead.fingerprint.code import repository_of
from playhead_replay.recording.recording import Recording

# Where git was told of another repository than the one in which it is run.
_ELSEWHERE = ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_COMMON_DIR", "GIT_OBJECT_DIRECTORY", "GIT_NAMESPACE")


@dataclass(frozen=True, slots=True)
class Commit:
    id: str
    subject: str


@dataclass(frozen=True, slots=True)
class Repository:
    root: Path

    def commit(self, revision: str) -> Commit:
        """Raises UsageError where it names none."""
        found = self._ran("rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}", check=False)
        if not found:
            raise UsageError(f"{revision!r} is no commit of {self.root}; fetch it, or name another")
        return Commit(found, self._ran("show", "--no-patch", "--format=%s", found))

    def between(self, good: Commit, bad: Commit) -> list[Commit]:
        """From behind the one up to the other, oldest first, along the line of first parents."""
        lines = self._ran("log", "--first-parent", "--reverse", "--format=%H %s", f"{good.id}..{bad.id}").splitlines()
        return [Commit(*line.split(" ", 1)) for line in lines]

    def is_ancestor(self, commit: Commit, of: Commit) -> bool:
        return self._run("merge-base", "--is-ancestor", commit.id, of.id).returncode == 0

    def add_worktree(self, folder: Path, commit: Commit) -> None:
        done = self._run("worktree", "add", "--quiet", "--detach", str(folder), commit.id)
        if done.returncode:
            raise UsageError(f"git could not check {commit.id[:10]} out: {done.stderr.strip()}")

    @contextmanager
    def worktree(self, folder: Path, commit: Commit) -> Iterator[Path]:
        """The tree of a commit, for as long as the block runs."""
        try:
            self.add_worktree(folder, commit)
            yield folder
        finally:
            self._run("worktree", "remove", "--force", str(folder))
            shutil.rmtree(folder, ignore_errors=True)
            self._run("worktree", "prune")

    def _ran(self, *words: str, check: bool = True) -> str:
        done = self._run(*words)
        if check and done.returncode:
            raise UsageError(f"git {words[0]} failed in {self.root}: {done.stderr.strip()}")
        return done.stdout.strip()

    def _run(self, *words: str) -> subprocess.CompletedProcess[str]:
        environment = {name: value for name, value in os.environ.items() if name not in _ELSEWHERE}
        command = ["git", "-C", str(self.root), "-c", f"core.hooksPath={os.devnull}", *words]
        try:
            with subprocess.Popen(
                command,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
            ) as git:
                try:
                    output, error = git.communicate()
                except BaseException:
                    git.terminate()  # killed, it would leave a half-made worktree locked, which nobody can prune
                    raise
            return subprocess.CompletedProcess(command, git.returncode, output, error)
        except FileNotFoundError:
            raise UsageError(
                "git is not here; install it, or take the checkout yourself and name it with --in"
            ) from None


def repository_of_recording(recording: Recording) -> Repository:
    """The one that it was recorded in, else the one around us."""
    recorded = (recording.origin.get("code") or {}).get("root")
    found = repository_at(Path(recorded)) if recorded and Path(recorded).is_dir() else None
    found = found or repository_at(Path.cwd())
    if found is None:
        raise UsageError("this is no git repository; go to a clone of the one that the agent is in")
    return found


def repository_at(folder: Path) -> Repository | None:
    """The repository that holds it."""
    found = repository_of([folder])
    return None if found is None else Repository(found.root)
