"""Finalisers run outside: when garbage is found depends on allocations, which no recording can order.

What a finaliser does (a pool closing its connections) must not count as the agent's steps: it would come elsewhere in a
replay.

A collection can come in the middle of `ContextVar.set`, which holds on to the variables as they were: a callback that
sets a variable of the same context frees them under its hands, and the interpreter dies (CPython 3.11; one process in
ten, under a bench). So a collection runs in a context of its own, and the one that it interrupts is not touched.
"""

from __future__ import annotations

import ctypes
import gc
import weakref
from contextvars import Context, copy_context
from typing import Any

from playhead.lanes.actor import FINALISES, OUTSIDE
from playhead.lanes.engine import Engine

_enter, _leave = ctypes.pythonapi.PyContext_Enter, ctypes.pythonapi.PyContext_Exit


def install(engine: Engine) -> None:
    if not engine.exact:
        return
    real_call = weakref.finalize.__call__
    entered: list[Context] = []

    def call(finalizer: Any, _: Any = None) -> Any:
        return real_call(finalizer, _) if OUTSIDE.get() else _outside().run(real_call, finalizer, _)

    # A collection is never interrupted by another, and runs in one thread from start to stop.
    def begins(phase: str, _: dict[str, int]) -> None:
        if phase == "start":
            context = _outside()
            if not _enter(ctypes.py_object(context)):
                entered.append(context)

    def ends(phase: str, _: dict[str, int]) -> None:
        if phase == "stop" and entered:
            _leave(ctypes.py_object(entered.pop()))

    engine.patches.set(weakref.finalize, "__call__", call)
    # Around everybody else's callbacks: one that times collections reads a clock, and is no more the agent's than a
    # finaliser.
    gc.callbacks.insert(0, begins)
    gc.callbacks.append(ends)
    engine.patches.on_undo(lambda: gc.callbacks.remove(begins))
    engine.patches.on_undo(lambda: gc.callbacks.remove(ends))


def _outside() -> Context:
    context = copy_context()
    context.run(OUTSIDE.set, True)
    context.run(FINALISES.set, True)
    return context
