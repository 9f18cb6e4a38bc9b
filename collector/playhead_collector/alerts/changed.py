"""Which runs changed: whose row was computed anew since a moment, by the store's own clock."""

from __future__ import annotations

from datetime import UTC, datetime

from clickhouse_connect.driver.client import Client

from playhead_collector.store.query import load


def store_time(client: Client) -> datetime:
    """What time it is for the store, which is whose time counts."""
    micros = int(client.query(load("store_time")).result_rows[0][0])
    return datetime.fromtimestamp(micros / 1e6, UTC)


def changed_runs(client: Client, since: datetime) -> dict[str, int]:
    """The runs whose row was computed after a moment, with the time (µs) of its last computation."""
    rows = client.query(load("changed_runs"), parameters={"since": int(since.timestamp() * 1e6)}).result_rows
    return {str(run_id): int(computed) for run_id, computed in rows}
