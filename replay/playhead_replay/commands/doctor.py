"""`playhead doctor -- python agent.py …`: whether a program can be replayed exactly, and what stands against it."""

from __future__ import annotations

import argparse
import sys
from dataclasses import asdict
from pathlib import Path

from rich.text import Text

from playhead.errors import UsageError
from playhead.printable import printable, several
from playhead.program.python import program_of
from playhead_collector.commands.common import add_json_argument, console, one_line, write_json
from playhead_replay.commands.ending import cleaned_up_when_ended
from playhead_replay.doctor import Report, examine
from playhead_replay.entry import Entry

_LONGEST = 400


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.usage = "playhead doctor [options] [--] python agent.py …"
    parser.epilog = (
        "Runs the program once, live, and then again from its recording; what it prints is kept back. Nothing is "
        "stored or sent. Exit status: 0 exact, 1 not, 2 it could not be run, or not be recorded."
    )
    add_json_argument(parser)
    parser.add_argument("--times", metavar="N", type=int, default=1, help="execute it again so often; default 1")
    parser.add_argument("words", nargs=argparse.REMAINDER, metavar="-- python agent.py …", help="what to run")


def run(arguments: argparse.Namespace) -> int:
    if arguments.times < 1:
        raise UsageError(f"--times {arguments.times}: once at least")
    words = arguments.words[1:] if arguments.words[:1] == ["--"] else arguments.words
    program_of(words, "doctor")
    with cleaned_up_when_ended():
        report = examine(Entry(words, Path.cwd()), arguments.times)
    if arguments.json:
        write_json([{"exact": report.exact, **asdict(report)}])
    else:
        _show(report)
    return 0 if report.exact else 1


def _show(report: Report) -> None:
    out = console()
    again = f"executed again {report.times} times: " if report.times > 1 else "executed again: "
    how = "identical" if report.identical == report.times else f"{report.identical} of {report.times} identical"
    verdict = f"{'exact' if report.exact else 'not exact'}: {several(report.steps, 'step')}, {again}{how}"
    if report.status:
        by = f"by signal {-report.status}" if report.status < 0 else f"with status {report.status}"
        verdict += f"; the program failed, {by}"
    out.print(Text(verdict, style="bold"), soft_wrap=True)
    for line in report.errors:
        out.print(Text(f"      {printable(line)[:_LONGEST]}", style="dim"), soft_wrap=True)
    for source in report.sources:
        sign, style = ("!", "yellow") if source.grave else ("·", "dim")
        place = f"{source.place.removeprefix(f'{Path.cwd()}/')}: " if source.place else ""
        out.print(
            Text(f"  {sign} {place}{source.kind}: {one_line(source.what, _LONGEST)}", style=style), soft_wrap=True
        )
        for line in source.details:
            out.print(Text(f"      {one_line(line, _LONGEST)}", style="dim"), soft_wrap=True)
    sys.stdout.flush()
