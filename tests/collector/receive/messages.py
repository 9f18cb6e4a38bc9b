"""OTLP requests for tests: a plain one by hand, and any whatever by hypothesis."""

from __future__ import annotations

import base64
import math
from typing import Any

from google.protobuf import json_format
from hypothesis import strategies as st
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import (
    AnyValue,
    ArrayValue,
    InstrumentationScope,
    KeyValue,
    KeyValueList,
)
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord, ResourceLogs, ScopeLogs
from opentelemetry.proto.resource.v1.resource_pb2 import Resource
from opentelemetry.proto.trace.v1.trace_pb2 import ResourceSpans, ScopeSpans, Span, Status

RUN = bytes.fromhex("0af7651916cd43dd8448eb211c80319c")
STEP = bytes.fromhex("b7ad6b7169203331")
START = 1_790_000_000_000_000_000


def span(name: str = "chat", **fields: Any) -> Span:
    given = {"trace_id": RUN, "span_id": STEP, "start_time_unix_nano": START, "end_time_unix_nano": START + 5}
    return Span(name=name, **{**given, **fields})


def traces(*spans: Span) -> ExportTraceServiceRequest:
    scope = ScopeSpans(scope=InstrumentationScope(name="agent"), spans=spans)
    resource = Resource(attributes=[KeyValue(key="service.name", value=AnyValue(string_value="support"))])
    return ExportTraceServiceRequest(resource_spans=[ResourceSpans(resource=resource, scope_spans=[scope])])


def logs(*records: LogRecord) -> ExportLogsServiceRequest:
    return ExportLogsServiceRequest(resource_logs=[ResourceLogs(scope_logs=[ScopeLogs(log_records=records)])])


def metrics(points: int) -> ExportMetricsServiceRequest:
    request = ExportMetricsServiceRequest()
    metric = request.resource_metrics.add().scope_metrics.add().metrics.add(name="tokens")
    for number in range(points):
        metric.sum.data_points.add(as_int=number, time_unix_nano=START)
    return request


def field(number: int, inner: bytes) -> bytes:
    """A length-delimited field by hand, for what the protobuf library would not write."""
    size, length = len(inner), bytearray()
    while size > 127:
        length.append(size & 127 | 128)
        size >>= 7
    return bytes([number << 3 | 2, *length, size]) + inner


def traces_by_hand(span_bytes: bytes) -> bytes:
    return field(1, field(2, field(2, span_bytes)))


def nested(levels: int) -> bytes:
    """A request whose span has an attribute of arrays in arrays."""
    value = AnyValue(int_value=1).SerializeToString()
    for _ in range(levels):
        value = field(5, field(1, value))
    return traces_by_hand(span().SerializeToString() + field(9, field(2, value)))


def otlp_json(message: Any) -> Any:
    """OTLP/JSON as an exporter writes it: protobuf's JSON mapping, enums as integers, ids in hex."""
    return _ids_in_hex(json_format.MessageToDict(message, use_integers_for_enums=True), message)


def _ids_in_hex(written: dict[str, Any], message: Any) -> dict[str, Any]:
    for field, value in message.ListFields():
        if field.message_type is not None:
            inner = (
                zip(written[field.json_name], value, strict=True)
                if field.is_repeated
                else [(written[field.json_name], value)]
            )
            for one, original in inner:
                _ids_in_hex(one, original)
        elif field.name in ("trace_id", "span_id", "parent_span_id"):
            written[field.json_name] = base64.b64decode(written[field.json_name]).hex()
    return written


