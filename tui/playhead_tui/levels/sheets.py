"""What the pane says of an objective, or of a group of runs: in words what its figures are made of."""

from __future__ import annotations

from rich.text import Text

from playhead.printable import several
from playhead_collector.read.words import cost, duration
from playhead_collector.slo.budget import Budget
from playhead_collector.slo.levels import Level, Trend, Window
from playhead_collector.slo.objectives import Objective
from playhead_collector.slo.report import hours, percent, plot
from playhead_tui.levels.behind import span
from playhead_tui.levels.tables import colour_of, failures
from playhead_tui.run.sheet import Line, Sheet


def what(objective: Objective) -> str:
    """What has to be true of a run for it to be good."""
    return {
        "success": "succeed",
        "unaided": "need no person",
        "latency": f"end within {duration(objective.at_most)}",
        "cost": f"cost at most {cost(objective.at_most)}",
    }[objective.indicator]


def sheet_of_budget(budget: Budget, width: int) -> list[Line]:
    objective, sheet = budget.objective, Sheet(width)
    sheet.text(objective.name, "bold")
    whose = f" of {objective.agent}" if objective.agent else ""
    sheet.text(f"{percent(objective.target)} of runs{whose} {what(objective)}, in {span(objective.window)}")
    if budget.left is None:
        sheet.note("no run ended in this window")
        return sheet.lines
    allowed = budget.runs * (1 - objective.target)
    sheet.text(f"{budget.bad} of {several(budget.runs, 'run')} bad; {allowed:.1f} may be", colour_of(budget))
    room = max(10, sheet.width - 16)
    full = round(room * max(0.0, min(1.0, budget.left)))
    sheet.text(f"budget {'▇' * full}{'░' * (room - full)} {percent(budget.left)}", colour_of(budget))
    sheet.text("burn rate (1x uses the budget up at the window's end)", "dim")
    for burn in budget.burns:
        sign = "!" if burn.burning else "✓"
        rates = f"{hours(burn.long_s):>3} {burn.long_rate:.1f}x, {duration(burn.short_s)} {burn.short_rate:.1f}x"
        sheet.text(f"{sign} {rates} · {burn.alarm} from {burn.limit:g}x", "bold red" if burn.burning else "")
    sheet.text("bad runs, day by day", "dim")
    sheet.lines.append(Line(Text(plot(budget)[-sheet.width :], style="red")))
    return sheet.lines


def sheet_of_level(level: Level, parts: Trend, window: Window, width: int) -> list[Line]:
    sheet = Sheet(width)
    sheet.text(level.name or "(none)", "bold")
    scored = f", {level.scored} of them by their score" if level.scored else ""
    sheet.text(f"{level.successes} of {several(level.runs, 'run')} succeeded{scored}")
    sheet.text(f"{level.aided} needed a person")
    spent = f"spent {cost(level.spent_usd, level.unpriced)}"
    sheet.text(spent + (f"; no price is known of {several(level.unpriced, 'run')}" if level.unpriced else ""))
    times = (duration(seconds) for seconds in (level.p50_s, level.p95_s, level.p99_s))
    sheet.text("p50 {}, p95 {}, p99 {}".format(*times))
    if parts:
        sheet.text(f"failures, {window.since:%m-%d %H:%M} to {window.until:%m-%d %H:%M}", "dim")
        sheet.lines.append(Line(Text(failures(parts, sheet.width), style="red")))
    return sheet.lines
