from __future__ import annotations

import gzip
import http.client
import json
import socket
from concurrent.futures import ThreadPoolExecutor

import pytest
from google.protobuf import json_format
from google.rpc.error_details_pb2 import RetryInfo
from google.rpc.status_pb2 import Status
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceResponse
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceResponse
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord
from tests.collector.receive.messages import RUN, START, logs, metrics, otlp_json, span, traces
from tests.collector.receive.receiver import JSON, PROTOBUF, Kept, Receiver, Reply, TokenGate, receiving
from tests.collector.receive.test_body import PACK, encodings

from playhead_collector.errors import StoreUnavailable, TryLater
from playhead_collector.receive.limits import Limits
from playhead_collector.receive.signal import Signal

BODY = traces(span()).SerializeToString()
KEPT = Kept("default", Signal.TRACES, BODY, frozenset({RUN}))
MIB = 1024 * 1024


def refusal(reply: Reply) -> Status:
    """Every refusal is a google.rpc.Status in the form of the request."""
    if reply.headers["content-type"] == JSON:
        return json_format.Parse(reply.body, Status())
    assert reply.headers["content-type"] == PROTOBUF
    return Status.FromString(reply.body)


def test_protobuf_is_kept_and_answered_in_protobuf(receiver: Receiver) -> None:
    reply = receiver.send(BODY)
    assert (reply.status, reply.headers["content-type"], reply.body) == (200, PROTOBUF, b"")
    assert receiver.spool.kept == [KEPT]


def test_json_is_kept_as_the_same_protobuf_and_answered_in_json(receiver: Receiver) -> None:
    reply = receiver.send(json.dumps(otlp_json(traces(span()))).encode(), "application/json; charset=utf-8")
    assert (reply.status, reply.headers["content-type"], reply.body) == (200, JSON, b"{}")
    assert receiver.spool.kept == [KEPT]


@encodings
def test_packed_bodies_are_unpacked(receiver: Receiver, encoding: str) -> None:
    assert receiver.send(PACK[encoding](BODY), headers={"Content-Encoding": encoding}).status == 200
    assert receiver.spool.kept == [KEPT]


def test_a_chunked_body_without_a_length_is_taken(receiver: Receiver) -> None:
    assert receiver.send([BODY[:7], BODY[7:50], BODY[50:]]).status == 200
    assert receiver.spool.kept == [KEPT]


def test_logs_are_kept_and_metrics_are_counted(receiver: Receiver) -> None:
    body = logs(LogRecord(observed_time_unix_nano=START, trace_id=RUN)).SerializeToString()
    assert receiver.send(body, path="/v1/logs").status == 200
    assert receiver.send(metrics(3).SerializeToString(), path="/v1/metrics").status == 200
    assert receiver.spool.kept == [Kept("default", Signal.LOGS, body, frozenset({RUN}))]
    assert [line[:4] for line in receiver.notes.lines if line[0] == "received"] == [
        ("received", Signal.LOGS, "http", 1),
        ("received", Signal.METRICS, "http", 3),
    ]


@pytest.mark.parametrize(("body", "form", "answer"), [(b"", PROTOBUF, b""), (b"{}", JSON, b"{}")])
@pytest.mark.parametrize("signal", list(Signal))
def test_an_empty_request_succeeds(receiver: Receiver, signal: Signal, body: bytes, form: str, answer: bytes) -> None:
    reply = receiver.send(body, form, path=signal.path)
    assert (reply.status, reply.body) == (200, answer)
    assert receiver.spool.kept == []


def test_a_partial_success_names_the_span_and_keeps_its_neighbours(receiver: Receiver) -> None:
    body = traces(span("right"), span("the wrong one", span_id=b"")).SerializeToString()
    reply = receiver.send(body)
    partial = ExportTraceServiceResponse.FromString(reply.body).partial_success
    assert (reply.status, partial.rejected_spans) == (200, 1)
    assert "'the wrong one'" in partial.error_message
    assert receiver.spool.kept[0].traces() == traces(span("right"))


