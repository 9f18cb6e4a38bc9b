"""What became of alerts, in the store: events are appended, and the last one of an alert is how it stands.

An event holds whom to tell of it. It is written before anybody is told, and what came of telling is written after: a
process that dies in between leaves an event that is owed, and the next one pays. So nothing is lost, and only a
message whose receiver had it before its sender could write that down is sent twice, under the same key.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from clickhouse_connect.driver.client import Client

from playhead_collector.alerts.alert import Alert, State
from playhead_collector.store.query import load

NEWS = timedelta(days=3)
"""What nobody could be told of for so long is no news any more."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_EVENT = (
    *("alert_id", "rule", "severity", "grouped", "state", "at", "pending_at", "fired_at", "value", "summary"),
    *("labels", "run_ids", "step_ids", "notify", "announced", "version"),
)
_NOTICE = ("alert_id", "event", "receiver", "outcome", "attempts", "error", "at")


@dataclass(frozen=True, slots=True)
class Event:
    """How an alert stood from a moment on, and who is to be told of it."""

    alert: Alert
    notify: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Owed:
    """One receiver that is still to be told of one event."""

    alert: Alert
    event: int
    receiver: str
    attempts: int = 0


def told_at(event: int) -> datetime:
    """When an event was written down: that is what it is numbered by."""
    return datetime.fromtimestamp(event / 1e6, UTC)


class Journal:
    """One project's. Belongs to one thread."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._version = 0

    def write(self, events: Sequence[Event], now: datetime) -> list[Owed]:
        """Appends events, all of them or none; returns what is owed for them."""
        if not events:
            return []
        rows, owed = [], []
        for event in events:
            # Greater than any before, whatever the clock does.
            self._version = max(self._version + 1, int(now.timestamp() * 1e6))
            rows.append(_row(event, now, self._version))
            owed += [Owed(event.alert, self._version, receiver) for receiver in event.notify]
        self._client.insert("alert_events", rows, column_names=_EVENT)
        return owed

    def standing(self, now: datetime, over_since: datetime) -> dict[str, Alert]:
        """The alerts that stand, and those that were over only lately, by id."""
        rows = self._rows("alerts_standing", since=_text(over_since))
        self._version = max([self._version, *(int(str(row["event"])) for row in rows)])
        return {str(row["alert_id"]): _alert(row, "changed_at", now) for row in rows}

    def owed(self, now: datetime) -> list[Owed]:
        """What a process before this one did not come to tell."""
        return [
            Owed(_alert(row, "at", now), int(str(row["event"])), str(row["receiver"]), int(str(row["attempts"])))
            for row in self._rows("alerts_owed", since=_text(now - NEWS))
        ]

    def over(self, alerts: Sequence[str]) -> dict[str, Alert]:
        """Those of these alerts that were resolved, however long ago."""
        if not alerts:
            return {}
        rows = self._rows("alerts_over", alerts=list(alerts))
        return {str(row["alert_id"]): _alert(row, "changed_at", _EPOCH) for row in rows}

    def told_of_firing(self, alerts: Sequence[str]) -> dict[str, tuple[str, ...]]:
        """Whom it was said to that each fires, the last time that it did."""
        if not alerts:
            return {}
        rows = self._rows("alerts_told", alerts=list(alerts))
        return {str(row["alert_id"]): tuple(sorted(_list(row["told"]))) for row in rows}

    def told(self, owed: Sequence[Owed], outcome: str, now: datetime, error: str = "") -> None:
        """What came of telling: `sent`, `failed` (to be tried again) or `given up`."""
        rows = [
            [one.alert.alert_id, one.event, one.receiver, outcome, one.attempts + 1, error[:500], now] for one in owed
        ]
        self._client.insert("alert_notices", rows, column_names=_NOTICE)

    def _rows(self, query: str, **parameters: object) -> list[Mapping[str, object]]:
        return list(self._client.query(load(query), parameters=parameters).named_results())


def _row(event: Event, now: datetime, version: int) -> list[object]:
    alert = event.alert
    return [
        alert.alert_id,
        alert.rule,
        alert.severity,
        dict(alert.group),
        alert.state.value,
        now,
        alert.pending_at,
        alert.fired_at or _EPOCH,
        alert.value,
        alert.summary,
        dict(alert.labels),
        [run for run, _ in alert.evidence],
        [step for _, step in alert.evidence],
        list(event.notify),
        int(alert.announced),
        version,
    ]


def _alert(row: Mapping[str, object], at: str, now: datetime) -> Alert:
    return Alert(
        alert_id=str(row["alert_id"]),
        rule=str(row["rule"]),
        severity=str(row["severity"]),
        group=tuple(_map(row["grouped"]).items()),
        state=State(str(row["state"])),
        changed_at=_moment(row[at]),
        pending_at=_moment(row["pending_at"]),
        fired_at=None if _moment(row["fired_at"]) == _EPOCH else _moment(row["fired_at"]),
        seen_at=now,
        value=float(str(row["value"])),
        summary=str(row["summary"]),
        labels=_map(row["labels"]),
        evidence=tuple(zip(_list(row["run_ids"]), _list(row["step_ids"]), strict=True)),
        announced=bool(row["announced"]),
    )


def _map(value: object) -> dict[str, str]:
    assert isinstance(value, Mapping)
    return {str(name): str(one) for name, one in value.items()}


def _list(value: object) -> list[str]:
    assert isinstance(value, Iterable)
    return [str(one) for one in value]


def _moment(value: object) -> datetime:
    assert isinstance(value, datetime)
    return value if value.tzinfo else value.replace(tzinfo=UTC)


def _text(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S.%f")[:-3]
