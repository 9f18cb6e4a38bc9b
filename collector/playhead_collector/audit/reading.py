"""Reads the audit log back, for whoever may read its folder."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, fields
from datetime import datetime
from pathlib import Path

from playhead.errors import UsageError
from playhead_collector.audit.log import CURRENT, Entry, files_of

_FIELDS = [field.name for field in fields(Entry)]


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which entries; what is empty is any."""

    since: datetime | None = None
    until: datetime | None = None
    who: str = ""
    action: str = ""
    project: str = ""
    about: str = ""
    """A text that the statement, its values or what was erased has in it: a run's id."""

    def lets_through(self, entry: Entry) -> bool:
        at = datetime.fromisoformat(entry.at)
        return (
            (self.since is None or at >= self.since)
            and (self.until is None or at < self.until)
            and self.who in ("", entry.who)
            and self.action in ("", entry.action)
            and self.project in ("", entry.project)
            and (self.about in entry.what or self.about in entry.values)
        )


def entries(folder: Path, wanted: Wanted) -> Iterator[Entry]:
    """The oldest first. A line that a kill cut short is passed over."""
    if not folder.is_dir():
        raise UsageError(f"there is no audit log at {folder}; the collector begins one, beside its spool")
    for path in [*files_of(folder), folder / CURRENT]:
        if not path.exists():
            continue
        with path.open(encoding="utf-8", errors="replace") as lines:
            for line in lines:
                entry = _entry(line)
                if entry is not None and wanted.lets_through(entry):
                    yield entry


def _entry(line: str) -> Entry | None:
    try:
        said = json.loads(line)
        datetime.fromisoformat(said["at"])
    except (ValueError, KeyError, TypeError):
        return None
    return Entry(**{name: str(said.get(name, "")) for name in _FIELDS})