def test_a_partial_success_in_json_is_in_json(receiver: Receiver) -> None:
    reply = receiver.send(json.dumps(otlp_json(traces(span(span_id=b"")))).encode(), JSON)
    partial = json.loads(reply.body)["partialSuccess"]
    assert (reply.status, partial["rejectedSpans"]) == (200, "1")
    assert "span_id has 0 bytes" in partial["errorMessage"]
    assert receiver.spool.kept == []


def test_a_partial_success_of_logs_names_the_record(receiver: Receiver) -> None:
    body = logs(LogRecord(event_name="torn", trace_id=b"abc")).SerializeToString()
    partial = ExportLogsServiceResponse.FromString(receiver.send(body, path="/v1/logs").body).partial_success
    assert partial.rejected_log_records == 1
    assert "'torn'" in partial.error_message


@pytest.mark.parametrize(
    ("body", "form", "headers", "why"),
    [
        (b"no protobuf", PROTOBUF, {}, "not a valid ExportTraceServiceRequest"),
        (BODY[:-1], PROTOBUF, {}, "not a valid ExportTraceServiceRequest"),
        (
            b'{"resourceSpans": [{"scopeSpans": 1}]}',
            JSON,
            {},
            "resourceSpans[0].scopeSpans: must be an array",
        ),
        (BODY, "text/plain", {}, "Content-Type 'text/plain' is not OTLP"),
        (BODY, "", {}, "Content-Type (none) is not OTLP"),
        (BODY, PROTOBUF, {"Content-Encoding": "br"}, "Content-Encoding 'br' is not known"),
        (BODY, PROTOBUF, {"Content-Encoding": "gzip"}, "not valid gzip"),
        (gzip.compress(BODY)[:-5], PROTOBUF, {"Content-Encoding": "gzip"}, "ends in the middle"),
    ],
)
def test_a_malformed_request_is_a_400_that_says_why(
    receiver: Receiver, body: bytes, form: str, headers: dict[str, str], why: str
) -> None:
    reply = receiver.send(body, form, headers=headers)
    assert reply.status == 400
    assert reply.headers["content-type"] == (PROTOBUF if form == PROTOBUF else JSON)
    assert refusal(reply).code == 3
    assert why in refusal(reply).message
    assert "retry-after" not in reply.headers


def test_malformed_requests_beside_a_right_one_harm_only_themselves(receiver: Receiver) -> None:
    bodies = [BODY, b"no protobuf", BODY[:-1]] * 10
    with ThreadPoolExecutor(8) as emitters:
        replies = list(emitters.map(receiver.send, bodies))
    assert [reply.status for reply in replies] == [200, 400, 400] * 10
    assert receiver.spool.kept == [KEPT] * 10


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
def test_another_method_is_405_and_says_post(receiver: Receiver, method: str) -> None:
    reply = receiver.send(b"", JSON, method=method)
    assert (reply.status, reply.headers["allow"]) == (405, "POST")
    assert "send it with POST" in refusal(reply).message


def test_another_path_is_404_and_says_which_there_are(receiver: Receiver) -> None:
    reply = receiver.send(BODY, path="/v2/traces")
    assert reply.status == 404
    assert "/v1/traces, /v1/logs, /v1/metrics" in refusal(reply).message


def test_try_later_is_503_with_the_seconds_to_wait(receiver: Receiver) -> None:
    receiver.spool.refuse_with = [TryLater("the spool is full; make room on its disk", retry_after_s=2.4)]
    reply = receiver.send(BODY)
    assert (reply.status, reply.headers["retry-after"]) == (503, "3")
    status = refusal(reply)
    info = RetryInfo()
    assert status.details[0].Unpack(info)
    assert (status.code, status.message) == (14, "the spool is full; make room on its disk")
    assert info.retry_delay.ToMilliseconds() == 2400
    assert receiver.send(BODY).status == 200
    assert receiver.spool.kept == [KEPT]


