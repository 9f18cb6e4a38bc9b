"""The way in on real sockets, in a loop of its own thread, in front of a spool that only remembers."""

from __future__ import annotations

import asyncio
import http.client
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from google.rpc.status_pb2 import Status
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from playhead_collector.errors import Forbidden, Unauthenticated
from playhead_collector.receive.check import Redacting
from playhead_collector.receive.export import Exporter
from playhead_collector.receive.grpc_server import GrpcServer
from playhead_collector.receive.http import http_app
from playhead_collector.receive.limits import Limits
from playhead_collector.receive.serve import HttpServer
from playhead_collector.receive.signal import Signal

PROTOBUF = "application/x-protobuf"
JSON = "application/json"


@dataclass(frozen=True, slots=True)
class Kept:
    project: str
    signal: Signal
    body: bytes
    runs: frozenset[bytes]

    def traces(self) -> ExportTraceServiceRequest:
        request: ExportTraceServiceRequest = ExportTraceServiceRequest.FromString(self.body)
        return request

    def logs(self) -> ExportLogsServiceRequest:
        request: ExportLogsServiceRequest = ExportLogsServiceRequest.FromString(self.body)
        return request


@dataclass
class RememberingSpool:
    kept: list[Kept] = field(default_factory=list)
    refuse_with: list[Exception] = field(default_factory=list)
    """Raised one after the other, before anything is kept."""
    hold: bool = False
    """Let appends begin (each is one of `began`) and not end, until `go_on` is set."""
    began: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))
    go_on: threading.Event = field(default_factory=threading.Event)

    async def append(self, project: str, signal: Signal, body: bytes, runs: frozenset[bytes]) -> None:
        if self.refuse_with:
            raise self.refuse_with.pop(0)
        if self.hold:
            self.began.release()
            await asyncio.to_thread(self.go_on.wait, 30)
        self.kept.append(Kept(project, signal, body, runs))


class OpenGate:
    def project_for(self, token: str | None) -> str:
        return "default"


@dataclass(frozen=True, slots=True)
class TokenGate:
    projects: Mapping[str, str]
    forbidden: str = "a-reading-token"

    def project_for(self, token: str | None) -> str:
        if token == self.forbidden:
            raise Forbidden("this token reads; sending needs one given with --ingest-token")
        if token is None or token not in self.projects:
            raise Unauthenticated("no such token; send one given with --ingest-token")
        return self.projects[token]


@dataclass
class Notes:
    """An observer that writes down what it is told, without the times."""

    lines: list[tuple[Any, ...]] = field(default_factory=list)
    answered_: list[float] = field(default_factory=list)

    def received(self, signal: Signal, protocol: str, items: int, size: int) -> None:
        self.lines.append(("received", signal, protocol, items, size))

    def rejected(self, signal: Signal, items: int) -> None:
        self.lines.append(("rejected", signal, items))

    def refused(self, signal: Signal, protocol: str, reason: str) -> None:
        self.lines.append(("refused", signal, protocol, reason))

    def answered(self, signal: Signal, protocol: str, seconds: float) -> None:
        self.answered_.append(seconds)


@dataclass(frozen=True, slots=True)
class Reply:
    status: int
    headers: Mapping[str, str]
    body: bytes

    def refusal(self) -> Status:
        return Status.FromString(self.body)


@dataclass
class Receiver:
    http_port: int
    grpc_port: int
    spool: RememberingSpool
    exporter: Exporter
    notes: Notes

    @property
    def grpc(self) -> str:
        return f"127.0.0.1:{self.grpc_port}"

    def url(self, signal: Signal = Signal.TRACES) -> str:
        return f"http://127.0.0.1:{self.http_port}{signal.path}"

    def send(
        self,
        body: Any = b"",
        content_type: str = PROTOBUF,
        *,
        method: str = "POST",
        path: str = "/v1/traces",
        headers: Mapping[str, str] | None = None,
    ) -> Reply:
        """One request; an iterable body goes chunked, without Content-Length."""
        connection = http.client.HTTPConnection("127.0.0.1", self.http_port, timeout=120)
        try:
            chunked = not isinstance(body, bytes)
            sent = {"Content-Type": content_type, **(headers or {})} if content_type else dict(headers or {})
            connection.request(method, path, body=body, headers=sent, encode_chunked=chunked)
            answer = connection.getresponse()
            return Reply(answer.status, {k.lower(): v for k, v in answer.getheaders()}, answer.read())
        finally:
            connection.close()


@contextmanager
def receiving(
    gate: Any = None,
    limits: Limits | None = None,
    redacting: Callable[[str], Redacting | None] = lambda project: None,
) -> Iterator[Receiver]:
    started = threading.Event()
    receivers: list[Receiver] = []
    failures: list[BaseException] = []
    stop: list[Any] = []

    async def run() -> None:
        over = asyncio.Event()
        loop = asyncio.get_running_loop()
        spool, notes = RememberingSpool(), Notes()
        exporter = Exporter(spool, limits, notes, redacting)
        http_server = HttpServer(http_app(exporter, gate or OpenGate()), port=0, grace=5)
        grpc_server = GrpcServer(exporter, gate or OpenGate(), port=0)
        await http_server.start()
        await grpc_server.start()
        receivers.append(Receiver(http_server.port, grpc_server.port, spool, exporter, notes))
        stop.append(lambda: loop.call_soon_threadsafe(over.set))
        started.set()
        try:
            await over.wait()
        finally:
            spool.go_on.set()
            await http_server.stop()
            await grpc_server.stop(5)
            exporter.close()

    def main() -> None:
        try:
            asyncio.run(run())
        except BaseException as error:
            failures.append(error)
        finally:
            started.set()

    thread = threading.Thread(target=main, name="receiver")
    thread.start()
    started.wait()
    try:
        if receivers:
            yield receivers[0]
    finally:
        if stop:
            stop[0]()
        thread.join()
        if failures:
            raise failures[0]
