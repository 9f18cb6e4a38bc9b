"""What Vercel's AI SDK sends, as its sources write it."""

from __future__ import annotations

import json

from tests.collector.database import StoreDatabase
from tests.collector.dialects.outline import outline
from tests.collector.dialects.spans import Emitter, span

WEATHER = json.dumps({"city": "Paris"})


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
