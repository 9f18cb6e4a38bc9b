"""What frameworks with a dialect of their own send, as their sources write it."""

from __future__ import annotations

import json

import pytest
from tests.collector.database import StoreDatabase
from tests.collector.dialects.outline import outline
from tests.collector.dialects.spans import Emitter, span

WEATHER = json.dumps({"city": "Paris"})


def test_genkit(database: StoreDatabase) -> None:
    """A model's step is told by its subtype, and its name is the model's."""
    flow = span(
        "weatherFlow",
        {
            "genkit:type": "action",
            "genkit:metadata:subtype": "flow",
            "genkit:name": "weatherFlow",
            "genkit:input": '"Weather?"',
        },
        at=(0, 100),
    )
    util = span(
        "generate",
        {
            "genkit:type": "util",
            "genkit:name": "generate",
            "genkit:input": "{}",
            "genkit:output": '{"usage": {"inputTokens": 42}}',
        },
        parent=flow,
        at=(1, 99),
    )
    asks = span(
        "openai/gpt-4o-mini",
        {
            "genkit:type": "action",
            "genkit:metadata:subtype": "model",
            "genkit:name": "openai/gpt-4o-mini",
            "genkit:input": json.dumps(
                {"messages": [{"role": "user", "content": [{"text": "Weather?"}]}], "tools": [], "config": {}}
            ),
            "genkit:output": json.dumps(
                {
                    "message": {
                        "role": "model",
                        "content": [
                            {"toolRequest": {"name": "get_weather", "ref": "call_1", "input": {"city": "Paris"}}}
                        ],
                    },
                    "finishReason": "stop",
                    "usage": {"inputTokens": 42, "outputTokens": 17, "totalTokens": 59, "thoughtsTokens": 5},
                }
            ),
            "genkit:state": "success",
        },
        parent=util,
        at=(2, 50),
    )
    tool = span(
        "get_weather",
        {
            "genkit:type": "action",
            "genkit:metadata:subtype": "tool",
            "genkit:name": "get_weather",
            "genkit:input": WEATHER,
            "genkit:output": '"Paris: 21C"',
        },
        parent=util,
        at=(51, 60),
    )
    assert (
        outline(database, Emitter("genkit-tracer", spans=[flow, util, asks, tool]))
        == """\
agent | user: Weather?
  other 42>? | user: other {} => other {"usage": {"inputTokens": 42}}
    prompt* openai/gpt-4o-mini 42>17 reasoned=5 | user: Weather? => call get_weather {"city": "Paris"} #call_1
    tool get_weather | {"city": "Paris"} => Paris: 21C
= ok calls=1 tools=1 42>17 reasoned=5 cost=1.65e-05"""
    )


def test_mastra(database: StoreDatabase) -> None:
    """The generation counts; the model's steps inside it repeat the usage of each round."""
    used = {"gen_ai.usage.input_tokens": 84, "gen_ai.usage.output_tokens": 34}
    root = span(
        "invoke_agent weather_agent",
        {
            "gen_ai.operation.name": "invoke_agent",
            "mastra.span.type": "agent_run",
            "gen_ai.agent.name": "weather_agent",
            "gen_ai.conversation.id": "thread-1",
            "mastra.agent_run.input": '[{"role": "user", "content": "Weather?"}]',
            "gen_ai.system_instructions": "Be brief.",
        },
        at=(0, 100),
    )
    asks = span(
        "chat gpt-4o-mini",
        {
            "gen_ai.operation.name": "chat",
            "mastra.span.type": "model_generation",
            "gen_ai.request.model": "gpt-4o-mini",
            "gen_ai.provider.name": "openai",
            "gen_ai.input.messages": json.dumps([{"role": "user", "parts": [{"type": "text", "content": "Weather?"}]}]),
            **used,
        },
        parent=root,
        at=(1, 99),
    )
    steps = [
        span(
            "model_step",
            {
                "gen_ai.operation.name": "model_step",
                "mastra.span.type": "model_step",
                "mastra.model_step.output": '{"text": "21C"}',
            },
            parent=asks,
            at=at,
        )
        for at in ((2, 40), (60, 98))
    ]
    chunk = span(
        "chunk: 'text'",
        {"gen_ai.operation.name": "model_chunk", "mastra.span.type": "model_chunk"},
        parent=steps[0],
        at=(3, 4),
    )
    tool = span(
        "execute_tool get_weather",
        {
            "gen_ai.operation.name": "execute_tool",
            "mastra.span.type": "tool_call",
            "gen_ai.tool.name": "get_weather",
            "gen_ai.tool.call.arguments": WEATHER,
            "gen_ai.tool.call.result": '{"temp_c": 21}',
        },
        parent=asks,
        at=(41, 50),
    )
    assert (
        outline(database, Emitter("@mastra/otel-exporter", spans=[root, asks, *steps, chunk, tool]))
        == """\
agent weather_agent | system: Be brief. / user: Weather?
  prompt gpt-4o-mini 84>34 | user: Weather?
    prompt* | => 21C
      other
    tool get_weather | {"city": "Paris"} => {"temp_c": 21}
    prompt* | => 21C
= ok agent=weather_agent session=thread-1 calls=2 tools=1 84>34 cost=3.3e-05"""
    )


