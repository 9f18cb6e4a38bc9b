"""The embedded collector's ClickHouse HTTP interface: read only, and a security boundary.

The way of a statement, file by file:

    request.py   what was asked, out of URL, headers and body
    guard.py     one harmless statement about the caller's own database, or QueryRefused
    engine.py    run it on a handle of its own, under limits, read only
    answer.py    send the bytes as they come, with ClickHouse's headers, and never hang
"""

from playhead_collector.facade.app import Gate, facade_app
from playhead_collector.facade.engine import ChdbEngine, Engine, Query, Reading
from playhead_collector.facade.guard import Guard
from playhead_collector.facade.limits import Limits

__all__ = ["ChdbEngine", "Engine", "Gate", "Guard", "Limits", "Query", "Reading", "facade_app"]
