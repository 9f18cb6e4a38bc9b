"""What a step said and was told, in one form for all dialects."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from playhead_collector.read.value import Data

PartKind = Literal["text", "reasoning", "tool_call", "tool_result", "media", "other"]


@dataclass(frozen=True, slots=True)
class Value:
    """Arguments or a result."""

    text: str
    """What a person reads."""
    data: Data = None
    """Decoded: objects and lists where the emitter sent them, also where it sent them as text."""


@dataclass(frozen=True, slots=True)
class Part:
    kind: PartKind
    text: str = ""
    """What a person reads; of a tool call its arguments, of a tool result the result."""
    name: str = ""
    """The tool's."""
    call_id: str = ""
    """What joins a tool call and its result."""
    value: Data = None
    """Decoded arguments or result, or all of a part of an unknown kind."""
    uri: str = ""
    """Where media are, or the media themselves as a data URI."""
    mime_type: str = ""


@dataclass(frozen=True, slots=True)
class Message:
    role: str
    parts: tuple[Part, ...]
    name: str = ""
    finish_reason: str = ""

    @property
    def text(self) -> str:
        """Only what was said, without reasoning, calls and results."""
        return "\n".join(part.text for part in self.parts if part.kind == "text")


@dataclass(frozen=True, slots=True)
class Conversation:
    system: str = ""
    """Instructions that stood apart from the messages; a message with the role `system` stays among the input."""
    input: tuple[Message, ...] = ()
    output: tuple[Message, ...] = ()
    tools: tuple[str, ...] = ()
    """Names of the tools that were offered."""
    arguments: Value | None = None
    """Of a tool step: what it was called with."""
    result: Value | None = None
    captured: bool = False
    """False where the emitter sent no content at all, or only a place where it is: shown as "not captured"."""
