"""Processes that multiprocessing starts without a fork: no audit event tells of them.

What goes back and forth between such processes is not recorded, so the certificate names them, and a replay stops
there.
"""

from __future__ import annotations

from functools import partial
from types import ModuleType
from typing import Any

from playhead.lanes.actor import current_actor
from playhead.lanes.divergence import Divergence
from playhead.lanes.engine import Engine
from playhead.lanes.who import place_of_agent

WHAT = "a process of multiprocessing"


def install(engine: Engine) -> None:
    engine.patches.when_imported("multiprocessing.util", partial(_patch, engine))


def _patch(engine: Engine, util: ModuleType) -> None:
    real = util.spawnv_passfds

    def spawnv_passfds(path: Any, args: Any, passfds: Any) -> Any:
        # The tracker of shared memory is machinery: it does nothing but clean up.
        if current_actor() is not None and not any("resource_tracker" in str(word) for word in args):
            place = place_of_agent()
            if engine.sealed:
                engine.diverge(
                    Divergence(f"{WHAT}, which no recording holds", kind="process", differences=[f"at {place}"])
                )
            engine.notice(WHAT, place)
        return real(path, args, passfds)

    engine.patches.set(util, "spawnv_passfds", spawnv_passfds)
