"""Agent traces by the thousand for the benches: `light` and `heavy`; `deep` is in its own module.

The same arguments give the same bytes, and nothing here is kinder than what agents send: prompts repeat what
was said before them, ids differ everywhere, and text is words (see words.py).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from random import Random

from tests.bench.deep import Deep, DeepInput, DeepRun, Form, deep
from tests.bench.wire import (
    CLIENT,
    INTERNAL,
    MILLISECOND,
    SECOND,
    START_NS,
    Attributes,
    Batch,
    BenchSpan,
    batch,
)
from tests.bench.words import draw, prose

__all__ = ["START_NS", "Batch", "Deep", "DeepInput", "DeepRun", "Form", "deep", "heavy", "light", "long"]

SPANS_A_REQUEST = 100
LONG_STEPS = 200
_AGENTS = ("support-agent", "researcher", "coder", "billing-agent", "planner")
_MODELS = (
    ("openai", "gpt-4o-mini"),
    ("openai", "gpt-5"),
    ("anthropic", "claude-sonnet-4-5"),
    ("anthropic", "claude-haiku-4-5"),
    ("openai", "gpt-4o"),
)
_TOOLS = ("get_order", "track_parcel", "refund", "web_search", "fetch_page", "read_file", "run_tests")
_VERSIONS = ("1.4.1", "1.4.2")


def light(run_count: int, seed: int = 1, *, start_ns: int = START_NS, run_every_ns: int = SECOND) -> Iterator[Batch]:
    """About 20 spans a run and 1 KB a span, 100 spans a request; a run may straddle two requests."""
    return _batches(_runs(run_count, seed, start_ns, run_every_ns, _LIGHT))


def heavy(run_count: int, seed: int = 1, *, start_ns: int = START_NS, run_every_ns: int = SECOND) -> Iterator[Batch]:
    """As `light`, at 9 KB a span: each prompt repeats all that was said before it."""
    return _batches(_runs(run_count, seed, start_ns, run_every_ns, _HEAVY))


def long(run_count: int, seed: int = 1, *, start_ns: int = START_NS, run_every_ns: int = SECOND) -> Iterator[Batch]:
    """As `light`, with exactly `LONG_STEPS` spans a run."""
    return _batches(_runs(run_count, seed, start_ns, run_every_ns, _LONG))


@dataclass(frozen=True, slots=True)
class _Load:
    """Words, and fields of a tool's result. `memory` is how many messages a prompt holds; `turns` from and to."""

    system: int
    user: int
    thought: int
    answer: int
    result: int
    memory: int
    turns: tuple[int, int] = (8, 10)


