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

    @property
    def response(self) -> type[Any]:
        """The protobuf message that a collector answers."""
        return _RESPONSES[self][0]

    def partial_success(self, rejected: int, reason: str) -> Message:
        """The response; with `partial_success` left unset when there is nothing to say."""
        answer: Any = self.response()
        if rejected or reason:
            said = answer.partial_success
            setattr(said, _RESPONSES[self][1], rejected)
            said.error_message = reason
        return answer

    def rejected_in(self, answer: Any) -> tuple[int, str]:
        """What a response says was not taken, and why."""
        said = answer.partial_success
        return getattr(said, _RESPONSES[self][1]), said.error_message


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
# With the name that each gives the number of what was not taken.
_RESPONSES: dict[Signal, tuple[type[Any], str]] = {
    Signal.TRACES: (traces.ExportTraceServiceResponse, "rejected_spans"),
    Signal.LOGS: (logs.ExportLogsServiceResponse, "rejected_log_records"),
    Signal.METRICS: (metrics.ExportMetricsServiceResponse, "rejected_data_points"),
}
