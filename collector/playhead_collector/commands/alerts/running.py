"""`playhead alerts run`: asks the rules about what is stored."""

from __future__ import annotations

import argparse
import logging
import signal
import sys
from collections.abc import Sequence

from clickhouse_connect.driver.client import Client
from rich.table import Table

from playhead.errors import UsageError
from playhead_collector.alerts.ask import Finding, Moment, ask
from playhead_collector.alerts.changed import changed_runs, first_began, store_time
from playhead_collector.alerts.rule import Rule
from playhead_collector.alerts.rule_folder import Rules
from playhead_collector.alerts.ruling import Ruling
from playhead_collector.alerts.settings import AlertSettings, read_figures, read_settings
from playhead_collector.alerts.watch import ASKING, Watch
from playhead_collector.commands.alerts.common import (
    add_rules_argument,
    add_settings_argument,
    rules_of,
    tell_of_refused,
    tell_of_unheard,
)
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
    add_settings_argument(parser, "with receivers, and what is otherwise of rules")
    parser.add_argument(
        "--rule", action="append", default=[], metavar="NAME",
        help="with --once: this rule only, also where the settings switch it off; repeatable",
    )  # fmt: skip
    parser.add_argument("--since", help=f"with --once: runs that changed at this time or later: {TIMES}; default 1h")


def run(arguments: argparse.Namespace) -> int:
    rules = rules_of(arguments)
    if not arguments.once:
        if arguments.rule or arguments.since:
            raise UsageError("--rule and --since are for --once: what goes on asks all rules of what is new")
        return _watch(arguments, rules)
    rulings = _chosen(rules, arguments.rule, read_figures(arguments.settings))
    with source_of(arguments) as source:
        found = _ask(source.client, rulings, rules.refused, arguments.since or "1h")
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
    tell_of_unheard(chosen.unheard(rules))
    rulings = chosen.rulings(rules)
    logging.basicConfig(level=logging.INFO, stream=sys.stderr, format="%(asctime)s %(levelname)s %(message)s")
    watch = Watch(
        lambda project: open_source(address, project, settings=ASKING).client,
        [project],
        rulings,
        dict(chosen.receivers),
        alone=False,
        broken=chosen.held(rules),
    )
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: watch.ask_to_stop())
    say(f"asking {len(rulings)} rules about {address}")
    watch.run()
    return 0


def _chosen(rules: Rules, names: list[str], settings: AlertSettings) -> list[Ruling]:
    """The rules in force, or those that are named."""
    unknown = sorted(set(names) - {rule.name for rule in rules.rules} - {error.path.stem for error in rules.refused})
    if unknown:
        raise UsageError(f"there is no rule {unknown[0]!r}; 'playhead alerts list' shows them")
    return [one for one in settings.rulings(rules, also=names) if not names or one.rule.name in names]


def _ask(
    client: Client, rulings: Sequence[Ruling], broken: Sequence[RuleRefused], since: str
) -> list[tuple[Rule, Finding]]:
    now = store_time(client)
    there = changed_runs(client, parse_time(since, now))
    moment = Moment(now, sorted(there), began=first_began(there, there))
    found: list[tuple[Rule, Finding]] = []
    refused = list(broken)
    for ruling in rulings:
        try:
            findings = ask(client, ruling.admitted(client), moment, ruling.chosen)
            found += ((ruling.rule, finding) for finding in findings)
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
