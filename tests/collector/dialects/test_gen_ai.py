"""What clients and gateways of models send by OpenTelemetry's own conventions, as their sources write it."""

from __future__ import annotations

import json

from tests.collector.database import StoreDatabase
from tests.collector.dialects.gen_ai import ASKED, CALLED, WEATHER, chat, tool
from tests.collector.dialects.outline import outline
from tests.collector.dialects.spans import Emitter, log, span


def test_events_of_the_first_conventions_as_log_records(database: StoreDatabase) -> None:
    asks = span("chat gpt-4o-mini", chat(**{"gen_ai.system": "openai"}))
    call = {"id": "call_1", "type": "function", "function": {"name": "get_weather", "arguments": json.dumps(WEATHER)}}
    records = [
        log(asks, "gen_ai.system.message", body={"content": "Be brief."}),
        log(asks, "gen_ai.user.message", body={"content": "Weather?"}, at=2),
        log(asks, "gen_ai.assistant.message", body={"tool_calls": [call]}, at=3),
        log(asks, "gen_ai.tool.message", body={"content": "Paris: 21C", "id": "call_1"}, at=4),
        log(
            asks,
            "gen_ai.choice",
            body={"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": "21C"}},
            at=5,
        ),
    ]
    assert (
        outline(database, asks, records=records)
        == """\
prompt* gpt-4o-mini 42>17
    | system: Be brief.
    / user: Weather?
    / assistant: call get_weather {"city": "Paris"} #call_1
    / tool: result Paris: 21C #call_1
    => 21C
= ok calls=1 42>17 cost=1.65e-05"""
    )


def test_litellm(database: StoreDatabase) -> None:
    """Its log records say their name under a key of their own; the raw request is a second span, and no call."""
    asks = span(
        "litellm_request",
        {
            "gen_ai.operation.name": "acompletion",
            "gen_ai.system": "openai",
            "gen_ai.request.model": "gpt-4o-mini",
            "gen_ai.response.model": "gpt-4o-mini-2024-07-18",
            "gen_ai.response.id": "chatcmpl-ll1",
            "gen_ai.usage.input_tokens": 42,
            "gen_ai.usage.output_tokens": 17,
            "gen_ai.cost.total_cost": 0.25,
            "llm.request.functions.0.name": "get_weather",
            "llm.is_streaming": "False",
        },
        at=(0, 50),
    )
    raw = span(
        "raw_gen_ai_request",
        {"llm.openai.model": "gpt-4o-mini", "llm.openai.id": "chatcmpl-ll1"},
        parent=asks,
        at=(1, 49),
    )
    records = [
        log(
            asks,
            "",
            {"event_name": "gen_ai.content.prompt", "gen_ai.prompt": "Weather?"},
            {"role": "user", "content": "Weather?"},
        ),
        log(
            asks,
            "",
            {"event_name": "gen_ai.content.completion", "finish_reason": "stop", "message.content": "21C"},
            {"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": "21C"}},
            at=2,
        ),
    ]
    assert (
        outline(database, asks, raw, records=records)
        == """\
prompt* gpt-4o-mini-2024-07-18 42>17 | user: Weather? => 21C [get_weather]
  other
= ok calls=1 42>17 cost=0.25"""
    )


def test_spring_ai(database: StoreDatabase) -> None:
    """Counts are texts; a tool's span calls itself the framework's."""
    client = span(
        "spring_ai chat_client",
        {
            "gen_ai.operation.name": "framework",
            "spring.ai.kind": "chat_client",
            "spring.ai.chat.client.conversation.id": "c-1",
        },
        at=(0, 100),
    )
    asks = span(
        "chat gpt-4o-mini",
        {
            "gen_ai.operation.name": "chat",
            "gen_ai.system": "openai",
            "gen_ai.request.model": "gpt-4o-mini",
            "gen_ai.response.model": "gpt-4o-mini-2024-07-18",
            "gen_ai.response.finish_reasons": '["STOP"]',
            "gen_ai.usage.input_tokens": "42",
            "gen_ai.usage.output_tokens": "17",
            "gen_ai.usage.total_tokens": "59",
        },
        parent=client,
        at=(1, 50),
    )
    runs = span(
        "tool_call get_weather",
        {
            "gen_ai.operation.name": "framework",
            "spring.ai.kind": "tool_call",
            "spring.ai.tool.definition.name": "get_weather",
            "spring.ai.tool.call.arguments": json.dumps(WEATHER),
            "spring.ai.tool.call.result": '"Paris: 21C"',
        },
        parent=asks,
        at=(20, 30),
    )
    assert (
        outline(database, client, asks, runs)
        == """\
other
  prompt* gpt-4o-mini-2024-07-18 42>17 stop
    tool get_weather | {"city": "Paris"} => Paris: 21C
= ok session=c-1 calls=1 tools=1 42>17 cost=1.65e-05"""
    )


def test_openlit(database: StoreDatabase) -> None:
    """A prompt names the tools that the model called, which makes it no tool; the input leaves out what was cached."""
    asks = span(
        "chat claude-sonnet-4-5",
        {
            **chat("claude-sonnet-4-5"),
            "gen_ai.provider.name": "anthropic",
            "gen_ai.usage.input_tokens": 30,
            "gen_ai.usage.cache_read.input_tokens": 12,
            "gen_ai.usage.cache_creation.input_tokens": 4,
            "gen_ai.usage.cost": 0.5,
            "gen_ai.tool.name": "get_weather",
            "gen_ai.tool.args": json.dumps(WEATHER),
            "gen_ai.input.messages": json.dumps(ASKED),
            "gen_ai.output.messages": json.dumps(CALLED),
        },
    )
    assert (
        outline(database, Emitter("openlit.otel.tracing", spans=[asks]))
        == """\
prompt* claude-sonnet-4-5 46>17 cached=12 written=4
    | user: Weather?
    => call get_weather {"city": "Paris"} #call_1
= ok calls=1 46>17 cached=12 written=4 cost=0.5"""
    )


def test_google_genai(database: StoreDatabase) -> None:
    asks = span(
        "generate_content gemini-2.5-flash",
        {**chat("gemini-2.5-flash"), "gen_ai.operation.name": "generate_content"},
        at=(0, 50),
    )
    runs = span(
        "execute_tool get_weather",
        tool(
            **{
                "code.function.name": "get_weather",
                "code.function.parameters.city.type": "str",
                "code.function.parameters.city.value": "Paris",
                "code.function.return.value": "Paris: 21C",
            }
        ),
        parent=asks,
        at=(10, 20),
    )
    assert (
        outline(database, asks, runs)
        == """\
prompt* gemini-2.5-flash 42>17
  tool get_weather | {"city": "Paris"} => Paris: 21C
= ok calls=1 tools=1 42>17 cost=5.51e-05"""
    )
