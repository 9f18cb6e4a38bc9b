"""What a replay, or a fork, tells the process of the program, through one variable of its environment."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

VARIABLE = "PLAYHEAD_REPLAY"
# What the first step of a fork says: of which run, from which step, and what ended it early.
OF, AT, ENDED = "playhead.fork.of", "playhead.fork.at", "playhead.fork.ended"


@dataclass(frozen=True, slots=True)
class Stepped:
    control: int
    """The descriptor of the channel to who steps (control.py)."""
    run: str | None
    """The one that is stepped through; None for all that the process does."""
    keep_every_ms: int
    """Of the program's own time: how close the moments are that are kept for going back."""


@dataclass(frozen=True, slots=True)
class ForkAsked:
    of: Sequence[str]
    """The recorded runs of the process, in the order in which they began."""
    run: int
    """Which of them is forked; the others are executed again on the way, under the ids that they have."""
    at: int
    """The step at which it leaves the recording, by its number in the run, from 0."""
    wall_ns: int
    """When that step began."""
    changes: Sequence[Mapping[str, Any]]
    """As recorder/changes.py reads them; those of the recorded run, where it was a fork itself, and new ones."""
    answer: str | None
    """What the model answers at that step, in place of what it did."""
    live: bool
    max_cost_usd: float | None
    yes: bool
    """Tools with side effects are called without asking."""
    asks: int | None = None
    """The descriptor of the channel on which it asks before it calls one (control.py); None: at the terminal."""


@dataclass(frozen=True, slots=True)
class ReplayAsked:
    records: str
    """A file of the engine's records, one a line as JSON, in the order of events."""
    journal: str
    """The folder in which the replayed steps are written as a recording process writes its own."""
    outcome: str
    """The file that says, once the replay has ended, how."""
    run: str | None
    """The run that is replayed; None for all that the process did."""
    pythonpath: str | None
    """As it is to be for the program: a folder stands before it only until this process has begun."""

    run_ends: int = 0
    """How many steps of it had ended; a task that it left in the background has some after the end of the first."""

    realtime: bool = False
    """Answers come as long after each other as they did."""
    moved: Sequence[Sequence[str]] = ()
    """Folders of this machine, each with where it was when this was recorded."""
    stepped: Stepped | None = None
    """Where somebody steps through it."""
    call: Mapping[str, Any] | None = None
    """The function that is called in place of a program; see entry.py."""
    fork: ForkAsked | None = None

    def as_text(self) -> str:
        return json.dumps(asdict(self))

    @classmethod
    def from_text(cls, text: str) -> ReplayAsked:
        told = json.loads(text)
        stepped, fork = told.pop("stepped"), told.pop("fork")
        return cls(
            **told,
            stepped=None if stepped is None else Stepped(**stepped),
            fork=None if fork is None else ForkAsked(**fork),
        )
