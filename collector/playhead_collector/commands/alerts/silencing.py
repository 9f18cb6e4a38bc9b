"""`playhead alerts silence RULE --for 2h`: nobody is told of some alerts for a while; they are kept all the same."""

from __future__ import annotations

import argparse
import difflib
from collections.abc import Mapping

from rich.table import Table

from playhead.errors import UsageError
from playhead_collector.alerts.changed import store_time
from playhead_collector.alerts.marks import Kind, marks, silence_of
from playhead_collector.commands.alerts import marking
from playhead_collector.commands.alerts.common import add_rules_argument, pairs_of, rules_of
from playhead_collector.commands.common import (
    add_json_argument,
    add_store_arguments,
    console,
    one_line,
    say,
    source_of,
    write_json,
)
from playhead_collector.store.query import load


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_store_arguments(parser)
    add_json_argument(parser)
    add_rules_argument(parser)
    marking.add_arguments(parser)
    parser.add_argument("rule", nargs="?", help="of which rule, or 'all'; without one, the silences in force are shown")
    parser.add_argument("--for", dest="span", help="how long: 30m, 2h, 7d; default 1h")
    parser.add_argument(
        "--where",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="only where a group or label is this; repeatable",
    )
    parser.add_argument("--end", metavar="ID", help="end a silence now")


def run(arguments: argparse.Namespace) -> int:
    if arguments.end is not None:
        if arguments.rule is not None or arguments.span is not None or arguments.where:
            raise UsageError("--end ends a silence as a whole: name nothing but its id, and who says so (--by, --note)")
        marking.mark(arguments, Kind.SILENCE, mark_id=arguments.end, seconds=0)
        say(f"silence {arguments.end} is over")
        return 0
    if arguments.rule is None:
        if arguments.span is not None or arguments.where:
            raise UsageError("--for and --where are of a new silence: name its rule, or 'all'")
        return _show(arguments)
    span = "1h" if arguments.span is None else arguments.span
    try:
        seconds = silence_of(span).total_seconds()
    except ValueError as error:
        raise UsageError(f"--for: {error}") from None
    matching: dict[str, str] = {}
    for column, value in pairs_of(arguments.where, "--where", "NAME=VALUE"):
        if column in matching:
            raise UsageError(f"--where names {column!r} twice, and it cannot be both: begin two silences")
        matching[column] = value
    rule = "" if arguments.rule == "all" else arguments.rule
    _check_rule(arguments, rule)
    name = marking.mark(arguments, Kind.SILENCE, rule=rule, matching=matching, seconds=seconds)
    if arguments.json:
        write_json([{"id": name}])
    else:
        where = f" where {_said(matching)}" if matching else ""
        say(f"silence {name}: nobody is told of {arguments.rule}{where} for {span}; --end {name} ends it")
    return 0


def _said(matching: Mapping[str, str]) -> str:
    return " ".join(f"{name}={value}" for name, value in matching.items())


def _check_rule(arguments: argparse.Namespace, name: str) -> None:
    """Raises UsageError for a rule that nobody knows: who misspells it is told all the same, at night.

    A collector may have rules of its own: what alerts of theirs are stored, or `--rules`, says that they are there.
    """
    rules = rules_of(arguments)
    known = [*(rule.name for rule in rules.rules), *(error.path.stem for error in rules.refused)]
    if not name or name in known:
        return
    values = {"since": "1970-01-01 00:00:00", "rule": name, "alert": "", "limit": 1}
    with source_of(arguments) as source:
        if source.client.query(load("alert_history"), parameters=values).result_rows:
            return
    near = difflib.get_close_matches(name, known, 1)
    hint = f"did you mean {near[0]!r}? " if near else ""
    raise UsageError(f"no rule is named {name!r}; {hint}--rules names the folder where the collector has its own")


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
        where, until = _said(one.matching), one.until.strftime("%m-%d %H:%M")
        table.add_row(
            one.mark_id, one.rule or "all", one_line(where, 40), until, one_line(one.by, 20), one_line(one.note, 60)
        )
    console().print(table)
    return 0
