"""How far a run can be executed again, and what stands against more: read off the recording and this tree, nothing run.

`exact`: every effect was captured, and so was the order. `partial`: up to a step, or but for what is named. `playback`:
there is nothing to execute; its steps can be walked through.
"""

from __future__ import annotations

import platform
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from playhead.errors import NotServed
from playhead.fingerprint.code import repository_of
from playhead.fingerprint.packages import installed
from playhead.lanes.opening import check_version
from playhead.lanes.sink import Record
from playhead.printable import several
from playhead_replay.recording.gap import Gap, end_of, gap_of
from playhead_replay.recording.recording import Recording, alone, shared, shares_nothing
from playhead_replay.recording.whole import damage

Level = Literal["exact", "partial", "playback"]
_MOST_NAMED = 8


@dataclass(frozen=True, slots=True)
class Reason:
    """One thing that a replay may meet."""

    what: str
    grave: bool
    """Whether the run can part from its recording because of it; else it is worth knowing."""


@dataclass(frozen=True, slots=True)
class Certificate:
    run: str
    level: Level
    steps: int
    reasons: Sequence[Reason]
    until_step: int | None = None
    """The last step that is covered; None: all are."""

    @property
    def headline(self) -> str:
        match self.level:
            case "exact":
                return f"exact: {several(self.steps, 'step')} can be executed again"
            case "partial" if self.until_step is not None:
                return f"partial: exact up to step {self.until_step} of {self.steps}"
            case "partial":
                return f"partial: {self.steps} steps, but for what is named"
            case _:
                return "playback only: it can be read, and not executed again"


def certify(recording: Recording, python: str | None = None, tree: Tree | None = None) -> Certificate:
    """`python`: the interpreter that a replay would take, where it is not this one; `tree`: where that is known."""
    if not recording.header or recording.records[0][0] != "h":
        return _playback(
            recording, "the beginning of this process's recording is gone (past its size limit or retention)"
        )
    try:
        check_version(recording.header.get("engine"))
    except NotServed as error:
        return _playback(recording, str(error))
    gap = gap_of(recording)
    without = None if gap is None or gap.place is None else _steps_before(recording, gap.place)
    if gap is not None and without == 0:
        return _playback(recording, gap.what)
    damaged = damage(_judged(recording, gap))
    if damaged is not None:
        return _playback(recording, damaged)
    reasons = [*_of_gap(gap), *_of_recording(recording), *_of_surroundings(recording, python, tree)]
    until = min((step for step in (_ordered_until(recording), without) if step is not None), default=None)
    grave = any(reason.grave for reason in reasons)
    return Certificate(
        recording.run, "partial" if grave or until is not None else "exact", len(recording.steps), reasons, until
    )


def without_recording(run: str, steps: int, why: str) -> Certificate:
    return Certificate(run, "playback", steps, [Reason(why, True)])


def _playback(recording: Recording, why: str) -> Certificate:
    return without_recording(recording.run, len(recording.steps), why)


def _judged(recording: Recording, gap: Gap | None) -> Sequence[Record]:
    """The records that a replay of the run needs, as far as nothing of them was erased."""
    if gap is None:
        return recording.records[: end_of(recording)] if recording.erased else recording.records
    return alone(recording).records if gap.place is None else recording.records[: gap.place]


def _of_gap(gap: Gap | None) -> list[Reason]:
    if gap is None:
        return []
    more = "; this run needs nothing of it, and is executed alone" if gap.place is None else ": a replay parts there"
    return [Reason(f"{gap.what}{more}", gap.place is not None)]


