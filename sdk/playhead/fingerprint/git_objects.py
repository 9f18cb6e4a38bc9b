"""The one object of a git repository that is asked for: the tree of a commit. Loose or packed, without git."""

from __future__ import annotations

import mmap
import struct
import zlib
from pathlib import Path

_COMMIT = 1
_ID_BYTES = 20


def tree_of_commit(objects: Path, commit: str) -> str | None:
    """None where it cannot be told: the object is not here, or is stored as a difference to another."""
    for folder in _stores(objects):
        text = _loose(folder, commit) or _packed(folder, bytes.fromhex(commit))
        if text is not None:
            first = text.partition(b"\n")[0]
            return first[5:].decode("ascii") if first.startswith(b"tree ") else None
    return None


def _stores(objects: Path) -> list[Path]:
    """Where its objects lie: its own folder, and those that it borrows from."""
    try:
        borrowed = (objects / "info" / "alternates").read_text().split("\n")
    except OSError:
        borrowed = []
    return [objects, *(objects / line for line in borrowed if line)]


def _loose(objects: Path, commit: str) -> bytes | None:
    try:
        whole = zlib.decompress((objects / commit[:2] / commit[2:]).read_bytes())
    except (OSError, zlib.error):
        return None
    kind, _, text = whole.partition(b"\0")
    return text if kind.startswith(b"commit ") else None


def _packed(objects: Path, commit: bytes) -> bytes | None:
    for index in (objects / "pack").glob("*.idx"):
        with index.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
            offset = _offset(data, commit)
        if offset is not None:
            return _unpacked(index.with_suffix(".pack"), offset)
    return None


def _offset(index: mmap.mmap, wanted: bytes) -> int | None:
    """Where the object stands in its pack. Only version 2 of the index, which git has written since 2007."""
    if index[:8] != b"\xfftOc\0\0\0\x02":
        return None
    first = wanted[0]
    low = struct.unpack_from(">I", index, 8 + 4 * (first - 1))[0] if first else 0
    high = struct.unpack_from(">I", index, 8 + 4 * first)[0]
    count = struct.unpack_from(">I", index, 8 + 4 * 255)[0]
    names = 8 + 4 * 256
    while low < high:
        middle = (low + high) // 2
        name = index[names + _ID_BYTES * middle : names + _ID_BYTES * (middle + 1)]
        if name == wanted:
            offsets = names + count * (_ID_BYTES + 4)
            (offset,) = struct.unpack_from(">I", index, offsets + 4 * middle)
            if not offset & 0x80000000:
                return int(offset)
            return int(struct.unpack_from(">Q", index, offsets + 4 * count + 8 * (offset & 0x7FFFFFFF))[0])
        low, high = (middle + 1, high) if name < wanted else (low, middle)
    return None


def _unpacked(pack: Path, offset: int) -> bytes | None:
    with pack.open("rb") as file:
        file.seek(offset)
        begun = file.read(4096)
        kind, place = (begun[0] >> 4) & 7, 1
        size = begun[0] & 15
        for shift in range(4, 64, 7):
            if not begun[place - 1] & 0x80:
                break
            size |= (begun[place] & 0x7F) << shift
            place += 1
        if kind != _COMMIT:
            return None
        # The first line is all that is wanted.
        return zlib.decompressobj().decompress(begun[place:], 1024)
