"""The embedded collector's ClickHouse HTTP interface: a security boundary, read only but for administrators.

The way of a statement, file by file:

    request.py   what was asked, out of URL, headers and body
    guard.py     one harmless statement about the caller's own database, or QueryRefused
    engine.py    run it on a handle of its own, under limits, read only
    answer.py    send the bytes as they come, with ClickHouse's headers, and never hang

Who has the admin token (another collector on this store) goes another way from the gate on: administration.py, with
writing.py for a guard, which takes what a collector says to a ClickHouse server and nothing else.
"""

from playhead_collector.facade.app import Gate, facade_app
from playhead_collector.facade.engine import ChdbEngine, Engine, Query, Reading
from playhead_collector.facade.guard import Guard
from playhead_collector.facade.limits import Limits

__all__ = ["ChdbEngine", "Engine", "Gate", "Guard", "Limits", "Query", "Reading", "facade_app"]
