"""`playhead alerts check`: whether every rule could be asked, without asking one; needs no collector and no store."""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Sequence

from playhead_collector.alerts.admission import Admission
from playhead_collector.alerts.rule_folder import Rules
from playhead_collector.alerts.ruling import Ruling
from playhead_collector.alerts.settings import read_settings
from playhead_collector.commands.alerts.common import (
    add_rules_argument,
    add_settings_argument,
    rules_of,
    tell_of_refused,
    tell_of_unheard,
)
from playhead_collector.commands.common import add_json_argument, say, write_json
from playhead_collector.errors import RuleRefused
from playhead_collector.store.address import parse_address


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_rules_argument(parser)
    add_settings_argument(parser, "of alerts, which is checked as well")
    add_json_argument(parser)


def run(arguments: argparse.Namespace) -> int:
    rules, settings = rules_of(arguments), read_settings(arguments.settings)
    # Rules may be looked at where nothing is known of who is told, as in CI.
    unheard = settings.unheard(rules) if settings.receivers else {}
    checked = _checked(rules, settings.rulings(rules, also=[rule.name for rule in rules.rules]))
    if arguments.json:
        write_json(
            {"name": rule.name, "file": str(rule.path), "line": None, "reason": unheard.get(rule.name)}
            for rule in checked.rules
        )
        write_json(
            {"name": error.path.stem, "file": str(error.path), "line": error.line, "reason": error.reason}
            for error in checked.refused
        )
    else:
        tell_of_refused(checked.refused)
        tell_of_unheard(unheard)
        say(f"{len(checked.rules)} rules can be asked, {len(checked.refused)} refused")
    return 1 if checked.refused or unheard else 0


def _checked(rules: Rules, rulings: Sequence[Ruling]) -> Rules:
    """Against the schema of this version, in an empty store that goes at once."""
    from playhead_collector.store.store import Store

    good, refused = [], list(rules.refused)
    with tempfile.TemporaryDirectory(prefix="playhead-alerts-") as folder:
        store = Store(parse_address(f"chdb://{folder}/store"))
        try:
            admission = Admission(store.reader())
            for ruling in rulings:
                try:
                    admission.admit(ruling.rule, ruling.chosen)
                    good.append(ruling.rule)
                except RuleRefused as error:
                    refused.append(error)
        finally:
            store.close()
    return Rules(tuple(good), tuple(refused))
