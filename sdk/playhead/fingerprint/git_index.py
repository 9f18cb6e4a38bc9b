"""The index of a git repository: which files it tracks, which of them were changed, and the tree that it stands for."""

from __future__ import annotations

import hashlib
import os
import stat
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_FIXED = struct.Struct(">10I20sH")
_LINK = 0o120000
_MODULE = 0o160000
_FOLDER = 0o040000
# A repository that is larger is not looked through: it would take seconds of the agent's processor.
_MOST_FILES = 50_000


class UnknownIndex(Exception):
    """An index of a form that is not read here."""


@dataclass(frozen=True, slots=True)
class Entry:
    path: bytes
    mode: int
    id: bytes
    size: int
    changed_ns: int
    moved_ns: int
    """When the file system last changed anything of it: unlike the other time, nobody can set it."""
    looked_at: bool
    """False where git was told not to look at the file."""
    staged: bool
    """False where it was announced only, and has no content yet."""


def entries_of(index: Path) -> list[Entry]:
    """Raises UnknownIndex or OSError."""
    data = index.read_bytes()
    word, version, count = struct.unpack_from(">4sII", data)
    if word != b"DIRC" or version not in (2, 3, 4) or count > _MOST_FILES:
        raise UnknownIndex
    try:
        return list(_entries(data, version, count))
    except (struct.error, IndexError, ValueError):
        raise UnknownIndex from None


def _entries(data: bytes, version: int, count: int) -> Iterator[Entry]:
    place, path = 12, b""
    for _ in range(count):
        begin = place
        *times, _, _, mode, _, _, size, object_id, flags = _FIXED.unpack_from(data, place)
        place += _FIXED.size
        more = 0
        if flags & 0x4000:
            (more,) = struct.unpack_from(">H", data, place)
            place += 2
        if version == 4:
            cut = data[place] & 0x7F
            while data[place] & 0x80:
                place += 1
                cut = ((cut + 1) << 7) | (data[place] & 0x7F)
            end = data.index(b"\0", place + 1)
            path = path[: len(path) - cut] + data[place + 1 : end]
            place = end + 1
        else:
            end = data.index(b"\0", place)
            path = data[place:end]
            place = begin + (end - begin + 8) // 8 * 8
        if mode == _FOLDER or flags & 0x3000:
            raise UnknownIndex  # folders in place of files, or a merge under way
        moved, changed = (times[i] * 1_000_000_000 + times[i + 1] for i in (0, 2))
        yield Entry(
            path, mode, object_id, size, changed, moved, not (flags & 0x8000 or more & 0x4000), not more & 0x2000
        )
    if data[place : place + 4] == b"link":
        raise UnknownIndex  # most of it is in another file


def tree_of(entries: list[Entry]) -> str:
    """The id of the tree that a commit of the index would have."""
    root: dict[bytes, Any] = {}
    for entry in entries:
        if not entry.staged:
            continue
        *folders, name = entry.path.split(b"/")
        here = root
        for folder in folders:
            here = here.setdefault(folder, {})
        here[name] = entry
    return _tree(root).hex()


def _tree(folder: dict[bytes, Any]) -> bytes:
    lines: list[tuple[bytes, bytes]] = []
    for name, held in folder.items():
        if isinstance(held, Entry):
            lines.append((name, b"%o %s\0%s" % (held.mode, name, held.id)))
        else:
            lines.append((name + b"/", b"40000 %s\0%s" % (name, _tree(held))))
    content = b"".join(line for _, line in sorted(lines))
    return _id("tree", content)


def modified(root: Path, entries: list[Entry], index_ns: int) -> Iterator[str]:
    """Tracked files that are not as the index has them."""
    top = os.fsencode(root)
    for entry in entries:
        if entry.mode == _MODULE or not entry.looked_at:
            continue
        path = os.path.join(top, entry.path)  # noqa: PTH118 - bytes
        if not entry.staged or _differs(path, entry, index_ns):
            yield os.fsdecode(entry.path)


def _differs(path: bytes, entry: Entry, index_ns: int) -> bool:
    try:
        now = os.lstat(path)
        # A file that was written after the index is looked into, whatever its times say: git's own rule.
        same_times = now.st_mtime_ns == entry.changed_ns < index_ns and now.st_ctime_ns == entry.moved_ns
        if same_times and now.st_size & 0xFFFFFFFF == entry.size:
            return False
        if stat.S_ISLNK(now.st_mode):
            return entry.mode != _LINK or _id("blob", os.readlink(path)) != entry.id  # noqa: PTH115 - bytes
        if not stat.S_ISREG(now.st_mode) or bool(now.st_mode & 0o100) != (entry.mode == 0o100755):
            return True
        with open(path, "rb") as file:  # noqa: PTH123 - bytes
            return _id("blob", file.read()) != entry.id
    except OSError:
        return True


def _id(kind: str, content: bytes) -> bytes:
    return hashlib.sha1(b"%s %d\0" % (kind.encode(), len(content)) + content, usedforsecurity=False).digest()
