from __future__ import annotations

from typing import Any

import pytest
from google.protobuf.internal import api_implementation
from hypothesis import example, given
from hypothesis import strategies as st
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord
from opentelemetry.proto.trace.v1.trace_pb2 import Span
from tests.collector.receive.messages import (
    RUN,
    START,
    STEP,
    field,
    log_requests,
    logs,
    metrics,
    nested,
    span,
    trace_requests,
    traces,
    traces_by_hand,
)
from tests.properties import examples

from playhead_collector.errors import BadRequest, TooLarge
from playhead_collector.receive.check import Checked, check
from playhead_collector.receive.signal import Signal

OTHER_RUN = bytes(range(16))


def checked_traces(*spans: Span) -> Checked:
    return check(Signal.TRACES, traces(*spans).SerializeToString())


def test_a_right_request_comes_out_as_it_went_in() -> None:
    body = traces(span("plan"), span("chat", trace_id=OTHER_RUN)).SerializeToString()
    assert check(Signal.TRACES, body) == Checked(body, 2, 0, "", frozenset({RUN, OTHER_RUN}))


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({"trace_id": b""}, "trace_id has 0 bytes, not 16"),
        ({"trace_id": bytes(range(17))}, "trace_id has 17 bytes, not 16"),
        ({"trace_id": bytes(16)}, "trace_id is all zero"),
        ({"span_id": b"abc"}, "span_id has 3 bytes, not 8"),
        ({"span_id": bytes(8)}, "span_id is all zero"),
        ({"parent_span_id": b"abc"}, "parent_span_id has 3 bytes, not 8 or none"),
        ({"start_time_unix_nano": 0}, "start_time_unix_nano 0 is before the year 2000"),
        ({"start_time_unix_nano": START // 10**9}, "is before the year 2000"),
        ({"start_time_unix_nano": 2**63}, "start_time_unix_nano 9223372036854775808 is beyond the year 2262"),
        (
            {"end_time_unix_nano": 2**64 - 1},
            "end_time_unix_nano 18446744073709551615 is beyond the year 2262",
        ),
    ],
)
def test_a_wrong_span_is_taken_out_and_named_and_its_neighbours_stay(fields: dict[str, Any], why: str) -> None:
    checked = checked_traces(span("before"), span("the wrong one", **fields), span("after"))
    assert (checked.accepted, checked.rejected) == (2, 1)
    assert checked.body == traces(span("before"), span("after")).SerializeToString()
    assert "1 of 3 spans rejected" in checked.reason
    assert "resourceSpans[0].scopeSpans[0].spans[1] 'the wrong one'" in checked.reason
    assert why in checked.reason


@pytest.mark.parametrize(
    "fields",
    [
        {"end_time_unix_nano": 0},
        {"end_time_unix_nano": 2**63 - 1},
        {"parent_span_id": bytes(8)},
        {"parent_span_id": STEP},
        {"links": [Span.Link(trace_id=b"odd", span_id=b"odd")]},
        {
            "attributes": [
                KeyValue(key="traceId", value=AnyValue(bytes_value=b"odd")),
                KeyValue(key_strindex=3),
            ]
        },
        {"events": [Span.Event(time_unix_nano=2**64 - 1)]},
    ],
)
def test_a_span_that_is_only_unusual_is_accepted(fields: dict[str, Any]) -> None:
    body = traces(span(**fields)).SerializeToString()
    assert check(Signal.TRACES, body) == Checked(body, 1, 0, "", frozenset({RUN}))


def test_ids_are_named_in_hex_and_no_more_than_ten() -> None:
    checked = checked_traces(*(span(f"step {n}", span_id=bytes([n])) for n in range(25)))
    assert f"'step 9' (trace {RUN.hex()}, span 09)" in checked.reason
    assert "step 10" not in checked.reason
    assert checked.reason.endswith("; and 15 more")


def test_long_names_do_not_make_long_reasons() -> None:
    checked = checked_traces(*(span("x" * 100_000, span_id=b"\n" * 100_000) for _ in range(20)))
    assert len(checked.reason) < 4000


