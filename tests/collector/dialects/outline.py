"""What the store and the reader say of a trace, as a text that a person can check: one line a step, indented as a tree.

    prompt* gpt-4o-mini 42>17 cached=12 stop | user: Weather? => call get_weather {"city": "Paris"}

A star marks the step that counts its model call. The last line is the run.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord
from opentelemetry.proto.trace.v1.trace_pb2 import Span
from tests.collector.database import StoreDatabase
from tests.collector.dialects.spans import Emitter, logs, traces

from playhead_collector.read.conversation import Conversation, Message
from playhead_collector.read.messages import conversation

_LONGEST = 60
_WIDEST = 110


def outline(database: StoreDatabase, *sent: Span | Emitter, records: Sequence[LogRecord] = ()) -> str:
    """Stores one trace and says how it was read."""
    database.insert(traces(*sent))
    if records:
        database.insert(logs(*records))
    spans = [one for item in sent for one in (item.spans if isinstance(item, Emitter) else [item])]
    [run_id] = {span.trace_id.hex() for span in spans}
    database.recompute([run_id])
    [run] = database.rows("SELECT * FROM runs WHERE run_id = {run:String}", run=run_id)
    steps = database.rows("SELECT * FROM steps WHERE run_id = {run:String}", run=run_id)
    by_id = {step["step_id"]: step for step in steps}
    counted = {step for step, is_sum in zip(run["calls.step_id"], run["calls.is_sum"], strict=True) if not is_sum}
    lines: list[str] = []

    def place(parent: str, depth: int) -> None:
        for span in sorted(spans, key=lambda one: one.start_time_unix_nano):
            if span.parent_span_id.hex() == parent:
                step = by_id[span.span_id.hex()]
                mine = [record for record in records if record.span_id == span.span_id]
                text = "  " * depth + _step(step, step["step_id"] in counted, conversation(span, mine))
                lines.append(text if len(text) <= _WIDEST else _broken(text, "  " * depth + "    "))
                place(span.span_id.hex(), depth + 1)

    place("", 0)
    return "\n".join([*lines, _run(run)])


def _broken(text: str, indent: str) -> str:
    """A long line in several: what was said, each message, and the answer."""
    for mark in (" | ", " / ", " => "):
        text = text.replace(mark, f"\n{indent}{mark.strip()} ")
    return text


def _step(step: Mapping[str, Any], counted: bool, said: Conversation) -> str:
    name = {"prompt": step["model"], "retrieval": step["model"], "tool": step["tool"], "agent": step["agent"]}
    words = [step["kind"] + ("*" if counted else ""), name.get(step["kind"], ""), _tokens(step)]
    if step["kind"] == "prompt" and step["agent"]:
        words.append(f"by={step['agent']}")
    words.append(step["finish_reason"])
    words.append("" if step["status"] == "ok" else step["status"])
    head = " ".join(word for word in words if word)
    content = _content(said)
    return f"{head} | {content}" if content else head


def _run(run: Mapping[str, Any]) -> str:
    named = {
        "agent": run["agent"],
        "session": run["session"],
        "user": run["user"],
        "calls": run["prompts"],
        "tools": run["tool_calls"],
    }
    words = [f"{key}={value}" for key, value in named.items() if value]
    cost = "" if run["cost_usd"] is None else f"cost={run['cost_usd']:.6g}"
    return " ".join(word for word in ("=", run["status"], *words, _tokens(run), cost) if word)


def _tokens(row: Mapping[str, Any]) -> str:
    words = []
    if row["input_tokens"] is not None or row["output_tokens"] is not None:
        words.append(f"{_count(row['input_tokens'])}>{_count(row['output_tokens'])}")
    for word, column in (("cached", "cache_read"), ("written", "cache_write"), ("reasoned", "reasoning")):
        if row[f"{column}_tokens"] is not None:
            words.append(f"{word}={row[f'{column}_tokens']}")
    return " ".join(words)


def _count(number: int | None) -> str:
    return "?" if number is None else str(number)


def _content(said: Conversation) -> str:
    if said.arguments is not None or said.result is not None:
        texts = [_short(value.text) if value is not None else "?" for value in (said.arguments, said.result)]
        return " => ".join(texts)
    into = [f"system: {_short(said.system)}"] if said.system else []
    into += [_message(message) for message in said.input]
    text = " / ".join(into)
    if said.output:
        text += " => " + " / ".join(_message(message).removeprefix("assistant: ") for message in said.output)
    if said.tools:
        text += f" [{', '.join(said.tools)}]"
    return text.strip()


def _message(message: Message) -> str:
    parts = []
    for part in message.parts:
        if part.kind == "tool_call":
            parts.append(f"call {part.name} {_short(part.text)}" + (f" #{part.call_id}" if part.call_id else ""))
        elif part.kind == "tool_result":
            parts.append(f"result {_short(part.text)}" + (f" #{part.call_id}" if part.call_id else ""))
        elif part.kind == "media":
            parts.append(f"media {_short(part.uri)}")
        elif part.kind == "text":
            parts.append(_short(part.text))
        else:
            parts.append(f"{part.kind} {_short(part.text)}")
    return f"{message.role}: " + " + ".join(parts)


def _short(text: str) -> str:
    text = text.replace("\n", "\\n")
    return text if len(text) <= _LONGEST else text[:_LONGEST] + "…"