def test_a_store_that_is_down_is_503_too(receiver: Receiver) -> None:
    receiver.spool.refuse_with = [StoreUnavailable("the store does not answer")]
    reply = receiver.send(b'{"resourceSpans":[]}', JSON)
    assert reply.status == 200  # nothing to keep, nobody to ask
    reply = receiver.send(BODY)
    assert (reply.status, reply.headers["retry-after"]) == (503, "1")


def test_a_defect_is_a_500_that_shows_nothing_and_is_logged(
    receiver: Receiver, caplog: pytest.LogCaptureFixture
) -> None:
    receiver.spool.refuse_with = [RuntimeError("what another emitter sent")]
    reply = receiver.send(BODY)
    assert (reply.status, refusal(reply).code) == (500, 13)
    assert "another emitter" not in refusal(reply).message
    assert "what another emitter sent" in caplog.text


def test_the_observer_is_told_what_came_and_what_was_refused(receiver: Receiver) -> None:
    receiver.send(gzip.compress(BODY), headers={"Content-Encoding": "gzip"})
    receiver.send(b"no protobuf", path="/v1/logs")
    assert receiver.notes.lines == [
        ("received", Signal.TRACES, "http", 1, len(BODY)),
        ("rejected", Signal.TRACES, 0),
        ("refused", Signal.LOGS, "http", "BadRequest"),
    ]


# Limits


def head(length: int) -> bytes:
    lines = ["POST /v1/traces HTTP/1.1", "Host: x", f"Content-Type: {JSON}", f"Content-Length: {length}"]
    return "\r\n".join([*lines, "", ""]).encode()


SMALL = Limits(compressed=4096, decompressed=8192, in_flight=65536, receive_s=0.5, concurrent=2)


def test_a_body_over_the_limit_is_413_whether_it_says_so_or_not() -> None:
    with receiving(limits=SMALL) as receiver:
        for body in (bytes(4097), [bytes(2048), bytes(2049)]):
            reply = receiver.send(body)
            assert (reply.status, refusal(reply).code) == (413, 8)
            assert "retry-after" not in reply.headers


def test_a_body_over_the_limit_after_decompression_is_413() -> None:
    with receiving(limits=SMALL) as receiver:
        for encoding, pack in PACK.items():
            reply = receiver.send(pack(bytes(1024 * 1024)), headers={"Content-Encoding": encoding})
            assert reply.status == 413
            assert "over 8192 bytes after" in refusal(reply).message
        assert receiver.exporter.room.used == 0


def test_a_sender_of_far_too_much_still_reads_the_refusal(receiver: Receiver) -> None:
    with socket.create_connection(("127.0.0.1", receiver.http_port), timeout=120) as emitter:
        emitter.sendall(head(66 * MIB))
        for _ in range(66):
            emitter.sendall(bytes(MIB))
        answer = emitter.makefile("rb").read()
    assert answer.startswith(b"HTTP/1.1 413 ")
    assert b"may have 67108864" in answer


def test_a_slow_sender_is_told_to_try_later_and_is_let_go() -> None:
    with receiving(limits=SMALL) as receiver:
        with socket.create_connection(("127.0.0.1", receiver.http_port), timeout=120) as emitter:
            emitter.sendall(head(100) + b"a few bytes")
            answer = emitter.makefile("rb").read()  # to the end of the connection
        assert answer.startswith(b"HTTP/1.1 503 ")
        assert b"retry-after: 1" in answer
        assert b"not complete after 0.5 s (11 bytes came)" in answer
        assert receiver.exporter.room.used == 0


