"""The main path: a recording, a program, and the verdict on whether the one executed again is the other.

    find -> certify -> launch -> compare -> verdict

Nothing is called identical that was not compared: an end that nobody told of, or steps that are missing, are said.
"""

from __future__ import annotations

import signal
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from playhead.printable import several
from playhead.replaying.outcome import Outcome
from playhead_replay.certificate import Certificate, certify
from playhead_replay.compare import StepDifference, first_difference
from playhead_replay.entry import Entry, entry_of
from playhead_replay.errors import NotReplayable
from playhead_replay.launch import Executed, Run, execute, in_foreground, scene_for
from playhead_replay.recording.recording import Recording
from playhead_replay.recording.steps import RecordedStep

IDENTICAL, DIVERGED, NOT_REPLAYABLE, IDENTICAL_FAILURE = 0, 1, 2, 3


@dataclass(frozen=True, slots=True)
class Verdict:
    """What came of a replay."""

    run: str
    status: Literal["identical", "diverged", "refused"]
    steps: int
    """Steps of the recorded run."""
    same: int
    """How many of them are, from the beginning, what was recorded."""
    what: str
    step: int | None = None
    """Where it parts, from 1; None where that is before any step, or nowhere."""
    lane: str = ""
    place: str = ""
    differences: Sequence[str] = ()
    cut: bool = False
    """The recording was cut off (its process was killed); the replay is identical up to there."""
    recorded_failure: str = ""
    """What the recorded run had failed with."""
    failure: str = ""
    """What the replayed one failed with."""
    executed: str = ""
    """How a run of a process that had others was executed: alone, or with its process."""

    @property
    def exit_status(self) -> int:
        match self.status:
            case "identical":
                return IDENTICAL_FAILURE if self.recorded_failure else IDENTICAL
            case "diverged":
                return DIVERGED
            case _:
                return NOT_REPLAYABLE


def replay(
    recording: Recording,
    words: Sequence[str] = (),
    python: str | None = None,
    realtime: bool = False,
    *,
    checkout: Path | None = None,
    run: Run = in_foreground,
) -> tuple[Certificate, Verdict]:
    """Raises NotReplayable where there is nothing to execute, or not here."""
    certificate = certified(recording, python)
    entry = entry_of(recording, words, python, checkout)
    return certificate, executed_verdict(recording, entry, realtime, run)


def certified(recording: Recording, python: str | None = None) -> Certificate:
    """Raises NotReplayable where there is nothing to execute."""
    certificate = certify(recording, python)
    if certificate.level == "playback":
        raise NotReplayable(f"run {recording.run} is {certificate.headline}: {certificate.reasons[0].what}")
    return certificate


def executed_verdict(recording: Recording, entry: Entry, realtime: bool = False, run: Run = in_foreground) -> Verdict:
    with scene_for(recording) as scene:
        executed = execute(recording, entry, scene, realtime, run)
    return verdict_on(recording, executed)


def verdict_on(recording: Recording, executed: Executed) -> Verdict:
    verdict = _compared(recording, executed)
    roots = (step for step in _of_run(recording, executed.steps) if step.parent is None and step.failed)
    return replace(verdict, failure=next((step.error for step in roots), ""))


def _compared(recording: Recording, executed: Executed) -> Verdict:
    steps, outcome = _of_run(recording, executed.steps), executed.outcome
    was = _without_command(recording, recording.steps)
    absent = missing_numbers(recording.steps)
    steps = [step for step in steps if step.number not in absent]
    if outcome is None and not steps:
        return _refused(recording, executed)
    cut = _is_cut(recording, outcome)
    stopped = cut or outcome is None or outcome.how != "done"
    apart = first_difference(was, _without_command(recording, steps), cut=stopped)
    if outcome is not None and outcome.how != "done" and not cut:
        return _diverged(recording, steps, outcome, apart)
    if apart is not None:
        return _parted(recording, apart)
    if outcome is None:
        return _gone(recording, executed, len(steps))
    if outcome.unasked and recording.complete and recording.is_last:
        return _unasked(recording, outcome)
    return _identical(recording, cut)


