"""`playhead export RUN… -o FILE`: runs as OTLP, JSON lines or Parquet, or each with its recording, to be replayed."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from clickhouse_connect.driver.client import Client

from playhead.errors import UsageError
from playhead.printable import several
from playhead_collector.commands.common import (
    add_json_argument,
    add_store_arguments,
    progress_bar,
    say,
    source_of,
    write_json,
)
from playhead_collector.read.export import export_runs
from playhead_collector.read.recording_export import NoRecording, export_recording
from playhead_collector.read.run import find_run
from playhead_collector.recording_file import ENDING
from playhead_collector.store.query import load


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_store_arguments(parser)
    add_json_argument(parser)
    parser.add_argument("runs", nargs="*", metavar="RUN", help="run id, the beginning of one, or 'last'")
    parser.add_argument("--all", action="store_true", help="every run of the project")
    parser.add_argument(
        "-o", "--output", required=True,
        help="FILE.otlp, FILE.jsonl or FILE.parquet; FILE.playhead, or a FOLDER/ for several: a run with its "
        "recording, which 'playhead replay' and 'playhead import' take on any machine",
    )  # fmt: skip


def run(arguments: argparse.Namespace) -> int:
    if bool(arguments.runs) == arguments.all:
        raise UsageError("name the runs to export, or say --all")
    with source_of(arguments) as source:
        if arguments.all:
            run_ids = [str(row[0]) for row in source.client.query(load("all_runs")).result_rows]
        else:
            run_ids = list(dict.fromkeys(find_run(source.client, given) for given in arguments.runs))
        files, left_out = write_runs(source.client, run_ids, arguments.output)
    runs = len(run_ids) - len(left_out)
    if arguments.json:
        write_json([{"runs": runs, "files": [str(file) for file in files], "left_out": left_out}])
    else:
        say(f"{several(runs, 'run')} written to {', '.join(str(file) for file in files)}")
    return 1 if left_out else 0


def write_runs(client: Client, run_ids: Sequence[str], given: str) -> tuple[list[Path], list[str]]:
    """By the ending of what was given; a folder is for recordings, and runs that came without one are left out of it.

    Returns the files written, and the runs left out.
    """
    output = Path(given)
    if given.endswith("/") or output.is_dir() or output.suffix == ENDING:
        into = output.is_dir() or output.suffix != ENDING
        return _recordings(client, run_ids, output, into=into)
    with progress_bar("exporting runs", len(run_ids)) as progress:
        return export_runs(client, run_ids, output, progress), []


def _recordings(client: Client, run_ids: Sequence[str], output: Path, *, into: bool) -> tuple[list[Path], list[str]]:
    if len(run_ids) != 1 and not into:
        raise UsageError(f"a file holds one run, and these are {len(run_ids)}; name a folder: -o {output.parent}/")
    files: list[Path] = []
    left_out: list[str] = []
    with progress_bar("exporting recordings", len(run_ids)) as progress:
        for done, run_id in enumerate(run_ids, 1):
            try:
                one = export_recording(client, run_id, output, into=into)
            except NoRecording:
                if len(run_ids) == 1:
                    raise
                left_out.append(run_id)
                continue
            files.append(one.file)
            progress(done)
            if one.before:
                say(
                    f"note: {one.file} holds what {one.before} other runs of its process recorded, too: a replay "
                    "executes the process from its start"
                )
    if not files:
        raise UsageError(
            "none of these runs came with a recording: nothing was written; -o FILE.otlp keeps their steps"
        )
    if left_out:
        say(
            f"left out: {len(left_out)} of {len(run_ids)} runs, which came without a recording: "
            f"{', '.join(left_out[:3])}{' …' * (len(left_out) > 3)}; export them as .otlp to keep their steps"
        )
    return files, left_out
