"""What differs between two steps that are each other's: in what was asked of them, and in what came of it.

What is only handed on from an earlier difference is marked as such: where a tool's result differs, the next prompt, the
one after it and all others carry it too, and none of them is news.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from playhead_collector.read.messages import Conversation, Message, Part
from playhead_collector.read.value import Data, as_text
from playhead_replay.diff.align import Key, align
from playhead_replay.diff.content import Content, message_digest, new_in
from playhead_replay.diff.structure import ABSENT, Absent, Difference, canonical, diff_values, unwrapped


@dataclass(frozen=True, slots=True)
class Change:
    """One thing about a step that is not the same."""

    what: str
    """`arguments`, `result`, `system`, `message 3`, `answer`, `model`, `status`, …"""
    differences: tuple[Difference, ...]
    role: str = ""
    """Of a message, whose it is."""
    handed_on: bool = False
    """Whether earlier steps showed all of it already."""


class Shown:
    """What has been shown to differ so far, on either side."""

    def __init__(self) -> None:
        self._a: set[str] = set()
        self._b: set[str] = set()

    def marked(self, change: Change) -> Change:
        """The change, marked where it is only handed on."""
        known = change.what not in _ALWAYS_NEWS and all(
            _has(self._a, one.path, one.a) and _has(self._b, one.path, one.b) for one in change.differences
        )
        return replace(change, handed_on=True) if known else change

    def add(self, changes: Sequence[Change]) -> None:
        for change in changes:
            for one in change.differences:
                for side, value in ((self._a, one.a), (self._b, one.b)):
                    if not isinstance(value, Absent):
                        side.add(_known_by(one.path, value))

    def add_step(self, content: Content, side: str) -> None:
        """All that a step said which is on one side only."""
        known = self._a if side == "a" else self._b
        told = content.conversation
        said = [value.data for value in (told.arguments, told.result) if value is not None]
        for message in (*told.input, *told.output):
            said.append(_message(message))
            for part in message.parts:
                said += [_part(part), part.value]
        known.update(_known_by("", value) for value in (*said, content.step.error) if value)


# They are of the step itself, whatever others had the same.
_ALWAYS_NEWS = {"status", "finish", "model", "provider", "name", "state"}
# What is shorter may be the same by chance: it is known again only under its own name.
_LONG = 8


def _has(known: set[str], path: str, value: Data | Absent) -> bool:
    return isinstance(value, Absent) or _known_by(path, value) in known


def _known_by(path: str, value: Data | Absent) -> str:
    if isinstance(value, (dict, list)) or (isinstance(value, str) and len(value) >= _LONG):
        return canonical(value)
    name = re.split(r"[.\[]", path)[-1]
    return f"{name} {'' if isinstance(value, Absent) else canonical(value)}"


def changes_asked(a: Content, b: Content) -> tuple[Change, ...]:
    """What differs in what two steps were asked."""
    return tuple(_asked(a, b))


def changes_answered(a: Content, b: Content) -> tuple[Change, ...]:
    """What differs in what came of two steps."""
    return tuple(_answered(a, b))


def _asked(a: Content, b: Content) -> Iterator[Change]:
    told_a, told_b = a.conversation, b.conversation
    if a.step.kind == b.step.kind == "state":
        yield from _simple("state", *(one.step.name.partition(": ")[2] or one.step.name for one in (a, b)))
    elif a.step.kind == b.step.kind != "prompt" and not ("url" in a.asked and "url" in b.asked):
        yield from _simple("name", a.step.name, b.step.name)
    yield from _simple("provider", a.step.provider, b.step.provider)
    yield from _simple("model", a.step.model, b.step.model)
    for name in dict.fromkeys((*a.asked, *b.asked)):
        yield from _values(name, a.asked.get(name, ABSENT), b.asked.get(name, ABSENT))
    if _both(told_a, told_b):
        yield from _values("system", told_a.system or ABSENT, told_b.system or ABSENT)
        by_name_alone = a.tools is None or b.tools is None
        yield from _values("tools offered", _tools(a, by_name_alone), _tools(b, by_name_alone))
        if a.step.kind == "prompt" or len(told_a.input) != 1 or len(told_b.input) != 1:
            yield from _messages(told_a.input, told_b.input)
        elif differences := tuple(_of_message(told_a.input[0], told_b.input[0])):
            yield Change("input", differences)
    yield from _values("arguments", _value(told_a.arguments), _value(told_b.arguments))


def _answered(a: Content, b: Content) -> Iterator[Change]:
    told_a, told_b = a.conversation, b.conversation
    yield from _simple("status", a.step.status, b.step.status)
    yield from _simple("error", a.step.error, b.step.error)
    if _both(told_a, told_b):
        yield from _answer(told_a.output, told_b.output)
    yield from _simple("finish", a.step.finish_reason, b.step.finish_reason)
    yield from _values("result", _value(told_a.result), _value(told_b.result))
    for name in dict.fromkeys((*a.answered, *b.answered)):
        yield from _values(name, a.answered.get(name, ABSENT), b.answered.get(name, ABSENT))


def _both(a: Conversation, b: Conversation) -> bool:
    """Of a step whose content was not captured nothing is said: it is unknown, not empty."""
    return a.captured and b.captured


def _simple(what: str, a: str, b: str) -> Iterator[Change]:
    if a != b:
        yield Change(what, (Difference("", a or ABSENT, b or ABSENT),))


def _values(what: str, a: Data | Absent, b: Data | Absent) -> Iterator[Change]:
    differences = diff_values(a, b)
    if differences:
        yield Change(what, differences)


def _value(value: object) -> Data | Absent:
    data: Data | Absent = getattr(value, "data", ABSENT)
    return data


def _tools(content: Content, by_name_alone: bool) -> Data | Absent:
    """Where one side told only their names, more cannot be compared."""
    if content.tools is not None and not by_name_alone:
        return content.tools
    return list(content.conversation.tools) or ABSENT


def _messages(a: Sequence[Message], b: Sequence[Message]) -> Iterator[Change]:
    """The context, message by message."""
    pairs = align([_key(message) for message in a], [_key(message) for message in b])
    i = j = 0
    for next_i, next_j in [*pairs, (len(a), len(b))]:
        for left in range(i, next_i):
            yield Change(f"message {left + 1}", (Difference("", _message(a[left]), ABSENT),), a[left].role)
        for more in range(j, next_j):
            yield Change(f"message {more + 1}", (Difference("", ABSENT, _message(b[more])),), b[more].role)
        if next_i < len(a):
            differences = tuple(_of_message(a[next_i], b[next_j]))
            if differences:
                yield Change(f"message {next_j + 1}", differences, b[next_j].role)
        i, j = next_i + 1, next_j + 1


def _answer(a: Sequence[Message], b: Sequence[Message]) -> Iterator[Change]:
    pairs = align([_key(message) for message in a], [_key(message) for message in b])
    differences: list[Difference] = []
    for i, j in pairs:
        differences += _of_message(a[i], b[j])
    alone_a, alone_b = {i for i, _ in pairs}, {j for _, j in pairs}
    differences += [Difference("", _message(one), ABSENT) for i, one in enumerate(a) if i not in alone_a]
    differences += [Difference("", ABSENT, _message(one)) for j, one in enumerate(b) if j not in alone_b]
    if differences:
        yield Change("answer", tuple(differences))


def _key(message: Message) -> Key:
    digest = message_digest(message)
    kinds = " ".join(f"{part.kind} {part.name}" for part in message.parts if part.kind in ("tool_call", "tool_result"))
    return Key(digest, digest, f"{message.role} {kinds}", message.role)


def _of_message(a: Message, b: Message) -> Iterator[Difference]:
    """Part by part."""
    if message_digest(a) == message_digest(b):
        return
    if a.role != b.role:
        yield Difference("role", a.role, b.role)
    keys_a, keys_b = ([Key(_said(part), _said(part), f"{part.kind} {part.name}") for part in m.parts] for m in (a, b))
    pairs = align(keys_a, keys_b)
    paired_a, paired_b = {i for i, _ in pairs}, {j for _, j in pairs}
    yield from (Difference("", _part(part), ABSENT) for i, part in enumerate(a.parts) if i not in paired_a)
    for i, j in pairs:
        one, other = a.parts[i], b.parts[j]
        for difference in diff_values(_data(one), _data(other)):
            yield replace(difference, path=_path(one, difference.path))
    yield from (Difference("", ABSENT, _part(part)) for j, part in enumerate(b.parts) if j not in paired_b)


def _path(part: Part, path: str) -> str:
    """Where in a message: in which call, of its result."""
    where = {"tool_call": part.name, "reasoning": "(thinking)", "media": f"[{part.name or 'media'}]"}.get(part.kind, "")
    return f"{where}.{path}" if where and path and not path.startswith("[") else f"{where}{path}"


def _data(part: Part) -> Data:
    return part.uri if part.uri else part.value if part.value is not None else part.text


def _said(part: Part) -> str:
    return f"{part.kind} {part.name} {canonical(_data(part))}"


def _part(part: Part) -> Data:
    """A part by itself, as a person reads it; a text alone is that text."""
    match part.kind:
        case "tool_call":
            return f"{part.name}({part.text or ('' if part.value is None else as_text(part.value))})"
        case "text" | "tool_result":
            return _data(part)
        case "media":
            return f"[{part.name or 'media'}{' at ' + part.uri if part.uri else ''}]"
        case "reasoning":
            return f"(thinking) {part.text}"
        case _:
            return unwrapped(_data(part))


def _message(message: Message) -> Data:
    """A message by itself, as a person reads it."""
    parts = [_part(part) for part in message.parts]
    return parts[0] if len(parts) == 1 else "\n".join(as_text(part) for part in parts)


def words_of(content: Content) -> Iterator[str]:
    """What a step that has no partner said, each thing by its name."""
    told = content.conversation
    if content.step.error:
        yield f"error: {content.step.error}"
    for name, value in content.asked.items() if content.step.kind != "prompt" else ():
        yield f"{name}: {as_text(value)}"
    if told.arguments is not None:
        yield f"arguments: {told.arguments.text}"
    for message in new_in(told.input):
        yield f"→ {message.role or '?'}: {as_text(_message(message))}"
    for message in told.output:
        yield f"← {message.role or '?'}: {as_text(_message(message))}"
    if told.result is not None:
        yield f"result: {told.result.text}"
    for name, value in content.answered.items() if content.step.kind != "prompt" else ():
        yield f"{name}: {as_text(value)}"
