"""Exports of other platforms through the command: what it says of them, and that twice adds nothing."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.collector.foreign.samples import langfuse_tables, langsmith_runs
from tests.e2e.running import Up


def test_an_export_is_imported_once_and_what_did_not_fit_is_told_by_reason(collector: Up, tmp_path: Path) -> None:
    file = tmp_path / "runs.jsonl"
    file.write_text("".join(json.dumps(row) + "\n" for row in langsmith_runs()), encoding="utf-8")
    for _ in range(2):
        said = collector.playhead("import", str(file))
        assert said.status == 1, said.err
        assert "4 spans and log records stored" in said.err
        assert "not taken, 1 times: langsmith: feedback of which the file has no average" in said.err
    (row,) = collector.playhead("runs", "session:s-3", "score.helpful<0.6", "--json").rows()
    assert (row["agent"], row["steps"], row["prompts"], row["input_tokens"]) == ("support", 3, 1, 42)
    steps = collector.playhead("show", row["run_id"], "--json").rows()
    assert {step["attributes"].get("playhead.imported.from") for step in steps} >= {"langsmith"}

    tables = tmp_path / "observations.json"
    tables.write_text(json.dumps(langfuse_tables()[:2]), encoding="utf-8")
    said = collector.playhead("import", str(tables), "--json")
    assert (said.status, said.rows()) == (0, [{"accepted": 2, "rejected": 0, "unfit": {}}])


def test_a_file_that_is_cut_short_is_taken_as_far_as_it_can_be_read(collector: Up, tmp_path: Path) -> None:
    torn, otlp, whole = tmp_path / "torn.jsonl", tmp_path / "otlp.jsonl", tmp_path / "whole.json"
    rows = [json.dumps(row) for row in langfuse_tables()[:2]]
    torn.write_text("\n".join([*rows, rows[0][:50]]), encoding="utf-8")
    span = {"traceId": "a" * 32, "spanId": "b" * 16, "name": "x", "startTimeUnixNano": "1795253400000000000"}
    line = json.dumps({"resourceSpans": [{"scopeSpans": [{"spans": [span]}]}]})
    otlp.write_text(f"{line}\n{line[:-9]}\n", encoding="utf-8")
    whole.write_text(json.dumps(langfuse_tables()[:2]), encoding="utf-8")
    said = collector.playhead("import", *map(str, (torn, otlp, whole)), "--json")
    (told,) = said.rows()
    assert (said.status, told["accepted"]) == (1, 5)
    of_torn, of_otlp = told["unfit"]
    assert of_torn.startswith(f"the rest of a file: {torn}, about byte ")
    assert of_otlp.startswith(f"the rest of a file: {otlp}, line 2: the body is not JSON")


@pytest.mark.parametrize("text", ["[" * 100_000, '{"resourceSpans": ' + "[" * 100_000])
def test_json_that_is_nested_too_deeply_is_refused_in_words(collector: Up, tmp_path: Path, text: str) -> None:
    file = tmp_path / "deep.json"
    file.write_text(text, encoding="utf-8")
    said = collector.playhead("import", str(file))
    assert (said.status, len(said.err.splitlines())) == (2, 1) and said.err.startswith(f"playhead: {file}")
