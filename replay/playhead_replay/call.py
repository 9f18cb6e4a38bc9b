"""A run replayed by a call of its agent's function: for code that has moved, or that has no command line.

Only the run's own part of the recording is served. The function, its module and the classes of its arguments are looked
for from where the user stands.
"""

from __future__ import annotations

import sys
from dataclasses import asdict, replace
from pathlib import Path

from playhead.errors import UsageError
from playhead.replaying.entry import COMMAND, Call
from playhead_replay.certificate import Certificate, Reason
from playhead_replay.entry import Entry
from playhead_replay.errors import NotReplayable
from playhead_replay.launch import Run, execute, in_foreground, scene_for
from playhead_replay.part_of_call import part_of_call
from playhead_replay.recording.recording import Recording
from playhead_replay.replay import Verdict, certified, verdict_on

_ALONE = "called alone: what it shares with others of its process (a cache, a counter, a seed) is not as it was"


def replay_call(
    recording: Recording,
    function: str,
    python: str | None = None,
    realtime: bool = False,
    *,
    checkout: Path | None = None,
    run: Run = in_foreground,
) -> tuple[Certificate, Verdict]:
    """Raises NotReplayable where the run was no call, or cannot be made the same again."""
    module, colon, name = function.partition(":")
    if not (module and colon and name):
        raise UsageError(f"--entry {function!r} is no function; write it as module:function")
    certificate = certified(recording, python)
    part = part_of_call(recording)
    call = asdict(Call(function, _arguments(recording), part.lane, part.children, part.workers, part.occurrences))
    folder = checkout or Path.cwd()
    entry = Entry([python or sys.executable, "-c", COMMAND], folder, call=call)
    with scene_for(part.recording) as scene:
        executed = execute(part.recording, entry, scene, realtime, run)
    outcome = executed.outcome
    if outcome is not None and outcome.how == "refused":
        raise NotReplayable(outcome.what)
    if outcome is not None:
        executed = replace(executed, outcome=replace(outcome, unasked=max(0, outcome.unasked - part.before)))
    alone = replace(certificate, reasons=[*certificate.reasons, Reason(_ALONE, False)])
    return alone, verdict_on(part.recording, executed)


def _arguments(recording: Recording) -> str:
    root = recording.root
    if recording.origin.get("program") or root is None or root.kind != "agent" or "input.value" not in root.attributes:
        raise NotReplayable(
            f"run {recording.run} was begun by no function of the agent's, so there is none to call; replay its "
            "program: playhead replay RUN -- python agent.py"
        )
    return str(root.attributes["input.value"])
