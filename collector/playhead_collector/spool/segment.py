"""A segment: request bodies of one project and signal, one after the other in a file.

OTLP requests can be concatenated byte for byte, so a segment is itself one valid request, inserted from its file.
Beside it an index holds a record for each body (its length and 128-bit hash), which tells after a kill how much of the
file is whole. A segment's name is never used twice: it is the token under which the store knows whether it has it
already.

    <name>.open + <name>.index    being written
    <name>.seg  + <name>.index    sealed: immutable from here on
    <name>.done                   stored; the index, kept for a while to answer repeats

The data is synced before its index record, and what a failed write left behind is cut off before anything is added, so
a body that has a record is whole, and one that is not whole has none that is true.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import struct
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from hashlib import blake2b
from pathlib import Path

from playhead_collector.receive.signal import Signal

_RECORD = struct.Struct("<Q16s")
HASH_SIZE = 16
_PARTS_AT_ONCE = 512  # the kernel takes 1024


def body_hash(body: bytes) -> bytes:
    return blake2b(body, digest_size=HASH_SIZE).digest()


def new_name(sequence: int, signal: Signal) -> str:
    """Sequence for order, time and randomness so that no name ever comes again, even after the folder was emptied."""
    return f"{sequence:012d}-{time.time_ns():020d}-{secrets.token_hex(6)}-{signal.value}"


def sequence_of(name: str) -> int:
    return int(name.split("-", 1)[0])


def signal_of(name: str) -> Signal:
    return Signal(name.rsplit("-", 1)[1])


@dataclass(frozen=True, slots=True)
class Sealed:
    """A segment that nothing is added to any more."""

    project: str
    path: Path
    size: int
    runs: frozenset[bytes] | None
    """The runs that it touches; None after a restart, when they have to be read from it."""

    @property
    def name(self) -> str:
        return self.path.stem

    @property
    def signal(self) -> Signal:
        return signal_of(self.name)

    @property
    def index_path(self) -> Path:
        return self.path.with_suffix(".index")

    def bodies(self) -> Iterator[bytes]:
        """The bodies again, one by one: for finding the one that the store refuses."""
        with self.path.open("rb") as data:
            for length, _ in read_index(self.index_path):
                yield data.read(length)


@dataclass(slots=True)
class OpenSegment:
    """The segment that is being written. Not thread-safe: the one committer owns it."""

    project: str
    path: Path
    data: int
    index: int
    opened_at: float
    size: int = 0
    index_size: int = 0
    runs: set[bytes] = field(default_factory=set)
    torn: bool = False
    """Whether a failed write may have left something behind what is acknowledged."""

    @classmethod
    def create(cls, project: str, folder: Path, name: str, now: float) -> OpenSegment:
        path = folder / f"{name}.open"
        made: list[int] = []
        try:
            for file in (path, path.with_suffix(".index")):
                made.append(os.open(file, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_APPEND, 0o600))
            sync_folder(folder)
        except OSError:
            for handle in made:
                os.close(handle)
            path.unlink(missing_ok=True)
            path.with_suffix(".index").unlink(missing_ok=True)
            raise
        return cls(project, path, made[0], made[1], now)

    def write(self, bodies: list[tuple[bytes, bytes]]) -> None:
        """Appends (hash, body) pairs and syncs them. On an error nothing of them counts."""
        self._mend()
        records = b"".join(_RECORD.pack(len(body), digest) for digest, body in bodies)
        self.torn = True
        try:
            _write_all(self.data, [body for _, body in bodies])
            _write_all(self.index, [records])
            os.fdatasync(self.data)
            os.fdatasync(self.index)
        except OSError:
            with contextlib.suppress(OSError):
                self._mend()
            raise
        self.torn = False
        self.size += sum(len(body) for _, body in bodies)
        self.index_size += len(records)

    def seal(self) -> Sealed:
        """Both names lead to the same after a kill, so the new one needs no sync."""
        self._mend()
        sealed = self.path.with_suffix(".seg")
        self.path.rename(sealed)
        self.close()
        return Sealed(self.project, sealed, self.size, frozenset(self.runs))

    def close(self) -> None:
        os.close(self.data)
        os.close(self.index)

    def _mend(self) -> None:
        if self.torn:
            os.ftruncate(self.data, self.size)
            os.ftruncate(self.index, self.index_size)
            self.torn = False


def read_index(path: Path) -> list[tuple[int, bytes]]:
    """The whole records of an index; a torn last one is left out."""
    content = path.read_bytes()
    whole = len(content) - len(content) % _RECORD.size
    return [(length, digest) for length, digest in _RECORD.iter_unpack(content[:whole])]


def recover(project: str, path: Path) -> Sealed | None:
    """A segment as a killed process left it, cut to what is whole and sealed; None where nothing is."""
    index_path = path.with_suffix(".index")
    if not index_path.exists():
        path.unlink()
        return None
    if path.suffix == ".seg":
        return Sealed(project, path, path.stat().st_size, None)
    kept: list[tuple[int, bytes]] = []
    size = 0
    there = path.stat().st_size
    with path.open("rb+") as data:
        for length, digest in read_index(index_path):
            if size + length > there or body_hash(data.read(length)) != digest:
                break
            kept.append((length, digest))
            size += length
        data.truncate(size)
        data.flush()
        os.fsync(data.fileno())
    with index_path.open("rb+") as index:
        index.truncate(len(kept) * _RECORD.size)
        index.flush()
        os.fsync(index.fileno())
    if not kept:
        path.unlink()
        index_path.unlink()
        return None
    sealed = path.with_suffix(".seg")
    path.rename(sealed)
    sync_folder(sealed.parent)
    return Sealed(project, sealed, size, None)


def sync_folder(folder: Path) -> None:
    """Makes a name in a folder durable."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def write_synced(path: Path, content: bytes) -> None:
    with path.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _write_all(handle: int, parts: list[bytes]) -> None:
    """Without joining them first: a group can be as large as all that is in flight."""
    left = [memoryview(part) for part in parts if part]
    while left:
        written = os.writev(handle, left[:_PARTS_AT_ONCE])
        while written:
            if written < len(left[0]):
                left[0] = left[0][written:]
                break
            written -= len(left.pop(0))
