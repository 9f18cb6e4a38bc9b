"""Which project may be named by who erases from one, or changes something of it.

A store makes the project that it is asked for, so a name that was mistyped would get a database, and the answer that
all is done.
"""

from __future__ import annotations

from playhead.errors import UsageError
from playhead_collector.config import Settings
from playhead_collector.store.address import checked_project
from playhead_collector.store.store import Store


def known_project(name: str, settings: Settings, store: Store) -> str:
    """One that is in the store, or that a token names: what is erased before it sends is dropped when it does.

    Raises UsageError for any other.
    """
    project = checked_project(name)
    if project not in settings.projects() and not store.holds(project):
        raise UsageError(
            f"there is no project {project!r} in {store.address}, and no token of this collector names it: look at how "
            "it is written"
        )
    return project
