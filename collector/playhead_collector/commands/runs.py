"""`playhead runs`: the latest runs, filtered."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from rich.table import Table
from rich.text import Text

from playhead_collector.commands.common import (
    add_json_argument,
    add_store_arguments,
    console,
    finite,
    one_line,
    positive,
    say,
    source_of,
    write_json,
)
from playhead_collector.datasets import dataset
from playhead_collector.read.filter import RunFilter
from playhead_collector.read.query_line import parse_query
from playhead_collector.read.remarks import Remark, remarks_on
from playhead_collector.read.runs import TIMES, RunRow, first_words, list_runs, parse_time
from playhead_collector.read.signs import SIGNS
from playhead_collector.read.words import cost, duration, tokens

_NAMES = ("agent", "status", "user", "session", "version", "model", "tool", "text")

_NONE_YET = "no runs yet: point an agent here, or try 'playhead demo', which has a store of its own"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_store_arguments(parser)
    add_json_argument(parser)
    parser.add_argument(
        "query", nargs="*", metavar="QUERY",
        help="which runs, as in the terminal's query line: agent:support status:error 'cost>0.5' since:2d words; "
        "the flags below say more of the same",
    )  # fmt: skip
    parser.add_argument("--since", help=f"began at this time or later: {TIMES} (UTC where nothing is said)")
    parser.add_argument("--until", help="began before this time")
    parser.add_argument("--agent", default="", help="name of the agent; * stands for anything")
    parser.add_argument("--status", default="", choices=SIGNS, metavar="STATUS", help="ok, error, open or incomplete")
    parser.add_argument("--user", default="", help="user; * stands for anything")
    parser.add_argument("--session", default="", help="session; * stands for anything")
    parser.add_argument("--version", default="", help="version of the agent; * stands for anything")
    parser.add_argument("--model", default="", help="a model that was called; * stands for anything")
    parser.add_argument("--tool", default="", help="a tool that was called; * stands for anything")
    parser.add_argument(
        "--text",
        default="",
        help="whole words, next to each other, in a prompt, an answer, or a tool's arguments or result, in any "
        "case; * in a word stands for more letters",
    )
    parser.add_argument("--min-cost", type=finite, help="USD")
    parser.add_argument("--min-tokens", type=int, help="input and output together")
    parser.add_argument("--limit", type=positive, default=50, help="how many, newest first; default 50")


def run(arguments: argparse.Namespace) -> int:
    now = datetime.now(UTC)
    asked = parse_query(" ".join(arguments.query), now)
    flags = {
        "since": parse_time(arguments.since, now) if arguments.since else None,
        "until": parse_time(arguments.until, now) if arguments.until else None,
        "min_cost": arguments.min_cost,
        "min_tokens": arguments.min_tokens,
        **{name: getattr(arguments, name) or None for name in _NAMES},
    }
    given = {name: value for name, value in flags.items() if value is not None}
    wanted = replace(asked, limit=arguments.limit, **given)
    with source_of(arguments) as source:
        if wanted.dataset:
            dataset(source.client, wanted.dataset)
        runs = list_runs(source.client, wanted)
        words = first_words(source.client, runs)
        remarks = remarks_on(source.client, runs)
    if arguments.json:
        write_json(
            {
                **row.as_json(),
                "first_words": words.get(row.run_id),
                "remarks": [remark.text for remark in remarks.get(row.run_id, [])],
            }
            for row in runs
        )
        return 0
    if not runs:
        is_all = wanted == RunFilter(limit=wanted.limit)
        say(_NONE_YET if is_all else "no runs match")
        return 0
    show_table(runs, words, remarks)
    return 0


@dataclass(frozen=True, slots=True)
class _Column:
    title: str
    width: int
    cell: Callable[[RunRow], str]
    right: bool = False
    dispensable: int = 0
    """Where the screen is narrow, those with the highest number go first; 0 stays."""


COLUMNS = (
    _Column("run", 12, lambda row: row.run_id[:12]),
    _Column("started UTC", 11, lambda row: row.start_time.strftime("%m-%d %H:%M"), dispensable=1),
    _Column("agent", 16, lambda row: one_line(row.agent or row.service or row.name, 16)),
    _Column("version", 7, lambda row: one_line(row.version, 7), dispensable=5),
    _Column("steps", 5, lambda row: str(row.steps), right=True, dispensable=3),
    _Column("tokens", 6, lambda row: tokens(row.tokens, row.calls_without_usage), right=True),
    _Column("cost", 8, lambda row: cost(row.cost_usd, row.unpriced_calls), right=True, dispensable=2),
    _Column("time", 6, lambda row: duration(row.seconds), right=True),
    _Column("shape", 14, lambda row: one_line(row.shape, 14), dispensable=4),
)
# What the last column, which takes what is left, is worth.
_ROOM = 34
_GAP = 2


def show_table(runs: list[RunRow], words: dict[str, str], remarks: dict[str, list[Remark]]) -> None:
    out = console()
    columns = list(COLUMNS)

    def left() -> int:
        return out.width - 1 - sum(column.width for column in columns) - _GAP * (len(columns) + 1)

    while left() < _ROOM and any(column.dispensable for column in columns):
        columns.remove(max(columns, key=lambda column: column.dispensable))
    table = Table(box=None, pad_edge=False, header_style="bold", expand=False, padding=(0, _GAP, 0, 0))
    table.add_column("", width=1)
    for column in columns:
        table.add_column(column.title, justify="right" if column.right else "left", no_wrap=True, width=column.width)
    table.add_column("what", no_wrap=True, overflow="ellipsis", width=max(8, left()))
    for row in runs:
        sign, colour = SIGNS[row.status]
        what = Text(overflow="ellipsis", no_wrap=True)
        for remark in remarks.get(row.run_id, []):
            what.append(one_line(remark.text, 60), style="red" if remark.grave else "yellow").append(" · ", style="dim")
        what.append(one_line(words.get(row.run_id) or row.name, max(8, left())), style="dim")
        table.add_row(Text(sign, style=colour), *(column.cell(row) for column in columns), what)
    out.print(table)
