"""A run out of a process that had many: alone where that is the same run, else with its process, and which it was.

Alone is quick however long the process had lived: its start, and this one request. It is tried where a request started
the run and nothing was seen that it shared with others. What nobody saw (a cache, a counter, a list) shows as a
divergence; then, and where the run waits for something that others would have done, the process is executed from its
start. Nothing is called identical that was not compared either way.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, Literal

from playhead_replay.certificate import Certificate
from playhead_replay.entry import Entry, entry_of
from playhead_replay.launch import aside
from playhead_replay.recording.gap import gap_of
from playhead_replay.recording.recording import Recording, alone, shares_nothing
from playhead_replay.replay import Verdict, certified, executed_verdict

WHOLE = "with its process, from its start"
# Beyond the time that the run took when it was recorded; a server that imports much needs some seconds to start.
_PATIENCE_S = 60.0


def replay_of_many(
    recording: Recording,
    words: Sequence[str] = (),
    python: str | None = None,
    realtime: bool = False,
    *,
    checkout: Path | None = None,
    only: Literal["alone", "whole"] | None = None,
) -> tuple[Certificate, Verdict]:
    """`only`: which of the two, in place of what fits best. Raises NotReplayable, as `replay` does."""
    certificate = certified(recording, python)
    entry = entry_of(recording, words, python, checkout)
    by_itself = f"alone, without the others of the {len(recording.runs)} runs of its process"
    if only == "alone" or (only is None and gap_of(recording) is not None and shares_nothing(recording)):
        return certificate, replace(executed_verdict(alone(recording), entry, realtime), executed=by_itself)
    parted = ""
    if only is None and shares_nothing(recording):
        tried = _tried_alone(recording, entry, realtime)
        if tried is not None and tried.status == "identical":
            return certificate, replace(tried, executed=by_itself)
        how = "did not come to its end" if tried is None else f"parted at step {tried.step or 0}"
        parted = f"; alone it {how}"
    return certificate, replace(executed_verdict(recording, entry, realtime), executed=WHOLE + parted)


def _tried_alone(recording: Recording, entry: Entry, realtime: bool) -> Verdict | None:
    """None where it took longer than it may. What it prints is passed on where it is identical, else thrown away."""
    root = recording.root
    took_s = 0.0 if root is None or not root.end_ns else (root.end_ns - root.start_ns) / 1e9
    with TemporaryFile() as output, TemporaryFile() as errors:
        run = aside(output, errors, None if realtime else took_s + _PATIENCE_S)
        try:
            verdict = executed_verdict(alone(recording), entry, realtime, run)
        except subprocess.TimeoutExpired:
            return None
        if verdict.status == "identical":
            sys.stdout.flush()
            _pass_on(output, 1)
            _pass_on(errors, 2)
    return verdict


def _pass_on(printed: IO[bytes], descriptor: int) -> None:
    """To where a program in the foreground would have written it."""
    printed.seek(0)
    with open(descriptor, "wb", closefd=False) as there:
        shutil.copyfileobj(printed, there)
