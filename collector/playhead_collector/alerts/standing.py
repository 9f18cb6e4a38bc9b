"""How alerts stand for who looks at them: each with what people said of it, and whether anybody asks the rules."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from clickhouse_connect.driver.client import Client

from playhead_collector.alerts.alert import Alert, State
from playhead_collector.alerts.changed import store_time
from playhead_collector.alerts.journal import Journal
from playhead_collector.alerts.marks import Kind, Mark, marks
from playhead_collector.store.query import load

BEHIND = timedelta(seconds=90)
"""What arrived so long after the last look was not looked at. A collector writes down every 30 s how far it got."""


@dataclass(frozen=True, slots=True)
class Standing:
    """One alert, and who said what of it."""

    alert: Alert
    acked: Mark | None = None
    silenced: Mark | None = None

    @property
    def fires(self) -> bool:
        return self.alert.state is State.FIRING

    @property
    def is_seen(self) -> bool:
        """Whether nobody has to be shown it again: it was acknowledged, or silenced for now."""
        return self.acked is not None or self.silenced is not None


@dataclass(frozen=True, slots=True)
class Asked:
    """Whether rules are asked of a store; what no rule was asked about may be anything."""

    ever: bool
    behind: timedelta
    told: int
    """When a receiver was told of any alert last, or trying to failed: microseconds by the store's clock."""

    @property
    def is_current(self) -> bool:
        return self.ever and self.behind < BEHIND


def standing_alerts(client: Client, over_since: datetime) -> list[Standing]:
    """Those that stand, and those that were over only since a moment. What is in force is so by the store's clock."""
    now = store_time(client)
    said = marks(client, now)
    return [_with_marks(alert, said) for alert in Journal(client).standing(now, over_since).values()]


def rules_asked(client: Client) -> Asked:
    ((judged, computed, told),) = client.query(load("alerts_asked")).result_rows
    return Asked(bool(judged), timedelta(microseconds=max(0, int(computed) - int(judged))), int(told or 0))


def _with_marks(alert: Alert, said: Iterable[Mark]) -> Standing:
    about = [mark for mark in said if mark.covers(alert)]
    # Who saw it the last time that it fired has not seen this one.
    acks = [mark for mark in about if mark.kind is Kind.ACK and mark.at >= alert.pending_at]
    silences = [mark for mark in about if mark.kind is Kind.SILENCE]
    return Standing(
        alert,
        max(acks, key=lambda mark: mark.at, default=None),
        max(silences, key=lambda mark: mark.until, default=None),
    )
