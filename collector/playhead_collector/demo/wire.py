"""Puts a told run on the wire: steps and a dialect in, one `ExportTraceServiceRequest` out.

This is the only module of the demo that knows protobuf. It must keep the order of the steps, and it must send
an open step as design.md says: no end time, and `playhead.state` = "open".
"""

from __future__ import annotations

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, ArrayValue, KeyValue
from opentelemetry.proto.trace.v1.trace_pb2 import ResourceSpans, ScopeSpans, Span, Status

from playhead_collector.demo.dialects import Dialect, Scope, Written
from playhead_collector.demo.steps import STILL_OPEN, Casting, Fact, Failure, NoteStep, Run, Step, Value

_PLAYHEAD = Scope("playhead", "0.1.0")


def request_of(run: Run, dialect: Dialect) -> ExportTraceServiceRequest:
    request = ExportTraceServiceRequest()
    resource_spans = request.resource_spans.add()
    resource_spans.resource.attributes.extend(_pairs(_resource(run.casting)))
    for step in run.steps:
        written = _note(step, run.casting) if isinstance(step, NoteStep) else dialect(step, run.casting)
        span = _scope_spans(resource_spans, written.scope).spans.add()
        _fill(span, run.trace_id, step, written)
    return request


def _resource(casting: Casting) -> list[Fact]:
    return [
        ("service.name", casting.service),
        ("service.version", casting.version),
        ("deployment.environment.name", "demo"),
        ("telemetry.sdk.language", "python"),
        ("telemetry.sdk.name", "opentelemetry"),
        ("telemetry.sdk.version", "1.45.1"),
    ]


def _note(step: NoteStep, casting: Casting) -> Written:
    facts: list[Fact] = [
        ("playhead.kind", step.kind),
        ("gen_ai.agent.name", step.agent.name),
        ("gen_ai.conversation.id", casting.session),
        *step.facts,
    ]
    return Written(_PLAYHEAD, f"{step.kind} {step.name}", facts)


def _scope_spans(resource_spans: ResourceSpans, scope: Scope) -> ScopeSpans:
    """One `ScopeSpans` a scope, as exporters group them."""
    scope_spans: ScopeSpans
    for scope_spans in resource_spans.scope_spans:
        if scope_spans.scope.name == scope.name:
            return scope_spans
    scope_spans = resource_spans.scope_spans.add()
    scope_spans.scope.name, scope_spans.scope.version = scope.name, scope.version
    return scope_spans


def _fill(span: Span, trace_id: bytes, step: Step, written: Written) -> None:
    span.trace_id, span.span_id, span.parent_span_id = trace_id, step.span_id, step.parent_id
    span.name = written.name
    span.kind = Span.SPAN_KIND_CLIENT if written.client else Span.SPAN_KIND_INTERNAL
    span.start_time_unix_nano = step.start_ns
    span.end_time_unix_nano = step.end_ns
    span.attributes.extend(_pairs(written.facts))
    if step.end_ns == STILL_OPEN:
        span.attributes.extend(_pairs([("playhead.state", "open")]))
    if step.failure:
        _fail(span, step.failure)


def _fail(span: Span, failure: Failure) -> None:
    span.status.code = Status.STATUS_CODE_ERROR
    span.status.message = failure.message
    span.attributes.extend(_pairs([("error.type", failure.type)]))
    event = span.events.add()
    event.name = "exception"
    event.time_unix_nano = span.end_time_unix_nano
    event.attributes.extend(_pairs([("exception.type", failure.type), ("exception.message", failure.message)]))


def _pairs(facts: list[Fact]) -> list[KeyValue]:
    return [KeyValue(key=key, value=_any_value(value)) for key, value in facts]


def _any_value(value: Value) -> AnyValue:
    match value:
        case bool():
            return AnyValue(bool_value=value)
        case int():
            return AnyValue(int_value=value)
        case float():
            return AnyValue(double_value=value)
        case str():
            return AnyValue(string_value=value)
    return AnyValue(array_value=ArrayValue(values=[AnyValue(string_value=item) for item in value]))
