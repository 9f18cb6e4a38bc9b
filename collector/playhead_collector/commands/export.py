"""`playhead export RUN… -o FILE`: runs as OTLP, JSON lines or Parquet."""

from __future__ import annotations

import argparse
from pathlib import Path

from playhead.errors import UsageError
from playhead_collector.commands.common import (
    add_json_argument,
    add_store_arguments,
    progress_bar,
    say,
    source_of,
    write_json,
)
from playhead_collector.read.export import export_runs
from playhead_collector.read.run import find_run
from playhead_collector.store.query import load


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_store_arguments(parser)
    add_json_argument(parser)
    parser.add_argument("runs", nargs="*", metavar="RUN", help="run id, the beginning of one, or 'last'")
    parser.add_argument("--all", action="store_true", help="every run of the project")
    parser.add_argument("-o", "--output", required=True, type=Path, help="FILE.otlp, FILE.jsonl or FILE.parquet")


def run(arguments: argparse.Namespace) -> int:
    if bool(arguments.runs) == arguments.all:
        raise UsageError("name the runs to export, or say --all")
    with source_of(arguments) as source:
        if arguments.all:
            run_ids = [str(row[0]) for row in source.client.query(load("all_runs")).result_rows]
        else:
            run_ids = list(dict.fromkeys(find_run(source.client, given) for given in arguments.runs))
        with progress_bar("exporting runs", len(run_ids)) as progress:
            files = export_runs(source.client, run_ids, arguments.output, progress)
    if arguments.json:
        write_json([{"runs": len(run_ids), "files": [str(file) for file in files]}])
    else:
        say(f"{len(run_ids)} run{'s' if len(run_ids) != 1 else ''} written to {', '.join(str(file) for file in files)}")
    return 0
