"""A playback: answers a session as a program would, from the stored steps alone. Nothing is executed.

There are no frames and no values, and there is no end: a run that is over stays at its last moment.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from playhead.replaying.control import Message
from playhead.replaying.stepping import AT_ONCE, Goal, Place
from playhead_replay.launch import Executed
from playhead_replay.recording.steps import RecordedStep
from playhead_replay.stepping.course import Course


class StoredMoments:
    def __init__(self, steps: Sequence[RecordedStep]) -> None:
        course = Course(steps)
        self._moments: list[tuple[Place, str]] = [
            (course.place_of(step, begins), step.kind) for step, begins in _in_time(steps)
        ]
        self._here = 0
        self._told = 0
        self.forks = 0

    def begin(self, goal: Message) -> None:
        self._here = self._told = 0
        self.go_on(goal)

    def go_on(self, goal: Message) -> None:
        wanted = Goal.of(goal)
        while self._here < len(self._moments):
            self._here += 1
            if wanted.is_met(*self._moments[self._here - 1]):
                break

    def go_back(self, number: int, goal: Message) -> int | None:
        self._here = number - 1
        self.go_on(goal)
        return number

    def next_message(self) -> Message:
        told, self._told = self._told, max(self._told, self._here)
        place = self._moments[self._here - 1][0] if self._moments else None
        return {
            "stopped": place,
            "count": self._here,
            "moments": [(*place, kind) for place, kind in self._moments[told : self._here]],
            "failure": None,
            "frames": [],
            "shown": 0,
            "locals": [],
        }

    def ask(self, question: Message) -> Message | None:
        return None

    def pause(self) -> None:
        """It never takes long."""

    def end(self) -> None:
        """Nothing runs."""

    def left(self) -> Executed:
        raise AssertionError("a playback has no end")

    def close(self) -> None:
        """Nothing was started."""


def _in_time(steps: Sequence[RecordedStep]) -> Iterator[tuple[RecordedStep, bool]]:
    """Each step's beginning, and its end where it has one. At the same time ends come first, but for what took none."""
    moments: list[tuple[tuple[int, int, int], RecordedStep, bool]] = []
    for number, step in enumerate(steps):
        moments.append(((step.start_ns, 1, number), step, True))
        if step.ended and step.kind not in AT_ONCE:
            end = max(step.start_ns, step.end_ns)
            moments.append(((end, 0 if end > step.start_ns else 2, -number), step, False))
    for _, step, begins in sorted(moments, key=_when):
        yield step, begins


def _when(moment: tuple[tuple[int, int, int], Any, Any]) -> tuple[int, int, int]:
    return moment[0]
