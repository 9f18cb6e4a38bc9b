"""What is missing of a recording since other runs of its process were erased.

A run's part of the recording goes with it. What its neighbours need of the process is then not there, and neither is a
text that it was the first to write down. Nothing here guesses: the store, or the file, says which runs were erased.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from playhead.lanes.sink import RUN_ENDS
from playhead_replay.recording.recording import Recording, shares_nothing


@dataclass(frozen=True, slots=True)
class Gap:
    what: str
    """Which runs were erased, and when, in words."""
    place: int | None
    """The first record from which on a replay misses something; None where executing the run alone misses nothing."""


def gap_of(recording: Recording) -> Gap | None:
    """None where nothing that the run may need was erased."""
    end = end_of(recording)
    began = [
        (place, record[6][1])
        for place, record in enumerate(recording.records[:end])
        if record[0] == "f" and record[3] == "run" and record[6][0] == "=" and record[6][1] in recording.erased
    ]
    if not began:
        return None
    runs = [str(run) for _, run in began]
    last = datetime.fromtimestamp(max(recording.erased[run] for run in runs) / 1000, UTC)
    when = f"{last:%Y-%m-%d %H:%M:%S} UTC"
    one = len(runs) == 1
    who = f"run {runs[0][:12]} of its process was erased on {when}"
    if not one:
        who = f"{len(runs)} runs of its process were erased (run {runs[0][:12]} first, the last of them on {when})"
    what = f"{who}, and what {'it' if one else 'they'} recorded is gone"
    places = [place for place in (_first_lost_text(recording, end),) if place is not None]
    if not shares_nothing(recording):
        places.append(began[0][0])
    return Gap(what, min(places, default=None))


def end_of(recording: Recording) -> int:
    """The place behind the last record of the run."""
    return 1 + max(
        (
            place
            for place, record in enumerate(recording.records)
            if record[0] in ("f", "b")
            and (record[1] == recording.run or (record[3] == RUN_ENDS and record[6] == ["=", recording.run]))
        ),
        default=-1,
    )


def _first_lost_text(recording: Recording, end: int) -> int | None:
    """The first answer of the run in which a text is missing that an erased run had written down first."""
    there = {record[1] for record in recording.records if record[0] == "p"}
    begun: set[tuple[str, str, int]] = set()
    for place, record in enumerate(recording.records[:end]):
        match record:
            case ["b", owner, lane, kind, _, number, *_] if owner == recording.run:
                begun.add((lane, kind, number))
            case ["c", lane, kind, number, outcome, *_] if (lane, kind, number) in begun:
                if any(piece not in there for piece in _pieces(outcome)):
                    return place
    return None


def _pieces(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        yield from value.get("pieces", ())
        for within in value.values():
            yield from _pieces(within)
    elif isinstance(value, list):
        for within in value:
            yield from _pieces(within)
