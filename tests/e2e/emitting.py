"""A small run of an agent, as OpenTelemetry's SDK for Python makes it."""

from __future__ import annotations

import json
from collections.abc import Sequence

from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter


def spans(agent: str, *, user: str = "u-1", asked: str = "Where is my order?") -> list[ReadableSpan]:
    """A run of two steps under a name of its own: the model call, then the agent that made it."""
    memory = InMemorySpanExporter()
    provider = TracerProvider(resource=Resource({"service.name": "desk", "service.version": "3"}))
    provider.add_span_processor(SimpleSpanProcessor(memory))
    tracer = provider.get_tracer("agent")
    with tracer.start_as_current_span(f"invoke_agent {agent}") as above:
        above.set_attributes({"gen_ai.operation.name": "invoke_agent", "gen_ai.agent.name": agent, "user.id": user})
        with tracer.start_as_current_span("chat gpt-4o") as chat:
            chat.set_attributes(
                {
                    "gen_ai.operation.name": "chat",
                    "gen_ai.provider.name": "openai",
                    "gen_ai.request.model": "gpt-4o",
                    "gen_ai.usage.input_tokens": 100,
                    "gen_ai.usage.output_tokens": 20,
                    "gen_ai.input.messages": _messages("user", asked),
                    "gen_ai.output.messages": _messages("assistant", "On its way."),
                }
            )
    provider.shutdown()
    return list(memory.get_finished_spans())


def hex_id(run: Sequence[ReadableSpan]) -> str:
    context = run[0].context
    assert context is not None
    return f"{context.trace_id:032x}"


def _messages(role: str, text: str) -> str:
    return json.dumps([{"role": role, "parts": [{"type": "text", "content": text}]}])
