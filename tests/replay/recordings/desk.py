"""The desk of a shop: it looks an order up, asks a model what to do, tries a refund that fails, and sends an answer."""

import os

import httpx2

import playhead

URL = os.environ["MODEL"]


class Order:
    def __init__(self, number: str, cents: int) -> None:
        self.number = number
        self.cents = cents

    def __repr__(self) -> str:
        return f"Order({self.number!r}, cents={self.cents})"


@playhead.tool
def lookup_order(number: str) -> dict[str, object]:
    sky = httpx2.get(f"{URL}/orders/{number}").json()["sky"]
    return {"number": number, "cents": 4900, "parcel": {"carrier": "hare", "noted": sky}}


@playhead.tool
def refund(number: str, cents: int) -> str:
    if cents > 2000:
        raise ValueError("the window is closed")
    return f"refunded {cents}"


@playhead.tool(side_effect=True)
def send(words: str) -> str:
    httpx2.post(f"{URL}/letters", json={"words": words})
    return "sent"


def ask(words: str) -> str:
    messages = [
        {"role": "system", "content": "You are the desk of a shop. Refund within 30 days."},
        {"role": "user", "content": words},
    ]
    answer = httpx2.post(f"{URL}/v1/chat/completions", json={"model": "gpt-4o-mini", "messages": messages})
    return str(answer.json()["choices"][0]["message"]["content"])


def settle(order: Order) -> str:
    try:
        return refund(order.number, order.cents)
    except ValueError as error:
        print("refused:", error)
        return f"no refund: {error}"


@playhead.agent(name="desk")
def desk(letter: str) -> str:
    playhead.state("reading", machine="case")
    plan = ask(letter)
    print("plan:", plan)
    found = lookup_order("A-1093")
    order = Order(str(found["number"]), 4900)
    playhead.state("settling", machine="case")
    settled = settle(order)
    reply = ask(f"Tell the customer, in one line: {settled}")
    send(reply)
    playhead.state("answered", machine="case")
    return reply


print(desk("I was charged twice for A-1093. Please refund one of them."))
