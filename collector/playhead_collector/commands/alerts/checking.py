"""`playhead alerts check`: whether every rule could be asked, without asking one; needs no collector and no store."""

from __future__ import annotations

import argparse
import tempfile

from playhead_collector.alerts.admission import Admission
from playhead_collector.alerts.rule_folder import Rules
from playhead_collector.commands.alerts.common import add_rules_argument, rules_of, tell_of_refused
from playhead_collector.commands.common import add_json_argument, say, write_json
from playhead_collector.errors import RuleRefused
from playhead_collector.store.address import parse_address


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_rules_argument(parser)
    add_json_argument(parser)


def run(arguments: argparse.Namespace) -> int:
    checked = _checked(rules_of(arguments))
    if arguments.json:
        write_json({"name": rule.name, "file": str(rule.path), "line": None, "reason": None} for rule in checked.rules)
        write_json(
            {"name": error.path.stem, "file": str(error.path), "line": error.line, "reason": error.reason}
            for error in checked.refused
        )
    else:
        tell_of_refused(checked.refused)
        say(f"{len(checked.rules)} rules can be asked, {len(checked.refused)} refused")
    return 1 if checked.refused else 0


def _checked(rules: Rules) -> Rules:
    """Against the schema of this version, in an empty store that goes at once."""
    from playhead_collector.store.store import Store

    good, refused = [], list(rules.refused)
    with tempfile.TemporaryDirectory(prefix="playhead-alerts-") as folder:
        store = Store(parse_address(f"chdb://{folder}/store"))
        try:
            admission = Admission(store.reader())
            for rule in rules.rules:
                try:
                    admission.admit(rule)
                    good.append(rule)
                except RuleRefused as error:
                    refused.append(error)
        finally:
            store.close()
    return Rules(tuple(good), tuple(refused))
