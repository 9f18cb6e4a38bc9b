"""One call is counted once, however many emitters tell of it: the rules that real traces taught."""

from __future__ import annotations

import json
from typing import Any

from tests.collector.database import StoreDatabase
from tests.collector.dialects.spans import Emitter, span, traces
from tests.collector.dialects.stored import chat, run_of, stored_run, used


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
