"""What reading commands share: which store, which project, and how output is written.

Data goes to stdout, words for people to stderr. Text from traces is never trusted: it goes through `printable`, which
takes out what a terminal obeys.

What opens a store and what draws is imported where it is used: it is two thirds of the time in which a command starts,
and a recording in a file needs none of it.
"""

from __future__ import annotations

import argparse
import contextlib
import logging
import math
import os
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from playhead.errors import UsageError
from playhead.printable import json_line, printable
from playhead_collector.errors import QueryRefused
from playhead_collector.read.words import iso
from playhead_collector.store.address import DEFAULT_PROJECT, Embedded, checked_project

if TYPE_CHECKING:
    from clickhouse_connect.driver.client import Client
    from rich.console import Console

    from playhead_collector.config import Settings
    from playhead_collector.read.source import Source

_UNWATCHED = 160


def add_store_arguments(parser: argparse.ArgumentParser, whose: str = "read") -> None:
    parser.add_argument(
        "--store", metavar="URL",
        help="which store: chdb:///path or clickhouse://user:password@host:8123/db; default: that of the configuration "
        "(PLAYHEAD_STORE)",
    )  # fmt: skip
    parser.add_argument("--config", metavar="FILE", help="the collector's TOML file (PLAYHEAD_CONFIG)")
    parser.add_argument("--project", help="which project; default: the token's, or 'default' (PLAYHEAD_PROJECT)")
    parser.add_argument(
        "--token",
        help=f"{whose} token, where the collector has tokens; @FILE keeps it out of sight (PLAYHEAD_TOKEN)",
    )


def add_json_argument(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="write JSON, one object a line, for scripts")


def positive(text: str) -> int:
    """For argparse: a number of things."""
    if not text.isdigit() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is no number above 0")
    return int(text)


def finite(text: str) -> float:
    """For argparse: an amount; nothing is more or less than NaN, and nothing as much as infinity."""
    with contextlib.suppress(ValueError):
        if math.isfinite(amount := float(text)):
            return amount
    raise argparse.ArgumentTypeError(f"{text!r} is no number")


def settings_of(arguments: argparse.Namespace) -> Settings:
    """The collector's own configuration, so that its commands find its store and tokens."""
    from playhead_collector import config

    return config.read({"store": arguments.store, "config": arguments.config})


def project_of(arguments: argparse.Namespace) -> str | None:
    """The project that was named; None where none was."""
    given = arguments.project or os.environ.get("PLAYHEAD_PROJECT")
    return checked_project(given) if given else None


def project_read(arguments: argparse.Namespace, client: Client) -> str:
    """The project whose runs a client reads: the one that was named, else the token's, which the store knows."""
    named = project_of(arguments)
    if named:
        return named
    database = str(client.query("SELECT currentDatabase()").result_rows[0][0])
    return settings_of(arguments).address.project_in(database)


def token_of(arguments: argparse.Namespace, own: Sequence[str], settings: Settings) -> str | None:
    """The token that was given; else, of the collector's `own` tokens, one for the project.

    `@FILE` may be a collector's own file, with a project and a name before each token.
    """
    given = arguments.token or os.environ.get("PLAYHEAD_TOKEN")
    if given and not given.startswith("@"):
        return str(given)
    if given:
        from playhead_collector import config

        own = config.from_file(given)
    tokens = settings.tokens(list(own))
    named = project_of(arguments)
    found = next((token for token, project in tokens.items() if project == (named or DEFAULT_PROJECT)), None)
    if given and found is None:
        # One alone may be of any project; which one, the other side knows.
        if named and len(tokens) > 1:
            raise UsageError(f"{given[1:]} has no token of project {named!r}")
        found = next(iter(tokens))
    return found


def read_token_of(arguments: argparse.Namespace, settings: Settings) -> str | None:
    """The collector's own tokens are for its own ports: a server elsewhere gets none that was not given for it."""
    own = settings.read_token if isinstance(settings.address, Embedded) else []
    return token_of(arguments, own, settings)


@contextmanager
def source_of(arguments: argparse.Namespace) -> Iterator[Source]:
    """The store to read, open; what goes wrong while reading is said in its words."""
    from clickhouse_connect.driver.exceptions import ClickHouseError

    from playhead_collector.audit.here import tell_audit
    from playhead_collector.read.source import open_source

    # It warns of what is raised as an error, too, and said below in our own words.
    logging.getLogger("clickhouse_connect").addHandler(logging.NullHandler())
    settings = settings_of(arguments)
    token = read_token_of(arguments, settings)
    with open_source(settings.address, project_of(arguments), token, say=say, command=arguments.command) as source:
        if source.opened:
            tell_audit(settings, project_of(arguments) or DEFAULT_PROJECT, arguments.command, vars(arguments))
            tell_of_waiting(settings.spool_folder)
        try:
            yield source
        except ClickHouseError as error:
            raise QueryRefused(said_by_engine(str(error))) from error


def project_changed(arguments: argparse.Namespace) -> str:
    """The project of what an administrator changes: the one that is read beside it, not another of the same store."""
    if project_of(arguments) or not (arguments.token or os.environ.get("PLAYHEAD_TOKEN")):
        return project_of(arguments) or DEFAULT_PROJECT
    with source_of(arguments) as source:
        return project_read(arguments, source.client)


# What clients and engine put around the words: twice a code, the engine's class, where it was asked.
_AROUND = re.compile(r"^.*?DB::Exception: |(?: \(for url [^)]*\))?\s*$", re.DOTALL)


def said_by_engine(text: str) -> str:
    return _AROUND.sub("", text)


def tell_of_waiting(spool: Path) -> None:
    """No collector runs: what it acknowledged and did not store yet is missing from what is about to be shown."""
    waiting = [path for path in [*spool.glob("*/*.seg"), *spool.glob("*/*.open")] if path.stat().st_size]
    if waiting:
        say(
            f"note: {sum(path.stat().st_size for path in waiting)} bytes of received traces wait in {spool} and are "
            "not shown; 'playhead up' stores them"
        )


def console(stderr: bool = False) -> Console:
    """Markup is off everywhere: what traces hold is data. Where nobody watches there is room; COLUMNS says how much."""
    from rich.console import Console

    out = Console(stderr=stderr, markup=False, highlight=False, emoji=False)
    if not out.is_terminal and "COLUMNS" not in os.environ:
        out.width = _UNWATCHED
    return out


def say(words: str) -> None:
    """To people; what a server or a trace said may be in it."""
    print(printable(words), file=sys.stderr)


def write_json(rows: Iterable[Any]) -> None:
    for row in rows:
        sys.stdout.write(json_line(row, _plain) + "\n")


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return iso(value)
    if isinstance(value, bytes):
        return value.hex()
    return str(value)


def one_line(text: str, width: int) -> str:
    flat = " ".join(printable(text).split())
    return flat if len(flat) <= width else flat[: max(0, width - 1)] + "…"


@contextmanager
def progress_bar(what: str, total: int) -> Iterator[Callable[[int], None]]:
    """A bar on stderr while something long goes on; nothing where nobody watches."""
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    watched = sys.stderr.isatty()
    with Progress(
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(),
        console=console(stderr=True), disable=not watched, transient=True,
    ) as progress:  # fmt: skip
        task = progress.add_task(what, total=total)
        yield lambda done: progress.update(task, completed=done)
