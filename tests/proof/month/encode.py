"""Generated spans as OTLP bodies."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from tests.proof.month.telling import Span, Told


def encode(runs: Iterable[Told]) -> bytes:
    """One request, a resource for each service and version."""
    request = ExportTraceServiceRequest()
    together: dict[tuple[str, str], list[Span]] = defaultdict(list)
    for run in runs:
        together[run.service, run.version] += run.spans
    for (service, version), spans in together.items():
        resource = request.resource_spans.add()
        for key, text in (("service.name", service), ("service.version", version)):
            resource.resource.attributes.add(key=key).value.string_value = text
        scope = resource.scope_spans.add()
        scope.scope.name = "playhead"
        for span in spans:
            wired = scope.spans.add(
                trace_id=span.trace_id, span_id=span.span_id, parent_span_id=span.parent_id, name=span.name, kind=1,
                start_time_unix_nano=span.start_ns, end_time_unix_nano=span.end_ns,
            )  # fmt: skip
            if span.status:
                wired.status.code = span.status
                wired.status.message = span.message
            for key, value in span.attributes.items():
                into = wired.attributes.add(key=key).value
                if isinstance(value, bool):
                    into.bool_value = value
                elif isinstance(value, str):
                    into.string_value = value
                elif isinstance(value, int):
                    into.int_value = value
                elif isinstance(value, float):
                    into.double_value = value
                else:
                    for item in value:
                        into.array_value.values.add(string_value=item)
    return bytes(request.SerializeToString())
