"""A stored run as one file that can be replayed and imported elsewhere: its spans, and its process's recording.

A process is executed again from its start, so what it did before the run belongs to the run. What it did after the run
is left out where that is certain, chunk by chunk: the order of the process was kept, and the recording says where this
run ended and where another began after it, which is where a replay stops.
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
from playhead.lanes.sink import RUN_ENDS, Record
from playhead_collector.read.chunk import Chunk
from playhead_collector.read.export import logs, traces
from playhead_collector.read.recordings import erased_of, processes_of, recording_of
from playhead_collector.recording_file import ENDING, Exported, write_exported

_ENDS = ("v", "z")


class NoRecording(UsageError):
    """A run of which there are steps only."""


@dataclass(frozen=True, slots=True)
class Written:
    file: Path
    before: int
    """Other runs of its process that are in the recording, since a replay goes through them."""
    left_out: int
    """Later runs of its process that are not."""


def export_recording(client: Client, run: str, output: Path, *, into: bool) -> Written:
    """Writes one run; `into` a folder, under a name of its own. Raises NoRecording where it has none."""
    processes = processes_of(client, run)
    if not processes:
        raise NoRecording(
            f"run {run} came without a recording, so there is nothing to replay; export it as .otlp to keep its steps"
        )
    spans = traces(client, [run])
    chunks: list[Chunk] = []
    until: dict[str, int] = {}
    before = left_out = 0
    erased: dict[str, int] = {}
    for process in processes:
        found = recording_of(client, process)
        records = list(placed(chunk.content for chunk in found))
        begun = _begun(records)
        last = _last_needed(run, begun, records) if _ends_with_its_first_step(spans) else None
        kept = found if last is None else _up_to(found, last)
        if last is not None:
            until[process] = last
        chunks += kept
        others = [other for place, other in begun if other != run]
        erased |= erased_of(client, [record for _, record in records])
        needed = [other for place, other in begun if other != run and (last is None or place < last)]
        before, left_out = before + len(needed), left_out + len(others) - len(needed)
    file = output / _name(spans, run) if into else output
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        write_exported(Exported(run, spans, logs(client, [run]), chunks, until, erased), file)
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


def _last_needed(run: str, begun: Sequence[tuple[int, str]], records: Sequence[tuple[int, Record]]) -> int | None:
    """Where the first run began that came after this one; None where that is not known for certain."""
    ended = max(
        (place for place, one in records if one[0] == "f" and one[3] == RUN_ENDS and one[6][1] == run), default=0
    )
    again = max((place for place, other in begun if other == run), default=0)
    if not ended or ended < again or not _ordered(records):
        return None
    return next((place for place, other in begun if place > ended), None)


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


def _ends_with_its_first_step(data: TracesData) -> bool:
    """No task in the background outlived it, and nothing was cut: a replay stops when all of the run's steps ended."""
    spans = _spans(data)
    first = min(spans, key=lambda span: span.start_time_unix_nano)
    return all(0 < span.end_time_unix_nano <= first.end_time_unix_nano for span in spans)


def _name(data: TracesData, run: str) -> str:
    """Of the run's first step, and so much of the id as tells runs apart."""
    first = min(_spans(data), key=lambda span: span.start_time_unix_nano)
    said = {one.key: one.value.string_value for one in first.attributes}
    name = re.sub(r"[^\w.-]+", "-", said.get("gen_ai.agent.name") or first.name).strip("-.") or "run"
    return f"{name[:60]}-{run[:8]}{ENDING}"
