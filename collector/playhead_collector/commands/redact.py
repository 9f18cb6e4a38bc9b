"""`playhead redact --dry-run`: what redaction rules would have hidden of stored runs."""

from __future__ import annotations

import argparse

from rich.table import Table
from rich.text import Text

from playhead.errors import UsageError
from playhead.printable import several
from playhead_collector.commands.common import (
    add_json_argument,
    add_store_arguments,
    console,
    one_line,
    project_read,
    say,
    settings_of,
    source_of,
    write_json,
)
from playhead_collector.read.run import find_run
from playhead_collector.redact.rules import rules_by_project
from playhead_collector.redact.stored import dry_run
from playhead_collector.store.query import load


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.epilog = "Stored runs are not changed: what must go of them goes with 'playhead erase'."
    add_store_arguments(parser)
    add_json_argument(parser)
    parser.add_argument("runs", nargs="*", metavar="RUN", help="run id, the beginning of one, or 'last'")
    parser.add_argument("--all", action="store_true", help="every run of the project")
    parser.add_argument(
        "--dry-run", action="store_true", help="say what would be hidden; needed, for there is no other"
    )
    parser.add_argument(
        "--rule", action="append", default=[], help="rule, as for 'up --redact'; default: the collector's"
    )


def run(arguments: argparse.Namespace) -> int:
    if not arguments.dry_run:
        raise UsageError("stored runs cannot be redacted: say --dry-run, or erase them with 'playhead erase --run'")
    if bool(arguments.runs) == arguments.all:
        raise UsageError("name the runs to look at, or say --all")
    given = arguments.rule or settings_of(arguments).redact
    by_project = rules_by_project(given)
    with source_of(arguments) as source:
        rules = by_project.of(project_read(arguments, source.client))
        if rules is None:
            raise UsageError("there are no rules for this project: give them with --rule, or --config")
        if arguments.all:
            run_ids = [str(row[0]) for row in source.client.query(load("all_runs")).result_rows]
        else:
            run_ids = list(dict.fromkeys(find_run(source.client, one) for one in arguments.runs))
        hits = dry_run(source.client, run_ids, rules)
    if arguments.json:
        write_json([{"kind": kind, "hits": n, "samples": hits.samples.get(kind, [])} for kind, n in hits.kinds.items()])
        write_json([{"place": place, "hits": number} for place, number in hits.places.items()])
        write_json([{"run": run_id, "hits": number} for run_id, number in hits.runs.items()])
        return 0
    texts = several(sum(hits.kinds.values()), "text")
    say(f"{texts} of {len(hits.runs)} of {several(len(run_ids), 'run')} would be hidden")
    for head, rows in (
        ("kind", [(kind, n, ", ".join(hits.samples.get(kind, []))) for kind, n in hits.kinds.most_common()]),
        ("place", [(place, n, "") for place, n in hits.places.most_common(30)]),
    ):
        if not rows:
            continue
        table = Table(head, "hits", "like" if head == "kind" else "", box=None, pad_edge=False, header_style="dim")
        for name, number, like in rows:
            table.add_row(Text(one_line(name, 80)), str(number), Text(one_line(like, 80)))
        console().print(table)
    return 0
