"""Asks the rules of one project about what is new, and writes down what follows.

    which runs changed ──> ask each rule that is due ──> how alerts stand now ──> journal ──> who is owed a message

Reads what is new: rules about runs are asked about the runs whose row was computed since the last look, and about
those of pending alerts. "Since" is by the store's clock and looks back a little further than needed, as a row becomes
visible after the moment that it bears; runs already judged as they are now are left out, so looking twice is free.

A look either is written down as a whole or never was: what is known changes after the journal took it, so a process
that dies in the middle is as one that had not looked.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from time import perf_counter

from clickhouse_connect.driver.client import Client
from clickhouse_connect.driver.exceptions import ClickHouseError

from playhead_collector.alerts.alert import Alert, State, alert_id, found, is_news, lapsed, missed
from playhead_collector.alerts.ask import Finding, Moment, ask
from playhead_collector.alerts.changed import changed_runs, store_time
from playhead_collector.alerts.journal import Event, Journal, Owed
from playhead_collector.alerts.marks import Silences
from playhead_collector.alerts.ruling import Ruling
from playhead_collector.alerts.turn import Turn
from playhead_collector.errors import RuleRefused
from playhead_collector.store.query import load

log = logging.getLogger(__name__)

OVERLAP = timedelta(seconds=60)
"""How far back is looked again: rows take that long at most to become visible, and clocks of nodes differ by less."""

FIRST_LOOK = timedelta(hours=1)
"""Where nobody ever asked, the past before this is left alone."""


@dataclass(frozen=True, slots=True)
class Look:
    """What one look at the store came to."""

    runs: int = 0
    asked: int = 0
    events: tuple[Event, ...] = ()
    owed: tuple[Owed, ...] = ()
    seconds: float = 0.0


class Evaluator:
    """One project's rules and alerts. Belongs to one thread."""

    def __init__(self, client: Client, rulings: Sequence[Ruling], *, alone: bool) -> None:
        self._client = client
        self._rulings = {ruling.rule.name: ruling for ruling in rulings}
        self._journal = Journal(client)
        self._turn = Turn(client, alone=alone)
        self._silences = Silences(client)
        self._alerts: dict[str, Alert] = {}
        self._judged: dict[str, int] = {}
        self._since: datetime | None = None
        self._asked_at: dict[str, datetime] = {}
        self.failures: dict[str, str] = {}
        """Rules that could not be asked the last time, with the reason."""

    @property
    def alerts(self) -> Mapping[str, Alert]:
        """Those that stand, and those that were over lately."""
        return self._alerts

    @property
    def journal(self) -> Journal:
        return self._journal

    def look(self) -> Look:
        """Asks what is due, if it is this process's turn."""
        began = perf_counter()
        now = store_time(self._client)
        if not self._turn.is_mine(now, self._judged_until()):
            self._since = None
            return Look()
        resumed: list[Owed] = []
        if self._since is None:
            resumed = self._resume(now)
        assert self._since is not None
        there = changed_runs(self._client, self._since - OVERLAP)
        changed = sorted(run for run, computed in there.items() if self._judged.get(run) != computed)
        asked, alerts = self._ask(now, changed, there)
        alerts = self._pass_time(alerts, now)
        events = self._news(alerts, now)
        owed = resumed + self._journal.write(events, now)
        self._alerts = {key: alert for key, alert in alerts.items() if alert.stands or now - alert.changed_at < OVERLAP}
        self._judged, self._since = there, max([self._since, *(_moment(one) for one in there.values())])
        return Look(len(changed), asked, tuple(events), tuple(owed), perf_counter() - began)

    def forget(self) -> None:
        """After a look that failed: whether it was written down is known to the store alone."""
        self._since = None

    def leave(self) -> None:
        """Lets another take over at once."""
        self._turn.leave(store_time(self._client), self._judged_until())

    def _judged_until(self) -> int | None:
        return None if self._since is None else int(self._since.timestamp() * 1e6)

    def _resume(self, now: datetime) -> list[Owed]:
        """Goes on where this process, or another, stopped."""
        until = self._turn.judged_until()
        self._since = _moment(until) if until is not None else now - FIRST_LOOK
        self._alerts = self._journal.standing(now, self._since - OVERLAP)
        self._judged = {}
        return self._journal.owed(now)

    def _ask(self, now: datetime, changed: Sequence[str], computed: Mapping[str, int]) -> tuple[int, dict[str, Alert]]:
        """How the alerts stand after the rules that are due were asked; one that fails leaves its own as they are."""
        alerts = dict(self._alerts)
        asked = 0
        for ruling in self._rulings.values():
            rule = ruling.rule
            pending = [a for a in alerts.values() if a.rule == rule.name and a.state is State.PENDING]
            runs = sorted({*changed, *(run for alert in pending for run in alert.runs)}) if rule.about_runs else []
            last = self._asked_at.get(rule.name)
            if (rule.about_runs and not runs) or (last is not None and now - last < rule.every):
                continue
            try:
                findings = ask(self._client, ruling.admitted(self._client), Moment(now, runs), ruling.chosen)
            except (ClickHouseError, RuleRefused) as error:
                self._failed(rule.name, error)
                continue
            self.failures.pop(rule.name, None)
            self._asked_at[rule.name] = now
            asked += 1
            returned: dict[str, list[Finding]] = {}
            for finding in findings:
                key = alert_id(rule.name, finding.group)
                if not _is_old_news(alerts.get(key), finding, computed):
                    returned.setdefault(key, []).append(finding)
            for key, rows in returned.items():
                alerts[key] = found(alerts.get(key), rule, rows, now)
            for key, alert in list(alerts.items()):
                if alert.rule == rule.name and key not in returned and (alert in pending or not rule.about_runs):
                    alerts[key] = missed(alert, rule, now)
        return asked, alerts

    def _pass_time(self, alerts: dict[str, Alert], now: datetime) -> dict[str, Alert]:
        """Alerts about runs end when their time is over; those of a rule that is gone, at once."""
        after = dict(alerts)
        for key, alert in alerts.items():
            ruling = self._rulings.get(alert.rule)
            if not alert.stands:
                continue
            if ruling is None:
                ended = State.RESOLVED if alert.state is State.FIRING else State.DROPPED
                after[key] = replace(alert, state=ended, changed_at=now)
            elif ruling.rule.about_runs and alert.seen_at < now:
                after[key] = lapsed(alert, ruling.rule, now)
        return after

    def _news(self, alerts: dict[str, Alert], now: datetime) -> list[Event]:
        """What has to be written down of how alerts stand, and whom it has to be told; what is announced is marked."""
        labelled = self._labelled([alert for key, alert in alerts.items() if is_news(self._alerts.get(key), alert)])
        events: list[Event] = []
        for key, as_judged in alerts.items():
            alert = labelled.get(key, as_judged)
            before = self._alerts.get(key)
            ruling = self._rulings.get(alert.rule)
            receivers = ruling.notify if ruling is not None else ()
            notify: tuple[str, ...] = ()
            if alert.state is State.FIRING and not alert.announced and not self._silences.cover(alert, now):
                alert, notify = replace(alert, announced=True), receivers
            elif alert.state is State.RESOLVED and alert.announced and before is not None and before.stands:
                notify = receivers
            alerts[key] = alert
            if is_news(before, alert):
                events.append(Event(alert, notify))
        return events

    def _labelled(self, alerts: Sequence[Alert]) -> dict[str, Alert]:
        """With what is known of the first run of each: whose it is."""
        runs = sorted({alert.runs[0] for alert in alerts if alert.runs and "agent" not in alert.labels})
        if not runs:
            return {}
        rows = self._client.query(load("runs_behind_alerts"), parameters={"runs": runs}).result_rows
        known = {
            str(run): {
                name: str(value)
                for name, value in zip(("agent", "service", "version", "session"), said, strict=True)
                if value
            }
            for run, *said in rows
        }
        return {
            alert.alert_id: replace(alert, labels={**known.get(alert.runs[0], {}), **alert.labels})
            for alert in alerts
            if alert.runs
        }

    def _failed(self, rule: str, error: Exception) -> None:
        said = (str(error).strip().splitlines() or [type(error).__name__])[0][:300]
        if self.failures.get(rule) is None:
            log.warning("the rule %s could not be asked, and is asked again: %s", rule, said)
        self.failures[rule] = said


def _is_old_news(before: Alert | None, finding: Finding, computed: Mapping[str, int]) -> bool:
    """Whether an alert was over after this run was as it is: judged again after a restart, it must not fire anew."""
    if before is None or before.stands or finding.run_id not in computed:
        return False
    return _moment(computed[finding.run_id]) <= before.changed_at


def _moment(micros: int) -> datetime:
    return datetime.fromtimestamp(micros / 1e6, UTC)
