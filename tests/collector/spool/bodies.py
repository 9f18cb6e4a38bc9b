"""What the spool's tests put in: bodies, a folder as a kill leaves it, and a store that remembers."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Set
from dataclasses import dataclass, field
from pathlib import Path

from playhead_collector.errors import StoreUnavailable
from playhead_collector.receive.signal import Signal
from playhead_collector.spool.segment import Sealed
from playhead_collector.spool.spool import Spool, SpoolLimits

PROJECT = "default"
NOW = SpoolLimits(linger_s=0.0)
"""Segments are ripe at once."""


def body(number: int, size: int = 40) -> bytes:
    return f"<{number}>".encode().ljust(size, b".")


async def append(spool: Spool, *bodies: bytes, project: str = PROJECT, signal: Signal = Signal.TRACES) -> None:
    """One after the other, so that each is a group of its own."""
    for one in bodies:
        await spool.append(project, signal, one, frozenset({one[:16].ljust(16)}))


def copied(folder: Path, to: Path) -> Path:
    """The folder as it is at this moment, which is what a kill leaves; the copy is locked by nobody."""
    shutil.copytree(folder, to)
    return to


async def waiting_in(folder: Path) -> list[bytes]:
    """What a collector that starts on this folder finds to be stored."""
    spool = Spool(folder, NOW)
    try:
        return stored_bodies(spool)
    finally:
        await spool.close()


def stored_bodies(spool: Spool) -> list[bytes]:
    """All that waits, taken from the segments' own files."""
    found: list[bytes] = []
    while (segment := spool.take()) is not None:
        content = segment.path.read_bytes()
        bodies = list(segment.bodies())
        assert b"".join(bodies) == content, "a segment holds exactly what its index says"
        found += bodies
    return found


@dataclass
class RememberingStore:
    """A store that takes each name once, as ClickHouse does by its token."""

    taken: dict[str, bytes] = field(default_factory=dict)
    recomputed: list[frozenset[bytes]] = field(default_factory=list)
    raises: list[Exception | None] = field(default_factory=list)
    """What the next calls of any kind raise, one after the other; None lets one pass."""
    poison: bytes = b"POISON"
    """A body with this in it is refused for good."""
    bad_run: bytes = b""
    on_call: Callable[[str], None] = lambda what: None

    def insert(self, segment: Sealed) -> None:
        self._take("insert", segment.name, segment.path)

    def insert_body(self, segment: Sealed, number: int, body: Path) -> None:
        self._take("insert_body", f"{segment.name}-{number}", body)

    def touched(self, segment: Sealed) -> frozenset[bytes]:
        if segment.runs is not None:
            return segment.runs
        return frozenset(one[:16].ljust(16) for one in segment.bodies())

    def recompute(self, project: str, runs: Set[bytes]) -> None:
        self._called("recompute")
        if self.bad_run in runs:
            raise ValueError("this run cannot be computed")
        self.recomputed.append(frozenset(runs))

    def is_transient(self, error: BaseException) -> bool:
        return isinstance(error, (StoreUnavailable, OSError))

    @property
    def bodies(self) -> list[bytes]:
        return sorted(self.taken.values())

    def _take(self, what: str, name: str, path: Path) -> None:
        self._called(what)
        content = path.read_bytes()
        if self.poison in content:
            raise ValueError(f"Cannot parse {content[:20]!r}\nand more")
        assert self.taken.setdefault(name, content) == content, "a name stands for the same bytes for ever"
        self._called(f"after {what}")

    def _called(self, what: str) -> None:
        self.on_call(what)
        if self.raises and (error := self.raises.pop(0)) is not None:
            raise error
