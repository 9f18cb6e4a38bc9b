"""Reads a journal from where it was left, also while it is being written. A torn last line is not a record yet."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from playhead.journal.folder import segments
from playhead.journal.journal import Record

CHUNK_BYTES = 1024 * 1024


@dataclass(frozen=True, slots=True, order=True)
class Position:
    """A place between two records."""

    segment: int = 0
    offset: int = 0


@dataclass(frozen=True, slots=True)
class Read:
    record: Record
    line: bytes
    end: Position
    """Just behind the record."""


def parsed(line: bytes) -> Record | None:
    """None for what is not a record: a line torn by the death of a machine."""
    try:
        record = json.loads(line.decode("utf-8", "surrogatepass"))
    except (ValueError, RecursionError):
        return None
    return record if isinstance(record, list) and record and isinstance(record[0], str) else None


def read_from(folder: Path, position: Position) -> Iterator[Read]:
    """All whole records after a position, segment after segment, in the order in which they were written."""
    for number, path in segments(folder):
        if number < position.segment:
            continue
        offset = position.offset if number == position.segment else 0
        yield from _read_segment(path, number, offset)


def read_journal(path: Path) -> Iterator[Record]:
    """The records of one segment file, or of all segments of a folder."""
    if path.is_dir():
        yield from (read.record for read in read_from(path, Position()))
    else:
        yield from (read.record for read in _read_segment(path, 1, 0))


def _read_segment(path: Path, number: int, offset: int) -> Iterator[Read]:
    rest = b""
    try:
        with path.open("rb") as file:
            file.seek(offset)
            while chunk := file.read(CHUNK_BYTES):
                lines = (rest + chunk).split(b"\n") if b"\n" in chunk else [rest + chunk]
                rest = lines.pop()
                for line in lines:
                    offset += len(line) + 1
                    record = parsed(line)
                    if record is not None:
                        yield Read(record, line, Position(number, offset))
    except FileNotFoundError:
        return


def bytes_of(value: Any) -> bytes | None:
    """A value that was bytes before it was written."""
    from base64 import b64decode

    if isinstance(value, dict) and len(value) == 1 and isinstance(value.get("$bytes"), str):
        return b64decode(value["$bytes"])
    return None
