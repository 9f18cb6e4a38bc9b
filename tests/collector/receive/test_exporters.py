"""Real exporters: what an instrumented agent has, unchanged but for the endpoint."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from typing import Any

import grpc
import pytest
from opentelemetry.exporter.otlp.common.http import Compression as JsonCompression
from opentelemetry.exporter.otlp.json.http.trace_exporter import OTLPSpanExporter as JsonSpanExporter
from opentelemetry.exporter.otlp.proto.grpc._log_exporter import OTLPLogExporter as GrpcLogExporter
from opentelemetry.exporter.otlp.proto.grpc.metric_exporter import OTLPMetricExporter as GrpcMetricExporter
from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter as GrpcSpanExporter
from opentelemetry.exporter.otlp.proto.http import Compression as HttpCompression
from opentelemetry.exporter.otlp.proto.http._log_exporter import OTLPLogExporter as HttpLogExporter
from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter as HttpMetricExporter
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter as HttpSpanExporter
from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk._logs.export import SimpleLogRecordProcessor
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor, SpanExporter, SpanExportResult
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import Link, SpanKind, Status, StatusCode
from tests.collector.receive.receiver import Receiver, TokenGate, receiving

from playhead_collector.errors import TryLater
from playhead_collector.receive.signal import Signal

HEADERS = {"authorization": "Bearer a-token"}
EXPORTERS: dict[str, Callable[[Receiver], SpanExporter]] = {
    "grpc": lambda r: GrpcSpanExporter(r.grpc, insecure=True, headers=tuple(HEADERS.items())),
    "grpc, gzip": lambda r: GrpcSpanExporter(
        r.grpc, insecure=True, headers=tuple(HEADERS.items()), compression=grpc.Compression.Gzip
    ),
    "http/protobuf": lambda r: HttpSpanExporter(r.url(), headers=HEADERS),
    "http/protobuf, gzip": lambda r: HttpSpanExporter(r.url(), headers=HEADERS, compression=HttpCompression.Gzip),
    "http/protobuf, deflate": lambda r: HttpSpanExporter(r.url(), headers=HEADERS, compression=HttpCompression.Deflate),
    "http/json": lambda r: JsonSpanExporter(r.url(), headers=HEADERS),
    "http/json, gzip": lambda r: JsonSpanExporter(r.url(), headers=HEADERS, compression=JsonCompression.GZIP),
}
exporters = pytest.mark.parametrize("name", list(EXPORTERS))


@pytest.fixture(scope="module")
def run() -> Sequence[ReadableSpan]:
    """A small run of an agent, with a value of each kind that the API can say."""
    memory = InMemorySpanExporter()
    provider = TracerProvider(resource=Resource({"service.name": "support", "service.version": "3"}))
    provider.add_span_processor(SimpleSpanProcessor(memory))
    tracer = provider.get_tracer("agent", "1.2", "https://opentelemetry.io/schemas/1.30.0", {"scope": True})
    with tracer.start_as_current_span("invoke_agent support", kind=SpanKind.INTERNAL) as agent:
        links = [Link(agent.get_span_context(), {"why": "retry"})]
        with tracer.start_as_current_span("chat gpt-4o", kind=SpanKind.CLIENT, links=links) as chat:
            chat.set_attributes({"text": "größer 💽\n", "tokens": 2**53 + 1, "cost": 0.1, "cached": False, "empty": ""})
            chat.set_attributes({"stops": ["a", "b"], "logits": [0.5, -1.5], "counts": [1, -1], "flags": [True]})
            chat.set_attribute("traceId", "not an id")
            chat.add_event("first token", {"after_s": 0.25})
            chat.set_status(Status(StatusCode.ERROR, "overloaded"))
    provider.shutdown()
    return memory.get_finished_spans()


def deliver(exporter: SpanExporter, spans: Sequence[ReadableSpan]) -> SpanExportResult:
    try:
        return exporter.export(spans)
    finally:
        exporter.shutdown()


def test_the_same_run_through_every_exporter_is_the_same_bytes(run: Sequence[ReadableSpan]) -> None:
    with receiving(TokenGate({"a-token": "research"})) as receiver:
        for exporter in EXPORTERS.values():
            assert deliver(exporter(receiver), run) is SpanExportResult.SUCCESS
        kept = receiver.spool.kept
    assert len(kept) == len(EXPORTERS)
    assert set(kept) == {kept[0]}
    assert (kept[0].project, kept[0].signal) == ("research", Signal.TRACES)
    names = [span.name for r in kept[0].traces().resource_spans for s in r.scope_spans for span in s.spans]
    assert names == ["chat gpt-4o", "invoke_agent support"]


@exporters
def test_an_exporter_that_is_told_to_wait_comes_again_and_delivers_once(
    receiver: Receiver, run: Sequence[ReadableSpan], name: str
) -> None:
    receiver.spool.refuse_with = [TryLater("the spool is full", retry_after_s=0.01)]
    assert deliver(EXPORTERS[name](receiver), run) is SpanExportResult.SUCCESS
    assert len(receiver.spool.kept) == 1
    assert [line[-1] for line in receiver.notes.lines if line[0] == "refused"] == ["TryLater"]


@exporters
def test_an_exporter_with_a_wrong_token_fails_and_does_not_come_again(
    run: Sequence[ReadableSpan], name: str, caplog: pytest.LogCaptureFixture
) -> None:
    with receiving(TokenGate({"another": "research"})) as receiver:
        assert deliver(EXPORTERS[name](receiver), run) is SpanExportResult.FAILURE
        assert [line[-1] for line in receiver.notes.lines] == ["Unauthenticated"]


@pytest.mark.parametrize("protocol", ["grpc", "http"])
def test_an_agent_that_sends_all_three_signals_logs_no_errors(
    receiver: Receiver, protocol: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)
    by_grpc: dict[str, Any] = {"endpoint": receiver.grpc, "insecure": True}
    log_exporter: Any = GrpcLogExporter(**by_grpc) if protocol == "grpc" else HttpLogExporter(receiver.url(Signal.LOGS))
    metric_exporter: Any = (
        GrpcMetricExporter(**by_grpc) if protocol == "grpc" else HttpMetricExporter(receiver.url(Signal.METRICS))
    )
    log_provider = LoggerProvider()
    log_provider.add_log_record_processor(SimpleLogRecordProcessor(log_exporter))
    log_provider.get_logger("agent").emit(event_name="gen_ai.choice", body={"message": {"content": "hello"}})
    log_provider.shutdown()
    meter_provider = MeterProvider([PeriodicExportingMetricReader(metric_exporter, export_interval_millis=10**9)])
    meter_provider.get_meter("agent").create_counter("calls").add(2)
    meter_provider.shutdown()
    [kept] = receiver.spool.kept
    assert kept.logs().resource_logs[0].scope_logs[0].log_records[0].event_name == "gen_ai.choice"
    received = [line[:4] for line in receiver.notes.lines if line[0] == "received"]
    assert received == [("received", Signal.LOGS, protocol, 1), ("received", Signal.METRICS, protocol, 1)]
    assert caplog.records == []
