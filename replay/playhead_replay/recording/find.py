"""Finds the recording of a run: by its id in a store, or in a file of `playhead record` or `playhead export`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from playhead.errors import UsageError
from playhead.journal.reader import Position, parsed
from playhead.journal.recording import WORD, merged
from playhead.journal.records import Assembler, Span
from playhead.journal.single import is_single
from playhead.journal.words import HEAD
from playhead.lanes.sink import Record
from playhead_collector.recording_file import Exported, is_exported, read_exported
from playhead_replay.errors import NotReplayable
from playhead_replay.recording.recording import Recording, recording_of, without
from playhead_replay.recording.steps import RecordedStep, from_journal, from_otlp

if TYPE_CHECKING:
    from clickhouse_connect.driver.client import Client


def from_store(client: Client, prefix: str) -> Recording:
    """Raises UsageError where there is no such run, NotReplayable where none of its processes made a recording."""
    # Here, since a recording in a file needs no client of a store: that is most of the time in which a replay starts.
    from playhead_collector.read.recordings import chunks_of, erased_of, processes_of
    from playhead_collector.read.run import find_run
    from playhead_collector.read.spans import spans_of

    run = find_run(client, prefix)
    spans = list(spans_of(client, [run]))
    steps = from_otlp(stored.span for stored in spans)
    found = {process: list(merged(chunks_of(client, process))) for process in processes_of(client, run)}
    gone = next((stored.gone for stored in spans if stored.gone), "").removeprefix("playhead: ")
    if gone and not found:
        raise NotReplayable(
            f"run {run} cannot be executed again: {gone}, and the recording that a replay is made from with it"
        )
    chosen = _chosen(run, steps, found)
    return without(chosen, erased_of(client, chosen.records))


def from_file(file: Path, prefix: str | None = None) -> Recording:
    """`prefix` names one of the runs in it; without, it is the first."""
    try:
        if is_exported(file):
            return _from_exported(read_exported(file))
        if file.stat().st_size == 0:
            raise _without_runs(file, "it is empty")
        if not is_single(file):
            raise UsageError(
                f"{file} is no recording; 'playhead record -o FILE -- python agent.py' makes one, and 'playhead "
                f"export RUN -o FILE' one of a stored run"
            )
        found, spans = _read(file)
    except OSError as error:
        raise UsageError(f"{file} cannot be read: {error.strerror}") from None
    steps = from_journal(spans)
    runs = list(dict.fromkeys(step.run for step in sorted(steps, key=lambda step: step.start_ns)))
    if not runs:
        raise _without_runs(file, "it was cut short, or ended before a run began")
    named = [run for run in runs if run.startswith(prefix or "")]
    if not named or (prefix and len(named) > 1):
        raise UsageError(f"{file} holds {len(named)} runs that begin with {prefix!r}, of: {', '.join(runs)}")
    return _chosen(named[0], [step for step in steps if step.run == named[0]], found)


def _without_runs(file: Path, why: str) -> UsageError:
    return UsageError(
        f"{file} holds no run: {why}; take the original of it, or record it again: 'playhead record -o FILE -- "
        "python agent.py'"
    )


def _from_exported(exported: Exported) -> Recording:
    spans = [
        span for resource in exported.traces.resource_spans for scope in resource.scope_spans for span in scope.spans
    ]
    return without(_chosen(exported.run, from_otlp(spans), exported.records()), exported.erased)


def _chosen(run: str, steps: Sequence[RecordedStep], found: Mapping[str, list[Record]]) -> Recording:
    """The process in which the run began; those that it started are answers to it."""
    recordings = [recording_of(process, run, steps, records, len(found) - 1) for process, records in found.items()]
    began = [one for one in recordings if _is_no_child(one)]
    if not began:
        raise NotReplayable(
            f"run {run} came without a recording, so it can be read but not executed again: playhead.init() keeps one "
            "by default, of each run that asks for anything (a model, a clock, a file), and 'playhead record' of any"
        )
    return next((one for one in began if run in one.runs), began[0])


def _is_no_child(recording: Recording) -> bool:
    lane = str(recording.header.get("lane", "0"))
    return bool(recording.records) and "!" not in lane and "+" not in lane


def _read(file: Path) -> tuple[dict[str, list[Record]], list[Span]]:
    found: dict[str, list[Record]] = {}
    spans: list[Span] = []
    assembler = Assembler()
    process = ""
    with file.open("rb") as lines:
        for line in lines:
            record = parsed(line.rstrip(b"\n")) if line.endswith(b"\n") else None
            if record is None:
                continue
            if record[0] == HEAD:
                if process != str(record[1].get("process", "")):
                    spans += assembler.open_spans()
                    assembler = Assembler()
                process = str(record[1].get("process", ""))
            elif record[0] == WORD and len(record) == 3:
                found.setdefault(process, []).append(record[2])
            elif (span := assembler.take(record, Position())) is not None:
                spans.append(span)
    return found, spans + assembler.open_spans()
