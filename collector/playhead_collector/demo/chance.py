"""Where a demo run's ids and its small variations come from.

Two sources, because they must differ in one thing: two demos sent into one store are different runs, so `ids`
depend on the moment; what is said and counted is the same every time, so `content` does not.
"""

from __future__ import annotations

from random import Random

_LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz23456789"


class Chance:
    """Seeded once a run, so that a new story beside it changes nothing in it."""

    def __init__(self, seed: int, now_ns: int, run: str) -> None:
        self.content = Random(f"{seed}/{run}")  # noqa: S311 - repeatable, not secret
        self._ids = Random(f"{seed}/{run}/{now_ns}")  # noqa: S311

    def trace_id(self) -> bytes:
        return self._ids.randbytes(16)

    def span_id(self) -> bytes:
        return self._ids.randbytes(8)

    def name(self, prefix: str, length: int = 24) -> str:
        """An id as providers write them."""
        return prefix + "".join(self._ids.choices(_LETTERS, k=length))
