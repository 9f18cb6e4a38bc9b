"""The part of a journal that a replay needs, as OTLP log records named `playhead.recording`.

A chunk holds lines of one run (or of the process itself), each with its place in the journal, so that chunks of several
runs can be merged again in the order of events, and lines that were sent twice be told from lines that came twice:

    <segment>:<offset> <the record as the journal has it>

A chunk is keyed by process, run and its first place, and stored once under that key.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest

from playhead.journal.journal import Record
from playhead.journal.otlp import resource_of
from playhead.journal.reader import Position, Read, parsed

EVENT = "playhead.recording"
WORD = "r"
CHUNK_BYTES = 1024 * 1024
_PLACES = 2**40  # a segment is far smaller, so (segment, offset) is one number


class Chunks:
    """Gathers lines until they are sent. Bounded by the caller, who sends what is `large` enough."""

    def __init__(self) -> None:
        self._lines: dict[str | None, list[tuple[int, bytes]]] = {}
        self.size = 0

    def add(self, read: Read) -> None:
        run = read.record[1] if isinstance(read.record[1], str) else None
        self._lines.setdefault(run, []).append((number_of(read.end), read.line))
        self.size += len(read.line)

    @property
    def of_runs(self) -> bool:
        """Whether some of it is of a run, and not only of the process itself."""
        return any(run is not None for run in self._lines)

    def take(self, head: Mapping[str, Any]) -> ExportLogsServiceRequest:
        """All that was gathered, as one request."""
        request = ExportLogsServiceRequest()
        logs = request.resource_logs.add()
        logs.resource.CopyFrom(resource_of(head))
        records = logs.scope_logs.add()
        records.scope.name = "playhead"
        now = time.time_ns()
        for run, lines in self._lines.items():
            for first, content in _contents(lines):
                record = records.log_records.add(event_name=EVENT, time_unix_nano=now, observed_time_unix_nano=now)
                record.trace_id = bytes.fromhex(run) if run else b""
                record.body.bytes_value = content
                record.attributes.add(key="playhead.process").value.string_value = str(head.get("process", ""))
                record.attributes.add(key="playhead.sequence").value.int_value = first
        self.clear()
        return request

    def clear(self) -> None:
        self._lines, self.size = {}, 0


def number_of(place: Position) -> int:
    return place.segment * _PLACES + place.offset


def merged(contents: Iterable[bytes]) -> Iterator[Record]:
    """The engine's records of some chunks, in the order of events, each once."""
    return (record for _, record in placed(contents))


def placed(contents: Iterable[bytes]) -> Iterator[tuple[int, Record]]:
    """The same, each with its place."""
    lines: dict[int, bytes] = {}
    for content in contents:
        for line in content.splitlines():
            place, _, rest = line.partition(b" ")
            segment, _, offset = place.partition(b":")
            lines[int(segment) * _PLACES + int(offset)] = rest
    for number, line in sorted(lines.items()):
        record = parsed(line)
        if record is not None and record[0] == WORD:
            yield number, record[2]


def _contents(lines: Iterable[tuple[int, bytes]]) -> Iterator[tuple[int, bytes]]:
    """Chunks of at most CHUNK_BYTES, unless one line alone is larger."""
    chunk: list[bytes] = []
    size = first = 0
    for number, line in lines:
        if chunk and size + len(line) > CHUNK_BYTES:
            yield first, b"".join(chunk)
            chunk, size = [], 0
        if not chunk:
            first = number
        segment, offset = divmod(number, _PLACES)
        chunk.append(b"%d:%d %s\n" % (segment, offset, line))
        size += len(line)
    if chunk:
        yield first, b"".join(chunk)