def missing_numbers(steps: Sequence[RecordedStep]) -> frozenset[int]:
    """Places of recorded steps that are not here: a run that was killed, whose journal has not been shipped yet."""
    there = {step.number for step in steps if step.number >= 0}
    return frozenset(range(max(there, default=0))) - there


def _identical(recording: Recording, cut: bool) -> Verdict:
    failure = (recording.root.error or "an error") if recording.root is not None and recording.failed else ""
    count = len(recording.steps)
    ended = sum(step.ended for step in recording.steps)
    what = f"identical: {several(count, 'step')}, output equal"
    if cut:
        what = f"identical up to where it was cut: {several(count, 'step')}, {ended} of them ended"
    absent = len(missing_numbers(recording.steps))
    if absent:
        what += f"; {absent} recorded steps have not arrived ('playhead ship' sends what is left) and were not compared"
    return Verdict(recording.run, "identical", count, count, what, cut=cut, recorded_failure=failure)


def _parted(recording: Recording, apart: StepDifference) -> Verdict:
    return Verdict(
        recording.run, "diverged", len(recording.steps), apart.number - 1, apart.what, apart.number, apart.lane,
        differences=apart.differences,
    )  # fmt: skip


def _unasked(recording: Recording, outcome: Outcome) -> Verdict:
    count = len(recording.steps)
    what = f"{outcome.unasked} recorded effects were never asked for, one of them {outcome.unasked_first}"
    return Verdict(recording.run, "diverged", count, count, what)


def _is_cut(recording: Recording, outcome: Outcome | None) -> bool:
    return not recording.complete and outcome is not None and outcome.how == "ended"


def _of_run(recording: Recording, steps: Sequence[RecordedStep]) -> list[RecordedStep]:
    """Found by its id, which the recording gives to it again."""
    runs = list(dict.fromkeys(step.run for step in steps))
    run = recording.run if recording.run in runs else (runs[0] if len(runs) == 1 else "")
    return [step for step in steps if step.run == run]


def _without_command(recording: Recording, steps: Sequence[RecordedStep]) -> list[RecordedStep]:
    """A program that `playhead record` ran may have moved since: its command line is not what it did."""
    if not recording.origin.get("program"):
        return list(steps)
    return [
        replace(step, attributes={key: value for key, value in step.attributes.items() if key != "input.value"})
        if step.parent is None
        else step
        for step in steps
    ]


def _diverged(
    recording: Recording, steps: Sequence[RecordedStep], outcome: Outcome, apart: StepDifference | None
) -> Verdict:
    """The effect that parted, at the step in which it was asked for: the last one that had begun in its lane."""
    if apart is not None and apart.differences:
        number = apart.number
        said = [*outcome.differences, f"step {number} {apart.name}: {apart.what}", *apart.differences]
    else:
        here = [step.number for step in steps if step.lane == outcome.lane] or [step.number for step in steps]
        number, said = (max(here) + 1 if here else 0), list(outcome.differences)
    return Verdict(
        recording.run, "diverged", len(recording.steps), max(0, number - 1), outcome.what, number or None, outcome.lane,
        outcome.place, said,
    )  # fmt: skip


def _gone(recording: Recording, executed: Executed, begun: int) -> Verdict:
    how = f"by {signal.Signals(-executed.code).name}" if executed.code < 0 else f"with status {executed.code}"
    what = f"the replayed process ended {how}, and said nothing of its end"
    return Verdict(recording.run, "diverged", len(recording.steps), begun, what, begun or None)


def _refused(recording: Recording, executed: Executed) -> Verdict:
    what = (
        f"the program ended with status {executed.code} before it came to playhead.init(); what runs before that is "
        "not recorded, and reads this shell's environment"
    )
    return Verdict(recording.run, "refused", len(recording.steps), 0, what)
