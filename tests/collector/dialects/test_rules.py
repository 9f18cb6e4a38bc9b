"""What the dialects say in general, on spans written by hand: the rules that real traces taught."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from opentelemetry.proto.trace.v1.trace_pb2 import Span
from tests.collector.database import StoreDatabase
from tests.collector.dialects.spans import Emitter, log, logs, span, traces


def step_of(database: StoreDatabase, one: Span) -> Mapping[str, Any]:
    database.insert(traces(one))
    return stored(database, one)


def steps_of(database: StoreDatabase, spans: Sequence[Span]) -> list[Mapping[str, Any]]:
    """Of one insert, which takes as long as one of a single span; each is in a trace of its own."""
    database.insert(traces(*spans))
    return [stored(database, one) for one in spans]


def stored(database: StoreDatabase, one: Span) -> Mapping[str, Any]:
    [row] = database.rows(
        "SELECT * FROM steps WHERE run_id = {run:String} AND step_id = {step:String}",
        run=one.trace_id.hex(),
        step=one.span_id.hex(),
    )
    return row


def run_of(database: StoreDatabase, *sent: Span | Emitter) -> Mapping[str, Any]:
    """The row of the first span's run."""
    database.insert(traces(*sent))
    spans = [one for item in sent for one in (item.spans if isinstance(item, Emitter) else [item])]
    database.recompute({one.trace_id.hex() for one in spans})
    return stored_run(database, spans[0])


def stored_run(database: StoreDatabase, one: Span) -> Mapping[str, Any]:
    [row] = database.rows("SELECT * FROM runs WHERE run_id = {run:String}", run=one.trace_id.hex())
    return row


def chat(**more: Any) -> dict[str, Any]:
    return {"gen_ai.operation.name": "chat", "gen_ai.request.model": "gpt-4o-mini", **more}


def used(tokens_in: int, tokens_out: int) -> dict[str, int]:
    return {"gen_ai.usage.input_tokens": tokens_in, "gen_ai.usage.output_tokens": tokens_out}


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


def test_an_agent_that_repeats_its_childrens_usage_counts_none_of_it(database: StoreDatabase) -> None:
    agent = span("invoke_agent a", {"gen_ai.operation.name": "invoke_agent", **used(84, 34)}, at=(0, 100))
    first = span("chat", chat(**used(42, 17)), parent=agent, at=(1, 40))
    second = span("chat", chat(**used(42, 17)), parent=agent, at=(50, 90))
    run = run_of(database, agent, first, second)
    assert (run["prompts"], run["input_tokens"], run["output_tokens"]) == (2, 84, 34)


def test_prompts_in_prompts_count_at_the_bottom_at_any_depth(database: StoreDatabase) -> None:
    outer = span("LM.__call__", {"openinference.span.kind": "LLM", "llm.token_count.prompt": 84}, at=(0, 100))
    chain = span("adapter", {"openinference.span.kind": "CHAIN"}, parent=outer, at=(1, 99))
    middle = span("completion", chat(**used(42, 17)), parent=chain, at=(2, 50))
    inner = span("openai.chat", chat(**used(42, 17)), parent=middle, at=(3, 49))
    again = span("completion", chat(**used(42, 17)), parent=chain, at=(52, 98))
    run = run_of(database, outer, chain, middle, inner, again)
    assert (run["prompts"], run["input_tokens"], run["output_tokens"]) == (2, 84, 34)


def test_a_generation_that_alone_knows_the_usage_of_its_steps_gives_tokens_and_they_the_count(
    database: StoreDatabase,
) -> None:
    agent = span("invoke_agent weather", {"gen_ai.operation.name": "invoke_agent"}, at=(0, 100))
    generation = span("chat gpt-4o-mini", chat(**used(84, 34)), parent=agent, at=(1, 99))
    steps = [
        span(f"step {at}", {"gen_ai.operation.name": "model_step"}, parent=generation, at=(at, at + 30))
        for at in (5, 50)
    ]
    run = run_of(database, agent, generation, *steps)
    assert (run["prompts"], run["input_tokens"], run["output_tokens"]) == (2, 84, 34)
    assert run["calls_without_usage"] == 0
    assert run["unpriced_calls"] == 0
    assert run["cost_usd"] > 0
    assert run["models"] == ["gpt-4o-mini"]
    rows = database.rows("SELECT is_sum, input_tokens FROM calls WHERE run_id = {run:String}", run=run["run_id"])
    assert sorted((row["is_sum"], row["input_tokens"]) for row in rows) == [(0, None), (0, None), (1, 84)]


