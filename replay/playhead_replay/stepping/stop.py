"""What a session shows where it stands. Two stops at the same moment are equal, however one came there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from playhead_replay.recording.steps import RecordedStep
from playhead_replay.replay import Verdict


@dataclass(frozen=True, slots=True)
class SourceLine:
    number: int
    text: str


@dataclass(frozen=True, slots=True)
class Frame:
    """Of the agent's own code, or of a package that it uses."""

    file: str
    line: int
    function: str
    is_own: bool
    """Not a package's."""
    source: tuple[SourceLine, ...]
    """The lines around; none where the file is not here."""


@dataclass(frozen=True, slots=True)
class Local:
    """Or the value of an expression; `type` is empty where it has none, and `text` says why."""

    name: str
    type: str
    text: str


@dataclass(frozen=True, slots=True)
class Totals:
    """Of the model calls that are over. None is unknown, never zero."""

    calls: int
    input_tokens: int | None
    output_tokens: int | None
    cost_usd: float | None
    unpriced: int
    """Calls whose cost is not known, and is not in the sum."""
    context_tokens: int | None
    """What the last call was given."""


@dataclass(frozen=True, slots=True)
class Failure:
    """The replay parts from its recording at this very place."""

    what: str
    place: str
    differences: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Stop:
    number: int | None
    """Of the step, from 1; None where the replay does more than was recorded."""
    steps: int
    """Of the recorded run."""
    begins: bool
    """The step is about to happen; else it has just ended."""
    lane: str
    step: RecordedStep | None
    """As it was recorded, with what came of it."""
    frames: tuple[Frame, ...]
    """Innermost first; none where nothing of the agent's stands on the stack."""
    shown: int
    """Which of them the locals are of."""
    locals: tuple[Local, ...]
    totals: Totals
    states: Mapping[str, str]
    """Where each machine stands."""
    failure: Failure | None = None
    met: str = field(default="", compare=False)
    """The breakpoint that stopped it, where one did."""

    @property
    def frame(self) -> Frame | None:
        return self.frames[self.shown] if self.frames else None


@dataclass(frozen=True, slots=True)
class Ended:
    """The replayed program is over; one can still go back."""

    verdict: Verdict
