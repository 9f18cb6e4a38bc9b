"""Writes the journal: one record a line, one `write` a record, before the agent sees the result.

A plain write survives the death of the process, so a killed run is cut at its end and never holed. What cannot be
written (the disk is full, the folder is gone, the journal is at its limit) is kept in a bounded memory for the shipper,
and beyond that counted. `append` never raises into the agent and never waits for a network or a disk's sync.
"""

from __future__ import annotations

import logging
import os
import threading
from base64 import b64encode
from collections import deque
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from playhead.journal.folder import Folder, segments
from playhead.values.json_text import writer

log = logging.getLogger("playhead")

FORMAT = 1
SEGMENT_BYTES = 64 * 1024 * 1024
DEFAULT_LIMIT_BYTES = 2 * 1024 * 1024 * 1024
# What is kept where the disk takes nothing. An agent must not die of its recorder.
MEMORY_BYTES = 16 * 1024 * 1024

Record = list[Any]


def _unusual(value: object) -> object:
    if isinstance(value, (bytes, bytearray, memoryview)):
        return {"$bytes": b64encode(value).decode()}
    if isinstance(value, Mapping):
        return dict(value)
    return str(value)


as_json = writer(_unusual, allow_nan=True)
"""A record, or a part of one, as it stands in the journal."""


class Journal:
    """The journal of this process. Any thread may append."""

    def __init__(
        self,
        root: Path,
        process_id: str,
        head: Mapping[str, Any],
        *,
        limit_bytes: int = DEFAULT_LIMIT_BYTES,
        segment_bytes: int = SEGMENT_BYTES,
        sync: bool = False,
        folder: Folder | None = None,
    ) -> None:
        """`folder`: one that is held for this process already, by whoever watches over it."""
        self.process_id = process_id
        self.lost = 0
        self.in_memory: deque[bytes] = deque()
        self._root = root
        self._head = dict(head)
        self._limit = limit_bytes
        self._segment_bytes = segment_bytes
        self._sync = sync
        self._lock = threading.RLock()
        self._folder = folder
        self._handle = -1
        self._number = 0
        self._size = 0
        self._kept = 0
        self._memory_size = 0
        self._told = False

    @property
    def folder(self) -> Folder | None:
        """Where it lies; none as long as nothing could be written."""
        return self._folder

    @property
    def position(self) -> tuple[int, int]:
        """The segment being written, and its size."""
        return self._number, self._size

    @property
    def head(self) -> dict[str, Any]:
        """What stands first in each segment: whose journal it is."""
        return {**self._head, "format": FORMAT, "process": self.process_id, "segment": self._number}

    def append(self, record: Record, *, disk_only: bool = False) -> None:
        """`disk_only`: what has its meaning by its place in the file. Where the disk does not take it, it is lost."""
        try:
            text = as_json(record)
        except (TypeError, ValueError, RecursionError, MemoryError) as error:
            self._lose(f"a record cannot be written as JSON ({type(error).__name__})")
            return
        self.append_text(text, disk_only=disk_only)

    def append_text(self, text: str, *, disk_only: bool = False) -> None:
        """A record that its maker has written as JSON already."""
        line = (text + "\n").encode("utf-8", "surrogatepass")
        with self._lock:
            try:
                if self._handle < 0 or self._size >= self._segment_bytes:
                    self._next_segment()
                if self._kept + self._size + len(line) > self._limit:
                    raise OSError("the journal is at its limit; is the collector away?")
                self._write(line)
            except OSError as error:
                if disk_only:
                    self._lose(f"the journal cannot be written ({error})")
                else:
                    self._remember(line, error)

    def freed(self, size: int) -> None:
        """The shipper removed a segment of this size: there is room again."""
        with self._lock:
            self._kept = max(0, self._kept - size)

    def take_from_memory(self) -> list[bytes]:
        """What the disk did not take, for the shipper to send."""
        with self._lock:
            lines = list(self.in_memory)
            self.in_memory.clear()
            self._memory_size = 0
            return lines

    def close_at(self, place: tuple[int, int]) -> Folder | None:
        """The folder, for the caller to remove, if nothing stands behind this place.

        What comes later (a function at exit, a daemon thread) begins a journal anew, for the next process to send.
        """
        with self._lock:
            if (self._number, self._size) != place or self.in_memory or self._folder is None:
                return None
            folder, self._folder = self._folder, None
            if self._handle >= 0:
                os.close(self._handle)
            self._handle, self._number, self._size, self._kept = -1, 0, 0, 0
            self.process_id = os.urandom(16).hex()
            return folder

    def cut_off(self) -> None:
        """Takes back what was written behind this place by a process that has this one's past, and is gone."""
        with self._lock:
            if self._folder is None:
                return
            for number, path in segments(self._folder.path):
                if number > self._number:
                    path.unlink()
            if self._handle >= 0:
                os.ftruncate(self._handle, self._size)

    def abandon_after_fork(self) -> None:
        """In a forked child the journal is the parent's: its handles are closed here and nothing else is touched."""
        if self._handle >= 0:
            os.close(self._handle)
        if self._folder is not None:
            self._folder.release()
        self._handle, self._folder = -1, None

    def _write(self, line: bytes) -> None:
        written = os.write(self._handle, line)
        if written != len(line):
            # A full disk takes a part. What it took is cut off again, or the next record would continue this line.
            os.ftruncate(self._handle, self._size)
            raise OSError("the disk is full")
        self._size += written
        if self._sync:
            os.fsync(self._handle)

    def _next_segment(self) -> None:
        if self._folder is None:
            self._folder = Folder.make(self._root, self.process_id)
        if self._handle >= 0:
            os.close(self._handle)
            self._handle = -1
            self._kept += self._size
        self._number += 1
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC
        self._handle = os.open(self._folder.segment(self._number), flags, 0o600)
        self._size = 0
        self._write((as_json(["head", self.head]) + "\n").encode("utf-8", "surrogatepass"))

    def _remember(self, line: bytes, error: OSError) -> None:
        if self._memory_size + len(line) > MEMORY_BYTES:
            self._lose(f"the journal cannot be written ({error}) and its memory is full")
            return
        self.in_memory.append(line)
        self._memory_size += len(line)
        self._tell(f"the journal cannot be written: {error}; keeping records in memory until they are shipped")

    def _lose(self, why: str) -> None:
        self.lost += 1
        self._tell(f"{why}; records are being lost, and counted")

    def _tell(self, what: str) -> None:
        """Once: an agent's log is not ours to fill."""
        if not self._told:
            self._told = True
            log.warning("playhead: %s", what)
