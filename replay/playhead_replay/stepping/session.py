"""A session: a recorded program executed again, step by step, forward and back. One thread at a time drives it.

Every command returns where it stands then: a `Stop`, or `Ended`. Going back is going on from a moment before, so what
is seen there is what was seen there; forward again it comes to the same end. Where nothing can be executed the same
commands walk through the stored steps: a playback, which has no frames and no end.
"""

from __future__ import annotations

import linecache
from collections.abc import Iterable, Mapping, Sequence
from contextlib import ExitStack
from types import TracebackType
from typing import IO, Any, Protocol

from playhead.errors import UsageError
from playhead.recorder.redaction import Redaction
from playhead.replaying.control import Message
from playhead.replaying.stepping import Place
from playhead.values.redact import Redactor
from playhead.values.salt import installation_salt
from playhead_collector.read.conversation import Conversation
from playhead_replay.compare import StepDifference, first_difference
from playhead_replay.entry import Entry
from playhead_replay.launch import Executed, Scene, scene_for
from playhead_replay.recording.recording import Recording
from playhead_replay.recording.steps import RecordedStep
from playhead_replay.replay import verdict_on
from playhead_replay.stepping.branches import Branches
from playhead_replay.stepping.breakpoints import Breakpoint, breakpoint_of
from playhead_replay.stepping.course import Course
from playhead_replay.stepping.facts import Facts, said_in, states_of, totals_of
from playhead_replay.stepping.stop import Ended, Failure, Frame, Local, SourceLine, Stop
from playhead_replay.stepping.stored import StoredMoments

# A fork costs the program 5 to 20 ms.
KEEP_EVERY_MS = 60
AROUND = 4
Standing = Stop | Ended


class Moments(Protocol):
    """What goes from moment to moment: processes (branches.py), or the stored steps alone (stored.py)."""

    forks: int

    def begin(self, goal: Message) -> None: ...
    def go_on(self, goal: Message) -> None: ...
    def pause(self) -> None: ...
    def end(self) -> None: ...
    def ask(self, question: Message) -> Message | None: ...
    def next_message(self) -> Message | None: ...
    def go_back(self, number: int, goal: Message) -> int | None: ...
    def left(self) -> Executed: ...
    def close(self) -> None: ...


