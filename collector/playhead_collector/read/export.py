"""Writes runs to files: OTLP (everything, exactly), JSON lines (a step a line) or Parquet (a step a row)."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from clickhouse_connect.driver.client import Client
from opentelemetry.proto.logs.v1.logs_pb2 import LogsData
from opentelemetry.proto.trace.v1.trace_pb2 import TracesData

from playhead.errors import UsageError
from playhead_collector.read.messages import conversation
from playhead_collector.read.plain import plain
from playhead_collector.read.run import read_run
from playhead_collector.read.spans import Scope, records_of, spans_of
from playhead_collector.read.words import iso
from playhead_collector.store.query import load

# Runs held in memory at once.
_AT_ONCE = 20

Progress = Callable[[int], None]


def export_runs(client: Client, run_ids: Sequence[str], path: Path, progress: Progress | None = None) -> list[Path]:
    """Writes the runs by the file's ending; returns the files written, which appear whole or not at all."""
    writers = {".otlp": _otlp, ".jsonl": _jsonl, ".parquet": _parquet}
    writer = writers.get(path.suffix)
    if writer is None:
        raise UsageError(f"{path.name!r}: the ending says what to write: {', '.join(writers)}, or .playhead of one run")
    if not run_ids:
        raise UsageError("there are no runs to export")
    try:
        return writer(client, run_ids, path, progress or (lambda done: None))
    except OSError as error:
        raise UsageError(f"{path} cannot be written: {error.strerror or error}") from None


def traces(client: Client, run_ids: Sequence[str]) -> TracesData:
    """Runs as OTLP: spans of one resource and scope together, in the order of their start."""
    data = TracesData()
    places: dict[Any, Any] = {}
    for stored in spans_of(client, run_ids):
        _place(data.resource_spans, "scope_spans", stored.scope, places).spans.append(stored.span)
    return data


def logs(client: Client, run_ids: Sequence[str]) -> LogsData:
    data = LogsData()
    places: dict[Any, Any] = {}
    for stored in records_of(client, run_ids):
        _place(data.resource_logs, "scope_logs", stored.scope, places).log_records.append(stored.record)
    return data


def _place(resources: Any, scopes_field: str, scope: Scope, places: dict[Any, Any]) -> Any:
    key = (
        scope.resource and scope.resource.SerializeToString(deterministic=True),
        scope.resource_schema_url,
        scope.scope and scope.scope.SerializeToString(deterministic=True),
        scope.scope_schema_url,
    )
    if key not in places:
        resource = places.get(key[:2])
        if resource is None:
            resource = places[key[:2]] = resources.add(schema_url=scope.resource_schema_url)
            if scope.resource is not None:
                resource.resource.CopyFrom(scope.resource)
                resource.resource.SetInParent()
        group = getattr(resource, scopes_field).add(schema_url=scope.scope_schema_url)
        if scope.scope is not None:
            group.scope.CopyFrom(scope.scope)
            group.scope.SetInParent()
        places[key] = group
    return places[key]


def _chunks(run_ids: Sequence[str], progress: Progress) -> Iterator[Sequence[str]]:
    for start in range(0, len(run_ids), _AT_ONCE):
        yield run_ids[start : start + _AT_ONCE]
        progress(min(start + _AT_ONCE, len(run_ids)))


def _otlp(client: Client, run_ids: Sequence[str], path: Path, progress: Progress) -> list[Path]:
    """Chunks are concatenated: that is one valid request, too. Log records, another kind, go beside."""
    beside = path.with_suffix(".logs.otlp")
    partial, partial_logs = _partial(path), _partial(beside)
    records = 0
    with partial.open("wb") as spans_file, partial_logs.open("wb") as logs_file:
        for chunk in _chunks(run_ids, progress):
            spans_file.write(traces(client, chunk).SerializeToString())
            records += logs_file.write(logs(client, chunk).SerializeToString())
    partial.replace(path)
    if not records:
        partial_logs.unlink()
        return [path]
    partial_logs.replace(beside)
    return [path, beside]


def _jsonl(client: Client, run_ids: Sequence[str], path: Path, progress: Progress) -> list[Path]:
    partial = _partial(path)
    with partial.open("w", encoding="utf-8") as lines:
        for done, run_id in enumerate(run_ids, 1):
            for step in json_steps(client, run_id):
                lines.write(json.dumps(step, ensure_ascii=False, default=str) + "\n")
            progress(done)
    partial.replace(path)
    return [path]


def json_steps(client: Client, run_id: str) -> Iterator[dict[str, Any]]:
    """A run's steps, figures and conversation, as plain JSON."""
    for node in read_run(client, run_id).nodes:
        step = node.step._asdict()
        step["start_time"] = iso(node.step.start_time)
        if node.stored is not None:
            span = node.stored.span
            step["attributes"] = {attribute.key: plain(attribute.value) for attribute in span.attributes}
            step["events"] = [
                {"name": event.name, "attributes": {one.key: plain(one.value) for one in event.attributes}}
                for event in span.events
            ]
            step["conversation"] = asdict(conversation(span, node.records))
        yield step


def _parquet(client: Client, run_ids: Sequence[str], path: Path, progress: Progress) -> list[Path]:
    # Loaded where it is needed: it and numpy were a third of the time in which `playhead show` starts.
    from pyarrow import parquet

    partial = _partial(path)
    writer = None
    try:
        for chunk in _chunks(run_ids, progress):
            table = client.query_arrow(load("steps_for_parquet"), parameters={"runs": list(chunk)}, use_strings=True)
            if writer is None:
                writer = parquet.ParquetWriter(partial, table.schema, compression="zstd")  # type: ignore[no-untyped-call]
            writer.write_table(table)  # type: ignore[no-untyped-call]
    finally:
        if writer is not None:
            writer.close()  # type: ignore[no-untyped-call]
    partial.replace(path)
    return [path]


def _partial(path: Path) -> Path:
    return path.with_name(f".{path.name}.{os.getpid()}.part")
