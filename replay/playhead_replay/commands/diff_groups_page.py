"""A diff of two groups of runs as lines of text, for a page or a screen."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from rich.console import Console
from rich.text import Text

from playhead.printable import several
from playhead_collector.commands.common import one_line
from playhead_collector.read.signs import LETTERS, SIGNS
from playhead_collector.read.words import cost, count, duration
from playhead_replay.commands.diff_values import Room, lines_of
from playhead_replay.diff.group import Branch, GroupDiff, Outcome, Parting, Spread
from playhead_replay.diff.way import Passed

# Branches of one parting, and places where groups part: the rest is counted.
_MOST_BRANCHES = 8
_MOST_PARTINGS = 6
_LONGEST_WAY = 24
# Of a run's id, enough to find it by.
_ID = 16
# Fewer runs seldom tell more than chance does.
_FEW = 5


@dataclass(frozen=True, slots=True)
class GroupLine:
    text: Text
    long: bool = False
    """Whether it is one line however long it is."""
    pair: tuple[str, str] = ("", "")
    """Runs of A and B that show what it says; empty where it is of none."""
    clear: bool = False
    """Whether it is a branch that is taken more often on one side than chance explains."""


def show_groups(out: Console, diff: GroupDiff, filters: Sequence[str], *, words: bool, full: bool) -> None:
    room = Room(out.width - 6, words or full, full)
    for line in who_is_compared(diff, filters):
        out.print(line)
    for group_line in lines_of_groups(diff, room, "--full shows"):
        out.print(group_line.text, soft_wrap=group_line.long)


def who_is_compared(diff: GroupDiff, filters: Sequence[str]) -> Iterator[Text]:
    """Which runs, how they ended, and what keeps them from being compared well."""
    for side, colour, given, outcome in (("A", "red", filters[0], diff.a), ("B", "green", filters[1], diff.b)):
        line = Text(f"{side} ", style=f"bold {colour}").append(one_line(given, 100) or "all runs", style="bold")
        line.append(f" · {several(outcome.runs, 'run')} ·")
        for status, number in outcome.statuses:
            sign, sign_colour = SIGNS[status]
            line.append(f" {sign} {number}", style=sign_colour)
        yield line
    if diff.in_both:
        yield Text(f"  {several(diff.in_both, 'run')} in both groups", style="yellow")
    if min(diff.a.runs, diff.b.runs) < _FEW:
        yield Text("  so few runs differ by chance: take what follows for a hint", style="yellow")


def lines_of_groups(diff: GroupDiff, room: Room, whole: str) -> Iterator[GroupLine]:
    """How they went, what they were told, where they part, and which tools fail.

    `whole` says what shows the rest of what is left out.
    """
    yield _EMPTY
    yield from _figures(diff)
    yield from _setups(diff, room)
    yield from _partings(diff, room.whole, whole)
    yield from _tools(diff, room.whole)


_EMPTY = GroupLine(Text())


def _figures(diff: GroupDiff) -> Iterator[GroupLine]:
    yield GroupLine(Text(f"  {'median':<14}{'A':>10}{'B':>10}", style="dim"))
    for name, spread, words in _FIGURES:
        a, b = spread(diff.a), spread(diff.b)
        line = Text(f"  {name:<14}{_median(a, words):>10}{_median(b, words):>10}")
        unknown = [f"{one.unknown} of {side}" for side, one in (("A", a), ("B", b)) if one.unknown]
        if unknown:
            line.append(f"   not known of {' and '.join(unknown)}", style="dim")
        yield GroupLine(line)
    line = Text(f"  {'ended well':<14}{_share(diff.a.ok, diff.a.runs):>10}{_share(diff.b.ok, diff.b.runs):>10}")
    if diff.a.ok * diff.b.runs != diff.b.ok * diff.a.runs:
        line.append(f"   {_odds(diff.success_by_chance)}", style="dim")
    yield GroupLine(line)
    yield GroupLine(Text(f"  {'cost in all':<14}{_total(diff.a.cost):>10}{_total(diff.b.cost):>10}"))
    yield _EMPTY


_FIGURES: tuple[tuple[str, Callable[[Outcome], Spread], Callable[[float], str]], ...] = (
    ("steps", lambda outcome: outcome.steps, lambda value: f"{value:g}"),
    ("tokens", lambda outcome: outcome.tokens, lambda value: count(round(value))),
    ("cost", lambda outcome: outcome.cost, cost),
    ("time", lambda outcome: outcome.time, duration),
)


def _median(spread: Spread, words: Callable[[float], str]) -> str:
    return "?" if spread.median is None else words(spread.median)


def _total(spread: Spread) -> str:
    return "?" if spread.total is None else cost(spread.total, spread.unknown)


def _share(some: int, of: int) -> str:
    return f"{some / of:.0%}" if of else "-"


def _odds(chance: float) -> str:
    """In words of odds: a p-value is read wrong at night."""
    if chance >= 0.5:
        return "as likely by chance as not"
    if chance >= 0.001:
        return f"by chance once in {1 / chance:.0f} times"
    return "by chance less than once in 1,000 times"


def _setups(diff: GroupDiff, room: Room) -> Iterator[GroupLine]:
    if not diff.setups:
        return
    yield GroupLine(Text("told otherwise", style="bold"))
    for change in diff.setups:
        often = f"{change.a[0]} of {change.a[1]} | {change.b[0]} of {change.b[1]} runs"
        agent = one_line(change.agent, 60)
        line = Text(f"  {agent + ': ' if agent else ''}{change.what}", style="yellow")
        yield GroupLine(line.append(f"  {often}", style="dim"))
        for line in lines_of(change.what, change.difference, room):
            yield GroupLine(Text("      ").append_text(line), long=True)
    yield _EMPTY


def _partings(diff: GroupDiff, full: bool, whole: str) -> Iterator[GroupLine]:
    first = diff.first
    if not diff.partings:
        yield GroupLine(Text("they do not part: all went the same ways, equally often"))
        yield _EMPTY
        return
    if first is None:
        yield GroupLine(Text("they do not clearly part: all that differs may be chance", style="bold"))
    else:
        yield GroupLine(Text(f"they part first {_after(first)}", style="bold"))
    yield GroupLine(_common_way(diff, len(diff.common) if full else _LONGEST_WAY))
    yield _EMPTY
    shown = list(diff.partings)
    if not full:
        shown = [one for one in shown if one.clear] or sorted(shown, key=_chance)[:2]
        shown = sorted(shown[:_MOST_PARTINGS], key=lambda one: one.place)
    for parting in shown:
        yield from _parting(parting, full, whole)
    hidden = len(diff.partings) - len(shown)
    if hidden:
        words = f"  {several(hidden, 'more place')} where shares differ less clearly; {whole} all"
        yield GroupLine(Text(words, style="dim"))
        yield _EMPTY


def _common_way(diff: GroupDiff, most: int) -> Text:
    """As `1 A · (2 B | 3 C · 4 D) · 5 E`: no run need have gone both ways that stand beside a bar."""
    begin, end = {either.one for either in diff.alternatives}, {either.end for either in diff.alternatives}
    turn = {either.other for either in diff.alternatives} - begin - end
    way = Text(f"the common way{', in brackets where it branches' if diff.alternatives else ''}: ", style="dim")
    shown = diff.common[:most]
    for place, passed in enumerate(shown):
        if place:
            way.append(" | " if place in turn else " · ")
        way.append(f"{'(' if place in begin else ''}{place + 1} ").append_text(_name(passed))
        way.append(")" if place + 1 in end else "")
    if len(shown) < len(diff.common):
        is_within = any(either.one < len(shown) < either.end for either in diff.alternatives)
        way.append(f"{' …)' if is_within else ''} · … {len(diff.common)} steps in all")
    return way


def _chance(parting: Parting) -> float:
    return min(branch.by_chance for branch in parting.branches)


def _parting(parting: Parting, full: bool, whole: str) -> Iterator[GroupLine]:
    line = Text(f"  {_after(parting)}", style="yellow" if parting.clear else "")
    yield GroupLine(line.append(f"   {parting.a} runs of A, {parting.b} of B", style="dim"))
    yield GroupLine(Text(f"  {'A':>11} {'B':>11}", style="dim"))
    branches = parting.branches if full else parting.branches[:_MOST_BRANCHES]
    for branch in branches:
        line = Text(f"  {_part(branch.a.runs, parting.a):>11} {_part(branch.b.runs, parting.b):>11}  → ")
        line.append_text(_name(branch.to))
        line.pad_right(max(0, 58 - line.cell_len))
        line.append("  " + _costs(branch), style="dim")
        if branch.clear:
            line.append(f"  ← {_odds(branch.corrected)}", style="bold")
        yield GroupLine(line, long=True, pair=parting.pair(branch), clear=branch.clear)
    hidden = len(parting.branches) - len(branches)
    if hidden:
        yield GroupLine(Text(f"  … and {hidden} more branches, each rarer; {whole} them", style="dim"))
    examples = parting.typical(of_a=True).a.example, parting.typical(of_a=False).b.example
    if all(examples):
        command = f"  one of each: playhead diff {examples[0][:_ID]} {examples[1][:_ID]}"
        yield GroupLine(Text(command, style="dim"), pair=examples)
    yield _EMPTY


def _part(some: int, of: int) -> str:
    return f"{some}/{of} {_share(some, of):>4}"


def _costs(branch: Branch) -> str:
    """What became of the runs that went there: medians, and how many ended well."""
    sides = [outcome for outcome in (branch.a, branch.b) if outcome.runs]
    told = [
        " | ".join(dict.fromkeys(_median(spread(outcome), words) for outcome in sides))
        for name, spread, words in _FIGURES
        if name != "tokens"
    ]
    told[0] += " steps"
    return " · ".join([*told, "✓ " + " | ".join(f"{outcome.ok}/{outcome.runs}" for outcome in sides)])


def _after(parting: Parting) -> str:
    if parting.after is None:
        return "at the start"
    return f"after step {parting.place + 1} of the common way, {_name(parting.after)}"


def _name(passed: Passed | None) -> Text:
    if passed is None:
        return Text("(the end)")
    letter, colour = LETTERS[passed.kind]
    name = {"prompt": "prompt"}.get(passed.kind, one_line(passed.name, 60))
    line = Text(letter, style=colour).append(f" {name}{' ended' if passed.ended else ''}")
    if passed.outcome:
        arrow = " " if passed.kind not in ("state", "decision", "approval") or passed.outcome in "✗…" else " → "
        line.append(f"{arrow}{one_line(passed.outcome, 40)}", style="red" if passed.outcome == "✗" else "")
    return line


def _tools(diff: GroupDiff, full: bool) -> Iterator[GroupLine]:
    """Those that failed in either group; all of them on demand."""
    used = [tool for tool in diff.tools if full or any(tool.failed)]
    if not used:
        return
    yield GroupLine(Text(f"  {'tool':<28}{'failed in A':>16}{'failed in B':>16}", style="dim"))
    for tool in used:
        line = Text(f"  {one_line(tool.name, 27):<28}")
        for side in (0, 1):
            of = f"{tool.failed[side]} of {tool.calls[side]} calls" if tool.calls[side] else "not called"
            line.append(f"{of:>16}", style="red" if tool.failed[side] else "")
        yield GroupLine(line)
