"""One generated run as the spans that an agent under the SDK would have sent; nothing here knows what a fault is.

Text is short and figures are drawn by the caller: what a rule may see of a run is what its steps say.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from random import Random
from typing import TypeAlias

SECOND = 1_000_000_000
Value: TypeAlias = str | int | float | bool | list[str]

WORDS = [
    "order",
    "parcel",
    "refund",
    "account",
    "invoice",
    "customer",
    "ticket",
    "report",
    "page",
    "result",
    "item",
    "city",
    "date",
    "total",
    "list",
    "user",
    "data",
    "field",
    "branch",
    "commit",
    "build",
    "test",
    "file",
    "function",
    "market",
    "price",
    "source",
    "claim",
    "article",
    "chart",
    "plan",
    "draft",
    "reply",
    "answer",
    "question",
]


@dataclass(slots=True)
class Span:
    """As it goes onto the wire."""

    trace_id: bytes
    span_id: bytes
    parent_id: bytes
    name: str
    start_ns: int
    end_ns: int
    attributes: dict[str, Value]
    status: int = 0
    message: str = ""


@dataclass(slots=True)
class Told:
    """A finished run: who it was for and its spans."""

    run_id: str
    service: str
    version: str
    spans: list[Span]
    labels: list[str] = field(default_factory=list)
    look_alike_of: str = ""


def message(role: str, text: str) -> str:
    return json.dumps({"role": role, "parts": [{"type": "text", "content": text}]}, separators=(",", ":"))


class Telling:
    """Steps are told one after the other; each moves the run's clock on."""

    def __init__(
        self, rng: Random, service: str, agent: str, version: str, model: str, start_ns: int, user: str
    ) -> None:
        self.rng = rng
        self.service, self.agent, self.version, self.model = service, agent, version, model
        self.provider = "anthropic" if model.startswith("claude") else "openai"
        self.now_ns = self.start_ns = start_ns
        self.trace_id = rng.randbytes(16)
        self.root_id = self.parent_id = rng.randbytes(8)
        self.user = user
        self.system = ""
        self.messages: list[str] = []
        self.states: dict[str, str] = {}
        self.spans: list[Span] = []
        self.asked = ""

    def words(self, count: int) -> str:
        return " ".join(self.rng.choices(WORDS, k=count))

    def step(
        self, name: str, seconds: float, attributes: dict[str, Value], *, error: str = "", is_open: bool = False
    ) -> Span:
        start = self.now_ns
        self.now_ns += max(1_000_000, int(seconds * SECOND))
        span = Span(
            self.trace_id, self.rng.randbytes(8), self.parent_id, name, start, 0 if is_open else self.now_ns,
            {"gen_ai.agent.name": self.agent, **attributes}, 2 if error else 0, error,
        )  # fmt: skip
        if is_open:
            span.attributes["playhead.state"] = "open"
        if error:
            span.attributes["error.type"] = error.split(":", maxsplit=1)[0]
        self.spans.append(span)
        return span

    def prompt(
        self, tokens: tuple[int, int], seconds: float, *, answer: str | None = None, finish: str = "stop",
        error: str = "",
        messages: list[str] | None = None, max_tokens: int = 0, cached: int = 0, system: str | None = None,
    ) -> Span:  # fmt: skip
        said = self.messages if messages is None else messages
        told_system = self.system if system is None else system
        attributes: dict[str, Value] = {
            "gen_ai.operation.name": "chat",
            "gen_ai.provider.name": self.provider,
            "gen_ai.request.model": self.model,
            "gen_ai.input.messages": f"[{','.join(said)}]",
        }
        if told_system:
            attributes["gen_ai.system_instructions"] = json.dumps([{"type": "text", "content": told_system}])
        if max_tokens:
            attributes["gen_ai.request.max_tokens"] = max_tokens
        if not error:
            reply = message("assistant", self.words(8) if answer is None else answer)
            attributes |= {
                "gen_ai.response.model": self.model,
                "gen_ai.response.finish_reasons": [finish],
                "gen_ai.usage.input_tokens": tokens[0],
                "gen_ai.usage.output_tokens": tokens[1],
                "gen_ai.usage.cache_read.input_tokens": cached,
                "gen_ai.output.messages": f'[{reply[:-1]},"finish_reason":"{finish}"}}]',
            }
            if messages is None:
                self.messages.append(reply)
        return self.step(f"chat {self.model}", seconds, attributes, error=error)

    def tool(
        self, tool: str, arguments: str, result: str, seconds: float, *, error: str = "", side_effect: bool = False,
        violation: str = "", is_open: bool = False,
    ) -> Span:  # fmt: skip
        attributes: dict[str, Value] = {
            "gen_ai.operation.name": "execute_tool",
            "gen_ai.tool.name": tool,
            "gen_ai.tool.call.arguments": arguments,
        }
        if not error and not is_open:
            attributes["gen_ai.tool.call.result"] = result
        if side_effect:
            attributes["playhead.side_effect"] = "true"
        if violation:
            attributes["playhead.contract.violation"] = violation
        self.messages.append(message("tool", error or result))
        return self.step(f"execute_tool {tool}", seconds, attributes, error=error, is_open=is_open)

    def state(self, to: str, *, machine: str = "run", terminal: bool = False, **details: str) -> None:
        attributes: dict[str, Value] = {
            "playhead.kind": "state",
            "playhead.transition.machine": machine,
            "playhead.transition.to": to,
            "playhead.transition.terminal": terminal,
            **{f"playhead.transition.{key}": value for key, value in details.items()},
        }
        if machine in self.states:
            attributes["playhead.transition.from"] = self.states[machine]
        self.states[machine] = to
        self.step(f"{machine}: {to}", 0.001, attributes)

    def decision(self, question: str, chosen: str) -> None:
        said = {"playhead.kind": "decision", "playhead.decision.question": question, "playhead.decision.chosen": chosen}
        self.step(question, 0.001, dict(said))

    def approval(
        self, action: str, verdict: str, waited_s: float, *, by: str = "person", is_open: bool = False
    ) -> None:
        attributes: dict[str, Value] = {"playhead.kind": "approval", "playhead.approval.action": action}
        if not is_open:
            attributes |= {
                "playhead.approval.verdict": verdict, "playhead.approval.by": by,
                "playhead.approval.waited_s": waited_s,
            }  # fmt: skip
        self.step(f"approval {action}", waited_s, attributes, is_open=is_open)

    def score(self, name: str, value: float) -> None:
        said: dict[str, Value] = {
            "playhead.kind": "score", "gen_ai.evaluation.name": name, "gen_ai.evaluation.score.value": value,
        }  # fmt: skip
        self.step(f"score {name}", 0.001, said)

    def told(
        self, *, output: str = '"done"', error: str = "", is_open: bool = False, counted: int | None = None,
        drop: int = 0,
    ) -> Told:  # fmt: skip
        """Ends the run. `drop` of its steps never arrive; it says how many there were."""
        attributes: dict[str, Value] = {
            "gen_ai.operation.name": "invoke_agent",
            "gen_ai.agent.name": self.agent,
            "gen_ai.agent.version": self.version,
            "user.id": self.user,
            "input.value": json.dumps({"question": self.asked}),
        }
        if is_open:
            attributes["playhead.state"] = "open"
        else:
            attributes["playhead.run.steps"] = len(self.spans) + 1 if counted is None else counted
            if not error:
                attributes["output.value"] = output
        root = Span(
            self.trace_id, self.root_id, b"", f"invoke_agent {self.agent}", self.start_ns,
            0 if is_open else self.now_ns, attributes, 0 if is_open else 2 if error else 1, error,
        )  # fmt: skip
        if error:
            root.attributes["error.type"] = error.split(":", maxsplit=1)[0]
        kept = self.spans
        if drop:
            gone = set(self.rng.sample(range(len(kept)), min(drop, len(kept))))
            kept = [span for place, span in enumerate(kept) if place not in gone]
        return Told(self.trace_id.hex(), self.service, self.version, [*kept, root])
