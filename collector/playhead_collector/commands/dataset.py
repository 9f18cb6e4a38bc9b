"""`playhead dataset create NAME QUERY`: a search saved as a list of runs; to show, change and export such lists."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import asdict, replace
from datetime import UTC, datetime

from clickhouse_connect.driver.client import Client

from playhead.errors import UsageError
from playhead.printable import several
from playhead_collector.alerts.marker import this_user
from playhead_collector.commands.common import (
    add_json_argument,
    add_store_arguments,
    console,
    one_line,
    positive,
    project_changed,
    say,
    settings_of,
    source_of,
    write_json,
)
from playhead_collector.commands.export import write_runs
from playhead_collector.commands.runs import show_table
from playhead_collector.config import from_file
from playhead_collector.datasets import MOST_RUNS, Change, Curator, dataset, datasets, present_runs, runs_of
from playhead_collector.read.filter import RunFilter
from playhead_collector.read.query_line import parse_query
from playhead_collector.read.remarks import remarks_on
from playhead_collector.read.run import find_run
from playhead_collector.read.runs import RunRow, first_words, list_runs
from playhead_collector.read.words import iso

_AT_FIRST = 1000


def add_arguments(parser: argparse.ArgumentParser) -> None:
    commands = parser.add_subparsers(dest="dataset_command", metavar="COMMAND", required=True)

    def add(name: str, summary: str, *, changes: bool = False) -> argparse.ArgumentParser:
        one = commands.add_parser(name, help=summary, description=summary)
        add_store_arguments(one)
        add_json_argument(one)
        if name != "list":
            one.add_argument("name", metavar="NAME", help="the dataset's name")
        if changes:
            one.add_argument("--by", default="", help="who does; default: this user")
            one.add_argument("--admin-token", help="the collector's, where it has tokens (PLAYHEAD_ADMIN_TOKEN)")
        return one

    create = add("create", "a new dataset of the runs that a query finds now", changes=True)
    create.add_argument("query", nargs="*", metavar="QUERY", help="as for 'playhead runs': agent:support status:error")
    create.add_argument("--limit", type=positive, default=_AT_FIRST, help=f"the newest so many; default {_AT_FIRST}")
    add("list", "the datasets that there are")
    add("show", "the runs of a dataset, and which of them are gone")
    for name, summary in (("add", "put runs into a dataset"), ("remove", "take runs out, or without any the dataset")):
        add(name, summary, changes=True).add_argument("runs", nargs="+" if name == "add" else "*", metavar="RUN")
    export = add("export", "its runs as FILE.jsonl, .parquet or .otlp, or as recordings into a FOLDER/")
    export.add_argument("-o", "--output", required=True, help="as for 'playhead export'")


def run(arguments: argparse.Namespace) -> int:
    commands: dict[str, Callable[[argparse.Namespace], int]] = {
        "create": _create, "list": _list, "show": _show, "add": _change, "remove": _change, "export": _export,
    }  # fmt: skip
    return commands[arguments.dataset_command](arguments)


def _create(arguments: argparse.Namespace) -> int:
    line = " ".join(arguments.query)
    with source_of(arguments) as source:
        wanted = replace(parse_query(line, datetime.now(UTC)), limit=arguments.limit + 1)
        found = [row.run_id for row in list_runs(source.client, wanted)]
    if not found:
        raise UsageError(f"no run matches {line!r}: nothing was made")
    _curate(arguments, Change(arguments.name, arguments.by or this_user(), line, found[: arguments.limit]))
    if len(found) > arguments.limit:
        say(f"note: more runs match than the {arguments.limit} newest that are in it; --limit takes more")
    _tell(arguments, f"{arguments.name}: {several(min(len(found), arguments.limit), 'run')}")
    return 0


def _list(arguments: argparse.Namespace) -> int:
    with source_of(arguments) as source:
        found = datasets(source.client)
    if arguments.json:
        write_json({**asdict(one), "at": iso(one.at)} for one in found)
    elif not found:
        say("there are no datasets; make one: playhead dataset create NAME 'agent:support status:error'")
    else:
        out = console()
        for one in found:
            gone = f", {one.runs - one.present} gone" if one.present < one.runs else ""
            out.print(
                f"{one.name:<24} {several(one.runs, 'run')}{gone} · {one.at:%Y-%m-%d %H:%M} · {one_line(one.by, 24)} · "
                f"{one_line(one.query, 80) or 'every run'}"
            )
    return 0


def _show(arguments: argparse.Namespace) -> int:
    with source_of(arguments) as source:
        named = dataset(source.client, arguments.name)
        listed = runs_of(source.client, arguments.name)
        here = list_runs(source.client, RunFilter(dataset=arguments.name, limit=MOST_RUNS))
        if arguments.json:
            rows = {row.run_id: row for row in here}
            write_json(
                {"run_id": one.run_id, "state": one.state, **(rows[one.run_id].as_json() if one.run_id in rows else {})}
                for one in listed
            )
            return 0
        say(f"{named.name}: {named.query or 'every run'}; made {named.at:%Y-%m-%d %H:%M} UTC by {named.by}")
        _table(source.client, here)
    for one in listed:
        if one.state != "here":
            why = "erased" if one.state == "erased" else "no longer stored"
            console().print(f"  {one.run_id[:12]} {why}")
    return 0


def _table(client: Client, rows: list[RunRow]) -> None:
    if rows:
        show_table(rows, first_words(client, rows), remarks_on(client, rows))


def _change(arguments: argparse.Namespace) -> int:
    by = arguments.by or this_user()
    if not arguments.runs:
        _curate(arguments, Change(arguments.name, by, drop=True))
        _tell(arguments, f"{arguments.name} is removed; its runs stay")
        return 0
    adding = arguments.dataset_command == "add"
    with source_of(arguments) as source:
        listed = [one.run_id for one in runs_of(source.client, arguments.name)]
        # What is gone is no run any more, and still to be taken out.
        ids = [
            find_run(source.client, given) if adding else _listed(given, listed, arguments.name)
            for given in arguments.runs
        ]
    _curate(arguments, Change(arguments.name, by, add=ids) if adding else Change(arguments.name, by, remove=ids))
    _tell(arguments, f"{arguments.name}: {several(len(ids), 'run')} {'put in' if adding else 'taken out'}")
    return 0


def _listed(given: str, listed: list[str], name: str) -> str:
    found = [run_id for run_id in listed if run_id.startswith(given.lower())]
    if len(found) != 1:
        raise UsageError(
            f"{len(found) or 'no'} runs of {name} begin with {given!r}; 'playhead dataset show {name}' lists them"
        )
    return found[0]


def _export(arguments: argparse.Namespace) -> int:
    with source_of(arguments) as source:
        run_ids = present_runs(source.client, arguments.name, say)
        if not run_ids:
            raise UsageError(f"no run of {arguments.name} is stored any more: there is nothing to export")
        files, left_out = write_runs(source.client, run_ids, arguments.output)
    runs = len(run_ids) - len(left_out)
    if arguments.json:
        write_json([{"runs": runs, "files": [str(file) for file in files], "left_out": left_out}])
    else:
        say(
            f"{several(runs, 'run')} of {arguments.name} written to {', '.join(map(str, files[:5]))}"
            + " …" * (len(files) > 5)
        )
    return 1 if left_out else 0


def _curate(arguments: argparse.Namespace, wanted: Change) -> None:
    settings = settings_of(arguments)
    token = from_file(arguments.admin_token)[0] if arguments.admin_token else settings.admin_token

    def ask(question: Callable[[Client], None]) -> None:
        with source_of(arguments) as source:
            question(source.client)

    Curator(settings.address, project_changed(arguments), token).change(ask, wanted)


def _tell(arguments: argparse.Namespace, words: str) -> None:
    if arguments.json:
        write_json([{"name": arguments.name}])
    else:
        say(words)
