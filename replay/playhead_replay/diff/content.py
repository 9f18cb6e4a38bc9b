"""A step as it is compared: what was asked of it, what came of it, and the keys that it is found again by.

Times, costs, ids and the machine it ran on are no content: they differ between any two runs. Of other emitters' spans
counts what their conventions define; of the SDK's steps also what the agent's own code set on them.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache

from opentelemetry.proto.trace.v1.trace_pb2 import Span

from playhead_collector.read.messages import Conversation, Message, Part, conversation
from playhead_collector.read.run import Node, Step
from playhead_collector.read.value import Data, decoded, of_attributes
from playhead_collector.store.dialect import dialects
from playhead_replay.diff.align import Key
from playhead_replay.diff.structure import canonical

# What a step was asked, beside its messages or arguments; the rest of what is compared is what came of it.
_ASKED = {
    "playhead.decision.question": "question", "playhead.decision.options": "options",
    "playhead.approval.action": "action", "playhead.approval.proposed": "proposed", "playhead.approval.shown": "shown",
    "playhead.approval.shown_to": "shown to", "gen_ai.evaluation.name": "score",
    "http.request.method": "method", "http.method": "method", "url.full": "url", "http.url": "url",
    "db.query.text": "query", "db.statement": "query", "query": "query",
}  # fmt: skip
_ANSWERED = {
    "playhead.decision.chosen": "chosen", "playhead.decision.reason": "reason",
    "playhead.approval.verdict": "verdict", "playhead.approval.by": "by", "playhead.approval.comment": "comment",
    "playhead.transition.illegal": "illegal", "playhead.effect.result": "result",
    "gen_ai.evaluation.score.value": "value", "gen_ai.evaluation.score.label": "label",
    "gen_ai.evaluation.explanation": "comment", "http.response.status_code": "http status",
    "http.status_code": "http status", "http.response.body.size": "bytes of the answer",
}  # fmt: skip
# Of a model's call.
_PARAMETERS = ("gen_ai.request.", "ai.settings.", "llm.invocation_parameters")
_NO_PARAMETERS = {"gen_ai.request.model", "gen_ai.request.tools", "gen_ai.request.stream"}
# Keys that are not the agent's own, on the SDK's steps.
_CONVENTIONS = re.compile(
    r"(playhead|gen_ai|llm|process|vcs|server|client|network|session|user|http|url|error|exception|input|output|service)\."
)


@dataclass(frozen=True, slots=True)
class Content:
    """A step's content. What the emitter did not send is empty."""

    node: Node
    agent: str
    """The nearest agent above it, or itself."""
    lane: str
    sequence: int
    """Where the SDK counted it in its process; 0 where nobody did."""
    conversation: Conversation
    asked: Mapping[str, Data]
    """By name, what was asked beside messages and arguments."""
    answered: Mapping[str, Data]
    tools: Data
    """The tools that a model was offered, by name, with their definitions."""
    key: Key

    @property
    def step(self) -> Step:
        return self.node.step

    @property
    def captured(self) -> bool:
        """Whether there is anything to compare beside kind, name and status."""
        return self.conversation.captured or bool(self.asked or self.answered)


def contents_of(nodes: Iterable[Node]) -> list[Content]:
    """Of nodes depth first, as a run has them; what was said of the run from outside is no part of it."""
    agents: list[str] = []
    found: list[Content] = []
    for node in nodes:
        if node.step.from_outside:
            continue
        del agents[node.depth :]
        agents += [agents[-1] if agents else ""] * (node.depth - len(agents))
        agents.append(node.step.name if node.step.kind == "agent" else (agents[-1] if agents else ""))
        found.append(content_of(node, agents[-1]))
    return found


def content_of(node: Node, agent: str) -> Content:
    step = node.step
    span = node.stored.span if node.stored is not None else Span()
    attributes = of_attributes(span.attributes)
    told = _system_apart(conversation(span, node.records)) if node.stored is not None else Conversation()
    asked = {name: attributes[key] for key, name in _ASKED.items() if key in attributes}
    answered = {name: attributes[key] for key, name in _ANSWERED.items() if key in attributes}
    if step.kind == "prompt":
        asked |= _parameters(attributes)
    elif step.kind != "tool" and "playhead.kind" in attributes:
        own = (key for key in attributes if key not in _ASKED and not _CONVENTIONS.match(key))
        answered |= {key: attributes[key] for key in own}
    answered |= _violations(span)
    lane, sequence = attributes.get("playhead.lane"), attributes.get("playhead.sequence")
    tools = _offered(attributes) if step.kind == "prompt" else None
    return Content(
        node=node,
        agent=agent,
        lane=lane if isinstance(lane, str) else "",
        sequence=sequence if isinstance(sequence, int) else 0,
        conversation=told,
        asked=asked,
        answered=answered,
        tools=tools,
        key=_key(node, agent, told, {"tools": tools, **asked, **answered}, asked),
    )


