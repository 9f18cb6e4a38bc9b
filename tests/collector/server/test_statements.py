"""The cluster form, statement by statement, as far as chDB goes; and docs/cluster.md, which says how far that is."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from tests.collector.server.conftest import CLUSTER_CONFIG, environment
from tests.collector.server.statements import every_statement

from playhead_collector.store.engine import is_transient
from playhead_collector.store.erase import TABLES

_DOCUMENT = Path(__file__).parents[3] / "docs" / "cluster.md"
EVERYWHERE = (
    "erased",
    "prices",
    "migrations",
    "alert_events",
    "alert_notices",
    "alert_marks",
    "alert_evaluators",
    "dataset_rows",
)


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    folder = tmp_path_factory.mktemp("statements")
    config = folder / "config.xml"
    config.write_text(CLUSTER_CONFIG)
    told: list[dict[str, Any]] = []
    with (
        (folder / "log").open("wb") as log,
        subprocess.Popen(
            [sys.executable, "-m", "tests.collector.server.statements", str(folder), str(config)],
            stdout=subprocess.PIPE,
            stderr=log,
            cwd=folder,
            env=environment(),
        ) as process,
    ):
        assert process.stdout is not None
        while not told or "here" not in told[-1]:
            line = process.stdout.readline()
            assert line, (folder / "log").read_text()
            told.append(json.loads(line))
        process.kill()
    return told


def test_every_statement_of_the_cluster_form_is_understood_and_may_be_made_twice(told: list[dict[str, Any]]) -> None:
    statements = [one for one in told if "sql" in one]
    assert len(statements) == len(every_statement())
    assert {one["name"]: one["errors"] for one in statements if one["errors"]} == {}


def test_what_belongs_to_a_run_is_sharded_and_what_all_must_know_is_everywhere(told: list[dict[str, Any]]) -> None:
    [engines] = [one["engines"] for one in told if "engines" in one]
    for table in TABLES:
        path = "'/clickhouse/tables/{shard}/traces/" + f"{table}_local', '{{replica}}'"
        assert engines[f"{table}_local"].startswith(f"ReplicatedReplacingMergeTree({path}")
        assert engines[table] == f"Distributed('play', 'traces', '{table}_local', sipHash64(run_id))"
    for table in EVERYWHERE:
        path = f"'/clickhouse/tables/traces/{table}', '{{shard}}-{{replica}}'"
        assert engines[table].startswith(f"ReplicatedReplacingMergeTree({path}")
    stored = {name for name, engine in engines.items() if "MergeTree" in engine}
    assert stored == {f"{table}_local" for table in TABLES} | set(EVERYWHERE)


def test_a_run_goes_to_its_shard_and_an_insert_fails_while_that_is_away(told: list[dict[str, Any]]) -> None:
    runs = [one for one in told if "run" in one]
    [here] = [one["here"] for one in told if "here" in one]
    assert {one["shard"] for one in runs} == {0, 1}
    for one in runs:
        assert bool(one["error"]) is (one["shard"] == 1), one
        assert (str(one["run"]) in here) is (one["shard"] == 0)
        # The collector tries that again until the shard is back.
        assert not one["error"] or is_transient(RuntimeError(one["error"]))


def test_the_documentation_says_of_each_statement_how_far_it_has_run() -> None:
    table = _DOCUMENT.read_text(encoding="utf-8").partition("| statement |")[2]
    rows = re.findall(r"^\| `([^`]+)` \| ([^|]+) \|", table, re.MULTILINE)
    assert [name for name, _ in rows] == [one.name for one in every_statement()]
    assert {said.strip() for _, said in rows} <= {"created, queried", "queried as a plain table", "created"}
