"""What models were used for how much, by day."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

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


# The first and last day that the store can tell apart.
_FIRST, _LAST = date(1970, 1, 1), date(2149, 6, 6)


def usage_by_model(client: Client, first: date | None = None, last: date | None = None) -> list[ModelDay]:
    """Of whole days (UTC), `first` and `last` among them; the latest first, the dearest model of a day first."""
    parameters = {"first": first or _FIRST, "last": last or _LAST}
    return [ModelDay(*row) for row in client.query(load("usage_by_model"), parameters=parameters).result_rows]
