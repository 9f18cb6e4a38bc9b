"""What OpenLLMetry's (Traceloop's) instrumentations of frameworks send, as their sources write it."""

from __future__ import annotations

import json
from typing import Any

from tests.collector.database import StoreDatabase
from tests.collector.dialects.outline import outline
from tests.collector.dialects.spans import Emitter, span

WEATHER = {"city": "Paris"}
ASKED = json.dumps([{"role": "user", "parts": [{"type": "text", "content": "Weather?"}]}])
CALLED = json.dumps(
    [
        {
            "role": "assistant",
            "parts": [{"type": "tool_call", "id": "call_1", "name": "get_weather", "arguments": WEATHER}],
            "finish_reason": "tool_call",
        }
    ]
)


def chat(model: str = "gpt-4o-mini", /, **more: Any) -> dict[str, Any]:
    return {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": "openai",
        "gen_ai.request.model": model,
        "gen_ai.usage.input_tokens": 42,
        "gen_ai.usage.output_tokens": 17,
        "gen_ai.input.messages": ASKED,
        "gen_ai.output.messages": CALLED,
        **more,
    }


def test_langchain(database: StoreDatabase) -> None:
    """A tool's arguments stand among what LangChain knows of its call, its result in a message of LangChain's."""
    flow = span(
        "LangGraph.workflow",
        {
            "traceloop.span.kind": "workflow",
            "traceloop.entity.name": "LangGraph",
            "traceloop.association.properties.session_id": "sess-1",
            "traceloop.association.properties.user_id": "user-42",
            "traceloop.entity.input": json.dumps(
                {"inputs": {"messages": []}, "tags": [], "metadata": {}, "kwargs": {}}
            ),
        },
        at=(0, 100),
    )
    agent = span(
        "invoke_agent weather_agent",
        {
            "gen_ai.operation.name": "invoke_agent",
            "gen_ai.agent.name": "weather_agent",
            "gen_ai.provider.name": "langgraph",
        },
        parent=flow,
        at=(1, 99),
    )
    task = span(
        "execute_task model",
        {"traceloop.span.kind": "task", "gen_ai.operation.name": "execute_task", "traceloop.entity.name": "model"},
        parent=agent,
        at=(2, 40),
    )
    asks = span(
        "ChatOpenAI.chat",
        chat(**{"gen_ai.response.id": "chatcmpl-lc1", "gen_ai.usage.cache_read.input_tokens": 12}),
        parent=task,
        at=(3, 39),
    )
    wire = span("openai.chat", chat(**{"gen_ai.response.id": "chatcmpl-lc1"}), parent=asks, at=(4, 38))
    arguments = {
        "input_str": "{'city': 'Paris'}",
        "tags": ["seq:step:1"],
        "metadata": {},
        "inputs": WEATHER,
        "kwargs": {},
    }
    result = {
        "output": {
            "lc": 1,
            "type": "constructor",
            "id": ["langchain", "schema", "messages", "ToolMessage"],
            "kwargs": {"content": "Paris: 21C", "type": "tool", "name": "get_weather", "tool_call_id": "call_1"},
        },
        "kwargs": {"tags": []},
    }
    tool = span(
        "execute_tool get_weather",
        {
            "traceloop.span.kind": "tool",
            "traceloop.entity.name": "get_weather",
            "gen_ai.operation.name": "execute_tool",
            "gen_ai.tool.name": "get_weather",
            "gen_ai.tool.call.arguments": json.dumps(arguments),
            "gen_ai.tool.call.result": json.dumps(result),
        },
        parent=agent,
        at=(41, 50),
    )
    fails = span(
        "ChatOpenAI.chat",
        {"gen_ai.operation.name": "chat", "gen_ai.request.model": "unknown", "error.type": "APIError"},
        parent=agent,
        at=(51, 60),
        error="500",
    )
    openai = Emitter("opentelemetry.instrumentation.openai.v1", spans=[wire])
    assert (
        outline(database, flow, agent, task, asks, openai, tool, fails)
        == """\
agent | user: other {"inputs": {"messages": []}, "tags": [], "metadata": {}, "kw…
  agent weather_agent
    other
      prompt* gpt-4o-mini 42>17 cached=12 | user: Weather? => call get_weather {"city": "Paris"} #call_1
        prompt gpt-4o-mini 42>17 | user: Weather? => call get_weather {"city": "Paris"} #call_1
    tool get_weather | {"city": "Paris"} => Paris: 21C
    prompt* error
= ok agent=weather_agent session=sess-1 user=user-42 calls=2 tools=1 42>17 cached=12 cost=1.56e-05"""
    )


