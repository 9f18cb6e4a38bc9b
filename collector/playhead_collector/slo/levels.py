"""Service levels of a window, by group: success, help, cost of a success, latency."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

from clickhouse_connect.driver.client import Client

from playhead_collector.slo.objectives import Acceptance
from playhead_collector.store.query import load

GROUPS = ("all", "agent", "version", "model", "segment")
UNNAMED = "(none)"
"""The group of runs that say nothing of what is grouped by: an empty label is none to Prometheus."""


@dataclass(frozen=True, slots=True)
class Level:
    """One group's. None is unknown, never zero."""

    name: str
    runs: int
    successes: int
    scored: int
    """How many have the score of acceptance; the rest succeeded where they ended well."""
    aided: int
    """How many needed a person."""
    spent_usd: float | None
    unpriced: int
    cost_of_success_usd: float | None
    """What was spent on all runs, over those that succeeded."""
    p50_s: float | None
    p95_s: float | None
    p99_s: float | None

    @property
    def success(self) -> float:
        return self.successes / self.runs

    @property
    def aided_share(self) -> float:
        return self.aided / self.runs

    def as_json(self) -> dict[str, Any]:
        return {**asdict(self), "success": self.success, "aided_share": self.aided_share}


@dataclass(frozen=True, slots=True)
class Window:
    since: datetime
    until: datetime


def levels(client: Client, window: Window, by: str, acceptance: Acceptance, agent: str = "") -> list[Level]:
    """The groups with the most runs first, at most 200 of them."""
    values = parameters(window, acceptance, by=by, agent=agent)
    rows = client.query(load("slo_runs") + load("slo_levels"), parameters=values).result_rows
    return [Level(*row) for row in rows]


Trend = tuple[tuple[int, int], ...]
"""Of a group how many runs ended in each part of a window, the oldest first, and how many of them succeeded."""


def trends(client: Client, window: Window, by: str, acceptance: Acceptance, parts: int) -> dict[str, Trend]:
    """By the name of the group."""
    values = {**parameters(window, acceptance, by=by), "parts": parts}
    found: dict[str, list[tuple[int, int]]] = {}
    for name, part, runs, successes in client.query(
        load("slo_runs") + load("slo_trend"), parameters=values
    ).result_rows:
        found.setdefault(name, [(0, 0)] * parts)[int(part)] = (int(runs), int(successes))
    return {name: tuple(counts) for name, counts in found.items()}


def parameters(window: Window, acceptance: Acceptance, *, by: str = "all", agent: str = "") -> dict[str, Any]:
    """What every query about service levels is given."""
    return {
        "since": _time(window.since), "until": _time(window.until), "agent": agent, "by": by,
        "score": acceptance.score, "accepted": acceptance.least,
    }  # fmt: skip


def _time(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S.%f")[:-3]
