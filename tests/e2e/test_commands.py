"""The commands that read, as a user types them, through the collector that runs and on the folder when none does."""

from __future__ import annotations

import itertools
import json
import re
import sys
from pathlib import Path

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import TracesData
from pyarrow import parquet
from tests.e2e.conftest import Demo
from tests.e2e.running import Up, playhead_alone, start

from playhead_collector.demo.tickets import LETTERS
from playhead_replay.recording.find import from_file

# What a terminal acts on, or shows in another order: all controls but line end and tab, and the marks of direction.
OBEYED = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]")
NOW_NS = 1_795_000_000_000_000_000
STORIES = {letter.story for letter in LETTERS}


def stories(demo: Demo, *words: str) -> set[str]:
    """Which stories `playhead runs` shows under a filter."""
    said = demo.up.playhead("runs", "--json", "--limit", "1000", *words)
    assert said.status == 0, said.err
    return {demo.stories[row["run_id"]] for row in said.rows() if row["run_id"] in demo.stories}


def test_runs_are_listed_newest_first(demo: Demo) -> None:
    rows = demo.up.playhead("runs", "--json", "--limit", "10").rows()
    times = [row["start_time"] for row in rows]
    assert len(rows) == 10 and times == sorted(times, reverse=True)


@pytest.mark.parametrize(
    ("words", "found"),
    [
        (["--status", "error"], {"refund-loop", "provider-down"}),
        (["--status", "open"], {"crash"}),
        (["--agent", "archivist"], set()),
        (["--agent", "sup*"], STORIES),
        (["--agent", "sup"], set()),
        (["--user", "user-37"], {"approval-rejected"}),
        (["--session", "session-parcel33"], {"lost-parcel"}),
        (["--tool", "cancel_order", "--version", "1.4.2"], {"silent-failure"}),
        (["--tool", "cancel%order"], set()),
        (["--model", "trailhead-*"], {"product-question"}),
        (["--model", "claude-*"], {"hand-off"}),
        (["--text", "picking has begun"], {"silent-failure"}),
        (["--text", "zebrafish"], set()),
        (["--min-tokens", "20000"], {"context-blowout"}),
        (["--min-cost", "0.01"], {"context-blowout"}),
        (["cost>=0.01", "--agent", "support"], {"context-blowout"}),
        (["tool:cancel_order", "version:1.4.2", '"picking has begun"'], {"silent-failure"}),
        (["--version", "1.4.1", "--tool", "refund"], {"refund", "approval-approved", "approval-rejected"}),
        (["--since", "70 minutes ago", "--status", "ok", "--tool", "cancel_order"], {"silent-failure"}),
        (["--until", "70m"], set()),
        (["--until", "2020-01-01"], set()),
    ],
)
def test_a_filter_shows_these_runs_and_no_others(demo: Demo, words: list[str], found: set[str]) -> None:
    assert stories(demo, *words) == found


