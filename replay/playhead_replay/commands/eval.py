"""`playhead eval DATASET -- pytest tests/…`: a dataset's runs against this tree, and what changed."""

from __future__ import annotations

import argparse
from pathlib import Path

from rich.table import Table
from rich.text import Text

from playhead.errors import UsageError
from playhead.printable import printable, several
from playhead_collector.commands.common import (
    add_json_argument,
    add_store_arguments,
    console,
    one_line,
    progress_bar,
    say,
    source_of,
    write_json,
)
from playhead_collector.datasets import present_runs
from playhead_replay.evaluating import Evaluated, evaluate, is_news, since, told_last_time

_STYLES = {"identical": "green", "live": "cyan", "diverged": "red", "refused": "yellow", "not tried": "yellow"}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.usage = "playhead eval [options] DATASET [-- pytest tests/…]"
    parser.epilog = (
        "Without a command each recording is replayed against the code here. A command is run once, with the dataset's "
        "recordings in place of those that playhead_replay.pytest.recordings() names; with --playhead-rerecord pytest "
        "runs them live. Exit status: 0 nothing is worse, 1 something is, 2 nothing could be tried."
    )
    add_store_arguments(parser)
    add_json_argument(parser)
    parser.add_argument("dataset", metavar="DATASET", help="its name; 'playhead dataset list' has them")
    parser.add_argument(
        "--in", dest="checkout", metavar="FOLDER", type=Path, help="replay with the code of this checkout"
    )
    parser.add_argument(
        "--against",
        metavar="FILE",
        type=Path,
        help="compare with what --json wrote then, in place of the recorded runs",
    )
    parser.add_argument("words", nargs="*", default=[], metavar="-- COMMAND …", help="what tries the recordings")


def run(arguments: argparse.Namespace) -> int:
    last = told_last_time(arguments.against) if arguments.against else {}
    checkout = arguments.checkout.resolve() if arguments.checkout else None
    if checkout is not None and not checkout.is_dir():
        raise UsageError(f"--in {arguments.checkout}: there is no such folder")
    with source_of(arguments) as source:
        runs = present_runs(source.client, arguments.dataset, say)
        if not runs:
            raise UsageError(f"no run of {arguments.dataset} is stored any more: there is nothing to try")
        with progress_bar("trying runs", len(runs)) as progress:
            done = 0

            def tell(one: Evaluated) -> None:
                nonlocal done
                done += 1
                progress(done)

            found = evaluate(source.client, runs, arguments.words, checkout, tell)
    results = [since(last.get(one.run_id), one) for one in found]
    news = [one for one in results if is_news(last.get(one.run_id), one)]
    if arguments.json:
        write_json(one.as_json() for one in results)
    else:
        _show(results)
        worse, untried = sum(one.was_tried for one in news), sum(not one.was_tried for one in results)
        told = f"{worse} worse than {'last time' if last else 'recorded'}"
        if untried:
            told += f", {untried} could not be tried"
        say(f"{several(len(results), 'run')} of {arguments.dataset}: {told}")
    if not any(one.was_tried for one in results):
        # Also where it was so last time: a check that tries nothing finds nothing.
        say("none of them could be tried: what stands beside each run says what to mend")
        return 2
    return 1 if news else 0


def _show(results: list[Evaluated]) -> None:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for title in ("run", "", "what changed"):
        table.add_column(title, overflow="fold")
    for one in results:
        words = "; ".join(one.changes) or ("" if one.status == "identical" else one.what)
        status = Text(one.status, style="red" if one.is_worse else _STYLES.get(one.status, ""))
        # What to mend stands at the end of what keeps a run from being tried, after the names of folders.
        longest = 300 if one.was_tried else 2_000
        table.add_row(one.run_id[:12], status, Text(one_line(printable(words), longest)))
    console().print(table)
