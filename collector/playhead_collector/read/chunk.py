"""A chunk of a recording, as it came and as it is kept."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Chunk:
    """One log record named `playhead.recording`: lines of one run, or of none, each with its place."""

    process: str
    run: str
    sequence: int
    time_ns: int
    content: bytes