def test_crewai(database: StoreDatabase) -> None:
    """The agent repeats the usage of all that it did so far, with a model."""
    crew = span(
        "crewai.workflow", {"gen_ai.provider.name": "crewai", "gen_ai.operation.name": "invoke_agent"}, at=(0, 100)
    )
    task = span(
        "Find the weather.task",
        {"traceloop.span.kind": "task", "gen_ai.operation.name": "invoke_agent", "traceloop.entity.output": "21C"},
        parent=crew,
        at=(1, 99),
    )
    agent = span(
        "Reporter.agent",
        {
            "traceloop.span.kind": "agent",
            "gen_ai.operation.name": "invoke_agent",
            "gen_ai.agent.name": "Reporter",
            "gen_ai.request.model": "gpt-4o-mini",
            "gen_ai.usage.input_tokens": 84,
            "gen_ai.usage.output_tokens": 34,
        },
        parent=task,
        at=(2, 98),
    )
    asks = [
        span(
            "gpt-4o-mini.llm", {key: value for key, value in chat().items() if "usage" not in key}, parent=agent, at=at
        )
        for at in ((3, 40), (50, 90))
    ]
    wires = [span("openai.chat", chat(), parent=one, at=at) for one, at in zip(asks, ((4, 39), (51, 89)), strict=True)]
    openai = Emitter("opentelemetry.instrumentation.openai.v1", spans=wires)
    assert (
        outline(database, crew, task, agent, *asks, openai)
        == """\
agent
  agent | => 21C
    agent Reporter 84>34
      prompt gpt-4o-mini | user: Weather? => call get_weather {"city": "Paris"} #call_1
        prompt* gpt-4o-mini 42>17 | user: Weather? => call get_weather {"city": "Paris"} #call_1
      prompt gpt-4o-mini | user: Weather? => call get_weather {"city": "Paris"} #call_1
        prompt* gpt-4o-mini 42>17 | user: Weather? => call get_weather {"city": "Paris"} #call_1
= ok agent=Reporter calls=2 84>34 cost=3.3e-05"""
    )


def test_llama_index(database: StoreDatabase) -> None:
    """Every step is a task; one that names a tool calls it."""
    flow = span(
        "FunctionAgent.workflow",
        {"traceloop.span.kind": "workflow", "traceloop.entity.name": "FunctionAgent.workflow"},
        at=(0, 100),
    )
    asks = span(
        "OpenAI.task",
        {"traceloop.span.kind": "task", "traceloop.entity.name": "OpenAI.task", **chat()},
        parent=flow,
        at=(1, 40),
    )
    old = span(
        "OpenAI.task",
        {
            "traceloop.span.kind": "task",
            "llm.request.type": "chat",
            "gen_ai.request.model": "gpt-4o-mini",
            "gen_ai.prompt.0.role": "user",
            "gen_ai.prompt.0.content": "Weather?",
            "gen_ai.completion.0.role": "assistant",
            "gen_ai.completion.0.content": "21C",
            "gen_ai.usage.prompt_tokens": 42,
            "gen_ai.usage.completion_tokens": 17,
        },
        parent=flow,
        at=(41, 50),
    )
    tool = span(
        "call_tool.task",
        {
            "traceloop.span.kind": "task",
            "traceloop.entity.name": "call_tool.task",
            "tool.name": "get_weather",
            "tool.arguments": json.dumps(WEATHER),
            "traceloop.entity.input": '{"ctx": "...", "ev": {}}',
            "traceloop.entity.output": '"Paris: 21C"',
        },
        parent=flow,
        at=(51, 60),
    )
    inner = span(
        "FunctionTool.task",
        {"traceloop.span.kind": "task", "traceloop.entity.name": "FunctionTool.task"},
        parent=tool,
        at=(52, 59),
    )
    assert (
        outline(database, flow, asks, old, tool, inner)
        == """\
agent
  prompt* gpt-4o-mini 42>17 | user: Weather? => call get_weather {"city": "Paris"} #call_1
  prompt* gpt-4o-mini 42>17 | user: Weather? => 21C
  tool get_weather | {"city": "Paris"} => Paris: 21C
    other
= ok calls=2 tools=1 84>34 cost=3.3e-05"""
    )


