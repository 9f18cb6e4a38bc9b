"""Forks: the child leaves the recording of its parent, and holds nothing of it.

From before the fork until both sides are through it, the thread that forks is outside: the standard library's own
hooks take locks, and must not be made to wait for a token that went to a thread which is gone.

Only the forking thread lives on in the child, and locks of ours that others held would stay held. So the child puts
everything back at once; whoever wants it recorded starts a recording of its own there.
"""

from __future__ import annotations

import os
from contextvars import Token

from playhead.aside import is_aside
from playhead.lanes.active import active_engine
from playhead.lanes.actor import OUTSIDE
from playhead.lanes.engine import Engine
from playhead.lanes.serving import Serving

_registered: list[bool] = []


def install(engine: Engine) -> None:
    if not _registered and hasattr(os, "register_at_fork"):
        _registered.append(True)
        os.register_at_fork(before=_before, after_in_parent=_after, after_in_child=_in_child)


_tokens: list[Token[bool]] = []  # a fork holds the import lock: one at a time


def _before() -> None:
    if not is_aside():
        _tokens.append(OUTSIDE.set(True))


def _after() -> None:
    if _tokens:
        OUTSIDE.reset(_tokens.pop())


def _in_child() -> None:
    if is_aside():
        return  # a moment that a replay keeps: it goes on serving there
    _after()
    engine = active_engine()
    if engine is not None:
        engine.discipline.forget_threads()
        if not isinstance(engine.direction, Serving):
            engine.direction.leave()
        engine.uninstall()
