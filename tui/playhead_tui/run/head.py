"""The lines that say what a run was, what is wrong with it, and what it had used up to the step under the cursor."""

from __future__ import annotations

from collections.abc import Sequence

from rich.text import Text

from playhead.printable import several
from playhead_collector.read.remarks import Remark
from playhead_collector.read.runs import RunRow
from playhead_collector.read.signs import SIGNS
from playhead_collector.read.so_far import SoFar
from playhead_collector.read.telling import problems_of
from playhead_collector.read.words import cost, count, duration, tokens
from playhead_tui.replayable import PLAYBACK, Replayable
from playhead_tui.run.opened import OpenedRun
from playhead_tui.shown import one_line

_GAUGE = 10


def head_of(opened: OpenedRun, remarks: Sequence[Remark], replayable: Replayable | None, width: int) -> Text:
    """One line of figures, and one for each thing that must not be overlooked; at most five in all."""
    row = opened.run.row
    # Each with how dispensable it is where the line is too short for all.
    facts = [
        (row.start_time.strftime("%m-%d %H:%M:%S"), "", 0),
        (duration(row.seconds if row.seconds is not None else opened.timeline.seconds), "", 0),
        (several(row.steps, "step"), "", 2),
        (f"run {row.run_id[:12]}", "", 3),
    ]
    used = tokens(row.tokens, row.calls_without_usage), cost(row.cost_usd, row.unpriced_calls)
    facts[3:3] = [("no model calls", "", 1)] if used == ("-", "-") else [(f"{used[0]} tokens", "", 1), (used[1], "", 0)]
    if replayable is not None:
        facts.insert(-1, (one_line(replayable.words, 80), replayable.style, 0))
    line = _figures(row, facts)
    while line.cell_len > width and any(rank for _, _, rank in facts):
        facts.remove(max(facts, key=lambda fact: fact[2]))
        line = _figures(row, facts)
    line.truncate(width, overflow="ellipsis")
    told = [(remark.text, "bold red" if remark.grave else "yellow") for remark in remarks]
    told += [(problem, "yellow") for problem in problems_of(row)]
    if replayable is not None and replayable is not PLAYBACK and replayable.why:
        told.append((f"{replayable.words}: {replayable.why}", "yellow"))
    # The last words; all of them are in the tree.
    told[2:2] = [(f"{said.words} · {said.at:%m-%d %H:%M}", "bright_green") for said in opened.said[-2:]]
    for words, style in told[:4]:
        line.append("\n").append(one_line(words, width), style=style)
    return line


def _figures(row: RunRow, facts: Sequence[tuple[str, str, int]]) -> Text:
    sign, colour = SIGNS[row.status]
    line = Text.assemble((f"{sign} ", colour), (_name(row), "bold"), no_wrap=True)
    for words, style, _ in facts:
        line.append(" · ").append(words, style=style)
    return line


def _name(row: RunRow) -> str:
    return f"{one_line(row.agent or row.service or row.name, 40)} {one_line(row.version, 20)}".strip()


def so_far(meter: SoFar, step: str, width: int) -> Text:
    """Running totals up to a step, with a gauge of the context where its size is known."""
    line = Text(no_wrap=True)
    line.append("so far: ", style="dim")
    is_used = meter.tokens is not None or meter.cost_usd is not None or meter.unpriced
    used = f"{cost(meter.cost_usd, meter.unpriced)} · {count(meter.tokens)} tokens" if is_used else "no prompt yet"
    line.append(f"{used} · {duration(meter.seconds)}")
    if meter.context_tokens is not None:
        line.append(f" · context {count(meter.context_tokens)}")
        if meter.context_window:
            full = min(1.0, meter.context_tokens / meter.context_window)
            filled = round(full * _GAUGE)
            line.append(f"/{count(meter.context_window)} ")
            line.append("▇" * filled, style="red" if full > 0.8 else "cyan").append(
                "░" * (_GAUGE - filled), style="dim"
            )
    line.truncate(width - len(step) - 1, overflow="ellipsis")
    line.append(" " * max(1, width - line.cell_len - len(step)))
    return line.append(step, style="bold")
