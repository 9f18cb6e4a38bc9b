"""`playhead sql "…"`: one statement against the store, its result as a table or JSON."""

from __future__ import annotations

import argparse
import sys

from rich.table import Table

from playhead.errors import UsageError
from playhead_collector.commands.common import (
    add_json_argument,
    add_store_arguments,
    console,
    one_line,
    positive,
    source_of,
    write_json,
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_store_arguments(parser)
    add_json_argument(parser)
    parser.add_argument(
        "statement", help="a SELECT, or - to read it from standard input; tables: runs, steps, calls, messages, …"
    )
    parser.add_argument(
        "-p", "--param", action="append", default=[], metavar="NAME=VALUE", help="value for {NAME:Type}"
    )
    parser.add_argument("--limit", type=positive, default=1000, help="rows shown as a table at most; default 1000")


def run(arguments: argparse.Namespace) -> int:
    statement = sys.stdin.read() if arguments.statement == "-" else arguments.statement
    for entry in arguments.param:
        if "=" not in entry:
            raise UsageError(f"--param {entry!r}: write it as NAME=VALUE, for {{NAME:Type}} in the statement")
    parameters = dict(entry.split("=", 1) for entry in arguments.param)
    with source_of(arguments) as source:
        result = source.client.query(statement.rstrip().rstrip(";"), parameters=parameters)
    if arguments.json:
        write_json(dict(zip(result.column_names, row, strict=True)) for row in result.result_rows)
        return 0
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in result.column_names:
        table.add_column(one_line(name, 60), overflow="fold")
    for row in result.result_rows[: arguments.limit]:
        table.add_row(*("NULL" if value is None else one_line(str(value), 400) for value in row))
    out = console()
    if not out.is_terminal:
        out.width = 4000
    out.print(table)
    left = len(result.result_rows) - arguments.limit
    if left > 0:
        console(stderr=True).print(f"… and {left} more rows; use --json or LIMIT")
    return 0
