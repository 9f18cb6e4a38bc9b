"""Starts the recorded program again, in a process of its own in which the recording answers."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import mkdtemp
from typing import IO, Any

from playhead.commands.record import START
from playhead.fingerprint.fingerprint import ENVIRONMENT
from playhead.journal.folder import Folder
from playhead.journal.reader import Position, read_journal
from playhead.journal.records import Assembler, Span
from playhead.program import asked as of_record
from playhead.program.ending import end_process_step
from playhead.program.foreground import run_in_foreground
from playhead.replaying import asked as of_replay
from playhead.replaying.asked import ForkAsked, ReplayAsked, Stepped
from playhead.replaying.outcome import Outcome
from playhead_replay.entry import Entry
from playhead_replay.errors import NotReplayable
from playhead_replay.recording.recording import Recording
from playhead_replay.recording.steps import RecordedStep, from_journal

# Of the recorded variables, those that say where something is on the machine that recorded, and not how Python runs.
_OF_MACHINE = frozenset({"VIRTUAL_ENV", "PYTHONPATH", "PYTHONHASHSEED"})


Run = Callable[[Entry, Mapping[str, str]], int]
"""Runs it with an environment, to its end; its exit status, or minus the signal that ended it."""


@dataclass(frozen=True, slots=True)
class Executed:
    """What the process left."""

    code: int
    """Its exit status, or minus the signal that ended it."""
    outcome: Outcome | None
    steps: Sequence[RecordedStep]


class Scene:
    """The folder in which a replay takes place: records in, steps and outcome out. Gone afterwards."""

    def __init__(self, folder: Path) -> None:
        self.records = folder / "records.jsonl"
        self.journal = folder / "journal"
        self.outcome = folder / "outcome.json"

    def steps(self) -> list[RecordedStep]:
        """Of all that the replayed process did so far; also while it runs."""
        spans: list[Span] = []
        for folder in sorted(self.journal.glob("*")):
            assembler = Assembler()
            for record in read_journal(folder):
                if (span := assembler.take(record, Position())) is not None:
                    spans.append(span)
            spans += assembler.open_spans()
        return from_journal(spans)


@contextmanager
def scene_for(recording: Recording) -> Iterator[Scene]:
    folder = Path(mkdtemp(prefix="playhead-replay-"))
    try:
        scene = Scene(folder)
        encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
        with scene.records.open("wb") as file:
            for record in recording.records:
                file.write(encode(record).encode("utf-8", "surrogatepass") + b"\n")
        scene.journal.mkdir()
        yield scene
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def in_foreground(entry: Entry, environment: Mapping[str, str]) -> int:
    """Its streams and its signals are its own."""
    before = Path.cwd()
    try:
        os.chdir(entry.folder)
        return run_in_foreground(entry.words, environment)
    finally:
        os.chdir(before)


def aside(output: IO[bytes], errors: IO[bytes] | None = None, patience_s: float | None = None) -> Run:
    """Without a terminal: what it prints goes into a file, or into two. One that takes longer is ended."""

    def run(entry: Entry, environment: Mapping[str, str]) -> int:
        # Not to be closed: its journal is held by a lock that it inherits.
        return subprocess.run(
            entry.words, cwd=entry.folder, env=environment, stdin=subprocess.DEVNULL, stdout=output,
            stderr=errors or subprocess.STDOUT, close_fds=False, check=False, timeout=patience_s,
        ).returncode  # fmt: skip

    return run


def execute(
    recording: Recording,
    entry: Entry,
    scene: Scene,
    realtime: bool = False,
    run: Run = in_foreground,
    *,
    fork: ForkAsked | None = None,
) -> Executed:
    environment = environment_for(recording, entry, scene, realtime, fork=fork)
    held = held_journal(recording, scene, environment)
    try:
        code = run(entry, environment)
    except OSError as error:
        raise NotReplayable(f"{entry.words[0]!r} cannot be started: {error.strerror}") from None
    finally:
        if held is not None:
            held.release()
    return left_by(code, held, scene)


def left_by(code: int, held: Folder | None, scene: Scene) -> Executed:
    outcome = Outcome.read(scene.outcome)
    if held is not None and (outcome is None or outcome.how == "done"):
        # As `playhead record` does: how the process ended is known to its parent alone.
        end_process_step(held.path, code, time.time_ns())
    return Executed(code, outcome, scene.steps())


def environment_for(
    recording: Recording,
    entry: Entry,
    scene: Scene,
    realtime: bool = False,
    stepped: Stepped | None = None,
    *,
    fork: ForkAsked | None = None,
) -> dict[str, str]:
    """Of this shell, with what the recording says of how Python runs."""
    recorded = {str(name): str(value) for name, value in (recording.origin.get("environment") or {}).items()}
    environment = {name: value for name, value in os.environ.items() if name not in ENVIRONMENT or name in _OF_MACHINE}
    environment |= {name: value for name, value in recorded.items() if name not in _OF_MACHINE}
    for name in ("PLAYHEAD_DISABLED", "PYTHONHASHSEED", "TRACEPARENT", "PLAYHEAD_LANE", "PLAYHEAD_TALLY"):
        environment.pop(name, None)
    seed = recording.header.get("hash_seed")
    if seed not in (None, "random"):
        environment["PYTHONHASHSEED"] = str(seed)
    path = os.environ.get("PYTHONPATH") or recorded.get("PYTHONPATH")
    if entry.path:
        path = os.pathsep.join([*entry.path, *([path] if path else [])])
    environment["PYTHONPATH"] = f"{START}{os.pathsep}{path}" if path else str(START)
    asked = ReplayAsked(
        str(scene.records),
        str(scene.journal),
        str(scene.outcome),
        None if recording.is_last else recording.run,
        path,
        sum(step.ended for step in recording.steps),
        realtime,
        [list(pair) for pair in (*entry.moved, *_home(recording.origin))],
        stepped,
        entry.call,
        fork,
    )
    environment[of_replay.VARIABLE] = asked.as_text()
    return environment


def _home(origin: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Clients look for their configuration there: requests for `.netrc`, at each request."""
    recorded, here = str(origin.get("home") or ""), os.path.expanduser("~")  # noqa: PTH111 - as it was recorded
    return [(here, recorded)] if recorded and here != recorded else []


def held_journal(recording: Recording, scene: Scene, environment: dict[str, str]) -> Folder | None:
    """A program that `playhead record` ran is begun as it was then: before its first line, as one run."""
    program = recording.origin.get("program")
    if not program:
        return None
    folder = Folder.make(scene.journal, os.urandom(16).hex())
    os.set_inheritable(folder.descriptor, True)
    asked = of_record.Asked(
        name=program["name"],
        service=program["service"],
        journal=str(scene.journal),
        process=folder.path.name,
        lock=folder.descriptor,
        send=False,
        endpoint=None,
        level="exact",
        redact_fields=program["redact_fields"],
        redact_patterns=(),
        pythonpath=json.loads(environment[of_replay.VARIABLE])["pythonpath"],
        hash_seed_is_ours="PYTHONHASHSEED" in environment,
    )
    environment[of_record.VARIABLE] = asked.as_text()
    return folder
