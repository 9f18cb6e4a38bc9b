"""What the commands about alerts share: which rules are meant, and how broken ones are named."""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Mapping
from pathlib import Path

from playhead.errors import UsageError
from playhead_collector.alerts.figure import Given, figure_of
from playhead_collector.alerts.rule import Rule
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


def pairs_of(given: Iterable[str], flag: str, form: str) -> list[tuple[str, str]]:
    """`name=value`, several times."""
    pairs = []
    for entry in given:
        name, equals, value = entry.partition("=")
        if not name or not equals:
            raise UsageError(f"{flag} {entry!r}: write it as {form}")
        pairs.append((name, value))
    return pairs


def check_parameters(rule: Rule, given: Iterable[tuple[str, Given]]) -> None:
    """Raises UsageError for a parameter that the rule does not have, as it would change nothing, and for a figure that
    is none of its type.
    """
    there = {parameter.name: parameter for parameter in rule.parameters}
    for name, figure in given:
        if name not in there:
            raise UsageError(f"the rule {rule.name} has no parameter {name!r}; it has {', '.join(there) or 'none'}")
        try:
            figure_of(there[name], figure)
        except ValueError as error:
            raise UsageError(f"the rule {rule.name}: {error}") from None


def tell_of_unheard(unheard: Mapping[str, str]) -> None:
    for said in unheard.values():
        say(f"somebody is not told: {said}")


def tell_of_refused(refused: Iterable[RuleRefused]) -> None:
    for error in refused:
        say(f"refused: {error}")
