"""What a piece of code gives while an engine records it, and what was recorded."""

from __future__ import annotations

from typing import Any

from playhead.lanes.engine import Engine
from playhead.lanes.sink import ListSink


def recorded(uninstalls: list[Engine], run: Any) -> tuple[Any, list[list[Any]]]:
    sink = ListSink()
    engine = Engine.recording(sink)
    engine.install()
    uninstalls.append(engine)
    result = run()
    engine.uninstall()
    return result, sink.records
