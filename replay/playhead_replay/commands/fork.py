"""`playhead fork RUN --at STEP`: the run again up to a step, then with a change, live or from the recording."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from playhead.errors import UsageError
from playhead.printable import several
from playhead.recorder.changes import MODEL
from playhead_collector.commands.common import add_json_argument, one_line, say, write_json
from playhead_replay.changing import change_of
from playhead_replay.commands.ending import cleaned_up_when_ended
from playhead_replay.commands.finding import add_recording_arguments, recording_from
from playhead_replay.commands.program import add_program_arguments, program_of
from playhead_replay.fork import NAMES, Forked, ForkWanted, fork, step_named
from playhead_replay.fork import as_json as told_as_json
from playhead_replay.recording.recording import Recording

_LONGEST = 400


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.usage = "playhead fork [options] RUN --at STEP [-- python agent.py …]"
    parser.epilog = (
        "Up to STEP everything comes from the recording; from there it does where it still matches, and else from the "
        "world, with --live. Exit status: 0 it came to its end, 1 it ended before, 2 it cannot be forked so, 3 it came "
        "to its end and failed."
    )
    add_recording_arguments(parser)
    add_json_argument(parser)
    parser.add_argument(
        "--at", metavar="STEP", help="its number, from 1, or a tool's name (refund, or refund#2); without it, a list"
    )
    parser.add_argument(
        "--set", action="append", default=[], metavar="NAME=VALUE", dest="changes",
        help=f"what is another at STEP: {', '.join(NAMES)}; the value as it is, as JSON, or from @FILE",
    )  # fmt: skip
    parser.add_argument("--model", metavar="NAME", help="the model of STEP and of all later prompts; needs --live")
    parser.add_argument("--live", action="store_true", help="what the recording does not answer, the world does")
    parser.add_argument("--max-cost-usd", type=float, metavar="USD", help="end it where live calls cost more")
    parser.add_argument("--yes", action="store_true", help="call tools with side effects without asking")
    parser.add_argument("-o", "--output", metavar="FILE", type=Path, help="keep it in this file, and send nothing")
    add_program_arguments(parser)


def run(arguments: argparse.Namespace) -> int:
    if arguments.max_cost_usd is not None and not arguments.max_cost_usd > 0:
        raise UsageError(f"--max-cost-usd {arguments.max_cost_usd:g}: a limit is above 0; leave it out for none")
    file: Path | None = arguments.output
    if file is not None and file.exists():
        raise UsageError(f"{file} is there already; name another, or remove it first")
    python, checkout = program_of(arguments)
    recording = recording_from(arguments)
    if arguments.at is None:
        return _list(recording)
    changes = dict(change_of(text) for text in arguments.changes)
    if arguments.model is not None:
        changes[MODEL] = arguments.model
    wanted = ForkWanted(
        step_named(recording, arguments.at), changes, arguments.live, arguments.max_cost_usd, arguments.yes
    )
    with cleaned_up_when_ended():
        forked = fork(recording, wanted, arguments.words, python, checkout=checkout, file=file)
    if arguments.json:
        sys.stdout.flush()
        write_json([told_as_json(forked)])
    tell(forked)
    return forked.exit_status


def _list(recording: Recording) -> int:
    """Where it could be forked."""
    for step in recording.steps:
        lane = f"  in {step.lane}" if step.lane else ""
        sys.stdout.write(f"{step.number + 1:>5}  {step.kind:<9} {one_line(step.own_name, 60)}{lane}\n")
    sys.stdout.flush()
    say("say where with --at")
    return 0


def tell(forked: Forked) -> None:
    """For people, on stderr."""
    sys.stdout.flush()
    parent = f"run {forked.of[:12]} at step {forked.at}"
    if not forked.run:
        say(f"playhead: no fork of {parent}: {one_line(forked.what, _LONGEST)}")
        for line in forked.differences:
            say(f"  {one_line(line, _LONGEST)}")
        return
    where = forked.where or "the collector"
    asked = f", {several(forked.asked_world, 'call')} asked of the world" if forked.asked_world else ""
    say(f"playhead: ⑂ {forked.run} of {parent} is in {where}: {several(forked.steps, 'step')}{asked}")
    if forked.what:
        say(f"  {one_line(forked.what, _LONGEST)}")
