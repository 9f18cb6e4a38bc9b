"""What happened in a demo run, said once and in no dialect.

Stories make these through `Take`; the dialects write them as spans. Nothing here may know an attribute name,
or a story would come out right in one dialect only.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

Json: TypeAlias = "bool | int | float | str | Sequence[Json] | Mapping[str, Json] | None"
Arguments: TypeAlias = Mapping[str, Json]
NoteKind: TypeAlias = Literal["state", "decision", "approval"]
Value: TypeAlias = "str | bool | int | float | list[str]"
Fact: TypeAlias = tuple[str, Value]
Role: TypeAlias = Literal["system", "user", "assistant", "tool"]

STILL_OPEN = 0
"""The end time of a step whose end was never seen, as OTLP says it."""


@dataclass(frozen=True, slots=True)
class ToolSpec:
    """A tool as the model is told of it."""

    name: str
    description: str
    parameters: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Agent:
    """Who acts: its name, its orders, its model and its tools."""

    name: str
    system: str
    provider: str
    model: str
    tools: tuple[ToolSpec, ...] = ()


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a step ended badly. `status` is the provider's HTTP status, where there was one."""

    type: str
    message: str
    status: int | None = None


@dataclass(frozen=True, slots=True)
class ToolCall:
    """What the model asked for."""

    id: str
    name: str
    arguments: Arguments


@dataclass(frozen=True, slots=True)
class Message:
    """One message of a conversation; a tool's message answers the call named by `call_id`."""

    role: Role
    text: str = ""
    calls: tuple[ToolCall, ...] = ()
    call_id: str = ""


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens of one model call. `input` and `output` are inclusive: the others are subsets of them."""

    input: int
    output: int
    cached: int = 0
    reasoning: int = 0

    def __add__(self, other: Usage) -> Usage:
        return Usage(
            self.input + other.input,
            self.output + other.output,
            self.cached + other.cached,
            self.reasoning + other.reasoning,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """Where and when; what every kind of step has."""

    span_id: bytes
    parent_id: bytes
    start_ns: int
    end_ns: int
    agent: Agent
    failure: Failure | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentStep(Step):
    """An agent from its task to its answer; `usage` is the sum of what it and its children used."""

    asked: str
    answered: str
    usage: Usage


@dataclass(frozen=True, slots=True, kw_only=True)
class PromptStep(Step):
    """One call of a model. No `answer` and no `usage` where it failed or is still open."""

    messages: tuple[Message, ...]
    answer: Message | None = None
    usage: Usage | None = None
    response_id: str = ""
    first_chunk_s: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolStep(Step):
    """One execution of a tool; `result` is text as the agent got it."""

    call: ToolCall
    result: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RetrievalStep(Step):
    """A search in the agent's own documents."""

    source: str
    query: str
    documents: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class NoteStep(Step):
    """What only the agent's own code knows; `facts` are attributes, the same in every dialect."""

    kind: NoteKind
    name: str
    facts: tuple[Fact, ...]


@dataclass(frozen=True, slots=True)
class Casting:
    """Under which circumstances a story is told: by whom, which version, for which user, since when."""

    agent: Agent
    service: str
    version: str
    user: str
    session: str
    start_ns: int


@dataclass(frozen=True, slots=True)
class Run:
    """A whole run, its steps in the order in which they ended, as an exporter would send them."""

    trace_id: bytes
    casting: Casting
    steps: tuple[Step, ...]
