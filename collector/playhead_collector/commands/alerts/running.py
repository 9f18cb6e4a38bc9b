"""`playhead alerts run`: asks the rules about what is stored."""

from __future__ import annotations

import argparse
import logging
import signal
import sys
from pathlib import Path

from clickhouse_connect.driver.client import Client
from rich.table import Table

from playhead.errors import UsageError
from playhead_collector.alerts.ask import Finding, Moment, ask
from playhead_collector.alerts.changed import changed_runs, first_began, store_time
from playhead_collector.alerts.rule import Rule
from playhead_collector.alerts.rule_folder import Rules
from playhead_collector.alerts.ruling import Ruling
from playhead_collector.alerts.settings import read_settings
from playhead_collector.alerts.watch import ASKING, Watch
from playhead_collector.commands.alerts.common import add_rules_argument, rules_of, tell_of_refused
from playhead_collector.commands.common import (
    add_json_argument,
    add_store_arguments,
    console,
    one_line,
    project_of,
    say,
    settings_of,
    source_of,
    write_json,
)
from playhead_collector.errors import RuleRefused
from playhead_collector.read.runs import TIMES, parse_time
from playhead_collector.read.source import open_source
from playhead_collector.store.address import DEFAULT_PROJECT, Embedded


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_store_arguments(parser)
    add_rules_argument(parser)
    add_json_argument(parser)
    parser.add_argument(
        "--once", action="store_true", help="ask once, say what was found, keep nothing and tell nobody"
    )
    parser.add_argument(
        "--settings", metavar="FILE", type=Path, help="TOML file with receivers; default: this user's alerts.toml"
    )
    parser.add_argument("--rule", action="append", default=[], metavar="NAME", help="this rule only; repeatable")
    parser.add_argument("--since", default="1h", help=f"runs that changed at this time or later: {TIMES}; default 1h")


def run(arguments: argparse.Namespace) -> int:
    rules = rules_of(arguments)
    if not arguments.once:
        return _watch(arguments, rules)
    with source_of(arguments) as source:
        found = _ask(source.client, rules, arguments.rule, arguments.since)
    if arguments.json:
        write_json(_as_json(rule, finding) for rule, finding in found)
    elif not found:
        say("no rule finds anything")
    else:
        table = Table(box=None, pad_edge=False, header_style="bold")
        for title in ("rule", "severity", "group", "run", "step", "what"):
            table.add_column(title)
        for rule, finding in found:
            group = " ".join(f"{name}={value[:20]}" for name, value in finding.group if name != "run_id")
            table.add_row(
                rule.name, rule.severity, one_line(group, 40), finding.run_id[:12], finding.step_id,
                one_line(finding.summary, 100),
            )  # fmt: skip
        console().print(table)
    return 1 if found else 0


def _watch(arguments: argparse.Namespace, rules: Rules) -> int:
    """Until SIGTERM or SIGINT: keeps how alerts stand, and tells receivers."""
    settings, chosen = settings_of(arguments), read_settings(arguments.settings)
    address, project = settings.address, project_of(arguments) or DEFAULT_PROJECT
    if isinstance(address, Embedded):
        raise UsageError(
            f"the collector of {address} asks the rules itself; this is for a server: --store clickhouse://…, "
            "or say --once"
        )
    tell_of_refused(rules.refused)
    logging.basicConfig(level=logging.INFO, stream=sys.stderr, format="%(asctime)s %(levelname)s %(message)s")
    watch = Watch(
        lambda project: open_source(address, project, settings=ASKING).client,
        [project],
        chosen.rulings(rules),
        dict(chosen.receivers),
        alone=False,
    )
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: watch.ask_to_stop())
    say(f"asking {len(rules.rules)} rules about {address}")
    watch.run()
    return 0


def _ask(client: Client, rules: Rules, names: list[str], since: str) -> list[tuple[Rule, Finding]]:
    now = store_time(client)
    there = changed_runs(client, parse_time(since, now))
    moment = Moment(now, sorted(there), began=first_began(there, there))
    found: list[tuple[Rule, Finding]] = []
    refused = list(rules.refused)
    for rule in rules.rules:
        if names and rule.name not in names:
            continue
        try:
            found += ((rule, finding) for finding in ask(client, Ruling(rule).admitted(client), moment))
        except RuleRefused as error:
            refused.append(error)
    tell_of_refused(refused)
    return found


def _as_json(rule: Rule, finding: Finding) -> dict[str, object]:
    return {
        "rule": rule.name,
        "severity": rule.severity,
        "group": dict(finding.group),
        "run_id": finding.run_id,
        "step_id": finding.step_id,
        "value": finding.value,
        "summary": finding.summary,
        "labels": dict(finding.labels),
    }
