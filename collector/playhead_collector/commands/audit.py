"""`playhead audit`: who read, exported, erased or replayed what, for whoever may read the collector's files."""

from __future__ import annotations

import argparse
from collections import deque
from dataclasses import asdict
from datetime import UTC, datetime

from rich.table import Table
from rich.text import Text

from playhead_collector.audit.reading import Wanted, entries
from playhead_collector.commands.common import (
    add_json_argument,
    console,
    one_line,
    positive,
    project_of,
    say,
    settings_of,
    write_json,
)
from playhead_collector.read.runs import TIMES, parse_time


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_json_argument(parser)
    parser.add_argument("--store", metavar="URL", help="of which store (PLAYHEAD_STORE)")
    parser.add_argument("--config", metavar="FILE", help="the collector's TOML file (PLAYHEAD_CONFIG)")
    parser.add_argument("--project", help="of one project (PLAYHEAD_PROJECT)")
    parser.add_argument("--since", default="", help=f"from this time on: {TIMES}")
    parser.add_argument("--until", default="", help="before this time")
    parser.add_argument("--who", default="", help="by the holder of the token of this name")
    parser.add_argument("--action", default="", help="read, show, export, replay, erase, alerts, …")
    parser.add_argument(
        "--about", default="", metavar="TEXT", help="whose statement or values have this in them: a run's id"
    )
    parser.add_argument("--limit", type=positive, default=100, help="the latest so many; default 100")


def run(arguments: argparse.Namespace) -> int:
    now = datetime.now(UTC)
    since, until = (parse_time(text, now) if text else None for text in (arguments.since, arguments.until))
    wanted = Wanted(since, until, arguments.who, arguments.action, project_of(arguments) or "", arguments.about)
    found = deque(entries(settings_of(arguments).audit_folder, wanted), maxlen=arguments.limit)
    if arguments.json:
        write_json(asdict(entry) for entry in found)
        return 0
    if not found:
        say("nothing of that is in the audit log")
        return 0
    table = Table(box=None, pad_edge=False, header_style="dim")
    for name in ("at (UTC)", "who", "action", "project", "where", "what"):
        table.add_column(name, no_wrap=name != "what")
    for entry in found:
        what = f"{entry.what} {entry.values}" if entry.values else entry.what
        words = (entry.at[:19].replace("T", " "), entry.who, entry.action, entry.project, entry.where)
        table.add_row(*(Text(one_line(word, 60)) for word in words), Text(one_line(what, 200)))
    console().print(table)
    return 0