texts = st.text(max_size=12)
names = st.sampled_from(["traceId", "spanId", "parentSpanId", "name", "gen_ai.request.model", ""]) | texts
counts = st.integers(0, 2**32 - 1)
# One NaN only: JSON has no word for its other bits.
floats = st.floats().map(lambda number: math.nan if math.isnan(number) else number)
scalar_values = st.one_of(
    st.builds(AnyValue),
    st.builds(AnyValue, string_value=texts),
    st.builds(AnyValue, bool_value=st.booleans()),
    st.builds(AnyValue, int_value=st.integers(-(2**63), 2**63 - 1)),
    st.builds(AnyValue, double_value=floats),
    st.builds(AnyValue, bytes_value=st.binary(max_size=9)),
    st.builds(AnyValue, string_value_strindex=st.integers(0, 2**31 - 1)),
)


def key_values(values: st.SearchStrategy[AnyValue]) -> st.SearchStrategy[list[KeyValue]]:
    return st.lists(st.builds(KeyValue, key=names, value=st.none() | values), max_size=3)


any_values = st.recursive(
    scalar_values,
    lambda inner: st.one_of(
        st.builds(AnyValue, array_value=st.builds(ArrayValue, values=st.lists(inner, max_size=3))),
        st.builds(AnyValue, kvlist_value=st.builds(KeyValueList, values=key_values(inner))),
    ),
    max_leaves=6,
)
attributes = key_values(any_values)

trace_ids = st.one_of(st.binary(min_size=16, max_size=16), st.just(bytes(16)), st.binary(max_size=20))
span_ids = st.one_of(st.binary(min_size=8, max_size=8), st.just(bytes(8)), st.binary(max_size=10))
times = st.one_of(
    st.just(START), st.integers(0, 2**64 - 1), st.sampled_from([0, 2**63 - 1, 2**63, 946_684_800 * 10**9])
)

spans = st.builds(
    Span,
    trace_id=st.just(RUN) | trace_ids,
    span_id=st.just(STEP) | span_ids,
    parent_span_id=st.just(b"") | span_ids,
    trace_state=texts,
    flags=counts,
    name=texts,
    kind=st.integers(0, 9),
    start_time_unix_nano=st.just(START) | times,
    end_time_unix_nano=st.just(START + 1) | times,
    attributes=attributes,
    dropped_attributes_count=counts,
    events=st.lists(
        st.builds(
            Span.Event,
            time_unix_nano=times,
            name=texts,
            attributes=attributes,
            dropped_attributes_count=counts,
        ),
        max_size=2,
    ),
    links=st.lists(
        st.builds(
            Span.Link,
            trace_id=trace_ids,
            span_id=span_ids,
            trace_state=texts,
            attributes=attributes,
            flags=counts,
        ),
        max_size=2,
    ),
    status=st.none() | st.builds(Status, message=texts, code=st.integers(0, 4)),
)
scopes = st.none() | st.builds(
    InstrumentationScope, name=texts, version=texts, attributes=attributes, dropped_attributes_count=counts
)
resources = st.none() | st.builds(Resource, attributes=attributes, dropped_attributes_count=counts)
trace_requests = st.builds(
    ExportTraceServiceRequest,
    resource_spans=st.lists(
        st.builds(
            ResourceSpans,
            resource=resources,
            schema_url=texts,
            scope_spans=st.lists(
                st.builds(ScopeSpans, scope=scopes, schema_url=texts, spans=st.lists(spans, max_size=4)),
                max_size=2,
            ),
        ),
        max_size=2,
    ),
)
log_records = st.builds(
    LogRecord,
    time_unix_nano=times,
    observed_time_unix_nano=times,
    severity_number=st.integers(0, 30),
    severity_text=texts,
    body=st.none() | any_values,
    attributes=attributes,
    dropped_attributes_count=counts,
    flags=counts,
    trace_id=st.just(b"") | trace_ids,
    span_id=st.just(b"") | span_ids,
    event_name=texts,
)
log_requests = st.builds(
    ExportLogsServiceRequest,
    resource_logs=st.lists(
        st.builds(
            ResourceLogs,
            resource=resources,
            scope_logs=st.lists(
                st.builds(ScopeLogs, scope=scopes, log_records=st.lists(log_records, max_size=4)), max_size=2
            ),
        ),
        max_size=2,
    ),
)
