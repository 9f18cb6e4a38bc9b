"""What the fake model thinks: it reads a conversation, and wants a tool or answers, in other words each time.

A few rules by the customer's words. It is as good as a careless model: it takes a "pending" for a reason to try
again, and an error in a result for a success. Those are the demo's bad days, and nobody scripts them further.
"""

from __future__ import annotations

import json
import random
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

Wanted = tuple[str, dict[str, Any]]
Thought = str | list[Wanted]
_chance = random.SystemRandom()


@dataclass(frozen=True, slots=True)
class Conversation:
    """What matters of a request, in either dialect."""

    orders: str
    asked: str
    """The customer's last words."""
    all_asked: str
    results: list[tuple[str, Any]]
    """What tools gave since then, with their names."""

    def last(self, tool: str) -> Any:
        return next((result for name, result in reversed(self.results) if name == tool), None)

    @property
    def order_id(self) -> str:
        found = re.findall(r"A-\d{5}", self.all_asked)
        return found[-1] if found else "A-00000"


def conversation_of(body: dict[str, Any]) -> Conversation:
    orders, asked, everything = str(body.get("system", "")), "", []
    names: dict[str, str] = {}
    results: list[tuple[str, Any]] = []
    for message in body["messages"]:
        content = message.get("content") or ""
        blocks = content if isinstance(content, list) else [{"type": "text", "text": content}]
        for call in message.get("tool_calls", ()):
            names[call["id"]] = call["function"]["name"]
        for block in blocks:
            if block["type"] == "tool_use":
                names[block["id"]] = block["name"]
            elif block["type"] == "tool_result" or message["role"] == "tool":
                ident = block.get("tool_use_id") or message.get("tool_call_id")
                results.append((names[ident], _value(block.get("content", block.get("text")))))
            elif message["role"] == "user":
                asked, results = block["text"], []
                everything.append(asked)
            elif message["role"] == "system":
                orders = block["text"]
    return Conversation(orders, asked, " ".join(everything), results)


def think(said: Conversation) -> Thought:
    for pattern, rule in _RULES:
        if re.search(pattern, said.orders if pattern.startswith("You ") else said.asked, re.IGNORECASE):
            return rule(said)
    return _one_of("How can I help you?", "Could you tell me your order's number?")


def _late(said: Conversation) -> Thought:
    order = said.last("get_order")
    if order is None and "A-" in said.asked:
        return [("get_order", {"order_id": said.order_id})]
    parcel = said.last("track_parcel")
    if parcel is None:
        tracking = f"TRK-{said.order_id[2:]}-7"
        depot = re.search(r"depot|customs", said.asked)
        return [("track_parcel", {"tracking_id": f"{tracking}-{depot[0]}" if depot else tracking})]
    if isinstance(parcel, str):
        return _one_of(
            "I cannot reach the carrier at the moment, so I do not know where it is. Shall a person write to you?",
            "The carrier does not answer, and I will not guess. May I hand you over to a person?",
        )
    where, expected = parcel.get("last_event"), parcel.get("expected") or "as soon as it can"
    return _one_of(
        f'Sorry for the wait. The last thing the carrier says is "{where}"; it expects to deliver {expected}.',
        f'Your parcel is on its way: "{where}". The carrier expects to deliver {expected}.',
    )


def _news(said: Conversation) -> Thought:
    if said.last("track_parcel") is None:
        return _late(said)
    if said.last("check_stock") is None:
        return [("check_stock", {"article": "PACK-C45", "size": "45"})]
    return _one_of(
        "The carrier still has it. To be sure I have put a new backpack aside for you and can send it by express.",
        "It is not lost, but late. A new backpack leaves by express today, at our cost.",
    )


def _refund(said: Conversation) -> Thought:
    order, paid = said.last("get_order"), said.last("refund")
    if order is None:
        return [("get_order", {"order_id": said.order_id})]
    if paid is None or (isinstance(paid, dict) and paid["status"] == "pending"):
        reason = "leaks" if "leak" in said.asked else "arrived broken" if "broken" in said.asked else "not wanted"
        return [("refund", {"order_id": said.order_id, "cents": order["cents"], "reason": reason})]
    if isinstance(paid, dict) and paid["status"] == "rejected":
        return _one_of(
            f"I asked, and I cannot refund {said.order_id}: it was delivered too long ago. Would a voucher help?",
            "My shift lead declined: the return window has passed. I can offer you a voucher instead.",
        )
    return _one_of(
        f"I am sorry about that. I have refunded {said.order_id}; it is back within three to five working days.",
        "Your refund is on its way. You need not send anything back.",
    )


