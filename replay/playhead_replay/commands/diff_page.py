"""A diff of two runs as text. What traces hold is data: it is shown through `printable`, and never obeyed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rich.console import Console
from rich.text import Text

from playhead.printable import printable
from playhead_collector.commands.common import one_line
from playhead_collector.read.signs import SIGNS
from playhead_replay.commands import diff_telling as telling
from playhead_replay.commands.diff_values import Room, lines_of
from playhead_replay.diff.changes import Change
from playhead_replay.diff.content import Content
from playhead_replay.diff.outline import Begun, Ended, Folded, is_first, outline
from playhead_replay.diff.run import Figure, Pair, RunDiff, shares

_INDENT = "      "
_TITLE = 46
# Of a sum: what its difference has to be, for its steps to be named.
_WORTH_TELLING = 0.1


def show_runs(out: Console, diff: RunDiff, *, words: bool, full: bool) -> None:
    """Header, figures, where they part first, and the steps."""
    _header(out, diff)
    _figures(out, diff)
    _verdict(out, diff)
    if not diff.equal or full:
        _Page(out, diff, Room(out.width - len(_INDENT), words or full, full)).steps()


def _header(out: Console, diff: RunDiff) -> None:
    told = list(telling.problems(diff))
    for side, colour, row in (("A", "red", diff.a), ("B", "green", diff.b)):
        line = Text(f"{side} ", style=f"bold {colour}")
        sign, sign_colour = SIGNS[row.status]
        line.append(f"{sign} ", style=sign_colour)
        line.append(one_line(row.agent or row.service or row.name, 60), style="bold")
        if row.version:
            line.append(f" {one_line(row.version, 40)}")
        line.append(f" · {row.start_time:%Y-%m-%d %H:%M:%S} UTC · run {row.run_id}", style="dim")
        out.print(line, soft_wrap=True)
        for problem in (problem for of, problem in told if of == side):
            out.print(Text(f"    {one_line(problem, 300)}", style="yellow"), soft_wrap=True)
    for problem in (problem for of, problem in told if not of):
        out.print(Text(f"  {problem}", style="yellow"))
    for words in telling.code(diff):
        out.print(Text(f"  {words}", style="dim"), soft_wrap=True)
    for words in telling.not_captured(diff):
        out.print(Text(f"  {words}", style="yellow"))
    out.print()


def _figures(out: Console, diff: RunDiff) -> None:
    out.print(Text(f"  {'':<14}{'A':>10}{'B':>10}   B - A", style="dim"))
    for figure in diff.figures:
        if figure.a == figure.b and figure.name in ("errors", "tool calls", "prompts") and not figure.a:
            continue
        line = Text(f"  {figure.name:<14}{telling.said(figure, figure.a, figure.at_least_a):>10}")
        line.append(f"{telling.said(figure, figure.b, figure.at_least_b):>10}")
        line.append(f"   {telling.delta_of(figure)}", style="dim" if figure.delta == 0 else "")
        out.print(line)
    for figure in diff.figures:
        if figure.name in ("cost", "time") and figure.delta and abs(figure.delta) > _WORTH_TELLING * (figure.a or 0):
            _shares(out, diff, figure)
    out.print()


def _shares(out: Console, diff: RunDiff, figure: Figure) -> None:
    """Where most of a difference comes from."""
    told = [
        f"{telling.title(pair.content, indent=False)} ({telling.where(pair)}) {telling.amount(figure, share.delta)}"
        for share in shares(diff, figure)[:3]
        for pair in [diff.pairs[share.place]]
    ]
    if told:
        words = f"  {figure.name} {telling.amount(figure, figure.delta or 0)}, mainly {', '.join(told)}"
        out.print(Text(words), soft_wrap=True)


def _verdict(out: Console, diff: RunDiff) -> None:
    if diff.equal:
        out.print(Text(telling.tally(diff), style="green"))
        return
    out.print(Text(telling.tally(diff)), soft_wrap=True)
    if diff.started_differently:
        out.print(Text("the runs were started differently"))
    out.print(Text(telling.parting(diff), style="bold"), soft_wrap=True)
    out.print()


@dataclass(frozen=True, slots=True)
class _Page:
    out: Console
    diff: RunDiff
    room: Room

    def steps(self) -> None:
        for entry in outline(self.diff.pairs, whole=self.room.whole):
            if isinstance(entry, Folded):
                more = "; --full shows them" if entry.verdict.startswith("only") else ""
                self.out.print(Text(f"  {telling.folded(entry)}{more}", style="dim"))
            elif isinstance(entry, Begun):
                self._step(entry, self.diff.pairs[entry.place])
            else:
                self._end(entry, self.diff.pairs[entry.place])

    def _step(self, entry: Begun, pair: Pair) -> None:
        mark, style = telling.MARKS[pair.verdict]
        line = Text(f"  {mark} ", style=style)
        line.append_text(telling.title(pair.content))
        if pair.verdict.startswith("only"):
            line.append(f"  (only in {pair.verdict[-1].upper()})", style=style)
        self._figures(line, pair)
        if is_first(self.diff.first, pair, entry):
            line.append(f"  {telling.FIRST}", style="bold")
        self.out.print(line, soft_wrap=True)
        if pair.a is None or pair.b is None:
            self._alone(pair.content, style)
            return
        self._changes(telling.changes_of(pair, ended=False))

    def _end(self, entry: Ended, pair: Pair) -> None:
        line = Text("  ≠ ", style="yellow").append_text(telling.title(pair.content))
        line.append(" · what came of it", style="dim")
        if is_first(self.diff.first, pair, entry):
            line.append(f"  {telling.FIRST}", style="bold")
        self.out.print(line, soft_wrap=True)
        self._changes(telling.changes_of(pair, ended=True))

    def _figures(self, line: Text, pair: Pair) -> None:
        line.pad_right(max(0, _TITLE - line.cell_len))
        numbers = [f"#{number}" for number in (pair.number_a, pair.number_b) if number is not None]
        line.append(f" {' '.join(dict.fromkeys(numbers)):>9}", style="dim")
        sides = [content.step for content in (pair.a, pair.b) if content is not None]
        line.append("  " + telling.figures_of(*sides), style="dim")

    def _changes(self, changes: Sequence[Change]) -> None:
        news = [change for change in changes if not change.handed_on or self.room.whole]
        for change in news:
            what = telling.named(change)
            lines = [line for one in change.differences for line in lines_of(what, one, self.room)]
            shown = lines if self.room.whole else lines[: telling.MOST_LINES]
            for line in shown:
                self.out.print(Text(_INDENT).append_text(line), soft_wrap=True)
            if len(lines) > len(shown):
                more = f"{_INDENT}… and {len(lines) - len(shown)} more lines of {what}; --full shows them"
                self.out.print(Text(more, style="dim"))
        carried = telling.carried_on(changes, news)
        if carried:
            self.out.print(Text(f"{_INDENT}{carried}", style="dim"))

    def _alone(self, content: Content, style: str) -> None:
        for text in telling.alone(content, self.room):
            self.out.print(Text(f"{_INDENT}{printable(text)}", style=style), soft_wrap=True)
