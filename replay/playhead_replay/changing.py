"""What a fork can change at a step: which names, what was recorded under each as a text, and such a text read back."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from playhead.errors import UsageError
from playhead.printable import printable
from playhead.recorder.changes import ARGUMENTS, MESSAGES, RESULT, SYSTEM, as_json
from playhead_collector.read.conversation import Message
from playhead_replay.fork import ANSWER, NAMES, was_streamed
from playhead_replay.recording.steps import RecordedStep
from playhead_replay.stepping.facts import said_in

_INSTRUCTING = ("system", "developer")


def change_of(text: str) -> tuple[str, Any]:
    """Of the command line: `NAME=VALUE`, or `NAME=@FILE`."""
    name, equals, value = text.partition("=")
    if name not in NAMES or not equals:
        raise UsageError(f"--set {text!r} is not known; what can be set: {', '.join(f'{one}=…' for one in NAMES)}")
    if value.startswith("@"):
        try:
            value = Path(value[1:]).read_text(encoding="utf-8")
        except OSError as error:
            raise UsageError(f"--set {name}: {value[1:]} cannot be read: {error.strerror}") from None
    return name, value_of(name, value)


def value_of(name: str, text: str) -> Any:
    """Raises UsageError where it has to be JSON of another form."""
    given = as_json(text) if name in (RESULT, ARGUMENTS, MESSAGES) else text
    if (name == ARGUMENTS and not isinstance(given, dict)) or (name == MESSAGES and not isinstance(given, list)):
        form = 'an object, such as \'{"city": "Oslo"}\'' if name == ARGUMENTS else "a list, as the provider takes it"
        raise UsageError(f"--set {name} takes JSON: {form}")
    return given


def names_at(step: RecordedStep) -> tuple[str, ...]:
    """What can be set at it; nothing where it is neither a tool nor a prompt."""
    match step.kind:
        case "tool":
            return (RESULT, ARGUMENTS)
        case "prompt":
            return (SYSTEM, MESSAGES) if was_streamed(step) else (ANSWER, SYSTEM, MESSAGES)
        case _:
            return ()


def recorded_text(step: RecordedStep, name: str) -> str:
    """What was recorded, as a text that `value_of` reads; empty where it was not, or has no such form."""
    said = said_in(step)
    if name == RESULT:
        return (
            "" if said.result is None else _as_text(said.result.text if said.result.data is None else said.result.data)
        )
    if name == ARGUMENTS:
        return "" if said.arguments is None else _as_text(said.arguments.data)
    if name == ANSWER:
        return "\n".join(message.text for message in said.output)
    if name == SYSTEM:
        first = next((message.text for message in said.input if message.role in _INSTRUCTING), "")
        return said.system or first
    if all(_is_plain(message) for message in said.input):
        return _as_text([{"role": message.role, "content": message.text} for message in said.input])
    return ""


def _as_text(value: Any) -> str:
    """A text as it is, where that is read as itself; anything else as JSON that a terminal can show."""
    if isinstance(value, str) and as_json(value) == value:
        return value
    text = json.dumps(value, indent=2, ensure_ascii=False)
    return text if printable(text) == text else json.dumps(value, indent=2)


def _is_plain(message: Message) -> bool:
    return all(part.kind == "text" for part in message.parts)
