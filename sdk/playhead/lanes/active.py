"""Which engine is active in this process; at most one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from playhead.errors import UsageError

if TYPE_CHECKING:
    from playhead.lanes.engine import Engine

_active: list[Engine] = []


def active_engine() -> Engine | None:
    return _active[0] if _active else None


def activate(engine: Engine) -> None:
    if _active:
        raise UsageError("this process records or replays already; uninstall the other engine first")
    _active.append(engine)


def deactivate(engine: Engine) -> None:
    if engine in _active:
        _active.remove(engine)
