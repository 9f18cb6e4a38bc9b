from __future__ import annotations

import resource
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from queue import SimpleQueue
from typing import Any

import grpc
import pytest
from google.rpc.error_details_pb2 import RetryInfo
from google.rpc.status_pb2 import Status
from opentelemetry.proto.collector.logs.v1 import logs_service_pb2_grpc
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceResponse
from opentelemetry.proto.collector.metrics.v1 import metrics_service_pb2_grpc
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceResponse
from opentelemetry.proto.collector.trace.v1 import trace_service_pb2_grpc
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceResponse
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord
from tests.collector.receive.messages import RUN, START, logs, metrics, span, traces
from tests.collector.receive.receiver import Kept, Receiver, TokenGate, receiving

from playhead_collector.errors import TryLater
from playhead_collector.receive.limits import Limits
from playhead_collector.receive.signal import Signal

BODY = traces(span()).SerializeToString()
KEPT = Kept("default", Signal.TRACES, BODY, frozenset({RUN}))
untyped: Any = grpc
TraceServiceStub: Any = trace_service_pb2_grpc.TraceServiceStub
LogsServiceStub: Any = logs_service_pb2_grpc.LogsServiceStub
MetricsServiceStub: Any = metrics_service_pb2_grpc.MetricsServiceStub
NO_LIMIT = [("grpc.max_send_message_length", -1)]


@contextmanager
def connected(receiver: Receiver) -> Iterator[Any]:
    with untyped.insecure_channel(receiver.grpc, options=NO_LIMIT) as channel:
        yield channel


def send(receiver: Receiver, body: bytes = BODY, **call: Any) -> bytes:
    with connected(receiver) as channel:
        return bytes(channel.unary_unary(f"/{Signal.TRACES.service}/Export")(body, timeout=120, **call))


def refused(receiver: Receiver, body: bytes = BODY, **call: Any) -> grpc.RpcError:
    with pytest.raises(grpc.RpcError) as caught:
        send(receiver, body, **call)
    return caught.value


def details_of(error: Any) -> Status:
    return Status.FromString(dict(error.trailing_metadata())["grpc-status-details-bin"])


def test_each_signal_has_its_service(receiver: Receiver) -> None:
    record = logs(LogRecord(observed_time_unix_nano=START))
    with connected(receiver) as channel:
        assert TraceServiceStub(channel).Export(traces(span())) == ExportTraceServiceResponse()
        assert LogsServiceStub(channel).Export(record) == ExportLogsServiceResponse()
        assert MetricsServiceStub(channel).Export(metrics(3)) == ExportMetricsServiceResponse()
    assert receiver.spool.kept == [
        KEPT,
        Kept("default", Signal.LOGS, record.SerializeToString(), frozenset()),
    ]


def test_an_empty_request_succeeds(receiver: Receiver) -> None:
    assert send(receiver, b"") == b""
    assert receiver.spool.kept == []


@pytest.mark.parametrize("compression", [grpc.Compression.Gzip, grpc.Compression.Deflate])
def test_packed_messages_are_unpacked(receiver: Receiver, compression: grpc.Compression) -> None:
    large = traces(*(span("x" * 10_000) for _ in range(100))).SerializeToString()
    assert send(receiver, large, compression=compression) == b""
    assert receiver.spool.kept[0].body == large


def test_a_partial_success_names_the_span_and_keeps_its_neighbours(receiver: Receiver) -> None:
    with connected(receiver) as channel:
        response = TraceServiceStub(channel).Export(traces(span("right"), span("the wrong one", span_id=b"")))
    assert response.partial_success.rejected_spans == 1
    assert "'the wrong one'" in response.partial_success.error_message
    assert receiver.spool.kept[0].traces() == traces(span("right"))


def test_a_malformed_message_is_an_invalid_argument_that_says_why(receiver: Receiver) -> None:
    error: Any = refused(receiver, b"no protobuf")
    assert error.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert "not a valid ExportTraceServiceRequest" in error.details()
    assert (details_of(error).code, list(details_of(error).details)) == (3, [])


def test_try_later_is_unavailable_with_the_time_to_wait(receiver: Receiver) -> None:
    receiver.spool.refuse_with = [TryLater("the spool is full", retry_after_s=2.4)]
    error: Any = refused(receiver)
    info = RetryInfo()
    assert error.code() is grpc.StatusCode.UNAVAILABLE
    assert details_of(error).details[0].Unpack(info)
    assert info.retry_delay.ToMilliseconds() == 2400
    assert send(receiver) == b""