_LIGHT = _Load(system=0, user=38, thought=24, answer=40, result=6, memory=1)
_HEAVY = _Load(system=300, user=140, thought=70, answer=240, result=68, memory=1_000)
_LONG = replace(_LIGHT, turns=(LONG_STEPS // 2 - 1, LONG_STEPS // 2 - 1))


def _batches(spans: Iterator[BenchSpan]) -> Iterator[Batch]:
    waiting: list[BenchSpan] = []
    for span in spans:
        waiting.append(span)
        if len(waiting) == SPANS_A_REQUEST:
            yield batch(waiting)
            waiting = []
    if waiting:
        yield batch(waiting)


def _runs(run_count: int, seed: int, start_ns: int, run_every_ns: int, load: _Load) -> Iterator[BenchSpan]:
    rng = Random(seed)
    for number in range(run_count):
        yield from _Telling(rng, start_ns + number * run_every_ns, load).spans()


class _Telling:
    """One run: turns of a prompt and a tool, a prompt that answers, and the agent around them."""

    def __init__(self, rng: Random, start_ns: int, load: _Load) -> None:
        self._rng = rng
        self._load = load
        self._start_ns = self._clock_ns = start_ns
        self._trace_id, self._root_id = rng.randbytes(16), rng.randbytes(8)
        self._provider, self._model = rng.choice(_MODELS)
        self._common: Attributes = {
            "gen_ai.conversation.id": f"session-{rng.getrandbits(40):010x}",
            "user.id": f"user-{rng.randrange(5_000)}",
            "gen_ai.agent.name": rng.choice(_AGENTS),
        }
        self._messages: list[str] = []

    def spans(self) -> Iterator[BenchSpan]:
        rng, load = self._rng, self._load
        if load.system:
            self._messages.append(_said("system", prose(rng, load.system)))
        asked = _said("user", prose(rng, load.user))
        self._messages.append(asked)
        for _ in range(rng.randint(*load.turns)):
            call_id, tool, arguments = f"call_{rng.getrandbits(96):024x}", rng.choice(_TOOLS), _fields(rng, 2)
            result = _fields(rng, load.result)
            call = (
                f'{{"role":"assistant","parts":[{{"type":"text","content":"{prose(rng, load.thought)}"}},'
                f'{{"type":"tool_call","id":"{call_id}","name":"{tool}","arguments":{arguments}}}]'
            )
            yield self._prompt(call, "tool_call")
            yield self._tool(call_id, tool, arguments, result)
            response = f'{{"type":"tool_call_response","id":"{call_id}","response":{result}}}'
            self._messages += [call + "}", f'{{"role":"tool","parts":[{response}]}}']
        answer = _said("assistant", prose(rng, load.answer))
        yield self._prompt(answer[:-1], "stop")
        yield self._agent(asked, answer)

    def _prompt(self, answer: str, reason: str) -> BenchSpan:
        """`answer` is a message that is still open, because the reason is written into it."""
        said = ",".join(self._messages[-self._load.memory :])
        tokens_in, tokens_out = 40 + len(said) // 4, 8 + len(answer) // 4
        attributes: Attributes = {
            "gen_ai.operation.name": "chat",
            "gen_ai.provider.name": self._provider,
            "gen_ai.request.model": self._model,
            "gen_ai.response.model": self._model,
            "gen_ai.response.id": f"chatcmpl-{self._rng.getrandbits(112):028x}",
            "gen_ai.response.finish_reasons": [reason],
            "gen_ai.usage.input_tokens": tokens_in,
            "gen_ai.usage.output_tokens": tokens_out,
            "gen_ai.usage.cache_read.input_tokens": tokens_in // 2 if tokens_in > 1024 else 0,
            "gen_ai.input.messages": f"[{said}]",
            "gen_ai.output.messages": f'[{answer},"finish_reason":"{reason}"}}]',
        }
        return self._step(f"chat {self._model}", CLIENT, attributes, 300 + tokens_out * 10)

    def _tool(self, call_id: str, tool: str, arguments: str, result: str) -> BenchSpan:
        attributes: Attributes = {
            "gen_ai.operation.name": "execute_tool",
            "gen_ai.tool.name": tool,
            "gen_ai.tool.type": "function",
            "gen_ai.tool.call.id": call_id,
            "gen_ai.tool.call.arguments": arguments,
            "gen_ai.tool.call.result": result,
        }
        return self._step(f"execute_tool {tool}", INTERNAL, attributes, 400)

    def _agent(self, asked: str, answer: str) -> BenchSpan:
        attributes: Attributes = {
            **self._common,
            "gen_ai.operation.name": "invoke_agent",
            "gen_ai.agent.version": self._rng.choice(_VERSIONS),
            "gen_ai.provider.name": self._provider,
            "gen_ai.request.model": self._model,
            "gen_ai.input.messages": f"[{asked}]",
            "gen_ai.output.messages": f"[{answer}]",
        }
        return BenchSpan(
            trace_id=self._trace_id,
            span_id=self._root_id,
            parent_id=b"",
            name=f"invoke_agent {self._common['gen_ai.agent.name']}",
            kind=INTERNAL,
            start_ns=self._start_ns,
            end_ns=self._clock_ns,
            attributes=attributes,
        )

    def _step(self, name: str, kind: int, attributes: Attributes, about_ms: int) -> BenchSpan:
        start = self._clock_ns
        self._clock_ns += int(about_ms * MILLISECOND * self._rng.uniform(0.6, 1.6))
        return BenchSpan(
            trace_id=self._trace_id,
            span_id=self._rng.randbytes(8),
            parent_id=self._root_id,
            name=name,
            kind=kind,
            start_ns=start,
            end_ns=self._clock_ns,
            attributes={**self._common, **attributes},
        )


def _said(role: str, text: str) -> str:
    return f'{{"role":"{role}","parts":[{{"type":"text","content":"{text}"}}]}}'


def _fields(rng: Random, count: int) -> str:
    """A JSON object as tools return them: names, short texts, numbers."""
    words = draw(rng, 4 * count)
    pairs = [
        f'"{words[at]}_{at}":"{words[at + 1]} {words[at + 2]} {words[at + 3]}"'
        if at % 8
        else f'"{words[at]}_{at}":{rng.getrandbits(20)}'
        for at in range(0, 4 * count, 4)
    ]
    return "{" + ",".join(pairs) + "}"
