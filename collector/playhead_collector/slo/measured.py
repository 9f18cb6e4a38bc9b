"""Service levels of objectives at one moment, as Prometheus reads them.

The figures are those of `playhead slo`. One that is not known is left out: a gauge that says 0 where nobody knows would
be taken for a failure, or for a day without cost. An objective or a group too many is left out, too: each is a dozen
series, and names come from agents. How many groups are left out is told.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from clickhouse_connect.driver.client import Client
from prometheus_client.core import GaugeMetricFamily

from playhead_collector.slo.budget import Budget, budget
from playhead_collector.slo.levels import UNNAMED, Level, Window, levels
from playhead_collector.slo.objectives import Objectives
from playhead_collector.slo.report import hours

MOST_OBJECTIVES, MOST_GROUPS = 20, 20


@dataclass(frozen=True, slots=True)
class Groups:
    """Service levels of one window, by what the objectives' file says: those with the most runs first."""

    by: str
    shown: tuple[Level, ...]
    left_out: int


@dataclass(frozen=True, slots=True)
class Measured:
    """One project's."""

    at: datetime
    objectives: tuple[tuple[Budget, tuple[Groups, ...]], ...]
    """Each with the groups of the same window."""


def measure(client: Client, told: Objectives, now: datetime) -> Measured:
    groups: dict[tuple[Window, str], tuple[Groups, ...]] = {}
    found: list[tuple[Budget, tuple[Groups, ...]]] = []
    for objective in told.objectives[:MOST_OBJECTIVES]:
        window = Window(now - objective.window, now)
        # Objectives of one window are about the same runs.
        about = window, objective.agent
        if about not in groups:
            found_by = (levels(client, window, by, told.acceptance, objective.agent) for by in told.metrics_by)
            groups[about] = tuple(map(_most_used, told.metrics_by, found_by))
        found.append((budget(client, objective, told.acceptance, now), groups[about]))
    return Measured(now, tuple(found))


def _most_used(by: str, found: list[Level]) -> Groups:
    return Groups(by, tuple(found[:MOST_GROUPS]), len(found[MOST_GROUPS:]))


def gauges(projects: Mapping[str, Measured]) -> Iterator[GaugeMetricFamily]:
    """What there is to say of projects, by name."""
    yield from _of_objectives(projects)
    yield from _of_groups(projects)
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


def _of_groups(projects: Mapping[str, Measured]) -> Iterator[GaugeMetricFamily]:
    """Each with the label of what it is grouped by: `version!=""` chooses those by version, and no other has it."""
    runs = GaugeMetricFamily("playhead_level_runs", "Runs that ended in the objective's window")
    success = GaugeMetricFamily("playhead_level_success", "The share of runs that succeeded")
    aided = GaugeMetricFamily("playhead_level_needed_person", "The share of runs that needed a person")
    cost = GaugeMetricFamily("playhead_level_cost_of_success_usd", "Cost of all runs over successes")
    times = GaugeMetricFamily("playhead_level_seconds", "From a run's first step to its last")
    left_out = GaugeMetricFamily(
        "playhead_level_groups_left_out", "Groups with fewer runs, not shown", labels=["project", "objective", "by"]
    )
    for project, measured in projects.items():
        for one, groups in measured.objectives:
            for group in groups:
                left_out.add_metric([project, one.objective.name, group.by], group.left_out)
                for level in group.shown:
                    labels = {"project": project, "objective": one.objective.name, group.by: level.name or UNNAMED}
                    _sample(runs, labels, level.runs)
                    _sample(success, labels, level.success)
                    _sample(aided, labels, level.aided_share)
                    _sample(cost, labels, level.cost_of_success_usd)
                    for quantile, seconds in (("0.5", level.p50_s), ("0.95", level.p95_s), ("0.99", level.p99_s)):
                        _sample(times, labels | {"quantile": quantile}, seconds)
    yield from (runs, success, aided, cost, times, left_out)


def _sample(family: GaugeMetricFamily, labels: dict[str, str], value: float | None) -> None:
    if value is not None:
        family.add_sample(family.name, labels, value)


def _add(family: GaugeMetricFamily, names: list[str], value: float | None) -> None:
    if value is not None:
        family.add_metric(names, value)


def _rates(one: Budget) -> dict[int, float]:
    """By seconds: a window may be one alarm's short one and another's long one."""
    return {b.long_s: b.long_rate for b in one.burns} | {b.short_s: b.short_rate for b in one.burns}


def _window(seconds: int) -> str:
    return hours(seconds) if seconds >= 3600 else f"{seconds // 60}m"
