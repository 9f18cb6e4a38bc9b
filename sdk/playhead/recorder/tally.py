"""How many steps of a run began in processes other than the one that began the run.

Each of these writes one byte a step into a file of its own beside the journal of the process that began the run; the
size of the file is the count. A plain write survives the death of its process, so a child that is killed is counted to
its end.
"""

from __future__ import annotations

import os
from pathlib import Path


class Tally:
    """This process's count of a run that another began. Any thread may add."""

    def __init__(self, folder: Path, run: str, process: str) -> None:
        self.folder = folder
        self._path = folder / f"{run}.{process}"
        self._handle = -1
        self._gone = False

    def add(self) -> None:
        if self._gone:
            return
        try:
            if self._handle < 0:
                flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC
                self._handle = os.open(self._path, flags, 0o600)
            os.write(self._handle, b".")
        except OSError:
            # Whoever began the run has ended, and its folder with it: nobody asks for the count any more.
            self._gone = True

    def __del__(self) -> None:
        if self._handle >= 0:
            os.close(self._handle)


def made(journal: Path) -> Path | None:
    """The folder of tallies beside a journal; None where none can be kept."""
    folder = journal / "children"
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
    except OSError:
        return None
    return folder


def counted(journal: Path | None, run: str) -> int:
    """The steps of this run that began in other processes so far."""
    if journal is None:
        return 0
    try:
        with os.scandir(journal / "children") as entries:
            return sum(entry.stat().st_size for entry in entries if entry.name.startswith(run))
    except OSError:
        return 0
