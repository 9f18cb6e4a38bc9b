"""Finalisers run outside: when garbage is found depends on allocations, which no recording can order.

What a finaliser does (a pool closing its connections) must not count as the agent's steps: it would come elsewhere in a
replay.
"""

from __future__ import annotations

import gc
import weakref
from contextvars import Token
from typing import Any

from playhead.lanes.actor import OUTSIDE
from playhead.lanes.engine import Engine


def install(engine: Engine) -> None:
    if not engine.exact:
        return
    real_call = weakref.finalize.__call__
    tokens: list[Token[bool]] = []

    def call(finalizer: Any, _: Any = None) -> Any:
        token = OUTSIDE.set(True)
        try:
            return real_call(finalizer, _)
        finally:
            OUTSIDE.reset(token)

    def collecting(phase: str, _: dict[str, int]) -> None:
        # A collection is never interrupted by another, and runs in one context from start to stop.
        if phase == "start":
            tokens.append(OUTSIDE.set(True))
        elif tokens:
            OUTSIDE.reset(tokens.pop())

    engine.patches.set(weakref.finalize, "__call__", call)
    gc.callbacks.append(collecting)
    engine.patches.on_undo(lambda: gc.callbacks.remove(collecting))
