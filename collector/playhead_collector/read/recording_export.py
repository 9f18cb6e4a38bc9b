"""A stored run as one file that can be replayed and imported elsewhere: its spans, and its process's recording.

A process is executed again from its start, so what it did before the run belongs to the run. What it did after the run
is left out where that is certain, chunk by chunk: the order of the process was kept, and one of its later runs is known
to have begun after this one had ended, which is where a replay stops.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from clickhouse_connect.driver.client import Client
from opentelemetry.proto.trace.v1.trace_pb2 import Span, TracesData

from playhead.errors import UsageError
from playhead.journal.recording import placed
from playhead.lanes.sink import Record
from playhead_collector.read.export import logs, traces
from playhead_collector.read.recordings import Chunk, processes_of, recording_of, starts_of
from playhead_collector.recording_file import ENDING, Exported, write_exported

_ENDS = ("v", "z")


@dataclass(frozen=True, slots=True)
class Written:
    file: Path
    before: int
    """Other runs of its process that are in the recording, since a replay goes through them."""
    left_out: int
    """Later runs of its process that are not."""


def export_recording(client: Client, run: str, output: Path, *, into: bool) -> Written:
    """Writes one run; `into` a folder, under a name of its own. Raises UsageError where it has no recording."""
    processes = processes_of(client, run)
    if not processes:
        raise UsageError(
            f"run {run} came without a recording, so there is nothing to replay; export it as .otlp to keep its steps"
        )
    spans = traces(client, [run])
    chunks: list[Chunk] = []
    until: dict[str, int] = {}
    before = left_out = 0
    for process in processes:
        found = recording_of(client, process)
        records = list(placed(chunk.content for chunk in found))
        begun = _begun(records)
        last = _last_needed(client, run, _end_of(spans), begun, records)
        kept = found if last is None else _up_to(found, last)
        if last is not None:
            until[process] = last
        chunks += kept
        others = [other for place, other in begun if other != run]
        needed = [other for place, other in begun if other != run and (last is None or place < last)]
        before, left_out = before + len(needed), left_out + len(others) - len(needed)
    file = output / _name(spans, run) if into else output
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        write_exported(Exported(run, spans, logs(client, [run]), chunks, until), file)
    except OSError as error:
        raise UsageError(f"{file} cannot be written: {error.strerror or error}") from None
    return Written(file, before, left_out)


def _begun(records: Sequence[tuple[int, Record]]) -> list[tuple[int, str]]:
    """The runs of a process with the places at which they began."""
    return [
        (place, str(record[6][1]))
        for place, record in records
        if record[0] == "f" and record[3] == "run" and record[6][0] == "="
    ]


def _last_needed(
    client: Client, run: str, ended_ns: int, begun: Sequence[tuple[int, str]], records: Sequence[tuple[int, Record]]
) -> int | None:
    """Where the first run began that came after this one; None where that is not known for certain."""
    mine = [number for number, (_, other) in enumerate(begun) if other == run]
    later = begun[mine[-1] + 1 :] if mine else []
    if not later or not ended_ns or not _ordered(records):
        return None
    starts = starts_of(client, [other for _, other in later])
    return next((place for place, other in later if starts.get(other, 0) > ended_ns), None)


def _ordered(records: Sequence[tuple[int, Record]]) -> bool:
    """Whether nothing in the recording may have come in another order than it stands there."""
    header: Any = next((record[1] for _, record in records if record[0] == "h"), {})
    return header.get("level") == "exact" and not any(record[0] in ("g", "x") for _, record in records)


def _up_to(chunks: Sequence[Chunk], last: int) -> list[Chunk]:
    """Whole chunks: half of one would take the place of the whole one in a store that has it."""
    return [
        chunk
        for chunk in chunks
        if chunk.sequence <= last or any(record[0] in _ENDS for _, record in placed([chunk.content]))
    ]


def _spans(data: TracesData) -> list[Span]:
    return [span for resource in data.resource_spans for scope in resource.scope_spans for span in scope.spans]


def _end_of(data: TracesData) -> int:
    """0 where a step has no end."""
    ends = [span.end_time_unix_nano for span in _spans(data)]
    return max(ends) if all(ends) else 0


def _name(data: TracesData, run: str) -> str:
    """Of the run's first step, and so much of the id as tells runs apart."""
    first = min(_spans(data), key=lambda span: span.start_time_unix_nano)
    said = {one.key: one.value.string_value for one in first.attributes}
    name = re.sub(r"[^\w.-]+", "-", said.get("gen_ai.agent.name") or first.name).strip("-.") or "run"
    return f"{name[:60]}-{run[:8]}{ENDING}"
