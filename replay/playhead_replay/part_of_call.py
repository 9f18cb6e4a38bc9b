"""The part of a process's recording that is one run's: what a function needs that is called alone.

The run's lane goes on counting where it was, so its earlier effects stand in for themselves and are never asked for.
What the run shared with others (a cache, a counter, a client's cookies) is not as it was: where it matters, the replay
parts, and says so.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from playhead.lanes.excerpt import alone
from playhead.lanes.sink import RUN_ENDS, Record
from playhead_replay.errors import NotReplayable
from playhead_replay.recording.recording import Recording

_ALWAYS = frozenset("hvpiz")


@dataclass(frozen=True, slots=True)
class PartOfCall:
    recording: Recording
    lane: str
    children: int
    workers: int
    occurrences: dict[str, int]
    before: int
    """Effects of its lane that came before the run, and will not be asked for."""


def part_of_call(recording: Recording) -> PartOfCall:
    """Raises NotReplayable where the run cannot be told from what ran beside it."""
    records = list(recording.records)
    begins = next(
        (
            number
            for number, one in enumerate(records)
            if one[:1] == ["f"] and one[3] == "run" and one[6][1] == recording.run
        ),
        None,
    )
    if begins is None:
        raise NotReplayable(f"the recording does not say where run {recording.run} began, so it cannot be called alone")
    lane = str(records[begins][2])
    mine = _Mine(recording.run, lane, records, begins)
    kept = [alone(one) for number, one in enumerate(records) if one[0] in _ALWAYS or mine.has(number, one)]
    if not any(one[0] == "z" for one in kept) and mine.ends < len(records):
        kept.append(["z", len(kept)])  # what came after the run is left out, and was there
    part = replace(recording, records=kept, runs=[recording.run])
    return PartOfCall(part, lane, mine.children, mine.workers, mine.occurrences, mine.before)


class _Mine:
    """What belongs to the run, of its process's records."""

    def __init__(self, run: str, lane: str, records: list[Record], begins: int) -> None:
        self._run = run
        self._lane = lane
        self._begins = begins
        self._begun: set[tuple[str, str, int]] = set()
        self.children = self.workers = 0
        self.occurrences: dict[str, int] = {}
        self.before = 0
        for one in records[:begins]:
            self._count(one)
        last = max(number for number, one in enumerate(records) if number == begins or self._of_run(one))
        made = (str(one[1]) for one in records[begins:last] if one[0] == "l")
        self._lanes = {other for other in made if other.startswith(f"{lane}/")}
        self.ends = last + 1
        if any(one[0] in "xg" for one in records[begins : self.ends]):
            raise NotReplayable(
                "threads ran beside each other in this run, at places that are known in the course of the whole "
                "process alone; replay it without --entry"
            )

    def _of_run(self, one: Record) -> bool:
        return one[0] in "fb" and (one[1] == self._run or (one[3] == RUN_ENDS and one[6][1] == self._run))

    def _count(self, one: Record) -> None:
        if one[0] == "l":
            parent, _, number = str(one[1]).rpartition("/")
            if parent == self._lane and number.isdigit():
                self.children = max(self.children, int(number))
            elif parent == self._lane and number[:1] == "w" and number[1:].isdigit():
                self.workers = max(self.workers, int(number[1:]))
        elif one[0] in "fb" and one[2] == self._lane:
            self.occurrences[one[3]] = max(self.occurrences.get(one[3], 0), one[5] + 1)
            self.before += 1
        elif one[0] == "c" and one[1] == self._lane:
            self.occurrences[one[2]] = max(self.occurrences.get(one[2], 0), one[3] + 1)

    def has(self, number: int, one: Record) -> bool:
        match one[0]:
            case "f" | "b":
                if number < self._begins:
                    return bool(one[2] == self._lane)
                # What belongs to no run is this one's in the lanes that it made; but for where another begins.
                beneath = one[1] is None and one[2] in self._lanes and one[3] != "run"
                own = number == self._begins or self._of_run(one) or beneath
                if own and one[0] == "b":
                    self._begun.add((one[2], one[3], one[5]))
                return own
            case "c" if number > self._begins:
                lane = str(one[1]).partition("#")[0]
                within = lane in self._lanes or (lane == self._lane and number < self.ends)
                return within or (one[1], one[2], one[3]) in self._begun
            case _:
                return False
