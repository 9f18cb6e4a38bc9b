"""Schedulers that nobody follows: the tasks of trio and the greenlets of gevent change places where neither asyncio nor
threads do, so their order is not in a recording, and its certificate says so. They must go on working all the same."""

from __future__ import annotations

from types import ModuleType
from typing import Any

from playhead.lanes.engine import Engine
from playhead.lanes.who import place_of_agent


def install(engine: Engine) -> None:
    def trio(module: ModuleType) -> None:
        real = module.setup_runner

        def setup_runner(*args: Any, **how: Any) -> Any:
            engine.notice("the order of trio's tasks", place_of_agent())
            return real(*args, **how)

        engine.patches.function(module, "setup_runner", setup_runner)

    def gevent(_: ModuleType) -> None:
        engine.notice("the order of gevent's greenlets", place_of_agent())

    # httpcore imports trio where it is installed: only who runs it is told of.
    engine.patches.when_imported("trio._core._run", trio)
    engine.patches.when_imported("gevent.hub", gevent)
