"""Spans onto the wire for the benches: fast, and nothing but what OTLP says.

Attributes are set in place, since a protobuf message handed to another's constructor is copied whole.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

START_NS = 1_790_000_000_000_000_000
SECOND = 1_000_000_000
MILLISECOND = 1_000_000
INTERNAL, CLIENT = 1, 3
Attributes: TypeAlias = Mapping[str, str | int | float | list[str]]


@dataclass(frozen=True, slots=True)
class Batch:
    """A serialised `ExportTraceServiceRequest`: how many spans are in it, of which runs (ids in hex)."""

    body: bytes
    spans: int
    run_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class BenchSpan:
    """A span before it is encoded."""

    trace_id: bytes
    span_id: bytes
    parent_id: bytes
    name: str
    kind: int
    start_ns: int
    end_ns: int
    attributes: Attributes


def batch(spans: list[BenchSpan]) -> Batch:
    request = ExportTraceServiceRequest()
    resource_spans = request.resource_spans.add()
    for key, value in (
        ("service.name", "bench-agents"),
        ("service.version", "1.4.2"),
        ("deployment.environment.name", "bench"),
        ("telemetry.sdk.language", "python"),
        ("telemetry.sdk.name", "opentelemetry"),
        ("telemetry.sdk.version", "1.45.1"),
    ):
        resource_spans.resource.attributes.add(key=key).value.string_value = value
    scope_spans = resource_spans.scope_spans.add()
    scope_spans.scope.name, scope_spans.scope.version = "opentelemetry.instrumentation.openai_v2", "2.5b0"
    for span in spans:
        wired = scope_spans.spans.add(
            trace_id=span.trace_id,
            span_id=span.span_id,
            parent_span_id=span.parent_id,
            name=span.name,
            kind=span.kind,
            start_time_unix_nano=span.start_ns,
            end_time_unix_nano=span.end_ns,
        )
        for key, given in span.attributes.items():
            value = wired.attributes.add(key=key).value
            if isinstance(given, str):
                value.string_value = given
            elif isinstance(given, int):
                value.int_value = given
            elif isinstance(given, float):
                value.double_value = given
            else:
                for item in given:
                    value.array_value.values.add(string_value=item)
    run_ids = dict.fromkeys(span.trace_id.hex() for span in spans)
    return Batch(request.SerializeToString(), len(spans), tuple(run_ids))
