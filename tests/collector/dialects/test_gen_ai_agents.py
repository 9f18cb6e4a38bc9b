"""What agent frameworks send by OpenTelemetry's own conventions, as their sources write it."""

from __future__ import annotations

import json

from tests.collector.database import StoreDatabase
from tests.collector.dialects.gen_ai import ASKED, CALLED, WEATHER, agent, chat, tool
from tests.collector.dialects.outline import outline
from tests.collector.dialects.spans import Emitter, log, span


def test_agent_framework(database: StoreDatabase) -> None:
    """The agent repeats its calls' usage and response id; finish reasons are JSON in a text."""
    root = span(
        "invoke_agent weather_agent",
        agent(
            "weather_agent",
            **{
                "gen_ai.provider.name": "microsoft.agent_framework",
                "gen_ai.conversation.id": "thread-1",
                "gen_ai.response.id": "chatcmpl-af2",
                "gen_ai.usage.input_tokens": 84,
                "gen_ai.usage.output_tokens": 34,
            },
        ),
        at=(0, 100),
    )
    messages = {
        "gen_ai.input.messages": json.dumps(ASKED),
        "gen_ai.output.messages": json.dumps(CALLED),
        "gen_ai.system_instructions": json.dumps([{"type": "text", "content": "Be brief."}]),
        "gen_ai.response.finish_reasons": '["tool_calls"]',
        "gen_ai.provider.name": "openai",
    }
    asks = span("chat gpt-4o-mini", chat(**messages, **{"gen_ai.response.id": "chatcmpl-af1"}), parent=root, at=(1, 30))
    runs = span(
        "execute_tool get_weather",
        tool(
            **{
                "gen_ai.tool.call.id": "call_1",
                "gen_ai.tool.call.arguments": json.dumps(WEATHER),
                "gen_ai.tool.call.result": "Paris: 21C",
            }
        ),
        parent=root,
        at=(31, 40),
    )
    answer = [{"role": "assistant", "parts": [{"type": "text", "content": "21C"}]}]
    ends = span(
        "chat gpt-4o-mini",
        chat(**{**messages, "gen_ai.output.messages": json.dumps(answer), "gen_ai.response.id": "chatcmpl-af2"}),
        parent=root,
        at=(41, 90),
    )
    assert (
        outline(database, root, asks, runs, ends)
        == """\
agent weather_agent 84>34
  prompt* gpt-4o-mini 42>17 tool_calls
      | system: Be brief.
      / user: Weather?
      => call get_weather {"city": "Paris"} #call_1
  tool get_weather | {"city": "Paris"} => Paris: 21C
  prompt* gpt-4o-mini 42>17 tool_calls | system: Be brief. / user: Weather? => 21C
= ok agent=weather_agent session=thread-1 calls=2 tools=1 84>34 cost=3.3e-05"""
    )


def test_semantic_kernel(database: StoreDatabase) -> None:
    """Messages are log records whose body is JSON in a text; a finish reason has its enumeration's name."""
    root = span("invoke_agent helper", agent("helper"), at=(0, 100))
    asks = span(
        "chat.completions gpt-4o-mini",
        {
            **chat(),
            "gen_ai.operation.name": "chat.completions",
            "gen_ai.system": "openai",
            "gen_ai.response.id": "chatcmpl-sk1",
            "gen_ai.response.finish_reason": "FinishReason.TOOL_CALLS",
        },
        parent=root,
        at=(1, 30),
    )
    call = {
        "id": "call_1",
        "type": "function",
        "function": {"name": "weather-get_weather", "arguments": json.dumps(WEATHER)},
    }
    message = {"role": "assistant", "tool_calls": [call]}
    records = [
        log(asks, "", {"event.name": "gen_ai.user.message"}, json.dumps({"role": "user", "content": "Weather?"})),
        log(
            asks,
            "",
            {"event.name": "gen_ai.choice"},
            json.dumps({"index": 0, "finish_reason": "tool_calls", "message": message}),
            at=2,
        ),
    ]
    runs = span(
        "execute_tool weather-get_weather",
        tool(**{"gen_ai.tool.call.arguments": json.dumps(WEATHER), "gen_ai.tool.call.result": "Paris: 21C"}),
        parent=root,
        at=(31, 40),
    )
    assert (
        outline(database, root, asks, runs, records=records)
        == """\
agent helper
  prompt* gpt-4o-mini 42>17 tool_calls | user: Weather? => call weather-get_weather {"city": "Paris"} #call_1
  tool get_weather | {"city": "Paris"} => Paris: 21C
= ok agent=helper calls=1 tools=1 42>17 cost=1.65e-05"""
    )