@pytest.mark.parametrize("since", ["yesterday", "2020-01-01", "2020-01-01T10:00", "2020-01-01T10:00:00+02:00", "3w"])
def test_times_are_taken_as_people_write_them(demo: Demo, since: str) -> None:
    assert len(stories(demo, "--since", since)) > 10


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["runs", "--since", "teatime"], "'teatime' is no time: write 30m, 2h"),
        (["runs", "--since", "9999999999w"], "is no time"),
        (["runs", "--text", "?!"], "holds no word"),
        (["runs", "--limit", "0"], "--limit"),
        (["runs", "--status", "broken"], "invalid choice"),
        (["runs", "--min-csot", "1"], "did you mean --min-cost?"),
        (["runs", "agnet:x"], "no field is called 'agnet'; did you mean agent?"),
        (["sql", "SELECT 1", "--jsno"], "does not know '--jsno'; did you mean --json?"),
        (["up", "--http-prot=1"], "did you mean --http-port?"),
        (["erase", "--user", "user-19"], "say --yes to erase for good"),
        (["erase", "--run", "abc", "--yes"], "32 hex digits"),
        (["show", "xyz"], "'xyz' is no run id"),
        (["show", "ffffffffff"], "no run begins with 'ffffffffff'; 'playhead runs' lists"),
        (["export", "-o", "x.otlp"], "name the runs to export, or say --all"),
        (["export", "last", "-o", "x.csv"], "the ending says what to write: .otlp, .jsonl, .parquet, or .playhead"),
        (["export", "last", "-o", "/nowhere/x.otlp"], "/nowhere"),
        (["import", "nothing.otlp"], "nothing.otlp is no file"),
        (["sql", "SELEC 1"], "Syntax error"),
        (["sql", "SELECT * FROM nothing"], "nothing"),
        (["sql", "DROP TABLE runs"], "SELECT"),
        (["sql", "SELECT 1", "--param", "x"], "NAME=VALUE"),
        (["runs", "--store", "sqlite:///x"], "write chdb:///path or clickhouse://"),
        (["runs", "--project", "No Project"], "cannot be a project's name"),
        (["runs", "--project", "nobody"], "nobody"),
        (["runs", "--config", "nothing.toml"], "nothing.toml cannot be read"),
    ],
)
def test_what_cannot_be_done_is_said_with_what_to_do(demo: Demo, words: list[str], told: str) -> None:
    said = demo.up.playhead(*words)
    assert said.status == 2
    assert told in said.err, said.err
    assert said.out == "" and "Traceback" not in said.err


def test_a_beginning_that_several_runs_share_names_them(demo: Demo) -> None:
    ids = sorted(demo.stories)
    first = next(a for a, b in itertools.pairwise(ids) if a[0] == b[0])[0]
    said = demo.up.playhead("show", first)
    assert said.status == 2 and f"runs begin with {first!r}" in said.err
    assert len(re.findall(r"\b[0-9a-f]{32}\b", said.err)) >= 2


def test_a_run_is_shown_as_a_tree_with_all_that_matters(demo: Demo) -> None:
    run = demo.run_of("refund-loop")
    said = demo.up.playhead("show", run[:16])
    assert f"run {run}" in said.out
    assert "LimitExceeded: a loop: refund with the same arguments more than 3 times" in said.out
    assert "refund ×3 with the same arguments" in said.out
    assert "same call, time 3" in said.out
    assert '( {"order_id": "A-10588", "cents": 2995' in said.out
    assert "← assistant: refund(" in said.out
    assert re.search(r"│ P gpt-4o-mini · tool_calls +\+\S+ +\S+  \d+→\d+ tok  \$0\.000\d", said.out)
    assert len(demo.up.playhead("show", run, "--no-messages").out.splitlines()) < 35
    assert "… 2 earlier messages" in said.out
    assert "earlier messages" not in demo.up.playhead("show", run, "--full").out


@pytest.mark.parametrize(
    ("story", "told"),
    [
        ("approval-rejected", r"rejected by shift-lead after \d+ms: Delivered 63 days ago"),
        ("approval-approved", r"shown to shift-lead: \d+\.\d\d EUR for \S+: \w"),
        ("approval-approved", r"approved by shift-lead after \d+ms: Known batch"),
        ("late-parcel", r"support, not adviser: it is about an order"),
        ("product-question", r"adviser, not support: it names no order"),
        ("malformed-result", r"broke its contract: return: lacks 'expected' of Parcel"),
        ("refund", r"score brief.*\n.* 1\n"),
    ],
)
def test_what_code_alone_knows_is_shown_with_its_step(demo: Demo, story: str, told: str) -> None:
    assert re.search(told, demo.up.playhead("show", demo.run_of(story), "--no-messages").out)


