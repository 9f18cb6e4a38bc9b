"""What changed in what a model was given, from one prompt to the next: added, dropped, cut short.

Tokens of single messages are told by nobody; they are shares of the prompt's own count by length, and said as "about".
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Literal

from playhead_collector.read.conversation import Conversation, Message, Part
from playhead_collector.read.run import Node
from playhead_collector.read.telling import text_of_part

# Messages with fewer letters in common at their beginning are different ones, not one cut short.
_SAME_BEGINNING = 40


@dataclass(frozen=True, slots=True)
class Change:
    kind: Literal["added", "dropped", "cut"]
    message: Message
    tokens: int | None
    """About so many; None where the prompt's are unknown."""


def prompt_before(nodes: Sequence[Node], place: int) -> int | None:
    """The prompt of the same conversation before this one: of the same parent, the latest that began before it."""
    step = nodes[place].step
    earlier = [
        (node.step.start_time, other)
        for other, node in enumerate(nodes)
        if node.step.kind == "prompt"
        and node.step.parent_id == step.parent_id
        and node.step.start_time < step.start_time
    ]
    return max(earlier)[1] if earlier else None


def changes(
    before: Conversation, after: Conversation, tokens_before: int | None, tokens_after: int | None
) -> list[Change]:
    """In the order of the conversation."""
    old, new = _messages(before), _messages(after)
    old_texts, new_texts = [text_of(message) for message in old], [text_of(message) for message in new]
    old_keys = [(message.role, text) for message, text in zip(old, old_texts, strict=True)]
    new_keys = [(message.role, text) for message, text in zip(new, new_texts, strict=True)]
    of_old, of_new = _share(old_texts, tokens_before), _share(new_texts, tokens_after)
    found: list[Change] = []
    # What is equal at the beginning is most of it; only the rest is compared.
    equal = next(
        (n for n, (a, b) in enumerate(zip(old_keys, new_keys, strict=False)) if a != b), min(len(old), len(new))
    )
    matcher = SequenceMatcher(None, old_keys[equal:], new_keys[equal:], autojunk=False)
    for kind, a, b, c, d in matcher.get_opcodes():
        if kind == "equal":
            continue
        gone, come = list(range(equal + a, equal + b)), list(range(equal + c, equal + d))
        for place in gone:
            cut = next((other for other in come if _is_cut(old_keys[place], new_keys[other])), None)
            if cut is None:
                found.append(Change("dropped", old[place], of_old(place)))
            else:
                come.remove(cut)
                lost = (of_old(place) or 0) - (of_new(cut) or 0) if tokens_after is not None else None
                found.append(Change("cut", new[cut], lost))
        found += [Change("added", new[place], of_new(place)) for place in come]
    return found


def text_of(message: Message) -> str:
    return "\n".join(text_of_part(part) for part in message.parts)


def _messages(told: Conversation) -> list[Message]:
    system = [Message("system", (Part("text", told.system),))] if told.system else []
    return [*system, *told.input]


def _share(texts: Sequence[str], tokens: int | None) -> Callable[[int], int | None]:
    whole = sum(map(len, texts))

    def share(place: int) -> int | None:
        return round(tokens * len(texts[place]) / whole) if tokens is not None and whole else None

    return share


def _is_cut(old: tuple[str, str], new: tuple[str, str]) -> bool:
    return old[0] == new[0] and len(new[1]) < len(old[1]) and old[1][:_SAME_BEGINNING] == new[1][:_SAME_BEGINNING]