def test_what_removal_has_emptied_goes_and_what_was_empty_stays() -> None:
    request = traces(span(span_id=b""))
    request.resource_spans.add().scope_spans.add(schema_url="was empty before")
    request.resource_spans.add().scope_spans.add().spans.append(span("right"))
    checked = check(Signal.TRACES, request.SerializeToString())
    del request.resource_spans[0]
    assert checked.body == request.SerializeToString()


def test_the_runs_are_those_of_accepted_spans_only() -> None:
    assert checked_traces(span(), span(trace_id=OTHER_RUN, span_id=b"")).runs == {RUN}


@pytest.mark.parametrize("signal", list(Signal))
def test_an_empty_request_is_accepted(signal: Signal) -> None:
    assert check(signal, b"") == Checked(b"", 0, 0, "", frozenset())


def test_log_records_need_no_ids_but_whole_ones() -> None:
    right = [
        LogRecord(event_name="free"),
        LogRecord(event_name="no time", observed_time_unix_nano=START, trace_id=RUN, span_id=STEP),
        LogRecord(event_name="zeros", trace_id=bytes(16), span_id=bytes(8)),
    ]
    wrong = [
        LogRecord(event_name="short run", trace_id=b"abc"),
        LogRecord(event_name="short step", trace_id=RUN, span_id=b"abc"),
        LogRecord(event_name="late", time_unix_nano=2**63),
        LogRecord(event_name="seen late", observed_time_unix_nano=2**63),
    ]
    checked = check(Signal.LOGS, logs(wrong[0], right[0], *wrong[1:3], *right[1:], wrong[3]).SerializeToString())
    assert (checked.accepted, checked.rejected) == (3, 4)
    assert checked.body == logs(*right).SerializeToString()
    assert checked.runs == {RUN}
    for record in wrong:
        assert repr(record.event_name) in checked.reason


def test_metrics_are_counted_by_their_data_points_and_not_kept() -> None:
    assert check(Signal.METRICS, metrics(7).SerializeToString()) == Checked(b"", 7, 0, "", frozenset())


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (b"\x0a\xff", "is not a valid ExportTraceServiceRequest"),
        (b"hello", "is not a valid ExportTraceServiceRequest"),
        (traces(span("chat")).SerializeToString()[:-1], "is not a valid ExportTraceServiceRequest"),
        (traces(span("chat")).SerializeToString().replace(b"chat", b"\xff\xfe\xfd\xfc"), "bad UTF-8"),
        (nested(60), "MaxDepth"),
    ],
    ids=["corrupt", "text", "truncated", "not utf-8", "too deep"],
)
def test_a_malformed_request_is_refused_with_the_reason(body: bytes, why: str) -> None:
    with pytest.raises(BadRequest, match=why):
        check(Signal.TRACES, body)


def test_a_span_in_two_halves_comes_out_as_one_in_the_usual_form() -> None:
    key_value = field(2, b"") + field(2, AnyValue(string_value="v").SerializeToString()) + field(1, b"k")
    body = traces_by_hand(field(9, key_value) + span().SerializeToString())
    expected = ExportTraceServiceRequest.FromString(body)
    checked = check(Signal.TRACES, body)
    assert checked.body == expected.SerializeToString() != body


@pytest.mark.parametrize(
    "unknown", [b"\x08\x01", b"\xf8\x07\x05", b"\xfb\x07\xfc\x07"], ids=["type", "number", "group"]
)
def test_fields_that_otlp_does_not_have_go_no_further(unknown: bytes) -> None:
    # The store's decoder fails at a known number with another wire type, and with it the whole segment would.
    request = traces(Span.FromString(span().SerializeToString() + unknown))
    assert check(Signal.TRACES, request.SerializeToString()).body == traces(span()).SerializeToString()


def test_a_body_of_countless_empty_parts_is_refused_before_memory_is_needed() -> None:
    body = field(1, field(2, field(2, b"") * 200_000))
    with pytest.raises(TooLarge, match="tiny parts"):
        check(Signal.TRACES, body, unfolded=16 * 1024 * 1024)
    assert check(Signal.TRACES, body).rejected == 200_000


def test_a_body_of_countless_plain_fields_is_not_walked_to_its_end() -> None:
    body = traces_by_hand(b"\x38\x01" * 1_000_000)
    with pytest.raises(TooLarge, match="tiny parts"):
        check(Signal.TRACES, body, unfolded=16 * 1024 * 1024)