def test_openai_agents(database: StoreDatabase) -> None:
    flow = span(
        "Agent Workflow", {"traceloop.span.kind": "workflow", "traceloop.workflow.name": "Agent Workflow"}, at=(0, 100)
    )
    agent = span(
        "triage.agent",
        {"traceloop.span.kind": "agent", "gen_ai.agent.name": "triage", "gen_ai.operation.name": "invoke_agent"},
        parent=flow,
        at=(1, 60),
    )
    asks = span("openai.response", chat(**{"gen_ai.response.id": "resp_tl1"}), parent=agent, at=(2, 30))
    tool = span(
        "get_weather.tool",
        {
            "traceloop.span.kind": "tool",
            "gen_ai.tool.name": "get_weather",
            "gen_ai.operation.name": "execute_tool",
            "gen_ai.tool.call.arguments": json.dumps(WEATHER),
            "gen_ai.tool.call.result": "Paris: 21C",
        },
        parent=agent,
        at=(31, 40),
    )
    hands = span(
        "triage → weather.handoff",
        {"traceloop.span.kind": "handoff", "gen_ai.operation.name": "handoff", "gen_ai.agent.name": "triage"},
        parent=agent,
        at=(41, 42),
    )
    assert (
        outline(database, flow, agent, asks, tool, hands)
        == """\
agent
  agent triage
    prompt* gpt-4o-mini 42>17 | user: Weather? => call get_weather {"city": "Paris"} #call_1
    tool get_weather | {"city": "Paris"} => Paris: 21C
    decision
= ok agent=triage calls=1 tools=1 42>17 cost=1.65e-05"""
    )


def test_mcp_client_and_server(database: StoreDatabase) -> None:
    agent = span("a.agent", {"traceloop.span.kind": "agent", "traceloop.entity.name": "a"}, at=(0, 100))
    session = span("mcp.client.session", {"traceloop.span.kind": "session"}, parent=agent, at=(1, 99))
    client = span(
        "get_weather.tool",
        {
            "traceloop.span.kind": "tool",
            "traceloop.entity.name": "get_weather",
            "traceloop.entity.input": json.dumps({"tool_name": "get_weather", "arguments": WEATHER}),
            "traceloop.entity.output": json.dumps([{"type": "text", "content": "Paris: 21C"}]),
        },
        parent=session,
        at=(2, 40),
    )
    server = span(
        "mcp.server",
        {"traceloop.span.kind": "server", "traceloop.entity.name": "mcp.server"},
        parent=client,
        at=(3, 39),
    )
    runs = span(
        "get_weather.tool",
        {
            "traceloop.span.kind": "tool",
            "traceloop.entity.name": "get_weather",
            "traceloop.entity.input": json.dumps({"tool_name": "get_weather", "arguments": WEATHER}),
        },
        parent=server,
        at=(4, 38),
    )
    assert (
        outline(database, agent, session, client, Emitter("fastmcp", "server", [server, runs]))
        == """\
agent a
  other
    tool get_weather | {"city": "Paris"} => Paris: 21C
      other
        tool get_weather | {"city": "Paris"} => ?
= ok agent=a tools=1"""
    )


def test_bedrock_and_gemini(database: StoreDatabase) -> None:
    """Bedrock's own count of input leaves out what was cached."""
    root = span("root", at=(0, 100))
    bedrock = span(
        "bedrock.converse",
        {
            **chat("anthropic.claude-sonnet-4-5-20250929-v1:0"),
            "gen_ai.provider.name": "aws.bedrock",
            "gen_ai.usage.input_tokens": 30,
            "gen_ai.usage.cache_read.input_tokens": 12,
            "gen_ai.usage.cache_creation.input_tokens": 4,
        },
        parent=root,
        at=(1, 30),
    )
    gemini = span(
        "gemini.generate_content",
        {**chat("gemini-2.5-flash"), "gen_ai.operation.name": "generate_content", "gen_ai.provider.name": "gcp.gen_ai"},
        parent=root,
        at=(31, 60),
    )
    vectors = span("chroma.query", {"db.system": "chroma", "db.operation": "query"}, parent=root, at=(61, 70))
    aws = Emitter("opentelemetry.instrumentation.bedrock", spans=[bedrock])
    assert (
        outline(database, root, aws, gemini, vectors)
        == """\
other
  prompt* anthropic.claude-sonnet-4-5-20250929-v1:0 46>17 cached=12 written=4
      | user: Weather?
      => call get_weather {"city": "Paris"} #call_1
  prompt* gemini-2.5-flash 42>17 | user: Weather? => call get_weather {"city": "Paris"} #call_1
  retrieval
= ok calls=2 88>34 cached=12 written=4 cost=0.00045506"""
    )
