"""Which bodies came lately: a body that was synced but whose answer was lost comes again, and is answered from here.

Bounded in time and number; what it rests on is on disk (the indexes of segments), so a restart knows it too. A repeat
that comes later than the window remembers is stored once all the same: a step is known by its ids. It only costs work.
"""

from __future__ import annotations

from collections import OrderedDict


class Window:
    """The hashes of recent bodies, oldest first."""

    def __init__(self, limit: int = 500_000) -> None:
        self._limit = limit
        self._hashes: OrderedDict[bytes, None] = OrderedDict()

    def __contains__(self, digest: bytes) -> bool:
        return digest in self._hashes

    def __len__(self) -> int:
        return len(self._hashes)

    def add(self, digest: bytes) -> None:
        self._hashes[digest] = None
        if len(self._hashes) > self._limit:
            self._hashes.popitem(last=False)
