"""A collector for the SDK's tests: takes OTLP over real HTTP, and can be slow, away, or of another opinion."""

from __future__ import annotations

import gzip
import socket
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from playhead.journal.single import requests_in


class FakeCollector:
    """What it was sent stays in `requests`. `status` decides about each request; `delay_s` comes before the answer."""

    def __init__(self, port: int = 0) -> None:
        self.requests: list[ExportTraceServiceRequest] = []
        self.logs: list[ExportLogsServiceRequest] = []
        self.headers: list[dict[str, str]] = []
        self.status: Callable[[ExportTraceServiceRequest], int] = lambda _: 200
        self.delay_s = 0.0
        self.is_playhead = True
        self.takes_logs = True
        self._changed = threading.Condition()
        self._server = ThreadingHTTPServer(("127.0.0.1", port), self._handler())
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, daemon=True, kwargs={"poll_interval": 0.02}).start()

    @property
    def port(self) -> int:
        return int(self._server.server_address[1])

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def spans(self) -> list[Span]:
        """All that it was sent and took, in order, repeated ones too."""
        return [
            span
            for request in list(self.requests)
            for resource in request.resource_spans
            for scope in resource.scope_spans
            for span in scope.spans
        ]

    @property
    def ended(self) -> dict[bytes, Span]:
        return {span.span_id: span for span in self.spans if span.end_time_unix_nano}

    @property
    def recordings(self) -> list[LogRecord]:
        """The pieces of recordings, in the order in which they came."""
        return [
            record
            for request in list(self.logs)
            for resource in request.resource_logs
            for scope in resource.scope_logs
            for record in scope.log_records
            if record.event_name == "playhead.recording"
        ]

    def named(self, name: str) -> list[Span]:
        return [span for span in self.ended.values() if span.name == name]

    def wait_for(self, condition: Callable[[], bool], timeout_s: float = 120.0) -> None:
        with self._changed:
            assert self._changed.wait_for(condition, timeout_s), f"{len(self.spans)} spans came, and not those"

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        fake = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            # Else each answer waits for the other side's delayed acknowledgement.
            disable_nagle_algorithm = True

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                if self.headers.get("Content-Encoding") == "gzip":
                    body = gzip.decompress(body)
                if self.path.endswith("/v1/logs") and not fake.takes_logs:
                    self._answer(404)
                    return
                if self.path.endswith("/v1/logs"):
                    fake.logs.append(ExportLogsServiceRequest.FromString(body))
                    self._answer(200)
                    return
                request = ExportTraceServiceRequest.FromString(body)
                if fake.delay_s:
                    time.sleep(fake.delay_s)
                status = fake.status(request)
                if status == 200:
                    with fake._changed:
                        fake.requests.append(request)
                        fake.headers.append({key.lower(): value for key, value in self.headers.items()})
                        fake._changed.notify_all()
                self._answer(status)

            def _answer(self, status: int) -> None:
                self.send_response(status)
                self.send_header("Content-Length", "0")
                if fake.is_playhead:
                    self.send_header("Playhead-Collector", "1")
                self.end_headers()

            def log_message(self, format: str, *args: Any) -> None:
                """Quiet: pytest shows what matters."""

        return Handler


@contextmanager
def collecting(port: int = 0) -> Iterator[FakeCollector]:
    collector = FakeCollector(port)
    try:
        yield collector
    finally:
        collector.close()


@contextmanager
def unanswered() -> Iterator[int]:
    """A port at which nobody listens until `collecting(port)` does, and which no other process is given meanwhile."""
    with socket.socket() as held:
        held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        held.bind(("127.0.0.1", 0))
        yield held.getsockname()[1]


def spans_in(file: Path) -> list[Span]:
    """Of a file that `playhead record` wrote."""
    return [
        span
        for signal, body, _ in requests_in(file)
        if signal == "traces"
        for resource in ExportTraceServiceRequest.FromString(body).resource_spans
        for scope in resource.scope_spans
        for span in scope.spans
    ]


def attributes(span: Span) -> dict[str, Any]:
    return {one.key: plain(one.value) for one in span.attributes}


def plain(value: AnyValue) -> Any:
    kind = value.WhichOneof("value")
    if kind is None:
        return None
    if kind == "array_value":
        return [plain(one) for one in value.array_value.values]
    if kind == "kvlist_value":
        return {one.key: plain(one.value) for one in value.kvlist_value.values}
    return getattr(value, kind)


def children(spans: Sequence[Span], parent: Span) -> list[Span]:
    return [span for span in spans if span.parent_span_id == parent.span_id]
