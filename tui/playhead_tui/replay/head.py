"""The lines that say what is replayed, how far it can be, where it stands, and what it has used so far."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

from rich.text import Text

from playhead_collector.read.signs import LETTERS
from playhead_replay.recording.steps import RecordedStep
from playhead_replay.stepping.breakpoints import Breakpoint
from playhead_replay.stepping.session import Standing
from playhead_replay.stepping.stop import Ended, Stop
from playhead_replay.stepping.told import so_far
from playhead_tui.replay.opened import OpenedReplay
from playhead_tui.shown import one_line

_COMMIT = 10


def head_of(opened: OpenedReplay, width: int) -> Text:
    """What is replayed, and how far that can go."""
    line = Text(no_wrap=True)
    if opened.entry is None:
        line.append(" PLAYBACK ", style="bold reverse yellow").append(" of ")
    else:
        line.append("replay", style="bold").append(" of ")
    root = opened.recording.root
    name = "a run" if root is None else one_line(root.own_name, 40)
    facts = [name, *([_time_of(root)] if root is not None else []), _certified(opened), _commit_of(opened)]
    line.append(" · ".join(fact for fact in facts if fact))
    line.truncate(width, overflow="ellipsis")
    reason = opened.why_playback or next((one.what for one in opened.certificate.reasons if one.grave), "")
    if reason:
        line.append("\n").append(one_line(reason, width), style="yellow")
    return line


def status_of(standing: Standing | None, width: int) -> Text:
    """Where it stands."""
    if standing is None:
        return Text("… opening", style="dim")
    if isinstance(standing, Ended):
        verdict = standing.verdict
        good = verdict.status == "identical"
        words = verdict.what if good else f"{verdict.status} at step {verdict.step or 0}: {verdict.what}"
        return Text(
            one_line(f"{'○' if good else '✗'} ended · {words}", width), style="bold green" if good else "bold red"
        )
    if standing.failure is not None:
        return Text(one_line(f"✗ parts from its recording here: {standing.failure.what}", width), style="bold red")
    line = Text("● ", style="bold yellow", no_wrap=True)
    line.append("about to happen" if standing.begins else "has just ended")
    if standing.step is not None:
        letter, colour = LETTERS.get(standing.step.kind, LETTERS["other"])
        line.append(": ").append(letter, style=colour).append(f" {one_line(standing.step.own_name, 60)}", style="bold")
    if standing.lane not in ("", "0"):
        line.append(f" · lane {one_line(standing.lane, 20)}")
    if standing.met:
        line.append(f" · {one_line(standing.met, 60)}", style="yellow")
    right = f"step {'?' if standing.number is None else standing.number}/{standing.steps}"
    line.truncate(width - len(right) - 1, overflow="ellipsis")
    line.append(" " * max(1, width - line.cell_len - len(right)))
    return line.append(right, style="bold")


def used_of(standing: Standing | None, width: int) -> Text:
    """Cost, tokens and context so far, and where each machine stands."""
    words = " · ".join(so_far(standing)) if isinstance(standing, Stop) else ""
    return Text(one_line(words, width), no_wrap=True)


def breakpoints_of(breakpoints: Mapping[int, Breakpoint], width: int) -> Text:
    line = Text("breakpoints  ", style="dim", no_wrap=True)
    if not breakpoints:
        line.append("none: t adds one, such as kind=tool and tool=refund, or cost>0.5", style="dim")
    for number, one in breakpoints.items():
        line.append(f"{number} ", style="bold yellow").append(f"{one_line(one.text, 40)}  ")
    line.truncate(width, overflow="ellipsis")
    return line


def _time_of(root: RecordedStep) -> str:
    return datetime.fromtimestamp(root.start_ns / 1e9, UTC).strftime("%m-%d %H:%M:%S")


def _certified(opened: OpenedReplay) -> str:
    certificate = opened.certificate
    if certificate.level == "partial" and certificate.until_step is not None:
        return f"partial, to step {certificate.until_step}"
    return "playback only" if certificate.level == "playback" else certificate.level


def _commit_of(opened: OpenedReplay) -> str:
    tree = opened.tree
    if not tree.recorded:
        return "" if opened.certificate.level == "playback" else "no commit was recorded"
    changed = " + changes" if tree.dirty else ""
    same = "same" if tree.is_same else f"differs, {tree.here[:_COMMIT] or 'no repository'}"
    return f"commit {tree.recorded[:_COMMIT]}{changed}, this tree: {same}"
