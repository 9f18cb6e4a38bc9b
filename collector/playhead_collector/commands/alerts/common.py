"""What the commands about alerts share: which rules are meant, and how broken ones are named."""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Mapping
from pathlib import Path

from playhead.errors import UsageError
from playhead_collector.alerts.rule_folder import Rules, read_rules
from playhead_collector.commands.common import say
from playhead_collector.errors import RuleRefused


def add_rules_argument(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--rules", metavar="DIR", type=Path,
        help="folder of rules that add to the shipped ones, or override them by name; default: alerts in the "
        "configuration directory of this user",
    )  # fmt: skip


def add_settings_argument(parser: argparse.ArgumentParser, what: str) -> None:
    parser.add_argument(
        "--settings", metavar="FILE", type=Path, help=f"TOML file {what}; default: this user's alerts.toml"
    )


def rules_of(arguments: argparse.Namespace) -> Rules:
    return read_rules(arguments.rules)


def chosen_of(given: list[str]) -> dict[str, str]:
    """`parameter=value`, several times."""
    for entry in given:
        if "=" not in entry:
            raise UsageError(f"--set {entry!r}: write it as PARAMETER=VALUE")
    return dict(entry.split("=", 1) for entry in given)


def tell_of_unheard(unheard: Mapping[str, str]) -> None:
    for said in unheard.values():
        say(f"somebody is not told: {said}")


def tell_of_refused(refused: Iterable[RuleRefused]) -> None:
    for error in refused:
        say(f"refused: {error}")
