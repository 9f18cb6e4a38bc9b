"""Runs with fixed ids, times and words: what the screens in `screens/` show."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status
from tests.collector.dialects.spans import key_values

NOW = datetime(2026, 11, 21, 14, 5, tzinfo=UTC)


@dataclass
class Told:
    """A run as it is told, step by step; times are seconds from its start."""

    number: int
    began: datetime
    user: str = "user-1"
    agent: str = "support"
    version: str = "1.4.2"
    request: ExportTraceServiceRequest = field(default_factory=ExportTraceServiceRequest)
    spans: list[Span] = field(default_factory=list)

    @property
    def run_id(self) -> str:
        return f"{self.number:04x}" * 8

    def step(
        self,
        name: str,
        at: tuple[float, float | None],
        attributes: Mapping[str, Any] | None = None,
        *,
        parent: Span | None = None,
        error: str | None = None,
    ) -> Span:
        """A step; without an end it is still open."""
        start, end = at
        span = Span(
            trace_id=bytes.fromhex(self.run_id),
            span_id=(self.number * 100_000 + len(self.spans) + 1).to_bytes(8),
            parent_span_id=parent.span_id if parent is not None else b"",
            name=name,
            start_time_unix_nano=self._ns(start),
            end_time_unix_nano=self._ns(end) if end is not None else 0,
            attributes=key_values(
                {"playhead.state": "open", **(attributes or {})} if end is None else attributes or {}
            ),
            status=Status(code=Status.STATUS_CODE_ERROR, message=error) if error is not None else None,
        )
        self.spans.append(span)
        return span

    def root(self, at: tuple[float, float | None], error: str | None = None) -> Span:
        return self.step(
            self.agent,
            at,
            {
                "gen_ai.operation.name": "invoke_agent",
                "gen_ai.agent.name": self.agent,
                "gen_ai.agent.version": self.version,
                "session.id": f"session-{self.number}",
                "user.id": self.user,
            },
            error=error,
        )

    def prompt(
        self,
        parent: Span,
        at: tuple[float, float | None],
        said: Sequence[Mapping[str, Any]],
        answer: Mapping[str, Any],
        tokens: tuple[int, int] = (1200, 310),
        model: str = "gpt-4o-mini",
    ) -> Span:
        attributes = {
            "gen_ai.operation.name": "chat",
            "gen_ai.provider.name": "openai",
            "gen_ai.request.model": model,
            "gen_ai.usage.input_tokens": tokens[0],
            "gen_ai.usage.output_tokens": tokens[1],
            "gen_ai.input.messages": json.dumps(said),
            "gen_ai.output.messages": json.dumps([answer]),
        }
        return self.step(f"chat {model}", at, attributes, parent=parent)

    def tool(
        self,
        parent: Span,
        at: tuple[float, float | None],
        name: str,
        arguments: Any,
        result: Any = None,
        error: str | None = None,
    ) -> Span:
        attributes = {
            "gen_ai.operation.name": "execute_tool",
            "gen_ai.tool.name": name,
            "gen_ai.tool.call.arguments": json.dumps(arguments),
        }
        if result is not None:
            attributes["gen_ai.tool.call.result"] = result if isinstance(result, str) else json.dumps(result)
        return self.step(f"execute_tool {name}", at, attributes, parent=parent, error=error)

    def body(self) -> ExportTraceServiceRequest:
        request = ExportTraceServiceRequest()
        request.resource_spans.add().scope_spans.add().spans.extend(self.spans)
        return request

    def _ns(self, seconds: float) -> int:
        return int(self.began.timestamp()) * 10**9 + round(seconds * 10**9)


def text(role: str, words: str) -> dict[str, Any]:
    return {"role": role, "parts": [{"type": "text", "content": words}]}


def call(name: str, ident: str, **arguments: Any) -> dict[str, Any]:
    return {
        "role": "assistant",
        "parts": [{"type": "tool_call", "id": ident, "name": name, "arguments": arguments}],
    }


def result(ident: str, said: Any) -> dict[str, Any]:
    return {"role": "tool", "parts": [{"type": "tool_call_response", "id": ident, "response": said}]}


SYSTEM = text("system", "You are the support agent of a shop. Refund within **30 days**.")


def answered(number: int, began: datetime, user: str = "user-1", version: str = "1.4.2") -> Told:
    """It looks an order up and answers."""
    told = Told(number, began, user, version=version)
    root = told.root((0, 29))
    ask = text("user", f"Where is my order A-{number}? It was to arrive on Tuesday.")
    wants = call("lookup_order", "c1", order_id=f"A-{number}")
    told.prompt(root, (0.1, 4), [SYSTEM, ask], wants)
    told.tool(root, (4, 5), "lookup_order", {"order_id": f"A-{number}"}, {"status": "shipped", "days": 2})
    got = result("c1", {"status": "shipped", "days": 2})
    told.prompt(root, (5, 28), [SYSTEM, ask, wants, got], text("assistant", "It is on its way: **two days** more."))
    return told


def looping(number: int, began: datetime) -> Told:
    """It asks for the same refund again and again; its context loses the system prompt on the way."""
    told = Told(number, began, user="user-9")
    root = told.root((0, 182), error="refund: gave up after 5 attempts")
    ask = text("user", "I was charged twice for A-1093.\n\nPlease *refund* one of them.")
    wants = call("refund", "c1", order_id="A-1093", cents=4900)
    said: list[Mapping[str, Any]] = [SYSTEM, ask]
    told.prompt(root, (0.5, 12), said, wants, (1200, 310))
    told.step("triage", (12, 12.1), {"playhead.kind": "state", "playhead.state": "refunding"}, parent=root)
    for turn in range(5):
        began_s = 12.5 + turn * 30
        arguments = {"order_id": "A-1093", "cents": 4900, "reason": "charged twice"}
        told.tool(root, (began_s, began_s + 8), "refund", arguments, error="PaymentError: window closed")
        told.tool(
            root, (began_s + 1, began_s + 6), "audit", {"turn": turn}, {"ok": True, "seen": [1, 2, {"deep": None}]}
        )
        said = [*said[1 if turn == 2 else 0 :], wants, result("c1", "PaymentError: window closed")]
        told.prompt(root, (began_s + 9, began_s + 29), said, wants, (4000 * (turn + 1), 90))
    return told


def running(number: int, began: datetime) -> Told:
    """It has not ended."""
    told = Told(number, began, user="user-4")
    root = told.root((0, None))
    ask = text("user", "Please cancel my subscription.")
    told.prompt(root, (1, 3), [SYSTEM, ask], call("cancel", "c1", subject="S-7"))
    told.tool(root, (3, None), "cancel", {"subject": "S-7"})
    return told


def incomplete(number: int, began: datetime) -> Told:
    """Its root has not arrived."""
    told = Told(number, began, user="user-5")
    root = told.root((0, 20))
    told.tool(root, (2, 3), "lookup_order", {"order_id": "A-7"}, {"status": "lost"})
    told.spans.remove(root)
    return told


# What would break a screen that showed it as it is: colours, cursor moves, a title, another direction, markup.
EVIL = "\x1b[31mred\x1b[2J\x1b]0;owned\x07 \x9b5;5H \u202eesrever\u202c [bold red]no[/] :smile: \x00\ttab\rreturn"


def hostile(number: int, began: datetime, more: str = "") -> Told:
    """`more` makes it another than one without."""
    told = Told(number, began, user=EVIL, agent=f"[red]{EVIL}", version="[/]")
    root = told.root((0, 3), error=EVIL)
    told.prompt(
        root,
        (0.1, 1),
        [text("user", EVIL + more)],
        text("assistant", f"# {EVIL}\n\n```python\n{EVIL}\n```"),
        model=EVIL,
    )
    told.tool(root, (1, 2), EVIL, {EVIL: EVIL + more}, more + EVIL + "x" * 5_000_000)
    if more:
        told.tool(root, (2, 2), EVIL + more, [EVIL], EVIL, error=EVIL)
    told.step("bytes", (2, 3), {"raw": b"\xff\xfe\x1b[31m", EVIL: EVIL}, parent=root)
    return told


def all_runs() -> list[Told]:
    """In two days: most of them answered well."""
    runs = [
        answered(
            number,
            NOW - timedelta(hours=47) + timedelta(minutes=number * 7),
            user=f"user-{number % 3}",
            version="1.4.1",
        )
        for number in range(1, 13)
    ]
    runs += [answered(20, NOW - timedelta(minutes=8))]
    runs += [looping(21, NOW - timedelta(minutes=4)), incomplete(22, NOW - timedelta(minutes=3))]
    return [*runs, running(23, NOW - timedelta(seconds=90))]