def _of_recording(recording: Recording) -> list[Reason]:
    found: list[Reason] = []
    if recording.header.get("level") == "wire":
        found.append(
            Reason('recorded with record="wire": the order of what raced was not kept; record="exact" keeps it', True)
        )
    if recording.header.get("hash_seed") in (None, "random"):
        found.append(
            Reason(
                "the hash seed was not set, so sets of strings may be iterated in another order; "
                "set PYTHONHASHSEED, or record with 'playhead record'",
                False,
            )
        )
    if not recording.complete:
        found.append(Reason("the process was killed, or goes on: the recording is whole up to there", False))
    named: dict[str, int] = {}
    preempted = sum(record[0] == "x" for record in recording.records)
    if preempted:
        found.append(
            Reason(
                f"threads ran side by side in {preempted} places: what they change without a lock is not ordered", False
            )
        )
    for record in recording.records:
        if record[0] == "u":
            told = f"{record[1]} at {record[2]}" if record[2] else str(record[1])
            named[told] = named.get(told, 0) + 1
        elif record[0] == "g":
            found.append(Reason(f"the order was given up: {record[1]}", True))
    found += [Reason(f"not captured: {told}", True) for told in list(named)[:_MOST_NAMED]]
    if len(named) > _MOST_NAMED:
        found.append(Reason(f"not captured: {len(named) - _MOST_NAMED} more places", True))
    if recording.other_processes:
        found.append(
            Reason(f"{recording.other_processes} processes that it started are answers here, not executed again", False)
        )
    if not recording.is_last or len(recording.runs) > 1:
        found.append(Reason(f"one of {len(recording.runs)} runs of its process, {_way(recording)}", False))
    for what, others in shared(recording).items():
        # None are left where those were erased.
        whom = several(others, "other run") if others else "an erased run"
        found.append(Reason(f"shares {what} with {whom} of its process", False))
    return found


@dataclass(frozen=True, slots=True)
class Tree:
    """The commit that a run was recorded at, and that of this tree; empty where there is none."""

    recorded: str
    here: str
    dirty: bool
    """It was recorded from a tree with changes that were not committed."""

    @property
    def is_same(self) -> bool:
        return self.recorded == self.here


def tree_of(recording: Recording, checkout: Path | None = None) -> Tree:
    """This tree is `checkout`, else the recorded one where it is still there, else the repository around us."""
    code = recording.origin.get("code") or {}
    places = (checkout, code.get("root"), recording.origin.get("folder"))
    there = repository_of([*(Path(str(place)) for place in places if place), Path.cwd()])
    here = None if there is None else there.code()
    return Tree(str(code.get("commit") or ""), here.commit if here else "", bool(code.get("dirty")))


def _way(recording: Recording) -> str:
    if shares_nothing(recording):
        return "and was not seen to share anything that matters: it is executed alone, and where that parts with them"
    return "which is executed from its start"


def _of_surroundings(recording: Recording, python: str | None, tree: Tree | None) -> list[Reason]:
    origin = recording.origin
    if not origin:
        return [Reason("what it came from (command, code, versions) was not recorded", True)]
    found: list[Reason] = []
    tree = tree or tree_of(recording)
    if tree.recorded and not tree.is_same:
        here = tree.here[:10] or "no repository"
        found.append(Reason(f"recorded at commit {tree.recorded[:10]}, this tree is {here}", False))
    if tree.dirty:
        found.append(Reason("recorded from a tree with changes that were not committed", False))
    if python is None:
        found += _of_installation(origin)
    return found


def _of_installation(origin: Any) -> list[Reason]:
    found: list[Reason] = []
    recorded = str((origin.get("python") or {}).get("process.runtime.version", ""))
    if recorded and recorded != platform.python_version():
        found.append(Reason(f"recorded with Python {recorded}, this is {platform.python_version()}", False))
    before, now = _versions(origin.get("packages") or ()), _versions(installed(sys.path))
    changed = [f"{name} {before[name]} → {now.get(name, 'absent')}" for name in before if now.get(name) != before[name]]
    if changed:
        more = f" and {len(changed) - _MOST_NAMED} more" if len(changed) > _MOST_NAMED else ""
        found.append(Reason(f"other versions installed: {', '.join(changed[:_MOST_NAMED])}{more}", False))
    return found


def _versions(packages: Iterable[str]) -> dict[str, str]:
    return {name: version for name, _, version in (package.partition("==") for package in packages)}


def _ordered_until(recording: Recording) -> int | None:
    """Where the order was given up (a `g` record): how many exchanges of the run came before."""
    place = next((number for number, record in enumerate(recording.records) if record[0] == "g"), None)
    return None if place is None else _steps_before(recording, place)


def _steps_before(recording: Recording, place: int) -> int:
    """How many steps of the run are known to have been over by a place in the recording: its exchanges say so."""
    before = sum(
        1
        for record in recording.records[:place]
        if record[0] == "b" and record[1] == recording.run and record[3] == "http"
    )
    exchanges = [step for step in recording.steps if step.kind in ("prompt", "effect")]
    return exchanges[before - 1].number + 1 if 0 < before <= len(exchanges) else 0
