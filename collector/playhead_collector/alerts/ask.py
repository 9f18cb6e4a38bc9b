"""Asks a rule: its statement with values bound, its rows as findings."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from clickhouse_connect.driver.client import Client

from playhead_collector.alerts.rule import AT, BEGAN, ROW, RUNS, SINCE, UNTIL

if TYPE_CHECKING:
    # Only then: with it comes the engine, and who looks at what fires needs none.
    from playhead_collector.alerts.admission import Admitted

# Runs a statement: their ids travel in the URL where the store is a collector's port.
_AT_ONCE = 500

LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)
"""No step can begin before: such a time is refused when it arrives."""

ARRIVAL = "arrived_at"
"""What `{at}` is of live runs: no clock of an agent's decides when something happened."""

Group = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Moment:
    """What a rule is asked about: a time, and the runs that changed before it."""

    until: datetime
    runs: Sequence[str] = ()
    at: str = ARRIVAL
    began: datetime = LONG_AGO
    """No step of these runs began before: steps of earlier days need not be looked through for them."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One row of a rule: an offending group, with the run and the step that show it."""

    group: Group
    run_id: str
    step_id: str
    value: float
    summary: str
    labels: Mapping[str, str] = field(default_factory=dict)


def ask(client: Client, admitted: Admitted, moment: Moment, chosen: Mapping[str, str] | None = None) -> list[Finding]:
    """What a rule finds at a moment. One about runs finds nothing where none changed, and the store is not asked."""
    rule = admitted.rule
    values: dict[str, object] = {**rule.values(chosen or {})}
    offered = {
        SINCE: as_bound(moment.until - rule.lookback),
        UNTIL: as_bound(moment.until),
        AT: moment.at,
        BEGAN: as_bound(moment.began),
    }
    values |= {name: value for name, value in offered.items() if name in rule.bound}
    found: list[Finding] = []
    for bound in batches(moment.runs) if rule.about_runs else ({},):
        result = client.query(admitted.statement, parameters={**values, **bound})
        found += (_finding(admitted, dict(zip(result.column_names, row, strict=True))) for row in result.result_rows)
    return found


def batches(runs: Sequence[str]) -> Iterator[dict[str, object]]:
    """What is bound, statement by statement."""
    for start in range(0, len(runs), _AT_ONCE):
        yield {RUNS: list(runs[start : start + _AT_ONCE])}


def _finding(admitted: Admitted, row: Mapping[str, object]) -> Finding:
    value = row["value"]
    return Finding(
        group=tuple((name, _text(row[name])) for name in admitted.rule.group_by),
        run_id=_text(row["run_id"]),
        step_id=_text(row["step_id"]),
        value=math.nan if value is None else float(str(value)),
        summary=_text(row["summary"]),
        labels={
            name: _text(told) for name, told in row.items() if name not in ROW and name not in admitted.rule.group_by
        },
    )


def _text(value: object) -> str:
    """NULL is nothing, and no word."""
    return "" if value is None else str(value)


def as_bound(moment: datetime) -> str:
    """A moment as a statement takes it: never later than it is."""
    return moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S.%f")[:-3]
