"""Runs as a story tells them: an agent that asks a model and calls tools, with fixed ids and times."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span
from tests.collector.database import StoreDatabase
from tests.collector.dialects.spans import span, traces

from playhead_collector.read.run import Run, read_run
from playhead_replay.diff.run import RunDiff, diff_runs

_numbers = itertools.count(1)


class Told:
    """One run, told step by step; each takes 10 ms unless it says otherwise, one after the other. Its number is its id;
    where none is given, it gets one of its own.
    """

    def __init__(self, number: int = 0, agent: str = "support", version: str = "1.4.1", asked: str = "") -> None:
        self.run_id = f"{number or 0xA000 + next(_numbers):032x}"
        self.spans: list[Span] = []
        self.at = 0.0
        self.context: list[dict[str, Any]] = []
        attributes: dict[str, Any] = {
            "gen_ai.operation.name": "invoke_agent",
            "gen_ai.agent.name": agent,
            "gen_ai.agent.version": version,
        }
        if asked:
            attributes["input.value"] = asked
        self.root = self.step(f"invoke_agent {agent}", attributes, ms=1000)
        self.at = 1.0

    def step(
        self, name: str, attributes: Mapping[str, Any] = {}, *, ms: float = 10, parent: Span | None = None,
        error: str | None = None, at: float | None = None, is_open: bool = False,
    ) -> Span:  # fmt: skip
        """Any step; it moves the time on, unless it says when it began."""
        begin = self.at if at is None else at
        made = span(name, attributes, at=(begin, begin + ms), error=error)
        made.trace_id = bytes.fromhex(self.run_id)
        made.span_id = int(self.run_id[-4:] + f"{len(self.spans):08x}", 16).to_bytes(8, "big")
        if self.spans:
            made.parent_span_id = (parent or self.root).span_id
        if is_open:
            made.end_time_unix_nano = 0
        self.spans.append(made)
        if at is None:
            self.at = begin + ms
        return made

    def prompt(
        self, *asked: tuple[str, str], answer: str = "", calls: Sequence[tuple[str, Mapping[str, Any]]] = (),
        model: str = "gpt-5", tokens: tuple[int, int] | None = (100, 10), captured: bool = True, **step: Any,
    ) -> Span:  # fmt: skip
        """The context grows with each: by what is asked, and by the answer."""
        self.context += [{"role": role, "parts": [{"type": "text", "content": text}]} for role, text in asked]
        said: list[dict[str, Any]] = [{"type": "text", "content": answer}] if answer else []
        said += [{"type": "tool_call", "name": name, "arguments": dict(given)} for name, given in calls]
        out = {"role": "assistant", "parts": said, "finish_reason": "tool_calls" if calls else "stop"}
        attributes: dict[str, Any] = {
            "gen_ai.operation.name": "chat",
            "gen_ai.provider.name": "openai",
            "gen_ai.request.model": model,
            "gen_ai.response.finish_reasons": [out["finish_reason"]],
        }
        if tokens is not None:
            attributes |= {"gen_ai.usage.input_tokens": tokens[0], "gen_ai.usage.output_tokens": tokens[1]}
        if captured:
            attributes["gen_ai.input.messages"] = json.dumps(self.context)
            attributes["gen_ai.output.messages"] = json.dumps([out])
        self.context.append({"role": "assistant", "parts": said})
        return self.step(f"chat {model}", attributes, **step)

    def tool(self, name: str, given: Mapping[str, Any], result: Any = None, **step: Any) -> Span:
        """Its result is told to the model."""
        attributes: dict[str, Any] = {
            "gen_ai.operation.name": "execute_tool",
            "gen_ai.tool.name": name,
            "gen_ai.tool.call.arguments": json.dumps(given),
        }
        lane = step.pop("lane", "")
        if lane:
            attributes |= {"playhead.lane": lane, "playhead.kind": "tool"}
        if result is not None:
            attributes["gen_ai.tool.call.result"] = json.dumps(result)
        told = step.get("error") or json.dumps(result)
        self.context.append({"role": "tool", "parts": [{"type": "tool_call_response", "result": told}]})
        return self.step(f"execute_tool {name}", attributes, **step)

    def state(self, machine: str, to: str) -> Span:
        attributes = {
            "playhead.kind": "state",
            "playhead.transition.machine": machine,
            "playhead.transition.to": to,
        }
        return self.step(f"{machine}: {to}", attributes, ms=0)

    def body(self) -> ExportTraceServiceRequest:
        return traces(*self.spans)


class Shelf:
    """Runs that are stored once, all together, since storing takes longer than all that is done with them."""

    def __init__(self, database: StoreDatabase, told: Iterable[Told]) -> None:
        listed = list(told)
        self._client = database.client
        database.insert(b"".join(one.body().SerializeToString() for one in listed))
        database.recompute([one.run_id for one in listed])

    def read(self, told: Told) -> Run:
        return read_run(self._client, told.run_id)

    def compared(self, pair: tuple[Told, Told]) -> RunDiff:
        return diff_runs(self.read(pair[0]), self.read(pair[1]))
