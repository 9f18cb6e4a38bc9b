"""A diff of two runs as text. What traces hold is data: it is shown through `printable`, and never obeyed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import groupby

from rich.console import Console
from rich.text import Text

from playhead.printable import printable
from playhead_collector.commands.common import one_line
from playhead_collector.read.run import Step
from playhead_collector.read.signs import LETTERS, SIGNS
from playhead_collector.read.telling import problems_of
from playhead_collector.read.words import cost, count, duration, several
from playhead_replay.commands.diff_values import Room, lines_of
from playhead_replay.diff.changes import Change, words_of
from playhead_replay.diff.content import Content
from playhead_replay.diff.run import Figure, Pair, RunDiff, shares

_INDENT = "      "
_DEEPEST = 24
_TITLE = 46
# Of one change; the rest is counted.
_MOST_LINES = 12
# Steps in a row that are on one side only, before their middle is folded.
_MOST_ALONE = 9
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
    for side, colour, row in (("A", "red", diff.a), ("B", "green", diff.b)):
        line = Text(f"{side} ", style=f"bold {colour}")
        sign, sign_colour = SIGNS[row.status]
        line.append(f"{sign} ", style=sign_colour)
        line.append(one_line(row.agent or row.service or row.name, 60), style="bold")
        if row.version:
            line.append(f" {one_line(row.version, 40)}")
        line.append(f" · {row.start_time:%Y-%m-%d %H:%M:%S} UTC · run {row.run_id}", style="dim")
        out.print(line, soft_wrap=True)
        for problem in [*([f"error: {row.error}"] if row.error else []), *problems_of(row)]:
            out.print(Text(f"    {one_line(problem, 300)}", style="yellow"), soft_wrap=True)
    if diff.a.run_id == diff.b.run_id:
        out.print(Text("  both are the same run", style="yellow"))
    for what, one, other in diff.code:
        if what == "version":
            continue
        out.print(
            Text(f"  {what}: {one_line(one, 100) or '?'} → {one_line(other, 100) or '?'}", style="dim"), soft_wrap=True
        )
    for side, lost in (("A", diff.not_captured[0]), ("B", diff.not_captured[1])):
        if lost:
            words = (
                f"of {side}, {several(lost, 'prompt or tool call')} came without content: what was said is not known"
            )
            out.print(Text(f"  {words.replace('prompt or tool calls', 'prompts or tool calls')}", style="yellow"))
    out.print()


def _figures(out: Console, diff: RunDiff) -> None:
    out.print(Text(f"  {'':<14}{'A':>10}{'B':>10}   B - A", style="dim"))
    for figure in diff.figures:
        if figure.a == figure.b and figure.name in ("errors", "tool calls", "prompts") and not figure.a:
            continue
        line = Text(f"  {figure.name:<14}{_said(figure, figure.a, figure.at_least_a):>10}")
        line.append(f"{_said(figure, figure.b, figure.at_least_b):>10}")
        line.append(f"   {delta_of(figure)}", style="dim" if figure.delta == 0 else "")
        out.print(line)
    for figure in diff.figures:
        if figure.name in ("cost", "time") and figure.delta and abs(figure.delta) > _WORTH_TELLING * (figure.a or 0):
            _shares(out, diff, figure)
    out.print()


def _shares(out: Console, diff: RunDiff, figure: Figure) -> None:
    """Where most of a difference comes from."""
    told = [
        f"{_title(diff.pairs[share.place].content, indent=False)} ({_where(diff.pairs[share.place])}) "
        f"{amount(figure, share.delta)}"
        for share in shares(diff, figure)[:3]
    ]
    if told:
        words = f"  {figure.name} {amount(figure, figure.delta or 0)}, mainly {', '.join(told)}"
        out.print(Text(words), soft_wrap=True)


def _said(figure: Figure, value: float | None, at_least: bool) -> str:
    if figure.name == "cost":
        return cost(value, at_least)
    if figure.name == "time":
        return duration(value) if value is not None else "?"
    return count(None if value is None else int(value)) + ("+" if at_least and value is not None else "")


def delta_of(figure: Figure) -> str:
    """How much more B has; a share where it says something."""
    delta = figure.delta
    if delta is None:
        return "unknown"
    if delta == 0:
        return "="
    part = abs(delta) / figure.a if figure.a else 0
    share = f" ({'+' if delta > 0 else '-'}{part:.0%})" if part >= 0.005 else " (under 1%)" if part else ""
    unsure = ", as far as known" if figure.at_least_a or figure.at_least_b else ""
    return f"{amount(figure, delta)}{share}{unsure}"


def amount(figure: Figure, delta: float) -> str:
    """A difference, in the words of its figure."""
    size = abs(delta)
    if figure.name == "cost":
        text = cost(size) if size >= 0.00005 else "$0.0000…"
    else:
        text = duration(size) if figure.name == "time" else count(int(size))
    return f"{'+' if delta > 0 else '-'}{text}"


def _verdict(out: Console, diff: RunDiff) -> None:
    verdicts = [pair.verdict for pair in diff.pairs]
    moved = sum(pair.out_of_order for pair in diff.pairs)
    beside = f"{several(moved, 'step')} beside others in another order, which is no difference" if moved else ""
    if diff.equal:
        out.print(Text(f"equal: {several(len(verdicts), 'step')}{'; ' + beside if beside else ''}", style="green"))
        return
    told = {
        "equal": "equal", "changed": "changed", "handed on": "carrying on what differs before",
        "only a": "only in A", "only b": "only in B",
    }  # fmt: skip
    counts = [f"{verdicts.count(key)} {words}" for key, words in told.items() if key in verdicts]
    out.print(Text(f"steps: {', '.join([*counts, *([beside] if beside else [])])}"), soft_wrap=True)
    if diff.started_differently:
        out.print(Text("the runs were started differently"))
    out.print(Text(_first_words(diff), style="bold"), soft_wrap=True)
    out.print()


def _first_words(diff: RunDiff) -> str:
    if diff.first is None:
        return "nothing else differs that is not carried on from there"
    pair = diff.pairs[diff.first.place]
    if pair.a is None or pair.b is None:
        what = f"only in {'B' if pair.a is None else 'A'}"
    else:
        changes = pair.answered if diff.first.answered else pair.asked
        names = list(dict.fromkeys(_named(change) for change in changes if not change.handed_on))
        listed = " and ".join(filter(None, (", ".join(names[:-1]), names[-1])))
        words = f"{listed} {'differ' if names[1:] else 'differs'}"
        what = f"asked the same, but {words}" if diff.first.answered and not pair.asked else words
    return f"first divergence: {_where(pair)} {_title(pair.content, indent=False)}: {what}"


def _named(change: Change) -> str:
    return f"{change.what}{f' ({change.role})' if change.role else ''}"


def _where(pair: Pair) -> str:
    """By the numbers of the step in either run."""
    numbers = {side: number for side, number in (("A", pair.number_a), ("B", pair.number_b)) if number is not None}
    if len(set(numbers.values())) == 1 and len(numbers) == 2:
        return f"step {pair.number_a}"
    return "step " + ", ".join(f"{number} of {side}" for side, number in numbers.items())


@dataclass(frozen=True, slots=True)
class _Page:
    out: Console
    diff: RunDiff
    room: Room

    def steps(self) -> None:
        ends: list[tuple[int, int]] = []
        folded: list[tuple[str, int]] = []
        hidden = frozenset[int]() if self.room.whole else _middles(self.diff.pairs)
        for place, pair in enumerate(self.diff.pairs):
            for end in [end for end in reversed(ends) if place > end[0]]:
                self._fold(folded)
                self._end(end[1])
                ends.remove(end)
            if pair.below and any(not change.handed_on for change in pair.answered):
                ends.append((place + pair.below, place))
            if place in hidden or (not self.room.whole and pair.verdict in ("equal", "handed on")):
                folded.append((pair.verdict, place))
                continue
            self._fold(folded)
            self._step(place, pair)
        self._fold(folded)
        for _, place in reversed(ends):
            self._end(place)

    def _fold(self, folded: list[tuple[str, int]]) -> None:
        for verdict, group in groupby(folded, lambda one: one[0]):
            number = len(list(group))
            words = {
                "equal": f"= {several(number, 'equal step')}",
                "handed on": f"↳ {several(number, 'step')} carrying on what differs above",
                "only a": f"- … {number} more steps only in A; --full shows them",
                "only b": f"+ … {number} more steps only in B; --full shows them",
            }[verdict]
            self.out.print(Text(f"  {words}", style="dim"))
        folded.clear()

    def _step(self, place: int, pair: Pair) -> None:
        mark, style = {"equal": ("=", "dim"), "handed on": ("↳", "dim"), "changed": ("≠", "yellow"),
                       "only a": ("-", "red"), "only b": ("+", "green")}[pair.verdict]  # fmt: skip
        line = Text(f"  {mark} ", style=style)
        line.append_text(_title(pair.content))
        if pair.verdict.startswith("only"):
            line.append(f"  (only in {pair.verdict[-1].upper()})", style=style)
        self._figures(line, pair)
        first = self.diff.first
        if first is not None and first.place == place and not (first.answered and pair.below):
            line.append("  ← first divergence", style="bold")
        self.out.print(line, soft_wrap=True)
        if pair.a is None or pair.b is None:
            self._alone(pair.content, style)
            return
        self._changes((*pair.asked, *(() if pair.below else pair.answered)))

    def _end(self, place: int) -> None:
        pair = self.diff.pairs[place]
        line = Text("  ≠ ", style="yellow").append_text(_title(pair.content)).append(" · what came of it", style="dim")
        first = self.diff.first
        if first is not None and first.place == place and first.answered:
            line.append("  ← first divergence", style="bold")
        self.out.print(line, soft_wrap=True)
        self._changes(pair.answered)

    def _figures(self, line: Text, pair: Pair) -> None:
        line.pad_right(max(0, _TITLE - line.cell_len))
        numbers = [f"#{number}" for number in (pair.number_a, pair.number_b) if number is not None]
        line.append(f" {' '.join(dict.fromkeys(numbers)):>9}", style="dim")
        sides = [content.step for content in (pair.a, pair.b) if content is not None]
        told = [_both(sides, lambda step: duration(step.seconds))]
        if pair.content.step.kind == "prompt":
            told.append(_both(sides, lambda step: f"{count(step.input_tokens)}→{count(step.output_tokens)}") + " tok")
            told.append(_both(sides, lambda step: cost(step.cost_usd, step.cost_usd is None)))
        line.append("  " + "  ".join(told), style="dim")

    def _changes(self, changes: Sequence[Change]) -> None:
        news = [change for change in changes if not change.handed_on or self.room.whole]
        for change in news:
            what = _named(change)
            lines = [line for one in change.differences for line in lines_of(what, one, self.room)]
            shown = lines if self.room.whole else lines[:_MOST_LINES]
            for line in shown:
                self.out.print(Text(_INDENT).append_text(line), soft_wrap=True)
            if len(lines) > len(shown):
                more = f"{_INDENT}… and {len(lines) - len(shown)} more lines of {what}; --full shows them"
                self.out.print(Text(more, style="dim"))
        carried = len(changes) - len(news)
        if carried and news:
            self.out.print(Text(f"{_INDENT}(and {several(carried, 'difference')} carried on from above)", style="dim"))

    def _alone(self, content: Content, style: str) -> None:
        """What a step said that has no partner."""
        for text in words_of(content):
            shown = printable(text) if self.room.whole else one_line(text, self.room.width)
            self.out.print(Text(f"{_INDENT}{shown}", style=style), soft_wrap=True)


def _middles(pairs: Sequence[Pair]) -> frozenset[int]:
    """Of many steps in a row that are on one side only, all but the first and last few."""
    found: set[int] = set()
    for verdict, group in groupby(range(len(pairs)), lambda place: pairs[place].verdict):
        places = list(group)
        if verdict.startswith("only") and len(places) > _MOST_ALONE:
            found.update(places[_MOST_ALONE - 3 : -2])
    return frozenset(found)


def _both(steps: Sequence[Step], words: Callable[[Step], str]) -> str:
    return " | ".join(dict.fromkeys(words(step) for step in steps))


def _title(content: Content, indent: bool = True) -> Text:
    step = content.step
    letter, colour = LETTERS[step.kind]
    line = Text("│ " * min(content.node.depth, _DEEPEST) if indent else "", style="dim")
    line.append(letter, style=colour)
    name = (
        step.tool
        if step.kind == "tool" and step.tool
        else step.model
        if step.kind == "prompt" and step.model
        else step.name
    )
    line.append(f" {one_line(name, 70)}")
    if step.status != "ok":
        sign, sign_colour = SIGNS[step.status]
        line.append(f" {sign}", style=sign_colour)
    return line