def test_a_run_is_shown_with_what_it_was_asked_and_answered_and_what_was_proposed(
    collector: Up, tmp_path: Path
) -> None:
    (tmp_path / "agent.py").write_text("""
import playhead
playhead.init(service="asked", send=False)
@playhead.agent
def translate(text, into):
    with playhead.approval("send", proposed={"to": into, "text": text * 300}) as ask:
        ask.shown({"to": into, "text": text * 300})
        ask.approve(by="clerk")
    return {"text": text, "language": into}
@playhead.agent
def run(order):
    translate("vier", into="de")
    return "the answer is " + "four " * 100 + "and two"
run("A-1")
""")
    file = str(tmp_path / "run.playhead")
    recorded = playhead_alone(tmp_path, "record", "-q", "-o", file, "--", sys.executable, f"{tmp_path}/agent.py")
    assert recorded.status == 0, recorded.err
    assert collector.playhead("import", file).status == 0
    run = from_file(Path(file)).run
    shown = collector.playhead("show", run).out
    assert '→ {"order": "A-1"}' in shown and "← the answer is four" in shown and "and two" not in shown
    assert '→ {"text": "vier", "into": "de"}' in shown and '← {"text": "vier", "language": "de"}' in shown
    assert re.search(r'proposed: \{"to": "de"', shown) and "viervier" in shown and "viervier" + '"}' not in shown
    assert "shown: as proposed" in shown
    whole = collector.playhead("show", run, "--full").out
    assert "and two" in whole and "viervier" + '"}' in whole
    tree = collector.playhead("show", run, "--no-messages").out
    assert "A-1" not in tree and "proposed:" in tree


def test_a_run_of_another_emitter_is_shown_with_the_last_message_that_its_agent_was_given(collector: Up) -> None:
    request = ExportTraceServiceRequest()
    span = request.resource_spans.add().scope_spans.add().spans.add(
        trace_id=b"\0" * 15 + b"\x0b", span_id=b"\4" * 8, name="chain",
        start_time_unix_nano=NOW_NS, end_time_unix_nano=NOW_NS + 10,
    )  # fmt: skip
    said = [{"role": "user", "content": "first"}, {"role": "system", "content": "then"}]
    for key, value in (
        ("openinference.span.kind", "CHAIN"),
        ("input.value", json.dumps({"messages": said})),
        ("output.value", "done"),
    ):
        span.attributes.add(key=key).value.string_value = value
    collector.send(request)
    shown = collector.playhead("show", f"{11:032x}").out
    assert "… 1 earlier message\n    → system: then\n    ← done" in shown
    assert "    → first\n    → system: then\n" in collector.playhead("show", f"{11:032x}", "--full").out


def test_what_is_open_or_unknown_is_shown_as_such(demo: Demo) -> None:
    open_run = demo.up.playhead("show", demo.run_of("crash")).out
    assert "not ended: still running, or the process died" in open_run
    assert "?→? tok" in open_run or "has not ended" in open_run
    rows = demo.up.playhead("runs", "--json", "--limit", "1000").rows()
    unpriced = next(row for row in rows if row["unpriced_calls"])
    assert "no known price" in demo.up.playhead("show", unpriced["run_id"]).out


def test_sql_answers_as_a_table_and_as_json(demo: Demo) -> None:
    statement = "SELECT count() AS n, NULL AS nothing, [1, 2] AS list FROM runs WHERE status = {s:String}"
    assert demo.up.playhead("sql", statement, "-p", "s=error", "--json").rows() == [
        {"n": 2, "nothing": None, "list": [1, 2]}
    ]
    table = demo.up.playhead("sql", statement + ";", "--param", "s=error").out.splitlines()
    assert [line.split() for line in table] == [["n", "nothing", "list"], ["2", "NULL", "[1,", "2]"]]


def test_sql_says_how_many_rows_it_did_not_show(demo: Demo) -> None:
    said = demo.up.playhead("sql", "SELECT number FROM numbers(50)", "--limit", "10")
    assert len(said.out.splitlines()) == 11
    assert "40 more rows" in said.err


