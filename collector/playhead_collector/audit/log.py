"""The audit log: one line of JSON for each question and each act, written before it is answered or done.

A folder beside the spool, for the collector's user alone (0700): no port shows or changes it. Files are only ever
appended to; one that is full is set aside under the time of its end, and of those the oldest go when all together are
larger than they may be. That is said in the file which begins then.

A token is in here by its name, never itself. Who is not let in is not in here either: a flood of guesses must not push
out what others did. A question is in the file when it is answered, and outlives the process; an act is on the disk.
"""

from __future__ import annotations

import json
import os
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from playhead_collector.errors import AuditFailed

CURRENT = "audit.jsonl"
# A statement of the terminal's own is 4,000 characters long; what it reads is in its values.
_LONGEST = 2000
# A screen asks the same again and again; within so many seconds it is written once.
_SAME_S = 60.0
_MOST_SAME = 1000


@dataclass(frozen=True, slots=True)
class Entry:
    """`at` is filled in when it is written."""

    who: str
    """The token's name; a user of this machine's where there is none; empty where nobody had to say."""
    action: str
    """read, export, replay, … as the client says of itself; of erase and alerts the collector knows itself."""
    project: str
    what: str
    """The statement, or what was erased."""
    values: str = ""
    """What was bound in the statement, or what came of an act."""
    where: str = ""
    """The address that asked."""
    role: str = ""
    at: str = ""


class AuditLog:
    """Safe to use from any thread, and by several processes at once: a line is one write."""

    def __init__(
        self,
        folder: Path,
        *,
        total_bytes: int = 256 * 1024 * 1024,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.folder = folder
        self._total = total_bytes
        self._clock = clock
        self._lock = threading.Lock()
        self._seen: OrderedDict[Entry, float] = OrderedDict()

    def write(self, entry: Entry, *, synced: bool = False, came_of_it: str = "") -> None:
        """Returns when the line is in the file (`synced`: on the disk). Raises AuditFailed.

        What came of an act is written after it, as the entry's values; else the line is there before anything is done.
        """
        entry = replace(entry, values=came_of_it or entry.values)
        now = self._clock()
        with self._lock:
            if not synced and now - self._seen.get(entry, -_SAME_S) < _SAME_S:
                return
            try:
                self._append(entry, now, synced)
            except OSError as error:
                so = f"what came of this is not in it: {came_of_it}" if came_of_it else "nothing was done"
                raise AuditFailed(
                    f"the audit log {self.folder} cannot be written ({error.strerror or error}), so {so}; "
                    "make room, or mend the folder"
                ) from None
            self._seen[entry] = now
            self._seen.move_to_end(entry)
            if len(self._seen) > _MOST_SAME:
                self._seen.popitem(last=False)

    def _append(self, entry: Entry, now: float, synced: bool) -> None:
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        path = self.folder / CURRENT
        largest = max(64 * 1024, self._total // 8)
        if path.exists() and path.stat().st_size > largest:
            self._rotate(path, now, largest)
        line = _line(replace(entry, at=datetime.fromtimestamp(now, UTC).isoformat(timespec="milliseconds")))
        descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        try:
            if os.write(descriptor, line) != len(line):
                raise OSError(28, "no space for a whole line")
            if synced:
                os.fdatasync(descriptor)
        finally:
            os.close(descriptor)

    def _rotate(self, path: Path, now: float, largest: int) -> None:
        stamp = datetime.fromtimestamp(now, UTC).strftime("%Y%m%dT%H%M%S.%f")
        path.rename(self.folder / f"audit-{stamp}.jsonl")
        old = files_of(self.folder)
        gone = old[: max(0, len(old) - (self._total // largest - 1))]
        for one in gone:
            one.unlink()
        if gone:
            named = ", ".join(one.name for one in gone)
            self._append(Entry("", "rotate", "", f"removed for want of room: {named}"), now, synced=False)


def files_of(folder: Path) -> list[Path]:
    """The files that were set aside, the oldest first."""
    return sorted(folder.glob("audit-*.jsonl"))


def _line(entry: Entry) -> bytes:
    said = {name: value for name, value in asdict(entry).items() if value}
    for name in ("what", "values"):
        text = " ".join(str(said.get(name, "")).split())
        if text:
            said[name] = text if len(text) <= _LONGEST else f"{text[:_LONGEST]}… ({len(text)} characters)"
    return json.dumps({"at": said.pop("at"), **said}, ensure_ascii=True).encode() + b"\n"
