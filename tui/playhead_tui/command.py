"""`playhead tui`: the terminal interface. Also plain `playhead`, where a terminal is there to show it."""

from __future__ import annotations

import argparse
import logging
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from playhead.errors import UsageError
from playhead_collector.audit.here import tell_audit
from playhead_collector.commands.common import (
    add_store_arguments,
    positive,
    project_of,
    project_read,
    read_token_of,
    settings_of,
    token_of,
)
from playhead_collector.read.source import Source, open_source
from playhead_collector.store.address import DEFAULT_PROJECT
from playhead_replay.commands.program import add_code_arguments, program_of
from playhead_tui.reading import Reader

if TYPE_CHECKING:
    from playhead.feedback import Feedback
    from playhead_collector.alerts.marks import Kind

# The screen says that the store is away, and tries again; a command would wait longer.
_PATIENCE_S = 1.0


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_store_arguments(parser)
    parser.add_argument("query", nargs="*", metavar="QUERY", help="what to search for, as in the query line")
    parser.add_argument("--diff", nargs=2, metavar=("A", "B"), help="compare these two runs, named as for --run")
    parser.add_argument("--run", default="", metavar="RUN", help="open this run: its id, its beginning, or 'last'")
    parser.add_argument("--replay", default="", metavar="RUN", help="replay this run, or a recording in a file")
    parser.add_argument("--step", type=positive, metavar="N", help="with --replay: begin at this step")
    # Of what is replayed and forked.
    add_code_arguments(parser)
    parser.add_argument(
        "--rules", metavar="DIR", type=Path, help="folder of the rules that alerts are of; default: the collector's"
    )
    parser.add_argument(
        "--objectives", metavar="FILE", type=Path,
        help="TOML file of objectives, as for 'playhead slo'; default: objectives.toml in this user's configuration",
    )  # fmt: skip


def run(arguments: argparse.Namespace) -> int:
    # A page of `playhead web` has a driver of its own instead.
    if not (sys.stdin.isatty() and sys.stdout.isatty()) and "TEXTUAL_DRIVER" not in os.environ:
        raise UsageError("'playhead tui' needs a terminal; 'playhead runs' and 'playhead show' write to anything")
    settings = settings_of(arguments)
    project = project_of(arguments)
    token = read_token_of(arguments, settings)
    python, checkout = program_of(arguments)
    replay = replay_of(arguments)

    def open_it(again: bool) -> Source:
        source = open_source(
            settings.address, project, token, patience_s=_PATIENCE_S, opens_folder=not again, command="tui"
        )
        if source.opened:
            tell_audit(settings, project or DEFAULT_PROJECT, "tui", {})
        return source

    reader = Reader(open_it)
    reader.open_soon()
    # Only now: Textual takes as long to import as a store to open.
    from playhead_tui.app import PlayheadApp, Start

    def mark(kind: Kind, said: Mapping[str, object]) -> str:
        # Only here: what nobody says yet need not be loaded.
        from playhead_collector.alerts.marker import Marker

        whose = reader.ask(lambda client: project_read(arguments, client))
        return Marker(settings.address, whose, settings.admin_token).mark(reader.ask, kind, said)

    def say(said: Sequence[Feedback]) -> None:
        from playhead_collector.saying import Sayer

        token = token_of(arguments, settings.ingest_token, settings)
        endpoint = os.environ.get("PLAYHEAD_ENDPOINT")
        if reader.opened_here and not endpoint:
            raise UsageError("no collector runs, and this terminal has the store open: start one with 'playhead up'")
        Sayer(settings, project, token, endpoint).say(said, lambda words: None)

    # Whatever a library warns of would be written across the screen.
    logging.getLogger().addHandler(logging.NullHandler())
    start = Start(
        store=str(settings.address),
        project=project or ("" if token else DEFAULT_PROJECT),
        query=" ".join(arguments.query),
        run=arguments.run,
        replay=replay,
        step=arguments.step,
        python=python,
        checkout=checkout,
        diff=tuple(arguments.diff) if arguments.diff else None,
        rules=arguments.rules or settings.alert_rules,
        alert_settings=settings.alert_settings,
        objectives=arguments.objectives,
    )
    app = PlayheadApp(start, reader, mark=mark, say=say, whose=lambda client: project_read(arguments, client))
    app.run()
    return app.return_code or 0


def replay_of(arguments: argparse.Namespace) -> str | Path:
    """What is replayed at once: a run, or a file; empty where nothing is. Raises UsageError where no such file is."""
    if not arguments.replay:
        return ""
    # Only here: what reads recordings takes as long to load as the first screen.
    from playhead_replay.commands.finding import run_or_file

    named = run_or_file(arguments.replay)
    if isinstance(named, Path) and not named.is_file():
        raise UsageError(f"{named} is no file; 'playhead record -o {named} -- python agent.py' makes one")
    return named
