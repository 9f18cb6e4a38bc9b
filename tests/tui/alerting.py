"""Alerts with fixed times about the fixed runs of `told`, written as an evaluator writes them."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

from clickhouse_connect.driver.client import Client
from tests.tui.told import NOW, Told, all_runs

from playhead_collector.alerts.alert import Alert, found, lapsed
from playhead_collector.alerts.ask import Finding
from playhead_collector.alerts.journal import Event, Journal
from playhead_collector.alerts.rule import Rule
from playhead_collector.alerts.rule_folder import read_rules

FOLDER = Path(__file__).with_name("rules")
RULES = {rule.name: rule for rule in read_rules(FOLDER).rules}


def ago(minutes: float) -> datetime:
    return NOW - timedelta(minutes=minutes)


class Alerting:
    """Writes what became of alerts, and what people said of them."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._journal = Journal(client)

    def asked(self, until: datetime) -> None:
        """Somebody asked the rules up to then."""
        row = ["here", ago(600), until, int(until.timestamp() * 1e6)]
        columns = ("holder", "began_at", "alive_at", "judged_until")
        self._client.insert("alert_evaluators", [row], column_names=columns)

    def found(self, named: str | Rule, minutes: float, *findings: Finding, fires: float | None = None) -> Alert:
        """Found so many minutes ago; it fires where it was found again, at `fires`."""
        rule = RULES[named] if isinstance(named, str) else named
        alert = found(None, rule, findings, ago(minutes))
        self._journal.write([Event(alert, ("default",) if alert.announced else ())], ago(minutes))
        if fires is not None:
            alert = found(alert, rule, findings, ago(fires))
            self._journal.write([Event(alert)], ago(fires))
        return alert

    def over(self, alert: Alert, rule: str, minutes: float) -> None:
        self._journal.write([Event(lapsed(alert, RULES[rule], ago(minutes)))], ago(minutes))

    def mark(self, kind: str, minutes: float, note: str, *, alert_id: str = "", rule: str = "") -> None:
        until = NOW + timedelta(days=3650)
        row = [f"{kind}-{minutes:g}", kind, alert_id, rule, {}, ago(minutes), until, "ann", note, 1]
        columns = ("mark_id", "kind", "alert_id", "rule", "matching", "at", "until", "by", "note", "version")
        self._client.insert("alert_marks", [row], column_names=columns)


def finding(run: Told, step: int, value: float, summary: str, group: dict[str, str], **labels: str) -> Finding:
    """Shown by a step of a run, by its place in what is told of it."""
    return Finding(tuple(group.items()), run.run_id, run.spans[step].span_id.hex(), value, summary, labels)


def tell_alerts(client: Client) -> None:
    """One of each state, about the runs of `all_runs`."""
    *early, late, loop, _, runs_on = all_runs()
    alerting = Alerting(client)
    alerting.asked(NOW + timedelta(days=3650))
    labels = {"service": "shop", "version": "1.4.2"}
    said = "refund was called {} times with the same arguments".format
    groups = [{"run_id": run.run_id, "tool": "refund"} for run in (early[3], loop)]
    over = alerting.found("same_refund", 300, finding(early[3], 2, 7, said(7), groups[0]))
    alerting.over(over, "same_refund", 280)
    support = {"agent": "support"}
    slowest = [finding(run, 0, 182, "the slowest run took 182 s", support, **labels) for run in (loop, late, *early)]
    slow = alerting.found("slow_agent", 95, *slowest, fires=92)
    billing = finding(late, 0, 71, "the slowest run took 71 s", {"agent": "billing"})
    seen = alerting.found("slow_agent", 40, billing, fires=38)
    alerting.mark("ack", 20, "the bank is slow; they know", alert_id=seen.alert_id)
    alerting.mark("silence", 90, "a known change", alert_id=slow.alert_id)
    alerting.found("same_refund", 1.5, finding(loop, 3, 5, said(5), groups[1], **labels))
    alerting.found("silent_run", 1, finding(runs_on, 0, 1, "it is open and says nothing", {"run_id": runs_on.run_id}))
