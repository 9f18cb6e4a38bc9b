"""`playhead certify RUN`: how far a run can be executed again, and what stands against more."""

from __future__ import annotations

import argparse
from dataclasses import asdict

from rich.text import Text

from playhead_collector.commands.common import add_json_argument, console, one_line, write_json
from playhead_replay.certificate import Certificate, certify, without_recording
from playhead_replay.commands.finding import add_recording_arguments, recording_from
from playhead_replay.errors import NotReplayable

_STATUS = {"exact": 0, "partial": 1, "playback": 2}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.epilog = "Nothing is executed. Exit status: 0 exact, 1 partial, 2 playback only."
    add_recording_arguments(parser)
    add_json_argument(parser)


def run(arguments: argparse.Namespace) -> int:
    try:
        certificate = certify(recording_from(arguments))
    except NotReplayable as error:
        certificate = without_recording(arguments.run, 0, str(error))
    if arguments.json:
        write_json([asdict(certificate)])
    else:
        _show(certificate)
    return _STATUS[certificate.level]


def _show(certificate: Certificate) -> None:
    out = console()
    out.print(Text(certificate.headline, style="bold"))
    for reason in certificate.reasons:
        sign, style = ("!", "yellow") if reason.grave else ("·", "dim")
        out.print(Text(f"  {sign} {one_line(reason.what, 400)}", style=style), soft_wrap=True)
