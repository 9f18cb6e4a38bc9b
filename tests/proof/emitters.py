"""Clients that send without pause and do what OTLP says: what was not acknowledged is sent again, the same bytes, until
it is; what was acknowledged is written down here, and nowhere else.
"""

from __future__ import annotations

import contextlib
import http.client
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from random import Random
from typing import Any

import grpc
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from playhead_collector.receive.signal import Signal

_grpc: Any = grpc  # untyped
PROTOBUF = {"Content-Type": "application/x-protobuf"}
_RETRYABLE = (429, 502, 503, 504)
_RETRYABLE_GRPC = ("CANCELLED", "DEADLINE_EXCEEDED", "ABORTED", "OUT_OF_RANGE", "UNAVAILABLE", "DATA_LOSS")
# Longer pauses would be kinder to a server, and make these proofs take longer.
_LONGEST_PAUSE_S = 2.0
_WORDS = ("the", "agent", "asked", "a", "tool", "about", "an", "order", "and", "it", "answered", "with", "nothing")


@dataclass(frozen=True, slots=True)
class Sent:
    """One request, whose items are known again by their ids."""

    signal: Signal
    body: bytes
    ids: frozenset[str]


class Refused(AssertionError):
    """An answer that says never to send this again, to a request that is right."""


def spans(rng: Random, count: int = 20, size: int = 400) -> Sent:
    """A run of its own: a top, and steps below it."""
    request = ExportTraceServiceRequest()
    scope = request.resource_spans.add().scope_spans.add()
    run, now = rng.randbytes(16), time.time_ns()
    ids = []
    for number in range(count):
        step = rng.randbytes(7) + b"\x01"
        one = scope.spans.add(trace_id=run, span_id=step, name=f"step {number}", start_time_unix_nano=now - 10**9)
        one.end_time_unix_nano = now
        one.parent_span_id = scope.spans[0].span_id if number else b""
        text = " ".join(rng.choices(_WORDS, k=size // 5))
        one.attributes.add(key="input.value").value.string_value = text
        ids.append(run.hex() + step.hex())
    return Sent(Signal.TRACES, request.SerializeToString(), frozenset(ids))


def records(rng: Random, count: int = 20) -> Sent:
    request = ExportLogsServiceRequest()
    scope = request.resource_logs.add().scope_logs.add()
    ids = [rng.randbytes(12).hex() for _ in range(count)]
    for one in ids:
        scope.log_records.add(event_name="proof", time_unix_nano=time.time_ns()).body.string_value = one
    return Sent(Signal.LOGS, request.SerializeToString(), frozenset(ids))


class Http:
    """One connection, kept while it lasts."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._connection: http.client.HTTPConnection | None = None

    def send(self, sent: Sent) -> float | None:
        """None when acknowledged, else how long to wait; raises Refused."""
        try:
            if self._connection is None:
                self._connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=30)
            self._connection.request("POST", sent.signal.path, sent.body, PROTOBUF)
            answer = self._connection.getresponse()
            said = answer.read()
        except (OSError, http.client.HTTPException):
            self.close()
            return 0.1
        if answer.status == 200 and not said:
            return None
        if answer.status in _RETRYABLE:
            assert answer.headers["Retry-After"], "a later without a when"
            return float(answer.headers["Retry-After"])
        raise Refused(f"HTTP {answer.status}: {said!r}")

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None


class Grpc:
    def __init__(self, port: int) -> None:
        self._channel: Any = _grpc.insecure_channel(
            f"127.0.0.1:{port}",
            options=[("grpc.initial_reconnect_backoff_ms", 100), ("grpc.max_reconnect_backoff_ms", 500)],
        )

    def send(self, sent: Sent) -> float | None:
        try:
            said = self._channel.unary_unary(f"/{sent.signal.service}/Export")(sent.body, timeout=30)
        except grpc.RpcError as error:
            code: Any = error.code()  # type: ignore[attr-defined]
            if code.name in _RETRYABLE_GRPC:
                return 0.1
            raise Refused(f"gRPC {code.name}: {error.details()}") from None  # type: ignore[attr-defined]
        if said:
            raise Refused(f"gRPC: {said!r}")
        return None

    def close(self) -> None:
        self._channel.close()


@dataclass
class Ledger:
    """What was acknowledged, by all clients together."""

    acknowledged: dict[Signal, set[str]] = field(
        default_factory=lambda: {Signal.TRACES: set(), Signal.LOGS: set(), Signal.METRICS: set()}
    )
    requests: int = 0
    again: int = 0
    """How often something had to be sent again."""
    failures: list[BaseException] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def acknowledge(self, sent: Sent) -> None:
        with self.lock:
            self.requests += 1
            self.acknowledged[sent.signal] |= sent.ids

    @property
    def spans(self) -> set[str]:
        return self.acknowledged[Signal.TRACES]

    @property
    def records(self) -> set[str]:
        return self.acknowledged[Signal.LOGS]


def until_taken(transport: Http | Grpc, sent: Sent, ledger: Ledger, give_up: threading.Event | None = None) -> bool:
    """Whether it was taken; not, only where it was told to give up."""
    while (pause := transport.send(sent)) is not None:
        with ledger.lock:
            ledger.again += 1
        if give_up is None:
            time.sleep(min(pause, _LONGEST_PAUSE_S))
        elif give_up.wait(min(pause, _LONGEST_PAUSE_S)):
            return False
    ledger.acknowledge(sent)
    return True


@contextmanager
def load(ports: Sequence[int], seed: int, ledger: Ledger | None = None, pause_s: float = 0.01) -> Iterator[Ledger]:
    """Two clients over HTTP and one over gRPC with spans, and one with log records, until the end of the block.

    At its end they stop sending what is new, and send on what was not taken yet; the collector has to be there then.
    """
    grpc_port, http_port = ports[:2]
    ledger = ledger or Ledger()
    enough = threading.Event()

    def work(number: int, transport: Http | Grpc) -> None:
        rng = Random(f"{seed} {number}")
        try:
            while not enough.is_set():
                until_taken(transport, records(rng) if number == 3 else spans(rng), ledger)
                enough.wait(pause_s)
        except BaseException as error:
            ledger.failures.append(error)
        finally:
            with contextlib.suppress(Exception):
                transport.close()

    transports: list[Http | Grpc] = [Http(http_port), Http(http_port), Grpc(grpc_port), Http(http_port)]
    threads = [threading.Thread(target=work, args=(number, one)) for number, one in enumerate(transports)]
    for thread in threads:
        thread.start()
    try:
        yield ledger
    finally:
        enough.set()
        for thread in threads:
            thread.join(120)
    if ledger.failures:
        raise ledger.failures[0]
    assert not any(thread.is_alive() for thread in threads), "a client never got its last request through"
