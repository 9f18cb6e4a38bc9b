"""Ids from `uuid_utils`, which takes clock and entropy in native code, where nothing sees it: langgraph and langchain
have them in their messages, so a replay must give the same ones again.
"""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType
from typing import Any

from playhead.lanes.actor import current_actor
from playhead.lanes.engine import Engine

NUMBERS = ("_uuid4_int", "_uuid7_int")
IDS = ("uuid1", "uuid4", "uuid6", "uuid7")


def install(engine: Engine) -> None:
    engine.patches.when_imported("uuid_utils", lambda module: _patch(engine, module))


def _patch(engine: Engine, module: ModuleType) -> None:
    def made(name: str, real: Callable[..., Any], give: Callable[[str], Any]) -> Callable[..., Any]:
        def id_of(*args: Any, **kwargs: Any) -> Any:
            actor = current_actor()
            if actor is None:
                return real(*args, **kwargs)
            return give(engine.value(actor, f"uuid_utils.{name}", "", lambda: _hex(real(*args, **kwargs))))

        return id_of

    for name in NUMBERS:
        if hasattr(module, name):
            engine.patches.function(module, name, made(name, getattr(module, name), lambda told: int(told, 16)))
    for name in IDS:
        if hasattr(module, name):
            engine.patches.function(module, name, made(name, getattr(module, name), module.UUID))


def _hex(value: Any) -> str:
    return f"{value:032x}" if isinstance(value, int) else str(value.hex)
