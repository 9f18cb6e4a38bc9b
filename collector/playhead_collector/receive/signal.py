"""The kinds of telemetry that OTLP carries, with the names each protocol and encoding gives them.

One table, so that a protocol never grows its own idea of what a signal is called.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from google.protobuf.message import Message
from opentelemetry.proto.collector.logs.v1 import logs_service_pb2 as logs
from opentelemetry.proto.collector.metrics.v1 import metrics_service_pb2 as metrics
from opentelemetry.proto.collector.trace.v1 import trace_service_pb2 as traces


class Signal(StrEnum):
    TRACES = "traces"
    LOGS = "logs"
    METRICS = "metrics"

    @property
    def path(self) -> str:
        """The HTTP path that takes it."""
        return f"/v1/{self.value}"

    @property
    def service(self) -> str:
        """The full name of its gRPC service."""
        return _SERVICES[self]

    @property
    def request(self) -> type[Any]:
        """The protobuf message that an emitter sends."""
        return _REQUESTS[self]

    def partial_success(self, rejected: int, reason: str) -> Message:
        """The response; with `partial_success` left unset when there is nothing to say."""
        if self is Signal.TRACES:
            spans = traces.ExportTraceServiceResponse()
            if rejected or reason:
                spans.partial_success.rejected_spans = rejected
                spans.partial_success.error_message = reason
            return spans
        if self is Signal.LOGS:
            records = logs.ExportLogsServiceResponse()
            if rejected or reason:
                records.partial_success.rejected_log_records = rejected
                records.partial_success.error_message = reason
            return records
        points = metrics.ExportMetricsServiceResponse()
        if rejected or reason:
            points.partial_success.rejected_data_points = rejected
            points.partial_success.error_message = reason
        return points


_SERVICES = {
    Signal.TRACES: "opentelemetry.proto.collector.trace.v1.TraceService",
    Signal.LOGS: "opentelemetry.proto.collector.logs.v1.LogsService",
    Signal.METRICS: "opentelemetry.proto.collector.metrics.v1.MetricsService",
}
_REQUESTS: dict[Signal, type[Any]] = {
    Signal.TRACES: traces.ExportTraceServiceRequest,
    Signal.LOGS: logs.ExportLogsServiceRequest,
    Signal.METRICS: metrics.ExportMetricsServiceRequest,
}
