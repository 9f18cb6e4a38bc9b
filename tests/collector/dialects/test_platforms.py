"""What tracing platforms' kits send, and frameworks with a dialect of their own, as their sources write it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from tests.collector.database import StoreDatabase
from tests.collector.dialects.outline import outline
from tests.collector.dialects.spans import Emitter, span

WEATHER = json.dumps({"city": "Paris"})
CALL = {"id": "call_1", "type": "function", "function": {"name": "get_weather", "arguments": WEATHER}}


def test_vercel_ai_5(database: StoreDatabase) -> None:
    """Over Claude its input leaves out what was cached."""
    outer = span(
        "ai.generateText",
        {
            "operation.name": "ai.generateText weather-fn",
            "ai.operationId": "ai.generateText",
            "ai.telemetry.functionId": "weather-fn",
            "ai.telemetry.metadata.userId": "user-42",
            "ai.telemetry.metadata.sessionId": "sess-1",
            "ai.model.id": "claude-sonnet-4-5",
            "ai.prompt": json.dumps({"messages": [{"role": "user", "content": "Weather?"}]}),
            "ai.usage.promptTokens": 30,
            "ai.usage.completionTokens": 17,
        },
        at=(0, 100),
    )
    asks = span(
        "ai.generateText.doGenerate",
        {
            "ai.operationId": "ai.generateText.doGenerate",
            "ai.model.id": "claude-sonnet-4-5",
            "ai.model.provider": "anthropic.messages",
            "ai.prompt.messages": json.dumps([{"role": "user", "content": [{"type": "text", "text": "Weather?"}]}]),
            "ai.response.finishReason": "tool-calls",
            "ai.response.id": "msg_v5",
            "ai.response.model": "claude-sonnet-4-5",
            "ai.response.toolCalls": json.dumps(
                [{"toolCallId": "call_1", "toolName": "get_weather", "input": WEATHER}]
            ),
            "ai.response.providerMetadata": json.dumps({"anthropic": {"cacheCreationInputTokens": 4}}),
            "ai.usage.inputTokens": 30,
            "ai.usage.outputTokens": 17,
            "ai.usage.cachedInputTokens": 12,
            "gen_ai.system": "anthropic.messages",
            "gen_ai.request.model": "claude-sonnet-4-5",
            "gen_ai.response.finish_reasons": ["tool-calls"],
            "gen_ai.usage.input_tokens": 30,
            "gen_ai.usage.output_tokens": 17,
        },
        parent=outer,
        at=(1, 50),
    )
    tool = span(
        "ai.toolCall",
        {
            "ai.operationId": "ai.toolCall",
            "ai.toolCall.name": "get_weather",
            "ai.toolCall.id": "call_1",
            "ai.toolCall.args": WEATHER,
            "ai.toolCall.result": '{"city":"Paris","temp_c":21}',
        },
        parent=outer,
        at=(51, 60),
    )
    assert (
        outline(database, Emitter("ai", spans=[outer, asks, tool]))
        == """\
agent weather-fn 30>17 | user: Weather?
  prompt* claude-sonnet-4-5 46>17 cached=12 written=4 tool_calls
      | user: Weather?
      => call get_weather {"city": "Paris"} #call_1
  tool get_weather | {"city": "Paris"} => {"city": "Paris", "temp_c": 21}
