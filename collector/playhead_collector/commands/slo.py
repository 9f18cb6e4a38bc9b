"""`playhead slo`: service levels of what is stored, and what objectives make of them."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from rich.table import Table
from rich.text import Text

from playhead.errors import UsageError
from playhead_collector.commands.common import (
    add_json_argument,
    add_store_arguments,
    console,
    finite,
    one_line,
    say,
    source_of,
    write_json,
)
from playhead_collector.read.runs import TIMES, parse_span
from playhead_collector.slo.alarms import Alarms, alarms
from playhead_collector.slo.budget import Budget, budget
from playhead_collector.slo.levels import GROUPS, Level, Window, levels
from playhead_collector.slo.objectives import Acceptance, objectives_of
from playhead_collector.slo.report import ALARM_HEAD, BUDGET_HEAD, HEAD, alarm_cells, budget_cells, cells, markdown


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_store_arguments(parser)
    add_json_argument(parser)
    parser.add_argument("--by", choices=GROUPS, default="agent", help="what the runs are grouped by; default agent")
    parser.add_argument("--agent", default="", help="of this agent only")
    parser.add_argument("--since", default="30d", help=f"runs that ended at this time or later: {TIMES}; default 30d")
    parser.add_argument("--until", default="now", help="runs that ended before this time; default now")
    parser.add_argument(
        "--objectives", metavar="FILE", type=Path,
        help="TOML file of objectives (docs/slo.md); default: objectives.toml in this user's configuration",
    )  # fmt: skip
    parser.add_argument("--score", default="", help="the score that says whether an outcome is accepted")
    parser.add_argument("--least", type=finite, help="how much of that score is enough; default 0")
    parser.add_argument("--markdown", action="store_true", help="a report in Markdown")


def run(arguments: argparse.Namespace) -> int:
    """1 where an objective's budget is spent, so that a pipeline can ask."""
    if arguments.least is not None and not arguments.score:
        raise UsageError("--least is how much of a score is enough: name it with --score")
    now = datetime.now(UTC)
    told = objectives_of(arguments.objectives)
    acceptance = Acceptance(arguments.score, arguments.least or 0.0) if arguments.score else told.acceptance
    window = Window(*parse_span(arguments.since, arguments.until, now))
    with source_of(arguments) as source:
        groups = levels(source.client, window, arguments.by, acceptance, arguments.agent)
        told_of = alarms(source.client, window, arguments.agent)
        budgets = [budget(source.client, one, acceptance, window.until) for one in told.objectives]
    if arguments.json:
        write_json([{"kind": "level", "by": arguments.by, **level.as_json()} for level in groups])
        write_json([{"kind": "objective", **one.as_json()} for one in budgets])
        write_json([{"kind": "alarms", **one.as_json()} for one in told_of])
    elif arguments.markdown:
        print(markdown(window, arguments.by, groups, budgets, told_of), end="")
    else:
        _show(arguments.by, groups, budgets, told_of)
        if not groups:
            say("no run ended in that time")
    return 1 if any(one.left is not None and one.left <= 0 for one in budgets) else 0


def _show(by: str, groups: Sequence[Level], budgets: Sequence[Budget], told_of: Sequence[Alarms]) -> None:
    out = console()
    if budgets:
        table = _table("objective", BUDGET_HEAD)
        for objective in budgets:
            spent = objective.left is not None and objective.left <= 0
            name = Text(one_line(objective.objective.name, 30), style="red" if spent or objective.alarm else "")
            table.add_row(name, *budget_cells(objective))
        out.print(table)
    if groups:
        if budgets:
            out.print()
        table = _table(by, HEAD)
        for level in groups:
            table.add_row(one_line(level.name, 30), *cells(level))
        out.print(table)
    if told_of:
        table = _table("first bad run to alarm", ALARM_HEAD)
        for one in told_of:
            table.add_row(one_line(one.rule, 30), *alarm_cells(one))
        out.print()
        out.print(table)


def _table(first: str, titles: Sequence[str]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column(first)
    for title in titles:
        table.add_column(title, justify="left" if title in ("burn rate", "alarm", "days") else "right")
    return table
