"""`playhead diff A B`: two runs side by side; `playhead diff --group … --group …`: two groups of runs."""

from __future__ import annotations

import argparse

from playhead.errors import UsageError
from playhead_collector.commands.common import add_json_argument, add_store_arguments, console, source_of, write_json
from playhead_collector.read.run import find_run, read_run
from playhead_replay.commands.diff_page import show_runs
from playhead_replay.diff.as_json import json_of_runs
from playhead_replay.diff.run import diff_runs

EQUAL, DIFFERENT = 0, 1

_STATUS = (
    "Exit status: 0 where the runs are equal, 1 where they differ, 2 where they cannot be compared (there is no such "
    "run, the store does not answer). Equal are runs whose steps are equal in what was asked and what came of it; "
    "times, tokens, costs and ids are shown and are no difference."
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.epilog = _STATUS
    add_store_arguments(parser)
    add_json_argument(parser)
    parser.add_argument("runs", metavar="RUN", nargs="*", help="two runs: an id, the beginning of one, or 'last'")
    parser.add_argument(
        "--words", action="store_true", help="changed texts whole, word by word, not only around what changed"
    )
    parser.add_argument("--full", action="store_true", help="equal steps too, and all differences, values whole")


def run(arguments: argparse.Namespace) -> int:
    if len(arguments.runs) != 2:
        raise UsageError("name two runs to compare: playhead diff RUN RUN; 'playhead runs' lists what there is")
    with source_of(arguments) as source:
        a, b = (read_run(source.client, find_run(source.client, given)) for given in arguments.runs)
    diff = diff_runs(a, b)
    if arguments.json:
        write_json(json_of_runs(diff, full=arguments.full))
    else:
        show_runs(console(), diff, words=arguments.words, full=arguments.full)
    return EQUAL if diff.equal else DIFFERENT
