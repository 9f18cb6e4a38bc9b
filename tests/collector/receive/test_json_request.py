from __future__ import annotations

import json
import math
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue
from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status
from tests.collector.receive.messages import RUN, STEP, log_requests, metrics, otlp_json, trace_requests

from playhead_collector.errors import BadRequest, TooLarge
from playhead_collector.receive.check import check
from playhead_collector.receive.json_request import protobuf_from_json
from playhead_collector.receive.signal import Signal


def read_span(**members: Any) -> Span:
    request = read({"resourceSpans": [{"scopeSpans": [{"spans": [members]}]}]})
    span: Span = request.resource_spans[0].scope_spans[0].spans[0]
    return span


def read_value(value: Any) -> AnyValue:
    read_back: AnyValue = read_span(attributes=[{"key": "k", "value": value}]).attributes[0].value
    return read_back


def read(request: Any) -> ExportTraceServiceRequest:
    body = protobuf_from_json(Signal.TRACES, json.dumps(request).encode())
    message: ExportTraceServiceRequest = ExportTraceServiceRequest.FromString(body)
    return message


@given(trace_requests)
def test_any_trace_request_is_the_same_in_json(request: ExportTraceServiceRequest) -> None:
    written = json.dumps(otlp_json(request)).encode()
    assert protobuf_from_json(Signal.TRACES, written) == request.SerializeToString()


@given(log_requests)
def test_any_log_request_is_the_same_in_json(request: ExportLogsServiceRequest) -> None:
    written = json.dumps(otlp_json(request), ensure_ascii=False).encode()
    assert protobuf_from_json(Signal.LOGS, written) == request.SerializeToString()


def test_metrics_are_the_same_in_json_with_the_ids_of_exemplars() -> None:
    request: ExportMetricsServiceRequest = metrics(3)
    points = request.resource_metrics[0].scope_metrics[0].metrics[0].sum.data_points
    points[0].exemplars.add(trace_id=RUN, span_id=STEP, as_double=math.inf)
    histogram = request.resource_metrics[0].scope_metrics[0].metrics.add(name="latency").histogram
    histogram.data_points.add(bucket_counts=[1, 2**63], explicit_bounds=[0.5])
    written = json.dumps(otlp_json(request)).encode()
    assert protobuf_from_json(Signal.METRICS, written) == request.SerializeToString()


@pytest.mark.parametrize("case", [str.lower, str.upper], ids=["lower", "upper"])
def test_ids_are_hex_in_either_case(case: Any) -> None:
    read_back = read_span(
        traceId=case(RUN.hex()),
        spanId=case(STEP.hex()),
        parentSpanId="",
        links=[{"traceId": case(RUN.hex()), "spanId": case(STEP.hex())}],
    )
    assert (read_back.trace_id, read_back.span_id, read_back.parent_span_id) == (RUN, STEP, b"")
    assert (read_back.links[0].trace_id, read_back.links[0].span_id) == (RUN, STEP)


def test_an_attribute_named_like_an_id_is_an_attribute() -> None:
    value = read_value({"kvlistValue": {"values": [{"key": "traceId", "value": {"bytesValue": "q83v"}}]}})
    assert value.kvlist_value.values[0].value.bytes_value == b"\xab\xcd\xef"


@pytest.mark.parametrize("written", [5, "5", 5.0])
def test_integers_of_64_bits_are_strings_or_numbers(written: Any) -> None:
    assert read_span(startTimeUnixNano=written).start_time_unix_nano == 5
    assert read_value({"intValue": written}).int_value == 5


@pytest.mark.parametrize("written", [3, "3", "SPAN_KIND_CLIENT"])
def test_enums_are_integers_or_names(written: Any) -> None:
    assert read_span(kind=written).kind == Span.SPAN_KIND_CLIENT


def test_an_unknown_number_of_an_enum_is_kept() -> None:
    assert read_span(kind=99).kind == 99


@pytest.mark.parametrize("written", ["+/8=", "-_8=", "+/8", "-_8"])
def test_bytes_are_base64_of_either_alphabet_padded_or_not(written: str) -> None:
    assert read_value({"bytesValue": written}).bytes_value == b"\xfb\xff"


def test_unknown_members_and_nulls_are_absent() -> None:
    read_back = read_span(name=None, spanId=STEP.hex(), isRemote=True, attributes=None, status={"new": [1]})
    assert read_back == Span(span_id=STEP, status=Status())


def test_an_empty_value_is_not_an_absent_one() -> None:
    assert read_value({}).WhichOneof("value") is None
    assert read_value({"stringValue": ""}).WhichOneof("value") == "string_value"
    assert read_value({"arrayValue": {}}).WhichOneof("value") == "array_value"
    assert read_value({"stringValue": None, "boolValue": False}).WhichOneof("value") == "bool_value"


