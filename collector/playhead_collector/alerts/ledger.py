"""How the alerts of one project stand: what was found of them is written down here, and who is told of it is said.

What is written is written as a whole or not at all, and what is known changes after the journal took it.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from clickhouse_connect.driver.client import Client

from playhead_collector.alerts.alert import Alert, State, is_news, labels_over, lapsed
from playhead_collector.alerts.journal import Event, Journal, Owed
from playhead_collector.alerts.marks import Silences
from playhead_collector.alerts.ruling import Ruling
from playhead_collector.store.query import load

OVERLAP = timedelta(seconds=60)
"""How far back is looked again: rows take that long at most to become visible, and clocks of nodes differ by less."""


class Ledger:
    """Belongs to one thread."""

    def __init__(
        self,
        client: Client,
        rulings: Mapping[str, Ruling],
        tell: Callable[[Owed], None],
        broken: Collection[str] = (),
    ) -> None:
        """`broken` rules are there and cannot be asked, which says nothing about their alerts."""
        self._client = client
        self._rulings = rulings
        self._broken = broken
        self._silences = Silences(client)
        self._tell = tell
        self.journal = Journal(client)
        self.alerts: dict[str, Alert] = {}
        """Those that stand, and those that were over lately."""

    def resume(self, now: datetime, since: datetime) -> list[Owed]:
        """Goes on from what is written, by this process or another; returns what is still owed."""
        self.alerts = self.journal.standing(now, since - OVERLAP)
        return self.owing(self.journal.owed(now))

    def forget(self) -> None:
        """What was known here; how alerts stand is another's to say."""
        self.alerts = {}

    def settle(
        self, alerts: dict[str, Alert], now: datetime, unasked: Collection[str] = ()
    ) -> tuple[list[Event], list[Owed]]:
        """Writes down what follows, and says who is owed a message. `unasked` rules are there and could not be asked,
        which says nothing about their alerts either.
        """
        alerts = self._pass_time(alerts, now, unasked)
        events = self._news(alerts, now)
        erased = self._naming_erased(events)
        if erased:
            # What a person said in an erased run must not be written down again. Where its group is still wrong it is
            # found anew, by what other runs show.
            alerts = {key: alert for key, alert in alerts.items() if key not in erased}
            events = [event for event in events if event.alert.alert_id not in erased]
        owed = self.owing(self.journal.write(events, now))
        self.alerts = {key: alert for key, alert in alerts.items() if alert.stands or now - alert.changed_at < OVERLAP}
        return events, owed

    def owing(self, owed: list[Owed]) -> list[Owed]:
        for one in owed:
            self._tell(one)
        return owed

    def _pass_time(self, alerts: dict[str, Alert], now: datetime, unasked: Collection[str]) -> dict[str, Alert]:
        """Alerts about runs end when their time is over; those of a rule that is gone, at once. Those of a broken rule
        stay as they are until it is mended, and those of one that could not be asked until it can: their time counts
        from then.
        """
        after = dict(alerts)
        for key, alert in alerts.items():
            ruling = self._rulings.get(alert.rule)
            if not alert.stands or alert.rule in self._broken:
                continue
            if ruling is None:
                ended = State.RESOLVED if alert.state is State.FIRING else State.DROPPED
                after[key] = replace(alert, state=ended, changed_at=now)
            elif alert.rule in unasked:
                after[key] = replace(alert, seen_at=now)
            elif ruling.rule.about_runs and alert.seen_at < now:
                after[key] = lapsed(alert, ruling.rule, now)
        return after

    def _news(self, alerts: dict[str, Alert], now: datetime) -> list[Event]:
        """What has to be written down of how alerts stand, and whom it has to be told; what is announced is marked."""
        labelled = self._labelled([alert for key, alert in alerts.items() if is_news(self.alerts.get(key), alert)])
        # Who was told of the beginning is told of the end, whatever became of the rule and its receivers meanwhile.
        told = self.journal.told_of_firing([key for key, alert in alerts.items() if self._ends(key, alert)])
        events: list[Event] = []
        for key, as_judged in alerts.items():
            alert = labelled.get(key, as_judged)
            ruling = self._rulings.get(alert.rule)
            receivers = ruling.notify if ruling is not None else ()
            notify: tuple[str, ...] = ()
            # Whom to tell of what a broken rule had found is known when it is mended.
            fires_untold = alert.state is State.FIRING and not alert.announced and alert.rule not in self._broken
            if fires_untold and not self._silences.cover(alert, now):
                alert, notify = replace(alert, announced=True), receivers
            elif self._ends(key, alert):
                # Of a firing that is not to be seen yet on this node only the rule says who was told.
                notify = told.get(key, receivers)
            alerts[key] = alert
            if is_news(self.alerts.get(key), alert):
                events.append(Event(alert, notify))
        return events

    def _ends(self, key: str, alert: Alert) -> bool:
        """Whether it is over only now, and somebody was told that it fires."""
        before = self.alerts.get(key)
        return alert.state is State.RESOLVED and alert.announced and before is not None and before.stands

    def _naming_erased(self, events: Sequence[Event]) -> set[str]:
        """The alerts that name a run which was erased."""
        runs = sorted({run for event in events for run in event.alert.runs})
        if not runs:
            return set()
        gone = {str(run) for run, _ in self._client.query(load("erased_runs"), parameters={"runs": runs}).result_rows}
        return {event.alert.alert_id for event in events if gone.intersection(event.alert.runs)}

    def _labelled(self, alerts: Sequence[Alert]) -> dict[str, Alert]:
        """With what is known of the first run of each: whose it is, where the rule itself did not say so.

        Few steps say whose they are, so a rule may well return an agent that is empty.
        """
        runs = sorted({alert.runs[0] for alert in alerts if alert.runs})
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
            alert.alert_id: replace(alert, labels=labels_over(known.get(alert.runs[0], {}), alert.labels))
            for alert in alerts
            if alert.runs
        }
