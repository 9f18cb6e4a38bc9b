"""OpenTelemetry's GenAI conventions, as of November 2026."""

from __future__ import annotations

from playhead_collector.demo.dialects.written import (
    Scope,
    Written,
    as_value,
    compact,
    finish_reason,
    parameters_schema,
)
from playhead_collector.demo.steps import (
    AgentStep,
    Casting,
    Fact,
    Json,
    Message,
    PromptStep,
    RetrievalStep,
    Step,
    ToolStep,
)

_AGENT = Scope("shop.agents", "1.4")
_CLIENTS = {
    "openai": Scope("opentelemetry.instrumentation.openai_v2", "2.5b0"),
    "anthropic": Scope("opentelemetry.instrumentation.anthropic", "0.4b0"),
    "vllm": Scope("shop.models", "0.3"),
}


def gen_ai(step: Step, casting: Casting) -> Written:
    facts: list[Fact] = [
        ("gen_ai.conversation.id", casting.session),
        ("user.id", casting.user),
        ("gen_ai.agent.name", step.agent.name),
    ]
    match step:
        case AgentStep():
            return _agent(step, casting, facts)
        case PromptStep():
            return _prompt(step, facts)
        case ToolStep():
            return _tool(step, facts)
        case RetrievalStep():
            return _retrieval(step, facts)
    raise TypeError(step)


def _agent(step: AgentStep, casting: Casting, facts: list[Fact]) -> Written:
    facts += [
        ("gen_ai.operation.name", "invoke_agent"),
        ("gen_ai.agent.version", casting.version),
        ("gen_ai.provider.name", step.agent.provider),
        ("gen_ai.request.model", step.agent.model),
        ("gen_ai.input.messages", compact([_message(Message("user", step.asked))])),
    ]
    if step.answered:
        answer = _message(Message("assistant", step.answered)) | {"finish_reason": "stop"}
        facts.append(("gen_ai.output.messages", compact([answer])))
    return Written(_AGENT, f"invoke_agent {step.agent.name}", facts)


def _prompt(step: PromptStep, facts: list[Fact]) -> Written:
    agent = step.agent
    # Anthropic takes its orders beside the messages, OpenAI as the first of them; emitters follow them.
    beside = agent.provider == "anthropic"
    orders = [message for message in step.messages if message.role == "system" and beside]
    messages = [message for message in step.messages if not (message.role == "system" and beside)]
    facts += [
        ("gen_ai.operation.name", "chat"),
        ("gen_ai.provider.name", agent.provider),
        ("gen_ai.request.model", agent.model),
        ("gen_ai.input.messages", compact([_message(message) for message in messages])),
    ]
    if orders:
        said: Json = [{"type": "text", "content": message.text} for message in orders]
        facts.append(("gen_ai.system_instructions", compact(said)))
    if agent.tools:
        tools: Json = [
            {
                "type": "function",
                "name": tool.name,
                "description": tool.description,
                "parameters": parameters_schema(tool),
            }
            for tool in agent.tools
        ]
        facts.append(("gen_ai.tool.definitions", compact(tools)))
    if step.answer:
        reason = finish_reason(step.answer, "tool_call", "stop")
        answer = _message(step.answer) | {"finish_reason": reason}
        facts += [
            ("gen_ai.output.messages", compact([answer])),
            ("gen_ai.response.id", step.response_id),
            ("gen_ai.response.model", agent.model),
            ("gen_ai.response.finish_reasons", [reason]),
            ("gen_ai.response.time_to_first_chunk", step.first_chunk_s),
        ]
    if step.usage:
        facts += [
            ("gen_ai.usage.input_tokens", step.usage.input),
            ("gen_ai.usage.output_tokens", step.usage.output),
        ]
        if step.usage.cached:
            facts.append(("gen_ai.usage.cache_read.input_tokens", step.usage.cached))
        if step.usage.reasoning:
            facts.append(("gen_ai.usage.reasoning.output_tokens", step.usage.reasoning))
    if step.failure and step.failure.status:
        facts.append(("http.response.status_code", step.failure.status))
    return Written(_CLIENTS[agent.provider], f"chat {agent.model}", facts, client=True)


def _tool(step: ToolStep, facts: list[Fact]) -> Written:
    facts += [
        ("gen_ai.operation.name", "execute_tool"),
        ("gen_ai.tool.name", step.call.name),
        ("gen_ai.tool.type", "function"),
        ("gen_ai.tool.call.id", step.call.id),
        ("gen_ai.tool.call.arguments", compact(step.call.arguments)),
    ]
    if step.result is not None:
        # A text stays as it is, anything else is JSON: that is what emitters do, and readers must bear it.
        value = as_value(step.result)
        facts.append(("gen_ai.tool.call.result", value if isinstance(value, str) else compact(value)))
    return Written(_AGENT, f"execute_tool {step.call.name}", facts)


def _retrieval(step: RetrievalStep, facts: list[Fact]) -> Written:
    documents: Json = [{"id": f"{step.source}/{at}", "content": text} for at, text in enumerate(step.documents)]
    facts += [
        ("gen_ai.operation.name", "retrieval"),
        ("gen_ai.data_source.id", step.source),
        ("gen_ai.retrieval.query.text", step.query),
        ("gen_ai.retrieval.documents", compact(documents)),
    ]
    return Written(_AGENT, f"retrieval {step.source}", facts)


def _message(message: Message) -> dict[str, Json]:
    parts: list[Json] = []
    if message.call_id:
        parts.append({"type": "tool_call_response", "id": message.call_id, "response": as_value(message.text)})
    elif message.text:
        parts.append({"type": "text", "content": message.text})
    parts += [
        {"type": "tool_call", "id": call.id, "name": call.name, "arguments": call.arguments} for call in message.calls
    ]
    return {"role": message.role, "parts": parts}
