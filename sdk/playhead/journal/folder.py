"""Where journals lie, and whether the process that writes one still lives.

A process has a folder of its own, named after its process id as Playhead knows it (random, never reused). The lock file
in it is held as long as the process lives, so a journal whose lock is free belongs to nobody: whoever finds it may ship
it and then remove it. Nothing in here may raise into an agent, except where a caller asks for a folder to be made.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

SEGMENT_SUFFIX = ".jsonl"
# Of making a folder: each may meet one that clears away what was never begun, and holds it for a moment.
_ATTEMPTS = 5
_BEING_MADE = re.compile(r"\.[0-9a-f]{32}")


def journals_root() -> Path:
    """`$PLAYHEAD_JOURNAL`, else the user's state folder."""
    chosen = os.environ.get("PLAYHEAD_JOURNAL")
    if chosen:
        return Path(chosen).expanduser()
    state = os.environ.get("XDG_STATE_HOME") or "~/.local/state"
    return Path(state).expanduser() / "playhead" / "journal"


@dataclass(slots=True)
class Folder:
    """One process's journal, held: nobody else ships or removes it while this is open."""

    path: Path
    _lock: int

    @classmethod
    def make(cls, root: Path, process_id: str) -> Folder:
        path = root / process_id
        # Held before it can be found: whoever looks for journals of the dead would else take it from under us.
        hidden = root / f".{process_id}"
        for _ in range(_ATTEMPTS):
            hidden.mkdir(parents=True, mode=0o700, exist_ok=True)
            lock = _locked(hidden / "lock")
            if lock is None:
                continue
            try:
                hidden.rename(path)
            except FileNotFoundError:
                # It was cleared away between its making and its lock.
                os.close(lock)
            except OSError:
                os.close(lock)
                shutil.rmtree(hidden, ignore_errors=True)
                if path.exists():
                    break
                raise
            else:
                return cls(path, lock)
        raise FileExistsError(f"{path} is another process's journal")

    @property
    def descriptor(self) -> int:
        """Of the lock: who has it too holds the journal too."""
        return self._lock

    def segment(self, number: int) -> Path:
        return self.path / f"{number:06}{SEGMENT_SUFFIX}"

    def release(self) -> None:
        """Once: the number of a closed handle is soon another file's, which must not be closed in its place."""
        lock, self._lock = self._lock, -1
        if lock >= 0:
            with contextlib.suppress(OSError):
                os.close(lock)

    def remove(self) -> None:
        shutil.rmtree(self.path, ignore_errors=True)
        self.release()


def leftovers(root: Path) -> Iterator[Folder]:
    """Journals of processes that are gone, each held while the caller works on it.

    What a process left that was ended before its journal could be found (a pool's, by SIGTERM) has no record, and goes.
    """
    try:
        entries = sorted(root.iterdir())
    except OSError:
        return
    for path in entries:
        if _BEING_MADE.fullmatch(path.name):
            _clear_away(path)
        if path.name[0] == "." or not (path / "lock").exists():
            continue
        lock = _locked(path / "lock")
        if lock is None:
            continue
        folder = Folder(path, lock)
        try:
            # Its owner may have removed it between the listing and the lock.
            if path.exists():
                yield folder
        finally:
            folder.release()


def segments(path: Path) -> list[tuple[int, Path]]:
    """The segments that are there, oldest first."""
    found = [(int(entry.stem), entry) for entry in path.glob(f"*{SEGMENT_SUFFIX}") if entry.stem.isdigit()]
    return sorted(found)


def _clear_away(hidden: Path) -> None:
    """Unless it is being made: then it is held, or is made once more."""
    lock = _locked(hidden / "lock")
    if lock is None:
        return
    with contextlib.suppress(OSError):
        (hidden / "lock").unlink()
        hidden.rmdir()
    os.close(lock)


def _locked(path: Path) -> int | None:
    try:
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError:
        return None
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(handle)
        return None
    return handle
