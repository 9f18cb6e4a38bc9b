"""`playhead runs`: the latest runs, filtered."""

from __future__ import annotations

import argparse
import os
from datetime import UTC, datetime

from rich.table import Table
from rich.text import Text

from playhead_collector.commands.common import (
    add_json_argument,
    add_store_arguments,
    console,
    one_line,
    say,
    source_of,
    write_json,
)
from playhead_collector.read.runs import RunFilter, RunRow, first_words, list_runs, parse_time
from playhead_collector.read.words import cost, count, duration

SIGNS = {"ok": ("✓", "green"), "error": ("✗", "red"), "open": ("…", "yellow"), "incomplete": ("~", "magenta")}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_store_arguments(parser)
    add_json_argument(parser)
    parser.add_argument("--since", help="from this time on: 30m, 2h, 3d, today, 2026-11-21T14:00")
    parser.add_argument("--until", help="up to this time")
    parser.add_argument("--agent", default="", help="name of the agent; * stands for anything")
    parser.add_argument("--status", default="", choices=["", *SIGNS], help="ok, error, open or incomplete")
    parser.add_argument("--user", default="", help="user; * stands for anything")
    parser.add_argument("--session", default="", help="session; * stands for anything")
    parser.add_argument("--version", default="", help="version of the agent; * stands for anything")
    parser.add_argument("--model", default="", help="a model that was called; * stands for anything")
    parser.add_argument("--tool", default="", help="a tool that was called; * stands for anything")
    parser.add_argument(
        "--text", default="", help="words that stand in a prompt, an answer, or a tool's arguments or result"
    )
    parser.add_argument("--min-cost", type=float, help="USD")
    parser.add_argument("--min-tokens", type=int, help="input and output together")
    parser.add_argument("--limit", type=int, default=50, help="how many, newest first; default 50")


def run(arguments: argparse.Namespace) -> int:
    now = datetime.now(UTC)
    wanted = RunFilter(
        since=parse_time(arguments.since, now) if arguments.since else None,
        until=parse_time(arguments.until, now) if arguments.until else None,
        agent=arguments.agent,
        status=arguments.status,
        user=arguments.user,
        session=arguments.session,
        version=arguments.version,
        model=arguments.model,
        tool=arguments.tool,
        text=arguments.text,
        min_cost=arguments.min_cost,
        min_tokens=arguments.min_tokens,
        limit=arguments.limit,
    )
    with source_of(arguments) as source:
        runs = list_runs(source.client, wanted)
        words = first_words(source.client, runs)
    if arguments.json:
        write_json({**row.as_json(), "first_words": words.get(row.run_id)} for row in runs)
        return 0
    if not runs:
        say("no runs match" if wanted != RunFilter(limit=wanted.limit) else "no runs yet; try 'playhead demo'")
        return 0
    show_table(runs, words)
    return 0


def show_table(runs: list[RunRow], words: dict[str, str]) -> None:
    out = console()
    if "COLUMNS" not in os.environ and not out.is_terminal:
        out.width = 160
    table = Table(box=None, pad_edge=False, header_style="bold", expand=False)
    # Everything has the width it needs; the first words take what is left.
    widths = {
        "": 1,
        "run": 12,
        "started": 14,
        "agent": 16,
        "ver": 8,
        "steps": 5,
        "tokens": 6,
        "cost": 8,
        "time": 5,
        "shape": 15,
    }
    for title, width in widths.items():
        right = title in ("steps", "tokens", "cost", "time")
        table.add_column(title, justify="right" if right else "left", no_wrap=True, width=width)
    left = out.width - sum(widths.values()) - 2 * len(widths)
    if left > 10:
        table.add_column("first words", no_wrap=True, overflow="ellipsis", width=left)
    for row in runs:
        sign, colour = SIGNS[row.status]
        tokens = (
            None
            if row.input_tokens is None and row.output_tokens is None
            else (row.input_tokens or 0) + (row.output_tokens or 0)
        )
        cells: list[str | Text] = [
            Text(sign, style=colour),
            row.run_id[:12],
            row.start_time.strftime("%m-%d %H:%M:%S"),
            one_line(row.agent or row.service or row.name, 16),
            one_line(row.version, 8),
            str(row.steps),
            count(tokens),
            cost(row.cost_usd, row.unpriced_calls),
            duration(row.seconds),
            row.shape[:14] + ("…" if len(row.shape) > 14 else ""),
        ]
        if left > 10:
            cells.append(one_line(words.get(row.run_id, ""), left))
        table.add_row(*cells)
    out.print(table)