= ok agent=weather-fn session=sess-1 user=user-42 calls=1 tools=1 46>17 cached=12 written=4 cost=0.0003636"""
    )


def test_vercel_ai_7(database: StoreDatabase) -> None:
    """In OpenTelemetry's words; each round of the loop is a step of its own, which repeats nothing but the usage."""
    used = {
        "gen_ai.usage.input_tokens": 42,
        "gen_ai.usage.output_tokens": 17,
        "gen_ai.usage.cache_read.input_tokens": 12,
    }
    asked = json.dumps([{"role": "user", "parts": [{"type": "text", "content": "Weather?"}]}])
    answered = json.dumps(
        [{"role": "assistant", "parts": [{"type": "text", "content": "21C"}], "finish_reason": "stop"}]
    )
    outer = span(
        "invoke_agent gpt-4o-mini",
        {
            "gen_ai.operation.name": "invoke_agent",
            "gen_ai.agent.name": "weather-fn",
            "gen_ai.request.model": "gpt-4o-mini",
            "ai.settings.context.userId": "user-42",
            **used,
        },
        at=(0, 100),
    )
    step = span(
        "step 0",
        {"gen_ai.operation.name": "agent_step", "ai.settings.context.userId": "user-42"},
        parent=outer,
        at=(1, 99),
    )
    asks = span(
        "chat gpt-4o-mini",
        {
            "gen_ai.operation.name": "chat",
            "gen_ai.provider.name": "openai",
            "gen_ai.request.model": "gpt-4o-mini",
            "gen_ai.response.finish_reasons": ["stop"],
            "gen_ai.response.id": "chatcmpl-v7",
            "gen_ai.input.messages": asked,
            "gen_ai.output.messages": answered,
            "ai.usage.outputTokenDetails.reasoningTokens": 5,
            **used,
        },
        parent=step,
        at=(2, 50),
    )
    embeds = span(
        "embeddings text-embedding-3-small",
        {"gen_ai.operation.name": "embeddings", "gen_ai.request.model": "text-embedding-3-small"},
        parent=step,
        at=(60, 70),
    )
    wire = span(
        "embeddings text-embedding-3-small",
        {
            "gen_ai.operation.name": "embeddings",
            "gen_ai.request.model": "text-embedding-3-small",
            "gen_ai.usage.input_tokens": 8,
        },
        parent=embeds,
        at=(61, 69),
    )
    assert (
        outline(database, Emitter("gen_ai", spans=[outer, step, asks, embeds, wire]))
        == """\
agent weather-fn 42>17 cached=12
  agent
    prompt* gpt-4o-mini 42>17 cached=12 reasoned=5 stop | user: Weather? => 21C
    retrieval text-embedding-3-small
      retrieval* text-embedding-3-small 8>?
= ok agent=weather-fn user=user-42 calls=1 42>17 cached=12 reasoned=5 cost=1.56e-05"""
    )


def test_langsmith_of_a_langchain_agent(database: StoreDatabase) -> None:
    """Details of the usage are deep in the answer as LangChain wrote it."""
    root = span(
        "weather_agent",
        {
            "langsmith.span.kind": "chain",
            "gen_ai.operation.name": "chain",
            "gen_ai.system": "langchain",
            "langsmith.metadata.session_id": "sess-1",
            "langsmith.metadata.user_id": "user-42",
            "langsmith.metadata.lc_agent_name": "weather_agent",
            "gen_ai.prompt": '{"messages": [{"role": "user", "content": "Weather?"}]}',
        },
        at=(0, 100),
    )
    kwargs: dict[str, Any] = {
        "content": "",
        "type": "ai",
        "tool_calls": [{"name": "get_weather", "args": {"city": "Paris"}, "id": "call_1", "type": "tool_call"}],
        "response_metadata": {"finish_reason": "tool_calls", "model_name": "gpt-4o-mini-2024-07-18"},
        "usage_metadata": {
            "input_tokens": 42,
            "output_tokens": 17,
            "input_token_details": {"cache_read": 12},
            "output_token_details": {"reasoning": 5},
        },
    }
    message = {"lc": 1, "type": "constructor", "id": ["langchain", "schema", "messages", "AIMessage"], "kwargs": kwargs}
    human = {
        "lc": 1,
        "type": "constructor",
        "id": ["langchain", "schema", "messages", "HumanMessage"],
        "kwargs": {"content": "Weather?", "type": "human"},
    }
    asks = span(
        "ChatOpenAI",
        {
            "langsmith.span.kind": "llm",
            "gen_ai.operation.name": "chat",
            "gen_ai.system": "openai",
            "gen_ai.request.model": "gpt-4o-mini",
            "gen_ai.usage.input_tokens": 42,
            "gen_ai.usage.output_tokens": 17,
            "gen_ai.prompt": json.dumps({"messages": [[human]]}),
            "gen_ai.completion": json.dumps({"generations": [[{"text": "", "message": message}]], "llm_output": None}),
        },
        parent=root,
        at=(1, 50),
    )
    result = {
        "output": {
            "lc": 1,
            "type": "constructor",
            "id": ["langchain", "schema", "messages", "ToolMessage"],
            "kwargs": {"content": "Paris: 21C", "type": "tool", "tool_call_id": "call_1"},
        }
    }
    tool = span(
        "get_weather",
        {
            "langsmith.span.kind": "tool",
            "gen_ai.operation.name": "execute_tool",
            "gen_ai.prompt": json.dumps({"input": "{'city': 'Paris'}"}),
            "gen_ai.completion": json.dumps(result),
        },
        parent=root,
        at=(51, 60),
    )
    assert (
        outline(database, Emitter("langsmith", spans=[root, asks, tool]))
        == """\
other | user: Weather?
  prompt* gpt-4o-mini-2024-07-18 42>17 cached=12 reasoned=5
      | user: Weather?
      => call get_weather {"city": "Paris"} #call_1
  tool get_weather | {"city": "Paris"} => Paris: 21C
= ok agent=weather_agent session=sess-1 user=user-42 calls=1 tools=1 42>17 cached=12 reasoned=5 cost=1.56e-05"""
    )


