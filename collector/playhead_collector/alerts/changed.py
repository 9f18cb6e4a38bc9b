"""Which runs changed: whose row was computed anew since a moment, by the store's own clock."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from clickhouse_connect.driver.client import Client

from playhead_collector.alerts.ask import LONG_AGO
from playhead_collector.store.query import load


@dataclass(frozen=True, slots=True)
class Changed:
    """A run whose row was computed anew."""

    computed: int
    """When, in microseconds."""
    began: datetime
    """No step of it began before."""


def store_time(client: Client) -> datetime:
    """What time it is for the store, which is whose time counts."""
    micros = int(client.query(load("store_time")).result_rows[0][0])
    return datetime.fromtimestamp(micros / 1e6, UTC)


def changed_runs(client: Client, since: datetime) -> dict[str, Changed]:
    """The runs whose row was computed after a moment."""
    rows = client.query(load("changed_runs"), parameters={"since": int(since.timestamp() * 1e6)}).result_rows
    return {
        str(run_id): Changed(int(computed), began if began.tzinfo else began.replace(tzinfo=UTC))
        for run_id, computed, began in rows
    }


def first_began(runs: Iterable[str], there: Mapping[str, Changed]) -> datetime:
    """A moment before which no step of these runs began, by what is known of them."""
    return min((there[run].began if run in there else LONG_AGO for run in runs), default=LONG_AGO)