class Session:
    """`with Session(recording, entry) as session: session.begin()`; what it started is gone when it is closed."""

    def __init__(
        self,
        recording: Recording,
        entry: Entry | None,
        *,
        output: int | IO[bytes] | None = None,
        keep_every_ms: int = KEEP_EVERY_MS,
        around: int = AROUND,
    ) -> None:
        """`entry`: None for a playback; `output`: where it prints, as of `subprocess`; `keep_every_ms`: how far
        a step back may have to go, of the program's own time; `around`: how many lines of code before and after."""
        self.recording = recording
        self.breakpoints: dict[int, Breakpoint] = {}
        self._entry = entry
        self._around = around
        self._facts = Facts(recording.steps)
        self._numbers = {step.id: number for number, step in enumerate(recording.steps, 1)}
        # As the program itself does with values: a secret may stand in the code.
        self._redaction = Redaction(Redactor(installation_salt()))
        self._fields: list[Mapping[str, Any]] = []
        self._course = Course(recording.steps)
        self._met: dict[Place, str] = {}
        self._stack = ExitStack()
        self._scene: Scene | None = None
        self._branches: Moments
        if entry is None:
            self._branches = StoredMoments(recording.steps)
        else:
            self._scene = self._stack.enter_context(scene_for(recording))
            self._branches = Branches(recording, entry, self._scene, output, keep_every_ms)
        self._stack.callback(self._branches.close)
        self._standing: Standing | None = None

    def __enter__(self) -> Session:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Ends all that it started. Where another thread is in the middle of a command, `end` comes first."""
        self._stack.close()

    # -- breakpoints

    def stop_at(self, expression: str) -> int:
        """A breakpoint, by its number; raises UsageError that shows what is wrong with the expression."""
        number = max(self.breakpoints, default=0) + 1
        self.breakpoints[number] = breakpoint_of(expression)
        self._look_for_breakpoints()
        return number

    def forget(self, number: int) -> None:
        if number not in self.breakpoints:
            raise UsageError(f"there is no breakpoint {number}")
        del self.breakpoints[number]
        self._look_for_breakpoints()

    def _look_for_breakpoints(self) -> None:
        self._fields = self._fields or self._facts.fields()
        self._met = {}
        for number, one in self.breakpoints.items():
            for at in one.places([fields.get for fields in self._fields]):
                place = self._course.place_of(self.recording.steps[at])
                self._met.setdefault(place, f"breakpoint {number}: {one.text}")

    # -- forward

    def begin(self, until: int | None = None, *, at_first: bool = False) -> Standing:
        """Starts the program. It goes to where the step `until` begins, or to a breakpoint, whichever comes first; to
        its first step where there is neither, or `at_first`."""
        self._course = Course(self.recording.steps)
        places = [] if until is None else [self._course.place_of(self._numbered(until))]
        anywhere = at_first or (until is None and not self.breakpoints)
        self._branches.begin(self._goal(places, anywhere=anywhere))
        return self._arrive()

    def step(self) -> Standing:
        """To the next place, whatever it is: the beginning of a step, or its end."""
        return self._go_on(self._goal([], anywhere=True))

    def over(self) -> Standing:
        """From the beginning of a step to its end; from its end to what comes next in its lane."""
        here = self._place()
        if here is None:
            return self.standing
        lane, number, begins = here
        if begins and not self._course.moments[self._course.here - 1].is_at_once:
            return self._go_on(self._goal([(lane, number, False)]))
        return self._go_on(self._goal(self._parent_end(here), lane=lane))

    def out(self) -> Standing:
        """To the end of the step that this one is within; from the outermost to the end of the run."""
        here = self._place()
        return self.standing if here is None else self._go_on(self._goal(self._parent_end(here)))

    def go_on(self) -> Standing:
        """To the next breakpoint, or to the end."""
        return self._go_on(self._goal([]))

    def until(self, number: int) -> Standing:
        """Forward to where this step begins, or to a breakpoint before."""
        return self._go_on(self._goal([self._course.place_of(self._numbered(number))]))

    def go_to(self, number: int) -> Standing:
        """To where this step begins, forward or back; breakpoints do not hold it up."""
        place = self._course.place_of(self._numbered(number))
        been = self._course.number_of(place)
        if been is not None and been == self._course.here:
            return self.standing
        return self._to(been) if been is not None else self._go_on(self._goal([place], breakpoints=False))

    def pause(self) -> None:
        """From another thread: stops what goes on at the next place."""
        self._branches.pause()

    def end(self) -> None:
        """From another thread: kills what goes on, for what does not come to a next place. One can still go back."""
        self._branches.end()

    # -- back

    def back(self) -> Standing:
        """To the place before. At the first there is none, and it stays."""
        return self._to(self._course.before())

    def back_to_prompt(self) -> Standing:
        """To where the prompt before began; where there is none it stays."""
        return self._to(self._course.before("prompt"))

    # -- what is there

    @property
    def standing(self) -> Standing:
        if self._standing is None:
            raise UsageError("the session has not begun")
        return self._standing

    @property
    def standing_or_none(self) -> Standing | None:
        """None before it has begun."""
        return self._standing

    def difference(self) -> StepDifference | None:
        """The first step that is over and not what was recorded; None where all are. A playback has none."""
        if self._scene is None:
            return None
        over = {step.id for step in self._course.ended()}
        recorded = [step for step in self.recording.steps if step.id in over]
        replayed = [step for step in self._scene.steps() if step.run == self.recording.run and step.ended]
        return first_difference(recorded, replayed)

    @property
    def moment(self) -> int:
        """Where it stands in the course of the run: less than before where one went back."""
        return self._course.here

    @property
    def forks(self) -> int:
        """How often it went on from a moment that was kept, and not from the beginning."""
        return self._branches.forks

    def locals(self, frame: int) -> tuple[Local, ...]:
        """Of another frame than the one that a stop shows."""
        return self._asked({"locals": self._known_frame(frame)})

    def value(self, expression: str, frame: int | None = None) -> Local:
        """Of a Python expression in a frame, computed in a copy of the program that is thrown away: it changes nothing.

        An effect that it asks for is answered where the recording has just this, and else refused.
        """
        known = self._known_frame(frame)
        return next(iter(self._asked({"evaluate": expression, "frame": known})), Local(expression, "", "it has ended"))

    def conversation(self) -> Conversation | None:
        """Of the prompt that is about to happen, or was the last one, in this lane where it had any.

        Its answer is there once the step has ended.
        """
        begun = [step for step in self._course.begun() if step.kind == "prompt"]
        if not begun:
            return None
        here = self._place()
        lane = "" if here is None else here[0]
        last = next((step for step in reversed(begun) if step.lane == lane), begun[-1])
        said = said_in(last)
        is_over = any(step is last for step in self._course.ended())
        return said if is_over else Conversation(said.system, said.input, (), said.tools, captured=said.captured)

    def content(self, step: RecordedStep) -> Conversation:
        """Of any step, as it was recorded: messages, arguments, result."""
        return said_in(step)

    # -- within

    def _go_on(self, goal: Message) -> Standing:
        if isinstance(self.standing, Ended):
            return self.standing
        self._branches.go_on(goal)
        return self._arrive()

    def _to(self, number: int | None) -> Standing:
        """Back to a moment that has been, by its number."""
        if number is None:
            return self.standing
        place = self._course.moments[number - 1].place
        goal = self._goal([place], breakpoints=False, silent=True)
        highest = number
        while (kept := self._branches.go_back(highest, goal)) is not None:
            standing = self._arrived()
            if standing is not None:
                return standing
            highest = kept - 1
        self._branches.begin(goal)
        return self._arrive()

    def _arrive(self) -> Standing:
        standing = self._arrived()
        assert standing is not None  # it had no past in which its goal could lie
        return standing

    def _arrived(self) -> Standing | None:
        """None where the goal had been passed already: threads that ran side by side, in another order."""
        while (message := self._branches.next_message()) is not None:
            if "count" in message:
                self._course.learn(int(message["count"]), message["moments"])
            if "stopped" in message:
                self._standing = self._stop(message)
                return self._standing
            if "passed" in message:
                return None
        executed = self._branches.left()
        self._course.over()
        self._standing = Ended(verdict_on(self.recording, executed))
        return self._standing

    def _goal(
        self,
        places: Iterable[Place],
        *,
        anywhere: bool = False,
        lane: str | None = None,
        breakpoints: bool = True,
        silent: bool = False,
    ) -> Message:
        wanted = [*places, *(self._met if breakpoints else ())]
        return {"places": wanted, "anywhere": anywhere, "lane": lane, "silent": silent}

    def _place(self) -> Place | None:
        """Where it stands; None at the end."""
        if isinstance(self.standing, Ended) or not self._course.moments:
            return None
        return self._course.moments[self._course.here - 1].place

    def _parent_end(self, place: Place) -> list[Place]:
        end = self._course.end_of_parent(place)
        return [] if end is None else [end]

    def _numbered(self, number: int) -> RecordedStep:
        if not 1 <= number <= len(self.recording.steps):
            raise UsageError(f"there is no step {number}: the run has {len(self.recording.steps)}")
        return self.recording.steps[number - 1]

    def _known_frame(self, frame: int | None) -> int:
        standing = self.standing
        if isinstance(standing, Ended) or not standing.frames:
            raise UsageError("there is no frame of the agent's here")
        if frame is None:
            return standing.shown
        if not 0 <= frame < len(standing.frames):
            raise UsageError(f"there are {len(standing.frames)} frames here")
        return frame

    def _asked(self, question: Message) -> tuple[Local, ...]:
        answer = self._branches.ask(question)
        return () if answer is None else _locals(answer["rows"])

    def _stop(self, message: Message) -> Stop:
        lane, number, begins = message["stopped"] or ("", 0, True)
        place: Place = (lane, number, begins)
        step = self._course.step_at(place) if message["stopped"] else None
        failure = message["failure"]
        calls = (call for ended in self._course.ended() if (call := self._facts.calls.get(ended.id)) is not None)
        return Stop(
            number=None if step is None else self._numbers[step.id],
            steps=len(self.recording.steps),
            begins=begins,
            lane=lane,
            step=step,
            frames=tuple(self._frame(frame) for frame in message["frames"]),
            shown=int(message["shown"]),
            locals=_locals(message["locals"]),
            totals=totals_of(calls),
            states=states_of(self._course.begun()),
            failure=failure and Failure(failure["what"], failure["place"], tuple(failure["differences"])),
            met=self._met.get(place, ""),
        )

    def _frame(self, said: Mapping[str, Any]) -> Frame:
        file, line = str(said["file"]), int(said["line"])
        assert self._entry is not None  # a playback has no frames
        path = str(self._entry.folder / file)
        linecache.checkcache(path)
        lines = linecache.getlines(path)
        first = max(1, line - self._around)
        around = tuple(
            SourceLine(number, self._redaction.text(text.rstrip("\n")))
            for number, text in enumerate(lines[first - 1 : line + self._around], first)
        )
        return Frame(path if around else file, line, str(said["function"]), bool(said["own"]), around)


def _locals(rows: Iterable[Sequence[str]]) -> tuple[Local, ...]:
    return tuple(Local(*row) for row in rows)
