"""Reads requests back for the tests of this folder."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue
from opentelemetry.proto.trace.v1.trace_pb2 import Span


def spans_of(request: ExportTraceServiceRequest) -> list[Span]:
    """In the order of their start."""
    found = [span for rs in request.resource_spans for ss in rs.scope_spans for span in ss.spans]
    return sorted(found, key=lambda span: span.start_time_unix_nano)


def decoded(body: bytes) -> ExportTraceServiceRequest:
    request = ExportTraceServiceRequest()
    request.ParseFromString(body)
    return request


def facts(span: Span) -> dict[str, Any]:
    return {pair.key: _value(pair.value) for pair in span.attributes}


def resource(request: ExportTraceServiceRequest) -> dict[str, Any]:
    return {pair.key: _value(pair.value) for pair in request.resource_spans[0].resource.attributes}


def having(spans: Iterable[Span], key: str, value: object = None) -> list[Span]:
    """The spans that carry an attribute, or carry it with this value."""
    return [span for span in spans if key in facts(span) and value in (None, facts(span)[key])]


def messages(span: Span) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(facts(span)["gen_ai.input.messages"])
    return found


def _value(value: AnyValue) -> Any:
    kind = value.WhichOneof("value")
    if kind == "array_value":
        return [_value(item) for item in value.array_value.values]
    return getattr(value, kind) if kind else None
