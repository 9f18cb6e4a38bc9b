"""The traces of real frameworks come out as what was really called, counted at the model server and never from a trace.

What an emitter does not say cannot be read; where it misses something, the table below says what, and what it does say.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord
from tests.collector.database import StoreDatabase, fresh_database

from playhead_collector.read.conversation import Conversation
from playhead_collector.read.messages import conversation
from playhead_collector.store.engine import Engine

# Beside the repository, or beside the folder of its worktrees.
_ROOT = Path(__file__).parents[3]
_PLACES = [above / "shared" / "corpus" for above in (_ROOT.parent, _ROOT.parent.parent)]
CORPUS = next((place for place in _PLACES if (place / "truth.json").exists()), _PLACES[0])
pytestmark = pytest.mark.skipif(
    not (CORPUS / "truth.json").exists(),
    reason="the corpus of real traces is not at hand (../shared/corpus beside the repository)",
)


@dataclass(frozen=True, slots=True)
class File:
    """A file of the corpus, and what its emitter does not say; the rest must be exact."""

    name: str
    unsaid: Mapping[str, int] = field(default_factory=dict)
    """By field: what is missing from the truth's sums."""
    unsaid_fields: frozenset[str] = frozenset()
    """Fields that the emitter never names: null, not zero."""
    missed_calls: int = 0
    missed_failures: int = 0
    users: frozenset[str] = frozenset()
    sessions: frozenset[str] = frozenset()
    agents: frozenset[str] = frozenset()
    failed_runs: int = 0
    tools: Mapping[str, tuple[int, Any, Any]] = field(default_factory=dict)
    """By name: how often, with which arguments, with which result."""


WEATHER = {"city": "Paris"}
PARIS = {"city": "Paris", "temp_c": 21}

FILES = [
    File("otel_genai_openai", failed_runs=2),
    File("otel_genai_anthropic", unsaid_fields=frozenset({"reasoning"}), failed_runs=1),
    File(
        "openinference_openai",
        users=frozenset({"user-42"}),
        sessions=frozenset({"sess-1"}),
        failed_runs=2,
    ),
    File("openinference_anthropic", unsaid_fields=frozenset({"reasoning"}), failed_runs=1),
    File(
        "traceloop_sdk",
        # Two streamed answers come without their reasoning.
        unsaid={"reasoning": 10},
        users=frozenset({"user-42"}),
        sessions=frozenset({"sess-1"}),
        agents=frozenset({"weather_agent"}),
        tools={"get_weather_tool": (1, {"args": ["Paris"], "kwargs": {}}, PARIS)},
    ),
    File(
        "traceloop_old_0_40",
        # No span for three calls of the responses API and for Claude's failed one; three streamed answers without
        # usage, and one span that says zero.
        missed_calls=4,
        missed_failures=1,
        unsaid={"input_incl_cache": 302, "output": 119, "cached": 84, "cache_write": 8},
        unsaid_fields=frozenset({"reasoning"}),
    ),
    File(
        "pydantic_ai",
        sessions=frozenset({"*"}),
        agents=frozenset({"weather_agent", "structured", "claude_agent", "bad"}),
        failed_runs=1,
        tools={"get_weather": (4, WEATHER, "Paris: 21C")},
    ),
    File(
        "langgraph_openinference",
        users=frozenset({"user-42"}),
        sessions=frozenset({"sess-1", "thread-2"}),
        agents=frozenset({"weather_agent"}),
        failed_runs=1,
        tools={"get_weather": (3, "Paris", "Paris: 21C")},
    ),
    File(
        "openai_agents_otel",
        agents=frozenset({"triage", "weather", "bad"}),
        failed_runs=1,
        tools={
            "get_weather": (2, WEATHER, "Paris: 21C"),
            "get_weather_fail": (2, WEATHER, "An error occurred while running the tool. Please try again."),
        },
    ),
    File(
        "strands",
        unsaid_fields=frozenset({"reasoning", "cache_write"}),
        users=frozenset({"user-42"}),
        sessions=frozenset({"sess-1"}),
        agents=frozenset({"weather_agent", "bad"}),
        failed_runs=1,
        tools={"get_weather": (1, WEATHER, "Paris: 21C")},
    ),
    File("logfire_sdk", users=frozenset({"user-42"})),
    File(
        "vercel_ai6_json",
        # generateObject tells of input and output alone.
        unsaid={"cached": 12, "reasoning": 5},
        users=frozenset({"user-42"}),
        sessions=frozenset({"sess-1"}),
        agents=frozenset({"weather-fn"}),
        failed_runs=1,
        tools={"get_weather": (2, WEATHER, PARIS)},
    ),
    File(
        "google_adk",
        users=frozenset({"user-42"}),
        sessions=frozenset({"9eee02f9-ea7e-49a9-9021-43a58e9eed7c"}),
        agents=frozenset({"weather_agent"}),
        # Its tool span has the name and the id only.
        tools={"get_weather": (1, None, None)},
    ),
]
by_name = pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)


