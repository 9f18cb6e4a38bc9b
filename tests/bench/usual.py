"""The usual way into a store: parse, loop over spans and attributes in Python, insert columns through Arrow.

Written as a careful engineer would: the official protobuf, one pass, columns as lists, one wide table with typed
columns and a map of attributes, text indexes on what is searched; codec, syncs,
index settings and batches as the collector's. It reads one dialect, keeps each prompt whole, and has no spool in front:
all of that is to its advantage.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Sequence
from typing import Any

import pyarrow as arrow  # its names are made at run time
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue
from tests.bench.floor import Segment, Took

from playhead_collector.store.ddl import TABLE_SETTINGS
from playhead_collector.store.engine import Engine
from playhead_collector.store.store import insert_settings

pa: Any = arrow
_KINDS = {"invoke_agent": "agent", "chat": "prompt", "execute_tool": "tool"}
_TABLE = f"""
CREATE TABLE usual
(
    run_id String, step_id String, parent_id String, name LowCardinality(String), kind LowCardinality(String),
    start_time Int64, end_time Int64, status UInt8, service LowCardinality(String), agent LowCardinality(String),
    session String, user String, model LowCardinality(String), tool LowCardinality(String),
    input_tokens Nullable(Int64), output_tokens Nullable(Int64),
    input String, output String, attributes Map(LowCardinality(String), String),
    INDEX words_in lower(input) TYPE text(tokenizer = 'splitByNonAlpha'),
    INDEX words_out lower(output) TYPE text(tokenizer = 'splitByNonAlpha')
)
ENGINE = ReplacingMergeTree ORDER BY (run_id, step_id) SETTINGS {TABLE_SETTINGS}
"""
_COLUMNS = pa.schema(
    [(name, pa.string()) for name in ("run_id", "step_id", "parent_id", "name", "kind")]
    + [("start_time", pa.int64()), ("end_time", pa.int64()), ("status", pa.uint8())]
    + [(name, pa.string()) for name in ("service", "agent", "session", "user", "model", "tool")]
    + [("input_tokens", pa.int64()), ("output_tokens", pa.int64()), ("input", pa.string()), ("output", pa.string())]
    + [("attributes", pa.map_(pa.string(), pa.string()))]
)


def usual(engine: Engine, segments: Sequence[Segment]) -> Took:
    name = f"bench_{uuid.uuid4().hex}"
    admin = engine.connect()
    admin.command(f"CREATE DATABASE {name}")
    settings = {**insert_settings(), "exclude_materialize_skip_indexes_on_insert": "words_in, words_out"}
    client = engine.connect(name, settings)
    try:
        client.command(_TABLE)
        began, cpu = time.monotonic(), time.process_time()
        for segment in segments:
            client.insert_arrow("usual", _columns(segment.path.read_bytes()))
        return Took(sum(one.spans for one in segments), time.monotonic() - began, time.process_time() - cpu)
    finally:
        admin.command(f"DROP DATABASE {name} SYNC")
        client.close()
        admin.close()


def _columns(body: bytes) -> Any:
    rows: list[tuple[object, ...]] = []
    for resource_spans in ExportTraceServiceRequest.FromString(body).resource_spans:
        resource = {one.key: _text(one.value) for one in resource_spans.resource.attributes}
        service = resource.get("service.name", "")
        for scope_spans in resource_spans.scope_spans:
            for span in scope_spans.spans:
                attributes = {one.key: _text(one.value) for one in span.attributes}
                get, take = attributes.get, attributes.pop
                said = take("gen_ai.input.messages", "") or take("gen_ai.tool.call.arguments", "")
                answered = take("gen_ai.output.messages", "") or take("gen_ai.tool.call.result", "")
                rows.append(
                    (
                        span.trace_id.hex(),
                        span.span_id.hex(),
                        span.parent_span_id.hex(),
                        span.name,
                        _KINDS.get(get("gen_ai.operation.name", ""), "other"),
                        span.start_time_unix_nano,
                        span.end_time_unix_nano,
                        span.status.code,
                        service,
                        get("gen_ai.agent.name", ""),
                        get("gen_ai.conversation.id", ""),
                        get("user.id", ""),
                        get("gen_ai.response.model", ""),
                        get("gen_ai.tool.name", ""),
                        _count(get("gen_ai.usage.input_tokens")),
                        _count(get("gen_ai.usage.output_tokens")),
                        said,
                        answered,
                        list(attributes.items()),
                    )
                )
    arrays = [pa.array(values, field.type) for values, field in zip(zip(*rows, strict=True), _COLUMNS, strict=True)]
    return pa.Table.from_arrays(arrays, schema=_COLUMNS)


def _text(value: AnyValue) -> str:
    kind = value.WhichOneof("value")
    if kind == "string_value":
        return str(value.string_value)
    if kind == "array_value":
        return "[" + ",".join(_text(item) for item in value.array_value.values) + "]"
    return str(getattr(value, kind)) if kind else ""


def _count(text: str | None) -> int | None:
    return int(text) if text else None
