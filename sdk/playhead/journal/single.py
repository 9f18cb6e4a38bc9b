"""A recording in a single file: the journals of a program's processes, one after the other.

    ["head", {"process": …, "segment": 1, "format": 1, "resource": {…}, …}]
    ["s", …]  ["e", …]  ["r", …]                    as records.py and lanes/sink.py describe them, one a line
    ["head", …]                                      the next segment, or the next process

It is the segments as they were written, whole lines only. So a record has the place in it that it had in its journal,
and what is in the file and what was sent of it are the same to a collector, however often either comes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Literal

from playhead.errors import UsageError
from playhead.journal.folder import segments
from playhead.journal.journal import FORMAT
from playhead.journal.otlp import request_of
from playhead.journal.reader import Position, Read, parsed
from playhead.journal.recording import WORD, Chunks
from playhead.journal.records import Assembler, Span
from playhead.journal.words import HEAD

ENDING = ".playhead"
_FIRST = b'["head",'
_MOST_SPANS = 512
_MOST_BYTES = 4 * 1024 * 1024

Request = tuple[Literal["traces", "logs"], bytes, int]
"""What it carries, as OTLP protobuf, and how far into the file it reaches."""


def gather(folders: Iterable[Path], file: Path) -> None:
    """Writes journals into a file, which appears whole or not at all. Raises OSError."""
    partial = file.with_name(f".{file.name}.part")
    try:
        with partial.open("wb") as whole:
            for folder in folders:
                for _, path in segments(folder):
                    with path.open("rb") as lines:
                        # A torn last line is where the process, or its machine, died.
                        whole.writelines(line for line in lines if line.endswith(b"\n"))
        partial.replace(file)
    finally:
        partial.unlink(missing_ok=True)


def is_single(file: Path) -> bool:
    """Whether it is such a file, by its first bytes."""
    with file.open("rb") as data:
        return data.read(len(_FIRST)) == _FIRST


def requests_in(file: Path) -> Iterator[Request]:
    """The file as requests small enough to be sent one by one. Steps without an end come last, as open."""
    process: _Process | None = None
    done = 0
    with file.open("rb") as lines:
        for line in lines:
            record = parsed(line.rstrip(b"\n")) if line.endswith(b"\n") else None
            if record is not None and record[0] == HEAD:
                head = record[1]
                if int(head.get("format", 0)) > FORMAT:
                    raise UsageError(
                        f"{file} was written by a newer Playhead (format {head['format']}); update this one"
                    )
                if process is None or process.id != head.get("process"):
                    if process is not None:
                        yield from process.requests(done, ends=True)
                    process = _Process(str(head.get("process", "")))
                process.next_segment(int(head.get("segment", 1)))
            done += len(line)
            if process is None:
                raise UsageError(f"{file} is no recording of 'playhead record': its first line is no head")
            process.take(line)
            if process.is_large:
                yield from process.requests(done)
    if process is not None:
        yield from process.requests(done, ends=True)


class _Process:
    """What was read of one process and has not been handed out."""

    def __init__(self, process: str) -> None:
        self.id = process
        self._assembler = Assembler()
        self._chunks = Chunks()
        self._batch: list[Span] = []
        self._size = 0
        self._place = Position()

    @property
    def is_large(self) -> bool:
        return len(self._batch) >= _MOST_SPANS or self._size >= _MOST_BYTES

    def next_segment(self, number: int) -> None:
        self._place = Position(number, 0)

    def take(self, line: bytes) -> None:
        before, self._place = self._place, Position(self._place.segment, self._place.offset + len(line))
        self._size += len(line)
        record = parsed(line.rstrip(b"\n"))
        if record is None:
            return
        if record[0] == WORD:
            if len(record) == 3:
                self._chunks.add(Read(record, line.rstrip(b"\n"), self._place))
            return
        span = self._assembler.take(record, before)
        if span is not None:
            self._batch.append(span)

    def requests(self, done: int, ends: bool = False) -> Iterator[Request]:
        head = self._assembler.head
        if self._batch:
            yield "traces", request_of(head, self._batch).SerializeToString(), done
        if self._chunks.size:
            yield "logs", self._chunks.take(head).SerializeToString(), done
        cut = self._assembler.open_spans() if ends else []
        for start in range(0, len(cut), _MOST_SPANS):
            yield "traces", request_of(head, cut[start : start + _MOST_SPANS], "open").SerializeToString(), done
        self._batch, self._size = [], 0
