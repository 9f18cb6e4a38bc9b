"""Finds the commit at which a recording first diverges: replays it in worktrees, between a good commit and a bad one.

A commit in which the program cannot be executed is passed over, as `git bisect skip` does; where only such stand
between the last identical commit and the first divergence, all of them are named. It never touches the user's tree.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from playhead.errors import UsageError
from playhead_replay.certificate import Certificate
from playhead_replay.errors import NotReplayable
from playhead_replay.git import Commit, Repository
from playhead_replay.launch import aside
from playhead_replay.recording.recording import Recording
from playhead_replay.replay import Verdict, replay

# Where a program ends with these it was not a program at that commit.
_CANNOT_RUN = ("ModuleNotFoundError:", "ImportError:", "SyntaxError:", "IndentationError:", "TabError:")


@dataclass(frozen=True, slots=True)
class Tried:
    """What the recording is at one commit."""

    commit: Commit
    certificate: Certificate | None
    verdict: Verdict | None
    """None where the program could not be executed there."""
    why: str = ""
    """Why not."""

    @property
    def is_good(self) -> bool:
        return self.verdict is not None and self.verdict.status == "identical"

    @property
    def is_bad(self) -> bool:
        return self.verdict is not None and self.verdict.status == "diverged"


@dataclass(frozen=True, slots=True)
class Found:
    first_bad: Tried
    last_good: Commit
    between: Sequence[Tried]
    """Could not be executed, and stand between the two: any of them may be the first."""
    tried: int


Tell = Callable[[Tried], None]


def bisect(recording: Recording, repository: Repository, good: Commit, bad: Commit, tell: Tell) -> Found:
    """Raises UsageError where the two commits are not what they are called."""
    if not repository.is_ancestor(good, bad):
        raise UsageError(f"{good.id[:10]} (--good) is no ancestor of {bad.id[:10]} (--bad)")
    line = repository.between(good, bad)
    with tempfile.TemporaryDirectory(prefix="playhead-bisect-") as temporary:
        folder = Path(temporary).resolve()
        known: dict[str, Tried] = {}

        def at(commit: Commit) -> Tried:
            if commit.id not in known:
                known[commit.id] = _tried(recording, repository, commit, folder / commit.id[:12])
                tell(known[commit.id])
            return known[commit.id]

        _check_ends(at(good), at(bad))
        last_good, first_bad = -1, len(line) - 1
        while (number := _next(line, known, last_good, first_bad)) is not None:
            tried = at(line[number])
            if tried.is_bad:
                first_bad = number
            elif tried.is_good:
                last_good = number
        between = [known[commit.id] for commit in line[last_good + 1 : first_bad]]
        return Found(at(line[first_bad]), good if last_good < 0 else line[last_good], between, len(known))


def _next(line: Sequence[Commit], known: dict[str, Tried], last_good: int, first_bad: int) -> int | None:
    """The untried commit nearest to the middle; None where none is left between."""
    middle = (last_good + first_bad) / 2
    left = [number for number in range(last_good + 1, first_bad) if line[number].id not in known]
    return min(left, key=lambda number: abs(number - middle), default=None)


def _check_ends(good: Tried, bad: Tried) -> None:
    if not good.is_good:
        what = good.why or (good.verdict.what if good.verdict else "")
        raise UsageError(
            f"the recording is not identical at {good.commit.id[:10]} (--good): {what}; name an older commit"
        )
    if bad.is_good:
        raise UsageError(f"the recording is identical at {bad.commit.id[:10]} (--bad): there is nothing to find")
    if not bad.is_bad:
        raise UsageError(f"the recording cannot be executed at {bad.commit.id[:10]} (--bad): {bad.why}; name another")


def _tried(recording: Recording, repository: Repository, commit: Commit, folder: Path) -> Tried:
    with repository.worktree(folder, commit) as checkout, tempfile.TemporaryFile() as output:
        try:
            certificate, verdict = replay(recording, checkout=checkout, run=aside(output))
        except NotReplayable as error:
            return Tried(commit, None, None, str(error))
    if verdict.status == "refused":
        return Tried(commit, certificate, None, verdict.what)
    if verdict.failure.startswith(_CANNOT_RUN) and verdict.failure != verdict.recorded_failure:
        return Tried(commit, certificate, None, verdict.failure)
    return Tried(commit, certificate, verdict)
