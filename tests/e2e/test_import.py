"""Exports of other platforms through the command: what it says of them, and that twice adds nothing."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord
from tests.collector.foreign.samples import langfuse_tables, langsmith_runs
from tests.collector.receive.messages import logs
from tests.e2e.running import Up, playhead_alone, up


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


def test_of_a_file_that_is_cut_short_or_broken_all_that_can_be_read_is_taken(collector: Up, tmp_path: Path) -> None:
    torn, lines, whole, cut = (tmp_path / name for name in ("torn.jsonl", "lines.jsonl", "whole.json", "cut.otlp"))
    rows = [json.dumps(row) for row in langfuse_tables()[:2]]
    torn.write_text("\n".join([*rows, rows[0][:50]]), encoding="utf-8")
    span = {"traceId": "a" * 32, "spanId": "b" * 16, "name": "x", "startTimeUnixNano": "1795253400000000000"}
    line = json.dumps({"resourceSpans": [{"scopeSpans": [{"spans": [span]}]}]})
    lines.write_text("\n".join([line, line[:-9], line[:-5], line.replace("b" * 16, "c" * 16)]), encoding="utf-8")
    whole.write_text(json.dumps(langfuse_tables()[:2]), encoding="utf-8")
    one = ExportTraceServiceRequest()
    one.resource_spans.add().scope_spans.add().spans.add(
        trace_id=b"\1" * 16, span_id=b"\2" * 8, name="x", start_time_unix_nano=1795253400000000000
    )
    cut.write_bytes(one.SerializeToString() + one.SerializeToString()[:-3])
    said = collector.playhead("import", *map(str, (torn, lines, whole, cut)), "--json")
    (told,) = said.rows()
    assert (said.status, told["accepted"]) == (1, 7)
    of_torn, of_lines, of_cut = told["unfit"]
    assert of_torn.startswith(f"what of a file cannot be read: {torn}, about byte ")
    assert of_lines.startswith(f"what of a file cannot be read: {lines}, line 2: the body is not JSON")
    assert of_lines.endswith("; other lines that cannot be read: 1")
    assert of_cut.startswith(f"what of a file cannot be read: {cut} is not OTLP protobuf, or is cut short, at byte ")


@pytest.mark.parametrize("text", ["[" * 100_000, '{"resourceSpans": ' + "[" * 100_000])
def test_json_that_is_nested_too_deeply_is_refused_in_words(collector: Up, tmp_path: Path, text: str) -> None:
    file = tmp_path / "deep.json"
    file.write_text(text, encoding="utf-8")
    said = collector.playhead("import", str(file))
    assert (said.status, len(said.err.splitlines())) == (2, 1) and said.err.startswith(f"playhead: {file}")


def test_what_a_collector_withholds_is_told_as_where_none_runs(tmp_path: Path) -> None:
    file = tmp_path / "recording.logs.otlp"
    chunks = [LogRecord(event_name="playhead.recording", body=AnyValue(bytes_value=b"0:1 x")) for _ in range(3)]
    file.write_bytes(logs(*chunks, LogRecord(body=AnyValue(string_value="said"))).SerializeToString())
    store, redact = f"chdb://{tmp_path / 'alone' / 'store'}", {"PLAYHEAD_REDACT": "email"}
    directly = playhead_alone(tmp_path, "import", str(file), "--store", store, **redact)
    with up(tmp_path / "up", **redact) as collector:
        through = collector.playhead("import", str(file))
    for said in (through, directly):
        assert said.status == 1 and "1 spans and log records stored, 3 rejected" in said.err, said
        assert f"{file}: 3 of 4 log records: " in said.err
