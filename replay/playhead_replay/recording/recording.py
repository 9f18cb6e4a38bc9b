"""A recording: what one process wrote down while it ran, and the steps of the run that is to be replayed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from playhead.lanes.excerpt import shared_by, slice_of
from playhead.lanes.sharing import CLIENT
from playhead.lanes.sink import RUN_ENDS, Record
from playhead_replay.recording.steps import RecordedStep


@dataclass(frozen=True, slots=True)
class Recording:
    process: str
    run: str
    steps: Sequence[RecordedStep]
    """Of the run, in the order in which they began."""
    records: Sequence[Record]
    """Of the process, in the order of events, as lanes/sink.py describes them."""
    header: Mapping[str, Any]
    origin: Mapping[str, Any]
    """What the process came from, as fingerprint/ took it; empty where that was not recorded."""
    runs: Sequence[str]
    """All runs of the process, in the order in which they began."""
    other_processes: int = 0
    """Processes that the run started and that recorded for themselves: they are answers here, not executed again."""
    erased: Mapping[str, int] = field(default_factory=dict)
    """Runs of the process that were erased, and their part of the records with them: when, in milliseconds."""

    @property
    def complete(self) -> bool:
        """The process ended as it wanted to, and was not killed."""
        return any(record[0] == "z" for record in reversed(self.records))

    @property
    def root(self) -> RecordedStep | None:
        """The step that the run began with."""
        there = {step.id for step in self.steps}
        return next((step for step in self.steps if step.parent is None or step.parent not in there), None)

    @property
    def failed(self) -> bool:
        return self.root is not None and self.root.failed

    @property
    def is_last(self) -> bool:
        """Whether nothing began after this run."""
        return next((begun == self.run for begun in _begun(reversed(self.records))), True)


def alone(recording: Recording) -> Recording:
    """The run without the others of its process: what came before the first request, and its own lanes.

    Raises NotServed where no request started it.
    """
    return replace(recording, records=slice_of(recording.records, recording.run), runs=[recording.run])


def without(recording: Recording, erased: Mapping[str, int]) -> Recording:
    """Of which other runs' parts are gone; those are runs of its process all the same."""
    runs = [run for run in _begun(recording.records) if run in recording.runs or run in erased]
    return replace(recording, erased=erased, runs=runs) if erased else recording


def shares_nothing(recording: Recording) -> bool:
    """Whether a request started the run, others did others, and it was not seen to share anything with them.

    Clients of HTTP are left out: nearly all runs of a server share one, and its connections are outside.
    """
    by_request = any(record[:2] == ["i", recording.run] for record in recording.records)
    return by_request and len(recording.runs) > 1 and not shared(recording).keys() - {CLIENT}


def shared(recording: Recording) -> Mapping[str, int]:
    """What the run was seen to share, and with how many others."""
    return shared_by(recording.records, recording.run)


def recording_of(
    process: str,
    run: str,
    steps: Sequence[RecordedStep],
    records: Iterable[Record],
    other_processes: int = 0,
) -> Recording:
    kept = list(records)
    header: Mapping[str, Any] = next((record[1] for record in kept if record[0] == "h"), {})
    origin: Mapping[str, Any] = next((record[1] for record in reversed(kept) if record[0] == "v"), {})
    return Recording(process, run, steps, kept, header, origin, _runs_in(kept, run), other_processes)


def _runs_in(records: Sequence[Record], run: str) -> list[str]:
    """In the order in which they began. An id alone is no run: a framework's spans around a request get one, too."""
    ended = {record[6][1] for record in records if record[0] == "f" and record[3] == RUN_ENDS}
    owners = {record[1] for record in records if record[0] in ("f", "b")}
    return [one for one in _begun(records) if one == run or one in ended or one in owners]


def _begun(records: Iterable[Record]) -> Iterator[str]:
    return (record[6][1] for record in records if record[0] == "f" and record[3] == "run" and record[6][0] == "=")
