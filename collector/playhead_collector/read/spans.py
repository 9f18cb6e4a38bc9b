"""Runs back into the OTLP that they came as: every span and log record equal in every field, under its scope.

Payloads are put together again from their pieces. A piece that is missing (past retention, erased) leaves an attribute
that says so in its key's place; nothing is left out silently.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from clickhouse_connect.driver.client import Client
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, InstrumentationScope, KeyValue
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord
from opentelemetry.proto.resource.v1.resource_pb2 import Resource
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from playhead_collector.read.together import Question, Row, ask_together
from playhead_collector.store.gone import GONE

_GONE = GONE.encode()
MISSING = "playhead: this text is no longer stored (past its retention, or erased)"


@dataclass(frozen=True, slots=True)
class Scope:
    """What spans and records are grouped under, verbatim."""

    resource: Resource | None
    resource_schema_url: str
    scope: InstrumentationScope | None
    scope_schema_url: str


Pieces = Mapping[tuple[str, bytes], bytes]


class StoredSpan:
    """A span and its scope. It is put together when it is first looked at: a tree of steps shows few of them."""

    def __init__(self, row: Row, scope: Scope, pieces: Pieces) -> None:
        self.run_id: str = row["run_id"]
        self.step_id: str = row["step_id"]
        self.scope = scope
        self._row = row
        self._pieces = pieces

    @cached_property
    def span(self) -> Span:
        return _span(self._row, self._pieces)

    @property
    def gone(self) -> str:
        """What stands in the place of its payloads, where these are past the days that they are kept for."""
        return next((text.decode() for text in self._row["attribute_texts"] if text.startswith(_GONE)), "")

    def text(self, key: str) -> str:
        """A short text of the span's, for which it need not be put together."""
        keys = self._row["attribute_keys"]
        text: bytes = self._row["attribute_texts"][keys.index(key)] if key in keys else b""
        return text.decode()


@dataclass(frozen=True, slots=True)
class StoredRecord:
    run_id: str
    step_id: str
    record: LogRecord
    scope: Scope


def spans_of(client: Client, run_ids: Sequence[str]) -> Iterator[StoredSpan]:
    """The spans of runs, each once, in order of their start."""
    rows, *around = ask_together(client, ask_for_spans(run_ids), *ask_for_context(run_ids))
    return spans_from(rows, Context(*around))


def records_of(client: Client, run_ids: Sequence[str]) -> Iterator[StoredRecord]:
    """The log records of runs, each once, in order of their time."""
    (rows,) = ask_together(client, ask_for_records(run_ids))
    # Most runs have none, and their texts need not be read for that.
    around = ask_together(client, *ask_for_context(run_ids)) if rows else ([], [])
    return records_from(rows, Context(*around))


# The parts of which these are made, for who asks for more at once. What may hold anything comes as bytes.


def ask_for_spans(run_ids: Sequence[str], step_ids: Sequence[str] = ()) -> Question:
    """Of each step its span and its figures; of these steps, where any are named."""
    runs = {"runs": list(run_ids), "steps": list(step_ids)}
    return Question("spans_of_runs", runs, columns={"attribute_texts": "bytes", "links": "bytes"})


def ask_for_records(run_ids: Sequence[str], step_ids: Sequence[str] = ()) -> Question:
    runs = {"runs": list(run_ids), "steps": list(step_ids)}
    return Question("records_of_runs", runs, columns={"attribute_texts": "bytes"})


def ask_for_context(run_ids: Sequence[str]) -> tuple[Question, Question]:
    pieces = Question("pieces_of_runs", {"runs": list(run_ids)}, columns={"text": "bytes"})
    return _ask_for_scopes(run_ids), pieces


def ask_for_context_of_step(run_id: str, step_id: str) -> tuple[Question, Question]:
    pieces = Question("pieces_of_step", {"run": run_id, "step": step_id}, columns={"text": "bytes"})
    return _ask_for_scopes([run_id]), pieces


def _ask_for_scopes(run_ids: Sequence[str]) -> Question:
    return Question("scopes_of_runs", {"runs": list(run_ids)}, types={"String": "bytes"})


class Context:
    """What the spans and records of runs share: scopes, and the pieces of their payloads."""

    def __init__(self, scopes: Sequence[Row], pieces: Sequence[Row]) -> None:
        self.pieces: Pieces = {(row["run_id"], row["hash"]): row["text"] for row in pieces}
        self._scopes = {(row["run_id"].decode(), row["hash"]): _scope(row) for row in scopes}

    def scope_of(self, row: Row) -> Scope:
        return self._scopes.get((row["run_id"], row["scope_hash"]), _NO_SCOPE)


def spans_from(rows: Iterable[Row], context: Context) -> Iterator[StoredSpan]:
    return (StoredSpan(row, context.scope_of(row), context.pieces) for row in rows)


def records_from(rows: Iterable[Row], context: Context) -> Iterator[StoredRecord]:
    for row in rows:
        yield StoredRecord(row["run_id"], row["step_id"], _record(row, context.pieces), context.scope_of(row))


_NO_SCOPE = Scope(None, "", None, "")


def _scope(row: Row) -> Scope:
    resource = scope = None
    if row["has_resource"] != "no":
        given = row["resource"]
        resource = Resource(dropped_attributes_count=given["dropped_attributes_count"])
        _fill(resource.attributes, given["attributes"])
        for reference in given["entity_refs"]:
            resource.entity_refs.add().ParseFromString(reference)
    if row["has_scope"] != "no":
        given = row["scope"]
        scope = InstrumentationScope(
            name=given["name"].decode(),
            version=given["version"].decode(),
            dropped_attributes_count=given["dropped_attributes_count"],
        )
        _fill(scope.attributes, given["attributes"])
    return Scope(resource, row["resource_schema_url"].decode(), scope, row["scope_schema_url"].decode())


