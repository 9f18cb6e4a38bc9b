"""Erasing, from the spool as from the store: what a running collector and the command line both do.

To be called where nothing is inserted meanwhile and nothing waits in the spool: by `Drain.exclusively`, or after
`Drain.drain_now` where nobody else has the store.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from playhead_collector.spool import quarantine
from playhead_collector.store.erase import Erased, Subject
from playhead_collector.store.store import Store


def erase_everywhere(store: Store, spool: Path, project: str, subject: Subject, value: str) -> Erased:
    """Erases a subject of one project from the store, and from what the store had refused."""
    if subject is Subject.RUN:
        refused, named = frozenset({value}), ""
    else:
        refused, named = quarantine.runs_naming(spool, project, value), value
    # Before the store, which says of which runs it was: where this is cut short, it can be said again.
    runs = refused | set(store.runs_of(project, subject, value))
    taken = quarantine.purge(spool, project, runs, named)
    erased = store.erase(project, subject, value, refused)
    return replace(erased, rows={**erased.rows, "spool": taken})
