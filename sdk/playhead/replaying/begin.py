"""Inside of the program: has its recorder serve the recording instead of making one.

The engine begins where it began when this was recorded: before the first line under `playhead record`, else in `init`.
What runs before that was not recorded, and may not reach the world either (guard.py).
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import NoReturn

from playhead.lanes.divergence import Divergence, ForkEnded, RecordingEnded, RunEnded
from playhead.lanes.engine import Engine
from playhead.lanes.forking import Forking
from playhead.lanes.serving import Serving
from playhead.lanes.sink import Record
from playhead.lanes.who import place_of_agent
from playhead.recorder import recorder as of_process
from playhead.recorder import recording
from playhead.recorder.processor import Moment
from playhead.recorder.recorder import Recorder, Settings
from playhead.replaying.asked import ReplayAsked
from playhead.replaying.fork import Fork, do_as_the_fork
from playhead.replaying.guard import Guard
from playhead.replaying.looking import is_looking
from playhead.replaying.outcome import How, Outcome
from playhead.replaying.pace import Pace
from playhead.replaying.snapshots import Snapshots
from playhead.replaying.stepping import Stepper, stepper_of

# As the replay command says it; whoever looks at this process alone sees the same.
DIVERGED = 1


asked_here: ReplayAsked | None = None
"""What this process was asked, if it is a replay."""


def replay_this_process(asked: ReplayAsked) -> None:
    """What `init`, or `playhead record`, sets up from here on serves."""
    global asked_here  # noqa: PLW0603 - a process is one replay
    asked_here = asked
    if asked.pythonpath is None:
        os.environ.pop("PYTHONPATH", None)
    else:
        os.environ["PYTHONPATH"] = asked.pythonpath
    guard = Guard(lambda failure: _fail(asked, failure))
    of_process.adjust = lambda settings: _kept_here(settings, asked)
    engine_of = _serving if asked.fork is None else _forking
    recording.engine_of = lambda recorder: engine_of(recorder, asked, guard)


def _kept_here(settings: Settings, asked: ReplayAsked) -> Settings:
    return replace(settings, endpoint=None, journal=Path(asked.journal), sync=False)


def _serving(recorder: Recorder, asked: ReplayAsked, guard: Guard) -> Engine:
    stepper = _stepper(asked, recorder)
    stop = None if stepper is None else stepper.failed

    def failed(failure: BaseException) -> None:
        if is_looking():
            return
        if isinstance(failure, RunEnded):
            done()
            _leave(0)
        _fail(asked, failure, stop)

    def done() -> None:
        if stepper is not None:
            stepper.ended()
        _done(asked, engine)

    engine = Engine.serving_from(_records(Path(asked.records)), failed)
    assert isinstance(engine.direction, Serving)
    if asked.realtime:
        engine.direction.pace = Pace(int(engine.direction.header.get("monotonic_ns", 0))).until
    engine.direction.moved = [(here, there) for here, there in asked.moved]
    _tell_its_end(engine, done)
    guard.leave()
    if forked := engine.direction.header.get("forked"):
        do_as_the_fork(recorder, engine, forked, lambda why: _fail(asked, ForkEnded(why)))
    if stepper is not None:
        engine.beside = _beside(asked)
        recorder.processor.watchers.append(stepper.at)
    if asked.run is not None:
        recorder.processor.watchers.append(Until(asked, done).at)
    return engine


def _forking(recorder: Recorder, asked: ReplayAsked, guard: Guard) -> Engine:
    assert asked.fork is not None

    def fail(failure: BaseException) -> NoReturn:
        fork.tell_end(failure)
        _fail(asked, failure, told=lambda outcome: _of_fork(engine, outcome))

    fork = Fork(recorder, asked.fork, lambda why: fail(ForkEnded(why)))
    engine = fork.engine(_records(Path(asked.records)), asked.moved, fail)
    if asked.fork.max_cost_usd is not None and recorder.price is None:
        fail(ForkEnded("nothing here knows what a model costs; run: pip install genai-prices"))
    fork.over = lambda: _end_after(asked, engine)
    _tell_its_end(engine, lambda: _done(asked, engine))
    guard.leave()
    return engine


def _tell_its_end(engine: Engine, done: Callable[[], None]) -> None:
    engine.patches.on_undo(done)
    ends_now = os._exit

    def leave(status: int) -> NoReturn:
        done()
        ends_now(status)

    engine.patches.set(os, "_exit", leave)


def _end_after(asked: ReplayAsked, engine: Engine) -> NoReturn:
    """The run that was forked is over, and another would begin."""
    _done(asked, engine)
    _leave(0)


def _stepper(asked: ReplayAsked, recorder: Recorder) -> Stepper | None:
    if asked.stepped is None:
        return None
    snapshots = Snapshots(asked.journal, str(_beside(asked)), asked.stepped.keep_every_ms)
    return stepper_of(asked.stepped, recorder, snapshots)


def _beside(asked: ReplayAsked) -> Path:
    """Where the processes of one past, and their open files, find what was written beside the disk."""
    return Path(asked.outcome).with_name("beside")


def _records(file: Path) -> Iterator[Record]:
    with file.open("rb") as lines:
        for line in lines:
            yield json.loads(line.decode("utf-8", "surrogatepass"))


class Until:
    """Ends the replay of a process that had more runs, once the one that was asked for is over and another begins.

    Not at its end: what the program prints of a run, it prints after it. A run is over when its first step is and as
    many steps have ended as were recorded: a task that it left in the background goes on asking in its name.
    """

    def __init__(self, asked: ReplayAsked, done: Callable[[], None]) -> None:
        self._asked = asked
        self._done = done
        self._ends = 0
        self._first_ended = False

    def at(self, moment: Moment) -> None:
        if moment.run == self._asked.run and not moment.begins:
            self._ends += 1
            self._first_ended |= moment.is_first
            if self._first_ended and self._ends >= self._asked.run_ends:
                self._done()
        elif moment.is_first and moment.begins and Path(self._asked.outcome).exists():
            _leave(0)


def _done(asked: ReplayAsked, engine: Engine) -> None:
    served = engine.direction
    if Path(asked.outcome).exists():
        return
    if isinstance(served, Forking):
        Outcome("done", forked=not served.serving, asked_world=served.asked_world).write(Path(asked.outcome))
    elif isinstance(served, Serving):
        left = served.unasked()
        first = served.unasked_first() if left else ""
        outcome = Outcome("done", unasked=left, undelivered=served.undelivered(), unasked_first=first)
        outcome.write(Path(asked.outcome))


def _of_fork(engine: Engine, outcome: Outcome) -> Outcome:
    direction = engine.direction
    assert isinstance(direction, Forking)
    lane = outcome.lane or engine.lane_here() or ""
    return replace(outcome, lane=lane, forked=not direction.serving, asked_world=direction.asked_world)


def _fail(
    asked: ReplayAsked,
    failure: BaseException,
    stop: Callable[[Outcome], None] | None = None,
    told: Callable[[Outcome], Outcome] = lambda outcome: outcome,
) -> NoReturn:
    """Where the replay parts from the recording it ends: nothing after it means anything. Who steps may look first."""
    if isinstance(failure, Divergence):
        outcome = Outcome(
            "diverged", failure.what, failure.lane, failure.kind, list(failure.differences), place_of_agent()
        )
    else:
        how: How = "ended" if isinstance(failure, RecordingEnded) else "refused"
        if isinstance(failure, ForkEnded):
            how = "stopped"
        outcome = Outcome(how, str(failure), place=place_of_agent())
    outcome = told(outcome)
    if stop is not None:
        stop(outcome)
    outcome.write(Path(asked.outcome))
    _leave(DIVERGED)


def _leave(status: int) -> NoReturn:
    """Now, without what the program would still do at its end; what it has printed is its own, and is let out."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (OSError, ValueError, AttributeError):
            continue
    _exit(status)


_exit = os._exit  # the real one: it is wrapped while serving