def _fill(attributes: Any, given: Iterable[Mapping[str, Any]]) -> None:
    """Attributes as the store's tuples have them (resource and scope)."""
    kinds = {
        "string_value": 1, "bool_value": 2, "int_value": 3, "double_value": 4, "array_value": 5, "kvlist_value": 6,
        "bytes_value": 7, "none": 8,
    }  # fmt: skip
    for one in given:
        value = one["value"]
        kind = kinds[value["value"]] if one["has_value"] != "no" else 0
        text = b"".join(value[name] for name in ("string_value", "array_value", "kvlist_value", "bytes_value"))
        number = value["int_value"] or int(value["bool_value"])
        if kind == 4:
            number = struct.unpack("<q", struct.pack("<d", value["double_value"]))[0]
        _add(attributes, one["key"].decode(), kind, text, number)


def _add(attributes: Any, key: str, kind: int, text: bytes, number: int) -> None:
    attribute: KeyValue = attributes.add()
    attribute.key = key
    if kind:
        set_value(attribute.value, kind, text, number)


def set_value(value: AnyValue, kind: int, text: bytes, number: int) -> None:
    """A value from its stored form: the field number in AnyValue (8: an empty value), its text or its number."""
    match kind:
        case 1:
            value.string_value = text.decode()
        case 2:
            value.bool_value = bool(number)
        case 3:
            value.int_value = number
        case 4:
            value.double_value = struct.unpack("<d", struct.pack("<q", number))[0]
        case 5:
            value.array_value.ParseFromString(text)
            value.array_value.SetInParent()
        case 6:
            value.kvlist_value.ParseFromString(text)
            value.kvlist_value.SetInParent()
        case 7:
            value.bytes_value = text
        case _:
            value.SetInParent()


def _texts(row: Mapping[str, Any], pieces: Pieces) -> list[bytes]:
    """The texts of a row's attributes, payloads put together again."""
    texts: list[bytes] = list(row["attribute_texts"])
    for place, text in enumerate(texts):
        if text.startswith(_GONE):
            # Words in the place of a nested value, too.
            row["attribute_types"][place] = 1
    run_id = row["run_id"]
    joined: dict[int, list[bytes]] = {}
    for owner, digest in zip(row["piece_owners"], row["piece_hashes"], strict=True):
        joined.setdefault(owner - 1, []).append(pieces.get((run_id, digest), MISSING.encode()))
    for place, parts in joined.items():
        missing = MISSING.encode() in parts
        # A nested value with a hole cannot be parsed; the note stands in for all of it.
        if missing and texts[place].startswith(_GONE):
            continue
        texts[place] = MISSING.encode() if missing and row["attribute_types"][place] != 1 else b"".join(parts)
        if missing:
            row["attribute_types"][place] = 1
    return texts


def _span(row: dict[str, Any], pieces: Pieces) -> Span:
    row["attribute_types"] = list(row["attribute_types"])
    texts = _texts(row, pieces)
    keys, kinds, numbers = row["attribute_keys"], row["attribute_types"], row["attribute_numbers"]
    parent = bytes.fromhex(row["parent_id"])
    span = Span(
        trace_id=bytes.fromhex(row["run_id"]),
        span_id=bytes.fromhex(row["step_id"]),
        parent_span_id=bytes(8) if row["zero_parent"] else parent,
        trace_state=row["trace_state"],
        flags=row["flags"],
        name=row["name"],
        kind=row["span_kind"],
        start_time_unix_nano=row["start_ns"],
        end_time_unix_nano=row["end_ns"],
        dropped_attributes_count=row["dropped_attributes"],
        dropped_events_count=row["dropped_events"],
        dropped_links_count=row["dropped_links"],
    )
    place = row["attribute_count"]
    for i in range(place):
        _add(span.attributes, keys[i], kinds[i], texts[i], numbers[i])
    events = zip(
        row["event_times"],
        row["event_names"],
        row["event_attribute_counts"],
        row["event_dropped_attributes"],
        strict=True,
    )
    for time_ns, name, count, dropped in events:
        event = span.events.add(time_unix_nano=time_ns, name=name, dropped_attributes_count=dropped)
        for i in range(place, place + count):
            _add(event.attributes, keys[i], kinds[i], texts[i], numbers[i])
        place += count
    for link in row["links"]:
        span.links.add().ParseFromString(link)
    if row["has_status"]:
        span.status.SetInParent()
        span.status.message = row["status_message"]
        span.status.code = row["status_code"]
    return span


def _record(row: dict[str, Any], pieces: Pieces) -> LogRecord:
    row["attribute_types"] = list(row["attribute_types"])
    texts = _texts(row, pieces)
    keys, kinds, numbers = row["attribute_keys"], row["attribute_types"], row["attribute_numbers"]
    record = LogRecord(
        time_unix_nano=row["time_ns"],
        observed_time_unix_nano=row["observed_ns"],
        severity_number=row["severity"],
        severity_text=row["severity_text"],
        event_name=row["event_name"],
        dropped_attributes_count=row["dropped_attributes"],
        flags=row["flags"],
        trace_id=bytes.fromhex(row["run_id"]),
        span_id=bytes.fromhex(row["step_id"]),
    )
    last = len(keys) - 1
    for i in range(last):
        _add(record.attributes, keys[i], kinds[i], texts[i], numbers[i])
    if kinds[last]:
        set_value(record.body, kinds[last], texts[last], numbers[last])
    return record
