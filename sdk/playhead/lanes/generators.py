"""Asynchronous generators that nobody read to their end: who closes them, and in which order.

A loop closes them when it shuts down, in the order of a set, by address; here it is the order in which they began.
Those of real I/O (the pieces of a live answer) are none of the agent's: the loop does not learn of them, or it would
close them in a recording and have none to close in a replay.
"""

from __future__ import annotations

import weakref
from asyncio import base_events
from collections.abc import AsyncGenerator, Iterator
from typing import Any

from playhead.lanes.actor import OUTSIDE, outside
from playhead.lanes.engine import Engine

Generator = AsyncGenerator[Any, Any]


class InOrder:
    """What a loop needs of the set that it keeps its generators in."""

    def __init__(self) -> None:
        self._kept: dict[int, weakref.ref[Generator]] = {}

    def add(self, generator: Generator) -> None:
        key = id(generator)
        self._kept[key] = weakref.ref(generator, lambda _: self._kept.pop(key, None))

    def discard(self, generator: Generator) -> None:
        self._kept.pop(id(generator), None)

    def clear(self) -> None:
        self._kept.clear()

    def __len__(self) -> int:
        return len(self._kept)

    def __iter__(self) -> Iterator[Generator]:
        return iter([found for kept in list(self._kept.values()) if (found := kept()) is not None])


def install(engine: Engine) -> None:
    if not engine.exact:
        return
    Loop: Any = base_events.BaseEventLoop
    real_begun, real_left = Loop._asyncgen_firstiter_hook, Loop._asyncgen_finalizer_hook
    # By address: a weak reference is gone before the hook of a generator that was left is called.
    of_real_io: set[int] = set()

    def begun(loop: Any, generator: Generator) -> None:
        if OUTSIDE.get():
            of_real_io.add(id(generator))
            return
        of_real_io.discard(id(generator))
        if not isinstance(loop._asyncgens, InOrder):
            kept, loop._asyncgens = loop._asyncgens, InOrder()
            for one in kept:
                loop._asyncgens.add(one)
        real_begun(loop, generator)

    def left(loop: Any, generator: Generator) -> None:
        if id(generator) in of_real_io:
            of_real_io.discard(id(generator))
            outside(lambda: real_left(loop, generator))
        else:
            real_left(loop, generator)

    engine.patches.set(Loop, "_asyncgen_firstiter_hook", begun)
    engine.patches.set(Loop, "_asyncgen_finalizer_hook", left)
