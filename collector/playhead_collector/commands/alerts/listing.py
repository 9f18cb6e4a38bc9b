"""`playhead alerts list`: the rules there are, by name."""

from __future__ import annotations

import argparse

from rich.table import Table

from playhead_collector.alerts.rule import Rule
from playhead_collector.alerts.settings import RuleSettings, read_figures
from playhead_collector.commands.alerts.common import (
    add_rules_argument,
    add_settings_argument,
    rules_of,
    tell_of_refused,
)
from playhead_collector.commands.common import add_json_argument, console, write_json


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_rules_argument(parser)
    add_settings_argument(parser, "with what is otherwise of rules")
    add_json_argument(parser)


def run(arguments: argparse.Namespace) -> int:
    rules, settings = rules_of(arguments), read_figures(arguments.settings)
    if arguments.json:
        write_json(_as_json(rule, settings.of(rule.name)) for rule in rules.rules)
    else:
        table = Table(box=None, pad_edge=False, header_style="bold")
        for title in ("rule", "severity", "about", "what", "parameters"):
            table.add_column(title)
        for rule in rules.rules:
            wanted = settings.of(rule.name)
            asked = "runs" if rule.about_runs else f"every {rule.every.total_seconds():g}s"
            set_to = wanted.parameters
            parameters = " ".join(f"{one.name}={set_to.get(one.name, one.default)}" for one in rule.parameters)
            table.add_row(rule.name, rule.severity, asked if wanted.enabled else "off", rule.title, parameters)
        console().print(table)
    tell_of_refused(rules.refused)
    # Raises where what is set can not be: after the list, which shows what there is to set.
    settings.rulings(rules)
    return 0


def _as_json(rule: Rule, wanted: RuleSettings) -> dict[str, object]:
    return {
        "name": rule.name,
        "file": str(rule.path),
        "title": rule.title,
        "why": rule.why,
        "severity": rule.severity,
        "owner": rule.owner,
        "runbook": rule.runbook,
        "about": "runs" if rule.about_runs else "window",
        "every_s": rule.every.total_seconds(),
        "for_s": rule.hold.total_seconds(),
        "resolve_after_s": rule.resolve_after.total_seconds(),
        "lookback_s": rule.lookback.total_seconds(),
        "group_by": list(rule.group_by),
        "notify": list(rule.notify if wanted.notify is None else wanted.notify),
        "enabled": wanted.enabled,
        "parameters": [
            {
                "name": one.name,
                "type": one.type,
                "default": one.default,
                "value": str(wanted.parameters.get(one.name, one.default)),
                "about": one.about,
            }
            for one in rule.parameters
        ],
    }
