"""The commit that the agent's code is of, and whether files differ from it. Read from `.git`; git itself is not run."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from playhead.fingerprint.git_index import UnknownIndex, entries_of, modified, tree_of
from playhead.fingerprint.git_objects import tree_of_commit

_COMMIT = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")
_MOST_NAMES = 100


@dataclass(frozen=True, slots=True)
class Code:
    root: str
    commit: str
    branch: str
    """Empty where none is checked out."""


@dataclass(frozen=True, slots=True)
class Changes:
    dirty: bool | None
    """Whether a tracked file, or what is staged, differs from the commit. None where that cannot be told."""
    modified: tuple[str, ...] = ()
    """Names of files that differ from what is staged; the first hundred."""


@dataclass(frozen=True, slots=True)
class Repository:
    root: Path
    git: Path
    """Its own folder: HEAD and index."""
    common: Path
    """What it shares with other worktrees: refs and objects."""

    def code(self) -> Code | None:
        head = _line(self.git / "HEAD")
        if head is None:
            return None
        if not head.startswith("ref: "):
            return Code(str(self.root), head, "") if _COMMIT.fullmatch(head) else None
        ref = head[5:].strip()
        commit = _line(self.git / ref) or _line(self.common / ref) or self._packed(ref)
        if commit is None or not _COMMIT.fullmatch(commit):
            return None  # nothing was committed yet, or refs of a form that is not read here
        return Code(str(self.root), commit, ref.removeprefix("refs/heads/"))

    def changes(self, commit: str) -> Changes:
        index = self.git / "index"
        try:
            entries = entries_of(index)
            names = tuple(islice(modified(self.root, entries, index.stat().st_mtime_ns), _MOST_NAMES))
        except (UnknownIndex, OSError):
            return Changes(None)
        if names:
            return Changes(True, names)
        committed = tree_of_commit(self.common / "objects", commit)
        return Changes(None if committed is None else committed != tree_of(entries))

    def _packed(self, ref: str) -> str | None:
        try:
            lines = (self.common / "packed-refs").read_text(encoding="utf-8", errors="replace").splitlines()
        except OSError:
            return None
        return next((line.split(" ")[0] for line in lines if line.endswith(f" {ref}")), None)


def repository_of(folders: Iterable[Path]) -> Repository | None:
    """The repository that holds the first of these folders that any holds."""
    for folder in folders:
        for root in (folder, *folder.parents):
            found = _repository(root)
            if found is not None:
                return found
    return None


def _repository(root: Path) -> Repository | None:
    git = root / ".git"
    if not git.exists():
        return None
    if git.is_file():
        line = _line(git) or ""
        git = root / line.removeprefix("gitdir: ")
    shared = _line(git / "commondir")
    return Repository(root, git, git / shared if shared else git) if (git / "HEAD").exists() else None


def _line(path: Path) -> str | None:
    try:
        return path.read_text(encoding="utf-8", errors="replace").partition("\n")[0].strip() or None
    except OSError:
        return None
