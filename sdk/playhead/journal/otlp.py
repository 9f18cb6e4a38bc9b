"""Spans of the journal as an OTLP request. Imported by the shipper only: protobuf is not for the agent's start."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, cast

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, ArrayValue, KeyValue, KeyValueList
from opentelemetry.proto.resource.v1.resource_pb2 import Resource
from opentelemetry.proto.trace.v1 import trace_pb2 as pb

from playhead.journal.reader import bytes_of
from playhead.journal.records import Scope, Span

_SMALLEST, _LARGEST = -(2**63), 2**63 - 1


def request_of(
    head: Mapping[str, Any], spans: Iterable[Span], open_state: str | None = None
) -> ExportTraceServiceRequest:
    """One request under the journal's resource. Spans without an end are marked with `open_state`."""
    request = ExportTraceServiceRequest()
    resource = request.resource_spans.add(schema_url=str(head.get("schema_url") or ""))
    resource.resource.CopyFrom(resource_of(head))
    scopes: dict[Scope, pb.ScopeSpans] = {}
    for span in spans:
        under = scopes.get(span.scope)
        if under is None:
            under = scopes[span.scope] = resource.scope_spans.add(schema_url=span.scope.schema_url or "")
            under.scope.name = span.scope.name
            under.scope.version = span.scope.version or ""
        _fill(under.spans.add(), span, open_state)
    return request


def resource_of(head: Mapping[str, Any]) -> Resource:
    return Resource(attributes=key_values(head.get("resource") or {}))


def _fill(message: pb.Span, span: Span, open_state: str | None) -> None:
    message.trace_id = bytes.fromhex(span.trace)
    message.span_id = bytes.fromhex(span.span)
    if span.parent:
        message.parent_span_id = bytes.fromhex(span.parent)
    message.name = _text(span.name)
    message.trace_state = span.trace_state
    message.flags = span.flags
    message.start_time_unix_nano = span.start_ns
    message.end_time_unix_nano = span.end_ns
    # OpenTelemetry's SDK counts kinds from 0, the wire from 1.
    message.kind = cast("pb.Span.SpanKind.ValueType", span.kind + 1)
    if span.status or span.description:
        message.status.code = cast("pb.Status.StatusCode.ValueType", span.status)
        message.status.message = _text(span.description or "")
    message.attributes.extend(key_values(span.attributes))
    if not span.end_ns and open_state:
        message.attributes.add(key="playhead.state").value.string_value = open_state
    for event in span.events:
        message.events.add(
            name=_text(event.name), time_unix_nano=event.time_ns, attributes=key_values(event.attributes)
        )
    for link in span.links:
        message.links.add(
            trace_id=bytes.fromhex(link.trace),
            span_id=bytes.fromhex(link.span),
            trace_state=link.trace_state,
            attributes=key_values(link.attributes),
        )
    message.dropped_attributes_count, message.dropped_events_count, message.dropped_links_count = span.dropped


def key_values(attributes: Mapping[str, Any]) -> list[KeyValue]:
    """As OTLP has what the journal has as JSON."""
    return [KeyValue(key=_text(key), value=_value(value)) for key, value in attributes.items()]


def _value(value: Any) -> AnyValue:  # noqa: PLR0911 - one return for each type
    if isinstance(value, str):
        return AnyValue(string_value=_text(value))
    if isinstance(value, bool):
        return AnyValue(bool_value=value)
    if isinstance(value, int):
        # An integer that OTLP has no room for is told in words rather than cut.
        return AnyValue(int_value=value) if _SMALLEST <= value <= _LARGEST else AnyValue(string_value=str(value))
    if isinstance(value, float):
        return AnyValue(double_value=value)
    if isinstance(value, list):
        return AnyValue(array_value=ArrayValue(values=[_value(item) for item in value]))
    if isinstance(value, dict):
        as_bytes = bytes_of(value)
        if as_bytes is not None:
            return AnyValue(bytes_value=as_bytes)
        return AnyValue(kvlist_value=KeyValueList(values=key_values(value)))
    return AnyValue()


def _text(text: str) -> str:
    """Protobuf takes no lone surrogates."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-8", "surrogatepass").decode("utf-8", "replace")
    return text
