"""The fake provider as the demo's shop meets it: with a mind, a window of tokens, bad days, and a carrier beside it."""

from __future__ import annotations

import random
import secrets
import time
from collections import Counter
from typing import Any

from playhead_collector.demo.mind import conversation_of, think
from playhead_collector.demo.provider import Asked, FakeProvider, Mishap
from playhead_collector.demo.speech import Call, Said

WINDOW = 16_385
"""How many tokens its smallest model takes."""
_BYTES_A_TOKEN = 4
_BUSY, _DOWN, _CUT = Mishap(status=429, retry_after=0.1), Mishap(status=500), Mishap(pieces=3)
# Whose requests go wrong, how, and how often.
_BAD_DAYS = (
    (b"for the third time", _BUSY, 2),
    (b"My line is bad", _CUT, 1),
    (b"Is anybody there?", _DOWN, 9),
)


class ShopProvider(FakeProvider):
    def __init__(self, *, think_s: float = 0.015) -> None:
        super().__init__(pace=0.001)
        self._think_s = think_s
        self._chance = random.SystemRandom()
        self._struck: Counter[bytes] = Counter()

    def mishap(self, body: bytes) -> Mishap | None:
        if len(body) > WINDOW * _BYTES_A_TOKEN:
            return Mishap(status=400)
        for words, mishap, times in _BAD_DAYS:
            if words in body and self._struck[words] < times:
                self._struck[words] += 1
                return mishap
        return super().mishap(body)

    def say(self, model: str, asked: Asked, size: int) -> Said:
        if asked.body is None:
            return super().say(model, asked, size)
        time.sleep(self._think_s * self._chance.uniform(0.5, 2.0))
        thought = think(conversation_of(asked.body))
        ident = f"{self.number():06d}{secrets.token_hex(3)}"
        text = thought if isinstance(thought, str) else ""
        wanted = [] if isinstance(thought, str) else thought
        calls = tuple(Call(f"call_{ident}_{at}", name, arguments) for at, (name, arguments) in enumerate(wanted))
        return Said(ident, model, text, calls, size // _BYTES_A_TOKEN, 5 + len(text) // 4 + 12 * len(calls))

    def world(self, path: str) -> dict[str, Any]:
        """The carrier, for every path that is no model's."""
        tracking = path.rpartition("/")[2]
        where = self._chance.choice(("Sorted in the regional centre", "Delivery tried, nobody at home", "In the van"))
        if tracking.endswith("-customs"):
            # As its API answers on some days: a number for a text, and a field that is missing.
            return {"tracking_id": tracking, "last_event": 4}
        return {"tracking_id": tracking, "last_event": where, "expected": self._chance.choice(("today", "tomorrow"))}
