"""What the dialects say in general, on spans written by hand: the rules that real traces taught."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from tests.collector.database import StoreDatabase
from tests.collector.dialects.spans import log, logs, span, traces
from tests.collector.dialects.stored import chat, step_of, steps_of, used

FINISH_REASONS: list[tuple[Any, str]] = [
    (["tool_calls"], "tool_calls"),
    ('["tool_calls"]', "tool_calls"),
    (["tool-calls"], "tool_calls"),
    ("tool_use", "tool_calls"),
    ("end_turn", "stop"),
    ("stop, stop", "stop"),
    (["max_tokens"], "length"),
    ("something new", "something new"),
    (None, ""),
]


def test_finish_reasons_are_one_word_however_they_are_said(database: StoreDatabase) -> None:
    spans = [span("chat", chat(**{"gen_ai.response.finish_reasons": said})) for said, _ in FINISH_REASONS]
    assert [step["finish_reason"] for step in steps_of(database, spans)] == [read for _, read in FINISH_REASONS]


TOKEN_COUNTS: list[tuple[Any, int | None]] = [
    (42, 42),
    ("42", 42),
    (42.0, 42),
    (None, None),
    ("many", None),
    ("Infinity", None),
    (-1, None),
    (0, 0),
]


def test_a_token_count_may_be_said_in_any_type_and_unknown_is_not_zero(database: StoreDatabase) -> None:
    spans = [span("chat", chat(**{"gen_ai.usage.input_tokens": said})) for said, _ in TOKEN_COUNTS]
    assert [step["input_tokens"] for step in steps_of(database, spans)] == [read for _, read in TOKEN_COUNTS]


def test_a_null_of_the_best_key_leaves_the_next_one(database: StoreDatabase) -> None:
    step = step_of(database, span("chat", chat(**{"gen_ai.usage.input_tokens": None, "gen_ai.usage.prompt_tokens": 7})))
    assert step["input_tokens"] == 7


def test_max_tokens_of_infinity_stays_an_attribute(database: StoreDatabase) -> None:
    step = step_of(database, span("chat", chat(**{"gen_ai.request.max_tokens": "Infinity"})))
    assert step["attributes"]["gen_ai.request.max_tokens"] == "Infinity"


FIRST_TOKENS: list[tuple[str, float, float]] = [
    ("gen_ai.response.time_to_first_chunk", 0.25, 0.25),
    ("gen_ai.client.operation.time_to_first_chunk", 0.25, 0.25),
    ("gen_ai.server.time_to_first_token", 0.25, 0.25),
    ("gen_ai.server.time_to_first_token", 250, 0.25),
    ("ai.response.msToFirstChunk", 250.0, 0.25),
    ("ai.response.msToFirstChunk", 250, 0.25),
]


def test_time_to_first_token_is_in_seconds(database: StoreDatabase) -> None:
    spans = [span("chat", chat(**{key: said})) for key, said, _ in FIRST_TOKENS]
    assert [step["first_token_seconds"] for step in steps_of(database, spans)] == [one[2] for one in FIRST_TOKENS]


def test_people_and_sessions_may_be_numbers(database: StoreDatabase) -> None:
    step = step_of(database, span("chat", chat(**{"user.id": 42, "session.id": 7})))
    assert (step["user"], step["session"]) == ("42", "7")


KINDS: list[tuple[dict[str, Any], str]] = [
    ({"openinference.span.kind": "LLM"}, "prompt"),
    ({"openinference.span.kind": "PROMPT"}, "other"),
    ({"openinference.span.kind": "RERANKER"}, "retrieval"),
    ({"openinference.span.kind": "UNKNOWN", "llm.model_name": "m"}, "other"),
    ({"playhead.kind": "prompt"}, "prompt"),
    ({"langsmith.span.kind": "prompt", "gen_ai.operation.name": "chat"}, "other"),
    ({"langsmith.span.kind": "llm", "gen_ai.operation.name": "chat"}, "prompt"),
    ({"gen_ai.operation.name": "acompletion"}, "prompt"),
    ({"gen_ai.operation.name": "agent_step"}, "agent"),
    ({"gen_ai.operation.name": "handoff"}, "decision"),
    ({"gen_ai.operation.name": "execute_event_loop_cycle"}, "other"),
    ({"mcp.method.name": "tools/call", "gen_ai.tool.name": "t"}, "tool"),
    ({"mcp.method.name": "tools/list"}, "other"),
    ({"ai.operationId": "ai.streamText.doStream"}, "prompt"),
    ({"ai.operationId": "ai.streamText", "gen_ai.request.model": "m"}, "agent"),
    ({"haystack.component.type": "OpenAIChatGenerator"}, "prompt"),
    ({"langfuse.observation.type": "generation"}, "prompt"),
    ({"langfuse.observation.type": "span", "langfuse.observation.model.name": "m"}, "other"),
    ({"gen_ai.request.model": "m"}, "prompt"),
    ({"http.request.method": "POST"}, "other"),
]


def test_the_kind_of_a_step(database: StoreDatabase) -> None:
    steps = steps_of(database, [span("step", attributes) for attributes, _ in KINDS])
    assert [step["kind"] for step in steps] == [kind for _, kind in KINDS]


TOOLS: list[tuple[str, dict[str, Any], str]] = [
    ("get_weather", {"langfuse.observation.type": "tool"}, "get_weather"),
    ("get_weather", {"langsmith.span.kind": "tool", "gen_ai.operation.name": "execute_tool"}, "get_weather"),
    ("execute_tool get_weather", {"gen_ai.operation.name": "execute_tool"}, "get_weather"),
    ("get_weather.__call__", {"openinference.span.kind": "TOOL"}, "get_weather"),
    ("x.tool", {"traceloop.span.kind": "tool", "traceloop.entity.name": "get_weather"}, "get_weather"),
    ("SimpleTool", {"openinference.span.kind": "TOOL", "tool.name": "get_weather"}, "get_weather"),
]


def test_a_tool_has_a_name(database: StoreDatabase) -> None:
    steps = steps_of(database, [span(name, attributes) for name, attributes, _ in TOOLS])
    assert [(step["kind"], step["tool"]) for step in steps] == [("tool", tool) for _, _, tool in TOOLS]


def test_a_handoff_that_calls_itself_a_tool_is_a_decision(database: StoreDatabase) -> None:
    assert step_of(database, span("handoff to weather", {"openinference.span.kind": "TOOL"}))["kind"] == "decision"


AGENTS: list[tuple[str, dict[str, Any], str]] = [
    ("weather_agent.run", {"openinference.span.kind": "AGENT"}, "weather_agent"),
    ("Agent workflow", {"openinference.span.kind": "AGENT"}, ""),
    ("x.agent", {"traceloop.span.kind": "agent", "traceloop.entity.name": "weather_agent"}, "weather_agent"),
    ("x.workflow", {"traceloop.span.kind": "workflow", "traceloop.entity.name": "flow"}, ""),
    ("invoke_agent gpt-4o", {"gen_ai.operation.name": "invoke_agent"}, ""),
    ("LangGraph", {"metadata": '{"lc_agent_name": "weather_agent"}'}, "weather_agent"),
]


def test_the_name_of_an_agent(database: StoreDatabase) -> None:
    steps = steps_of(database, [span(name, attributes) for name, attributes, _ in AGENTS])
    assert [step["agent"] for step in steps] == [agent for _, _, agent in AGENTS]


def tokens(step: Mapping[str, Any]) -> tuple[int | None, ...]:
    return tuple(step[f"{name}_tokens"] for name in ("input", "output", "cache_read", "cache_write", "reasoning"))


LANGFUSE_USAGE: list[tuple[dict[str, Any], tuple[int | None, ...]]] = [
    # As the OpenAI wrapper hands it on.
    (
        {
            "prompt_tokens": 42,
            "completion_tokens": 17,
            "total_tokens": 59,
            "prompt_tokens_details": {"cached_tokens": 12},
            "completion_tokens_details": {"reasoning_tokens": 5},
        },
        (42, 17, 12, None, 5),
    ),
    # As the LangChain handler does: what is cached is taken out of the input.
    (
        {"input": 30, "output": 12, "total": 59, "input_cache_read": 12, "output_reasoning": 5},
        (42, 17, 12, None, 5),
    ),
    ({"input": 42, "output": 17}, (42, 17, None, None, None)),
    ({"input": 42, "output": 17, "total": 59}, (42, 17, None, None, None)),
    ({"input": 42, "output": 17, "total": 59, "input_cached_tokens": 12}, (42, 17, 12, None, None)),
]


def test_langfuse_usage_is_inclusive_whichever_integration_wrote_it(database: StoreDatabase) -> None:
    generation = {"langfuse.observation.type": "generation", "langfuse.observation.cost_details": '{"total": 0.5}'}
    spans = [
        span("generation", {**generation, "langfuse.observation.usage_details": json.dumps(usage)})
        for usage, _ in LANGFUSE_USAGE
    ]
    steps = steps_of(database, spans)
    assert [tokens(step) for step in steps] == [read for _, read in LANGFUSE_USAGE]
    assert {step["reported_cost"] for step in steps} == {0.5}


def test_langsmith_usage_is_in_its_metadata_or_printed_as_python_does(database: StoreDatabase) -> None:
    usage = {
        "input_tokens": 42,
        "output_tokens": 17,
        "input_token_details": {"cache_read": 12},
        "output_token_details": {"reasoning": 5},
    }
    in_metadata = {"langsmith.span.kind": "llm", "langsmith.metadata.usage_metadata": json.dumps(usage)}
    printed = {
        "langsmith.span.kind": "llm",
        **used(42, 17),
        "gen_ai.usage.input_token_details": "{'cache_read': 12}",
        "gen_ai.usage.output_token_details": "{'reasoning': 5}",
    }
    assert tokens(step_of(database, span("ChatOpenAI", in_metadata))) == (42, 17, 12, None, 5)
    assert tokens(step_of(database, span("ChatOpenAI", printed))) == (42, 17, 12, None, 5)


def test_haystack_says_usage_within_its_component_output(database: StoreDatabase) -> None:
    meta = {"model": "gpt-4o-mini", "usage": {"prompt_tokens": 42, "completion_tokens": 17}}
    attributes = {
        "haystack.component.type": "OpenAIChatGenerator",
        "haystack.component.output": json.dumps({"replies": [{"role": "assistant", "meta": meta}]}),
    }
    step = step_of(database, span("haystack.component.run", attributes))
    assert tokens(step)[:2] == (42, 17)
    assert step["model"] == "gpt-4o-mini"


def test_a_prompt_that_recorded_an_exception_and_no_answer_failed(database: StoreDatabase) -> None:
    failure = [("exception", {"exception.type": "Timeout"})]
    assert step_of(database, span("chat", chat(), events=failure))["status"] == "error"
    assert step_of(database, span("chat", chat(**used(1, 1)), events=failure))["status"] == "ok"


def test_a_tool_may_fail_in_an_attribute(database: StoreDatabase) -> None:
    attributes = {"gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": "t", "gen_ai.tool.status": "error"}
    assert step_of(database, span("execute_tool t", attributes))["status"] == "error"


def test_an_evaluation_is_kept_and_joined_to_its_step(database: StoreDatabase) -> None:
    judged = span("chat", chat(**used(1, 1)))
    said = {"gen_ai.evaluation.name": "Relevance", "gen_ai.evaluation.score.value": 0.75, "gen_ai.response.id": "r"}
    database.insert(traces(judged), logs(log(judged, "gen_ai.evaluation.result", said)))
    [row] = database.rows(
        "SELECT event_name, attribute_keys, attribute_numbers, time FROM log_records "
        "WHERE run_id = {run:String} AND step_id = {step:String}",
        run=judged.trace_id.hex(),
        step=judged.span_id.hex(),
    )
    assert row["event_name"] == "gen_ai.evaluation.result"
    assert row["attribute_keys"][:3] == list(said)
    # Only observed: its time is when it was.
    assert row["time"].year == 2026