def test_a_large_body_of_ordinary_parts_is_accepted() -> None:
    body = traces(*(span("x" * 2000) for _ in range(100))).SerializeToString()
    assert check(Signal.TRACES, body, unfolded=3 * len(body)).accepted == 100


def test_half_of_very_many_spans_can_be_rejected() -> None:
    request = traces(*(span(span_id=STEP if n % 2 else b"") for n in range(20_000)))
    checked = check(Signal.TRACES, request.SerializeToString())
    assert checked.body == traces(*(span() for _ in range(10_000))).SerializeToString()


@given(trace_requests)
def test_whatever_is_sent_all_but_the_wrong_spans_comes_out(request: ExportTraceServiceRequest) -> None:
    wrong = 0
    expected = ExportTraceServiceRequest()
    for resource in request.resource_spans:
        scopes = []
        for scope in resource.scope_spans:
            right = [s for s in scope.spans if _is_right(s)]
            wrong += len(scope.spans) - len(right)
            if right or not scope.spans:
                scopes.append(type(scope)(scope=scope.scope, spans=right, schema_url=scope.schema_url))
                if not scope.HasField("scope"):
                    scopes[-1].ClearField("scope")
        if scopes or not resource.scope_spans:
            kept = expected.resource_spans.add(scope_spans=scopes, schema_url=resource.schema_url)
            if resource.HasField("resource"):
                kept.resource.CopyFrom(resource.resource)
    checked = check(Signal.TRACES, request.SerializeToString())
    assert checked.body == expected.SerializeToString()
    assert checked.rejected == wrong
    assert bool(checked.reason) == bool(wrong)
    assert checked.runs == {s.trace_id for r in expected.resource_spans for c in r.scope_spans for s in c.spans}


@given(log_requests)
def test_whatever_is_logged_all_but_the_wrong_records_comes_out(request: ExportLogsServiceRequest) -> None:
    checked = check(Signal.LOGS, request.SerializeToString())
    sent = [r for rl in request.resource_logs for sl in rl.scope_logs for r in sl.log_records]
    right = [
        r
        for r in sent
        if len(r.trace_id) in (0, 16)
        and len(r.span_id) in (0, 8)
        and max(r.time_unix_nano, r.observed_time_unix_nano) < 2**63
    ]
    out = ExportLogsServiceRequest.FromString(checked.body)
    kept = [r for rl in out.resource_logs for sl in rl.scope_logs for r in sl.log_records]
    assert [r.SerializeToString() for r in kept] == [r.SerializeToString() for r in right]
    assert (checked.accepted, checked.rejected) == (len(right), len(sent) - len(right))
    if not checked.rejected:
        assert checked.body == request.SerializeToString()


@examples(100, 3000)
@given(st.sampled_from(list(Signal)), st.binary(max_size=200))
@example(Signal.TRACES, b"\x0b")
def test_no_bytes_do_more_than_be_refused(signal: Signal, body: bytes) -> None:
    _checked_or_refused(signal, body)


@given(trace_requests, st.integers(0, 10_000), st.integers(0, 255), st.booleans())
def test_no_damage_to_a_request_does_more_than_be_refused(
    request: ExportTraceServiceRequest, at: int, byte: int, cut: bool
) -> None:
    body = bytearray(request.SerializeToString() or b"\x0a\x00")
    at %= len(body)
    body[at] = byte
    _checked_or_refused(Signal.TRACES, bytes(body[:at] if cut else body))


def _checked_or_refused(signal: Signal, body: bytes) -> None:
    try:
        checked = check(signal, body, unfolded=4096)
    except (BadRequest, TooLarge):
        return
    assert check(signal, checked.body).rejected == 0


def _is_right(span: Span) -> bool:
    return (
        len(span.trace_id) == 16
        and any(span.trace_id)
        and len(span.span_id) == 8
        and any(span.span_id)
        and len(span.parent_span_id) in (0, 8)
        and 946_684_800_000_000_000 <= span.start_time_unix_nano < 2**63
        and span.end_time_unix_nano < 2**63
    )


def test_the_figures_of_this_check_hold_for_upb_only() -> None:
    assert api_implementation.Type() == "upb"
