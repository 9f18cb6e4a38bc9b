"""What is behind one alert: the runs and steps that show it, as they are now, and what became of it so far."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from clickhouse_connect.driver.client import Client

from playhead_collector.alerts.alert import Alert
from playhead_collector.store.query import load

EVENTS = 200
"""Events of one alert that are told at most, the latest."""


@dataclass(frozen=True, slots=True)
class Shown:
    """One run that shows it. Without a status the run is gone, without a kind the step is."""

    run_id: str
    step_id: str
    agent: str
    version: str
    status: str
    start_time: datetime
    kind: str
    name: str
    step_status: str


@dataclass(frozen=True, slots=True)
class Told:
    """One event of it, and who was told."""

    at: datetime
    state: str
    value: float
    summary: str
    told: str


def shown_by(client: Client, alert: Alert) -> list[Shown]:
    """In the order of the alert: those that showed it first."""
    pairs = [(run, step) for run, step in alert.evidence if run]
    if not pairs:
        return []
    runs, steps = zip(*pairs, strict=True)
    result = client.query(load("alert_evidence"), parameters={"runs": list(runs), "steps": list(steps)})
    rows = {str(row["run_id"]): row for row in result.named_results()}
    return [_shown(rows[run]) for run in runs if run in rows]


def events_of(client: Client, alert: Alert, since: datetime) -> list[Told]:
    """The latest first."""
    values = {"since": since.strftime("%Y-%m-%d %H:%M:%S"), "rule": "", "alert": alert.alert_id, "limit": EVENTS}
    return [
        Told(_utc(row["at"]), row["state"], float(row["value"]), row["summary"], row["told"])
        for row in client.query(load("alert_history"), parameters=values).named_results()
    ]


def _shown(row: Mapping[str, object]) -> Shown:
    return Shown(
        run_id=str(row["run_id"]),
        step_id=str(row["step_id"]),
        agent=str(row["agent"]),
        version=str(row["version"]),
        status=str(row["status"]),
        start_time=_utc(row["start_time"]),
        kind=str(row["kind"]),
        name=str(row["name"]),
        step_status=str(row["step_status"]),
    )


def _utc(moment: object) -> datetime:
    assert isinstance(moment, datetime)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
