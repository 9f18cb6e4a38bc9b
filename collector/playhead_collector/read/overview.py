"""What the runs that a filter lets through are, all together: how many, of what kind, and when they began."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from clickhouse_connect.driver.client import Client

from playhead_collector.read.filter import RunFilter, asking
from playhead_collector.store.query import load

FIELDS = ("status", "agent", "version", "model", "tool", "user")


@dataclass(frozen=True, slots=True)
class Totals:
    runs: int
    steps: int
    open_runs: int
    first: datetime | None
    """When the first of them began; nothing where there are none."""
    last: datetime | None


@dataclass(frozen=True, slots=True)
class Facet:
    value: str
    runs: int


@dataclass(frozen=True, slots=True)
class Bar:
    """Runs that began within a span of time."""

    runs: int = 0
    failed: int = 0


@dataclass(frozen=True, slots=True)
class Histogram:
    first: datetime
    width: timedelta
    bars: tuple[Bar, ...]

    def start_of(self, bar: int) -> datetime:
        return self.first + self.width * bar


def totals_of_runs(client: Client, wanted: RunFilter) -> Totals:
    query, bound = asking("totals_of_runs", wanted)
    runs, steps, open_runs, first, last = client.query(query, parameters=bound).result_rows[0]
    return Totals(runs, steps, open_runs, *((_utc(first), _utc(last)) if runs else (None, None)))


def facets_and_scores(client: Client, wanted: RunFilter) -> dict[str, list[Facet]]:
    """Facets, and the names of scores and the labels that any run was given: what a query line may go on with."""
    return facets_of_runs(client, wanted) | _scores_given(client)


def _scores_given(client: Client) -> dict[str, list[Facet]]:
    rows = client.query(load("scores_given")).result_rows
    names, labels = ([Facet(str(row[column]), int(row[2])) for row in rows if row[column]] for column in (0, 1))
    return {"score": names, "label": labels}


def facets_of_runs(client: Client, wanted: RunFilter, most: int = 50) -> dict[str, list[Facet]]:
    """By field its most frequent values, these first; a field that no run says anything of has none.

    What is asked for by a field is left aside where its own values are counted: they are the alternatives.
    """
    found = _facets(client, wanted, most)
    for field in FIELDS:
        if getattr(wanted, field):
            found[field] = _facets(client, wanted.anything_of(field), most)[field]
    return found


def _facets(client: Client, wanted: RunFilter, most: int) -> dict[str, list[Facet]]:
    query, bound = asking("facets_of_runs", wanted)
    found: dict[str, list[Facet]] = {field: [] for field in FIELDS}
    for field, value, runs in client.query(query, parameters={**bound, "most": most}).result_rows:
        found[field].append(Facet(value, runs))
    return found


_WIDTHS = (
    *(timedelta(milliseconds=milliseconds) for milliseconds in (100, 200, 500)),
    *(timedelta(seconds=seconds) for seconds in (1, 2, 5, 10, 15, 30)),
    *(timedelta(minutes=minutes) for minutes in (1, 2, 5, 10, 15, 30)),
    *(timedelta(hours=hours) for hours in (1, 2, 3, 6, 12)),
    *(timedelta(days=days) for days in (1, 2, 7, 14, 28, 91, 364)),
)


def histogram_of_runs(client: Client, wanted: RunFilter, first: datetime, last: datetime, most: int) -> Histogram:
    """At most so many bars, each of a round length, from `first` to `last`."""
    first, last = _utc(first), max(_utc(last), _utc(first) + _WIDTHS[0])
    width = next((width for width in _WIDTHS if (last - first) / width <= max(1, most - 1)), None)
    width = width or (last - first) / max(1, most - 1)
    # Bars begin at round times, too.
    first -= (first - datetime(1970, 1, 1, tzinfo=UTC)) % width
    bars = [Bar()] * (int((last - first) / width) + 1)
    query, bound = asking("histogram_of_runs", replace(wanted, since=wanted.since or first))
    from_ns, width_ns = _nanoseconds(first - datetime(1970, 1, 1, tzinfo=UTC)), _nanoseconds(width)
    given = {**bound, "from_ns": from_ns, "width_ns": width_ns}
    for place, runs, failed in client.query(query, parameters=given).result_rows:
        if 0 <= place < len(bars):
            bars[place] = Bar(runs, failed)
    return Histogram(first, width, tuple(bars))


def _nanoseconds(span: timedelta) -> int:
    return span // timedelta(microseconds=1) * 1000


def _utc(moment: datetime) -> datetime:
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
