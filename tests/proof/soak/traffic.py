"""The runs of the soak: made from a seed and a number alone, so that what was sent can be made again and compared.

An agent with turns of a model call and a tool, as OpenTelemetry's SDK holds them before an exporter encodes them. Some
tools fail, some answer with a text as large as a file, and some steps come late.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from random import Random

from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import Event, ReadableSpan
from opentelemetry.sdk.util.instrumentation import InstrumentationScope
from opentelemetry.trace import SpanContext, SpanKind, Status, StatusCode, TraceFlags
from tests.bench.words import prose

TURNS = 9
STEPS = 2 * TURNS + 2
"""Of every run: turns of a model call and a tool, the call that answers, and the agent."""
FAILING, LARGE, LATE = 0.01, 0.01, 0.05
"""Of tool calls; of runs; of runs."""
_LARGE_WORDS = (10_000, 40_000)
_AGENTS = ("support-agent", "researcher", "coder", "billing-agent", "planner")
_MODELS = (("openai", "gpt-4o-mini"), ("openai", "gpt-5"), ("anthropic", "claude-sonnet-4-5"))
_TOOLS = ("get_order", "track_parcel", "refund", "web_search", "fetch_page", "read_file", "run_tests")
_RESOURCE = Resource({"service.name": "soak-agents", "service.version": "1.4.2"})
_SCOPE = InstrumentationScope("soak", "1")
_MS = 1_000_000
TOOK_NS = (TURNS + 1) * 1_000 * _MS
"""How long a run says that it took, at the most."""


@dataclass(frozen=True, slots=True)
class Told:
    """What is written down of a run that was acknowledged whole: enough to make it again."""

    number: int
    start_ns: int
    mark: str = ""
    """Two hexadecimal digits that the run's id begins with, where it belongs to a cohort that is made older."""


def run_id(seed: int, told: Told) -> str:
    made = Random(f"{seed} {told.number}").randbytes(16)
    # Digits from c0 on are for marks.
    return (bytes.fromhex(told.mark) if told.mark else bytes([made[0] & 0x7F])).hex() + made[1:].hex()


def spans(seed: int, told: Told) -> list[ReadableSpan]:
    """In the order in which they end; the agent comes last."""
    rng = Random(f"{seed} {told.number} steps")
    making = _Making(rng, int(run_id(seed, told), 16), told.start_ns)
    making.said.append(_message("user", prose(rng, 30)))
    large = rng.randrange(TURNS) if rng.random() < LARGE else -1
    for turn in range(TURNS):
        making.prompt(prose(rng, 24), "tool_call")
        making.tool(prose(rng, rng.randint(*_LARGE_WORDS) if turn == large else 20), rng.random() < FAILING)
    making.prompt(prose(rng, 40), "stop")
    making.agent()
    return making.spans


def late_ones(seed: int, told: Told) -> frozenset[int]:
    """Which of the spans, by their place, come long after the others."""
    rng = Random(f"{seed} {told.number} late")
    return frozenset(rng.sample(range(STEPS), 3)) if rng.random() < LATE else frozenset()


def offending(number: int, seed: int, start_ns: int, calls: int) -> list[ReadableSpan]:
    """A run that a rule is about: the same call, with the same answer, again and again."""
    rng = Random(f"{seed} {number} offending")
    making = _Making(rng, int.from_bytes(bytes([0x80]) + rng.randbytes(15), "big"), start_ns)
    for _ in range(calls):
        making.step("execute_tool again", SpanKind.INTERNAL, _tool_attributes("again", "{}", "the same"))
    making.agent()
    return making.spans


class _Making:
    """One run, step after step."""

    def __init__(self, rng: Random, trace_id: int, start_ns: int) -> None:
        self.rng = rng
        self.spans: list[ReadableSpan] = []
        self.said: list[str] = []
        self._start_ns = self._clock_ns = start_ns
        self._root = SpanContext(trace_id, rng.getrandbits(64) | 1, False, TraceFlags(1))
        self._provider, self._model = rng.choice(_MODELS)
        self._name = rng.choice(_AGENTS)
        self._common = {
            "gen_ai.agent.name": self._name,
            "gen_ai.conversation.id": f"session-{rng.getrandbits(32):08x}",
            "user.id": f"user-{rng.randrange(5_000)}",
        }

    def prompt(self, answer: str, reason: str) -> None:
        # What was asked stays, as an agent that cuts its memory keeps it: dropped, every run would be an alert.
        said = ",".join([self.said[0], *self.said[1:][-3:]])
        attributes = {
            "gen_ai.operation.name": "chat",
            "gen_ai.provider.name": self._provider,
            "gen_ai.request.model": self._model,
            "gen_ai.response.model": self._model,
            "gen_ai.response.id": f"chatcmpl-{self.rng.getrandbits(96):024x}",
            "gen_ai.response.finish_reasons": (reason,),
            "gen_ai.usage.input_tokens": 40 + len(said) // 4,
            "gen_ai.usage.output_tokens": 8 + len(answer) // 4,
            "gen_ai.input.messages": f"[{said}]",
            "gen_ai.output.messages": f"[{_message('assistant', answer)}]",
        }
        self.said.append(_message("assistant", answer))
        self.step(f"chat {self._model}", SpanKind.CLIENT, attributes)

    def tool(self, result: str, failed: bool) -> None:
        name = self.rng.choice(_TOOLS)
        attributes = _tool_attributes(name, f'{{"id":{self.rng.getrandbits(24)}}}', result)
        self.said.append(_message("tool", result[:400]))
        self.step(f"execute_tool {name}", SpanKind.INTERNAL, attributes, failed)

    def step(self, name: str, kind: SpanKind, attributes: Mapping[str, object], failed: bool = False) -> None:
        began = self._clock_ns
        self._clock_ns += self.rng.randint(100, 480) * _MS
        self._add(name, kind, {**self._common, **attributes}, began, failed)

    def agent(self) -> None:
        attributes = {**self._common, "gen_ai.operation.name": "invoke_agent", "gen_ai.agent.version": "1.4.2"}
        self._add(f"invoke_agent {self._name}", SpanKind.INTERNAL, attributes, self._start_ns, False, self._root)

    def _add(
        self,
        name: str,
        kind: SpanKind,
        attributes: Mapping[str, object],
        began_ns: int,
        failed: bool,
        context: SpanContext | None = None,
    ) -> None:
        own = context or SpanContext(self._root.trace_id, self.rng.getrandbits(64) | 1, False, TraceFlags(1))
        events: Sequence[Event] = ()
        if failed:
            what = {"exception.type": "TimeoutError", "exception.message": prose(self.rng, 12)}
            events = [Event("exception", what, self._clock_ns)]
        span = ReadableSpan(
            name=name,
            context=own,
            parent=None if context else self._root,
            resource=_RESOURCE,
            attributes=attributes,  # type: ignore[arg-type]
            events=events,
            kind=kind,
            status=Status(StatusCode.ERROR, "it took too long") if failed else Status(),
            start_time=began_ns,
            end_time=self._clock_ns,
            instrumentation_scope=_SCOPE,
        )
        self.spans.append(span)


def _tool_attributes(name: str, arguments: str, result: str) -> dict[str, str]:
    return {
        "gen_ai.operation.name": "execute_tool",
        "gen_ai.tool.name": name,
        "gen_ai.tool.call.arguments": arguments,
        "gen_ai.tool.call.result": result,
    }


def _message(role: str, text: str) -> str:
    return f'{{"role":"{role}","parts":[{{"type":"text","content":"{text}"}}]}}'
