"""`playhead alerts history`: what became of alerts, the latest first, and what somebody said of them."""

from __future__ import annotations

import argparse

from rich.table import Table
from rich.text import Text

from playhead_collector.alerts.changed import store_time
from playhead_collector.commands.common import (
    add_json_argument,
    add_store_arguments,
    console,
    one_line,
    positive,
    say,
    source_of,
    write_json,
)
from playhead_collector.read.runs import TIMES, parse_time
from playhead_collector.store.query import load

_COLOURS = {"firing": "red", "pending": "yellow", "resolved": "green", "dropped": "dim"}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_store_arguments(parser)
    add_json_argument(parser)
    parser.add_argument("--since", default="7d", help=f"from this time on: {TIMES}; default 7d")
    parser.add_argument("--rule", default="", help="of this rule only")
    parser.add_argument("--firing", action="store_true", help="those that fire now; 1 where there is one")
    parser.add_argument("--limit", type=positive, default=100, help="how many, latest first; default 100")


def run(arguments: argparse.Namespace) -> int:
    with source_of(arguments) as source:
        now = store_time(source.client)
        since = parse_time(arguments.since, now).strftime("%Y-%m-%d %H:%M:%S.%f")[:-3]
        rows = list(
            source.client.query(
                load("alerts_firing" if arguments.firing else "alert_history"),
                parameters={"since": since, "rule": arguments.rule, "limit": arguments.limit, "alert": ""},
            ).named_results()
        )
    if arguments.json:
        write_json(rows)
    elif not rows:
        say("nothing fires" if arguments.firing else "no alert in this time")
    else:
        _show(rows)
    return 1 if arguments.firing and rows else 0


def _show(rows: list[dict[str, object]]) -> None:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for title in ("at UTC", "alert", "state", "rule", "group", "run", "told", "what"):
        table.add_column(title, no_wrap=title != "what")
    for row in rows:
        group = " ".join(str(value)[:24] for name, value in _map(row["group"]).items() if name != "run_id")
        runs = row["run_ids"]
        run = str(runs[0])[:12] if isinstance(runs, list) and runs else ""
        state = str(row["state"])
        what = one_line(str(row["summary"]), 90)
        if row["acked_by"]:
            what += " " + one_line(f"· seen by {row['acked_by']}", 40)
        table.add_row(
            str(row["at"])[5:19], str(row["alert_id"])[:8], Text(state, style=_COLOURS.get(state, "")),
            str(row["rule"]), one_line(group, 30), run, one_line(str(row["told"]), 20), what,
        )  # fmt: skip
    console().print(table)


def _map(value: object) -> dict[str, object]:
    return dict(value) if isinstance(value, dict) else {}
