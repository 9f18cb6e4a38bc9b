"""What exporters send, read back with the commands: an agent that is already instrumented changes its endpoint only."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

import grpc
import pytest
import requests
from opentelemetry.exporter.otlp.common.http import Compression as JsonCompression
from opentelemetry.exporter.otlp.json.http.trace_exporter import OTLPSpanExporter as JsonSpanExporter
from opentelemetry.exporter.otlp.proto.grpc._log_exporter import OTLPLogExporter as GrpcLogExporter
from opentelemetry.exporter.otlp.proto.grpc.metric_exporter import OTLPMetricExporter
from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter as GrpcSpanExporter
from opentelemetry.exporter.otlp.proto.http import Compression as HttpCompression
from opentelemetry.exporter.otlp.proto.http._log_exporter import OTLPLogExporter as HttpLogExporter
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter as HttpSpanExporter
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceResponse
from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk._logs.export import SimpleLogRecordProcessor
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult
from opentelemetry.trace import SpanContext, TraceFlags, set_span_in_context
from opentelemetry.trace.span import NonRecordingSpan
from tests.e2e.emitting import hex_id, spans
from tests.e2e.running import Up

EXPORTERS: dict[str, Callable[[Up], SpanExporter]] = {
    "grpc": lambda up: GrpcSpanExporter(up.grpc, insecure=True),
    "grpc, gzip": lambda up: GrpcSpanExporter(up.grpc, insecure=True, compression=grpc.Compression.Gzip),
    "http/protobuf": lambda up: HttpSpanExporter(f"{up.url}/v1/traces"),
    "http/protobuf, gzip": lambda up: HttpSpanExporter(f"{up.url}/v1/traces", compression=HttpCompression.Gzip),
    "http/json": lambda up: JsonSpanExporter(f"{up.url}/v1/traces"),
    "http/json, gzip": lambda up: JsonSpanExporter(f"{up.url}/v1/traces", compression=JsonCompression.GZIP),
}


@pytest.mark.parametrize("name", list(EXPORTERS))
def test_what_an_exporter_sends_is_what_the_commands_show(collector: Up, name: str) -> None:
    agent = "exported-by-" + name.replace(", ", "-").replace("/", "-")
    run = spans(agent, asked=f"Where is the parcel of {agent}?")
    exporter = EXPORTERS[name](collector)
    assert exporter.export(run) is SpanExportResult.SUCCESS
    shut(exporter)
    collector.wait_until_stored()

    [row] = collector.playhead("runs", "--agent", agent, "--json").rows()
    assert row["run_id"] == hex_id(run)
    assert (row["status"], row["service"], row["version"], row["user"]) == ("ok", "desk", "3", "u-1")
    assert (row["input_tokens"], row["output_tokens"], row["models"]) == (100, 20, ["gpt-4o"])
    assert row["cost_usd"] == pytest.approx(100 * 2.5e-6 + 20 * 10e-6)
    shown = collector.playhead("show", row["run_id"]).out
    assert f"Where is the parcel of {agent}?" in shown and "On its way." in shown


def test_the_endpoint_is_all_that_an_instrumented_agent_needs(collector: Up, monkeypatch: pytest.MonkeyPatch) -> None:
    """The variables of OpenTelemetry's specification, as the README has them."""
    run = spans("configured-by-environment")
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", collector.url)
    http = HttpSpanExporter()
    assert http.export(run[:1]) is SpanExportResult.SUCCESS
    shut(http)
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", f"http://{collector.grpc}")
    over_grpc = GrpcSpanExporter()
    assert over_grpc.export(run[1:]) is SpanExportResult.SUCCESS
    shut(over_grpc)
    collector.wait_until_stored()
    assert len(collector.playhead("show", hex_id(run), "--json").rows()) == 2


@pytest.mark.parametrize("protocol", ["grpc", "http"])
def test_log_records_are_shown_with_the_step_that_they_belong_to(collector: Up, protocol: str) -> None:
    """As OpenTelemetry's GenAI instrumentations send messages: in log records beside the span."""
    run = spans(f"logs-over-{protocol}")
    chat = next(span for span in run if span.name == "chat gpt-4o")
    context = chat.context
    assert context is not None
    exporter: Any = (
        GrpcLogExporter(collector.grpc, insecure=True)
        if protocol == "grpc"
        else HttpLogExporter(f"{collector.url}/v1/logs")
    )
    provider = LoggerProvider()
    provider.add_log_record_processor(SimpleLogRecordProcessor(exporter))
    there = NonRecordingSpan(SpanContext(context.trace_id, context.span_id, False, TraceFlags(1)))
    provider.get_logger("agent").emit(
        event_name="gen_ai.choice",
        body={"index": 0, "finish_reason": "stop", "message": {"content": f"told by a log over {protocol}"}},
        context=set_span_in_context(there),
    )
    provider.shutdown()
    _deliver(collector, _without_messages(run))
    [_, step] = collector.playhead("show", hex_id(run), "--json").rows()
    assert step["conversation"]["output"][0]["parts"][0]["text"] == f"told by a log over {protocol}"
    assert f"told by a log over {protocol}" in collector.playhead("show", hex_id(run)).out


def test_metrics_are_taken_so_that_an_agent_logs_no_errors(collector: Up, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING)
    exporter = OTLPMetricExporter(collector.grpc, insecure=True)
    provider = MeterProvider([PeriodicExportingMetricReader(exporter, export_interval_millis=10**9)])
    provider.get_meter("agent").create_counter("calls").add(2)
    provider.shutdown()
    assert caplog.records == []


def test_a_span_that_is_rejected_takes_no_other_with_it(collector: Up) -> None:
    """A clock that was never set. The answer names the span; OpenTelemetry's exporters for Python do not log that."""
    run = spans("partly-rejected")
    wrong = next(span for span in run if span.name == "chat gpt-4o")
    wrong._start_time = 1_000
    exporter = Answered(collector)
    assert exporter.export(run) is SpanExportResult.SUCCESS
    shut(exporter)
    collector.wait_until_stored()
    [answer] = exporter.answers
    assert answer.partial_success.rejected_spans == 1
    assert "resourceSpans[0].scopeSpans[0].spans[0]" in answer.partial_success.error_message
    assert hex_id(run) in answer.partial_success.error_message
    rows = collector.playhead("show", hex_id(run), "--json").rows()
    assert [row["name"] for row in rows] == ["invoke_agent partly-rejected"]


class Answered(HttpSpanExporter):
    """The exporter as it is, with an ear on what the collector answers."""

    def __init__(self, collector: Up) -> None:
        self.answers: list[ExportTraceServiceResponse] = []
        session = requests.Session()
        session.hooks["response"].append(self._hear)
        super().__init__(f"{collector.url}/v1/traces", session=session)

    def _hear(self, response: requests.Response, *_: object, **__: object) -> None:
        self.answers.append(ExportTraceServiceResponse.FromString(response.content))


def _deliver(collector: Up, run: list[ReadableSpan]) -> None:
    exporter = HttpSpanExporter(f"{collector.url}/v1/traces")
    assert exporter.export(run) is SpanExportResult.SUCCESS
    shut(exporter)
    collector.wait_until_stored()


def _without_messages(run: list[ReadableSpan]) -> list[ReadableSpan]:
    for span in run:
        span._attributes = {k: v for k, v in (span.attributes or {}).items() if "messages" not in k}
    return run


def shut(exporter: Any) -> None:
    """Untyped in some of them."""
    exporter.shutdown()
