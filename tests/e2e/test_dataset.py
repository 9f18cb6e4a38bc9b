"""Searches saved as lists of runs: made, shown, changed, exported, and what is said of runs that are gone."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from opentelemetry.exporter.otlp.proto.common.trace_encoder import encode_spans
from pyarrow import parquet
from tests.e2e.emitting import hex_id, spans
from tests.e2e.running import Up


@pytest.fixture(scope="module")
def runs(collector: Up) -> list[str]:
    """Three runs of an agent that nobody else's tests look for, the latest first."""
    made = [spans("listed") for _ in range(3)]
    for one in made:
        collector.send(encode_spans(one))
    return [hex_id(one) for one in reversed(made)]


def of(collector: Up, name: str) -> list[tuple[str, str]]:
    return [(row["run_id"], row["state"]) for row in collector.playhead("dataset", "show", name, "--json").rows()]


def test_a_dataset_is_what_a_search_found_then_and_stays_so_whatever_comes_and_goes(
    collector: Up, runs: list[str], tmp_path: Path
) -> None:
    made = collector.playhead("dataset", "create", "hard-cases", "agent:listed", "--limit", "2", "--by", "ann")
    assert (made.status, made.err.splitlines()[0][:26]) == (0, "note: more runs match than")
    assert of(collector, "hard-cases") == [(run, "here") for run in runs[:2]]
    assert collector.playhead("dataset", "add", "hard-cases", runs[2][:14], runs[0]).status == 0
    assert collector.playhead("dataset", "remove", "hard-cases", runs[1][:14]).status == 0
    assert of(collector, "hard-cases") == [(runs[0], "here"), (runs[2], "here")]
    found = collector.playhead("runs", "dataset:hard-cases", "--json").rows()
    assert [row["run_id"] for row in found] == [runs[0], runs[2]]

    assert collector.playhead("erase", "--run", runs[2], "--yes").status == 0
    assert of(collector, "hard-cases") == [(runs[0], "here"), (runs[2], "erased")]
    (told,) = (row for row in collector.playhead("dataset", "list", "--json").rows() if row["name"] == "hard-cases")
    assert (told["query"], told["by"], told["runs"], told["present"]) == ("agent:listed", "ann", 2, 1)
    assert f"{runs[2][:12]} erased" in collector.playhead("dataset", "show", "hard-cases").out

    lines, table = tmp_path / "cases.jsonl", tmp_path / "cases.parquet"
    for file in (lines, table):
        said = collector.playhead("dataset", "export", "hard-cases", "-o", str(file))
        assert said.status == 0 and f"1 of 2 runs of hard-cases are erased: {runs[2]}" in said.err
    assert {json.loads(line)["run_id"] for line in lines.read_text().splitlines()} == {runs[0]}
    assert parquet.read_table(table).num_rows == 2  # type: ignore[no-untyped-call]

    assert collector.playhead("dataset", "remove", "hard-cases").status == 0
    gone = collector.playhead("dataset", "show", "hard-cases")
    assert gone.status == 2 and "no dataset is called 'hard-cases'" in gone.err
    assert collector.playhead("show", runs[0]).status == 0


def test_what_cannot_be_is_said_with_what_to_do_instead(collector: Up, runs: list[str]) -> None:
    assert collector.playhead("dataset", "create", "one", "agent:listed").status == 0
    for words, told in (
        (["create", "one", "agent:listed"], "there is a dataset 'one' already"),
        (["create", "a b", "agent:listed"], "'a b' is no name of a dataset"),
        (["create", "none", "agent:nobody"], "no run matches 'agent:nobody': nothing was made"),
        (["create", "two", "agnet:x"], "did you mean agent?"),
        (["add", "one", "feed"], "no run begins with 'feed'"),
        (["remove", "one", "feed"], "no runs of one begin with 'feed'"),
        (["add", "three", runs[0]], "no dataset is called 'three'; there are one"),
        (["export", "three", "-o", "x.jsonl"], "no dataset is called 'three'"),
    ):
        said = collector.playhead("dataset", *words)
        assert said.status == 2 and told in said.err, said.err