def test_semantic_kernel_for_dotnet(database: StoreDatabase) -> None:
    asks = span(
        "chat.completions gpt-4o-mini",
        {**chat(), "gen_ai.operation.name": "chat.completions"},
        events=[
            ("gen_ai.content.prompt", {"gen_ai.prompt": '[{"role": "user", "content": "Weather?"}]'}),
            ("gen_ai.content.completion", {"gen_ai.completion": '[{"role": "assistant", "content": "21C"}]'}),
        ],
    )
    assert (
        outline(database, asks)
        == """\
prompt* gpt-4o-mini 42>17 | user: Weather? => 21C
= ok calls=1 42>17 cost=1.65e-05"""
    )


def test_autogen(database: StoreDatabase) -> None:
    made = span(
        "create_agent weather", {"gen_ai.operation.name": "create_agent", "gen_ai.agent.name": "weather"}, at=(0, 5)
    )
    runs = span("invoke_agent weather", agent("weather", **{"gen_ai.system": "autogen"}), parent=made, at=(1, 4))
    calls = span("execute_tool get_weather", tool(**{"gen_ai.system": "autogen"}), parent=runs, at=(2, 3))
    sends = span("autogen send weather", {"messaging.operation": "publish"}, parent=runs, at=(3, 3.5))
    assert (
        outline(database, made, runs, calls, sends)
        == """\
agent weather
  agent weather
    tool get_weather
    other
= ok agent=weather tools=1"""
    )


def test_strands_with_the_newest_conventions(database: StoreDatabase) -> None:
    """All content is in events of the span, of which one has what came in and another what went out."""
    details = "gen_ai.client.inference.operation.details"
    root = span("invoke_agent weather", agent("weather", **{"gen_ai.provider.name": "strands-agents"}), at=(0, 100))
    asks = span(
        "chat",
        chat(**{"gen_ai.provider.name": "strands-agents"}),
        parent=root,
        at=(1, 30),
        events=[
            (details, {"gen_ai.input.messages": json.dumps(ASKED)}),
            (details, {"gen_ai.output.messages": json.dumps(CALLED)}),
        ],
    )
    given = [
        {"role": "tool", "parts": [{"type": "tool_call", "name": "get_weather", "id": "call_1", "arguments": WEATHER}]}
    ]
    back = [
        {
            "role": "tool",
            "parts": [{"type": "tool_call_response", "id": "call_1", "response": [{"text": "Paris: 21C"}]}],
        }
    ]
    runs = span(
        "execute_tool get_weather",
        tool(),
        parent=root,
        at=(31, 40),
        events=[
            (details, {"gen_ai.input.messages": json.dumps(given)}),
            (details, {"gen_ai.output.messages": json.dumps(back)}),
        ],
    )
    assert (
        outline(database, root, asks, runs)
        == """\
agent weather
  prompt* gpt-4o-mini 42>17 | user: Weather? => call get_weather {"city": "Paris"} #call_1
  tool get_weather | {"city": "Paris"} => Paris: 21C
= ok agent=weather calls=1 tools=1 42>17 cost=1.65e-05"""
    )


def test_strands_over_claude_counts_its_cache_apart(database: StoreDatabase) -> None:
    asks = span(
        "chat",
        {
            **chat("claude-sonnet-4-5"),
            "gen_ai.usage.input_tokens": 30,
            "gen_ai.usage.cache_read_input_tokens": 12,
            "gen_ai.usage.cache_write_input_tokens": 4,
        },
    )
    assert (
        outline(database, Emitter("strands.telemetry.tracer", spans=[asks]))
        == """\
prompt* claude-sonnet-4-5 46>17 cached=12 written=4
= ok calls=1 46>17 cached=12 written=4 cost=0.0003636"""
    )
