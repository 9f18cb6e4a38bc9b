"""The runs behind a figure, as a query line that finds them."""

from __future__ import annotations

from datetime import timedelta

from playhead.errors import UsageError
from playhead_collector.read.query_line import quoted
from playhead_collector.slo.levels import Level
from playhead_collector.slo.objectives import Objective
from playhead_tui.levels.asking import View


def query_of_level(level: Level, view: View) -> str:
    """The group's. Raises UsageError where no query line can say which they are."""
    since = f"since:{view.window}"
    if view.by == "all":
        return since
    if view.by == "segment" or not level.name.strip():
        raise UsageError(f"no search finds the runs of {'a segment' if view.by == 'segment' else 'no name'}")
    if view.by == "version":
        agent, _, version = level.name.rpartition(" ")
        parts = [f"agent:{quoted(agent)}" if agent else "", f"version:{quoted(version)}" if version else ""]
        return " ".join(filter(None, (*parts, since)))
    return f"{view.by}:{quoted(level.name)} {since}"


def query_of_objective(objective: Objective) -> str:
    """Those that were bad, as far as a query line can say; else all that it is about."""
    bad = {
        "success": "status:error",
        "latency": f"time>{objective.at_most:g}s",
        "cost": f"cost>{objective.at_most:g}",
    }.get(objective.indicator, "")
    agent = f"agent:{quoted(objective.agent)}" if objective.agent else ""
    return " ".join(filter(None, (agent, bad, f"since:{span(objective.window)}")))


def span(window: timedelta) -> str:
    """As one writes it: `30d`, `12h`."""
    hours = int(window.total_seconds()) // 3600
    return f"{hours // 24}d" if hours % 24 == 0 else f"{hours}h"
