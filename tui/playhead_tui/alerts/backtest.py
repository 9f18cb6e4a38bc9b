"""A rule asked about the past, for the pane: when it would have fired, and how other figures compare."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from clickhouse_connect.driver.client import Client
from rich.text import Text

from playhead.errors import UsageError
from playhead.printable import several
from playhead_collector.alerts.backtest import Firing, Span, backtest, plot
from playhead_collector.alerts.figure import figure_of
from playhead_collector.alerts.rule import Rule
from playhead_collector.alerts.ruling import Ruling
from playhead_collector.read.runs import parse_time
from playhead_collector.read.words import duration
from playhead_tui.alerts.sheets import RunLine
from playhead_tui.run.sheet import Line, Sheet
from playhead_tui.shown import one_line

SHOWN = 100
"""Firings that are listed, the latest."""


@dataclass(frozen=True, slots=True)
class Tried:
    """The rule with some figures, and what came of it."""

    figures: Mapping[str, str]
    firings: Sequence[Firing]


@dataclass(frozen=True, slots=True)
class Backtest:
    rule: Rule
    span: Span
    tried: Sequence[Tried]


@dataclass(frozen=True, slots=True)
class Tries:
    """What is asked: since when, and which figures are compared with the rule's own."""

    since: str
    figures: Mapping[str, str]


def figures_of(rule: Rule) -> str:
    """As one writes them: `repeats=5 seconds=60`."""
    return " ".join(f"{one.name}={one.default}" for one in rule.parameters)


def chosen(rule: Rule, line: str) -> dict[str, str]:
    """The figures of a line; raises UsageError where the rule has no such one, or it is none of its type."""
    names = {parameter.name: parameter for parameter in rule.parameters}
    told = {name: value for name, _, value in (word.partition("=") for word in line.split())}
    wrong = next((name for name, value in told.items() if name not in names or not value), None)
    if wrong is not None:
        raise UsageError(f"{wrong!r} is no figure of {rule.name}: write {figures_of(rule) or 'none, as it has none'}")
    try:
        return {name: figure_of(names[name], value) for name, value in told.items()}
    except ValueError as error:
        raise UsageError(str(error)) from None


def run_backtest(client: Client, rule: Rule, asked: Tries, now: datetime, say: Callable[[str], None]) -> Backtest:
    """With its own figures, and with others where they differ."""
    span = Span.of(parse_time(asked.since, now), now, rule.every)
    if span.since >= now:
        raise UsageError(f"{asked.since!r} is not in the past: write 6h, 7d or 30d")
    plain = rule.values({})
    others = {**plain, **asked.figures}
    tries = [plain, others] if others != plain else [plain]
    tried = []
    for number, values in enumerate(tries, 1):
        what = f"{rule.name}{f' {number} of {len(tries)}' if len(tries) > 1 else ''}"

        def progress(done: int, of: int, what: str = what) -> None:
            say(f"asking {what} about the past: {100 * done // max(1, of)}%")

        tried.append(Tried(values, backtest(client, Ruling(rule).admitted(client), values, span, progress)))
    return Backtest(rule, span, tried)


def sheet_of_backtest(done: Backtest | None, going: str, width: int) -> list[Line]:
    sheet = Sheet(width)
    if going:
        sheet.text(going, "bold")
    if done is None:
        if not going:
            sheet.note(
                "b asks the alert's rule about the past: when it would have fired, and how other figures compare"
            )
        return sheet.lines
    span = done.span
    sheet.text(f"{done.rule.name} from {span.since:%m-%d %H:%M} to {span.until:%m-%d %H:%M} UTC", "bold")
    for tried in done.tried:
        lasted = [firing.lasted(span.until) for firing in tried.firings]
        runs = {run for firing in tried.firings for run in firing.runs}
        sheet.text(" ".join(f"{name}={value}" for name, value in tried.figures.items()) or "its figures", "cyan")
        longest = f" · {duration(sum(lasted, timedelta()).total_seconds())} in all" if lasted else ""
        sheet.text(f"fires {several(len(lasted), 'time')} · {several(len(runs), 'run')}{longest}", indent=1)
        bars = plot(tried.firings, span, max(10, sheet.width - 2))
        sheet.lines.append(Line(Text.assemble(" ", (bars, "red"))))
    for firing in reversed(done.tried[-1].firings[-SHOWN:]):
        words = f"  {firing.fired_at:%m-%d %H:%M} for {duration(firing.lasted(span.until).total_seconds())} "
        text = Text(words + one_line(firing.summary, max(10, sheet.width - len(words))), no_wrap=True)
        sheet.lines.append(RunLine(text, run_id=firing.runs[0]) if firing.runs else Line(text))
    left = len(done.tried[-1].firings) - SHOWN
    if left > 0:
        sheet.note(f"and {left} before these: 'playhead alerts backtest {done.rule.name}' lists all")
    return sheet.lines
