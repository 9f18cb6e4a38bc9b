"""Vercel's AI SDK: an outer span that repeats its children's usage, and `doGenerate` for each model call."""

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
    Step,
    ToolStep,
    Usage,
)

_SCOPE = Scope("ai", "")


def vercel(step: Step, casting: Casting) -> Written:
    match step:
        case AgentStep():
            name = "ai.generateText"
            facts = [
                *_model(step),
                ("ai.prompt", compact({"system": step.agent.system, "prompt": step.asked})),
                *_usage(step.usage),
            ]
            if step.answered:
                facts += [("ai.response.finishReason", "stop"), ("ai.response.text", step.answered)]
        case PromptStep():
            name = "ai.generateText.doGenerate"
            facts = [*_model(step), *_prompt(step)]
        case ToolStep():
            name = "ai.toolCall"
            facts = [
                ("ai.toolCall.name", step.call.name),
                ("ai.toolCall.id", step.call.id),
                ("ai.toolCall.args", compact(step.call.arguments)),
            ]
            if step.result is not None:
                facts.append(("ai.toolCall.result", compact(as_value(step.result))))
        case _:
            raise TypeError(step)
    function = step.agent.name
    common: list[Fact] = [
        ("operation.name", f"{name} {function}"),
        ("resource.name", function),
        ("ai.operationId", name),
        ("ai.telemetry.functionId", function),
        ("ai.telemetry.metadata.sessionId", casting.session),
        ("ai.telemetry.metadata.userId", casting.user),
    ]
    return Written(_SCOPE, name, common + facts)


def _model(step: Step) -> list[Fact]:
    return [
        ("ai.model.provider", f"{step.agent.provider}.chat"),
        ("ai.model.id", step.agent.model),
        ("ai.settings.maxRetries", 2),
    ]


def _prompt(step: PromptStep) -> list[Fact]:
    agent = step.agent
    facts: list[Fact] = [
        ("ai.prompt.messages", compact([_message(message, step.messages) for message in step.messages])),
        ("ai.prompt.toolChoice", compact({"type": "auto"})),
        ("gen_ai.system", f"{agent.provider}.chat"),
        ("gen_ai.request.model", agent.model),
    ]
    if agent.tools:
        tools: list[Json] = [
            {
                "type": "function",
                "name": tool.name,
                "description": tool.description,
                "inputSchema": parameters_schema(tool),
            }
            for tool in agent.tools
        ]
        facts.append(("ai.prompt.tools", [compact(tool) for tool in tools]))
    if step.answer:
        reason = finish_reason(step.answer, "tool-calls", "stop")
        facts.append(("ai.response.finishReason", reason))
        if step.answer.text:
            facts.append(("ai.response.text", step.answer.text))
        if step.answer.calls:
            calls: Json = [
                {"toolCallId": call.id, "toolName": call.name, "input": compact(call.arguments)}
                for call in step.answer.calls
            ]
            facts.append(("ai.response.toolCalls", compact(calls)))
        facts += [
            ("ai.response.id", step.response_id),
            ("ai.response.model", agent.model),
            ("gen_ai.response.finish_reasons", [reason]),
            ("gen_ai.response.id", step.response_id),
            ("gen_ai.response.model", agent.model),
        ]
    if step.usage:
        facts += [
            *_usage(step.usage),
            ("gen_ai.usage.input_tokens", step.usage.input),
            ("gen_ai.usage.output_tokens", step.usage.output),
        ]
    return facts


def _usage(usage: Usage) -> list[Fact]:
    return [
        ("ai.usage.inputTokens", usage.input),
        ("ai.usage.outputTokens", usage.output),
        ("ai.usage.totalTokens", usage.input + usage.output),
        ("ai.usage.reasoningTokens", usage.reasoning),
        ("ai.usage.cachedInputTokens", usage.cached),
    ]


def _message(message: Message, conversation: tuple[Message, ...]) -> Json:
    if message.role == "system":
        return {"role": "system", "content": message.text}
    if message.role == "tool":
        name = next(call.name for other in conversation for call in other.calls if call.id == message.call_id)
        output: Json = {"type": "json", "value": as_value(message.text)}
        result: Json = {
            "type": "tool-result",
            "toolCallId": message.call_id,
            "toolName": name,
            "output": output,
        }
        return {"role": "tool", "content": [result]}
    parts: list[Json] = [{"type": "text", "text": message.text}] if message.text else []
    parts += [
        {"type": "tool-call", "toolCallId": call.id, "toolName": call.name, "input": call.arguments}
        for call in message.calls
    ]
    return {"role": message.role, "content": parts}