def _system_apart(told: Conversation) -> Conversation:
    """Some dialects tell instructions apart from the messages, some as the first of them: they are the same."""
    first = 0
    while first < len(told.input) and told.input[first].role in ("system", "developer"):
        first += 1
    said = told.input[:first]
    if not said or any(part.kind != "text" for message in said for part in message.parts):
        return told
    texts = filter(None, (told.system, *(message.text for message in said)))
    return replace(told, system="\n".join(texts), input=told.input[first:])


def machine_of(step: Step) -> str:
    """Of a state step its machine: the SDK names it `machine: state`."""
    return step.name.partition(":")[0] if step.kind == "state" else ""


def general_name(step: Step) -> str:
    """Its name without what is different each time: `GET shop/orders/A-10482` is `GET shop/orders/#`."""
    if step.kind == "tool" and step.tool:
        return step.tool
    if step.kind == "state":
        return machine_of(step)
    if step.kind == "prompt":
        return "prompt"
    return _OF_ONE_TIME.sub("#", step.name) if step.kind not in ("tool", "agent") else step.name


# What has a digit in it, as a part of a path or as a word; a host may have digits, and stays.
_OF_ONE_TIME = re.compile(r"(?<=[/=])[\w.%-]*\d[\w.%-]*|(?<= )[\w-]*\d[\w-]*(?![./\w])")


def new_in(messages: tuple[Message, ...]) -> tuple[Message, ...]:
    """A prompt repeats its conversation; what is asked in it are the messages since the model spoke last."""
    for place in range(len(messages) - 1, -1, -1):
        if messages[place].role in ("assistant", "model"):
            return messages[place + 1 :] or messages[place:]
    return messages


def message_digest(message: Message) -> str:
    """Equal for messages that say the same; the ids that join calls and results are no content."""
    return _digest(message.role, message.name, *(part_text(part) for part in message.parts))


def part_text(part: Part) -> str:
    """One text for parts that say the same, whatever form they were sent in."""
    said = canonical(part.value) if part.value is not None else canonical(part.text)
    return "\x1f".join((part.kind, part.name, said, part.uri))


def _key(node: Node, agent: str, told: Conversation, said: Mapping[str, Data], asked: Mapping[str, Data]) -> Key:
    step = node.step
    name = general_name(step)
    shape = _digest(step.kind, name, agent if step.kind == "prompt" else "")
    # By their names, steps are told apart where nothing else is asked of them.
    own_name = "" if step.kind == "prompt" else step.tool or step.name
    what = [_text(name, value) for name, value in asked.items()] if step.kind != "prompt" else []
    if told.arguments is not None:
        what.append(canonical(told.arguments.data))
    what += map(message_digest, new_in(told.input))
    asked_key = _digest(step.kind, own_name, *what)
    exact = _digest(
        asked_key, shape, step.model, step.status, step.error, step.finish_reason,
        told.system, *map(message_digest, told.input), "\x00", *map(message_digest, told.output), "\x00",
        canonical(told.result.data) if told.result is not None else "", *told.tools,
        *(_text(name, value) for name, value in said.items()),
    )  # fmt: skip
    # Of a prompt without its messages nothing is known that would tell it from the next.
    telling = step.kind != "prompt" or told.captured
    # An agent under another name, and its prompts, are found where it stood.
    loose = f"{step.kind} {node.depth}" if step.kind in ("prompt", "agent") else ""
    return Key(exact, asked_key if telling else "", shape, loose, step.status)


def _text(name: str, value: Data) -> str:
    return f"{name}\x1f{canonical(value)}"


def _digest(*texts: str) -> str:
    digest = hashlib.blake2b(digest_size=16)
    for text in texts:
        digest.update(text.encode("utf-8", "surrogatepass"))
        digest.update(b"\x00")
    return digest.hexdigest()


def _parameters(attributes: Mapping[str, Data]) -> Iterator[tuple[str, Data]]:
    for key, value in attributes.items():
        if key.startswith(_PARAMETERS) and key not in _NO_PARAMETERS:
            yield key.rpartition(".")[2], value


def _violations(span: Span) -> Mapping[str, Data]:
    told = [of_attributes(event.attributes) for event in span.events if event.name == "playhead.contract.violation"]
    return {"broken contract": [one.get("what") for one in told]} if told else {}


@cache
def _tool_keys() -> tuple[str, ...]:
    return tuple(alias.key for alias in dialects().keys_of("tools"))


def _offered(attributes: Mapping[str, Data]) -> Data:
    listed = decoded(next((attributes[key] for key in _tool_keys() if attributes.get(key)), None))
    if not isinstance(listed, list):
        return None
    found: dict[str, Data] = {}
    for place, item in enumerate(listed):
        tool = decoded(item)
        inner = tool.get("function", tool) if isinstance(tool, dict) else tool
        name = inner.get("name") if isinstance(inner, dict) else None
        found[str(name or place)] = inner
    return found
