"""What a program prints, in a file of its own: it never reaches the terminal."""

from __future__ import annotations

import os
import tempfile
from typing import IO

_MOST = 200_000


class Printed:
    def __init__(self) -> None:
        self.file: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 - closed by `close`
        self._notes: list[tuple[int, str]] = []

    def text(self) -> str:
        """The last of it, with what was noted between."""
        if self.file.closed:
            return ""
        size = self._size
        first = max(0, size - _MOST)
        # Not `read`: the place in the file is the program's, too.
        data = os.pread(self.file.fileno(), _MOST, first)
        said, at = "", 0
        for place, words in self._notes:
            if place >= first:
                said += f"{data[at : place - first].decode(errors='replace')}{words}\n"
                at = place - first
        return said + data[at:].decode(errors="replace")

    def note(self, words: str) -> None:
        """Between what was printed and what will be; where nothing was, none is needed."""
        if self._size:
            self._notes.append((self._size, words))

    def close(self) -> None:
        self.file.close()

    @property
    def _size(self) -> int:
        return os.fstat(self.file.fileno()).st_size
