"""Which bodies came lately: a body that was synced but whose answer was lost comes again, and is answered from here.

Bounded in number; what it rests on is on disk (the indexes of segments), so a restart knows it too. A repeat that comes
later than the window remembers is stored once all the same: a step is known by its ids. It only costs work.
"""

from __future__ import annotations


class Window:
    """The hashes of at least the last `limit` bodies, and at most twice as many."""

    def __init__(self, limit: int = 100_000) -> None:
        self._limit = limit
        # Two generations of plain sets take a third of the memory of one ordered dictionary.
        self._recent: set[bytes] = set()
        self._before: set[bytes] = set()

    def __contains__(self, digest: bytes) -> bool:
        return digest in self._recent or digest in self._before

    def __len__(self) -> int:
        return len(self._recent) + len(self._before)

    def add(self, digest: bytes) -> None:
        if digest in self:
            return
        if len(self._recent) >= self._limit:
            self._before = self._recent
            self._recent = set()
        self._recent.add(digest)
