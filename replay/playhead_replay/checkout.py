"""The code of a run and the packages it ran with, side by side in a folder: what a replay elsewhere needs.

The code is a git worktree at the recorded commit, with no branch. The packages go into a virtual environment in it, by
name and version as the recording has them; pip gets them from wherever its own configuration says. What cannot be had
is said, never replaced by another version.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from playhead.errors import UsageError
from playhead_replay.git import Commit, Repository
from playhead_replay.recording.recording import Recording

ENVIRONMENT = ".venv"
_NOT_FOUND = re.compile(r"No matching distribution found for ([\w.-]+==\S+)")
_REQUIREMENT = re.compile(r"[A-Za-z0-9][\w.-]*==[\w.+!-]+")

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class CheckedOut:
    folder: str
    commit: Commit
    python: str | None
    """The interpreter of the virtual environment; None where none was asked for."""
    missing: Sequence[str] = ()
    """Packages that could not be had, as `name==version`."""
    notes: Sequence[str] = ()
    """What is not as it was when this was recorded."""


def check_out(recording: Recording, repository: Repository, folder: Path, packages: bool, say: Say) -> CheckedOut:
    """Raises UsageError where the commit is not known, or the folder is not free."""
    code: Mapping[str, Any] = recording.origin.get("code") or {}
    if not code.get("commit"):
        raise UsageError(f"run {recording.run} does not say what commit it was of, so there is nothing to check out")
    commit = repository.commit(str(code["commit"]))
    if folder.exists():
        raise UsageError(f"{folder} is there already; name another with -o")
    repository.add_worktree(folder, commit)
    say(f"{folder} is at {commit.id[:10]} {commit.subject}")
    notes = []
    if code.get("dirty"):
        changed = ", ".join(code.get("modified") or ()) or "what was staged"
        notes.append(f"it was recorded from a tree with changes that were not committed: {changed}")
    if not packages:
        return CheckedOut(str(folder), commit, None, notes=notes)
    python, remark = _interpreter(recording)
    notes += remark
    wanted = [str(one) for one in recording.origin.get("packages") or () if _REQUIREMENT.fullmatch(str(one))]
    made = _environment(python, folder / ENVIRONMENT)
    say(f"{len(wanted)} packages, by pip, into {folder / ENVIRONMENT}")
    return CheckedOut(str(folder), commit, str(made), _install(made, wanted), notes)


def _interpreter(recording: Recording) -> tuple[str, list[str]]:
    """Of the recorded minor version, where one is on the PATH."""
    recorded = str((recording.origin.get("python") or {}).get("process.runtime.version", ""))
    here = ".".join(map(str, sys.version_info[:3]))
    minor = ".".join(recorded.split(".")[:2])
    if not recorded or recorded == here:
        return sys.executable, []
    if here.startswith(f"{minor}."):
        return sys.executable, [f"it was recorded with Python {recorded}, this is {here}"]
    found = shutil.which(f"python{minor}")
    if found is not None:
        return found, [f"it was recorded with Python {recorded}, {found} is another build of {minor}"]
    return sys.executable, [f"it was recorded with Python {recorded}, which is not here; this is {here}"]


def _environment(python: str, folder: Path) -> Path:
    done = subprocess.run([python, "-m", "venv", str(folder)], capture_output=True, text=True, check=False)
    if done.returncode:
        raise UsageError(f"{python} could not make a virtual environment in {folder}: {done.stderr.strip()}")
    return folder / "bin" / "python"


def _install(python: Path, wanted: Sequence[str]) -> list[str]:
    """All at once, less what pip cannot find, until it finds the rest; what is left out then."""
    # pip is what the environment brings.
    left = [one for one in wanted if not one.startswith("pip==")]
    missing: list[str] = []
    while left:
        words = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-input", "--no-deps", *left]
        done = subprocess.run([str(python), *words], capture_output=True, text=True, check=False)
        if done.returncode == 0:
            return missing
        named = _NOT_FOUND.search(done.stderr)
        gone = [one for one in left if named is not None and one.lower() == named[1].lower()]
        if not gone:
            raise UsageError(f"pip could not install the recorded packages: {done.stderr.strip()[-400:]}")
        missing += gone
        left = [one for one in left if one not in gone]
    return missing
