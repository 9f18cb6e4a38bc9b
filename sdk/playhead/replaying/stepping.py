"""Inside of a program that somebody steps through: at each moment of the run, whether to stop here, and what is there.

A moment is the beginning or the end of a step. It is known by its place: the lane, which of the lane's steps, and
whether it begins; so it is found again by an execution in which the steps of two lanes changed places. Who stops does
so in the agent's own thread, within the discipline: nothing else of the agent runs meanwhile.
"""

from __future__ import annotations

import os
from _thread import allocate_lock
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from types import FrameType
from typing import Any

from playhead.aside import aside
from playhead.recorder.processor import Moment
from playhead.recorder.recorder import Recorder
from playhead.recorder.run import KIND, LANE
from playhead.replaying.asked import Stepped
from playhead.replaying.control import Channel, Message
from playhead.replaying.looking import frames_of_agent, is_own, locals_of, value_of
from playhead.replaying.outcome import Outcome
from playhead.replaying.snapshots import Snapshots, flush_streams

AT_ONCE = frozenset({"state", "decision", "score"})
"""Kinds of steps that end as they begin: their end is no place to stop."""

Place = tuple[str, int, bool]
_exit = os._exit  # the real one: it is wrapped while serving


@dataclass(frozen=True, slots=True)
class Goal:
    """Where to stop next."""

    anywhere: bool = False
    places: frozenset[Place] = frozenset()
    lane: str | None = None
    """Anywhere in this lane."""
    silent: bool = False
    """What is printed until then was printed before."""

    @classmethod
    def of(cls, message: Mapping[str, Any]) -> Goal:
        places = frozenset((str(lane), int(number), bool(begins)) for lane, number, begins in message["places"])
        return cls(bool(message["anywhere"]), places, message["lane"], bool(message["silent"]))

    def is_met(self, place: Place, kind: str) -> bool:
        if place in self.places:
            return True
        return (self.anywhere or self.lane == place[0]) and (place[2] or kind not in AT_ONCE)


