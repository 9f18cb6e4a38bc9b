"""What the screen of service levels reads: by the functions of `playhead slo`, asked beside the screen."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from clickhouse_connect.driver.client import Client

from playhead.errors import UsageError
from playhead_collector.slo.budget import Budget, budget
from playhead_collector.slo.levels import Level, Trend, Window, levels, trends
from playhead_collector.slo.objectives import Acceptance, Objectives, objectives_of

WINDOWS = {
    "1h": timedelta(hours=1),
    "6h": timedelta(hours=6),
    "1d": timedelta(days=1),
    "7d": timedelta(days=7),
    "30d": timedelta(days=30),
}
SLICES = 24
"""Parts of a window in which failures are counted for its plot."""


@dataclass(frozen=True, slots=True)
class View:
    """What is looked at: a window by its name, and what runs are grouped by."""

    window: str = "7d"
    by: str = "agent"

    def until(self, now: datetime) -> Window:
        return Window(now - WINDOWS[self.window], now)


@dataclass(frozen=True, slots=True)
class Figures:
    view: View
    window: Window
    acceptance: Acceptance
    groups: list[Level]
    budgets: list[Budget]
    trends: dict[str, Trend]
    """By group; failures in each part of the window."""
    trouble: str
    """Why there are no objectives although a file was named; empty where there are, or none was."""


def figures(client: Client, view: View, now: datetime, file: Path | None) -> Figures:
    """The file is read again each time: what is written into it is seen at once."""
    told, trouble = Objectives(), ""
    try:
        told = objectives_of(file)
    except UsageError as error:
        trouble = str(error)
    window, accepted = view.until(now), told.acceptance
    groups = levels(client, window, view.by, accepted)
    plots = trends(client, window, view.by, accepted, SLICES)
    budgets = [budget(client, one, accepted, now) for one in told.objectives]
    return Figures(view, window, accepted, groups, budgets, plots, trouble)
