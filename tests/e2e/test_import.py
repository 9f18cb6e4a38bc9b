"""Exports of other platforms through the command: what it says of them, and that twice adds nothing."""

from __future__ import annotations

import json
from pathlib import Path

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