def test_haystack(database: StoreDatabase) -> None:
    """An agent's steps are told by the names of their spans alone."""
    flow = span("haystack.pipeline.run", {"haystack.pipeline.input_data": "{}"}, at=(0, 100))
    agent = span(
        "haystack.agent.run", {"haystack.agent.max_steps": 100, "haystack.agent.input": "{}"}, parent=flow, at=(1, 99)
    )
    step = span("haystack.agent.step", {"haystack.agent.step": 0}, parent=agent, at=(2, 98))
    meta = {
        "model": "gpt-4o-mini-2024-07-18",
        "finish_reason": "tool_calls",
        "usage": {"prompt_tokens": 42, "completion_tokens": 17, "prompt_tokens_details": {"cached_tokens": 12}},
    }
    reply = {
        "role": "assistant",
        "meta": meta,
        "content": [{"tool_call": {"tool_name": "get_weather", "arguments": {"city": "Paris"}, "id": "call_1"}}],
    }
    asks = span(
        "haystack.agent.step.llm",
        {
            "haystack.agent.step.llm.input": json.dumps(
                {"messages": [{"role": "user", "content": [{"text": "Weather?"}]}]}
            ),
            "haystack.agent.step.llm.output": json.dumps({"replies": [reply]}),
        },
        parent=step,
        at=(3, 50),
    )
    tool = span(
        "haystack.agent.step.tool",
        {
            "haystack.tool.name": "get_weather",
            "haystack.agent.step.tool.input": WEATHER,
            "haystack.agent.step.tool.output": '"Paris: 21C"',
        },
        parent=step,
        at=(51, 60),
    )
    assert (
        outline(database, flow, agent, step, asks, tool)
        == """\
other | user: other {}
  agent haystack.agent | user: other {}
    other
      prompt* gpt-4o-mini-2024-07-18 42>17 cached=12
          | user: Weather?
          => call get_weather {"city": "Paris"} #call_1
      tool get_weather | {"city": "Paris"} => Paris: 21C
= ok agent=haystack.agent calls=1 tools=1 42>17 cached=12 cost=1.56e-05"""
    )


@pytest.mark.parametrize("private", ["lk.", "lk.pii."])
def test_livekit(database: StoreDatabase, private: str) -> None:
    """What people say is under a name of its own since it can be stripped by name. The node is around the request."""
    turn = span("agent_turn", {"lk.agent_name": "caller", f"{private}user_input": "Weather?"}, at=(0, 100))
    said = {"id": "item_1", "type": "message", "role": "user", "content": ["Weather?"], "interrupted": False}
    called = {"id": "item_2", "type": "function_call", "call_id": "call_1", "name": "get_weather", "arguments": WEATHER}
    node = span(
        "llm_node",
        {
            f"{private}chat_ctx": json.dumps({"items": [said]}),
            "lk.function_tools": '["get_weather"]',
            f"{private}response.text": "",
            f"{private}response.function_calls": json.dumps([{k: v for k, v in called.items() if k != "type"}]),
            "lk.response.ttft": 0.25,
        },
        parent=turn,
        at=(1, 50),
    )
    asks = span(
        "llm_request",
        {
            "gen_ai.operation.name": "chat",
            "gen_ai.request.model": "gpt-4o-mini",
            f"{private}chat_ctx": json.dumps({"items": [said]}),
            "gen_ai.usage.input_tokens": 42,
            "gen_ai.usage.output_tokens": 17,
        },
        parent=node,
        at=(1, 50),
    )
    tool = span(
        "function_tool",
        {
            "lk.function_tool.id": "call_1",
            "lk.function_tool.name": "get_weather",
            f"{private}function_tool.arguments": WEATHER,
            f"{private}function_tool.output": "Paris: 21C",
            "lk.function_tool.is_error": False,
        },
        parent=turn,
        at=(51, 60),
    )
    assert (
        outline(database, Emitter("livekit-agents", spans=[turn, node, asks, tool]))
        == """\
agent caller | user: Weather?
  other | user: Weather?
    prompt* gpt-4o-mini 42>17 | user: Weather?
  tool get_weather | {"city": "Paris"} => Paris: 21C
= ok agent=caller calls=1 tools=1 42>17 cost=1.65e-05"""
    )
