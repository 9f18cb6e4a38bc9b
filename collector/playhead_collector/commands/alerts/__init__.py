"""`playhead alerts …`: rules over stored runs, and what they say."""

from __future__ import annotations

import argparse
import importlib
from dataclasses import dataclass
from typing import Protocol, cast


@dataclass(frozen=True, slots=True)
class _Subcommand:
    name: str
    module: str
    summary: str


_SUBCOMMANDS = (
    _Subcommand("list", "listing", "the rules there are, and the broken ones"),
    _Subcommand("check", "checking", "look at rules without asking them; 1 where one is broken"),
    _Subcommand("history", "history", "what became of alerts; --firing for those that fire now"),
    _Subcommand("ack", "acking", "say that somebody has seen an alert"),
    _Subcommand("silence", "silencing", "have nobody told of some alerts for a while"),
    _Subcommand("backtest", "backtesting", "when a rule would have fired, and how other figures compare"),
    _Subcommand("test", "testing", "rules against recorded runs, for CI; 1 where a case does not pass"),
    _Subcommand("run", "running", "ask the rules about what is stored; 1 where one finds something"),
)


class _Command(Protocol):
    def add_arguments(self, parser: argparse.ArgumentParser) -> None: ...
    def run(self, arguments: argparse.Namespace) -> int: ...


def add_arguments(parser: argparse.ArgumentParser) -> None:
    commands = parser.add_subparsers(dest="alerts_command", metavar="COMMAND", required=True)
    for one in _SUBCOMMANDS:
        _load(one).add_arguments(commands.add_parser(one.name, help=one.summary, description=one.summary))


def run(arguments: argparse.Namespace) -> int:
    return _load(next(one for one in _SUBCOMMANDS if one.name == arguments.alerts_command)).run(arguments)


def _load(one: _Subcommand) -> _Command:
    return cast(_Command, importlib.import_module(f"{__name__}.{one.module}"))
