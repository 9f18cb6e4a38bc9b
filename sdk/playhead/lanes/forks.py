"""Forks: the child leaves the recording of its parent, and holds nothing of it.

Only the forking thread lives on in the child, and locks of ours that others held would stay held. So the child puts
everything back at once; whoever wants it recorded starts a recording of its own there.
"""

from __future__ import annotations

import os

from playhead.lanes.active import active_engine
from playhead.lanes.engine import Engine
from playhead.lanes.recording import Recording

_registered: list[bool] = []


def install(engine: Engine) -> None:
    if not _registered and hasattr(os, "register_at_fork"):
        _registered.append(True)
        os.register_at_fork(after_in_child=_in_child)


def _in_child() -> None:
    engine = active_engine()
    if engine is not None:
        engine.discipline.forget_threads()
        if isinstance(engine.direction, Recording):
            engine.direction.leave()
        engine.uninstall()