def test_a_run_goes_out_and_comes_back_the_same(demo: Demo, tmp_path: Path) -> None:
    """Exported, imported into an empty store without a collector, read from the folder, and exported again."""
    run = demo.run_of("approval-approved")
    there, again = tmp_path / "run.otlp", tmp_path / "again.otlp"
    told = {"runs": 1, "files": [str(there)], "left_out": []}
    assert demo.up.playhead("export", run, "-o", str(there), "--json").rows() == [told]
    store = f"chdb://{tmp_path}/store"
    imported = playhead_alone(tmp_path, "import", str(there), "--store", store, "--json")
    assert json.loads(imported.out) == {"accepted": len(_spans(there)), "rejected": 0, "unfit": {}}, imported.err
    assert playhead_alone(tmp_path, "export", "last", "-o", str(again), "--store", store).status == 0
    assert there.read_bytes() == again.read_bytes()
    shown = playhead_alone(tmp_path, "show", "last", "--store", store)
    assert shown.out == demo.up.playhead("show", run).out


def test_all_runs_go_into_one_file_of_each_kind(demo: Demo, tmp_path: Path) -> None:
    for name in ("all.jsonl", "all.parquet", "all.otlp"):
        said = demo.up.playhead("export", "--all", "-o", str(tmp_path / name))
        assert said.status == 0, said.err
    steps = [json.loads(line) for line in (tmp_path / "all.jsonl").read_text().splitlines()]
    table = parquet.read_table(tmp_path / "all.parquet")  # type: ignore[no-untyped-call]
    assert len(steps) == table.num_rows == len(_spans(tmp_path / "all.otlp"))
    assert {step["run_id"] for step in steps} >= set(demo.stories)
    assert set(table["kind"].to_pylist()) >= {"agent", "prompt", "tool", "approval"}
    costs = [(row["run_id"], row["step_id"], bool(row["counted"]), row["cost_usd"]) for row in table.to_pylist()]
    assert sorted(costs) == sorted((one["run_id"], one["step_id"], one["counted"], one["cost_usd"]) for one in steps)
    assert {type(cost) for *_, cost in costs} == {float, type(None)}


def test_what_an_export_wrote_for_reading_is_not_taken_for_otlp(demo: Demo, tmp_path: Path) -> None:
    path = tmp_path / "run.jsonl"
    demo.up.playhead("export", "last", "-o", str(path))
    said = demo.up.playhead("import", str(path))
    assert said.status == 2 and "no OTLP/JSON" in said.err and ".otlp" in said.err


@pytest.mark.parametrize("indent", [None, 2])
def test_otlp_json_comes_in_as_a_line_or_as_a_document(collector: Up, tmp_path: Path, indent: int | None) -> None:
    run = f"{7 if indent else 8:032x}"
    span = {"traceId": run, "spanId": "00000000000000aa", "name": "x", "startTimeUnixNano": str(NOW_NS)}
    document = {"resourceSpans": [{"scopeSpans": [{"spans": [{**span, "endTimeUnixNano": str(NOW_NS + 5)}]}]}]}
    path = tmp_path / "spans.json"
    path.write_text(json.dumps(document, indent=indent))
    assert collector.playhead("import", str(path), "--json").rows() == [{"accepted": 1, "rejected": 0, "unfit": {}}]
    assert collector.playhead("show", run, "--json").rows()[0]["name"] == "x"


def test_what_is_wrong_in_a_file_is_named_and_the_rest_is_taken(collector: Up, tmp_path: Path) -> None:
    request = ExportTraceServiceRequest()
    spans = request.resource_spans.add().scope_spans.add().spans
    spans.add(trace_id=b"\0" * 15 + b"\x09", span_id=b"\1" * 8, name="good", start_time_unix_nano=NOW_NS)
    spans.add(trace_id=b"short", span_id=b"\2" * 8, name="bad", start_time_unix_nano=NOW_NS)
    path = tmp_path / "some.otlp"
    path.write_bytes(request.SerializeToString())
    said = collector.playhead("import", str(path), "--json")
    assert said.status == 1 and said.rows() == [{"accepted": 1, "rejected": 1, "unfit": {}}]
    assert f"{path}: " in said.err and "spans[1]" in said.err
    path.write_bytes(b"this is no protobuf at all")
    said = collector.playhead("import", str(path))
    assert said.status == 2 and f"{path} is not OTLP protobuf" in said.err


