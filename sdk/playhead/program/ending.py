"""Ends the step that stands for a whole process, in a journal whose process is gone.

Only who waited for the process knows how it ended: its exit status, or the signal that killed it. What was under way
then stays without an end, and is shown as cut.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from playhead.journal.folder import segments
from playhead.journal.reader import parsed
from playhead.journal.words import ADDED, END, HEAD, START
from playhead.recorder.tally import counted

_ERROR = 2


@dataclass(frozen=True, slots=True)
class Ended:
    run: str
    steps: int
    cut: int
    """Steps that had begun and did not live to end."""
    how: str
    """What went wrong, in words; empty where nothing did."""


def end_process_step(folder: Path, code: int, at_ns: int) -> Ended | None:
    """`code` as `run_in_foreground` gives it. None where the process had not begun to record."""
    told = _Told()
    last = 0
    for number, path in segments(folder):
        last = number
        told.read(path)
    if told.start is None:
        return None
    _, run, span, _, name, *_ = told.start
    steps = told.begun + counted(folder, run)
    said: dict[str, Any] = {"playhead.run.steps": steps}
    status, words = 0, ""
    if code < 0:
        status, words = _ERROR, f"killed by {_signal(-code)}"
        said["playhead.exit.signal"] = _signal(-code)
    else:
        said["process.exit.code"] = code
        if code or "exception.message" in told.added:
            status, words = _ERROR, told.added.get("exception.message") or f"exit status {code}"
    cut = told.begun - told.ended - 1
    end = [END, run, span, name, at_ns, status, words or None, said, None, None, None]
    head = {**told.head, "segment": last + 1}
    with _appending(folder / f"{last + 1:06}.jsonl") as handle:
        os.write(handle, b"".join(json.dumps(line).encode() + b"\n" for line in ([HEAD, head], end)))
    return Ended(run, steps, cut, words)


class _Told:
    """What a journal says of its process's own run."""

    def __init__(self) -> None:
        self.head: Mapping[str, Any] = {}
        self.start: list[Any] | None = None
        self.added: dict[str, Any] = {}
        self.begun = 0
        self.ended = 0
        self._starts = self._ends = self._adds = b"\0"

    def read(self, path: Path) -> None:
        with path.open("rb") as lines:
            for line in lines:
                if not line.endswith(b"\n"):
                    continue
                # Most lines are looked at by their first bytes alone: a journal may hold gigabytes.
                if line.startswith(self._starts):
                    self.begun += 1
                elif line.startswith(self._ends):
                    self.ended += 1
                elif line.startswith(self._adds):
                    record = parsed(line)
                    self.added.update(record[3] if record is not None else {})
                elif line.startswith(b'["head"'):
                    record = parsed(line)
                    self.head = record[1] if record is not None else self.head
                elif self.start is None and line.startswith(b'["s"'):
                    self._first(line)

    def _first(self, line: bytes) -> None:
        record = parsed(line)
        if record is None:
            return
        self.start = record
        self.begun = 1
        self._starts, self._ends = (f'["{word}","{record[1]}"'.encode() for word in (START, END))
        self._adds = f'["{ADDED}","{record[1]}","{record[2]}"'.encode()


@contextlib.contextmanager
def _appending(path: Path) -> Any:
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        yield handle
    finally:
        os.close(handle)


def _signal(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
