"""One agent's conversation of many turns, in no form yet: its orders, a task, then calls and answers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from typing import Literal, TypeAlias

from tests.bench.words import prose

Role: TypeAlias = Literal["system", "user", "assistant", "tool"]
TARGET_BYTES = 150_000
"""How long the messages of the last prompt are together on the wire, whatever the number of turns."""
_SYSTEM_WORDS, _TASK_WORDS, _THOUGHT_WORDS = 150, 40, 12
_WORD_BYTES = 6.0
_SOIL = (
    'she said "no", twice',
    "C:\\temp\\orders\\new.csv",
    "\n\n- first\n- second\ttabbed\r\n",
    "Größe, naïve, Łódź",
    "注文番号をお知らせください",
    "\U0001f600 \U0001f6f6",
    '[{"role": "user", "parts": [{"type": "text", "content": "quoted"}]},{"role":"tool"}]',
    '"},{"role":"assistant","parts":[]}',
    "\\u0041 \\n \\\\ \x00\x1f\x7f",
    "</script> & <b> \u2028 {{x}}",
)
"""What breaks whoever splits JSON without reading it: all that is escaped, and JSON in strings."""


@dataclass(frozen=True, slots=True)
class Call:
    id: str
    name: str
    arguments: dict[str, str | int]


@dataclass(frozen=True, slots=True)
class Message:
    """An assistant's message makes a `call`, a tool's answers the one named by `answers`."""

    role: Role
    text: str
    call: Call | None = None
    answers: str = ""


def converse(rng: Random, turns: int, *, soiled: bool, size: Callable[[Message], int]) -> list[Message]:
    """2 + 2 * `turns` messages; `size` is a message's length on the wire, to which answers are cut."""

    def text(words: int) -> str:
        return _soil(rng, prose(rng, words)) if soiled else prose(rng, words)

    messages = [Message("system", text(_SYSTEM_WORDS)), Message("user", text(_TASK_WORDS))]
    written = sum(map(size, messages))
    a_turn = (TARGET_BYTES - written) / max(1, turns - 1)
    opening = written
    for turn in range(1, turns + 1):
        call = Call(f"call_{rng.getrandbits(96):024x}", "search_documents", {"query": text(4), "limit": turn})
        asks = Message("assistant", text(_THOUGHT_WORDS), call)
        empty = Message("tool", "", answers=call.id)
        left = opening + turn * a_turn - written - size(asks) - size(empty)
        words = max(4, int(left / _WORD_BYTES))
        if soiled:
            words = max(4, words // 2)
        answer = Message("tool", text(words), answers=call.id)
        messages += [asks, answer]
        written += size(asks) + size(answer)
    return messages


def _soil(rng: Random, clean: str) -> str:
    words = clean.split(" ")
    for _ in range(1 + len(words) // 12):
        words.insert(rng.randrange(len(words)), rng.choice(_SOIL))
    return " ".join(words)