def test_a_defect_is_internal_and_shows_nothing(receiver: Receiver, caplog: pytest.LogCaptureFixture) -> None:
    receiver.spool.refuse_with = [RuntimeError("what another emitter sent")]
    error: Any = refused(receiver)
    assert error.code() is grpc.StatusCode.INTERNAL
    assert "another emitter" not in error.details()
    assert "what another emitter sent" in caplog.text


def test_a_message_that_is_no_latin_text_can_be_said(receiver: Receiver) -> None:
    receiver.spool.refuse_with = [TryLater("die Platte ist voll 💽" * 100)]
    error: Any = refused(receiver)
    assert error.code() is grpc.StatusCode.UNAVAILABLE
    assert details_of(error).message.startswith("die Platte ist voll 💽")


def test_an_unknown_service_is_unimplemented(receiver: Receiver) -> None:
    with connected(receiver) as channel, pytest.raises(grpc.RpcError) as caught:
        channel.unary_unary("/opentelemetry.proto.collector.profiles.v1.ProfilesService/Export")(b"", timeout=120)
    error: Any = caught.value
    assert error.code() is grpc.StatusCode.UNIMPLEMENTED


def test_a_call_without_a_message_is_an_invalid_argument(receiver: Receiver) -> None:
    with connected(receiver) as channel, pytest.raises(grpc.RpcError) as caught:
        channel.stream_unary(f"/{Signal.TRACES.service}/Export")(iter(()), timeout=120)
    error: Any = caught.value
    assert error.code() is grpc.StatusCode.INVALID_ARGUMENT


def test_the_observer_is_told_what_came_and_what_was_refused(receiver: Receiver) -> None:
    send(receiver)
    refused(receiver, b"no protobuf")
    assert receiver.notes.lines == [
        ("received", Signal.TRACES, "grpc", 1, len(BODY)),
        ("rejected", Signal.TRACES, 0),
        ("refused", Signal.TRACES, "grpc", "BadRequest"),
    ]


# Limits


@pytest.mark.parametrize("compression", [grpc.Compression.NoCompression, grpc.Compression.Gzip])
def test_a_message_over_the_limit_is_refused_for_good(compression: grpc.Compression) -> None:
    with receiving(limits=Limits(compressed=8192, decompressed=8192)) as receiver:
        error: Any = refused(receiver, bytes(50 * 1024 * 1024), compression=compression)
        assert error.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
        assert "grpc-status-details-bin" not in dict(error.trailing_metadata() or ())
        assert send(receiver) == b""


def test_a_slow_sender_is_told_to_try_later() -> None:
    with receiving(limits=Limits(receive_s=0.2)) as receiver, connected(receiver) as channel:
        with pytest.raises(grpc.RpcError) as caught:
            channel.stream_unary(f"/{Signal.TRACES.service}/Export")(_never(receiver), timeout=120)
        error: Any = caught.value
        assert error.code() is grpc.StatusCode.UNAVAILABLE
        assert "not complete after 0.2 s" in error.details()


def test_slow_senders_are_limited_and_keep_nobody_waiting() -> None:
    limits = Limits(grpc_reading=1, grpc_slow=1, grpc_slow_s=0.05)
    with receiving(limits=limits) as receiver, connected(receiver) as channel:
        export = channel.stream_unary(f"/{Signal.TRACES.service}/Export")
        finished: SimpleQueue[Any] = SimpleQueue()
        calls = [export.future(_never(receiver), timeout=120) for _ in range(2)]
        for call in calls:
            call.add_done_callback(finished.put)
        one = finished.get(timeout=120)
        assert one.code() is grpc.StatusCode.UNAVAILABLE
        assert "1 slow messages are being read" in one.details()
        assert send(receiver) == b""
        receiver.spool.go_on.set()
        assert finished.get(timeout=120).result() == b""


def test_a_call_with_two_messages_is_an_invalid_argument(receiver: Receiver) -> None:
    with connected(receiver) as channel, pytest.raises(grpc.RpcError) as caught:
        channel.stream_unary(f"/{Signal.TRACES.service}/Export")(iter([BODY, BODY]), timeout=120)
    error: Any = caught.value
    assert error.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert "the call has 2 messages" in error.details()
    assert receiver.spool.kept == []


