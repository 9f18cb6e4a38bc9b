"""OTLP files, recordings of `playhead record` and exported ones, as requests small enough to be sent one by one.

A file may be larger than memory: protobuf is read one resource at a time, JSON one line at a time. What is no OTLP is
an error that names the file, after all that is whole; nothing in a file is passed over silently.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

from google.protobuf.message import DecodeError

from playhead.errors import UsageError
from playhead.journal.single import is_single, requests_in
from playhead_collector.errors import BadRequest, TooLarge
from playhead_collector.receive.json_request import protobuf_from_json
from playhead_collector.receive.signal import Signal
from playhead_collector.recording_file import is_exported, requests_in_exported

PART_BYTES = 8 * 1024 * 1024
# No resource of one agent's traces comes near this; a length beyond it is no length.
_LARGEST = 2**31 - 1
_TAG = 0x0A  # field 1, with a length: resource_spans or resource_logs
_HOLDS = {Signal.TRACES: ("resourceSpans", "resource_spans"), Signal.LOGS: ("resourceLogs", "resource_logs")}
_NESTED = {
    Signal.TRACES: ("resource_spans", "scope_spans", "spans"),
    Signal.LOGS: ("resource_logs", "scope_logs", "log_records"),
}

Request = tuple[Signal, bytes, int]
"""What it carries, the protobuf body, and how far into the file it ends."""


def requests_of(file: Path) -> Iterator[Request]:
    """The requests in a file, in order. Raises UsageError, or BadRequest after the last of them, naming the file."""
    try:
        if is_single(file):
            for signal, body, done in requests_in(file):
                yield Signal(signal), body, done
            return
        if is_exported(file):
            yield from requests_in_exported(file)
            return
        with file.open("rb") as data:
            if file.suffix in (".json", ".jsonl", ".ndjson"):
                yield from _json(file, data)
            else:
                yield from _protobuf(file, data)
    except OSError as error:
        raise UsageError(f"{file} cannot be read: {error.strerror}") from None


def _json(file: Path, data: IO[bytes]) -> Iterator[Request]:
    """A request a line, or one document over many lines."""
    first = data.readline()
    data.seek(0)
    read = 0
    first_broken, others = "", 0
    for number, line in enumerate(data if _is_json(first) else [data.read()], 1):
        read += len(line)
        if not line.strip():
            continue
        try:
            signal = _signal_of(line)
            body = protobuf_from_json(signal, line)
        except (BadRequest, TooLarge) as error:
            others += bool(first_broken)
            first_broken = first_broken or f"{file}, line {number}: {error}"
            continue
        for part in _parts(file, signal, body):
            yield signal, part, read
    if first_broken:
        raise BadRequest(first_broken + (f"; other lines that cannot be read: {others}" if others else ""))


def _is_json(line: bytes) -> bool:
    try:
        json.loads(line)
    except (ValueError, RecursionError):
        return False
    return True


def _signal_of(line: bytes) -> Signal:
    for signal, names in _HOLDS.items():
        if any(f'"{name}"'.encode() in line for name in names):
            return signal
    raise BadRequest(
        "neither resourceSpans nor resourceLogs are in it, so it is no OTLP/JSON (what 'playhead export' writes "
        "as .jsonl is for reading; as .otlp it can be imported again)"
    )


def _protobuf(file: Path, data: IO[bytes]) -> Iterator[Request]:
    signal = Signal.LOGS if ".logs." in file.name else Signal.TRACES
    pending = bytearray()
    done = 0
    try:
        for resource in _resources(file, data):
            if pending and len(pending) + len(resource) > PART_BYTES:
                yield signal, bytes(pending), done
                pending.clear()
            done = data.tell()
            if len(resource) > PART_BYTES:
                for part in _parts(file, signal, resource):
                    yield signal, part, done
            else:
                pending += resource
    except BadRequest:
        # What is whole before the place that is not is taken.
        if pending:
            yield signal, bytes(pending), done
        raise
    if pending:
        yield signal, bytes(pending), done


def _resources(file: Path, data: IO[bytes]) -> Iterator[bytes]:
    """The file's top-level fields, each with its tag and length: put together again, any of them are a request."""
    while tag := data.read(1):
        length, header = _varint(data)
        content = data.read(length) if tag[0] == _TAG and length is not None and length <= _LARGEST else None
        if content is None or length is None or len(content) < length:
            raise BadRequest(
                f"{file} is not OTLP protobuf, or is cut short, at byte {data.tell()}: write its ending as .json or "
                ".jsonl if it is OTLP/JSON"
            )
        yield tag + header + content


def _varint(data: IO[bytes]) -> tuple[int | None, bytes]:
    value = 0
    header = b""
    for shift in range(0, 35, 7):
        byte = data.read(1)
        header += byte
        if not byte:
            return None, header
        value |= (byte[0] & 0x7F) << shift
        if byte[0] < 0x80:
            return value, header
    return None, header


def _parts(file: Path, signal: Signal, body: bytes) -> Iterator[bytes]:
    """Some items of a large request at a time, each under its resource and scope."""
    if len(body) <= PART_BYTES:
        yield body
        return
    resources, scopes, items = _NESTED[signal]
    try:
        whole = signal.request.FromString(body)
    except DecodeError as error:
        raise BadRequest(f"{file} is not OTLP {signal.value}: {error}") from None
    part = signal.request()
    size = 0
    for resource in getattr(whole, resources):
        for scope in getattr(resource, scopes):
            group = None
            for item in getattr(scope, items):
                if group is None:
                    group = _group(part, resource, scope, resources, scopes)
                getattr(group, items).append(item)
                size += item.ByteSize()
                if size >= PART_BYTES:
                    yield part.SerializeToString()
                    part, size, group = signal.request(), 0, None
    if size:
        yield part.SerializeToString()


def _group(part: Any, resource: Any, scope: Any, resources: str, scopes: str) -> Any:
    """A place in `part` for items of this resource and scope, with the same of everything but the items."""
    above = getattr(part, resources).add(schema_url=resource.schema_url)
    if resource.HasField("resource"):
        above.resource.CopyFrom(resource.resource)
    group = getattr(above, scopes).add(schema_url=scope.schema_url)
    if scope.HasField("scope"):
        group.scope.CopyFrom(scope.scope)
    return group
