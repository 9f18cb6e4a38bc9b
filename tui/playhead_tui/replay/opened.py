"""What a replay needs before it begins: the recording, how far it can be executed again, and what is started.

Where nothing can be executed it is a playback of the stored steps, with the reason; never an error. Called in a worker.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from clickhouse_connect.driver.client import Client

from playhead.errors import UsageError
from playhead_collector.read.run import find_run
from playhead_replay.certificate import Certificate, Tree, certify, tree_of, without_recording
from playhead_replay.entry import Entry, entry_of
from playhead_replay.errors import NotReplayable
from playhead_replay.recording.find import from_file, from_store
from playhead_replay.recording.recording import Recording
from playhead_replay.recording.stored import stored_steps


@dataclass(frozen=True, slots=True)
class OpenedReplay:
    recording: Recording
    certificate: Certificate
    tree: Tree
    entry: Entry | None
    """What is started; None for a playback."""
    why_playback: str = ""

    def number_of(self, step_id: str) -> int | None:
        """From 1; None where the run has no such step."""
        return next((number for number, step in enumerate(self.recording.steps, 1) if step.id == step_id), None)


def open_replay(client: Client, prefix: str, python: str | None = None, checkout: Path | None = None) -> OpenedReplay:
    """By this interpreter, out of this checkout, where they are named. Raises UsageError where there is no such run."""
    run = find_run(client, prefix)
    try:
        recording = from_store(client, run)
    except NotReplayable as error:
        stored = stored_steps(client, run)
        certificate = without_recording(run, len(stored.steps), str(error))
        return OpenedReplay(stored, certificate, tree_of(stored, checkout), None, str(error))
    opened = _opened(recording, python, checkout)
    # The store knows more of its steps than the recording: what they cost.
    return opened if opened.entry is not None else replace(opened, recording=stored_steps(client, run))


def open_file(file: Path, python: str | None = None, checkout: Path | None = None) -> OpenedReplay:
    """As `open_replay`, of the first run in it. Raises UsageError also where no run in it came with a recording."""
    try:
        recording = from_file(file)
    except NotReplayable:
        raise UsageError(
            f"{file} holds steps and no recording, so nothing of it can be executed again; 'playhead import {file}' "
            "stores them, and then they can be gone through"
        ) from None
    return _opened(recording, python, checkout)


def _opened(recording: Recording, python: str | None, checkout: Path | None) -> OpenedReplay:
    # Also where the screen before has just certified it: what is checked out here may be another by now.
    tree = tree_of(recording, checkout)
    certificate = certify(recording, python, tree)
    why = certificate.reasons[0].what if certificate.level == "playback" else ""
    if not why:
        try:
            return OpenedReplay(recording, certificate, tree, entry_of(recording, (), python, checkout))
        except NotReplayable as error:
            why = str(error)
    return OpenedReplay(recording, certificate, tree, None, why)
