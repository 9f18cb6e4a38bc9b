"""`playhead alerts silence RULE --for 2h`: nobody is told of some alerts for a while; they are kept all the same."""

from __future__ import annotations

import argparse

from rich.table import Table

from playhead.errors import UsageError
from playhead_collector.alerts.changed import store_time
from playhead_collector.alerts.marks import Kind, marks
from playhead_collector.alerts.rule_file import duration
from playhead_collector.commands.alerts import marking
from playhead_collector.commands.alerts.common import chosen_of
from playhead_collector.commands.common import (
    add_json_argument,
    add_store_arguments,
    console,
    one_line,
    say,
    source_of,
    write_json,
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_store_arguments(parser)
    add_json_argument(parser)
    marking.add_arguments(parser)
    parser.add_argument("rule", nargs="?", help="of which rule, or 'all'; without one, the silences in force are shown")
    parser.add_argument("--for", dest="span", default="1h", help="how long: 30m, 2h, 7d; default 1h")
    parser.add_argument(
        "--where",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="only where a group or label is this; repeatable",
    )
    parser.add_argument("--end", metavar="ID", help="end a silence now")


def run(arguments: argparse.Namespace) -> int:
    if arguments.end:
        marking.mark(arguments, Kind.SILENCE, mark_id=arguments.end, seconds=0)
        say(f"silence {arguments.end} is over")
        return 0
    if arguments.rule is None:
        return _show(arguments)
    try:
        seconds = duration(arguments.span).total_seconds()
    except ValueError as error:
        raise UsageError(f"--for: {error}") from None
    rule = "" if arguments.rule == "all" else arguments.rule
    name = marking.mark(arguments, Kind.SILENCE, rule=rule, matching=chosen_of(arguments.where), seconds=seconds)
    if arguments.json:
        write_json([{"id": name}])
    else:
        say(f"silence {name}: nobody is told of {arguments.rule} for {arguments.span}; --end {name} ends it")
    return 0


def _show(arguments: argparse.Namespace) -> int:
    with source_of(arguments) as source:
        found = [one for one in marks(source.client, store_time(source.client)) if one.kind is Kind.SILENCE]
    if arguments.json:
        write_json(
            {
                "id": one.mark_id, "rule": one.rule, "matching": dict(one.matching), "at": one.at, "until": one.until,
                "by": one.by, "note": one.note,
            }
            for one in found
        )  # fmt: skip
        return 0
    if not found:
        say("no silence is in force")
        return 0
    table = Table(box=None, pad_edge=False, header_style="bold")
    for title in ("id", "rule", "where", "until UTC", "by", "note"):
        table.add_column(title)
    for one in found:
        where = " ".join(f"{name}={value}" for name, value in one.matching.items())
        until = one.until.strftime("%m-%d %H:%M")
        table.add_row(
            one.mark_id, one.rule or "all", one_line(where, 40), until, one_line(one.by, 20), one_line(one.note, 60)
        )
    console().print(table)
    return 0
