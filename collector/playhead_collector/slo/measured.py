"""Service levels of objectives at one moment, as Prometheus reads them.

The figures are those of `playhead slo`. One that is not known is left out: a gauge that says 0 where nobody knows would
be taken for a failure, or for a day without cost. An objective or an agent too many is left out, too: each is a dozen
series, and names come from agents.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from clickhouse_connect.driver.client import Client
from prometheus_client.core import GaugeMetricFamily

from playhead_collector.slo.budget import Budget, budget
from playhead_collector.slo.levels import Level, Window, levels
from playhead_collector.slo.objectives import Objectives
from playhead_collector.slo.report import hours

MOST_OBJECTIVES, MOST_AGENTS = 20, 20


@dataclass(frozen=True, slots=True)
class Measured:
    """One project's."""

    at: datetime
    objectives: tuple[tuple[Budget, tuple[Level, ...]], ...]
    """Each with its agents of the same window, those with the most runs first."""


def measure(client: Client, told: Objectives, now: datetime) -> Measured:
    groups: dict[tuple[Window, str], tuple[Level, ...]] = {}
    found: list[tuple[Budget, tuple[Level, ...]]] = []
    for objective in told.objectives[:MOST_OBJECTIVES]:
        window = Window(now - objective.window, now)
        # Objectives of one window are about the same runs.
        about = window, objective.agent
        if about not in groups:
            groups[about] = tuple(levels(client, window, "agent", told.acceptance, objective.agent)[:MOST_AGENTS])
        found.append((budget(client, objective, told.acceptance, now), groups[about]))
    return Measured(now, tuple(found))


def gauges(projects: Mapping[str, Measured]) -> Iterator[GaugeMetricFamily]:
    """What there is to say of projects, by name."""
    yield from _of_objectives(projects)
    yield from _of_agents(projects)
    at = GaugeMetricFamily(
        "playhead_levels_computed_time_seconds", "When service levels were computed", labels=["project"]
    )
    for project, measured in projects.items():
        at.add_metric([project], measured.at.timestamp())
    yield at


def _of_objectives(projects: Mapping[str, Measured]) -> Iterator[GaugeMetricFamily]:
    labels = ["project", "objective"]
    target = GaugeMetricFamily("playhead_objective_target", "The share of runs that has to be good", labels=labels)
    good = GaugeMetricFamily("playhead_objective_level", "The share of runs that is good", labels=labels)
    left = GaugeMetricFamily("playhead_objective_budget_left", "The share of the error budget left", labels=labels)
    burn = GaugeMetricFamily(
        "playhead_objective_burn_rate", "How many times faster than allowed runs are bad", labels=[*labels, "window"]
    )
    for project, measured in projects.items():
        for one, _ in measured.objectives:
            names = [project, one.objective.name]
            target.add_metric(names, one.objective.target)
            _add(good, names, one.good)
            _add(left, names, one.left)
            for seconds, rate in sorted(_rates(one).items()):
                burn.add_metric([*names, _window(seconds)], rate)
    yield from (target, good, left, burn)


def _of_agents(projects: Mapping[str, Measured]) -> Iterator[GaugeMetricFamily]:
    labels = ["project", "objective", "agent"]
    runs = GaugeMetricFamily("playhead_level_runs", "Runs that ended in the objective's window", labels=labels)
    success = GaugeMetricFamily("playhead_level_success", "The share of runs that succeeded", labels=labels)
    aided = GaugeMetricFamily("playhead_level_needed_person", "The share of runs that needed a person", labels=labels)
    cost = GaugeMetricFamily("playhead_level_cost_of_success_usd", "Cost of all runs over successes", labels=labels)
    times = GaugeMetricFamily(
        "playhead_level_seconds", "From a run's first step to its last", labels=[*labels, "quantile"]
    )
    for project, measured in projects.items():
        for one, agents in measured.objectives:
            for level in agents:
                names = [project, one.objective.name, level.name]
                runs.add_metric(names, level.runs)
                success.add_metric(names, level.success)
                aided.add_metric(names, level.aided_share)
                _add(cost, names, level.cost_of_success_usd)
                for quantile, seconds in (("0.5", level.p50_s), ("0.95", level.p95_s), ("0.99", level.p99_s)):
                    _add(times, [*names, quantile], seconds)
    yield from (runs, success, aided, cost, times)


def _add(family: GaugeMetricFamily, names: list[str], value: float | None) -> None:
    if value is not None:
        family.add_metric(names, value)


def _rates(one: Budget) -> dict[int, float]:
    """By seconds: a window may be one alarm's short one and another's long one."""
    return {b.long_s: b.long_rate for b in one.burns} | {b.short_s: b.short_rate for b in one.burns}


def _window(seconds: int) -> str:
    return hours(seconds) if seconds >= 3600 else f"{seconds // 60}m"