def test_numbers_that_json_has_no_word_for_are_strings() -> None:
    assert math.isnan(read_value({"doubleValue": "NaN"}).double_value)
    assert read_value({"doubleValue": "-Infinity"}).double_value == -math.inf
    assert read_value({"doubleValue": 7}).double_value == 7.0


def test_half_an_emoji_becomes_the_replacement_character_and_the_rest_is_kept() -> None:
    assert read_value({"stringValue": "cut \ud83d"}).string_value == "cut \ufffd"
    assert read_value({"stringValue": "whole \U0001f600"}).string_value == "whole \U0001f600"


@pytest.mark.parametrize(
    ("members", "where"),
    [
        ({"traceId": "xyz"}, r"spans\[0\].traceId: must be an id in hex, not \"xyz\""),
        ({"traceId": "abc"}, r"spans\[0\].traceId: must be an id in hex"),
        ({"traceId": 7}, r"spans\[0\].traceId: must be an id in hex, not 7"),
        ({"name": 7}, r"spans\[0\].name: must be a string, not 7"),
        ({"startTimeUnixNano": -1}, r"startTimeUnixNano: -1 is out of range"),
        ({"startTimeUnixNano": "soon"}, r"startTimeUnixNano: must be an integer"),
        ({"startTimeUnixNano": 1.5}, r"startTimeUnixNano: must be an integer"),
        ({"startTimeUnixNano": True}, r"startTimeUnixNano: must be an integer, or one in a string, not true"),
        ({"kind": "SPAN_KIND_ODD"}, r"kind: must be an integer"),
        ({"attributes": {}}, r"attributes: must be an array, not an object"),
        ({"attributes": [{"key": "k", "value": []}]}, r"attributes\[0\].value: AnyValue must be an object"),
        ({"attributes": [None]}, r"attributes\[0\]: KeyValue must be an object, not null"),
        (
            {"attributes": [{"value": {"bytesValue": "?"}}]},
            r"attributes\[0\].value.bytesValue: must be base64",
        ),
        ({"attributes": [{"value": {"intValue": 2**63}}]}, r"intValue: 9223372036854775808 is out of range"),
        ({"attributes": [{"value": {"boolValue": "true"}}]}, r"boolValue: must be true or false"),
        (
            {"attributes": [{"value": {"intValue": 1, "stringValue": ""}}]},
            r"value: AnyValue has both intValue and",
        ),
    ],
)
def test_what_does_not_fit_is_refused_with_the_place(members: dict[str, Any], where: str) -> None:
    with pytest.raises(BadRequest, match=where):
        read_span(**members)


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (b"", "is not JSON"),
        (b'{"resourceSpans": [', "is not JSON: Expecting value: line 1 column 20"),
        (b"[]", "at the top: ExportTraceServiceRequest must be an object, not an array"),
        (b'{"resourceSpans": "\xff"}', "not UTF-8: invalid start byte at byte 19"),
        (b"[" * 100_000, "nested deeper"),
        (b'{"resourceSpans": ' + b"9" * 5000 + b"}", "is not JSON"),
    ],
    ids=["empty", "cut", "array", "latin", "deep", "digits"],
)
def test_what_is_not_json_is_refused_with_the_reason(body: bytes, why: str) -> None:
    with pytest.raises(BadRequest, match=why):
        protobuf_from_json(Signal.TRACES, body)


@pytest.mark.parametrize("levels", [60, 400, 20_000])
def test_values_nested_too_deep_are_refused(levels: int) -> None:
    value = b'{"arrayValue":{"values":[' * levels + b"]}}" * levels
    body = b'{"resourceSpans":[{"resource":{"attributes":[{"key":"k","value":' + value + b"}]}}]}"
    with pytest.raises(BadRequest, match=r"nested deeper|MaxDepth"):
        check(Signal.TRACES, protobuf_from_json(Signal.TRACES, body))


def test_a_body_of_countless_empty_objects_is_refused_before_memory_is_needed() -> None:
    with pytest.raises(TooLarge, match="once parsed"):
        protobuf_from_json(Signal.TRACES, b"[" + b"{}," * 100_000 + b"{}]", unfolded=1024 * 1024)


members = st.sampled_from(["resourceSpans", "scopeSpans", "spans"]) | st.text()
anything = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(),
    lambda inner: (
        st.lists(inner) | st.dictionaries(st.sampled_from(["resourceSpans", "scopeSpans", "spans"]) | st.text(), inner)
    ),
)


@given(anything)
@example({"resourceSpans": [{"scopeSpans": [{"spans": [{"name": "x"}]}]}]})
@example({"resourceSpans": {"scopeSpans": 3}})
def test_no_json_does_more_than_be_refused(value: Any) -> None:
    try:
        body = protobuf_from_json(Signal.TRACES, json.dumps(value).encode())
    except BadRequest:
        return
    assert check(Signal.TRACES, body).accepted == 0