class Stepper:
    def __init__(self, channel: Channel, run: str | None, recorder: Recorder, snapshots: Snapshots, goal: Goal) -> None:
        """`run`: the one that is stepped through; None: whatever the process does."""
        self._channel = channel
        self._run = run
        self._recorder = recorder
        self._goal = goal
        self._snapshots = snapshots
        self._one_at_a_time = allocate_lock()
        self._begun: dict[str, int] = {}
        self._open: dict[str, tuple[str, int, str]] = {}
        self._passed: set[Place] = set()
        self._here: Place | None = None
        self._count = 0
        self._untold: list[tuple[str, int, bool, str]] = []
        self._silence = Silence()
        self._waited = False

    def at(self, moment: Moment) -> None:
        """A watcher of the processor's."""
        if self._run is not None and moment.run != self._run:
            return
        with self._one_at_a_time, aside():
            try:
                self._pass(moment)
            except OSError:
                _exit(0)  # nobody steps any more

    def failed(self, outcome: Outcome) -> None:
        """The replay parts from its recording here: the last chance to look."""
        with self._one_at_a_time, aside(), suppress(OSError):
            self._stop(failure={"what": outcome.what, "place": outcome.place, "differences": outcome.differences})

    def ended(self) -> None:
        with self._one_at_a_time, aside(), suppress(OSError):
            self._channel.send({"over": True, **self._told()})
            self._silence.be(False)

    # -- a moment

    def _pass(self, moment: Moment) -> None:
        lane, number, kind = self._place(moment)
        self._here = place = (lane, number, moment.begins)
        self._count += 1
        self._passed.add(place)
        self._untold.append((lane, number, moment.begins, kind))
        if self._snapshots.is_due():
            self._keep()
        if self._channel.has_message():
            self._listen()
        if self._goal.is_met(place, kind):
            self._stop()

    def _place(self, moment: Moment) -> tuple[str, int, str]:
        if not moment.begins:
            known = self._open.pop(moment.step, None)
            if known is not None:
                return known
        lane = str(moment.attributes.get(LANE, ""))
        number = self._begun.get(lane, 0)
        self._begun[lane] = number + 1
        found = (lane, number, str(moment.attributes.get(KIND, "other")))
        if moment.begins:
            self._open[moment.step] = found
        return found

    def _keep(self) -> None:
        self._wait_for_our_threads()
        woken = self._snapshots.keep(self._channel, self._told, self._silence.descriptors)
        if woken is None:
            return
        self._recorder.journal.cut_off()
        self._channel, self._goal = woken.channel, Goal.of(woken.goal)
        self._silence.be(self._goal.silent)
        if self._goal.places and not self._goal.anywhere and self._goal.places <= self._passed - {self._here}:
            self._channel.send({"passed": True})
            _exit(0)

    def _wait_for_our_threads(self) -> None:
        """One looks at the code's files for a moment after recording began; with it there are two."""
        if not self._waited and self._recorder.fingerprint is not None:
            self._waited = True
            self._recorder.fingerprint.wait(1.0)

    def _told(self) -> dict[str, Any]:
        """What came since this was last told, and how many moments that makes."""
        untold, self._untold = self._untold, []
        return {"count": self._count, "moments": untold}

    # -- stopped

    def _stop(self, failure: Mapping[str, Any] | None = None) -> None:
        self._silence.be(False)
        flush_streams()  # what was printed until here is to be seen here
        frames = frames_of_agent()
        shown = next((number for number, frame in enumerate(frames) if is_own(frame.f_code)), 0)
        self._channel.send(
            {
                "stopped": self._here,
                **self._told(),
                "failure": failure,
                "frames": [_frame(frame) for frame in frames],
                "shown": shown,
                "locals": locals_of(frames[shown], self._recorder.redaction) if frames else [],
            }
        )
        while not self._answer(self._next_message(), frames):
            pass

    def _answer(self, message: Message, frames: list[FrameType]) -> bool:
        """Whether it goes on."""
        if "goal" in message:
            self._goal = Goal.of(message["goal"])
            return True
        redaction = self._recorder.redaction
        if "locals" in message:
            self._channel.send({"rows": locals_of(frames[int(message["locals"])], redaction)})
        elif "evaluate" in message:
            frame = frames[int(message["frame"])]
            self._channel.send({"rows": value_of(str(message["evaluate"]), frame, redaction)})
        return False

    def _listen(self) -> None:
        """To what comes while nothing is stopped: to stop at the next place. Where it has stopped, nobody listens to
        that, so it can come at any time."""
        if "pause" in self._next_message():
            self._goal = Goal(anywhere=True)

    def _next_message(self) -> Message:
        message = self._channel.receive()
        if message is None:
            _exit(0)
        return message


class Silence:
    """Keeps what is printed from where it goes, while a program comes again to where it was."""

    def __init__(self) -> None:
        self._kept: dict[int, int] = {}

    @property
    def descriptors(self) -> set[int]:
        return set(self._kept.values())

    def be(self, silent: bool) -> None:
        if silent == bool(self._kept):
            return
        flush_streams()
        if silent:
            nowhere = os.open(os.devnull, os.O_WRONLY)
            for number in (1, 2):
                self._kept[number] = os.dup(number)
                os.dup2(nowhere, number)
            os.close(nowhere)
        else:
            for number, kept in self._kept.items():
                os.dup2(kept, number)
                os.close(kept)
            self._kept.clear()


def _frame(frame: FrameType) -> dict[str, Any]:
    code = frame.f_code
    return {"file": code.co_filename, "line": frame.f_lineno, "function": code.co_qualname, "own": is_own(code)}


def stepper_of(asked: Stepped, recorder: Recorder, snapshots: Snapshots) -> Stepper:
    """Waits for the first goal, which is there before the program is."""
    channel = Channel.of(asked.control)
    message = channel.receive()
    if message is None:
        _exit(0)
    return Stepper(channel, asked.run, recorder, snapshots, Goal.of(message["goal"]))