def test_langfuse(database: StoreDatabase) -> None:
    root = span(
        "weather_agent",
        {
            "langfuse.observation.type": "agent",
            "langfuse.trace.name": "weather",
            "session.id": "sess-1",
            "user.id": "user-42",
            "langfuse.observation.input": '"Weather?"',
            "langfuse.observation.output": '"21C"',
        },
        at=(0, 100),
    )
    asks = span(
        "OpenAI-generation",
        {
            "langfuse.observation.type": "generation",
            "langfuse.observation.model.name": "gpt-4o-mini-2024-07-18",
            "langfuse.observation.input": json.dumps({"messages": [{"role": "user", "content": "Weather?"}]}),
            "langfuse.observation.output": json.dumps({"role": "assistant", "content": None, "tool_calls": [CALL]}),
            "langfuse.observation.usage_details": json.dumps(
                {
                    "prompt_tokens": 42,
                    "completion_tokens": 17,
                    "total_tokens": 59,
                    "prompt_tokens_details": {"cached_tokens": 12},
                    "completion_tokens_details": {"reasoning_tokens": 5},
                }
            ),
        },
        parent=root,
        at=(1, 50),
    )
    tool = span(
        "get_weather",
        {
            "langfuse.observation.type": "tool",
            "langfuse.observation.input": WEATHER,
            "langfuse.observation.output": '"Paris: 21C"',
        },
        parent=root,
        at=(51, 60),
    )
    fails = span(
        "OpenAI-generation",
        {
            "langfuse.observation.type": "generation",
            "langfuse.observation.model.name": "boom",
            "langfuse.observation.level": "ERROR",
            "langfuse.observation.status_message": "500",
        },
        parent=root,
        at=(61, 70),
    )
    assert (
        outline(database, Emitter("langfuse-sdk", spans=[root, asks, tool, fails]))
        == """\
agent weather_agent | user: Weather? => 21C
  prompt* gpt-4o-mini-2024-07-18 42>17 cached=12 reasoned=5
      | user: Weather?
      => call get_weather {"city": "Paris"} #call_1
  tool get_weather | {"city": "Paris"} => Paris: 21C
  prompt* boom error
= ok agent=weather_agent session=sess-1 user=user-42 calls=2 tools=1 42>17 cached=12 reasoned=5 cost=1.56e-05"""
    )


def test_mlflow(database: StoreDatabase) -> None:
    """Every value is JSON, texts too."""
    root = span("agent", {"mlflow.spanType": '"AGENT"', "mlflow.spanInputs": '{"question": "Weather?"}'}, at=(0, 100))
    asks = span(
        "Completions",
        {
            "mlflow.spanType": '"CHAT_MODEL"',
            "mlflow.llm.model": '"gpt-4o-mini"',
            "mlflow.spanInputs": json.dumps(
                {"model": "gpt-4o-mini", "messages": [{"role": "user", "content": "Weather?"}]}
            ),
            "mlflow.spanOutputs": json.dumps(
                {
                    "id": "x",
                    "choices": [
                        {"finish_reason": "tool_calls", "message": {"role": "assistant", "tool_calls": [CALL]}}
                    ],
                }
            ),
            "mlflow.chat.tokenUsage": '{"input_tokens": 42, "output_tokens": 17, "total_tokens": 59}',
        },
        parent=root,
        at=(1, 50),
    )
    tool = span(
        "get_weather",
        {"mlflow.spanType": '"TOOL"', "mlflow.spanInputs": WEATHER, "mlflow.spanOutputs": '"Paris: 21C"'},
        parent=root,
        at=(51, 60),
    )
    assert (
        outline(database, root, asks, tool)
        == """\
agent | user: other {"question": "Weather?"}
  prompt* gpt-4o-mini 42>17 | user: Weather? => call get_weather {"city": "Paris"} #call_1
  tool get_weather | {"city": "Paris"} => Paris: 21C
= ok calls=1 tools=1 42>17 cost=1.65e-05"""
    )


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


