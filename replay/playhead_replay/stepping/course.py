"""The course of a replayed run: its moments in the order in which they come, and which recorded step each is of.

Known as far as the replay ever went; what lies ahead of where it is now, after going back, comes again as it came.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from playhead.replaying.stepping import AT_ONCE, Place
from playhead_replay.recording.steps import RecordedStep


@dataclass(frozen=True, slots=True)
class CourseMoment:
    place: Place
    kind: str

    @property
    def is_at_once(self) -> bool:
        """It ends as it begins."""
        return self.kind in AT_ONCE

    @property
    def is_stop(self) -> bool:
        """Whether one stops here in passing."""
        return self.place[2] or not self.is_at_once


class Course:
    def __init__(self, steps: Sequence[RecordedStep]) -> None:
        self._lanes: dict[str, list[RecordedStep]] = defaultdict(list)
        self._places: dict[str, tuple[str, int]] = {}
        for step in steps:
            self._places[step.id] = (step.lane, len(self._lanes[step.lane]))
            self._lanes[step.lane].append(step)
        self.moments: list[CourseMoment] = []
        self.here = 0
        """How many moments have been, the one at which it stopped among them."""

    def learn(self, count: int, moments: Iterable[Sequence[Any]]) -> None:
        """The latest moments, up to the one with this number."""
        told = [CourseMoment((lane, number, begins), kind) for lane, number, begins, kind in moments]
        self.moments[count - len(told) : count] = told
        self.here = count

    def over(self) -> None:
        """The program has ended: what lies before is all that there is."""
        del self.moments[self.here :]
        self.here += 1

    def step_at(self, place: Place) -> RecordedStep | None:
        """None where the replay does more than was recorded."""
        lane = self._lanes.get(place[0], [])
        return lane[place[1]] if place[1] < len(lane) else None

    def place_of(self, step: RecordedStep, begins: bool = True) -> Place:
        return (*self._places[step.id], begins)

    def end_of_parent(self, place: Place) -> Place | None:
        step = self.step_at(place)
        parent = self._places.get(step.parent or "") if step is not None else None
        return None if parent is None else (*parent, False)

    def number_of(self, place: Place) -> int | None:
        """Which moment it is, if it has been."""
        found = (number for number, moment in enumerate(self.moments[: self.here], 1) if moment.place == place)
        return next(found, None)

    def before(self, kind: str | None = None) -> int | None:
        """The number of the moment before at which one would stop: any, or where a step of this kind began."""
        for number in range(min(self.here - 1, len(self.moments)), 0, -1):
            moment = self.moments[number - 1]
            if moment.is_stop and (kind is None or (moment.kind == kind and moment.place[2])):
                return number
        return None

    def begun(self) -> Iterable[RecordedStep]:
        """The steps that have begun by now, in their order."""
        return self._steps(begun=True)

    def ended(self) -> Iterable[RecordedStep]:
        return self._steps(begun=False)

    def _steps(self, begun: bool) -> Iterable[RecordedStep]:
        places = (moment.place for moment in self.moments[: self.here] if moment.place[2] is begun)
        return (step for place in places if (step := self.step_at(place)) is not None)
