"""What a replay starts: the recorded command line where it was, or the same in another checkout of its repository.

A recording says where the code was on the machine that recorded. Elsewhere (a colleague's clone, a worktree, CI) the
same file stands at the same place in the repository; what the program then reads by its new place is asked for by the
recorded one (`moved`).
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from playhead.fingerprint.code import repository_of
from playhead_replay.errors import NotHere, NotReplayable
from playhead_replay.recording.recording import Recording


@dataclass(frozen=True, slots=True)
class Entry:
    """What is started: the recorded command line, or another that the user named."""

    words: Sequence[str]
    folder: Path
    path: Sequence[str] = ()
    """Where to import from before anywhere else."""
    moved: Sequence[tuple[str, str]] = ()
    """Folders of this machine, each with where it was when this was recorded."""
    call: Mapping[str, Any] | None = None
    """The function that is called in place of a program."""


def entry_of(
    recording: Recording, words: Sequence[str] = (), python: str | None = None, checkout: Path | None = None
) -> Entry:
    """In `checkout`, or else where it was recorded, or else in the repository around us. Raises NotReplayable."""
    origin = recording.origin
    folder = Path(str(origin.get("folder") or Path.cwd()))
    if not folder.is_dir():
        folder = Path.cwd()
    if words:
        return Entry(words, Path.cwd())
    command = [str(word) for word in origin.get("command") or ()]
    if not command:
        raise NotReplayable(
            f"run {recording.run} does not say what was started (its process was killed at its very beginning); "
            "name it: playhead replay RUN -- python agent.py"
        )
    entry = str(origin.get("entry") or "")
    if checkout is not None or (entry and not Path(entry).exists()):
        moved = entry_in(recording, checkout or root_around(Path.cwd()), python)
        if moved is not None:
            return moved
        raise NotHere(
            f"{entry}, which was started when run {recording.run} was recorded, is not {_where(checkout)}; go to a "
            f"checkout of it ({_commit(origin)})",
            f"and name it: playhead replay RUN -- python {Path(entry).name}",
        )
    return Entry([python or sys.executable, *command[1:]], folder)


def _commit(origin: Mapping[str, Any]) -> str:
    commit = (origin.get("code") or {}).get("commit")
    return f"commit {str(commit)[:10]}" if commit else "its commit is not known"


def _where(checkout: Path | None) -> str:
    return "here" if checkout is None else f"in {checkout}"


def root_around(folder: Path) -> Path:
    """Of the repository that holds it; the folder itself where there is none."""
    found = repository_of([folder])
    return folder if found is None else found.root


def entry_in(recording: Recording, checkout: Path, python: str | None = None) -> Entry | None:
    """The recorded command line there; None where its file is not there."""
    origin = recording.origin
    folder = str(origin.get("folder") or "")
    recorded = str((origin.get("code") or {}).get("root") or folder)
    command = [str(word) for word in origin.get("command") or ()]
    if not recorded or not command:
        return None
    interpreter = python or sys.executable
    # The environment first: it often stands within the repository.
    pairs = [(_prefix(interpreter), _prefix(command[0])), (str(checkout), recorded)]
    pairs = [(here, there) for here, there in pairs if here and there]

    def put(word: str) -> str:
        """A recorded path as it is here; any other word as it is."""
        for here, there in pairs:
            if word == there or word.startswith(f"{there}/"):
                return here + word[len(there) :]
        return word

    entry = str(origin.get("entry") or "")
    if entry and not Path(put(entry)).is_file():
        return None
    # What an editable installation would import from the recorded tree is imported from this one.
    path = [put(there) for there in sys.path if put(there) != there and Path(put(there)).is_dir()]
    where = Path(put(folder))
    words = [interpreter, *(put(word) for word in command[1:])]
    moved = [(here, there) for here, there in pairs if here != there]
    return Entry(words, where if where.is_dir() else checkout, path, moved)


def _prefix(interpreter: str) -> str:
    """Of the environment that an interpreter is of; empty where it is named by a word alone."""
    path = Path(interpreter)
    return str(path.parents[1]) if path.is_absolute() and len(path.parts) > 2 else ""
