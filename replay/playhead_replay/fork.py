"""A fork: a run executed again up to a step, and from there, patched or live, on its own. It is a run of its own.

    find -> certify -> look whether it can be done -> launch -> deliver -> tell

What cannot be done is said before anything runs. The recorded run is never changed.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

from playhead.journal.endpoint import from_environment
from playhead.journal.folder import leftovers
from playhead.journal.single import gather
from playhead.lanes.serving import ARRIVALS
from playhead.printable import several
from playhead.program.delivering import answers, deliver
from playhead.recorder.changes import ARGUMENTS, MESSAGES, MODEL, RESULT, SYSTEM
from playhead.replaying.asked import AT, ForkAsked
from playhead.replaying.outcome import Outcome
from playhead.values.shapes import TOKEN
from playhead_replay.entry import entry_of
from playhead_replay.errors import NotReplayable
from playhead_replay.launch import Executed, Run, Scene, execute, in_foreground, scene_for
from playhead_replay.recording.recording import Recording
from playhead_replay.recording.steps import RecordedStep
from playhead_replay.replay import certified

ANSWER = "prompt.answer"
OF_TOOLS = frozenset({RESULT, ARGUMENTS})
OF_PROMPTS = frozenset({SYSTEM, MESSAGES, ANSWER})
NAMES = (RESULT, ARGUMENTS, SYSTEM, MESSAGES, ANSWER)


@dataclass(frozen=True, slots=True)
class ForkWanted:
    at: RecordedStep
    set: Mapping[str, Any]
    live: bool = False
    max_cost_usd: float | None = None
    yes: bool = False


@dataclass(frozen=True, slots=True)
class Forked:
    """What came of a fork."""

    of: str
    at: int
    """The step, from 1."""
    status: Literal["done", "failed", "stopped", "diverged"]
    what: str
    run: str = ""
    """Its own id; empty where the fork point was not reached, and nothing is kept."""
    steps: int = 0
    asked_world: int = 0
    """How many calls the world answered; the others the recording did."""
    where: str = ""
    """The file in which it is kept; empty where the collector has it."""
    differences: Sequence[str] = ()

    @property
    def exit_status(self) -> int:
        return {"done": 0, "failed": 3}.get(self.status, 1)


def step_named(recording: Recording, name: str) -> RecordedStep:
    """By its number from 1, or by the name of a tool or agent, with `#2` for its second time."""
    if name.isdigit():
        found = [step for step in recording.steps if step.number == int(name) - 1]
        if not found:
            raise NotReplayable(
                f"run {recording.run} has {several(len(recording.steps), 'step')}; there is no step {name}"
            )
        return found[0]
    own, _, time = name.partition("#")
    named = [step for step in recording.steps if own in (step.own_name, step.name)]
    number = int(time) if time.isdigit() and int(time) else 1
    if len(named) < number:
        raise NotReplayable(
            f"{own!r} comes {len(named)} times in run {recording.run}; 'playhead fork {recording.run[:12]}' lists its "
            "steps with their numbers"
        )
    return named[number - 1]


def fork(
    recording: Recording,
    wanted: ForkWanted,
    words: Sequence[str] = (),
    python: str | None = None,
    *,
    checkout: Path | None = None,
    file: Path | None = None,
    run: Run = in_foreground,
    asks: int | None = None,
) -> Forked:
    """Raises NotReplayable where it cannot be done; nothing has run then. `asks`: see `ForkAsked`."""
    certified(recording, python)
    _look(recording, wanted)
    entry = entry_of(recording, words, python, checkout)
    with scene_for(recording) as scene:
        executed = execute(recording, entry, scene, run=run, fork=_asked(recording, wanted, asks))
        return _told(recording, wanted, executed, scene, file)


def _look(recording: Recording, wanted: ForkWanted) -> None:
    """Whatever is known beforehand to stand against it."""
    step = wanted.at
    number = f"step {step.number + 1} ({step.own_name})"
    if any(record[0] == "i" or (record[0] == "c" and record[2] in ARRIVALS) for record in recording.records):
        raise NotReplayable(f"run {recording.run} was recorded in a server; such runs cannot be forked yet")
    if recording.run not in recording.runs:
        raise NotReplayable(
            f"the id of run {recording.run} came from outside of its process, so a fork of it would have the same one"
        )
    if "!" in step.lane or "+" in step.lane:
        raise NotReplayable(f"{number} belongs to a process that the run started, which is not executed again")
    for name in wanted.set:
        if (name in OF_TOOLS and step.kind != "tool") or (name in OF_PROMPTS and step.kind != "prompt"):
            raise NotReplayable(
                f"--set {name} does not fit {number}: it is no {name.partition('.')[0]}, but {step.kind}"
            )
    if ANSWER in wanted.set and was_streamed(step):
        raise NotReplayable(f"--set {ANSWER}: the answer of {number} was streamed, and streams cannot be changed yet")
    prompts = {*wanted.set} & {SYSTEM, MESSAGES, MODEL}
    if prompts and step.attributes.get("gen_ai.provider.name") == "aws.bedrock":
        raise NotReplayable(
            f"{number} asks Bedrock, whose client signs its requests: they cannot be changed after that"
        )
    if prompts and not wanted.live:
        raise NotReplayable(
            f"another prompt needs another answer, which no recording has: add --live to --set {min(prompts)}"
        )
    missing = sorted(_redacted(recording) - os.environ.keys()) if wanted.live else []
    if missing:
        raise NotReplayable(
            f"the recording has tokens in place of {', '.join(missing)}, which live calls need; set them in this shell"
        )


def was_streamed(step: RecordedStep) -> bool:
    return bool(step.attributes.get("gen_ai.request.stream")) or any(
        name in step.attributes for name in ("gen_ai.response.time_to_first_chunk", "gen_ai.server.time_to_first_token")
    )


def _redacted(recording: Recording) -> set[str]:
    """Names of variables whose values are not in the recording."""
    return {
        str(record[4])
        for record in recording.records
        if record[0] == "f" and record[3] == "environment" and TOKEN.search(str(record[6]))
    }


def _asked(recording: Recording, wanted: ForkWanted, asks: int | None) -> ForkAsked:
    run = recording.runs.index(recording.run)
    at = wanted.at.number
    before = [
        {**one, "set": one["set"] if (one["run"], one["at"]) != (run, at) else {**one["set"], **wanted.set}}
        for one in (recording.header.get("forked") or {}).get("changes", ())
        if (one["run"], one["at"]) <= (run, at)
    ]
    now = {name: value for name, value in wanted.set.items() if name != ANSWER}
    changes = (
        before if any((one["run"], one["at"]) == (run, at) for one in before) else [*before, _change(run, at, now)]
    )
    return ForkAsked(
        of=list(recording.runs),
        run=run,
        at=at,
        wall_ns=wanted.at.start_ns,
        changes=changes,
        answer=str(wanted.set[ANSWER]) if ANSWER in wanted.set else None,
        live=wanted.live,
        max_cost_usd=wanted.max_cost_usd,
        yes=wanted.yes,
        asks=asks,
    )


def _change(run: int, at: int, values: Mapping[str, Any]) -> dict[str, Any]:
    return {"run": run, "at": at, "set": dict(values)}


def _told(recording: Recording, wanted: ForkWanted, executed: Executed, scene: Scene, file: Path | None) -> Forked:
    at, outcome = wanted.at.number + 1, executed.outcome
    first = next((step for step in executed.steps if AT in step.attributes), None)
    steps = [] if first is None else [step for step in executed.steps if step.run == first.run]
    if (
        first is None
        or (outcome is not None and not outcome.forked)
        or not any(step.number == at - 1 for step in steps)
    ):
        what = outcome.what if outcome is not None and outcome.what else f"it ended with status {executed.code}"
        said = outcome.differences if outcome is not None else ()
        return Forked(recording.run, at, "diverged", f"step {at} was not reached: {what}", differences=said)
    where = _kept(scene, first.run, file)
    asked_world = outcome.asked_world if outcome is not None else 0
    status, what = _end(executed, outcome, steps)
    return Forked(recording.run, at, status, what, first.run, len(steps), asked_world, where)


def _end(
    executed: Executed, outcome: Outcome | None, steps: Sequence[RecordedStep]
) -> tuple[Literal["done", "failed", "stopped"], str]:
    if outcome is not None and outcome.how != "done":
        here = [step.number for step in steps if step.lane == outcome.lane] or [step.number for step in steps]
        need, _, what = outcome.what.partition("needs --live: ")
        number = max(here) + 1
        return "stopped", f"needs --live from step {number}: {what}" if what else f"ended at step {number}: {need}"
    root = next((step for step in steps if step.number == 0), None)
    if root is not None and root.failed:
        return "failed", root.error
    return ("failed", f"the program ended with status {executed.code}") if executed.code else ("done", "")


def _kept(scene: Scene, run: str, file: Path | None) -> str:
    """In a file, where one is named or no collector answers; its name, or nothing."""
    endpoint = from_environment()
    if file is None and answers(endpoint) and deliver(scene.journal, endpoint):
        return ""
    file = file or Path(f"fork-{run[:12]}.playhead")
    held = leftovers(scene.journal)
    with suppress(StopIteration):
        gather((folder.path for folder in held), file)
    return str(file)


def as_json(forked: Forked) -> dict[str, Any]:
    return asdict(forked)
