"""A stop in words, for the terminal. What a trace or the agent says is never trusted: it is made printable, and cut."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from playhead.printable import printable
from playhead_collector.commands.common import one_line
from playhead_collector.read.conversation import Conversation, Message
from playhead_collector.read.signs import LETTERS
from playhead_collector.read.words import cost, count
from playhead_replay.recording.steps import RecordedStep
from playhead_replay.stepping.stop import Frame, Local, Stop

WIDTH = 160
_LOCALS = 20


def stop_in_words(stop: Stop, content: Conversation | None, width: int = WIDTH) -> Iterator[str]:
    """`content`: of its step."""
    number = "?" if stop.number is None else stop.number
    lane = f" · lane {stop.lane}" if stop.lane not in ("", "0") else ""
    yield f"● step {number}/{stop.steps}{lane}{f' · {stop.met}' if stop.met else ''}"
    if stop.failure is not None:
        yield _line(2, f"✗ the replay parts from its recording here: {stop.failure.what}", width)
        yield from (_line(4, line, width) for line in stop.failure.differences)
    elif stop.step is not None:
        yield from _step(stop.step, stop.begins, content, width)
    yield "  " + " · ".join(so_far(stop))
    if stop.frame is None:
        yield "  no code of the agent's stands here"
        return
    yield from frame_in_words(stop.frame, width)
    yield from locals_in_words(stop.locals[:_LOCALS], width)
    if len(stop.locals) > _LOCALS:
        yield f"    … {len(stop.locals) - _LOCALS} more; l lists them"


def frame_in_words(frame: Frame, width: int = WIDTH) -> Iterator[str]:
    yield _line(2, f"{frame.file}:{frame.line} in {frame.function}", width)
    for line in frame.source:
        sign = "▶" if line.number == frame.line else " "
        yield f"  {sign}{line.number:5}  {printable(line.text)[:width]}"


def locals_in_words(rows: Sequence[Local], width: int = WIDTH) -> Iterator[str]:
    longest = min(max((len(row.name) for row in rows), default=0), 24)
    for row in rows:
        yield f"    {printable(row.name):{longest}}  {one_line(row.text, width - longest - 6)}"


def messages_in_words(said: Conversation | None, width: int = WIDTH) -> Iterator[str]:
    if said is None or not said.captured:
        yield "  no messages yet" if said is None else "  the messages were not captured"
        return
    if said.system:
        yield _line(2, f"system  {said.system}", width)
    for message in (*said.input, *said.output):
        yield _line(2, f"{message.role}  {_text(message)}", width)


def _step(step: RecordedStep, begins: bool, content: Conversation | None, width: int) -> Iterator[str]:
    letter, _ = LETTERS.get(step.kind, LETTERS["other"])
    name, asked = one_line(step.own_name, 80), asked_in_words(step, content)
    when = "about to happen" if begins else "has just ended"
    yield _line(2, f"{letter} {name}{asked} {when}", width)
    came = came_in_words(step, content)
    if came:
        yield _line(4, f"recorded: {came}", width)


def _line(indent: int, text: str, width: int) -> str:
    return " " * indent + one_line(text, width - indent)


def asked_in_words(step: RecordedStep, content: Conversation | None) -> str:
    if content is None:
        return ""
    if content.arguments is not None:
        return f"({content.arguments.text})"
    if step.kind == "prompt" and content.input:
        return f"  {len(content.input)} messages, the last: {_text(content.input[-1])[:60]!r}"
    return ""


def came_in_words(step: RecordedStep, content: Conversation | None) -> str:
    if step.failed:
        return f"✗ {step.error}"
    if not step.ended:
        return "… it did not end"
    if content is not None and content.result is not None:
        return f"✓ {content.result.text}"
    if content is not None and content.output:
        return f"✓ {' '.join(_text(message) for message in content.output)}"
    return ""


def _text(message: Message) -> str:
    parts = (part.text if part.kind != "tool_call" else f"{part.name}({part.text})" for part in message.parts)
    return " ".join(part for part in parts if part)


def so_far(stop: Stop) -> Iterator[str]:
    totals = stop.totals
    yield f"so far {cost(totals.cost_usd, totals.unpriced)}"
    if totals.input_tokens is not None or totals.output_tokens is not None:
        yield f"{count((totals.input_tokens or 0) + (totals.output_tokens or 0))} tokens"
    if totals.context_tokens is not None:
        yield f"context {count(totals.context_tokens)}"
    yield from (f"{one_line(machine, 40)}: {one_line(state, 40)}" for machine, state in stop.states.items())
