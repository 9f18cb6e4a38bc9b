"""The lines that say what a run was, what is wrong with it, and what it had used up to the step under the cursor."""

from __future__ import annotations

from collections.abc import Sequence

from rich.text import Text

from playhead.printable import several
from playhead_collector.read.remarks import Remark
from playhead_collector.read.runs import RunRow
from playhead_collector.read.signs import SIGNS
from playhead_collector.read.so_far import SoFar
from playhead_collector.read.words import cost, count, duration, tokens
from playhead_tui.replayable import Replayable
from playhead_tui.run.opened import OpenedRun
from playhead_tui.run.told import KEY, Told, found_in, said_of
from playhead_tui.shown import cell, one_line

_GAUGE = 10


def head_of(
    opened: OpenedRun, remarks: Sequence[Remark], replayable: Replayable | None, width: int, lines: int
) -> Text:
    """One line of figures, and one for each thing that must not be overlooked or was said; so many `lines` in all.

    What has no room is counted at the end of the last one, and what is cut is said to be, with the key that shows it.
    """
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
    found, said = found_in(opened, remarks, replayable), said_of(opened)
    # The gravest, and then the last words.
    room = lines - 1
    latest = min(len(said), room - min(2, len(found)))
    shown = [*found[:2], *said[len(said) - latest :], *found[2:]][:room]
    for one in shown[:-1]:
        line.append("\n").append(one_line(one.words, width), style=one.style)
    if shown:
        line.append("\n").append_text(_last(shown, len(found) + len(said) - len(shown), width))
    return line


def _last(shown: Sequence[Told], hidden: int, width: int) -> Text:
    """The last line, and at its end what is not to be read here."""
    words, style = shown[-1].words, shown[-1].style
    more = f"+{hidden} more: {KEY}" if hidden else ""
    if not more and any(_is_cut(one.words, width) for one in shown):
        more = f"all of it: {KEY}"
    if not more:
        return Text(one_line(words, width), style)
    return Text.assemble((cell(words, max(0, width - len(more) - 1)), style), " ", (more, "bold"))


def _is_cut(words: str, width: int) -> bool:
    return one_line(words, width) != one_line(words, width + 1)


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
