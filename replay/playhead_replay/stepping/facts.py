"""What the recorded steps say of a run so far: tokens, cost, context, states, and the conversation."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from opentelemetry.proto.trace.v1 import trace_pb2 as pb

from playhead.journal.otlp import key_values
from playhead.recorder.prices import Usage, cost_of, listed_prices
from playhead.recorder.run import KIND
from playhead_collector.read.conversation import Conversation
from playhead_collector.read.messages import conversation
from playhead_replay.recording.steps import RecordedStep
from playhead_replay.stepping.breakpoints import Value
from playhead_replay.stepping.stop import Totals

CALLS = frozenset({"prompt", "retrieval"})


@dataclass(frozen=True, slots=True)
class Call:
    """What one step asked of a model."""

    input_tokens: int | None
    output_tokens: int | None
    cost_usd: float | None


def call_of(step: RecordedStep) -> Call | None:
    """None for what is no call of a model."""
    if step.kind not in CALLS:
        return None
    said = step.attributes
    into, out = _number(said, "gen_ai.usage.input_tokens"), _number(said, "gen_ai.usage.output_tokens")
    cost = said.get("gen_ai.usage.cost")
    if cost is None and into is not None and out is not None:
        cost = cost_of(
            Usage(
                str(said.get("gen_ai.provider.name", "")),
                str(said.get("gen_ai.response.model") or said.get("gen_ai.request.model") or ""),
                into,
                out,
                _number(said, "gen_ai.usage.cache_read.input_tokens") or 0,
                _number(said, "gen_ai.usage.cache_write.input_tokens") or 0,
            ),
            listed_prices(),
        )
    return Call(into, out, None if cost is None else float(cost))


def totals_of(calls: Iterable[Call]) -> Totals:
    """Of calls in the order in which they ended."""
    known = list(calls)
    context = next((call.input_tokens for call in reversed(known) if call.input_tokens is not None), None)
    return Totals(
        len(known),
        _sum(call.input_tokens for call in known),
        _sum(call.output_tokens for call in known),
        _sum(call.cost_usd for call in known),
        sum(call.cost_usd is None for call in known),
        context,
    )


def states_of(begun: Iterable[RecordedStep]) -> dict[str, str]:
    return {
        str(step.attributes.get("playhead.transition.machine", "run")): str(step.attributes["playhead.transition.to"])
        for step in begun
        if step.kind == "state" and "playhead.transition.to" in step.attributes
    }


def said_in(step: RecordedStep) -> Conversation:
    """Messages, arguments and results, as any reader of the store sees them."""
    return conversation(pb.Span(name=step.name, attributes=key_values({KIND: step.kind, **step.attributes})))


class Facts:
    """Of all steps, for breakpoints: the running numbers include the step itself, as recorded."""

    def __init__(self, steps: Iterable[RecordedStep]) -> None:
        self._steps = list(steps)
        self.calls: Mapping[str, Call] = {step.id: call for step in self._steps if (call := call_of(step)) is not None}

    def fields(self) -> list[Mapping[str, Value]]:
        found: list[Mapping[str, Value]] = []
        cost = 0.0
        tokens = 0
        context: int | None = None
        for number, step in enumerate(self._steps, 1):
            call = self.calls.get(step.id)
            if call is not None:
                cost += call.cost_usd or 0.0
                tokens += (call.input_tokens or 0) + (call.output_tokens or 0)
                context = context if call.input_tokens is None else call.input_tokens
            found.append(
                {
                    **_words(step),
                    "step": number,
                    "cost": cost,
                    "tokens": tokens,
                    "context": context,
                }
            )
        return found


def _words(step: RecordedStep) -> dict[str, Value]:
    said = step.attributes
    status = "error" if step.failed else "ok" if step.ended else "open"
    return {
        "kind": step.kind,
        "name": step.own_name,
        "tool": str(said.get("gen_ai.tool.name") or (step.own_name if step.kind == "tool" else "")),
        "agent": str(said.get("gen_ai.agent.name") or (step.own_name if step.kind == "agent" else "")),
        "model": str(said.get("gen_ai.response.model") or said.get("gen_ai.request.model") or ""),
        "lane": step.lane,
        "status": status,
        "error": step.error,
    }


def _number(said: Mapping[str, Any], key: str) -> int | None:
    value = said.get(key)
    return int(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else None


def _sum(values: Iterable[Any]) -> Any:
    known = [value for value in values if value is not None]
    return sum(known) if known else None
