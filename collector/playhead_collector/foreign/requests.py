"""An export of Langfuse, Phoenix or LangSmith as trace requests, and an account of what did not fit.

    rows -> whose record it is -> its spans -> requests of a few megabytes

What a record says that has no place here is counted by reason and told; nothing is left out silently.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from playhead_collector.errors import BadRequest
from playhead_collector.foreign import langfuse, langsmith, phoenix
from playhead_collector.foreign.rows import rows_of
from playhead_collector.foreign.span import Unfit
from playhead_collector.receive.signal import Signal

_REQUEST_BYTES = 4 * 1024 * 1024
_TABLES = (".parquet", ".csv")
_TEXTS = (".json", ".jsonl", ".ndjson")
_OTLP = (b"resourceSpans", b"resource_spans", b"resourceLogs", b"resource_logs")
_HEAD = 64 * 1024

Steps = Callable[[Mapping[str, Any]], Iterator[Span | Unfit]]
_PLATFORMS: tuple[tuple[str, Callable[[Mapping[str, Any]], bool], Steps], ...] = (
    (langsmith.SOURCE, langsmith.is_langsmith, langsmith.steps_in),
    (phoenix.SOURCE, phoenix.is_phoenix, phoenix.steps_in),
    (langfuse.SOURCE, langfuse.is_langfuse, langfuse.steps_in),
)


def is_foreign(file: Path) -> bool:
    """Whether it may be another platform's: a table, or JSON that does not begin as OTLP's."""
    if file.suffix in _TABLES:
        return True
    if file.suffix not in _TEXTS:
        return False
    with file.open("rb") as data:
        head = data.read(_HEAD)
    return not any(name in head for name in _OTLP) and any(name in head for name in _OURS_TO_READ)


# A name that each record of these has, however its columns are chosen.
_OURS_TO_READ = (
    b"run_type", b"trace_id", b"traceId", b"observations", b"userId", b"user_id", b"sessionId", b"session_id",
)  # fmt: skip


def requests_in_foreign(file: Path, unfit: Counter[str]) -> Iterator[tuple[Signal, bytes, int]]:
    """The requests, each with how far into the file it ends; what does not fit is counted in `unfit`, by reason.

    Raises BadRequest where the file cannot be read on, when all that came before was given.
    """
    request = ExportTraceServiceRequest()
    size = done = known = 0
    try:
        for row, done in rows_of(file):
            if isinstance(row, Unfit):
                unfit[str(row)] += 1
                continue
            if not isinstance(row, dict):
                unfit["record that is no JSON object"] += 1
                continue
            try:
                platform = next((one for one in _PLATFORMS if one[1](row)), None)
            except RecursionError:
                unfit["record that is nested too deeply"] += 1
                continue
            if platform is None:
                if not known and not unfit:
                    raise BadRequest(
                        f"{file} holds neither OTLP nor records of Langfuse, Phoenix or LangSmith: the first has "
                        f"{', '.join(map(str, list(row)[:8])) or 'nothing in it'} (what 'playhead export' writes as "
                        ".jsonl or .parquet is for reading; as .otlp it can be imported again)"
                    )
                unfit["record of no platform that is known"] += 1
                continue
            known += 1
            source, _, steps_in = platform
            for span in _steps(steps_in, row):
                if isinstance(span, Unfit):
                    unfit[f"{source}: {span}"] += 1
                    continue
                # A record may be a whole run, so it is cut where it is long; a step is not.
                if size and size + span.ByteSize() > _REQUEST_BYTES:
                    yield Signal.TRACES, request.SerializeToString(), done
                    request, size = ExportTraceServiceRequest(), 0
                _group(request, source).append(span)
                size += span.ByteSize()
    except BadRequest:
        if size:
            yield Signal.TRACES, request.SerializeToString(), done
        raise
    if size:
        yield Signal.TRACES, request.SerializeToString(), done


def _steps(steps_in: Steps, row: Mapping[str, Any]) -> Iterator[Span | Unfit]:
    try:
        yield from steps_in(row)
    except Unfit as why:
        yield why
    except RecursionError:
        yield Unfit("is nested too deeply")


def _group(request: ExportTraceServiceRequest, source: str) -> Any:
    name = f"playhead.import.{source}"
    for resource in request.resource_spans:
        if resource.scope_spans[0].scope.name == name:
            return resource.scope_spans[0].spans
    return request.resource_spans.add().scope_spans.add(scope={"name": name}).spans
