"""OpenLLMetry by Traceloop, in the older form with numbered prompts that many deployments still send."""

from __future__ import annotations

from playhead_collector.demo.dialects.written import (
    Scope,
    Written,
    finish_reason,
    parameters_schema,
    spaced,
)
from playhead_collector.demo.steps import (
    AgentStep,
    Casting,
    Fact,
    Message,
    PromptStep,
    RetrievalStep,
    Step,
    ToolStep,
)

_TRACER = Scope("traceloop.tracer", "0.47.5")
# What each instrumentation calls the provider, and the reasons that the provider gives for stopping.
_SYSTEMS = {"openai": "OpenAI", "anthropic": "Anthropic"}
_REASONS = {"openai": ("tool_calls", "stop"), "anthropic": ("tool_use", "end_turn")}


def traceloop(step: Step, casting: Casting) -> Written:
    facts: list[Fact] = [
        ("traceloop.workflow.name", casting.agent.name),
        ("traceloop.association.properties.session_id", casting.session),
        ("traceloop.association.properties.user_id", casting.user),
        ("gen_ai.agent.name", step.agent.name),
    ]
    match step:
        case AgentStep():
            kind = "agent" if step.parent_id else "workflow"
            return _entity(kind, step.agent.name, spaced({"args": [step.asked], "kwargs": {}}), step.answered, facts)
        case PromptStep():
            return _prompt(step, facts)
        case ToolStep():
            facts.append(("gen_ai.tool.name", step.call.name))
            asked = spaced({"args": [], "kwargs": step.call.arguments})
            return _entity("tool", step.call.name, asked, step.result, facts)
        case RetrievalStep():
            found = spaced(list(step.documents))
            return _entity("task", f"search_{step.source}", spaced({"query": step.query}), found, facts)
    raise TypeError(step)


def _entity(kind: str, name: str, asked: str, answered: str | None, facts: list[Fact]) -> Written:
    facts += [
        ("traceloop.span.kind", kind),
        ("traceloop.entity.name", name),
        ("traceloop.entity.input", asked),
    ]
    if answered:
        facts.append(("traceloop.entity.output", answered))
    return Written(_TRACER, f"{name}.{kind}", facts)


def _prompt(step: PromptStep, facts: list[Fact]) -> Written:
    agent = step.agent
    facts += [
        ("llm.request.type", "chat"),
        ("gen_ai.system", _SYSTEMS[agent.provider]),
        ("gen_ai.request.model", agent.model),
        ("llm.is_streaming", False),
    ]
    for at, message in enumerate(step.messages):
        facts += _numbered(f"gen_ai.prompt.{at}", message)
    for at, tool in enumerate(agent.tools):
        prefix = f"llm.request.functions.{at}"
        facts += [
            (f"{prefix}.name", tool.name),
            (f"{prefix}.description", tool.description),
            (f"{prefix}.parameters", spaced(parameters_schema(tool))),
        ]
    if step.answer:
        reason = finish_reason(step.answer, *_REASONS[agent.provider])
        facts += [
            ("gen_ai.response.id", step.response_id),
            ("gen_ai.response.model", agent.model),
            ("gen_ai.completion.0.finish_reason", reason),
            *_numbered("gen_ai.completion.0", step.answer),
        ]
    if step.usage:
        facts += [
            ("gen_ai.usage.prompt_tokens", step.usage.input),
            ("gen_ai.usage.completion_tokens", step.usage.output),
            ("llm.usage.total_tokens", step.usage.input + step.usage.output),
        ]
        if step.usage.cached:
            facts.append(("gen_ai.usage.cache_read_input_tokens", step.usage.cached))
    scope = Scope(f"opentelemetry.instrumentation.{agent.provider}", "0.47.5")
    return Written(scope, f"{agent.provider}.chat", facts, client=True)


def _numbered(prefix: str, message: Message) -> list[Fact]:
    facts: list[Fact] = [(f"{prefix}.role", message.role)]
    if message.text:
        facts.append((f"{prefix}.content", message.text))
    if message.call_id:
        facts.append((f"{prefix}.tool_call_id", message.call_id))
    for at, call in enumerate(message.calls):
        here = f"{prefix}.tool_calls.{at}"
        facts += [
            (f"{here}.id", call.id),
            (f"{here}.name", call.name),
            (f"{here}.arguments", spaced(call.arguments)),
        ]
    return facts
