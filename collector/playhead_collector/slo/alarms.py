"""How long it took from the first bad run to the alarm, by rule: what a regression costs before anybody hears of it."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from clickhouse_connect.driver.client import Client

from playhead_collector.slo.levels import Window, parameters
from playhead_collector.slo.objectives import Acceptance
from playhead_collector.store.query import load


@dataclass(frozen=True, slots=True)
class Alarms:
    """Of one rule. Seconds, from the arrival of the first run that an alert was linked to when it fired."""

    rule: str
    alarms: int
    p50_s: float
    p95_s: float
    slowest_s: float

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def alarms(client: Client, window: Window, agent: str = "") -> list[Alarms]:
    """Of the alerts that fired in the window, the rules with the most of them first."""
    told = parameters(window, Acceptance(), agent=agent)
    values = {name: told[name] for name in ("since", "until", "agent")}
    return [Alarms(*row) for row in client.query(load("slo_alarms"), parameters=values).result_rows]
