"""Spans as an emitter would write them, for tests."""

from __future__ import annotations

import itertools
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, ArrayValue, InstrumentationScope, KeyValue, KeyValueList
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord, ResourceLogs, ScopeLogs
from opentelemetry.proto.resource.v1.resource_pb2 import Resource
from opentelemetry.proto.trace.v1.trace_pb2 import ResourceSpans, ScopeSpans, Span, Status

DAY_NS = 1_790_000_000_000_000_000
MS = 1_000_000

_numbers = itertools.count(1)


def any_value(value: Any) -> AnyValue:
    if value is None:
        return AnyValue()
    if isinstance(value, bool):
        return AnyValue(bool_value=value)
    if isinstance(value, int):
        return AnyValue(int_value=value)
    if isinstance(value, float):
        return AnyValue(double_value=value)
    if isinstance(value, bytes):
        return AnyValue(bytes_value=value)
    if isinstance(value, Mapping):
        return AnyValue(kvlist_value=KeyValueList(values=key_values(value)))
    if isinstance(value, Sequence) and not isinstance(value, str):
        return AnyValue(array_value=ArrayValue(values=[any_value(item) for item in value]))
    return AnyValue(string_value=str(value))


def key_values(attributes: Mapping[str, Any]) -> list[KeyValue]:
    return [KeyValue(key=key, value=any_value(value)) for key, value in attributes.items()]


def span(
    name: str = "step",
    attributes: Mapping[str, Any] | None = None,
    *,
    parent: Span | None = None,
    at: tuple[float, float] = (0, 10),
    error: str | None = None,
    events: Sequence[tuple[str, Mapping[str, Any]]] = (),
) -> Span:
    """A span; `at` is its start and end in milliseconds. It is in its parent's trace, or in one of its own."""
    start, end = (DAY_NS + int(time * MS) for time in at)
    return Span(
        trace_id=parent.trace_id if parent is not None else secrets.token_bytes(16),
        span_id=next(_numbers).to_bytes(8, "big"),
        parent_span_id=parent.span_id if parent is not None else b"",
        name=name,
        start_time_unix_nano=start,
        end_time_unix_nano=end,
        attributes=key_values(attributes or {}),
        events=[Span.Event(name=event, time_unix_nano=start, attributes=key_values(held)) for event, held in events],
        status=Status(code=Status.STATUS_CODE_ERROR, message=error) if error is not None else None,
    )


@dataclass(slots=True)
class Emitter:
    """What one instrumentation sends."""

    scope: str = "test"
    service: str = "app"
    spans: list[Span] = field(default_factory=list)


def traces(*spans: Span | Emitter, service: str = "app") -> ExportTraceServiceRequest:
    """A request of spans of one instrumentation, and of what others send."""
    emitters = [Emitter(service=service, spans=[one for one in spans if isinstance(one, Span)])]
    emitters += [one for one in spans if isinstance(one, Emitter)]
    return ExportTraceServiceRequest(
        resource_spans=[
            ResourceSpans(
                resource=Resource(attributes=key_values({"service.name": emitter.service})),
                scope_spans=[ScopeSpans(scope=InstrumentationScope(name=emitter.scope), spans=emitter.spans)],
            )
            for emitter in emitters
            if emitter.spans
        ]
    )


def log(
    step: Span, event_name: str, attributes: Mapping[str, Any] | None = None, body: Any = None, at: float = 1
) -> LogRecord:
    return LogRecord(
        trace_id=step.trace_id,
        span_id=step.span_id,
        observed_time_unix_nano=DAY_NS + int(at * MS),
        event_name=event_name,
        attributes=key_values(attributes or {}),
        body=any_value(body) if body is not None else None,
    )


def logs(*records: LogRecord) -> ExportLogsServiceRequest:
    return ExportLogsServiceRequest(
        resource_logs=[
            ResourceLogs(
                resource=Resource(attributes=key_values({"service.name": "app"})),
                scope_logs=[ScopeLogs(scope=InstrumentationScope(name="test"), log_records=records)],
            )
        ]
    )
