"""Service levels as Markdown, for a page that people read once a week; figures are those of the table."""

from __future__ import annotations

from collections.abc import Sequence

from playhead.printable import printable
from playhead_collector.read.words import duration
from playhead_collector.slo.alarms import Alarms
from playhead_collector.slo.budget import Budget
from playhead_collector.slo.levels import UNNAMED, Level, Window

HEAD = ("runs", "success", "needed a person", "cost of a success", "p50", "p95", "p99")
_BLOCKS = " ▁▂▃▄▅▆▇█"


def cells(level: Level) -> tuple[str, ...]:
    """One group's figures in words, in the order of `HEAD`."""
    dear = level.cost_of_success_usd
    cost = "?" if dear is None else f"${dear:.4f}" + ("+?" if level.unpriced else "")
    times = (duration(value) for value in (level.p50_s, level.p95_s, level.p99_s))
    return (str(level.runs), percent(level.success), percent(level.aided_share), cost, *times)


def budget_cells(budget: Budget) -> tuple[str, ...]:
    """Target, what it is, what is left, how fast it burns, and the days as a plot."""
    burns = ", ".join(f"{hours(burn.long_s)} {burn.long_rate:.1f}x" for burn in budget.burns)
    good = "no runs" if budget.good is None else percent(budget.good)
    left = "" if budget.left is None else percent(budget.left)
    return (percent(budget.objective.target), good, left, burns, budget.alarm, plot(budget))


def plot(budget: Budget) -> str:
    """The share of bad runs of each day: the highest block burns the budget ten times too fast, a gap is no runs."""
    allowed = 1 - budget.objective.target
    return "".join(
        _BLOCKS[min(8, 1 + round(bad / runs / allowed * 0.7))] if runs else _BLOCKS[0] for runs, bad in budget.daily
    )


def percent(share: float) -> str:
    return f"{100 * share:.2f}%"


def alarm_cells(one: Alarms) -> tuple[str, ...]:
    """How many alarms a rule gave, and how soon after the first bad run, in the order of `ALARM_HEAD`."""
    return (str(one.alarms), *(duration(value) for value in (one.p50_s, one.p95_s, one.slowest_s)))


def markdown(
    window: Window, by: str, groups: Sequence[Level], budgets: Sequence[Budget], told: Sequence[Alarms] = ()
) -> str:
    lines = [f"# Service levels, {window.since:%Y-%m-%d %H:%M} to {window.until:%Y-%m-%d %H:%M} UTC", ""]
    if budgets:
        lines += [
            "## Objectives",
            "",
            *_table(("objective", *BUDGET_HEAD), [(b.objective.name, *budget_cells(b)) for b in budgets]),
        ]
        lines.append("")
    lines += [f"## By {by}", "", *_table((by, *HEAD), [(level.name or UNNAMED, *cells(level)) for level in groups])]
    if told:
        lines += ["", "## From the first bad run to the alarm", ""]
        lines += _table(("rule", *ALARM_HEAD), [(one.rule, *alarm_cells(one)) for one in told])
    return "\n".join(lines) + "\n"


ALARM_HEAD = ("alarms", "p50", "p95", "slowest")
BUDGET_HEAD = ("target", "is", "budget left", "burn rate", "alarm", "days")


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    def line(words: Sequence[str]) -> str:
        return "| " + " | ".join(printable(word).replace("|", "\\|").replace("\n", " ") for word in words) + " |"

    return [line(head), line(["---"] * len(head)), *(line(row) for row in rows)]


def hours(seconds: int) -> str:
    return f"{seconds // 3600}h"
