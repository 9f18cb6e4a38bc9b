"""A run and its process's recording in one file, as `playhead export RUN -o FILE.playhead` writes it.

    ["exported", {"format": 1, "run": …, "until": {process: place}, "erased": {run: time}}]
    ["traces", {"resource": …, "scope": …}]         what the spans below came under; or "logs", its log records
    ["item", {…}]                                   one of them, as OTLP/JSON
    ["chunk", process, run, sequence, time]         what a process recorded, as it was sent, under the same key
    1:5020 ["r", run, […]]                          its lines, each with its place

Chunks are kept whole and verbatim, so importing a file where the run is stored changes nothing. `until` is given where
runs that came later were left out: lines behind that place belong to nobody here, but for those that end a recording.
`erased` names runs of the same processes that were erased before, with when (milliseconds): their part is not here.
Nothing in it says when or where it was exported: the same run is the same file.
"""

from __future__ import annotations

import base64
import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from google.protobuf import json_format
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.logs.v1.logs_pb2 import LogsData
from opentelemetry.proto.trace.v1.trace_pb2 import TracesData

from playhead.errors import UsageError
from playhead.journal.recording import EVENT, placed
from playhead.lanes.sink import NOT_COUNTED, Record
from playhead_collector.read.chunk import Chunk
from playhead_collector.receive.json_request import protobuf_from_json
from playhead_collector.receive.signal import Signal

ENDING = ".playhead"
FORMAT = 1
_FIRST = b'["exported",'
_NAMES = {
    Signal.TRACES: ("resourceSpans", "scopeSpans", "spans"),
    Signal.LOGS: ("resourceLogs", "scopeLogs", "logRecords"),
}
_MOST_ITEMS = 512
_MOST_BYTES = 4 * 1024 * 1024
_ENDS = frozenset("hvz")

Request = tuple[Signal, bytes, int]
"""What it carries, as OTLP protobuf, and how far into the file it reaches."""


@dataclass(frozen=True, slots=True)
class Exported:
    """What such a file holds."""

    run: str
    traces: TracesData
    logs: LogsData
    chunks: list[Chunk]
    until: Mapping[str, int] = field(default_factory=dict)
    """By process: the last place that this run needs."""
    erased: Mapping[str, int] = field(default_factory=dict)
    """Runs of its processes that were erased, each with when, in milliseconds."""

    def records(self) -> dict[str, list[Record]]:
        """The engine's records of each process, as far as the run needs them."""
        contents: dict[str, list[bytes]] = {}
        for chunk in self.chunks:
            contents.setdefault(chunk.process, []).append(chunk.content)
        return {process: self._needed(process, found) for process, found in contents.items()}

    def _needed(self, process: str, contents: list[bytes]) -> list[Record]:
        until = self.until.get(process)
        if until is None:
            return [record for _, record in placed(contents)]
        kept = [record for place, record in placed(contents) if place <= until or record[0] in _ENDS]
        # How many there were is said by the last; of a part it is another number.
        counted = sum(record[0] not in NOT_COUNTED for record in kept)
        return [["z", counted] if record[0] == "z" else record for record in kept]


def is_exported(file: Path) -> bool:
    """Whether it is such a file, by its first bytes."""
    with file.open("rb") as data:
        return data.read(len(_FIRST)) == _FIRST


def write_exported(exported: Exported, file: Path) -> None:
    """The file appears whole or not at all. Raises OSError."""
    partial = file.with_name(f".{file.name}.{os.getpid()}.part")
    try:
        with partial.open("wb") as lines:
            head: dict[str, Any] = {"format": FORMAT, "run": exported.run}
            if exported.until:
                head["until"] = dict(exported.until)
            if exported.erased:
                head["erased"] = dict(exported.erased)
            lines.write(_line(["exported", head]))
            lines.writelines(_items(Signal.TRACES, exported.traces))
            lines.writelines(_items(Signal.LOGS, exported.logs))
            for chunk in exported.chunks:
                lines.write(_line(["chunk", chunk.process, chunk.run, chunk.sequence, chunk.time_ns]))
                lines.write(chunk.content)
        partial.replace(file)
    finally:
        partial.unlink(missing_ok=True)


def read_exported(file: Path) -> Exported:
    """All of it. Raises UsageError where it is not such a file, or of a newer Playhead."""
    exported: Exported | None = None
    for part, _ in _parts(file):
        match part:
            case dict(head):
                until, erased = head.get("until", {}), head.get("erased", {})
                exported = Exported(str(head["run"]), TracesData(), LogsData(), [], until, erased)
            case (signal, body) if exported is not None:
                (exported.traces if signal is Signal.TRACES else exported.logs).MergeFromString(body)
            case Chunk() if exported is not None:
                exported.chunks.append(part)
    if exported is None:
        raise UsageError(f"{file} says of no run")
    return exported