def test_nothing_in_a_trace_reaches_the_terminal_as_a_command(collector: Up) -> None:
    """Escape sequences in every text that a trace can bring are shown, in every command, and never obeyed."""
    evil = "\x1b]0;owned\x07\x1b[2J\x9b31m\u202egnp.exe\x00\r\x7f"
    request = ExportTraceServiceRequest()
    resource = request.resource_spans.add()
    for key in ("service.name", "service.version"):
        resource.resource.attributes.add(key=key).value.string_value = f"evil{evil}"
    span = resource.scope_spans.add().spans.add(
        trace_id=b"\0" * 15 + b"\x0a", span_id=b"\3" * 8, name=f"run{evil}",
        start_time_unix_nano=NOW_NS, end_time_unix_nano=NOW_NS + 10,
    )  # fmt: skip
    for key in ("agent.name", "session.id", "user.id", "model", "tool.name", "input.messages", "output.messages"):
        span.attributes.add(key=f"gen_ai.{key}" if "id" not in key else key).value.string_value = f"evil{evil}"
    span.attributes.add(key="gen_ai.operation.name").value.string_value = "chat"
    span.status.code, span.status.message = 2, f"failed{evil}"
    collector.send(request)
    run = f"{10:032x}"
    for words in (
        ["runs", "--since", "2020-01-01", "--limit", "1000"],
        ["runs", "--json", "--limit", "1000"],
        ["show", run],
        ["show", run, "--full"],
        ["show", run, "--json"],
        ["sql", f"SELECT name, agent, error, user FROM runs WHERE run_id = '{run}'"],
        ["sql", "SELECT attributes, status_message FROM steps", "--json"],
        ["sql", "SELECT throwIf(1, concat('no\x1b[2J', 'more'))"],
    ):
        said = collector.playhead(*words)
        assert OBEYED.findall(said.out + said.err) == []
    assert r"\x1b]0;owned\x07" in collector.playhead("show", run).out
    row = collector.playhead("sql", f"SELECT user FROM runs WHERE run_id = '{run}'", "--json").rows()[0]
    assert row["user"] == f"evil{evil}"


def test_without_store_and_collector_a_command_says_how_to_begin(tmp_path: Path) -> None:
    said = playhead_alone(tmp_path, "runs")
    assert said.status == 2
    assert "there is no store at" in said.err and "playhead up" in said.err and "--store" in said.err
    assert not (tmp_path / "data" / "playhead" / "store").exists()


def test_a_store_of_a_newer_playhead_is_refused(tmp_path: Path) -> None:
    import subprocess

    from tests.e2e.running import clean_environment

    code = (
        "import sys; from playhead_collector.store.store import Store; from playhead_collector.store.address import *\n"
        "s = Store(parse_address(sys.argv[1])); s.open()\n"
        "s.reader().command(\"INSERT INTO migrations (number, program) VALUES (999, 'the future')\"); s.close()"
    )
    store = f"chdb://{tmp_path}/store"
    subprocess.run([sys.executable, "-c", code, store], check=True, env=clean_environment(tmp_path, {}))
    for words in (["runs"], ["up", "--grpc-port", "0", "--http-port", "0", "--clickhouse-port", "0"]):
        said = playhead_alone(tmp_path, *words, "--store", store)
        assert said.status == 2 and "has schema 999" in said.err and "newer" in said.err, said.err


def test_a_collector_that_stopped_meanwhile_is_no_riddle(tmp_path: Path) -> None:
    collector = start(tmp_path)
    port = collector.ports[2]
    assert collector.end() == 0
    said = playhead_alone(tmp_path, "runs", "--store", f"clickhouse://127.0.0.1:{port}/playhead")
    assert said.status == 2 and "does not answer" in said.err and "Traceback" not in said.err
    assert playhead_alone(tmp_path, "runs", "--json", "--store", collector.store).status == 0


def _spans(path: Path) -> list[bytes]:
    data = TracesData.FromString(path.read_bytes())
    return sorted(
        span.SerializeToString(deterministic=True)
        for resource in data.resource_spans
        for scope in resource.scope_spans
        for span in scope.spans
    )
