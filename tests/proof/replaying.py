"""What the proofs of replay share: a program recorded live as a user does it, then replayed with the world gone.

"Gone" is a network namespace of its own where the system lets us have one, in which not even the loopback is up, and a
provider whose port nobody listens on; what a replay changes in its folder is looked for as well.
"""

from __future__ import annotations

import functools
import json
import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.replay.agents import Ran, environment_of
from tests.sdk.engine.provider import provider

from playhead.journal.single import gather
from playhead_replay.recording.find import from_file

REPOSITORY = Path(__file__).resolve().parents[2]
PROGRAMS = Path(__file__).parent / "replay_programs"
TIMES = int(os.environ.get("PROOF_TIMES", "20"))
PLAYHEAD = (sys.executable, "-m", "playhead")


@dataclass(frozen=True, slots=True)
class Told:
    """A recording, and what the program had printed."""

    folder: Path
    file: Path
    out: str
    code: int


@dataclass(frozen=True, slots=True)
class Again:
    """A replay: its output, its exit status, and Playhead's words."""

    out: str
    code: int
    status: str
    err: str
    step: int | None
    what: str


@functools.cache
def isolated() -> tuple[str, ...]:
    """The words before a command that take the network away; none where the system does not allow it."""
    words = ("unshare", "--net", "--map-root-user")
    try:
        done = subprocess.run([*words, "true"], capture_output=True, check=False)
    except FileNotFoundError:
        return ()
    return words if done.returncode == 0 else ()


def run(folder: Path, *words: str, given: str | None = "", **more: str | None) -> Ran:
    environment = {**environment_of(folder), "PYTHONPATH": path_of_project()}
    for name, value in more.items():
        if value is None:
            environment.pop(name, None)
        else:
            environment[name] = value
    done = subprocess.run(
        words, cwd=folder, env=environment, capture_output=True, text=True, timeout=300, check=False, input=given,
    )  # fmt: skip
    return Ran(done.returncode, done.stdout, done.stderr)


def path_of_project() -> str:
    return os.pathsep.join(str(REPOSITORY / name) for name in ("sdk", "collector", "replay", "tui", ""))


def record(folder: Path, script: Path, *arguments: str, url: str | None = None, **more: str | None) -> Told:
    """By `playhead record`, without a line in the program, under a hash seed that it chooses itself."""
    file = folder / "run.playhead"
    words = (*PLAYHEAD, "record", "-q", "-o", str(file), "--", sys.executable, str(script), *arguments)
    if url is not None:
        done = run(folder, *words, PROVIDER=url, PYTHONHASHSEED=None, **more)
    else:
        with provider() as url:
            done = run(folder, *words, PROVIDER=url, PYTHONHASHSEED=None, **more)
    assert file.exists(), done.err
    return Told(folder, file, done.out, done.code)


def record_by_init(folder: Path, script: Path, *arguments: str) -> Told:
    """By `init()` in the program, whose journal is kept since no collector is there."""
    with provider() as url:
        done = run(folder, sys.executable, str(script), *arguments, PROVIDER=url)
    assert done.code == 0, done.err
    file = folder / "run.playhead"
    gather(sorted((folder / "journal").iterdir()), file)
    return Told(folder, file, done.out, done.code)


def runs_of(told: Told) -> list[str]:
    return list(from_file(told.file).runs)


def replay(told: Told, *more: str, after: Sequence[str] = ()) -> Again:
    words = (*isolated(), *PLAYHEAD, "replay", "--json", *more, str(told.file), *after)
    done = run(told.folder, *words, PYTHONHASHSEED="77")
    *lines, last = done.out.splitlines(keepends=True) or [""]
    try:
        verdict: dict[str, Any] = json.loads(last)["verdict"]
    except (ValueError, KeyError, TypeError):
        return Again(done.out, done.code, "none", done.err, None, "")
    return Again("".join(lines), done.code, verdict["status"], done.err, verdict["step"], verdict["what"])


def problems(told: Told, times: int, *more: str) -> list[str]:
    """What was not as it was recorded in so many replays; empty where all were."""
    found: list[str] = []
    before = state_of(told.folder)
    expected = {0: 0}.get(told.code, 3)
    for _ in range(times):
        again = replay(told, *more)
        if (again.code, again.status) != (expected, "identical"):
            found.append(f"{again.status}, exit status {again.code}: {again.err[-1500:]}")
        elif again.out != told.out:
            found.append(f"another output, and not told: {again.out[:300]!r} for {told.out[:300]!r}")
    if (after := state_of(told.folder)) != before:
        found.append(f"it changed its folder: {sorted(set(after) ^ set(before))[:5]}")
    return found


def problems_of_run(told: Told, run_id: str, times: int) -> list[str]:
    """The same for one run of many: its process is executed until the run is over, and prints no more than it did."""
    number = json.dumps(number_of(told, run_id))
    found: list[str] = []
    for _ in range(times):
        again = replay(told, "--run", run_id)
        if (again.code, again.status) != (0, "identical"):
            found.append(f"run {number}: {again.status}, exit status {again.code}: {again.err[-1500:]}")
        elif not told.out.startswith(again.out):
            found.append(f"run {number}: another output, and not told")
        elif not any(line.startswith(f"[{number}, ") for line in again.out.splitlines()):
            found.append(f"run {number}: it did not print what the run had printed")
    return found


def number_of(told: Told, run_id: str) -> int:
    root = from_file(told.file, run_id).root
    assert root is not None
    return int(json.loads(root.attributes["input.value"])["number"])


def state_of(folder: Path) -> dict[str, int]:
    """Every file below, with when it was changed; what Playhead keeps for itself apart."""
    return {str(path): path.stat().st_mtime_ns for path in folder.rglob("*") if "state" not in path.parts}


def chosen(runs: Sequence[str], count: int) -> list[str]:
    """So many of them, spread from the first to the last."""
    count = min(count, len(runs))
    return [runs[round(place * (len(runs) - 1) / max(1, count - 1))] for place in range(count)]
