"""`playhead replay RUN`: executes a recorded run again, with every effect served from the recording."""

from __future__ import annotations

import argparse
import sys
from dataclasses import asdict
from typing import Literal

from playhead.errors import UsageError
from playhead_collector.commands.common import add_json_argument, positive, say, write_json
from playhead_replay.alone import replay_of_many
from playhead_replay.certificate import Certificate
from playhead_replay.commands.ending import cleaned_up_when_ended
from playhead_replay.commands.finding import add_recording_arguments, recording_from
from playhead_replay.commands.program import add_program_arguments, program_of
from playhead_replay.entry import Entry, entry_of
from playhead_replay.recording.recording import Recording, alone
from playhead_replay.replay import Verdict, certified, replay
from playhead_replay.told import told


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.usage = "playhead replay [options] RUN [-- python agent.py …]"
    parser.epilog = (
        "The program's own output passes through untouched; Playhead's words go to stderr. Exit status: 0 identical, 1 "
        "divergence, 2 not replayable, 3 identical and the recorded run itself had failed."
    )
    add_recording_arguments(parser)
    add_json_argument(parser)
    parser.add_argument(
        "--entry", metavar="MODULE:FUNCTION", help="call this function as the run's was called, in place of a program"
    )
    how_much = parser.add_mutually_exclusive_group()
    how_much.add_argument(
        "--alone", action="store_true",
        help="of a server's run: that run alone, without all that the process served before it. Default: alone where "
        "nothing was seen that it shared, and with its process where it did, or where it parts alone",
    )  # fmt: skip
    how_much.add_argument(
        "--whole", action="store_true", help="of a server's run: with its process from the start, in any case"
    )
    parser.add_argument("--realtime", action="store_true", help="keep the pace of the recording, pieces of streams too")
    parser.add_argument(
        "--step", action="store_true", help="stop at the first step, and at a prompt go on from there, or back"
    )
    parser.add_argument("--until", metavar="STEP", type=positive, help="stop where this step begins")
    parser.add_argument(
        "--break", dest="breakpoints", metavar="EXPR", action="append", default=[],
        help="stop at steps such as 'kind=tool and tool=refund', 'cost>0.5', 'status=error'; several may be given",
    )  # fmt: skip
    parser.add_argument("-q", "--quiet", action="store_true", help="say nothing where it is identical")
    add_program_arguments(parser)


def run(arguments: argparse.Namespace) -> int:
    with cleaned_up_when_ended():
        return _run(arguments)


def _run(arguments: argparse.Namespace) -> int:
    python, checkout = program_of(arguments)
    recording = recording_from(arguments)
    if arguments.entry and (arguments.words or arguments.step or arguments.until or arguments.breakpoints):
        raise UsageError("--entry calls a function, and is neither stepped through nor given with a command line")
    if arguments.step or arguments.until or arguments.breakpoints:
        recording = alone(recording) if arguments.alone else recording
        return _stepped(recording, entry_of(recording, arguments.words, python, checkout), arguments)
    if arguments.entry:
        from playhead_replay.call import replay_call

        certificate, verdict = replay_call(recording, arguments.entry, python, arguments.realtime, checkout=checkout)
    elif arguments.alone or len(recording.runs) > 1:
        only: Literal["alone", "whole"] | None = "alone" if arguments.alone else "whole" if arguments.whole else None
        certificate, verdict = replay_of_many(
            recording, arguments.words, python, arguments.realtime, checkout=checkout, only=only
        )
    else:
        certificate, verdict = replay(recording, arguments.words, python, arguments.realtime, checkout=checkout)
    if arguments.json:
        sys.stdout.flush()
        write_json([{"certificate": asdict(certificate), "verdict": asdict(verdict)}])
    if not (arguments.quiet and verdict.exit_status == 0):
        tell(certificate, verdict)
    return verdict.exit_status


def _stepped(recording: Recording, entry: Entry, arguments: argparse.Namespace) -> int:
    """The status is the verdict's, where the program came to its end; else 0."""
    # Here, as above: a replay without it starts in half of the time.
    from playhead_replay.stepping.prompt import Prompt
    from playhead_replay.stepping.session import Session
    from playhead_replay.stepping.stop import Stop

    if arguments.realtime:
        raise UsageError("--realtime has no meaning where one stops")
    certificate = certified(recording, arguments.python)
    with Session(recording, entry) as session:
        for expression in arguments.breakpoints:
            session.stop_at(expression)
        standing = Prompt(session, arguments.json).run(lambda: session.begin(arguments.until, at_first=arguments.step))
    if isinstance(standing, Stop):
        return 0
    if not arguments.quiet:
        tell(certificate, standing.verdict)
    return standing.verdict.exit_status


def tell(certificate: Certificate, verdict: Verdict) -> None:
    """For people, on stderr: the agent's output is not to be mixed with ours."""
    sys.stdout.flush()
    for line in told(certificate, verdict):
        say(line)
