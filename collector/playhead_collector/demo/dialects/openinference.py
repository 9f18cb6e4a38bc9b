"""OpenInference, flattened messages and all, as its OpenAI and LangChain instrumentations write it."""

from __future__ import annotations

from playhead_collector.demo.dialects.written import (
    Scope,
    Written,
    chat_message,
    finish_reason,
    parameters_schema,
    spaced,
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

_SCOPE = Scope("openinference.instrumentation.openai", "0.1.44")


def openinference(step: Step, casting: Casting) -> Written:
    facts: list[Fact] = [
        ("session.id", casting.session),
        ("user.id", casting.user),
        ("metadata", spaced({"agent_version": casting.version})),
    ]
    match step:
        case AgentStep():
            facts += [
                ("openinference.span.kind", "AGENT"),
                ("agent.name", step.agent.name),
                ("input.value", step.asked),
                ("input.mime_type", "text/plain"),
            ]
            if step.answered:
                facts += [("output.value", step.answered), ("output.mime_type", "text/plain")]
            return Written(_SCOPE, step.agent.name, facts)
        case PromptStep():
            return Written(_SCOPE, "ChatCompletion", facts + _prompt(step))
        case ToolStep():
            facts += [
                ("openinference.span.kind", "TOOL"),
                ("tool.name", step.call.name),
                ("input.value", spaced(step.call.arguments)),
                ("input.mime_type", "application/json"),
            ]
            if step.result is not None:
                facts.append(("output.value", step.result))
            return Written(_SCOPE, step.call.name, facts)
        case RetrievalStep():
            facts += [("openinference.span.kind", "RETRIEVER"), ("input.value", step.query)]
            for at, text in enumerate(step.documents):
                prefix = f"retrieval.documents.{at}.document"
                facts += [(f"{prefix}.id", f"{step.source}/{at}"), (f"{prefix}.content", text)]
            return Written(_SCOPE, f"{step.source}.search", facts)
    raise TypeError(step)


def _prompt(step: PromptStep) -> list[Fact]:
    agent = step.agent
    request: Json = {"model": agent.model, "messages": [chat_message(message) for message in step.messages]}
    facts: list[Fact] = [
        ("openinference.span.kind", "LLM"),
        ("llm.system", agent.provider),
        ("llm.provider", agent.provider),
        ("llm.model_name", agent.model),
        ("input.value", spaced(request)),
        ("input.mime_type", "application/json"),
        ("llm.invocation_parameters", spaced({"model": agent.model, "temperature": 0.2})),
    ]
    for at, tool in enumerate(agent.tools):
        schema: Json = {
            "type": "function",
            "function": {
                "name": tool.name,
                "description": tool.description,
                "parameters": parameters_schema(tool),
            },
        }
        facts.append((f"llm.tools.{at}.tool.json_schema", spaced(schema)))
    for at, message in enumerate(step.messages):
        facts += _flattened(f"llm.input_messages.{at}.message", message)
    if step.answer:
        reason = finish_reason(step.answer, "tool_calls", "stop")
        choice: Json = {"index": 0, "finish_reason": reason, "message": chat_message(step.answer)}
        facts += [
            ("output.value", spaced({"id": step.response_id, "choices": [choice], "model": agent.model})),
            ("output.mime_type", "application/json"),
            *_flattened("llm.output_messages.0.message", step.answer),
            ("llm.finish_reason", reason),
        ]
    if step.usage:
        facts += [
            ("llm.token_count.prompt", step.usage.input),
            ("llm.token_count.completion", step.usage.output),
            ("llm.token_count.total", step.usage.input + step.usage.output),
            ("llm.token_count.prompt_details.cache_read", step.usage.cached),
            ("llm.token_count.completion_details.reasoning", step.usage.reasoning),
        ]
    return facts


def _flattened(prefix: str, message: Message) -> list[Fact]:
    facts: list[Fact] = [(f"{prefix}.role", message.role)]
    if message.text:
        facts.append((f"{prefix}.content", message.text))
    if message.call_id:
        facts.append((f"{prefix}.tool_call_id", message.call_id))
    for at, call in enumerate(message.calls):
        here = f"{prefix}.tool_calls.{at}.tool_call"
        facts += [
            (f"{here}.id", call.id),
            (f"{here}.function.name", call.name),
            (f"{here}.function.arguments", spaced(call.arguments)),
        ]
    return facts