@dataclass(frozen=True, slots=True)
class Read:
    """What the store says of one file."""

    truth: Mapping[str, Any]
    runs: Sequence[Mapping[str, Any]]
    steps: Sequence[Mapping[str, Any]]

    def total(self, column: str) -> int | None:
        said = [run[column] for run in self.runs if run[column] is not None]
        return sum(said) if said else None

    def calls(self, kind: str) -> list[Mapping[str, Any]]:
        by_id = {(step["run_id"], step["step_id"]): step for step in self.steps}
        return [
            by_id[(run["run_id"], step_id)]
            for run in self.runs
            for step_id, said in zip(run["calls.step_id"], run["calls.kind"], strict=True)
            if said == kind
        ]


@pytest.fixture(scope="module")
def corpus(engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mapping[str, Read]]:
    """All files in one database: what one framework sends must not change how another is read."""
    truth = json.loads((CORPUS / "truth.json").read_text(encoding="utf-8"))
    with fresh_database(engine, tmp_path_factory.mktemp("corpus")) as database:
        for file in FILES:
            database.insert((CORPUS / f"{file.name}.bin").read_bytes())
            if (CORPUS / f"{file.name}.logs.bin").exists():
                request = ExportLogsServiceRequest()
                request.ParseFromString((CORPUS / f"{file.name}.logs.bin").read_bytes())
                database.insert(request)
        database.recompute()
        yield {file.name: _read(database, file.name, truth[file.name]) for file in FILES}


def _read(database: StoreDatabase, name: str, truth: Mapping[str, Any]) -> Read:
    runs = sorted({span.trace_id.hex() for span, _ in _spans(name)})
    return Read(
        truth,
        database.rows("SELECT * FROM runs WHERE run_id IN {runs:Array(String)}", runs=runs),
        database.rows("SELECT * FROM steps WHERE run_id IN {runs:Array(String)}", runs=runs),
    )


@cache
def _spans(name: str) -> list[tuple[Any, Conversation]]:
    """Each span of a file with what it says, its log records joined by trace and span id."""
    records: dict[tuple[bytes, bytes], list[LogRecord]] = {}
    if (CORPUS / f"{name}.logs.bin").exists():
        logs = ExportLogsServiceRequest()
        logs.ParseFromString((CORPUS / f"{name}.logs.bin").read_bytes())
        for resource in logs.resource_logs:
            for scope in resource.scope_logs:
                for record in scope.log_records:
                    records.setdefault((record.trace_id, record.span_id), []).append(record)
    request = ExportTraceServiceRequest()
    request.ParseFromString((CORPUS / f"{name}.bin").read_bytes())
    spans = [span for rs in request.resource_spans for ss in rs.scope_spans for span in ss.spans]
    return [(span, conversation(span, records.get((span.trace_id, span.span_id), ()))) for span in spans]


@by_name
def test_each_model_call_is_counted_once(corpus: Mapping[str, Read], file: File) -> None:
    read = corpus[file.name]
    expected = read.truth["llm_calls"]["logical_total"] - file.missed_calls
    assert read.total("prompts") == expected
    assert len(read.calls("prompt")) == expected


@by_name
def test_failed_calls_are_steps_in_error(corpus: Mapping[str, Read], file: File) -> None:
    read = corpus[file.name]
    logical = read.truth["llm_calls"]["logical"]
    failed = [call for call in read.calls("prompt") if call["status"] == "error"]
    expected = sum(count for status, count in logical.items() if status != "200") - file.missed_failures
    assert len(failed) == expected
    # A call that only OpenInference tells of has no model in its span when it failed.
    assert {call["model"] for call in failed} - {""} <= {"boom", "limit"}


@by_name
@pytest.mark.parametrize(
    ("count", "column"),
    [
        ("input_incl_cache", "input_tokens"),
        ("output", "output_tokens"),
        ("cached", "cache_read_tokens"),
        ("cache_write", "cache_write_tokens"),
        ("reasoning", "reasoning_tokens"),
    ],
)
def test_token_sums_are_exact(corpus: Mapping[str, Read], file: File, count: str, column: str) -> None:
    read = corpus[file.name]
    expected = read.truth["tokens"][count] - file.unsaid.get(count, 0)
    if count in file.unsaid_fields:
        assert read.total(column) is None
    else:
        assert (read.total(column) or 0) == expected