def _never(receiver: Receiver) -> Iterator[bytes]:
    receiver.spool.go_on.wait(120)
    yield BODY


def test_one_request_more_than_the_limit_is_told_to_try_later() -> None:
    with receiving(limits=Limits(concurrent=1)) as receiver, ThreadPoolExecutor(1) as emitters:
        receiver.spool.hold = True
        waiting = emitters.submit(send, receiver)
        assert receiver.spool.began.acquire(timeout=120)
        error: Any = refused(receiver)
        assert error.code() is grpc.StatusCode.UNAVAILABLE
        assert details_of(error).details
        receiver.spool.go_on.set()
        assert waiting.result() == b""


def test_http_and_grpc_share_the_room_for_bytes_in_flight() -> None:
    body = traces(span("x" * 3000)).SerializeToString()
    limits = Limits(compressed=2048, decompressed=3500, in_flight=5548)
    with receiving(limits=limits) as receiver, ThreadPoolExecutor(1) as emitters:
        receiver.spool.hold = True
        waiting = emitters.submit(send, receiver, body)
        assert receiver.spool.began.acquire(timeout=120)
        assert receiver.exporter.room.used == len(body)
        error: Any = refused(receiver, body)
        assert error.code() is grpc.StatusCode.UNAVAILABLE
        receiver.spool.go_on.set()
        assert waiting.result() == b""
        assert receiver.exporter.room.used == 0


def test_a_client_that_gives_up_leaves_nothing_behind() -> None:
    with receiving() as receiver:
        receiver.spool.hold = True
        with connected(receiver) as channel:
            call = channel.unary_unary(f"/{Signal.TRACES.service}/Export").future(BODY)
            assert receiver.spool.began.acquire(timeout=120)
            call.cancel()
        receiver.spool.go_on.set()
        assert send(receiver) == b""
    assert receiver.exporter.room.used == 0


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="reads the process's memory from /proc")
def test_messages_are_not_kept_in_memory_once_answered(receiver: Receiver) -> None:
    def resident_mib() -> int:
        return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize() // 2**20

    body = traces(*(span("x" * 100_000) for _ in range(200))).SerializeToString()
    for _ in range(2):
        send(receiver, body)
        receiver.spool.kept.clear()
    before = resident_mib()
    for _ in range(12):
        send(receiver, body)
        receiver.spool.kept.clear()
    assert resident_mib() - before < 6 * 20


# Whose data it is


GATE = TokenGate({"a-token": "research", "another": "support"})


@pytest.mark.parametrize(
    ("metadata", "project"),
    [
        ((("authorization", "Bearer a-token"),), "research"),
        ((("x-playhead-token", "another"),), "support"),
    ],
)
def test_a_token_says_which_project_it_is(metadata: tuple[tuple[str, str], ...], project: str) -> None:
    with receiving(GATE) as receiver:
        send(receiver, metadata=metadata)
        assert receiver.spool.kept == [Kept(project, Signal.TRACES, BODY, frozenset({RUN}))]


@pytest.mark.parametrize(
    ("metadata", "code"),
    [
        ((), grpc.StatusCode.UNAUTHENTICATED),
        ((("authorization", "Bearer nobody's"),), grpc.StatusCode.UNAUTHENTICATED),
        ((("authorization", "Bearer a-reading-token"),), grpc.StatusCode.PERMISSION_DENIED),
    ],
)
def test_a_sender_without_a_right_is_refused(metadata: tuple[tuple[str, str], ...], code: grpc.StatusCode) -> None:
    with receiving(GATE) as receiver:
        error: Any = refused(receiver, metadata=metadata)
        assert error.code() is code
        assert receiver.spool.kept == []


def test_a_sender_without_a_right_is_refused_before_its_message_is_read() -> None:
    with receiving(GATE) as receiver, connected(receiver) as channel:
        with pytest.raises(grpc.RpcError) as caught:
            channel.stream_unary(f"/{Signal.TRACES.service}/Export")(_never(receiver), timeout=120)
        error: Any = caught.value
        assert error.code() is grpc.StatusCode.UNAUTHENTICATED
        receiver.spool.go_on.set()
