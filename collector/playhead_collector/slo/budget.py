"""What is left of an objective's error budget, and how fast it burns.

A burn rate of 1 uses the budget up exactly at the window's end. Two windows have to agree before anybody is woken: the
long one says that it matters, the short one that it has not stopped (the multi-window alerts of Google's SRE workbook).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from clickhouse_connect.driver.client import Client

from playhead_collector.slo.levels import Window, parameters
from playhead_collector.slo.objectives import Acceptance, Objective
from playhead_collector.store.query import load

HOUR_S = 3600


@dataclass(frozen=True, slots=True)
class Pace:
    """How fast a budget may burn in two windows before it is an alarm."""

    name: str
    long_s: int
    short_s: int
    rate: float


# Of a budget of 30 days: 2% in an hour, 5% in six, 10% in three days.
PACES = (
    Pace("page", HOUR_S, 300, 14.4),
    Pace("page", 6 * HOUR_S, 1800, 6.0),
    Pace("ticket", 72 * HOUR_S, 6 * HOUR_S, 1.0),
)


@dataclass(frozen=True, slots=True)
class Burn:
    """One pair of windows; a window without a run burns nothing."""

    alarm: str
    long_s: int
    short_s: int
    limit: float
    long_rate: float
    short_rate: float

    @property
    def burning(self) -> bool:
        return self.long_rate >= self.limit and self.short_rate >= self.limit


@dataclass(frozen=True, slots=True)
class Budget:
    objective: Objective
    runs: int
    bad: int
    burns: tuple[Burn, ...]
    daily: tuple[tuple[int, int], ...]
    """Runs and bad ones of each day of the window, the oldest first."""

    @property
    def good(self) -> float | None:
        return 1 - self.bad / self.runs if self.runs else None

    @property
    def left(self) -> float | None:
        """The share of the budget that is left; below 0 it is overspent."""
        return _exact(1 - self.bad / (self.runs * (1 - self.objective.target))) if self.runs else None

    @property
    def alarm(self) -> str:
        """`page`, `ticket`, or nothing."""
        return next((burn.alarm for burn in self.burns if burn.burning), "")

    def as_json(self) -> dict[str, Any]:
        objective = {**asdict(self.objective), "window": self.objective.window.total_seconds()}
        burns = [{**asdict(burn), "burning": burn.burning} for burn in self.burns]
        return {
            "objective": objective, "runs": self.runs, "bad": self.bad, "good": self.good, "budget_left": self.left,
            "alarm": self.alarm, "burns": burns, "daily": [list(day) for day in self.daily],
        }  # fmt: skip


def budget(client: Client, objective: Objective, acceptance: Acceptance, until: datetime) -> Budget:
    window = Window(until - objective.window, until)
    values = parameters(window, acceptance, agent=objective.agent)
    values |= {"indicator": objective.indicator, "at_most": objective.at_most}
    rows = client.query(load("slo_runs") + load("slo_budget"), parameters=values).result_rows
    ages = [(int(age), int(runs), int(bad)) for age, runs, bad in rows]
    days = max(1, round(objective.window.total_seconds() / 86_400))
    daily = [_between(ages, day * 86_400, (day + 1) * 86_400) for day in reversed(range(days))]
    burns = tuple(
        Burn(
            pace.name, pace.long_s, pace.short_s, pace.rate,
            _rate(ages, pace.long_s, objective.target), _rate(ages, pace.short_s, objective.target),
        )
        for pace in PACES
        if pace.long_s <= objective.window.total_seconds()
    )  # fmt: skip
    return Budget(objective, sum(runs for _, runs, _ in ages), sum(bad for *_, bad in ages), burns, tuple(daily))


def _rate(ages: Sequence[tuple[int, int, int]], seconds: int, target: float) -> float:
    runs, bad = _between(ages, 0, seconds)
    return _exact(bad / runs / (1 - target)) if runs else 0.0


def _exact(figure: float) -> float:
    """1 - 0.98 is not 0.02: a budget that is spent to the last run must be 0, and its rate 1."""
    return round(figure, 9)


def _between(ages: Sequence[tuple[int, int, int]], youngest: int, oldest: int) -> tuple[int, int]:
    chosen = [(runs, bad) for age, runs, bad in ages if youngest <= age < oldest]
    return sum(runs for runs, _ in chosen), sum(bad for _, bad in chosen)
