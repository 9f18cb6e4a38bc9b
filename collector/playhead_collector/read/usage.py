"""What models were used for how much, by day."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime

from clickhouse_connect.driver.client import Client

from playhead_collector.store.query import load


@dataclass(frozen=True, slots=True)
class ModelDay:
    """One model's calls on one day. None is unknown, never zero."""

    day: date
    provider: str
    model: str
    calls: int
    input_tokens: int | None
    output_tokens: int | None
    cost_usd: float | None


def usage_by_model(client: Client, since: datetime | None = None, until: datetime | None = None) -> list[ModelDay]:
    """The latest day first, the dearest model of a day first."""
    parameters = {
        "since": since or datetime(1970, 1, 1, tzinfo=UTC),
        "until": until or datetime(2262, 1, 1, tzinfo=UTC),
    }
    rows = client.query(load("usage_by_model"), parameters=parameters).result_rows
    return [ModelDay(*row) for row in rows]
