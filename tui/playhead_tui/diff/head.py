"""The lines above two runs: which they are, how much more the second took, and what must not be overlooked."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator

from rich.text import Text

from playhead_collector.read.runs import RunRow
from playhead_collector.read.signs import SIGNS
from playhead_replay.commands import diff_telling as telling
from playhead_replay.diff.run import Figure, RunDiff
from playhead_tui.diff.compared import Compared
from playhead_tui.diff.layout import GUTTER, RULE, Layout
from playhead_tui.shown import cell, one_line

# Prompts and tool calls are among the steps.
_LEFT_OUT = ("prompts", "tool calls")


def head_of(compared: Compared, layout: Layout) -> Text:
    """Which runs stands above their columns, where they have columns."""
    diff = compared.diff
    sides = [_run(side, row, layout) for side, row in (("A", diff.a), ("B", diff.b))]
    head = Text(no_wrap=False)
    if layout.wide:
        sides[0].truncate(layout.column, pad=True)
        head.append(" " * (GUTTER - 1)).append_text(sides[0]).append(f"{RULE} ", style="dim").append_text(sides[1])
    else:
        head.append_text(sides[0]).append("\n").append_text(sides[1])
    figures = [_figure(figure, layout.wide) for figure in diff.figures if _is_told(figure)]
    head.append("\n").append("B − A  ", style="bold").append(" · ".join(figures))
    head.append("\n").append(_verdict(compared), style="green" if diff.equal else "")
    for words in _problems(diff):
        head.append("\n").append(one_line(words, layout.width - 2), style="yellow")
    return head


def _run(side: str, row: RunRow, layout: Layout) -> Text:
    sign, colour = SIGNS[row.status]
    line = Text(f"{side} ", style="bold " + ("red" if side == "A" else "green"), no_wrap=True)
    line.append(f"{sign} ", style=colour)
    line.append(one_line(row.agent or row.service or row.name, 24), style="bold")
    line.append(f" {one_line(row.version, 12)}" if row.version else "")
    line.append(f" · {row.start_time:%m-%d %H:%M:%S} · run {row.run_id[:12]}", style="dim")
    line.truncate(layout.column, overflow="ellipsis")
    return line


def _is_told(figure: Figure) -> bool:
    return figure.name not in _LEFT_OUT and not (figure.name == "errors" and not figure.a and not figure.b)


def _figure(figure: Figure, wide: bool) -> str:
    a = telling.said(figure, figure.a, figure.at_least_a)
    b = telling.said(figure, figure.b, figure.at_least_b)
    delta = telling.delta_of(figure)
    return f"{figure.name} {a} → {b} {delta}" if wide and delta != "=" else f"{figure.name} {delta}"


def _verdict(compared: Compared) -> str:
    diff = compared.diff
    told = [telling.tally(diff)]
    if not diff.equal:
        told += ["started differently"] if diff.started_differently else []
        told += [telling.parting(diff)] if diff.first is None else []
    for side, fork, other in (("A", compared.forks[0], diff.b), ("B", compared.forks[1], diff.a)):
        if fork is not None:
            whose = "the other" if fork.parent == other.run_id else f"run {fork.parent[:12]}"
            told.append(f"{side} is a ⑂ of {whose}" + (f" at step {fork.at}" if fork.at else ""))
    return " · ".join(told)


def _problems(diff: RunDiff) -> Iterator[str]:
    told = list(telling.problems(diff))
    for side in ("", "A", "B"):
        words = "; ".join(problem for of, problem in told if of == side)
        if words:
            yield f"{side}: {words}" if side else words
    yield from telling.not_captured(diff)
    code = "; ".join(telling.code(diff))
    if code:
        yield code


def where(compared: Compared, differences: list[int], line: int, words: str, width: int) -> Text:
    """Below the steps: which difference the cursor has come to, and which steps it is on."""
    passed = bisect_right(differences, line)
    text = f"difference {passed}/{len(differences)}" if differences else "no differences"
    return Text(cell(f"{text} · {words}" if words else text, width), no_wrap=True)
