"""Tells one story as one run: keeps the conversation, the clock, the ids and the token counts.

A story says only what was said and done; a `Take` works out the rest the way a provider would, so that
prompts grow turn by turn and token counts follow the text. It must never read the real clock or a shared
source of randomness: the same seed and the same start give the same run.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TypedDict

from playhead_collector.demo.chance import Chance
from playhead_collector.demo.steps import (
    STILL_OPEN,
    Agent,
    AgentStep,
    Arguments,
    Fact,
    Failure,
    Json,
    Message,
    NoteKind,
    NoteStep,
    PromptStep,
    RetrievalStep,
    Step,
    ToolCall,
    ToolStep,
    Usage,
)

SECOND = 1_000_000_000
NO_USAGE = Usage(0, 0)
# OpenAI and Anthropic serve a prefix from their cache from 1,024 tokens on, in blocks of 128.
_CACHED_FROM, _CACHED_BLOCK = 1024, 128


@dataclass(frozen=True, slots=True)
class Errand:
    """A tool call as a story tells it: what is asked, what comes back, how long it takes."""

    name: str
    arguments: Arguments
    result: Json
    seconds: float = 0.4
    failure: Failure | None = None


@dataclass(slots=True)
class Reel:
    """What the takes of one run share; `steps` is in the order in which they end."""

    chance: Chance
    user_id: str
    steps: list[Step] = field(default_factory=list)


class _Mark(TypedDict):
    span_id: bytes
    parent_id: bytes
    start_ns: int
    end_ns: int
    agent: Agent


class Take:
    """One agent at work. `delegate` opens others in the same run, each with a clock and words of its own."""

    def __init__(self, agent: Agent, reel: Reel, start_ns: int, parent_id: bytes = b"", call_id: str = "") -> None:
        self.agent = agent
        self.clock_ns = start_ns
        self._start_ns = start_ns
        self._reel = reel
        self._parent_id = parent_id
        self._call_id = call_id
        self._span_id = reel.chance.span_id()
        self._messages = [Message("system", agent.system)]
        self._asked = ""
        self._answered = ""
        self._usage = NO_USAGE
        self._seen_tokens = 0

    @property
    def user_id(self) -> str:
        return self._reel.user_id

    @property
    def chance(self) -> Chance:
        return self._reel.chance

    # What people and the model say.

    def earlier(self, user: str, answer: str) -> None:
        """An exchange of an earlier run of the session, which the agent remembers."""
        self._messages += [Message("user", user), Message("assistant", answer)]

    def user(self, text: str) -> None:
        if self._asked:
            self.wait(self._reel.chance.content.uniform(8, 45))
        self._asked = self._asked or text
        self._messages.append(Message("user", text))

    def answer(self, text: str) -> None:
        """The model speaks to the user."""
        self._answered = text
        self._prompt(Message("assistant", text))

    def call(self, name: str, arguments: Arguments, result: Json, seconds: float = 0.4, say: str = "") -> None:
        """The model asks for one tool, and gets its result."""
        self.call_together([Errand(name, arguments, result, seconds)], say)

    def call_together(self, errands: list[Errand], say: str = "") -> None:
        """The model asks for several tools at once, and they run side by side."""
        calls = self._ask([(errand.name, errand.arguments) for errand in errands], say)
        begin = latest = self.clock_ns
        for at, (call, errand) in enumerate(zip(calls, errands, strict=True)):
            self.clock_ns = begin + at * 2_000_000
            self._execute(call, errand)
            latest = max(latest, self.clock_ns)
        self.clock_ns = latest

    def call_failing(self, name: str, arguments: Arguments, failure: Failure, say: str = "") -> None:
        """The model asks for one tool, and the tool raises."""
        self.call_together([Errand(name, arguments, None, failure=failure)], say)

    def refused(self, failure: Failure, seconds: float = 0.3) -> None:
        """The provider answers a prompt with an error; nothing is added to the conversation."""
        start = self.clock_ns
        self.wait(seconds)
        self._reel.steps.append(
            PromptStep(messages=tuple(self._messages), failure=failure, **self._mark(start, self.clock_ns))
        )

    # What the agent's own code does.

    def wait(self, seconds: float) -> None:
        self.clock_ns += int(seconds * SECOND)

    def state(self, before: str, after: str, machine: str = "case") -> None:
        self._note(
            "state",
            f"{before} -> {after}",
            ("playhead.transition.machine", machine),
            ("playhead.transition.from", before),
            ("playhead.transition.to", after),
        )

    def decide(self, question: str, options: list[str], chosen: str, reason: str) -> None:
        self._note(
            "decision",
            question,
            ("playhead.decision.question", question),
            ("playhead.decision.options", options),
            ("playhead.decision.chosen", chosen),
            ("playhead.decision.reason", reason),
        )

    def approval(
        self, action: str, proposed: Arguments, *, verdict: str, by: str, minutes: float, comment: str
    ) -> None:
        """Somebody is asked, and the agent waits for the verdict: `approved` or `rejected`."""
        self._note(
            "approval",
            action,
            ("playhead.approval.action", action),
            ("playhead.approval.proposed", json.dumps(proposed, ensure_ascii=False)),
            ("playhead.approval.verdict", verdict),
            ("playhead.approval.by", by),
            ("playhead.approval.waited_s", minutes * 60),
            ("playhead.approval.comment", comment),
            seconds=minutes * 60,
        )

    def told(self, text: str) -> None:
        """The agent's code puts a note of its own into the conversation."""
        self._messages.append(Message("user", text))

    def retrieve(self, source: str, query: str, *documents: str) -> None:
        """Documents are fetched and laid before the model."""
        start = self.clock_ns
        self.wait(0.12)
        self._reel.steps.append(
            RetrievalStep(source=source, query=query, documents=documents, **self._mark(start, self.clock_ns))
        )
        self.told("Documents:\n\n" + "\n\n".join(documents))

    def trim_to(self, tokens: int) -> None:
        """What a careless trimmer does when the context is full: the oldest messages go, the orders first."""
        while self.prompt_tokens > tokens:
            self._messages.pop(0)

    def delegate(self, *tasks: tuple[Agent, str]) -> list[Take]:
        """Other agents start on their tasks side by side; they come back through `join`."""
        calls = self._ask([(f"transfer_to_{agent.name}", {"task": task}) for agent, task in tasks], "")
        others = [
            Take(agent, self._reel, self.clock_ns, self._span_id, call.id)
            for call, (agent, _) in zip(calls, tasks, strict=True)
        ]
        for other, (_, task) in zip(others, tasks, strict=True):
            other.user(task)
        return others

    def join(self, others: list[Take]) -> None:
        """Waits for delegated agents, whose answers come back as results of the calls that started them."""
        for other in others:
            other.end()
            self._usage += other._usage
            self.clock_ns = max(self.clock_ns, other.clock_ns)
            self._messages.append(Message("tool", other._answered, call_id=other._call_id))

    # How it ends.

    def end(self, failure: Failure | None = None) -> None:
        self._end_agent(self.clock_ns, failure)

    def die_in_tool(self, name: str, arguments: Arguments) -> None:
        """The process is killed while a tool runs: the tool and the agent stay open."""
        (call,) = self._ask([(name, arguments)], "")
        self._reel.steps.append(ToolStep(call=call, **self._mark(self.clock_ns, STILL_OPEN)))
        self._end_agent(STILL_OPEN, None)

    def die_in_prompt(self) -> None:
        """The process is killed while the model answers."""
        self._reel.steps.append(PromptStep(messages=tuple(self._messages), **self._mark(self.clock_ns, STILL_OPEN)))
        self._end_agent(STILL_OPEN, None)

    @property
    def prompt_tokens(self) -> int:
        """What the next prompt would count."""
        return sum(_tokens(message) for message in self._messages) + 40 * len(self.agent.tools)

    def _mark(self, start_ns: int, end_ns: int) -> _Mark:
        return {
            "span_id": self._reel.chance.span_id(),
            "parent_id": self._span_id,
            "start_ns": start_ns,
            "end_ns": end_ns,
            "agent": self.agent,
        }

    def _end_agent(self, end_ns: int, failure: Failure | None) -> None:
        mark = self._mark(self._start_ns, end_ns)
        mark["span_id"], mark["parent_id"] = self._span_id, self._parent_id
        self._reel.steps.append(
            AgentStep(asked=self._asked, answered=self._answered, usage=self._usage, failure=failure, **mark)
        )

    def _ask(self, wanted: list[tuple[str, Arguments]], say: str) -> tuple[ToolCall, ...]:
        prefix = "toolu_" if self.agent.provider == "anthropic" else "call_"
        calls = tuple(ToolCall(self._reel.chance.name(prefix), name, given) for name, given in wanted)
        self._prompt(Message("assistant", say, calls))
        return calls

    def _prompt(self, answer: Message) -> None:
        start = self.clock_ns
        content = self._reel.chance.content
        thinks = self.agent.model.startswith("gpt-5")
        reasoning = 64 * content.randint(1, 8) if thinks else 0
        tokens_in = self.prompt_tokens
        cached = self._seen_tokens // _CACHED_BLOCK * _CACHED_BLOCK
        usage = Usage(
            input=tokens_in,
            output=_tokens(answer) + reasoning,
            # A trimmed prompt shares no prefix with the one before it.
            cached=cached if cached >= _CACHED_FROM and self._messages[0].role == "system" else 0,
            reasoning=reasoning,
        )
        self._seen_tokens = tokens_in
        first_chunk_s = content.uniform(0.25, 0.7) + tokens_in / 40_000 + reasoning * 0.008
        self.wait(first_chunk_s + usage.output * content.uniform(0.009, 0.016))
        prefix = "msg_" if self.agent.provider == "anthropic" else "chatcmpl-"
        self._reel.steps.append(
            PromptStep(
                messages=tuple(self._messages),
                answer=answer,
                usage=usage,
                response_id=self._reel.chance.name(prefix),
                first_chunk_s=round(first_chunk_s, 4),
                **self._mark(start, self.clock_ns),
            )
        )
        self._usage += usage
        self._messages.append(answer)
        self.wait(0.004)

    def _execute(self, call: ToolCall, errand: Errand) -> None:
        start = self.clock_ns
        self.wait(errand.seconds * self._reel.chance.content.uniform(0.8, 1.25))
        failure = errand.failure
        result = None if failure else _as_text(errand.result)
        self._reel.steps.append(ToolStep(call=call, result=result, failure=failure, **self._mark(start, self.clock_ns)))
        told = f"{failure.type}: {failure.message}" if failure else result or ""
        self._messages.append(Message("tool", told, call_id=call.id))

    def _note(self, kind: NoteKind, name: str, *facts: Fact, seconds: float = 0.001) -> None:
        start = self.clock_ns
        self.wait(seconds)
        self._reel.steps.append(NoteStep(kind=kind, name=name, facts=facts, **self._mark(start, self.clock_ns)))


def _as_text(result: Json) -> str:
    return result if isinstance(result, str) else json.dumps(result, ensure_ascii=False)


def _tokens(message: Message) -> int:
    """Near enough: four characters a token, and four tokens around each message."""
    calls = sum(len(call.name) + len(json.dumps(call.arguments)) + 24 for call in message.calls)
    return 4 + (len(message.text) + calls) // 4
