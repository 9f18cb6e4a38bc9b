"""One model call as GenAI attributes: what was asked, what was answered, how it went.

What a body did not say is absent here, never zero or empty. Names follow the GenAI conventions; `playhead.cut` is ours.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from opentelemetry.util.types import AttributeValue

from playhead.providers.loose import Json
from playhead.values.json_text import writer

Attributes = dict[str, AttributeValue]

_dumps = writer(json.JSONEncoder().default, allow_nan=True)


@dataclass(frozen=True, slots=True)
class Asked:
    """What a request asks for."""

    operation: str
    """`chat`, `generate_content`, `text_completion` or `embeddings`."""
    model: str | None = None
    messages: tuple[Json, ...] = ()
    system: tuple[Json, ...] = ()
    """Parts of instructions that are given beside the conversation, not in it."""
    tools: tuple[Json, ...] = ()
    stream: bool = False
    parameters: Mapping[str, AttributeValue | None] = field(default_factory=dict)
    """Other attributes of the request, by their names; None where it does not say."""

    def attributes(self) -> Attributes:
        return {
            **_known({"gen_ai.operation.name": self.operation, "gen_ai.request.model": self.model}),
            **({"gen_ai.request.stream": True} if self.stream else {}),
            **_known(self.parameters),
            **_listed("gen_ai.system_instructions", self.system),
            **_listed("gen_ai.input.messages", self.messages),
            **_listed("gen_ai.tool.definitions", self.tools),
        }


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens. `input` and `output` are inclusive: what was cached or reasoned is in them, never on top."""

    input: int | None = None
    output: int | None = None
    cache_read: int | None = None
    cache_write: int | None = None
    reasoning: int | None = None
    cost: float | None = None
    """In US dollars, where the provider says what it charged."""

    def attributes(self) -> Attributes:
        return _known(
            {
                "gen_ai.usage.input_tokens": self.input,
                "gen_ai.usage.output_tokens": self.output,
                "gen_ai.usage.cache_read.input_tokens": self.cache_read,
                "gen_ai.usage.cache_write.input_tokens": self.cache_write,
                "gen_ai.usage.reasoning.output_tokens": self.reasoning,
                "gen_ai.usage.cost": self.cost,
            }
        )


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a call has no answer, or not all of it."""

    type: str
    message: str | None = None


@dataclass(frozen=True, slots=True)
class Answered:
    """What a provider answered."""

    model: str | None = None
    id: str | None = None
    messages: tuple[Json, ...] = ()
    finish_reasons: tuple[str, ...] = ()
    usage: Usage = Usage()
    failure: Failure | None = None
    extra: Mapping[str, AttributeValue | None] = field(default_factory=dict)

    def attributes(self) -> Attributes:
        return {
            **_known({"gen_ai.response.model": self.model, "gen_ai.response.id": self.id}),
            **({"gen_ai.response.finish_reasons": self.finish_reasons} if self.finish_reasons else {}),
            **self.usage.attributes(),
            **_known(self.extra),
            **_listed("gen_ai.output.messages", self.messages),
        }


@dataclass(frozen=True, slots=True)
class Dialect:
    """A way of speaking to models: how its requests and answers are read."""

    name: str
    """The provider, where the host does not tell another."""
    shaped: Callable[[Json], bool]
    """Whether a body is a request of this dialect: a path alone can be anybody's."""
    asked: Callable[[Json], Asked]
    answered: Callable[[Json], Answered]
    assembled: Callable[[Iterable[Json]], tuple[Json, bool]]
    """The whole answer from the events of a stream, and whether they came to their end."""
    whole: Callable[[bytes], Any] | None = None
    """Reads an answer that is too large to be parsed for the little that is wanted of it."""


@dataclass(frozen=True, slots=True)
class Call:
    """A request to a model, known before it is answered."""

    dialect: Dialect
    provider: str
    host: str
    port: int | None
    asked: Asked

    @property
    def name(self) -> str:
        """What a step of this call is called."""
        return f"{self.asked.operation} {self.asked.model}" if self.asked.model else self.asked.operation

    def attributes(self) -> Attributes:
        return {
            "gen_ai.provider.name": self.provider,
            **_known({"server.address": self.host or None, "server.port": self.port}),
            **self.asked.attributes(),
        }


@dataclass(frozen=True, slots=True)
class Prompt:
    """A request to a model and its answer."""

    call: Call
    answered: Answered
    status: int | None
    failure: Failure | None
    """The provider's own word for what went wrong, else the status or the client's exception."""
    streamed: bool
    cut: bool
    """The stream ended before the provider said that it was over: `answered` is what had come."""
    time_to_first_chunk: float | None
    """Seconds; of streams only."""

    @property
    def asked(self) -> Asked:
        return self.call.asked

    @property
    def name(self) -> str:
        return self.call.name

    def attributes(self) -> Attributes:
        """Everything, request and answer."""
        return {**self.call.attributes(), **self.answer_attributes()}

    def answer_attributes(self) -> Attributes:
        """What was not known when the request was sent."""
        return {
            **self.answered.attributes(),
            **_known(
                {
                    "http.response.status_code": self.status,
                    "gen_ai.response.time_to_first_chunk": self.time_to_first_chunk,
                    "error.type": self.failure.type if self.failure else None,
                    "playhead.cut": True if self.cut else None,
                }
            ),
        }


def _known(values: Mapping[str, AttributeValue | None]) -> Attributes:
    return {key: value for key, value in values.items() if value is not None}


def _listed(key: str, values: tuple[Json, ...]) -> Attributes:
    return {key: _dumps(list(values))} if values else {}