def test_old_logfire_and_pydantic_ai(database: StoreDatabase) -> None:
    """Version 1 wrote messages as a list of events in an attribute, and tools in words of its own."""
    root = span(
        "agent run",
        {
            "agent_name": "weather_agent",
            "model_name": "gpt-4o-mini",
            "logfire.msg": "weather_agent run",
            "all_messages_events": "[]",
        },
        at=(0, 100),
    )
    events = [
        {"event.name": "gen_ai.user.message", "content": "Weather?", "role": "user", "gen_ai.message.index": 0},
        {"event.name": "gen_ai.choice", "index": 0, "message": {"role": "assistant", "tool_calls": [CALL]}},
    ]
    asks = span(
        "chat gpt-4o-mini",
        {
            "gen_ai.operation.name": "chat",
            "gen_ai.system": "openai",
            "gen_ai.request.model": "gpt-4o-mini",
            "gen_ai.usage.input_tokens": 42,
            "gen_ai.usage.output_tokens": 17,
            "gen_ai.usage.details.cached_tokens": 12,
            "events": json.dumps(events),
        },
        parent=root,
        at=(1, 50),
    )
    tool = span(
        "running tool: get_weather",
        {
            "gen_ai.tool.name": "get_weather",
            "gen_ai.tool.call.id": "call_1",
            "tool_arguments": WEATHER,
            "tool_response": "Paris: 21C",
        },
        parent=root,
        at=(51, 60),
    )
    assert (
        outline(database, Emitter("pydantic-ai", spans=[root, asks, tool]))
        == """\
agent weather_agent
  prompt* gpt-4o-mini 42>17 cached=12 | user: Weather? => call get_weather {"city": "Paris"} #call_1
  tool get_weather | {"city": "Paris"} => Paris: 21C
= ok agent=weather_agent calls=1 tools=1 42>17 cached=12 cost=1.56e-05"""
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


def test_openai_agents_through_logfire(database: StoreDatabase) -> None:
    """A span's name is the template of its message, with the tool's or the agent's name in an attribute."""
    flow = span(
        "OpenAI Agents trace: {name}", {"name": "Agent workflow", "logfire.msg": "OpenAI Agents trace: x"}, at=(0, 100)
    )
    agent = span("Agent run: {name!r}", {"name": "triage", "gen_ai.system": "openai"}, parent=flow, at=(1, 99))
    events = [
        {"event.name": "gen_ai.user.message", "content": "Weather?", "role": "user"},
        {"event.name": "gen_ai.choice", "index": 0, "message": {"role": "assistant", "tool_calls": [CALL]}},
    ]
    usage = {
        "input_tokens": 42,
        "input_tokens_details": {"cached_tokens": 12},
        "output_tokens": 17,
        "output_tokens_details": {"reasoning_tokens": 5},
    }
    asks = span(
        "Responses API with {gen_ai.request.model!r}",
        {
            "gen_ai.operation.name": "chat",
            "gen_ai.system": "openai",
            "gen_ai.request.model": "gpt-4o-mini",
            "gen_ai.response.model": "gpt-4o-mini-2024-07-18",
            "gen_ai.usage.input_tokens": 42,
            "gen_ai.usage.output_tokens": 17,
            "events": json.dumps(events),
            "response": json.dumps({"id": "resp_lf1", "usage": usage}),
        },
        parent=agent,
        at=(2, 50),
    )
    tool = span(
        "Function: {name}",
        {"name": "get_weather", "gen_ai.system": "openai", "input": WEATHER, "output": "Paris: 21C"},
        parent=agent,
        at=(51, 60),
    )
    fails = span(
        "Function: {name}",
        {"name": "get_time", "input": "{}", "output": "An error occurred", "error": "{}", "logfire.level_num": 17},
        parent=agent,
        at=(61, 65),
    )
    hands = span(
        "Handoff: {from_agent} → {to_agent}", {"from_agent": "triage", "to_agent": "weather"}, parent=agent, at=(66, 67)
    )
    assert (
        outline(database, Emitter("logfire.openai_agents", spans=[flow, agent, asks, tool, fails, hands]))
        == """\
other
  agent triage
    prompt* gpt-4o-mini-2024-07-18 42>17 cached=12 reasoned=5
        | user: Weather?
        => call get_weather {"city": "Paris"} #call_1
    tool get_weather | {"city": "Paris"} => Paris: 21C
    tool get_time error | {} => An error occurred
    decision
= ok agent=triage calls=1 tools=2 42>17 cached=12 reasoned=5 cost=1.56e-05"""
    )


def test_more_cached_than_input_is_believed_of_claude_alone(database: StoreDatabase) -> None:
    """Its provider leaves out of the input what was cached; of another model such a count has no cost."""
    root = span("root", at=(0, 100))
    used = {
        "gen_ai.usage.input_tokens": 10,
        "gen_ai.usage.output_tokens": 1,
        "gen_ai.usage.cache_read.input_tokens": 20,
    }
    asks = [
        span("chat", {"gen_ai.operation.name": "chat", "gen_ai.request.model": model, **used}, parent=root, at=at)
        for model, at in (("claude-sonnet-4-5", (1, 40)), ("gpt-4o-mini", (50, 90)))
    ]
    assert (
        outline(database, root, *asks)
        == """\
other
  prompt* claude-sonnet-4-5 30>1 cached=20
  prompt* gpt-4o-mini 10>1 cached=20
= ok calls=2 40>2 cached=40 cost=5.1e-05"""
    )
