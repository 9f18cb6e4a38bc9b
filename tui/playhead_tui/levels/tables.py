"""The tables of service levels: objectives with their budgets, and groups of runs with their figures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import ceil

from rich.text import Text

from playhead_collector.slo.budget import Budget
from playhead_collector.slo.levels import Level, Trend
from playhead_collector.slo.report import budget_cells, cells
from playhead_tui.lines import Lines
from playhead_tui.shown import cell

_BLOCKS = " ▁▂▃▄▅▆▇█"
_FIGURES = (("runs", 6), ("success", 8), ("person", 7), ("$/success", 10), ("p50", 6), ("p95", 6), ("p99", 6))
_FAILED = "failed"
_BUDGET = (("target", 7), ("is", 8), ("left", 9))


def failures(parts: Trend, width: int) -> str:
    """The share of runs in each part that were no success: the lowest block is none, a gap no runs."""
    together = ceil(len(parts) / max(1, width))
    shown = (parts[at : at + together] for at in range(0, len(parts), max(1, together)))
    counts = ((sum(runs for runs, _ in some), sum(good for _, good in some)) for some in shown)
    return "".join(_BLOCKS[1 + ceil(7 * (runs - good) / runs) if runs else 0] for runs, good in counts)


def colour_of(budget: Budget) -> str:
    """The alarm and the figures say the same in words."""
    if budget.alarm == "page" or (budget.left is not None and budget.left <= 0):
        return "bold red"
    return "yellow" if budget.alarm else ""


class ObjectiveTable(Lines):
    HEAD = 1

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._budgets: Sequence[Budget] = ()

    @property
    def here(self) -> Budget | None:
        return self._budgets[self.cursor] if self.cursor < len(self._budgets) else None

    def show(self, budgets: Sequence[Budget]) -> None:
        self._budgets = budgets
        self.display = bool(budgets)
        self.set_count(len(budgets))

    @staticmethod
    def _rest(width: int) -> tuple[int, int]:
        """What is left for the name and for the plot of days."""
        left = width - 2 - sum(size + 1 for _, size in _BUDGET) - 8
        plot = min(30, left // 2)
        return left - plot, plot

    def draw_head(self, line: int, width: int) -> Text:
        name, plot = self._rest(width)
        titles = " ".join(cell(title, size, right=True) for title, size in _BUDGET)
        return Text(f" {cell('objective', name)} {titles} {cell('alarm', 7)}{cell('bad a day', plot)}", no_wrap=True)

    def draw(self, line: int, width: int) -> Text:
        budget, (name, plot) = self._budgets[line], self._rest(width)
        target, good, left, _, alarm, days = budget_cells(budget)
        figures = " ".join(
            cell(word, size, right=True) for word, (_, size) in zip((target, good, left), _BUDGET, strict=True)
        )
        text = Text(" ", no_wrap=True).append(cell(budget.objective.name, name), style=colour_of(budget))
        text.append(f" {figures} ").append(cell(alarm and f"! {alarm}", 7), style="bold red")
        return text.append(days[-plot:], style="red")


class GroupTable(Lines):
    HEAD = 1

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._groups: Sequence[Level] = ()
        self._trends: Mapping[str, Trend] = {}
        self._by = ""

    @property
    def here(self) -> Level | None:
        return self._groups[self.cursor] if self.cursor < len(self._groups) else None

    def show(self, by: str, groups: Sequence[Level], trends: Mapping[str, Trend]) -> None:
        """The cursor stays on its group."""
        kept = self.here.name if self.here is not None and by == self._by else None
        self._by, self._groups, self._trends = by, groups, trends
        self.set_count(len(groups))
        names = [level.name for level in groups]
        self.go_to(names.index(kept) if kept in names else 0)

    @staticmethod
    def _rest(width: int) -> tuple[int, int]:
        """What is left for the name and for the plot of failures."""
        left = width - 2 - sum(size + 1 for _, size in _FIGURES)
        plot = min(24, left - 16)
        # A plot of less than its title's width says nothing that its title does not.
        return (left - plot, plot) if plot >= len(_FAILED) else (left, 0)

    def draw_head(self, line: int, width: int) -> Text:
        name, plot = self._rest(width)
        titles = " ".join(cell(title, size, right=True) for title, size in _FIGURES)
        return Text(f" {cell(self._by, name)}{titles} {cell(_FAILED, plot)}", no_wrap=True)

    def draw(self, line: int, width: int) -> Text:
        level, (name, plot) = self._groups[line], self._rest(width)
        figures = " ".join(cell(word, size, right=True) for word, (_, size) in zip(cells(level), _FIGURES, strict=True))
        text = Text(f" {cell(level.name or '(none)', name)}{figures} ", no_wrap=True)
        return text.append(failures(self._trends.get(level.name, ()), plot), style="red")