def test_a_sender_that_leaves_in_the_middle_leaves_nothing_behind() -> None:
    with receiving() as receiver:
        with socket.create_connection(("127.0.0.1", receiver.http_port), timeout=120) as emitter:
            emitter.sendall(head(100) + b"a few bytes")
        assert receiver.send(BODY).status == 200
        assert receiver.spool.kept == [KEPT]
    assert receiver.exporter.room.used == 0


def test_one_request_more_than_the_limit_is_told_to_try_later() -> None:
    with receiving(limits=SMALL) as receiver, ThreadPoolExecutor(2) as emitters:
        receiver.spool.hold = True
        waiting = [emitters.submit(receiver.send, BODY) for _ in range(2)]
        assert all(receiver.spool.began.acquire(timeout=120) for _ in waiting)
        reply = receiver.send(BODY)
        assert reply.status == 503
        assert "2 requests are in work" in refusal(reply).message
        receiver.spool.go_on.set()
        assert [one.result().status for one in waiting] == [200, 200]


def test_bytes_in_flight_are_limited_over_all_requests() -> None:
    body = traces(span("x" * 3000)).SerializeToString()
    limits = Limits(compressed=4096, decompressed=4096, in_flight=8192)
    with receiving(limits=limits) as receiver, ThreadPoolExecutor(2) as emitters:
        receiver.spool.hold = True
        waiting = [emitters.submit(receiver.send, body) for _ in range(2)]
        assert all(receiver.spool.began.acquire(timeout=120) for _ in waiting)
        reply = receiver.send(body)
        assert (reply.status, reply.headers["retry-after"]) == (503, "1")
        assert "more do not fit" in refusal(reply).message
        receiver.spool.go_on.set()
        assert [one.result().status for one in waiting] == [200, 200]
        assert receiver.exporter.room.used == 0


def test_a_large_body_does_not_keep_small_ones_waiting_for_the_spool() -> None:
    large = traces(*(span("x" * 10_000) for _ in range(100))).SerializeToString()
    with receiving() as receiver:
        assert receiver.send(large).status == 200
        assert receiver.send(gzip.compress(large), headers={"Content-Encoding": "gzip"}).status == 200
        assert [kept.body for kept in receiver.spool.kept] == [large, large]


# Whose data it is


GATE = TokenGate({"a-token": "research", "another": "support"})


@pytest.mark.parametrize(
    ("headers", "project"),
    [
        ({"Authorization": "Bearer a-token"}, "research"),
        ({"Authorization": "bearer   another "}, "support"),
        ({"x-playhead-token": "another"}, "support"),
        ({"x-playhead-token": "another", "Authorization": "Basic eDp5"}, "support"),
    ],
)
def test_a_token_says_which_project_it_is(headers: dict[str, str], project: str) -> None:
    with receiving(GATE) as receiver:
        assert receiver.send(BODY, headers=headers).status == 200
        assert receiver.spool.kept == [Kept(project, Signal.TRACES, BODY, frozenset({RUN}))]


@pytest.mark.parametrize(
    ("headers", "status", "code"),
    [
        ({}, 401, 16),
        ({"Authorization": "Bearer nobody's"}, 401, 16),
        ({"Authorization": "Bearer a-reading-token"}, 403, 7),
    ],
)
def test_a_sender_without_a_right_is_refused(headers: dict[str, str], status: int, code: int) -> None:
    with receiving(GATE) as receiver:
        reply = receiver.send(BODY, headers=headers)
        assert (reply.status, refusal(reply).code) == (status, code)
        assert receiver.spool.kept == []


def test_a_sender_without_a_right_is_refused_before_its_body_is_asked_for() -> None:
    with receiving(GATE) as receiver:
        connection = http.client.HTTPConnection("127.0.0.1", receiver.http_port, timeout=120)
        connection.putrequest("POST", "/v1/traces")
        connection.putheader("Content-Type", PROTOBUF)
        connection.putheader("Content-Length", "1000000")
        connection.putheader("Expect", "100-continue")
        connection.endheaders()
        assert connection.getresponse().status == 401
        connection.close()
