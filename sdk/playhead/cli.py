"""The `playhead` command: finds the subcommand's module, loads it, and turns errors into words and a status.

It must import nothing but the standard library before a subcommand is chosen: `playhead --help` works in every
installation, and a subcommand whose package is not there says which extra brings it.
"""

from __future__ import annotations

import argparse
import difflib
import importlib
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, cast

from playhead import __version__
from playhead.errors import MissingExtra, PlayheadError, UsageError
from playhead.printable import printable


@dataclass(frozen=True, slots=True)
class Subcommand:
    name: str
    module: str
    extra: str
    summary: str


SUBCOMMANDS = (
    Subcommand("tui", "playhead_tui.command", "tui", "search and read runs, full-screen"),
    Subcommand("web", "playhead_tui.web.command", "tui", "the same in a browser"),
    Subcommand("up", "playhead_collector.commands.up", "server", "run the collector"),
    Subcommand("record", "playhead.commands.record", "", "record a program that has no line of Playhead in it"),
    Subcommand("ship", "playhead.commands.ship", "", "send what recorded programs left behind"),
    Subcommand("runs", "playhead_collector.commands.runs", "server", "list runs"),
    Subcommand("show", "playhead_collector.commands.show", "server", "show one run step by step"),
    Subcommand("replay", "playhead_replay.commands.replay", "server", "execute a recorded run again, exactly"),
    Subcommand(
        "fork", "playhead_replay.commands.fork", "server", "a run again up to a step, and from there another way"
    ),
    Subcommand("certify", "playhead_replay.commands.certify", "server", "say how far a run can be replayed, and why"),
    Subcommand(
        "diff", "playhead_replay.commands.diff", "server", "what differs between two runs, or two groups of runs"
    ),
    Subcommand(
        "doctor", "playhead_replay.commands.doctor", "server", "say what keeps a program from replaying exactly"
    ),
    Subcommand("eval", "playhead_replay.commands.eval", "server", "try a dataset's runs with this code: what changed"),
    Subcommand("bisect", "playhead_replay.commands.bisect", "server", "find the commit at which a recording diverges"),
    Subcommand(
        "checkout", "playhead_replay.commands.checkout", "server", "get the code and packages that a run ran with"
    ),
    Subcommand("alerts", "playhead_collector.commands.alerts", "server", "rules over stored runs, and what they say"),
    Subcommand("slo", "playhead_collector.commands.slo", "server", "service levels and error budgets"),
    Subcommand("score", "playhead_collector.commands.score", "server", "say how a run went: a score, a label, a note"),
    Subcommand("dataset", "playhead_collector.commands.dataset", "server", "searches saved as lists of runs"),
    Subcommand("sql", "playhead_collector.commands.sql", "server", "query the store"),
    Subcommand("export", "playhead_collector.commands.export", "server", "write runs to a file"),
    Subcommand(
        "import", "playhead_collector.commands.importing", "server", "store files: OTLP, Langfuse, Phoenix, LangSmith"
    ),
    Subcommand(
        "erase", "playhead_collector.commands.erase", "server", "remove all that is stored of a user, session or run"
    ),
    Subcommand("plan", "playhead_collector.commands.plan", "server", "how much disk, memory and CPU a load needs"),
    Subcommand("backup", "playhead_collector.commands.backup", "server", "all projects of a store as files"),
    Subcommand("restore", "playhead_collector.commands.restore", "server", "a store made again from a backup"),
    Subcommand("redact", "playhead_collector.commands.redact", "server", "say what redaction rules would hide"),
    Subcommand(
        "audit", "playhead_collector.commands.audit", "server", "say who read, exported, erased or replayed what"
    ),
    Subcommand(
        "demo", "playhead_collector.commands.demo", "server", "try it: a collector, sample runs, and a look at them"
    ),
)


class Command(Protocol):
    """What a subcommand's module holds."""

    def add_arguments(self, parser: argparse.ArgumentParser) -> None: ...
    def run(self, arguments: argparse.Namespace) -> int: ...


def main(argv: Sequence[str] | None = None) -> int:
    words = list(sys.argv[1:] if argv is None else argv)
    if not words and sys.stdin.isatty() and sys.stdout.isatty():
        words = ["tui"]
    chosen = next((word for word in words if not word.startswith("-")), None)
    parser = argparse.ArgumentParser(prog="playhead", description="A flight recorder for AI agents.")
    parser.add_argument("--version", action="version", version=f"playhead {__version__}")
    subparsers = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    try:
        commands: dict[str, Command] = {}
        for subcommand in SUBCOMMANDS:
            subparser = subparsers.add_parser(subcommand.name, help=subcommand.summary, description=subcommand.summary)
            if subcommand.name == chosen:
                command = _load(subcommand)
                command.add_arguments(subparser)
                commands[subcommand.name] = command
        arguments, unknown = parser.parse_known_args(words)
        if unknown:
            raise UsageError(_about(unknown[0], arguments.command, subparsers.choices[arguments.command]))
        return commands[arguments.command].run(arguments)
    except PlayheadError as error:
        print(printable(f"playhead: {error}"), file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        # Whoever read our output has had enough; say nothing, also not at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 141


def _about(word: str, command: str, parser: argparse.ArgumentParser) -> str:
    """What to write instead of a word that the command does not know."""
    flags = [flag for action in parser._actions for flag in action.option_strings]
    near = difflib.get_close_matches(word.split("=", maxsplit=1)[0], flags, 1)
    hint = f"did you mean {near[0]}?" if near else f"'playhead {command} --help' says what it takes"
    return f"'playhead {command}' does not know {word!r}; {hint}"


def _load(subcommand: Subcommand) -> Command:
    try:
        return cast(Command, importlib.import_module(subcommand.module))
    except ModuleNotFoundError as error:
        if error.name and error.name.split(".")[0].startswith("playhead"):
            raise
        raise MissingExtra(f"'playhead {subcommand.name}'", subcommand.extra) from error


if __name__ == "__main__":
    sys.exit(main())
