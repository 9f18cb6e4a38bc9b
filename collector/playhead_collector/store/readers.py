"""Who reads through this collector's port at this moment, and for how long its own statements wait for that.

What the collector asks by itself (the rules of alerts) is many short statements, nearly all of each the engine reading
of it, in the thread that asks: nothing within one can be put off, so the next one is. Somebody who looks at a screen
notices a tenth of a second; whoever is told of an alert does not.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import monotonic

LULL_S = 0.1
"""A screen asks for one thing after the other; so long after an answer it is not taken to be done."""


class Readers:
    """From any thread."""

    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        self._clock = clock
        self._changed = threading.Condition()
        self._here = 0
        self._until = clock()

    @contextmanager
    def reading(self) -> Iterator[None]:
        with self._changed:
            self._here += 1
        try:
            yield
        finally:
            with self._changed:
                self._here -= 1
                self._until = self._clock() + LULL_S
                self._changed.notify_all()

    def wait_for(self, patience_s: float) -> float:
        """Returns when nobody reads, or when patience is at its end; what is left of it."""
        deadline = self._clock() + patience_s
        with self._changed:
            while (now := self._clock()) < deadline and (self._here or now < self._until):
                self._changed.wait((deadline if self._here else min(deadline, self._until)) - now)
        return max(0.0, deadline - self._clock())