def test_an_embedding_told_by_two_is_one(database: StoreDatabase) -> None:
    attributes = {
        "gen_ai.operation.name": "embeddings",
        "gen_ai.request.model": "text-embedding-3-small",
        "gen_ai.usage.input_tokens": 8,
    }
    outer = span("embeddings", attributes, at=(0, 50))
    inner = span("embeddings", attributes, parent=outer, at=(1, 49))
    run = run_of(database, outer, inner)
    assert (run["calls.kind"], run["calls.input_tokens"], run["prompts"]) == (["retrieval"], [8], 0)


def anthropic(response: str | None, **more: Any) -> dict[str, Any]:
    named = {"gen_ai.response.id": response} if response else {}
    return {"gen_ai.operation.name": "chat", "gen_ai.request.model": "claude-sonnet-4-5", **named, **more}


def test_siblings_of_two_emitters_with_one_response_id_are_one_call(database: StoreDatabase) -> None:
    root = span("root", at=(0, 100))
    theirs = span("anthropic.chat", anthropic("msg_s", **used(46, 18)), parent=root, at=(1, 50))
    own = span("anthropic.messages.create", anthropic("msg_s", **used(46, 17)), parent=root, at=(2, 49))
    run = run_of(database, root, theirs, Emitter("com.anthropic.sdk.python", spans=[own]))
    # The one nearest to the wire counts: the other may have added up a stream wrongly.
    assert (run["prompts"], run["output_tokens"]) == (1, 17)


def test_of_two_tellings_that_agree_the_one_with_the_messages_counts(database: StoreDatabase) -> None:
    root = span("root", at=(0, 100))
    asked = {"gen_ai.input.messages": '[{"role": "user", "parts": [{"type": "text", "content": "hi"}]}]'}
    theirs = span("anthropic.chat", anthropic("msg_c", **used(46, 17), **asked), parent=root, at=(1, 50))
    own = span("anthropic.messages.create", anthropic("msg_c", **used(46, 17)), parent=theirs, at=(2, 49))
    run = run_of(database, root, theirs, Emitter("com.anthropic.sdk.python", spans=[own]))
    assert run["calls.step_id"] == [theirs.span_id.hex()]
    assert (run["prompts"], run["output_tokens"]) == (1, 17)


def test_failed_siblings_of_two_emitters_are_one_call_and_of_one_emitter_two(database: StoreDatabase) -> None:
    root = span("root", at=(0, 100))
    theirs = span("anthropic.chat", anthropic(None), parent=root, at=(1, 50), error="500")
    own = span("anthropic.messages.create", anthropic(None), parent=root, at=(2, 49), error="500")
    run = run_of(database, root, theirs, Emitter("com.anthropic.sdk.python", spans=[own]))
    assert run["prompts"] == 1

    root = span("root", at=(0, 100))
    both = [span("anthropic.chat", anthropic(None), parent=root, at=at, error="500") for at in ((1, 50), (2, 49))]
    assert run_of(database, root, *both)["prompts"] == 2


def test_one_call_told_in_two_traces_is_counted_in_the_one_that_has_its_content(database: StoreDatabase) -> None:
    asked = {"llm.input_messages.0.message.role": "user", "llm.input_messages.0.message.content": "hi"}
    theirs = span(
        "messages.stream",
        {
            "openinference.span.kind": "LLM",
            "output.value": json.dumps({"id": "msg_two_traces", "content": []}),
            "llm.token_count.prompt": 46,
            **asked,
        },
        at=(0, 50),
    )
    own = span("anthropic.messages.create", anthropic("msg_two_traces", **used(46, 17)), at=(1, 49))
    database.insert(traces(theirs), traces(own))
    database.recompute([own.trace_id.hex()])
    assert stored_run(database, theirs)["prompts"] == 1
    assert stored_run(database, own)["prompts"] == 0