def _cancel(said: Conversation) -> Thought:
    for tool in ("get_order", "cancel_order"):
        if said.last(tool) is None:
            return [(tool, {"order_id": said.order_id})]
    # It never looks at the result.
    return _one_of(
        f"All done! Order {said.order_id} is cancelled, and you will not be charged for it.",
        f"All done! I have cancelled {said.order_id} for you.",
    )


def _address(said: Conversation) -> Thought:
    if said.last("get_order") is None:
        return [("get_order", {"order_id": said.order_id})]
    found = re.search(r"to ([A-Z][\w ]+ \d+, \d{5} \w+)", said.asked)
    address = found[1] if found else "the new address"
    if said.last("change_address") is None:
        return [("change_address", {"order_id": said.order_id, "address": address})]
    return _one_of(f"Done. {said.order_id} goes to {address}.", f"I have changed the address: {address}.")


def _swap(said: Conversation) -> Thought:
    size = re.findall(r"for (?:size )?([\w ]+)\?", said.asked)[-1]
    if said.last("get_order") is None:
        article = {"A-10517": "BOOT-TA", "A-10561": "JACK-NI"}.get(said.order_id, "SLEE-FI")
        return [("get_order", {"order_id": said.order_id}), ("check_stock", {"article": article, "size": size})]
    if said.last("print_label") is None:
        return [("print_label", {"order_id": said.order_id})]
    return _one_of(
        f"Of course. The label is in your inbox, and {size} leaves as soon as your parcel is scanned.",
        f"Done: {size} is put aside for you, and the label for the way back is free.",
    )


def _charged(said: Conversation) -> Thought:
    if said.last("get_order") is None:
        return [("get_order", {"order_id": said.order_id})]
    if said.last("ask_billing") is None:
        return [("ask_billing", {"question": f"The customer sees two charges for {said.order_id}. Are there two?"})]
    return _one_of(
        "I checked with billing: you were charged once. The other one was a reservation, which we have released.",
        "You were charged once. What you see beside it is a reservation; your bank removes it within five days.",
    )


def _mails(said: Conversation) -> Thought:
    found = said.last("ask_archivist")
    if found is None:
        return [("ask_archivist", {"question": f"Find in the mails of the customer: {said.asked}"})]
    return _one_of(
        "I could not read through all of your mails, I am sorry. Do you remember the month?",
        "There is more in our archive than I can read at once. May I hand you over to a person?",
    )


def _billing(said: Conversation) -> Thought:
    if said.last("read_ledger") is None:
        return [("read_ledger", {"order_id": said.order_id})]
    return _one_of("Only CH-2 is a charge. CH-1 is an authorisation, released.", "One charge, CH-2. CH-1 was released.")


def _archivist(said: Conversation) -> Thought:
    return [("read_mails", {"user": "user-60", "page": len(said.results) + 1})]


def _adviser(said: Conversation) -> Thought:
    first = said.asked.partition("\n\n")[2].partition("\n")[0]
    return _one_of(f"As far as our documents say: {first}", f"{first} That is all that our documents hold.")


_RULES: tuple[tuple[str, Callable[[Conversation], Thought]], ...] = (
    ("You are the billing", _billing),
    ("You read what", _archivist),
    ("You answer questions", _adviser),
    ("mails", _mails),
    ("charged", _charged),
    ("cancel", _cancel),
    ("swap", _swap),
    ("any news", _news),
    ("refund|money back", _refund),
    ("send .*to|go to", _address),
    ("where|shipped|nothing came|waited", _late),
)


def _one_of(*words: str) -> str:
    return _chance.choice(words)


def _value(text: Any) -> Any:
    try:
        return json.loads(text)
    except (TypeError, ValueError):
        return text
