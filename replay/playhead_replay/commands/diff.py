"""`playhead diff A B`: two runs side by side; `playhead diff --group … --group …`: two groups of runs."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime

from playhead.errors import UsageError
from playhead_collector.commands.common import (
    add_json_argument,
    add_store_arguments,
    console,
    positive,
    progress_bar,
    source_of,
    write_json,
)
from playhead_collector.read.run import find_run, read_run, read_steps
from playhead_collector.read.runs import TIMES, list_runs, parse_time
from playhead_replay.commands.diff_groups_page import show_groups
from playhead_replay.commands.diff_page import show_runs
from playhead_replay.diff.as_json import json_of_groups, json_of_runs
from playhead_replay.diff.group import Member, diff_groups
from playhead_replay.diff.members import MOST_MEMBERS, group_of, read_members
from playhead_replay.diff.run import diff_runs

EQUAL, DIFFERENT = 0, 1

_STATUS = (
    "Exit status: 0 where the runs are equal, 1 where they differ, 2 where they cannot be compared (there is no such "
    "run, the store does not answer). Equal are runs whose steps are equal in what was asked and what came of it; "
    "times, tokens, costs and ids are shown and are no difference. Groups differ where a branch is taken, or a run "
    "ends well, more often on one side than chance explains (1 in 20), or where they were told otherwise."
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.epilog = _STATUS
    add_store_arguments(parser)
    add_json_argument(parser)
    parser.add_argument("runs", metavar="RUN", nargs="*", help="two runs: an id, the beginning of one, or 'last'")
    parser.add_argument(
        "--group", action="append", default=[], metavar="QUERY",
        help="a group of runs, in the words of 'playhead runs': --group version:1.4.1 --group 'version:1.4.2 agent:s*'",
    )  # fmt: skip
    parser.add_argument("--since", help=f"of groups: runs that began at this time or later: {TIMES}")
    parser.add_argument(
        "--limit", type=positive, default=MOST_MEMBERS,
        help="of groups: the latest so many runs; default 100",
    )  # fmt: skip
    parser.add_argument(
        "--words", action="store_true", help="changed texts whole, word by word, not only around what changed"
    )
    parser.add_argument("--full", action="store_true", help="equal steps too, and all differences, values whole")


def run(arguments: argparse.Namespace) -> int:
    if arguments.group:
        return _groups(arguments)
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


def _groups(arguments: argparse.Namespace) -> int:
    if len(arguments.group) != 2 or arguments.runs:
        raise UsageError("name two groups, and no runs: playhead diff --group version:1.4.1 --group version:1.4.2")
    now = datetime.now(UTC)
    since = parse_time(arguments.since, now) if arguments.since else None
    wanted = [group_of(line, now, limit=arguments.limit) for line in arguments.group]
    groups: list[Sequence[Member]] = []
    with source_of(arguments) as source:
        for one in wanted:
            rows = list_runs(source.client, replace(one, since=one.since or since))
            with progress_bar("reading runs", len(rows)) as progress:
                groups.append(read_members(rows, lambda ids: read_steps(source.client, ids), progress))
    for line, members in zip(arguments.group, groups, strict=True):
        if not members:
            raise UsageError(f"no run matches --group {line!r}; 'playhead runs {line}' lists what does")
    diff = diff_groups(*groups)
    if arguments.json:
        write_json([json_of_groups(diff, arguments.group)])
    else:
        show_groups(console(), diff, arguments.group, words=arguments.words, full=arguments.full)
    return EQUAL if diff.equal else DIFFERENT
