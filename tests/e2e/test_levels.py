"""Service levels of a collector as Prometheus reads them."""

from __future__ import annotations

import re
import time
import urllib.request
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families
from tests.collector.alerts.asking import MadeRun
from tests.e2e.running import Up, start, up, wait_for

_OBJECTIVES = """
[[objective]]
name = "support succeeds"
agent = "support"
indicator = "success"
target = 0.75

[[objective]]
name = "billing is cheap"
agent = "billing"
indicator = "cost"
at_most = 0.5
target = 0.9

[metrics]
by = ["agent", "version"]
"""
Labels = frozenset[tuple[str, str]]


def lately(run: MadeRun) -> MadeRun:
    """A run that ended half an hour ago: within the hour, and not within the last five minutes."""
    moved = time.time_ns() - 1_800_000_000_000 - run.steps[0].start_time_unix_nano
    for step in run.steps:
        step.start_time_unix_nano += moved
        step.end_time_unix_nano += moved
    return run


def gauges(collector: Up, prefix: str) -> dict[tuple[str, Labels], float]:
    families = text_string_to_metric_families(collector.get("/metrics").decode())
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in families
        for sample in family.samples
        if sample.name.startswith(prefix)
    }


def labels(objective: str, **more: str) -> Labels:
    return frozenset({"project": "default", "objective": objective, **more}.items())


def objectives(folder: Path) -> tuple[str, ...]:
    (folder / "slo.toml").write_text(_OBJECTIVES)
    return "--objectives", str(folder / "slo.toml"), "--levels-every-s", "1"


def test_service_levels_are_gauges_with_the_figures_of_playhead_slo_and_unknown_ones_are_absent(tmp_path: Path) -> None:
    with up(tmp_path, *objectives(tmp_path), PLAYHEAD_NO_ALERTS="") as collector:
        request = lately(MadeRun(9, "billing").root()).request()
        for number in range(1, 9):
            request.MergeFrom(lately(MadeRun(number).root(failed=number == 1)).request())
        collector.send(request)
        runs = ("playhead_level_runs", labels("support succeeds", agent="support"))
        wait_for(lambda: gauges(collector, "playhead_level_runs").get(runs) == 8, "all runs to be measured")
        found = gauges(collector, "playhead_objective")
        for wrong, why in ((("--least", "nan"), "'nan' is no number"), (("--least", "0.5"), "name it with --score")):
            refused = collector.playhead("slo", *wrong)
            assert refused.status == 2 and why in refused.err
        said = collector.playhead("slo", "--objectives", str(tmp_path / "slo.toml"), "--json").rows()
        (told,) = [row for row in said if row["kind"] == "objective" and row["objective"]["agent"] == "support"]
        name = labels("support succeeds")
        assert found["playhead_objective_target", name] == 0.75
        assert found["playhead_objective_level", name] == told["good"] == 0.875
        assert found["playhead_objective_budget_left", name] == told["budget_left"] == 0.5
        rates = {
            dict(key)["window"]: value
            for (metric, key), value in found.items()
            if metric == "playhead_objective_burn_rate" and ("objective", "support succeeds") in key
        }
        assert rates == {"5m": 0, "30m": rates["30m"], "1h": 0.5, "6h": 0.5, "72h": 0.5}
        dear = labels("billing is cheap")
        assert found["playhead_objective_target", dear] == 0.9
        assert ("playhead_objective_level", dear) not in found, "no cost is known: neither good nor bad"
        groups = gauges(collector, "playhead_level_")
        (level,) = [row for row in said if row["kind"] == "level" and row["name"] == "support"]
        of = {"objective": "support succeeds", "agent": "support"}
        assert groups["playhead_level_success", labels(**of)] == level["success"] == 0.875
        assert groups["playhead_level_needed_person", labels(**of)] == 0
        (version,) = {
            value
            for _, key in groups
            for name, value in key
            if name == "version" and ("objective", "support succeeds") in key
        }
        assert version.startswith("support "), "as playhead slo names it"
        assert groups["playhead_level_success", labels("support succeeds", version=version)] == 0.875
        assert groups["playhead_level_groups_left_out", labels("support succeeds", by="version")] == 0
        assert groups["playhead_level_seconds", labels(**of, quantile="0.99")] == level["p99_s"] == 0.5
        assert not [metric for metric, _ in groups if metric == "playhead_level_cost_of_success_usd"]
        computed = ("playhead_levels_computed_time_seconds", frozenset({("project", "default")}))
        first = gauges(collector, "playhead_levels")[computed]
        wait_for(lambda: gauges(collector, "playhead_levels")[computed] > first, "them to be measured again")


def test_a_budget_that_is_spent_is_shown_also_where_no_run_ended_in_the_time_asked_about(tmp_path: Path) -> None:
    with up(tmp_path) as collector:
        collector.send(lately(MadeRun(1).root(failed=True)).request())
        objectives(tmp_path)
        asked = ("slo", "--objectives", str(tmp_path / "slo.toml"), "--since", "5m")
        wait_for(lambda: collector.playhead(*asked).status == 1, "the run to be counted")
        said = collector.playhead(*asked)
        assert "support succeeds" in said.out
        assert "no run ended in that time" in said.err


def test_a_collector_that_asks_no_rules_computes_no_service_levels_and_wrong_objectives_keep_it_from_starting(
    tmp_path: Path,
) -> None:
    flags = objectives(tmp_path)
    with up(tmp_path, *flags) as collector:
        assert gauges(collector, "playhead_level") == gauges(collector, "playhead_objective") == {}
    (tmp_path / "slo.toml").write_text('[[objective]]\nname = "one"\ntarge = 0.9\n')
    with pytest.raises(AssertionError, match="did you mean 'target'"):
        start(tmp_path, *flags, PLAYHEAD_NO_ALERTS="")


def test_metrics_of_a_project_are_told_to_who_may_read_its_figures(tmp_path: Path) -> None:
    sends, reads, sees, admin = "ingest-acme-1", "read-default-1", "figures-acme-1", "admin-token-1"
    tokens = ("--ingest-token", f"acme={sends}", "--read-token", reads, "--figures-token", f"acme={sees}")
    with up(tmp_path, *tokens, PLAYHEAD_ADMIN_TOKEN=admin, PLAYHEAD_NO_ALERTS="") as collector:

        def projects_told(token: str | None) -> set[str]:
            given = {"Authorization": f"Bearer {token}"} if token else {}
            request = urllib.request.Request(f"{collector.url}/metrics", headers=given)
            with collector.itself().opener().open(request, timeout=60) as answer:
                text = answer.read().decode()
            assert "playhead_lag_seconds " in text
            return set(re.findall(r'project="(\w+)"', text))

        wait_for(lambda: projects_told(admin) == {"acme", "default"}, "both projects to be looked at")
        told = {token: projects_told(token) for token in (reads, sees, sends, "nobodys-token", None)}
    assert told == {reads: {"default"}, sees: {"acme"}, sends: set(), "nobodys-token": set(), None: set()}