def test_an_agent_that_repeats_a_response_id_takes_no_call_away(database: StoreDatabase) -> None:
    agent = span(
        "invoke_agent", {"gen_ai.operation.name": "invoke_agent", "gen_ai.response.id": "resp_a", **used(1, 1)}
    )
    prompt = span("chat", chat(**{"gen_ai.response.id": "resp_a"}, **used(42, 17)), at=(1, 9))
    database.insert(traces(agent), traces(prompt))
    database.recompute([agent.trace_id.hex(), prompt.trace_id.hex()])
    assert stored_run(database, prompt)["prompts"] == 1


def test_a_response_id_seen_again_at_another_time_is_another_call(database: StoreDatabase) -> None:
    root = span("root", at=(0, 1000))
    attributes = chat(**{"gen_ai.response.id": "cached"}, **used(42, 17))
    run = run_of(
        database,
        root,
        span("chat", attributes, parent=root, at=(1, 50)),
        span("chat", attributes, parent=root, at=(500, 550)),
        # Overlaps nothing, but makes the run one that must be looked at.
        span("chat", chat(**used(1, 1)), parent=root, at=(510, 540)),
    )
    assert run["prompts"] == 3


def test_a_streamed_answer_logged_after_its_request_is_one_call_even_with_a_third_telling(
    database: StoreDatabase,
) -> None:
    root = span("claude", at=(0, 100))
    asked = {"gen_ai.input.messages": '[{"role": "user", "parts": []}]'}
    request = span("Message", anthropic(None, **asked), parent=root, at=(1, 3))
    own = span("anthropic.messages.create", anthropic("msg_l", **used(46, 17)), parent=request, at=(2, 80))
    answer = span(
        "streaming response took",
        anthropic(None, **asked, **used(46, 17), **{"logfire.span_type": "log"}),
        parent=root,
        at=(81, 81),
    )
    run = run_of(database, root, request, answer, Emitter("com.anthropic.sdk.python", spans=[own]))
    assert (run["prompts"], run["input_tokens"], run["output_tokens"]) == (1, 46, 17)


def test_a_tool_told_by_framework_client_and_server_ran_once(database: StoreDatabase) -> None:
    named = {"gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": "get_weather"}
    agent = span("invoke_agent", {"gen_ai.operation.name": "invoke_agent"}, at=(0, 100))
    framework = span(
        "execute_tool get_weather", {**named, "gen_ai.tool.call.arguments": "{}"}, parent=agent, at=(1, 50)
    )
    client = span("tools/call get_weather", {**named, "mcp.method.name": "tools/call"}, parent=framework, at=(2, 49))
    server = span("mcp.server", {"traceloop.span.kind": "server"}, parent=client, at=(3, 48))
    inner = span("get_weather.tool", named, parent=server, at=(4, 47))
    again = span("execute_tool get_weather", named, parent=agent, at=(60, 70))
    assert run_of(database, agent, framework, client, server, inner, again)["tool_calls"] == 2


def test_a_failed_prompt_that_the_application_caught_does_not_fail_its_run(database: StoreDatabase) -> None:
    root = span("workflow", at=(0, 100))
    caught = span("chat", chat(), parent=root, at=(1, 9), error="500")
    assert run_of(database, root, caught)["status"] == "ok"
    flow = span("invoke_workflow", {"gen_ai.operation.name": "invoke_workflow"}, at=(0, 100))
    agent = span("invoke_agent", {"gen_ai.operation.name": "invoke_agent"}, parent=flow, at=(1, 99), error="gave up")
    run = run_of(database, flow, agent)
    assert (run["status"], run["error"]) == ("error", "gave up")


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