def requests_in_exported(file: Path) -> Iterator[Request]:
    """The file as requests small enough to be sent or stored one by one."""
    for part, done in _parts(file):
        if isinstance(part, Chunk):
            yield Signal.LOGS, _as_record(part), done
        elif isinstance(part, tuple):
            yield *part, done


def _parts(file: Path) -> Iterator[tuple[dict[str, Any] | tuple[Signal, bytes] | Chunk, int]]:
    """The head; some spans or records of one scope at a time; chunks."""
    group: _Group | None = None
    key: list[Any] = []
    content: list[bytes] = []
    done = 0
    with file.open("rb") as lines:
        for number, line in enumerate(lines, 1):
            if line[:1].isdigit() and key:
                content.append(line)
                done += len(line)
                continue
            record = _read(file, number, line)
            if content:
                yield _chunk(key, content), done
                content = []
            if group is not None and group.items and (record[0] != "item" or group.is_large):
                yield group.take(), done
            done += len(line)
            match record:
                case ["exported", dict(head)]:
                    if int(head.get("format", 0)) > FORMAT:
                        raise UsageError(
                            f"{file} was written by a newer Playhead (format {head['format']}); update this one"
                        )
                    yield head, done
                case ["traces" | "logs" as signal, dict(around)]:
                    group, key = _Group(Signal(signal), around), []
                case ["item", dict(item)] if group is not None:
                    group.add(item, len(line))
                case ["chunk", str(), str(), int(), int()]:
                    group, key = None, record[1:]
                case _:
                    raise UsageError(f"{file}, line {number}: {str(record[0])[:40]!r} is nothing that belongs here")
    if content:
        yield _chunk(key, content), done
    if group is not None and group.items:
        yield group.take(), done


def _chunk(key: list[Any], content: list[bytes]) -> Chunk:
    process, run, sequence, time_ns = key
    return Chunk(process, run, sequence, time_ns, b"".join(content))


class _Group:
    """Spans or log records of one scope that have not been handed out."""

    def __init__(self, signal: Signal, around: dict[str, Any]) -> None:
        self._signal = signal
        self._around = around
        self._size = 0
        self.items: list[Any] = []

    @property
    def is_large(self) -> bool:
        return len(self.items) >= _MOST_ITEMS or self._size >= _MOST_BYTES

    def add(self, item: Any, size: int) -> None:
        self.items.append(item)
        self._size += size

    def take(self) -> tuple[Signal, bytes]:
        resources, scopes, items = _NAMES[self._signal]
        scope = {**self._around["scope"], items: self.items}
        request = {resources: [{**self._around["resource"], scopes: [scope]}]}
        self.items, self._size = [], 0
        return self._signal, protobuf_from_json(self._signal, json.dumps(request).encode())


def _items(signal: Signal, data: TracesData | LogsData) -> Iterator[bytes]:
    resources, scopes, items = _NAMES[signal]
    for resource in json_format.MessageToDict(data, use_integers_for_enums=True).get(resources, ()):
        for scope in resource.pop(scopes, ()):
            found = scope.pop(items, ())
            yield _line([signal.value, {"resource": resource, "scope": scope}])
            yield from (_line(["item", _hex_ids(item)]) for item in found)


def _hex_ids(item: dict[str, Any]) -> dict[str, Any]:
    """OTLP/JSON has ids in hex, where protobuf's own JSON has base64."""
    for one in (item, *item.get("links", ())):
        for name in ("traceId", "spanId", "parentSpanId"):
            if name in one:
                one[name] = base64.b64decode(one[name]).hex()
    return item


def _as_record(chunk: Chunk) -> bytes:
    """As journal/recording.py sends it."""
    request = ExportLogsServiceRequest()
    record = (
        request.resource_logs.add()
        .scope_logs.add()
        .log_records.add(event_name=EVENT, time_unix_nano=chunk.time_ns, observed_time_unix_nano=chunk.time_ns)
    )
    record.trace_id = bytes.fromhex(chunk.run)
    record.body.bytes_value = chunk.content
    record.attributes.add(key="playhead.process").value.string_value = chunk.process
    record.attributes.add(key="playhead.sequence").value.int_value = chunk.sequence
    return bytes(request.SerializeToString())


def _read(file: Path, number: int, line: bytes) -> list[Any]:
    try:
        record = json.loads(line)
    except ValueError:
        record = None
    if not line.endswith(b"\n") or not isinstance(record, list) or not record:
        raise UsageError(f"{file}, line {number}: this line is cut or changed; export the run again")
    return record


def _line(record: list[Any]) -> bytes:
    return json.dumps(record, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"