@by_name
def test_models_are_those_that_answered(corpus: Mapping[str, Read], file: File) -> None:
    read = corpus[file.name]
    answered = {
        call["model"] for kind in ("prompt", "retrieval") for call in read.calls(kind) if call["status"] == "ok"
    }
    asked = {call["model"] for call in read.calls("prompt") if call["status"] == "error"} - {""}
    # ADK and Strands name only the model that was asked for.
    plain = {model.removeprefix("openai/").removesuffix("-2024-07-18") for model in answered - {""}}
    assert plain == {model.removesuffix("-2024-07-18") for model in read.truth["models_answered"]}
    assert asked <= set(read.truth["models_requested"])


@by_name
def test_embeddings_are_counted_apart(corpus: Mapping[str, Read], file: File) -> None:
    read = corpus[file.name]
    embeddings = read.calls("retrieval")
    assert len(embeddings) == read.truth["embeddings"]["calls"]
    assert {step["model"] for step in embeddings} == set(read.truth["embeddings"]["models"])
    assert sum(step["input_tokens"] for step in embeddings) == read.truth["embeddings"]["input_tokens_reported"]


@by_name
def test_tool_executions_have_name_arguments_and_result(corpus: Mapping[str, Read], file: File) -> None:
    read = corpus[file.name]
    tools = [step for step in read.steps if step["kind"] == "tool"]
    assert Counter(step["tool"] for step in tools) == {name: count for name, (count, _, _) in file.tools.items()}
    assert len(tools) == read.total("tool_calls") == read.truth["tool_executions"]["counted_at_run_time"]
    contents = {span.span_id.hex(): content for span, content in _spans(file.name)}
    for step in tools:
        content = contents[step["step_id"]]
        said = tuple(value.data if value is not None else None for value in (content.arguments, content.result))
        assert said == file.tools[step["tool"]][1:]


@by_name
def test_failed_tools_are_steps_in_error(corpus: Mapping[str, Read], file: File) -> None:
    read = corpus[file.name]
    failed = Counter(step["tool"] for step in read.steps if step["kind"] == "tool" and step["status"] == "error")
    assert failed == read.truth["tool_executions"]["failed"]


@by_name
def test_runs_know_their_user_session_and_agent(corpus: Mapping[str, Read], file: File) -> None:
    read = corpus[file.name]
    assert {run["user"] for run in read.runs} - {""} == file.users
    sessions = {run["session"] for run in read.runs} - {""}
    # Pydantic AI makes up one for each run.
    assert sessions == file.sessions or (file.sessions == {"*"} and len(sessions) == len(read.runs))
    agents = {step["agent"] for step in read.steps if step["kind"] == "agent"} - {""}
    assert agents == file.agents


@by_name
def test_runs_end_as_they_did(corpus: Mapping[str, Read], file: File) -> None:
    statuses = Counter(run["status"] for run in corpus[file.name].runs)
    assert statuses["error"] == file.failed_runs
    assert statuses["ok"] == len(corpus[file.name].runs) - file.failed_runs


@by_name
def test_what_the_models_said_is_decoded(corpus: Mapping[str, Read], file: File) -> None:
    """All prompts that were counted ask for the weather, and all tool calls in them are the weather's."""
    counted = {step["step_id"] for step in corpus[file.name].calls("prompt")}
    calls = Counter(
        part.name
        for span, content in _spans(file.name)
        if span.span_id.hex() in counted
        for message in content.output
        for part in message.parts
        if part.kind == "tool_call"
    )
    assert set(calls) <= set(corpus[file.name].truth["tool_calls_requested_by_model"])
    for _, content in _spans(file.name):
        for message in (*content.input, *content.output):
            for part in message.parts:
                if part.kind == "tool_call" and part.name == "get_weather":
                    assert part.value == WEATHER


@by_name
def test_calls_with_a_known_model_have_a_price(corpus: Mapping[str, Read], file: File) -> None:
    read = corpus[file.name]
    without_usage = read.truth["tokens"]["calls_without_usage"] or (3 if file.name == "traceloop_old_0_40" else 0)
    assert read.total("unpriced_calls") == without_usage
    assert (read.total("cost_usd") or 0) > 0
