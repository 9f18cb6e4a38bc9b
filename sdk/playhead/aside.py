"""What a replay does for itself in the agent's own thread: not the agent's, and neither stopped nor recorded.

A step-by-step replay talks to whoever steps, and forks to keep a moment. `OUTSIDE` alone does not allow that: in a
replay nothing reaches the world, whoever asks. Never to be around a line of the agent's own code.
"""

from __future__ import annotations

from _thread import get_ident
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

T = TypeVar("T")
_threads: set[int] = set()


def is_aside() -> bool:
    return get_ident() in _threads


@contextmanager
def aside() -> Iterator[None]:
    """Not to be nested."""
    from playhead.lanes.actor import OUTSIDE

    me = get_ident()
    token = OUTSIDE.set(True)
    _threads.add(me)
    try:
        yield
    finally:
        _threads.discard(me)
        OUTSIDE.reset(token)


def as_agent(call: Callable[[], T]) -> T:
    """From within: runs what is the agent's after all."""
    from playhead.lanes.actor import OUTSIDE

    me = get_ident()
    _threads.discard(me)
    token = OUTSIDE.set(False)
    try:
        return call()
    finally:
        OUTSIDE.reset(token)
        _threads.add(me)
