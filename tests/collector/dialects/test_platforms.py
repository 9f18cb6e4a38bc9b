"""What tracing platforms' kits send, as their sources write it."""

from __future__ import annotations

import json
from typing import Any

from tests.collector.database import StoreDatabase
from tests.collector.dialects.outline import outline
from tests.collector.dialects.spans import Emitter, span

WEATHER = json.dumps({"city": "Paris"})
CALL = {"id": "call_1", "type": "function", "function": {"name": "get_weather", "arguments": WEATHER}}


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
