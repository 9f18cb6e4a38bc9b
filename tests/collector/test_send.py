"""Sending, against a real server on a real socket that answers as it is told."""

from __future__ import annotations

import gzip
import threading
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, HTTPServer
from socket import create_server
from typing import cast

import pytest
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceResponse
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)
from tests.collector.receive.messages import span, traces

from playhead.errors import UsageError
from playhead_collector.errors import Forbidden, IngestError, TryLater, Unauthenticated
from playhead_collector.receive.signal import Signal
from playhead_collector.send import Rejected, post, send


@dataclass(frozen=True, slots=True)
class Answer:
    status: int = 200
    headers: dict[str, str] = field(default_factory=lambda: {"Content-Type": "application/x-protobuf"})
    body: bytes = b""


class Collector(HTTPServer):
    """Answers in the order given, then with success; keeps what it was sent."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.answers: list[Answer] = []
        self.bodies: list[bytes] = []
        self.headers: list[dict[str, str]] = []
        self.paths: list[str] = []

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def requests(self) -> list[ExportTraceServiceRequest]:
        return [ExportTraceServiceRequest.FromString(gzip.decompress(body)) for body in self.bodies]


class _Handler(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        collector = cast(Collector, self.server)
        collector.paths.append(self.path)
        collector.headers.append(dict(self.headers.items()))
        collector.bodies.append(self.rfile.read(int(self.headers["Content-Length"])))
        answer = collector.answers.pop(0) if collector.answers else Answer()
        self.send_response(answer.status)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(answer.body)))
        self.end_headers()
        self.wfile.write(answer.body)

    def log_message(self, format: str, *args: object) -> None:
        """Tests are quiet."""


@pytest.fixture
def collector() -> Iterator[Collector]:
    with Collector() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def request_() -> ExportTraceServiceRequest:
    return traces(*(span(f"step {number}") for number in range(3)))


def spans(request: ExportTraceServiceRequest) -> int:
    return sum(len(scope.spans) for resource in request.resource_spans for scope in resource.scope_spans)


def test_every_request_arrives_as_it_is_and_its_spans_are_counted(collector: Collector) -> None:
    sent = [traces(*[span(f"of request {number}")] * number) for number in (1, 2, 3)]
    assert send(sent, collector.endpoint, None) == sum(map(spans, sent))
    assert collector.requests() == sent
    assert collector.paths == ["/v1/traces"] * 3
    assert collector.headers[0]["Content-Type"] == "application/x-protobuf"
    assert collector.headers[0]["Content-Encoding"] == "gzip"
    assert "Authorization" not in collector.headers[0]


def test_a_token_is_sent_as_a_bearer(collector: Collector, request_: ExportTraceServiceRequest) -> None:
    send([request_], collector.endpoint + "/", "secret")
    assert collector.headers[0]["Authorization"] == "Bearer secret"


def test_retry_after_is_waited_for_and_the_same_body_sent_again(
    collector: Collector, request_: ExportTraceServiceRequest
) -> None:
    collector.answers = [Answer(503, {"Retry-After": "7"}), Answer(429, {"Retry-After": "3"})]
    waited: list[float] = []
    assert send([request_], collector.endpoint, None, sleep=waited.append) == spans(request_)
    assert waited == [7.0, 3.0]
    assert len(set(collector.bodies)) == 1 and len(collector.bodies) == 3


def test_without_retry_after_the_pauses_grow(collector: Collector, request_: ExportTraceServiceRequest) -> None:
    collector.answers = [Answer(503, {}), Answer(503, {"Retry-After": "soon"}), Answer(503, {})]
    waited: list[float] = []
    send([request_], collector.endpoint, None, sleep=waited.append)
    assert waited == [0.5, 1.0, 2.0]


def test_a_collector_that_never_takes_it_is_an_error_that_says_so(
    collector: Collector, request_: ExportTraceServiceRequest
) -> None:
    collector.answers = [Answer(503, {"Retry-After": "1"})] * 20
    with pytest.raises(TryLater, match=r"8 times.*503.*readyz"):
        send([request_], collector.endpoint, None, sleep=lambda _: None)


def test_rejected_spans_are_not_counted(
    collector: Collector, request_: ExportTraceServiceRequest, caplog: pytest.LogCaptureFixture
) -> None:
    answer = ExportTraceServiceResponse()
    answer.partial_success.rejected_spans = 2
    answer.partial_success.error_message = "trace id of 3 bytes"
    collector.answers = [Answer(body=answer.SerializeToString())]
    assert send([request_], collector.endpoint, None) == spans(request_) - 2
    assert "trace id of 3 bytes" in caplog.text


def test_what_was_rejected_of_log_records_is_given_back(collector: Collector) -> None:
    answer = ExportLogsServiceResponse()
    answer.partial_success.rejected_log_records = 3
    answer.partial_success.error_message = "recordings are withheld"
    collector.answers = [Answer(body=answer.SerializeToString()), Answer()]
    assert post(collector.endpoint, Signal.LOGS, b"") == Rejected(3, "recordings are withheld")
    assert post(collector.endpoint, Signal.LOGS, b"") == Rejected()


@pytest.mark.parametrize(
    ("status", "error", "says"),
    [(401, Unauthenticated, "ingest-token"), (403, Forbidden, "ingest-token"), (404, IngestError, "4318")],
)
def test_a_refusal_is_not_tried_again_and_says_what_to_do(
    collector: Collector,
    request_: ExportTraceServiceRequest,
    status: int,
    error: type[IngestError],
    says: str,
) -> None:
    collector.answers = [Answer(status)]
    with pytest.raises(error, match=says):
        send([request_], collector.endpoint, None)
    assert len(collector.bodies) == 1


def test_a_server_that_is_no_collector_is_told_from_one(
    collector: Collector, request_: ExportTraceServiceRequest
) -> None:
    collector.answers = [Answer(200, {"Content-Type": "text/html"}, b"<h1>It works</h1>")]
    with pytest.raises(IngestError, match="no collector"):
        send([request_], collector.endpoint, None)


def test_where_nobody_listens_the_error_names_the_address_and_the_command(
    request_: ExportTraceServiceRequest,
) -> None:
    with closing(create_server(("127.0.0.1", 0))) as taken:
        port = taken.getsockname()[1]
    with pytest.raises(IngestError, match=rf"127\.0\.0\.1:{port}.*playhead up"):
        send([request_], f"http://127.0.0.1:{port}", None)


def test_an_endpoint_that_is_no_url_is_refused_before_anything_is_sent(
    request_: ExportTraceServiceRequest,
) -> None:
    with pytest.raises(UsageError, match="http://127"):
        send([request_], "127.0.0.1:4318", None)
