"""`playhead score RUN[/STEP] helpful=0.8`: says of a run from outside how it went: scores, labels, a note."""

from __future__ import annotations

import argparse
import os

from playhead.errors import UsageError
from playhead.feedback import is_run_id, is_step_id
from playhead.printable import several
from playhead_collector.alerts.marker import this_user
from playhead_collector.commands.common import (
    add_json_argument,
    add_store_arguments,
    project_of,
    say,
    settings_of,
    source_of,
    token_of,
    write_json,
)
from playhead_collector.read.run import find_run, find_step
from playhead_collector.saying import Sayer, said_of


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.epilog = (
        "The same said twice is one score; what is said again under a --key replaces what was said. A run's status, "
        "times and sums stay as they are. A collector takes it while its store is away."
    )
    add_store_arguments(parser, "ingest")
    add_json_argument(parser)
    parser.add_argument("run", metavar="RUN[/STEP]", help="ids, or their beginnings, or 'last': what it is about")
    parser.add_argument("scores", nargs="*", metavar="NAME=VALUE", help="a number, true or false, or a word: tone=bad")
    parser.add_argument("--label", action="append", default=[], help="a word to find it by; several times for several")
    parser.add_argument("--note", default="", help="a remark in words")
    parser.add_argument("--comment", default="", help="why, with the scores and labels")
    parser.add_argument("--by", help="who says so; default: the name that you are logged in with")
    parser.add_argument("--key", default="", help="what is said again under it replaces what was said")
    parser.add_argument(
        "--endpoint", metavar="URL", default=os.environ.get("PLAYHEAD_ENDPOINT"),
        help="a collector elsewhere, as http://host:4318; it takes whole ids (PLAYHEAD_ENDPOINT)",
    )  # fmt: skip


def run(arguments: argparse.Namespace) -> int:
    said_of("", scores=arguments.scores, labels=arguments.label, note=arguments.note, key=arguments.key)
    settings = settings_of(arguments)
    run_id, step_id = _about(arguments)
    by = arguments.by or this_user()
    said = said_of(
        run_id, step_id, scores=arguments.scores, labels=arguments.label, note=arguments.note,
        comment=arguments.comment, by=by, via="cli", key=arguments.key,
    )  # fmt: skip
    token = token_of(arguments, settings.ingest_token, settings)
    Sayer(settings, project_of(arguments), token, arguments.endpoint).say(said, say)
    if arguments.json:
        write_json(
            {"run_id": run_id, "of": step_id or None, "step_id": one.step_id, "name": one.name, "value": one.value}
            for one in said
        )
    else:
        about = f"run {run_id[:12]}" + (f", step {step_id}" if step_id else "")
        say(f"{several(len(said), 'thing')} said of {about}, by {by}")
    return 0


def _about(arguments: argparse.Namespace) -> tuple[str, str]:
    """The run and the step, looked up; whole ids are taken as they are where there is nothing to look into."""
    run_id, slash, step_id = arguments.run.lower().partition("/")
    if slash and not step_id:
        raise UsageError(f"{arguments.run!r} names no step: write RUN/STEP, or RUN alone for the whole run")
    if arguments.endpoint or arguments.token:
        if not is_run_id(run_id) or (step_id and not is_step_id(step_id)):
            raise UsageError(
                "with --endpoint or --token nothing is looked up: write the run's whole id, 32 hex digits, and a "
                "step's 16; 'playhead runs --json' and 'playhead show --json' have them"
            )
        return run_id, step_id
    with source_of(arguments) as source:
        found = find_run(source.client, run_id)
        return found, find_step(source.client, found, step_id) if step_id else ""
